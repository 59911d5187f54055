import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { concat, leBytes, toHex, utf8 } from '@sero/crypto';
import fc from 'fast-check';
import { BlockType } from './block.ts';
import {
  type Block,
  decodeBlock,
  decodeExecutedBlock,
  type ExecutedBlock,
  encodeBlock,
  encodeExecutedBlock,
  type Header,
  HeaderType,
  headerHash,
  isWholeBlock,
  MAX_BLOCK_BYTES,
  ProtocolError,
  type Receipt,
  receiptsRoot,
  transactionsRoot,
  witnessTransactionId,
} from './index.ts';
import { decodeStrict } from './ssz.ts';
import { filler, payment, refusal, signed, variations } from './test-support.ts';

const HEADER: Header = {
  version: 1,
  genesisHash: filler(1, 32),
  height: 77n,
  period: 2,
  parent: filler(2, 32),
  time: 1_700_000_000_123n,
  proposer: [filler(3, 32)],
  vrfProof: [filler(4, 80)],
  seed: filler(5, 32),
  transactionsRoot: filler(6, 32),
  receiptsRoot: filler(7, 32),
  logsBloom: filler(8, 256),
  stateRoot: filler(9, 32),
  notesRoot: filler(10, 32),
  validatorsRoot: filler(11, 32),
  gasUsed: 1_000n,
  gasLimit: 2_000n,
  baseFee: 3_000n,
  versionVote: [{ hash: filler(12, 32), delay: 9n }],
  disableVote: [1],
  absent: [filler(13, 32), filler(14, 32)],
};

/** As this blocks are: no proposer, no votes. */
const PLAIN: Header = { ...HEADER, proposer: [], vrfProof: [], versionVote: [], disableVote: [], absent: [] };

const RECEIPT: Receipt = {
  txid: filler(20, 32),
  status: 0,
  failure: utf8('name-taken'),
  gasUsed: 5n,
  publicOutputs: [{ asset: filler(21, 32), value: 6n, pkr: filler(22, 64) }],
  logs: [{ address: filler(23, 20), topics: [filler(24, 32)], data: filler(25, 10) }],
};

const BLOCK: Block = { header: HEADER, transactions: [signed(payment()), filler(30, 10), new Uint8Array(0)] };
const EXECUTED: ExecutedBlock = { block: BLOCK, receipts: [RECEIPT, { ...RECEIPT, status: 1, logs: [] }] };

// The hash tree root of ethereum/consensus-specs, ssz/simple-serialize.md, a second time and plainly.

const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  Uint8Array.from(
    createHash('sha256')
      .update(concat(...parts))
      .digest(),
  );

function merkleize(chunks: readonly Uint8Array[], limit: number): Uint8Array {
  if (limit === 1) return chunks[0] ?? new Uint8Array(32);
  let width = 1;
  while (width < limit) width *= 2;
  const half = width / 2;
  return sha256(merkleize(chunks.slice(0, half), half), merkleize(chunks.slice(half), half));
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / 32) }, (_, i) =>
    concat(bytes.subarray(32 * i, 32 * i + 32), new Uint8Array(32)).slice(0, 32),
  );
}

const uint = (value: bigint | number): Uint8Array => leBytes(BigInt(value), 32);
const vector = (bytes: Uint8Array): Uint8Array => merkleize(chunksOf(bytes), Math.ceil(bytes.length / 32));
const list = (roots: readonly Uint8Array[], limit: number): Uint8Array =>
  sha256(merkleize(roots, limit), uint(roots.length));
const byteList = (bytes: Uint8Array, limit: number): Uint8Array =>
  sha256(merkleize(chunksOf(bytes), limit / 32), uint(bytes.length));
const container = (...roots: Uint8Array[]): Uint8Array => merkleize(roots, roots.length);

function naiveHeaderHash(h: Header): Uint8Array {
  return container(
    uint(h.version),
    h.genesisHash,
    uint(h.height),
    uint(h.period),
    h.parent,
    uint(h.time),
    list(h.proposer, 1),
    list(h.vrfProof.map(vector), 1),
    h.seed,
    h.transactionsRoot,
    h.receiptsRoot,
    vector(h.logsBloom),
    h.stateRoot,
    h.notesRoot,
    h.validatorsRoot,
    uint(h.gasUsed),
    uint(h.gasLimit),
    uint(h.baseFee),
    list(
      h.versionVote.map(({ hash, delay }) => container(hash, uint(delay))),
      1,
    ),
    sha256(merkleize(chunksOf(Uint8Array.from(h.disableVote)), 1), uint(h.disableVote.length)),
    list(h.absent, 8),
  );
}

function naiveReceiptRoot(r: Receipt): Uint8Array {
  return container(
    r.txid,
    uint(r.status),
    byteList(r.failure, 64),
    uint(r.gasUsed),
    list(
      r.publicOutputs.map(({ asset, value, pkr }) => container(asset, uint(value), vector(pkr))),
      80,
    ),
    list(
      r.logs.map(({ address, topics, data }) =>
        container(vector(address), list(topics, 4), byteList(data, 131_072)),
      ),
      65_536,
    ),
  );
}

test('blocks come back from their bytes, with and without receipts, with and without the parts to come', () => {
  for (const header of [HEADER, PLAIN]) {
    const block = { ...BLOCK, header };
    assert.deepEqual(decodeBlock(encodeBlock(block)), block);
    const executed = { ...EXECUTED, block };
    assert.deepEqual(decodeExecutedBlock(encodeExecutedBlock(executed)), executed);
  }
  const empty = { block: { header: PLAIN, transactions: [] }, receipts: [] };
  assert.deepEqual(decodeExecutedBlock(encodeExecutedBlock(empty)), empty);
});

test("a block's hash is the SSZ root of its header, computed plainly a second time", () => {
  for (const header of [HEADER, PLAIN])
    assert.equal(toHex(headerHash(header)), toHex(naiveHeaderHash(header)));
});

test('every field of the header is under the block hash', () => {
  const changed = variations(HEADER);
  assert.equal(Object.keys(HEADER).length, 21);
  const hashes = [HEADER, PLAIN, ...changed].map((header) => toHex(headerHash(header)));
  assert.equal(new Set(hashes).size, hashes.length);
});

test('the transactions root is that of the list of wtxids: order and number count', () => {
  const ids = [filler(1, 32), filler(2, 32), filler(3, 32)];
  for (const count of [0, 1, 2, 3]) {
    const some = ids.slice(0, count);
    assert.equal(toHex(transactionsRoot(some)), toHex(list(some, 16_384)));
  }
  const roots = [ids, ids.toReversed(), ids.slice(1), [...ids, new Uint8Array(32)], []].map(transactionsRoot);
  assert.equal(new Set(roots.map(toHex)).size, roots.length);
});

test('other transactions under a header are not its block: one more, one less, another order, another byte', () => {
  const [a, b, c] = [filler(1, 50), filler(2, 50), filler(3, 60)] as const;
  const named = transactionsRoot([a, b].map(witnessTransactionId));
  const isWhole = (transactions: Uint8Array[]): boolean =>
    isWholeBlock({ header: { ...HEADER, transactionsRoot: named }, transactions });
  assert.equal(isWhole([a, b]), true);
  for (const others of [
    [],
    [a],
    [b],
    [b, a],
    [a, c],
    [a, b, c],
    [a, b, b],
    [a, concat(b, Uint8Array.of(0))],
  ]) {
    assert.equal(isWhole(others), false);
  }
  assert.equal(
    isWholeBlock({ header: { ...HEADER, transactionsRoot: transactionsRoot([]) }, transactions: [] }),
    true,
  );
});

test('the receipts root covers every field of every receipt, their order and number', () => {
  const { receipts } = EXECUTED;
  assert.equal(toHex(receiptsRoot(receipts)), toHex(list(receipts.map(naiveReceiptRoot), 16_384)));
  assert.equal(toHex(receiptsRoot([])), toHex(list([], 16_384)));
  const changed = variations(RECEIPT).map((receipt) => [receipt]);
  const roots = [[RECEIPT], receipts, receipts.toReversed(), [], ...changed].map(receiptsRoot);
  assert.equal(new Set(roots.map(toHex)).size, roots.length);
});

test('a block has at most 4 MiB, one with receipts at most four times that', () => {
  assert.throws(() => decodeBlock(new Uint8Array(MAX_BLOCK_BYTES + 1)), refusal('too-large'));
  assert.throws(() => decodeExecutedBlock(new Uint8Array(4 * MAX_BLOCK_BYTES + 1)), refusal('too-large'));
});

test('a block that is cut is refused, but between its parts, where the header tells', () => {
  const bytes = encodeBlock({ ...BLOCK, transactions: [filler(1, 50), filler(2, 50)] });
  const [noList, lastEmpty] = [bytes.length - 108, bytes.length - 50];
  for (let length = 0; length < lastEmpty; length++) {
    const cut = bytes.subarray(0, length);
    if (length === noList) assert.deepEqual(decodeBlock(cut).transactions, []);
    else assert.throws(() => decodeBlock(cut), { name: 'ProtocolError' }, `${length} bytes`);
  }
  assert.deepEqual(decodeBlock(bytes.subarray(0, lastEmpty)).transactions[1], new Uint8Array(0));
});

test('lists in a header are no longer than their bounds', async (t) => {
  const cases: Record<string, Partial<Header>> = {
    'two proposers': { proposer: [filler(1, 32), filler(2, 32)] },
    'two VRF proofs': { vrfProof: [filler(1, 80), filler(2, 80)] },
    'two version votes': { versionVote: [...HEADER.versionVote, ...HEADER.versionVote] },
    'two votes to disable': { disableVote: [1, 2] },
    'nine absent records': { absent: Array.from({ length: 9 }, (_, i) => filler(i, 32)) },
  };
  for (const [why, change] of Object.entries(cases)) {
    await t.test(why, () => {
      const bytes = encodeBlock({ ...BLOCK, header: { ...HEADER, ...change } });
      assert.throws(() => decodeBlock(bytes), refusal('malformed'));
      assert.throws(() => HeaderType.deserialize(HeaderType.serialize({ ...HEADER, ...change })));
    });
  }
});

test('a transaction in a block has at most 131,072 bytes, a receipt at most 80 public outputs', () => {
  const block = { ...BLOCK, transactions: [new Uint8Array(131_073)] };
  assert.throws(() => decodeBlock(encodeBlock(block)), refusal('malformed'));
  const publicOutputs = Array.from({ length: 81 }, () => RECEIPT.publicOutputs[0]!);
  const executed = { ...EXECUTED, receipts: [{ ...RECEIPT, publicOutputs }] };
  assert.throws(() => decodeExecutedBlock(encodeExecutedBlock(executed)), refusal('malformed'));
});

test('a block is decoded as the library does it, and refused where re-encoding gives other bytes, wherever it is damaged', () => {
  const transactions = [0, 1, 5, 40].map((length) => new Uint8Array(length).fill(length));
  const samples = [[], transactions.slice(0, 1), transactions].map((some) =>
    encodeBlock({ header: HEADER, transactions: some }),
  );
  const slow = (bytes: Uint8Array): unknown => {
    try {
      return decodeStrict(BlockType, bytes, MAX_BLOCK_BYTES, 'block');
    } catch (error) {
      if (error instanceof ProtocolError) return 'refused';
      throw error;
    }
  };
  const fast = (bytes: Uint8Array): unknown => {
    try {
      return decodeBlock(bytes);
    } catch (error) {
      if (error instanceof ProtocolError) return 'refused';
      throw error;
    }
  };
  let refused = 0;
  const agree = (bytes: Uint8Array): void => {
    const outcome = fast(bytes);
    assert.deepEqual(outcome, slow(bytes));
    if (outcome === 'refused') refused++;
  };
  for (const sample of samples) {
    agree(sample);
    agree(Buffer.from(sample));
    const list = new DataView(sample.buffer, sample.byteOffset).getUint32(4, true);
    // Every offset, the header's among them, one more, one less and far off.
    for (const at of [0, 4, ...[0, 4, 8, 12].map((offset) => list + offset)]) {
      if (at + 4 > sample.length) continue;
      for (const change of [-4, -1, 1, 2, 4, 8, 1_000, 2 ** 31]) {
        const bytes = sample.slice();
        const view = new DataView(bytes.buffer);
        view.setUint32(at, (view.getUint32(at, true) + change) >>> 0, true);
        agree(bytes);
      }
    }
    for (let length = 0; length < sample.length; length++) agree(sample.slice(0, length));
    agree(concat(sample, new Uint8Array(1)));
    agree(concat(sample, new Uint8Array(4)));
  }
  fc.assert(
    fc.property(fc.nat(2), fc.nat(), fc.nat(255), (which, place, value) => {
      const bytes = samples[which]!.slice();
      bytes[place % bytes.length] = value;
      agree(bytes);
    }),
    { numRuns: 2_000 },
  );
  assert.ok(refused > 500, `${refused} were refused`);
});

test('a decoded block shares no memory with its bytes', () => {
  const bytes = encodeBlock({ header: HEADER, transactions: [Uint8Array.of(1, 2)] });
  for (const given of [bytes.slice(), Buffer.from(bytes)]) {
    const { header, transactions } = decodeBlock(given);
    given.fill(0xff);
    assert.deepEqual(transactions, [Uint8Array.of(1, 2)]);
    assert.equal(Object.getPrototypeOf(transactions[0]), Uint8Array.prototype);
    assert.deepEqual(header, HEADER);
  }
});
