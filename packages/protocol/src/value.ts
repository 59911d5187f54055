import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { equalBytes, toHex } from '@sero/crypto';
import { Bytes32, u32 } from './ssz.ts';

/** What a vote is for: 68 bytes of SSZ. A value keeps its first proposer and period however often it is proposed again. */
export const ValueType = new ContainerType({
  /** The original period. */
  period: u32,
  /** Stake record of the original proposer; zeros for the empty block. */
  proposer: Bytes32,
  /** Block hash. */
  digest: Bytes32,
});

export type Value = ValueOf<typeof ValueType>;

/** No block: the value of votes that end a period without one. All zeros. */
export const BOTTOM: Value = { period: 0, proposer: new Uint8Array(32), digest: new Uint8Array(32) };

/** The value of the empty block E(r): no proposer, period 0, its hash. */
export function emptyBlockValue(digest: Uint8Array): Value {
  return { period: 0, proposer: new Uint8Array(32), digest };
}

/** Whether two values are the same. */
export function equalValues(a: Value, b: Value): boolean {
  return a.period === b.period && equalBytes(a.proposer, b.proposer) && equalBytes(a.digest, b.digest);
}

/** Whether a value is bottom. */
export function isBottom(value: Value): boolean {
  return equalValues(value, BOTTOM);
}

/** A value as the key of a map; equal exactly for equal values. */
export function valueKey(value: Value): string {
  return `${value.period}:${toHex(value.proposer)}:${toHex(value.digest)}`;
}
