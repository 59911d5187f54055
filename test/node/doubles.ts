import { bls12_381 } from '@noble/curves/bls12-381.js';
import {
  blake2b256,
  concat,
  fieldFromBytes,
  fieldToBytes,
  le32,
  leBytes,
  leInteger,
  modQ,
  multiply,
  pointToBytes,
  SIGNING_RANDOMNESS,
  SPEND_BASE,
  sign,
  toAffine,
  utf8,
  VIEW_BASE,
} from '@sero/crypto';
import {
  DEVELOPMENT,
  decodeExecutedBlock,
  encodeEnvelope,
  type Genesis,
  genesisHash,
  intrinsicGas,
  KIND,
  NO_VALIDATORS,
  type Transaction,
  transactionHash,
} from '@sero/protocol';
import { encodeVerifyingKey, type NoteHasher, verifyingKeyHash } from '@sero/prover';
import { proofDouble } from '../wallet/doubles.ts';

/** A chain whose proofs and note hashes cost nothing, and people who can prove what they like on it. */

/** Stands for Poseidon where nothing is proved against the roots: a hundred times faster. */
export const hasherDouble: NoteHasher = {
  hash4(tuples) {
    const out = new Uint8Array(tuples.length >> 2);
    for (let at = 0; at < tuples.length; at += 128) {
      const hash = blake2b256('TEST_NODE', tuples.subarray(at, at + 128));
      out.set(leBytes(modQ(leInteger(hash)), 32), at >> 2);
    }
    return out;
  },
};

/** Canonical bytes of a well-formed key, as small as a key can be, under which nothing is proved. */
export function keyDouble(): Uint8Array {
  const g1 = (n: bigint): Uint8Array => bls12_381.G1.Point.BASE.multiply(n).toBytes();
  const g2 = (n: bigint): Uint8Array => bls12_381.G2.Point.BASE.multiply(n).toBytes();
  return encodeVerifyingKey({
    circuit: 1,
    proofSystem: 1,
    development: true,
    alpha: g1(2n),
    beta: g2(3n),
    gamma: g2(4n),
    delta: g2(5n),
    ic: [g1(6n), g1(7n)],
  });
}

const RSK = 0x0123456789abcdefn;
const RK = multiply(SPEND_BASE, RSK);
const RK_BYTES = pointToBytes(RK);
const { u: RK_U, v: RK_V } = toAffine(RK);
const VPKRS = [11n, 12n, 13n].map((n) => pointToBytes(multiply(VIEW_BASE, n)));
/** From whom every transaction here comes. */
export const OWNER = concat(pointToBytes(multiply(VIEW_BASE, 1_001n)), fieldToBytes(1_001n));
const none = new Uint8Array(0);

/** A development network of one key, with one allocation of a billion SERO. */
export function genesisDouble(key: Uint8Array, change: Partial<Genesis> = {}): Genesis {
  return {
    ...DEVELOPMENT,
    name: utf8('tests'),
    time: 1_700_000_000_000n,
    verifyingKeys: [{ circuit: 1, proofSystem: 1, hash: verifyingKeyHash(key) }],
    allocations: [{ pkr: OWNER, asset: fieldToBytes(1n), value: 10n ** 27n }],
    derivation: utf8('made up'),
    ...NO_VALIDATORS,
    ...change,
  };
}

/** What of a chain a payment is made for. */
export interface PaymentGround {
  readonly genesis: Genesis;
  /** Notes root of the anchor, block 0. */
  readonly notesRoot: bigint;
}

/** The ground of a chain that keeps its block 0. */
export function groundOf(ledger: {
  readonly genesis: Genesis;
  executedBlock(height: bigint): Uint8Array;
}): PaymentGround {
  const { notesRoot } = decodeExecutedBlock(ledger.executedBlock(0n)).block.header;
  return { genesis: ledger.genesis, notesRoot: fieldFromBytes(notesRoot) };
}

/** A payment by number: its notes are those of no other number. */
export function payment(
  { genesis, notesRoot }: PaymentGround,
  number: number,
  change: {
    gasPrice?: bigint;
    notesOf?: number;
    expiry?: bigint;
    proof?: Uint8Array;
    /** Another kind than a payment, with its body. */
    kind?: number;
    body?: Uint8Array;
  } = {},
): Uint8Array {
  const field = (name: string, of: number, i: number): Uint8Array =>
    fieldToBytes(modQ(leInteger(blake2b256(name, concat(le32(of), le32(i))))));
  const notes = change.notesOf ?? number;
  const tx: Transaction = {
    version: 1,
    kind: change.kind ?? KIND.pay,
    proofSystem: 1,
    circuit: 1,
    chainId: genesis.chainId,
    expiry: change.expiry ?? genesis.anchor.window,
    gasLimit: 0n,
    gasPrice: change.gasPrice ?? genesis.fees.baseFeeStart,
    from: OWNER,
    shielded: {
      anchor: 0n,
      rk: RK_BYTES,
      nullifiers: [0, 1].map((i) => field('TEST_NIL', notes, i)),
      traces: [0, 1].map((i) => field('TEST_TRACE', number, i)),
      outputs: VPKRS.map((vpkr, i) => ({
        cm: field('TEST_CM', number, i),
        vpkr,
        tag: new Uint8Array(2),
        enc: new Uint8Array(97),
        out: new Uint8Array(112),
        memoKey: new Uint8Array(48),
      })),
    },
    memo: none,
    pub: { asset: new Uint8Array(32), pubOut: [0n, 0n] },
    call: [],
    recipients: [],
    body: change.body ?? none,
  };
  const gasLimit = intrinsicGas(genesis.gas, tx);
  const tied = { ...tx, gasLimit, pub: { ...tx.pub, pubOut: [gasLimit * tx.gasPrice, 0n] } };
  const hashE = transactionHash(tied, genesisHash(genesis));
  const { nullifiers, traces, outputs } = tied.shielded;
  const shielded = [...nullifiers, ...traces, ...outputs.map(({ cm }) => cm)].map(fieldFromBytes);
  const zpkrFrom = fieldFromBytes(OWNER.subarray(32));
  const publicInputs = [notesRoot, hashE, RK_U, RK_V, zpkrFrom, ...shielded, 0n, ...tied.pub.pubOut];
  const proof = change.proof ?? proofDouble(publicInputs);
  const signature = sign(RSK, hashE, new Uint8Array(SIGNING_RANDOMNESS));
  return encodeEnvelope({ tx: tied, authorization: { proof, signature } });
}
