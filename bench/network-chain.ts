import { developmentVerifyingKeys, SHAPE_A } from '@sero/circuits';
import { devnetStake, devnetValidators } from '@sero/cli';
import { fieldToBytes } from '@sero/crypto';
import {
  type Allocation,
  CREDIT_PURPOSE,
  DEVELOPMENT,
  encodeGenesis,
  encodeOneTimeAddress,
  type Genesis,
  genesisHash,
  intrinsicGas,
  type Note,
  noteCommitment,
  ownAddress,
  publicOutputRandomness,
  SERO_ASSET,
  type SpendingKey,
  systemTxid,
  type Transaction,
} from '@sero/protocol';
import { accountFromWords } from '@sero/wallet';
import { demoGenesis } from '../tools/demo/network.ts';

/**
 * A chain whose genesis file pays one person in very many notes, so that very many payments can be proved before it begins. Fees, gas, limits and
 * pace are those of every development network.
 */
export interface PaymentChain {
  readonly genesis: Genesis;
  /** The genesis file. */
  readonly file: Uint8Array;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly validators: readonly DevnetValidator[];
  readonly payer: SpendingKey;
  /** Opens the address that all notes stand under. */
  readonly r: bigint;
  /** Note number `n` of the file, which is leaf `n` of the tree. */
  note(n: number): Note;
}

export type DevnetValidator = ReturnType<typeof devnetValidators>[number];

/** Notes in the genesis file where nothing else is said: a minute of 333 payments a second. */
export const PAYMENT_NOTES = 20_000;

/** Words of the person who pays: zeros but for the checksum. Worth nothing anywhere. */
const WORDS = `${'abandon '.repeat(23)}art`;

/** What a payment hands over, smallest unit. */
export const AMOUNT = 5n;

/**
 * What a payment pays for a unit of gas. The base fee grows by an eighth with each full block and begins at 10^9: 352 full blocks in a row are needed to
 * reach it, at 323 payments a block 113,000 payments.
 */
export const GAS_PRICE = 10n ** 27n;

/**
 * The chain of so many validators and notes, the same wherever it is made.
 *
 * @param validators 1..100
 * @param notes 1..65,536
 */
export function paymentChain(validators: number, notes: number): PaymentChain {
  const payer = accountFromWords(WORDS);
  const owner = ownAddress(payer.proof.viewing, DEVELOPMENT.chainId, 'owner', 0n);
  const members = devnetValidators(validators);
  const allocation: Allocation = {
    // One address for all: what tells the notes apart is their number.
    pkr: encodeOneTimeAddress(owner),
    asset: fieldToBytes(SERO_ASSET),
    value: paymentGas() * GAS_PRICE + 2n * AMOUNT,
  };
  const genesis = demoGenesis(
    developmentVerifyingKeys(),
    Array.from({ length: notes }, () => allocation),
    {},
    devnetStake(members.map(({ row }) => row)),
  );
  const hash = genesisHash(genesis);
  return {
    genesis,
    file: encodeGenesis(genesis),
    hash,
    validators: members,
    payer,
    r: owner.shared.r,
    note: (n) => ({
      asset: SERO_ASSET,
      value: allocation.value,
      owner,
      rcm: publicOutputRandomness(systemTxid(hash, 0n, CREDIT_PURPOSE.genesisAllocation, n), 0),
    }),
  };
}

/** Leaves of the note tree after block 0, and what it takes to compute them: milliseconds each. */
export function* leavesOf(chain: PaymentChain): Generator<bigint> {
  for (let n = 0; n < chain.genesis.allocations.length; n++) yield noteCommitment(chain.note(n));
}

/** Gas of a payment of shape A without a memo. */
export function paymentGas(): bigint {
  const none = new Uint8Array(32);
  const output = { cm: none, vpkr: none, tag: none, enc: none, out: none, memoKey: none };
  const blank: Transaction = {
    version: 1,
    kind: 0,
    proofSystem: 1,
    circuit: SHAPE_A.id,
    chainId: DEVELOPMENT.chainId,
    expiry: 0n,
    gasLimit: 0n,
    gasPrice: 0n,
    from: none,
    shielded: {
      anchor: 0n,
      rk: none,
      nullifiers: Array.from({ length: SHAPE_A.inputs }, () => none),
      traces: Array.from({ length: SHAPE_A.inputs }, () => none),
      outputs: Array.from({ length: SHAPE_A.outputs }, () => output),
    },
    memo: new Uint8Array(0),
    pub: { asset: none, pubOut: [0n, 0n] },
    call: [],
    recipients: [],
    body: new Uint8Array(0),
  };
  return intrinsicGas(DEVELOPMENT.gas, blank);
}
