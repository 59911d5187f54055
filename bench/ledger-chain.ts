import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import {
  concat,
  fieldToBytes,
  le32,
  le64,
  multiply,
  pointToBytes,
  SIGNING_RANDOMNESS,
  SPEND_BASE,
  sign,
  toField,
  toScalar,
  utf8,
  VIEW_BASE,
} from '@sero/crypto';
import { type Ledger, openLedger } from '@sero/ledger';
import {
  DEVELOPMENT,
  encodeEnvelope,
  type Genesis,
  intrinsicGas,
  NO_VALIDATORS,
  type Shake256,
  type Transaction,
  transactionHash,
} from '@sero/protocol';
import {
  createPortableVerifier,
  encodeVerifyingKey,
  type Groth16Verifier,
  type ProverBackend,
  verifyingKeyHash,
} from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import type { AppendLog, Entry, KeyValueStore } from '@sero/store';
import { openFileLog, openLmdbStore } from '@sero/store/node';
import { merged, sortedKeys } from './sorted-keys.ts';

/** A chain for benchmarks of everything but proofs: its verifier takes any, its signatures and hashes are real. */

/** One-time keys of senders and receivers: no two alike, so that nothing remembers a point from one payment to the next. */
const scalar = (): bigint => toScalar(randomBytes(64));
const viewPoint = (): Uint8Array => pointToBytes(multiply(VIEW_BASE, scalar()));

const FROM = concat(pointToBytes(multiply(VIEW_BASE, 14n)), fieldToBytes(14n));

const field = (): Uint8Array => fieldToBytes(toField(randomBytes(64)));

/** A verifying key that passes every check and belongs to no circuit. */
function verifyingKey(): Uint8Array {
  const g1 = (n: bigint): Uint8Array => bls12_381.G1.Point.BASE.multiply(100n + n).toBytes();
  const g2 = (n: bigint): Uint8Array => bls12_381.G2.Point.BASE.multiply(100n + n).toBytes();
  return encodeVerifyingKey({
    circuit: 1,
    proofSystem: 1,
    development: true,
    alpha: g1(1n),
    beta: g2(2n),
    gamma: g2(3n),
    delta: g2(4n),
    ic: Array.from({ length: 16 }, (_, i) => g1(BigInt(5 + i))),
  });
}

const KEY = verifyingKey();

const GENESIS: Genesis = {
  ...DEVELOPMENT,
  name: utf8('bench'),
  time: 1_767_225_600_000n,
  // Room for 1,000 payments in a block.
  fees: { ...DEVELOPMENT.fees, gasLimit: 400_000_000n, gasTarget: 200_000_000n },
  verifyingKeys: [{ circuit: 1, proofSystem: 1, hash: verifyingKeyHash(KEY) }],
  allocations: [{ pkr: FROM, asset: fieldToBytes(1n), value: 10n ** 27n }],
  derivation: utf8('made up'),
  ...NO_VALIDATORS,
};

const takesAnyProof: Groth16Verifier = {
  ...createPortableVerifier(),
  verifyBatch: async (items) => items.map(() => ({ ok: true })),
};

/** OpenSSL's. */
export const nativeShake256: Shake256 = (message, length) =>
  createHash('shake256', { outputLength: length }).update(message).digest();

/** Where a ledger keeps things. */
export interface Parts {
  readonly store: KeyValueStore;
  readonly blocks: AppendLog;
}

/** The parts of a node in a directory: lmdb and a file log, both synced. */
export function diskParts(directory: string): Parts {
  return { store: openLmdbStore(join(directory, 'state')), blocks: openFileLog(join(directory, 'blocks')) };
}

export function closeParts({ store, blocks }: Parts): void {
  store.close();
  blocks.close();
}

let opened: Promise<ProverBackend> | undefined;

/** Opens the chain, or begins it, with what a node uses, by its name: a figure is never another backend's. */
export async function benchLedger(parts: Parts): Promise<Ledger> {
  opened ??= openBackend({ backend: 'native' });
  const backend = await opened;
  return openLedger({
    genesis: GENESIS,
    ...parts,
    verifyingKeys: [KEY],
    verifier: takesAnyProof,
    hasher: backend.noteHasher,
    shake256: nativeShake256,
    signatures: backend.signatures,
    keyPoints: backend.keyPoints,
  });
}

/** Tables of the state (ledger), and what an entry of the index by txid says. */
const NULLIFIERS = 0x6e;
const TRANSACTIONS = 0x78;
const PLACE = concat(le64(1n), le32(0));

/** The parts of a new chain on disk whose state holds as many random nullifiers beside, and half as many entries of the index by txid. */
export async function agedParts(directory: string, nullifiers: number): Promise<Parts> {
  const young = diskParts(directory);
  await benchLedger(young);
  const few = [...young.store.entries(new Uint8Array(0))].map(
    ([key, value]): Entry => [key.slice(), value.slice()],
  );
  closeParts(young);
  rmSync(join(directory, 'state'), { recursive: true });
  const store = openLmdbStore(join(directory, 'state'));
  const old = [sortedKeys(NULLIFIERS, nullifiers), sortedKeys(TRANSACTIONS, nullifiers / 2, PLACE)];
  store.load(merged(few, old));
  store.close();
  return diskParts(directory);
}

/** Shape-A payments for the next block, signed. */
export function payments(count: number, ledger: Ledger): Uint8Array[] {
  const { height, baseFee } = ledger.head();
  return Array.from({ length: count }, () => {
    const rsk = scalar();
    const tx: Transaction = {
      version: 1,
      kind: 0,
      proofSystem: 1,
      circuit: 1,
      chainId: GENESIS.chainId,
      expiry: height + GENESIS.anchor.expiry,
      gasLimit: 0n,
      gasPrice: baseFee,
      from: concat(viewPoint(), field()),
      shielded: {
        anchor: height,
        rk: pointToBytes(multiply(SPEND_BASE, rsk)),
        nullifiers: [field(), field()],
        traces: [field(), field()],
        outputs: Array.from({ length: 3 }, () => ({
          cm: field(),
          vpkr: viewPoint(),
          tag: randomBytes(2),
          enc: randomBytes(97),
          out: randomBytes(112),
          memoKey: randomBytes(48),
        })),
      },
      memo: new Uint8Array(0),
      pub: { asset: new Uint8Array(32), pubOut: [0n, 0n] },
      call: [],
      recipients: [],
      body: new Uint8Array(0),
    };
    const gasLimit = intrinsicGas(GENESIS.gas, tx);
    const paid = { ...tx, gasLimit, pub: { ...tx.pub, pubOut: [gasLimit * tx.gasPrice, 0n] } };
    const hashE = transactionHash(paid, ledger.genesisHash);
    const signature = sign(rsk, hashE, randomBytes(SIGNING_RANDOMNESS));
    return encodeEnvelope({ tx: paid, authorization: { proof: randomBytes(192), signature } });
  });
}
