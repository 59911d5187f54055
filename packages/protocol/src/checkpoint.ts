import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { type Bls, concat, equalBytes, le64, utf8 } from '@sero/crypto';
import { ensure } from './errors.ts';
import { ByteListType, Bytes32, ByteVectorType, decodeStrict, u64 } from './ssz.ts';
import { MAX_TABLE_ROWS, type StakeRow, type WholeStakeTable } from './stake-table.ts';

/** Heights between two checkpoints; block 0 is the first, which nobody signs: the genesis file names it. */
export const CHECKPOINT_INTERVAL = 256n;

/** Age above which no checkpoint is trusted, ms of the client's own clock: ten days, less than it takes to unlock stake. */
export const MAX_CHECKPOINT_AGE = 864_000_000n;

/** A block that more than two thirds of an older table's units signed, for clients that follow no rounds. */
export const CheckpointType = new ContainerType({
  height: u64,
  blockHash: Bytes32,
  /** The header's, after the block. */
  stateRoot: Bytes32,
  /** The header's: the table that signs the next checkpoint. */
  validatorsRoot: Bytes32,
  /** One bit a row of the signing table, the lowest bit first, as many bytes as it takes. */
  signers: new ByteListType(MAX_TABLE_ROWS >> 3),
  /** The signers' BLS signatures, aggregated. */
  signature: new ByteVectorType(96),
});

export type Checkpoint = ValueOf<typeof CheckpointType>;

/** What is signed of a checkpoint. */
export type CheckpointSubject = Pick<Checkpoint, 'height' | 'blockHash' | 'stateRoot' | 'validatorsRoot'>;

/** Longest encoding of a checkpoint. */
export const MAX_CHECKPOINT_BYTES = CheckpointType.maxSize;

/** What a client holds of the block under a checkpoint: the last checkpoint itself, or genesis. */
export interface CheckpointTrust {
  readonly height: bigint;
  readonly validatorsRoot: Uint8Array;
}

/** Bytes of a checkpoint. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  return CheckpointType.serialize(checkpoint);
}

/** Decodes a checkpoint. Throws ProtocolError `too-large`, `malformed`, `not-canonical`. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  return decodeStrict(CheckpointType, bytes, MAX_CHECKPOINT_BYTES, 'checkpoint');
}

/** The bytes that records sign: "sero/checkpoint/1" || genesis hash || LE64(height) || block hash || state root || validators root. */
export function checkpointMessage(
  genesisHash: Uint8Array,
  { height, blockHash, stateRoot, validatorsRoot }: CheckpointSubject,
): Uint8Array {
  return concat(utf8('sero/checkpoint/1'), genesisHash, le64(height), blockHash, stateRoot, validatorsRoot);
}

/** The bitmap of these places in a table of `count` rows. */
export function signersOf(count: number, places: readonly number[]): Uint8Array {
  const bitmap = new Uint8Array((count + 7) >> 3);
  for (const place of places) bitmap[place >> 3]! |= 1 << (place & 7);
  return bitmap;
}

/**
 * Places that a bitmap names in a table of `count` rows, ascending.
 *
 * @throws ProtocolError `checkpoint-signers` unless it has exactly one bit a row and names somebody
 */
export function placesOf(count: number, bitmap: Uint8Array): number[] {
  ensure(bitmap.length === (count + 7) >> 3, 'checkpoint-signers', 'the bitmap has not one bit a row');
  const places: number[] = [];
  for (let place = 0; place < 8 * bitmap.length; place++) {
    if (((bitmap[place >> 3]! >> (place & 7)) & 1) === 0) continue;
    ensure(place < count, 'checkpoint-signers', 'a bit stands behind the last row');
    places.push(place);
  }
  ensure(places.length > 0, 'checkpoint-signers', 'nobody signed');
  return places;
}

/** Checks that these rows signed together. Throws ProtocolError `checkpoint-signature`. */
export function verifyCheckpointSignature(
  genesisHash: Uint8Array,
  checkpoint: Checkpoint,
  signers: readonly StakeRow[],
  bls: Bls,
): void {
  const keys = signers.map(({ blsKey }) => blsKey);
  ensure(
    bls.verifyAggregate(keys, checkpointMessage(genesisHash, checkpoint), checkpoint.signature),
    'checkpoint-signature',
    'the signature is not that of the named rows',
  );
}

/** Checks that a height can have a checkpoint. Throws ProtocolError `checkpoint-height`. */
export function checkCheckpointHeight(height: bigint): void {
  ensure(
    height > 0n && height % CHECKPOINT_INTERVAL === 0n,
    'checkpoint-height',
    `height ${height} has no checkpoint`,
  );
}

/**
 * Checks a checkpoint under the one before it.
 *
 * @param before checkpoint of height - 256, or genesis
 * Costs one decoding for each signer's key that is not among those decoded last (BLS remembers twice as many as the largest aggregate had), one addition for each, and one pairing.
 *
 * @param table all rows under `before.validatorsRoot`, since bits name rows by their places in it: a table of some rows has other places.
 *   Possession of their BLS keys was proved at registration
 * @throws ProtocolError `checkpoint-height`, `checkpoint-table`, `checkpoint-signers`, `checkpoint-weight`, `checkpoint-signature`
 */
export function verifyCheckpoint(
  genesisHash: Uint8Array,
  before: CheckpointTrust,
  table: WholeStakeTable,
  checkpoint: Checkpoint,
  bls: Bls,
): void {
  checkCheckpointHeight(checkpoint.height);
  ensure(
    checkpoint.height === before.height + CHECKPOINT_INTERVAL,
    'checkpoint-height',
    `height ${checkpoint.height} does not follow ${before.height}`,
  );
  ensure(
    equalBytes(table.root(), before.validatorsRoot),
    'checkpoint-table',
    'these are not the rows that the checkpoint before names',
  );
  const signers = placesOf(table.count, checkpoint.signers).map((place) => table.at(place));
  const weight = signers.reduce((sum, row) => sum + row.weight, 0n);
  ensure(3n * weight > 2n * table.total, 'checkpoint-weight', 'two thirds of the units or fewer');
  verifyCheckpointSignature(genesisHash, checkpoint, signers, bls);
}

/**
 * Checks that what is trusted by its age alone is young: at most ten days old.
 *
 * @param time at which it was known to be the chain's, ms since 1970
 * @param now the client's own clock, ms since 1970
 * @throws ProtocolError `checkpoint-stale`
 */
export function checkTrustedAge(time: bigint, now: bigint): void {
  const age = now - time;
  // A time to come would keep a checkpoint fresh for as long as somebody likes.
  ensure(age >= 0n, 'checkpoint-stale', 'the trusted checkpoint is of a time to come');
  ensure(age <= MAX_CHECKPOINT_AGE, 'checkpoint-stale', 'the trusted checkpoint is too old');
}

/**
 * Checks checkpoints in a row, each with the table that signs it, on top of one that is trusted, and returns the last one's facts.
 *
 * Whoever unlocked his stake may sell his old keys, so what is trusted must be young: shipped with a release or given by the user,
 * by whom its time is known (a checkpoint itself names none).
 *
 * @param trusted with the time, ms since 1970, at which it was known to be the chain's
 * @param now the client's own clock, ms since 1970
 * @throws ProtocolError `checkpoint-stale` and the codes of {@link verifyCheckpoint}
 */
export function verifyCheckpoints(
  genesisHash: Uint8Array,
  trusted: CheckpointTrust & { readonly time: bigint },
  chain: readonly { readonly table: WholeStakeTable; readonly checkpoint: Checkpoint }[],
  now: bigint,
  bls: Bls,
): CheckpointTrust {
  checkTrustedAge(trusted.time, now);
  let before: CheckpointTrust = trusted;
  for (const { table, checkpoint } of chain) {
    verifyCheckpoint(genesisHash, before, table, checkpoint, bls);
    before = { height: checkpoint.height, validatorsRoot: checkpoint.validatorsRoot };
  }
  return before;
}
