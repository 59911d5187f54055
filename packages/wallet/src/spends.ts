import { fieldToBytes } from '@sero/crypto';
import { decodeField, type Transaction, tracedPosition, type ViewingKey } from '@sero/protocol';
import type { TraceOpener } from '@sero/prover';

const FIELD_BYTES = 32;

/** The positions that an account's notes and dummies name in a transaction, and whether the transaction is its own at all. */
export interface Spends {
  readonly own: boolean;
  readonly real: readonly bigint[];
  readonly dummies: readonly bigint[];
}

/** What a trace is without its mask, or undefined for another account's. */
export type OpenedTrace = number | undefined;

/**
 * NIL || TRACE of every input of some transactions, one after the other.
 *
 * @throws ProtocolError `field-not-canonical`, which no block of the chain brings about
 */
export function traceEntries(transactions: readonly Transaction[]): Uint8Array {
  const inputs = transactions.reduce((sum, { shielded }) => sum + shielded.nullifiers.length, 0);
  const entries = new Uint8Array(2 * FIELD_BYTES * inputs);
  let at = 0;
  for (const { shielded } of transactions) {
    for (const [i, nil] of shielded.nullifiers.entries()) {
      const trace = shielded.traces[i]!;
      // The opener would refuse them, too, in words of its own, and with them whatever else it was asked.
      decodeField(trace, 'TRACE');
      decodeField(nil, 'nullifier');
      entries.set(nil, at);
      entries.set(trace, at + FIELD_BYTES);
      at += 2 * FIELD_BYTES;
    }
  }
  return entries;
}

/** Takes the masks off entries that `traceEntries` made, at once. */
export async function openTraces(
  key: ViewingKey,
  traces: TraceOpener,
  entries: Uint8Array,
  signal?: AbortSignal,
): Promise<readonly OpenedTrace[]> {
  if (entries.length === 0) return [];
  const traceKey = fieldToBytes(key.tk);
  const zpk = fieldToBytes(key.address.zpk);
  try {
    return await traces.open({ traceKey, zpk, entries, ...(signal === undefined ? {} : { signal }) });
  } finally {
    traceKey.fill(0);
  }
}

/** The account's spends in each transaction, in order, from what their inputs' traces opened to. */
export function spendsOf(transactions: readonly Transaction[], opened: readonly OpenedTrace[]): Spends[] {
  let first = 0;
  return transactions.map(({ shielded }) => {
    const end = first + shielded.nullifiers.length;
    const found = opened.slice(first, end).flatMap((plain) => {
      const traced = plain === undefined ? undefined : tracedPosition(BigInt(plain));
      return traced === undefined ? [] : [traced];
    });
    first = end;
    return {
      own: found.length > 0,
      real: found.filter(({ real }) => real).map(({ position }) => position),
      dummies: found.filter(({ real }) => !real).map(({ position }) => position),
    };
  });
}
