/** An answer's result that is JSON already: byte strings that follow each other. They may be shared and are never changed. */
export interface Encoded {
  readonly json: readonly Buffer[];
  readonly length: number;
}

/** Parts from this length on stay as they are, so that all who ask share them; shorter ones are copied together. */
const WORTH_SHARING = 4_096;

/** JSON text of ASCII as an encoded part. */
export function encoded(parts: readonly (string | Buffer)[]): Encoded {
  const json: Buffer[] = [];
  let short: Buffer[] = [];
  let length = 0;
  const join = (): void => {
    if (short.length > 0) json.push(short.length === 1 ? short[0]! : Buffer.concat(short));
    short = [];
  };
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    length += bytes.length;
    if (bytes.length < WORTH_SHARING) {
      short.push(bytes);
      continue;
    }
    join();
    json.push(bytes);
  }
  join();
  return { json, length };
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
