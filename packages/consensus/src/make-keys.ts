import { blake2b256, type Ed25519, le32, le64 } from '@sero/crypto';
import { batchMessage, batchOf, leafMessage } from '@sero/protocol';
import { ensure } from './key-error.ts';
import {
  type BatchSlot,
  expectRange,
  hasNoHead,
  isZero,
  keyFileSize,
  type LeafSlot,
  type RoundRange,
  writeBatch,
  writeHead,
} from './key-file.ts';
import type { KeyStep } from './key-steps.ts';
import type { SlotFile } from './slot-file.ts';

/** Batch keys made between two pauses. */
const BATCHES_AT_ONCE = 16n;

/**
 * Makes the root and the batch keys of a range of rounds in a new file; the root's public key then stands in the file's head. The root signs
 * every batch key and is forgotten, so nobody can add keys for rounds later, its owner included.
 *
 * Every secret is a hash of its own of the seed, which is wiped: none of them tells another. A ratchet, state(i + 1) = H(state(i)), would have
 * one secret on disk instead of one a batch, and gives a thief exactly as much: the secrets of all later batches. It would save little, since
 * the batch keys and the root's signatures must be kept anyway, and one damaged state would cost all later keys instead of one batch.
 *
 * @param seed 32 random bytes, used for nothing else; filled with zeros here
 * @throws KeyError `key-range`, `key-seed`, `key-file-size`, `key-file-taken`, all before anything is written
 */
export function* makeEphemeralKeys(
  file: SlotFile,
  seed: Uint8Array,
  range: RoundRange,
  ed25519: Ed25519,
): Generator<KeyStep, void> {
  let root: Uint8Array = new Uint8Array(0);
  try {
    expectRange(range);
    ensure(
      seed.length === 32 && !isZero(seed),
      'key-seed',
      'a seed is 32 random bytes; this one is not, or was used before',
    );
    ensure(
      file.size === keyFileSize(range),
      'key-file-size',
      `the keys of rounds ${range.first} to ${range.last} need a file of ${keyFileSize(range)} bytes, not ${file.size}`,
    );
    ensure(hasNoHead(file), 'key-file-taken', 'there are keys in this file: take another one');
    root = blake2b256('SERO_EPH_ROOT', seed);
    for (let batch = batchOf(range.first); batch <= batchOf(range.last); batch++) {
      if (batch % BATCHES_AT_ONCE === 0n) yield 'pause';
      const made = newBatch(seed, root, batch, ed25519);
      writeBatch(file, range, batch, made);
      made.secret.fill(0);
    }
    // The head says that the file is complete, so it is written when everything else is durable.
    yield 'sync';
    writeHead(file, range, ed25519.publicKey(root));
    yield 'sync';
  } finally {
    seed.fill(0);
    root.fill(0);
  }
}

function newBatch(seed: Uint8Array, root: Uint8Array, batch: bigint, ed25519: Ed25519): BatchSlot {
  const secret = blake2b256('SERO_EPH_BATCH', seed, le64(batch));
  const signer = batchSigner(secret);
  const batchKey = ed25519.publicKey(signer);
  signer.fill(0);
  return { secret, batchKey, batchSignature: ed25519.sign(root, batchMessage(batch, batchKey)) };
}

/** The Ed25519 seed of a batch's key. */
export function batchSigner(secret: Uint8Array): Uint8Array {
  return blake2b256('SERO_EPH_SIGN', secret);
}

/**
 * A leaf of a batch, signed. It follows from the batch's secret, so that work that a crash interrupted is done again with the same outcome;
 * it tells neither that secret nor another leaf.
 *
 * @param signer of the same secret
 * @param leaf 0..4095, in its batch
 */
export function newLeaf(
  secret: Uint8Array,
  signer: Uint8Array,
  batch: bigint,
  leaf: number,
  ed25519: Ed25519,
): LeafSlot {
  const leafSecret = blake2b256('SERO_EPH_LEAF', secret, le32(leaf));
  const leafKey = ed25519.publicKey(leafSecret);
  return { secret: leafSecret, leafSignature: ed25519.sign(signer, leafMessage(batch, leaf, leafKey)) };
}
