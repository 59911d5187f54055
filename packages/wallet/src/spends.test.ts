import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes, leBytes, Q } from '@sero/crypto';
import { ProtocolError, type Transaction, trace } from '@sero/protocol';
import { createReferenceTraceOpener, type TraceOpener, type TraceRequest } from '@sero/prover';
import { accountFromWords } from './account.ts';
import { newWords } from './index.ts';
import { openTraces, type Spends, spendsOf, traceEntries } from './spends.ts';

const KEY = accountFromWords(newWords()).proof.viewing;
const OTHER = accountFromWords(newWords()).proof.viewing;

/** An input: its nullifier and its trace. */
type Input = readonly [nil: bigint, traced: bigint];

function input(key: typeof KEY, nil: bigint, position: bigint, real: boolean): Input {
  return [nil, trace(key.tk, key.address.zpk, nil, position, real)];
}

/** Of a transaction all that traces stand in. */
function spending(...inputs: readonly Input[]): Transaction {
  const nullifiers = inputs.map(([nil]) => leBytes(nil, 32));
  const traces = inputs.map(([, traced]) => leBytes(traced, 32));
  return { shielded: { nullifiers, traces } } as unknown as Transaction;
}

async function findSpends(
  key: typeof KEY,
  opener: TraceOpener,
  transactions: readonly Transaction[],
): Promise<Spends[]> {
  return spendsOf(transactions, await openTraces(key, opener, traceEntries(transactions)));
}

/** The reference, which remembers what it was asked. */
function watched() {
  const { open } = createReferenceTraceOpener();
  const requests: TraceRequest[] = [];
  const asked: Uint8Array[] = [];
  const opener = {
    open(request: TraceRequest) {
      requests.push(request);
      asked.push(request.traceKey.slice());
      return open(request);
    },
  };
  return { opener, requests, asked };
}

test('all traces of a block are opened at once, and each transaction gets its own spends', async () => {
  const { opener, requests, asked } = watched();
  const found = await findSpends(KEY, opener, [
    spending(input(KEY, 1n, 7n, true), input(KEY, 2n, 8n, false)),
    spending(input(OTHER, 3n, 9n, true), input(OTHER, 4n, 10n, true)),
    spending(input(OTHER, 5n, 11n, true), input(KEY, 6n, (1n << 48n) - 1n, true), input(KEY, 7n, 0n, true)),
    spending(input(KEY, 8n, 12n, false)),
  ]);
  assert.deepEqual(found, [
    { own: true, real: [7n], dummies: [8n] },
    { own: false, real: [], dummies: [] },
    { own: true, real: [(1n << 48n) - 1n, 0n], dummies: [] },
    { own: true, real: [], dummies: [12n] },
  ]);
  assert.equal(requests.length, 1);
  assert.deepEqual(asked, [fieldToBytes(KEY.tk)]);
  assert.deepEqual(requests[0]!.traceKey, new Uint8Array(32), 'the copy of tk is wiped');
});

test('a trace that opens to more than a position and a bit is nobody’s, small as it is', async () => {
  const [nil, traced] = input(KEY, 1n, 0n, false);
  const [inside, outside] = [(1n << 49n) - 1n, 1n << 49n].map((plain) =>
    spending([nil, (traced + plain) % Q]),
  );
  assert.deepEqual(await findSpends(KEY, createReferenceTraceOpener(), [inside!, outside!]), [
    { own: true, real: [(1n << 48n) - 1n], dummies: [] },
    { own: false, real: [], dummies: [] },
  ]);
});

test('a block without transactions has no spends', async () => {
  assert.deepEqual(await findSpends(KEY, createReferenceTraceOpener(), []), []);
});

test('a nullifier or trace that is no field element is refused under its code', async () => {
  for (const bad of [[Q, 1n] as const, [1n, Q] as const]) {
    await assert.rejects(
      findSpends(KEY, createReferenceTraceOpener(), [spending(input(KEY, 1n, 7n, true)), spending(bad)]),
      (error) => error instanceof ProtocolError && error.code === 'field-not-canonical',
    );
  }
});
