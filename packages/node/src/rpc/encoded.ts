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

/** Shorter answers are copied into one piece: that costs less than sending several. */
const WORTH_PARTS = 65_536;

/** As one piece. */
export function joined({ json, length }: Encoded): Buffer {
  return json.length === 1 ? json[0]! : Buffer.concat(json, length);
}

/** As pieces that are worth sending one by one. */
export function pieces(answer: Encoded): readonly Buffer[] {
  return answer.length < WORTH_PARTS ? [joined(answer)] : answer.json;
}
