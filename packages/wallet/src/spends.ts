import { concat, fieldToBytes } from '@sero/crypto';
import { decodeField, type Transaction, tracedPosition, type ViewingKey } from '@sero/protocol';
import type { TraceOpener } from '@sero/prover';

/** The positions that an account's notes and dummies name in a transaction, and whether the transaction is its own at all. */
export interface Spends {
  readonly own: boolean;
  readonly real: readonly bigint[];
  readonly dummies: readonly bigint[];
}

/**
 * Takes the masks off all traces of some transactions at once: the account's spends in each, in order.
 *
 * @throws ProtocolError `field-not-canonical`, which no block of the chain brings about
 */
export async function findSpends(
  key: ViewingKey,
  traces: TraceOpener,
  transactions: readonly Transaction[],
): Promise<Spends[]> {
  const entries = transactions.flatMap(({ shielded }) =>
    shielded.nullifiers.map((nil, i) => {
      const trace = shielded.traces[i]!;
      // The opener would refuse them, too, in words of its own.
      decodeField(trace, 'TRACE');
      decodeField(nil, 'nullifier');
      return concat(nil, trace);
    }),
  );
  const traceKey = fieldToBytes(key.tk);
  let opened: readonly (number | undefined)[];
  try {
    opened = await traces.open({ traceKey, zpk: fieldToBytes(key.address.zpk), entries: concat(...entries) });
  } finally {
    traceKey.fill(0);
  }
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
