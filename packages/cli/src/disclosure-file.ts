import { usageError } from './errors.ts';

/** A disclosure with where to look. The height is a hint: the proof is checked against the block itself. */
export interface DisclosureFile {
  readonly height: bigint;
  readonly disclosure: string;
}

const TYPE = 'sero-disclosure';

/** A disclosure as the text of a file. */
export function disclosureFile({ height, disclosure }: DisclosureFile): string {
  return `${JSON.stringify({ type: TYPE, version: 1, height: height.toString(), disclosure })}\n`;
}

/** Reads it; throws a usage error for anything else. */
export function parseDisclosureFile(text: string): DisclosureFile {
  const refusal = usageError('this is not a file that `audit disclose` wrote');
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw refusal;
  }
  const { type, version, height, disclosure } = (file ?? {}) as Record<string, unknown>;
  if (type !== TYPE || version !== 1 || typeof height !== 'string' || typeof disclosure !== 'string')
    throw refusal;
  if (!/^\d{1,19}$/.test(height)) throw refusal;
  return { height: BigInt(height), disclosure };
}
