import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, concat, portableBls } from '@sero/crypto';
import {
  checkpointOf,
  madeChain,
  participants,
  STUB,
  stubBls,
  TEST_GENESIS,
} from './consensus-test-support.ts';
import {
  type Checkpoint,
  type CheckpointTrust,
  decodeCheckpoint,
  encodeCheckpoint,
  MAX_CHECKPOINT_AGE,
  MAX_CHECKPOINT_BYTES,
  type ProtocolErrorCode,
  placesOf,
  signersOf,
  stakeTable,
  verifyCheckpoint,
  verifyCheckpoints,
} from './index.ts';
import { flipped, refusal, variations } from './test-support.ts';

/** Nine rows of 1 to 9 units: 45, of which 31 are more than two thirds. */
const ALL = participants(Array.from({ length: 9 }, (_, i) => BigInt(i + 1)));
const TABLE = stakeTable(ALL.map(({ row }) => row));
const CHAIN = madeChain(512, TABLE);
const GENESIS: CheckpointTrust = { height: 0n, validatorsRoot: TABLE.root() };
const FIRST = CHAIN.headers[256]!;

/** Signers of these weights. */
const signing = (...weights: number[]): typeof ALL =>
  ALL.filter(({ row }) => weights.includes(Number(row.weight)));
const GOOD = checkpointOf(FIRST, TABLE, signing(9, 8, 7, 6, 1));

const refuse = (
  checkpoint: Checkpoint,
  code: ProtocolErrorCode,
  before: CheckpointTrust = GENESIS,
  table = TABLE,
): void =>
  assert.throws(() => verifyCheckpoint(TEST_GENESIS, before, table, checkpoint, stubBls), refusal(code));

test('more than two thirds of the units sign a checkpoint, two thirds do not', () => {
  verifyCheckpoint(TEST_GENESIS, GENESIS, TABLE, GOOD, stubBls);
  refuse(checkpointOf(FIRST, TABLE, signing(9, 8, 7, 6)), 'checkpoint-weight');
  refuse(checkpointOf(FIRST, TABLE, signing(9)), 'checkpoint-weight');
});

test('a bitmap has one bit a row, none behind the last, and names somebody', () => {
  assert.equal(GOOD.signers.length, 2);
  refuse({ ...GOOD, signers: GOOD.signers.slice(0, 1) }, 'checkpoint-signers');
  refuse({ ...GOOD, signers: concat(GOOD.signers, new Uint8Array(1)) }, 'checkpoint-signers');
  for (let bit = 1; bit < 8; bit++) {
    refuse({ ...GOOD, signers: flipped(GOOD.signers, 1, bit) }, 'checkpoint-signers');
  }
  refuse({ ...GOOD, signers: new Uint8Array(2) }, 'checkpoint-signers');
});

test('a bitmap is read as it was written, lowest bit first', () => {
  assert.deepEqual(signersOf(9, [0, 3, 8]), Uint8Array.of(0b0000_1001, 1));
  assert.deepEqual(placesOf(9, Uint8Array.of(0b0000_1001, 1)), [0, 3, 8]);
  assert.deepEqual(placesOf(8, Uint8Array.of(0x80)), [7]);
});

test('who did not sign is not counted, and who signed is not left out', () => {
  for (let place = 0; place < 9; place++) {
    const signers = flipped(GOOD.signers, place >> 3, place & 7);
    assert.throws(() => verifyCheckpoint(TEST_GENESIS, GENESIS, TABLE, { ...GOOD, signers }, stubBls), {
      name: 'ProtocolError',
    });
  }
});

test('heights are those of every 256th block, one after the other', () => {
  refuse(checkpointOf(CHAIN.headers[255]!, TABLE, ALL), 'checkpoint-height');
  refuse(checkpointOf(CHAIN.headers[0]!, TABLE, ALL), 'checkpoint-height');
  refuse(checkpointOf(CHAIN.headers[512]!, TABLE, ALL), 'checkpoint-height');
  refuse(GOOD, 'checkpoint-height', { ...GENESIS, height: 256n });
  refuse(checkpointOf(CHAIN.headers[300]!, TABLE, ALL), 'checkpoint-height', { ...GENESIS, height: 44n });
});

test('the table that signs is the one that the checkpoint before names', () => {
  const other = stakeTable(ALL.slice(1).map(({ row }) => row));
  refuse(checkpointOf(FIRST, other, ALL.slice(1)), 'checkpoint-table', GENESIS, other);
  refuse(GOOD, 'checkpoint-table', { ...GENESIS, validatorsRoot: other.root() });
});

test('a checkpoint of another chain is refused', () => {
  assert.throws(
    () => verifyCheckpoint(blake2b256('OTHER'), GENESIS, TABLE, GOOD, stubBls),
    refusal('checkpoint-signature'),
  );
});

test('checkpoints follow each other from table to table', () => {
  // The signers of 512 are named at 256: eight of the nine, with other weights.
  const next = stakeTable(ALL.slice(1).map(({ row }) => ({ ...row, weight: 10n })));
  const first = checkpointOf(FIRST, TABLE, ALL, { validatorsRoot: next.root() });
  const second = checkpointOf(CHAIN.headers[512]!, next, ALL.slice(3));
  const chain = [
    { table: TABLE, checkpoint: first },
    { table: next, checkpoint: second },
  ];
  const trusted = { ...GENESIS, time: 0n };
  const run = (links: typeof chain, now = 1n): CheckpointTrust =>
    verifyCheckpoints(TEST_GENESIS, trusted, links, now, stubBls);
  assert.deepEqual(run(chain), { height: 512n, validatorsRoot: TABLE.root() });
  assert.deepEqual(run([]), trusted);
  assert.throws(() => run(chain.slice(1)), refusal('checkpoint-height'));
  assert.throws(() => run([chain[0]!, { ...chain[1]!, table: TABLE }]), refusal('checkpoint-table'));
  const old = checkpointOf(CHAIN.headers[512]!, TABLE, ALL);
  assert.throws(() => run([chain[0]!, { table: TABLE, checkpoint: old }]), refusal('checkpoint-table'));
});

test('nothing is built on a checkpoint of more than ten days, or of a time to come', () => {
  const run = (now: bigint): CheckpointTrust =>
    verifyCheckpoints(
      TEST_GENESIS,
      { ...GENESIS, time: 5n },
      [{ table: TABLE, checkpoint: GOOD }],
      now,
      stubBls,
    );
  assert.equal(run(5n + MAX_CHECKPOINT_AGE).height, 256n);
  assert.throws(() => run(6n + MAX_CHECKPOINT_AGE), refusal('checkpoint-stale'));
  // Nor on one that says to be of a time to come.
  assert.equal(run(5n).height, 256n);
  assert.throws(() => run(4n), refusal('checkpoint-stale'));
});

test('every variation of a checkpoint is refused, and it decodes to itself', () => {
  for (const changed of variations(GOOD)) {
    assert.throws(() => verifyCheckpoint(TEST_GENESIS, GENESIS, TABLE, changed, stubBls), {
      name: 'ProtocolError',
    });
  }
  assert.deepEqual(decodeCheckpoint(encodeCheckpoint(GOOD)), GOOD);
  assert.throws(() => decodeCheckpoint(new Uint8Array(MAX_CHECKPOINT_BYTES + 1)), refusal('too-large'));
});

test('with the real cryptography the same checkpoint verifies and a signer too many does not', () => {
  const four = participants([1n, 1n, 1n, 1n], STUB, portableBls);
  const table = stakeTable(four.map(({ row }) => row));
  const header = madeChain(256, table).headers[256]!;
  const before = { height: 0n, validatorsRoot: table.root() };
  const checkpoint = checkpointOf(header, table, four.slice(0, 3), {}, portableBls);
  verifyCheckpoint(TEST_GENESIS, before, table, checkpoint, portableBls);
  assert.throws(
    () =>
      verifyCheckpoint(
        TEST_GENESIS,
        before,
        table,
        { ...checkpoint, signers: Uint8Array.of(15) },
        portableBls,
      ),
    refusal('checkpoint-signature'),
  );
});
