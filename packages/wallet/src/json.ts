import { fromHex, toHex } from '@sero/crypto';

/**
 * JSON for plans and stored records: big integers as "n123", bytes as "x0a0b", text as "t…". Every string carries its mark, so a
 * memo that looks like a number stays a memo.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key) {
    // Not the second argument: Node's Buffer has a toJSON of its own, which has run by then.
    const item = this[key];
    if (typeof item === 'bigint') return `n${item}`;
    if (item instanceof Uint8Array) return `x${toHex(item)}`;
    return typeof item === 'string' ? `t${item}` : item;
  });
}

/** Longest text of plans and parts of transactions, in characters. */
export const MAX_PLAN_LENGTH = 1 << 20;

/** Longest text of a disclosure, in characters. */
export const MAX_DISCLOSURE_LENGTH = 4_096;

/** Reads text from elsewhere: undefined where it is longer than `limit` characters or nothing that `toJson` wrote. */
export function fromForeignJson(text: string, limit: number): unknown {
  if (text.length > limit) return undefined;
  try {
    return fromJson(text);
  } catch {
    return undefined;
  }
}

/** Reads what `toJson` wrote; throws SyntaxError or CryptoError on anything else. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== 'string') return item;
    const rest = item.slice(1);
    switch (item[0]) {
      case 'n':
        return BigInt(rest);
      case 'x':
        return fromHex(rest);
      case 't':
        return rest;
      default:
        throw new SyntaxError('a string without its mark');
    }
  });
}
