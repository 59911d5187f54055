/** An answer's result that is JSON already: byte strings that follow each other. They may be shared and are never changed. */
export interface Encoded {
  readonly json: readonly Buffer[];
  readonly length: number;
}

/** JSON text of ASCII as an encoded part. */
export function encoded(...parts: readonly (string | Buffer)[]): Encoded {
  const json = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part));
  return { json, length: json.reduce((sum, { length }) => sum + length, 0) };
}
