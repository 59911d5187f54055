import { publicInputs, type Shape, shapeOf } from '@sero/circuits';
import { type AffinePoint, fieldFromBytes, portableBls, toHex, verify } from '@sero/crypto';
import { type KeyPoint, readKeyPoint } from '@sero/prover';
import { ADDRESS_LENGTH } from './address.ts';
import { type AssetKind, checkName, namePrice, OFFLINE_KIND } from './asset.ts';
import { decodeField, ensureKeyPoint } from './decode.ts';
import { ensure, ProtocolError } from './errors.ts';
import { intrinsicGas } from './gas.ts';
import type { Genesis } from './genesis.ts';
import { VALUE_LIMIT } from './note.ts';
import {
  type ClaimBody,
  checkPossession,
  checkStakeKeys,
  decodeClaimBody,
  decodeOnlineBody,
  decodeRegisterBody,
  decodeStakeBody,
  decodeUnlockBody,
  type OnlineBody,
  type PossessionVerifier,
  type RegisterBody,
  type StakeBody,
  type UnlockBody,
} from './stake-bodies.ts';
import {
  type Call,
  decodeAssetBody,
  type Envelope,
  KIND,
  type PrivateEnvelope,
  type Transaction,
  transactionHash,
  witnessTransactionId,
} from './transaction.ts';

/** Proof system 1: Groth16 over BLS12-381. */
export const GROTH16_BLS12_381 = 1;

/** Kinds that version 1 of the protocol executes. The others wait for their rules and are refused as a whole. */
const ACTIVE_KINDS: readonly number[] = [
  KIND.pay,
  KIND.call,
  KIND.asset,
  KIND.stake,
  KIND.register,
  KIND.online,
  KIND.unlock,
  KIND.claim,
];

/** What a transaction asks the ledger to do, decoded. */
export type Action =
  | { readonly type: 'pay' }
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'commit'; readonly hash: Uint8Array }
  | {
      readonly type: 'issue';
      readonly name: string;
      readonly salt: Uint8Array;
      readonly supply: bigint;
      readonly kind: AssetKind;
      /** Paid unless the issue fails; 0 for a ticket of a category. */
      readonly price: bigint;
    }
  | {
      readonly type: 'stake';
      readonly body: StakeBody;
      /** Units of S; comes back where the stake fails. */
      readonly amount: bigint;
    }
  | { readonly type: 'register'; readonly body: RegisterBody }
  | { readonly type: 'online'; readonly body: OnlineBody }
  | { readonly type: 'unlock'; readonly body: UnlockBody }
  | { readonly type: 'claim'; readonly body: ClaimBody };

/**
 * A transaction that passed every check that needs no state: encodings, counts, amounts, gas, signature. What is left:
 * expiry, anchor, freshness of nullifiers, registration of the public asset, block limits, and the proof.
 */
export interface CheckedTransaction {
  readonly tx: Transaction;
  readonly authorization: PrivateEnvelope['authorization'];
  readonly hashE: bigint;
  readonly wtxid: Uint8Array;
  /** Bytes on the wire. */
  readonly size: number;
  readonly shape: Shape;
  readonly nullifiers: readonly bigint[];
  readonly commitments: readonly bigint[];
  readonly intrinsicGas: bigint;
  /** gasLimit times gasPrice. */
  readonly fee: bigint;
  readonly publicAsset: bigint;
  readonly action: Action;
  /** The proof's public inputs under the notes root of the anchor. */
  readonly publicInputs: (root: bigint) => bigint[];
}

/** The network that a transaction is checked for. */
export interface CheckContext {
  readonly genesis: Genesis;
  /** 32 bytes. */
  readonly genesisHash: Uint8Array;
  /** Default: the portable one, some 60 ms for each record that is registered. */
  readonly bls?: PossessionVerifier;
}

/** A transaction between the cheap checks and those of its points, which cost a hundred times as much: for batches. */
export interface PreparedTransaction {
  /**
   * Encodings of the keys that it shows, in the order of the checks, 32 bytes each. One that a check before them refused has
   * none; where a later check refused it, these come first all the same.
   */
  readonly points: readonly Uint8Array[];
  /**
   * Ends the checks: throws the first refusal, in the order of `checkTransaction`.
   *
   * @param found what was found of the point of this number; asked in order, and not beyond the first that is no key
   */
  finish(found: (index: number) => KeyPoint): CheckedTransaction;
}

/** A key that a transaction shows. */
interface ShownKey {
  readonly encoding: Uint8Array;
  /** Its name in refusals. */
  readonly what: string;
}

/**
 * Every check of a decoded envelope that needs no state, cheapest first, the signature and the possession of a registered BLS key last. Throws ProtocolError with
 * the code of the rule; design 2, "What the node checks before any pairing".
 *
 * @param bytes the envelope's wire form, for size and wtxid
 * @param options.signature false to leave those two to whoever calls: `signedHash`, `checkPossession`
 * @param options.wtxid of these very bytes, where whoever calls has just worked it out: the header binds a transaction by it, so another one would put
 *   other bytes under the header
 */
export function checkTransaction(
  envelope: Envelope,
  bytes: Uint8Array,
  context: CheckContext,
  options: { readonly signature: boolean; readonly wtxid?: Uint8Array } = { signature: true },
): CheckedTransaction {
  const prepared = prepareTransaction(envelope, bytes, context, options.wtxid);
  const checked = prepared.finish((index) => readKeyPoint(prepared.points[index]!));
  if (options.signature) {
    ensure(verify(signedHash(checked)), 'signature-invalid', 'the signature does not verify under rk');
    if (checked.action.type === 'register') {
      checkPossession(checked.action.body, checked.tx.from, context.bls ?? portableBls);
    }
  }
  return checked;
}

/**
 * The same but for points, which whoever calls has checked as he likes, for the signature and for possession. What else refuses the transaction is
 * kept until its points are known, so that the code is that of the rule which comes first. Throws nothing.
 *
 * @param wtxid as in `checkTransaction`
 */
export function prepareTransaction(
  envelope: Envelope,
  bytes: Uint8Array,
  context: CheckContext,
  wtxid?: Uint8Array,
): PreparedTransaction {
  const keys: ShownKey[] = [];
  let end: (rk: AffinePoint) => CheckedTransaction;
  try {
    end = checkWithoutPoints(envelope, bytes, context, keys, wtxid);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    end = () => {
      throw error;
    };
  }
  return {
    points: keys.map(({ encoding }) => encoding),
    finish(found) {
      let last: KeyPoint | undefined;
      for (const [index, { what }] of keys.entries()) {
        last = found(index);
        ensureKeyPoint(last.verdict, what);
      }
      // rk is the last point of a transaction that has passed all else.
      return end(last === undefined ? { u: 0n, v: 1n } : affineOf(last));
    },
  };
}

function affineOf({ affine }: KeyPoint): AffinePoint {
  return { u: fieldFromBytes(affine.subarray(0, 32)), v: fieldFromBytes(affine.subarray(32)) };
}

/** @param keys gets the keys that are still to be checked, in the order of the checks; rk last */
function checkWithoutPoints(
  envelope: Envelope,
  bytes: Uint8Array,
  context: CheckContext,
  keys: ShownKey[],
  known: Uint8Array | undefined,
): (rk: AffinePoint) => CheckedTransaction {
  if (envelope.bare !== undefined) {
    throw new ProtocolError('kind-not-active', `kind ${envelope.bare.kind} is not part of this version`);
  }
  const { tx, authorization } = envelope.private;
  const { genesis, genesisHash } = context;
  const shape = checkHead(tx, genesis);
  ensure(
    tx.from.length === ADDRESS_LENGTH,
    'malformed',
    `PKr has ${ADDRESS_LENGTH} bytes, got ${tx.from.length}`,
  );
  keys.push({ encoding: tx.from.subarray(0, 32), what: 'VPKr' });
  const zpkrFrom = decodeField(tx.from.subarray(32), 'ZPKr');
  const { nullifiers, traces, commitments } = checkShielded(tx, shape, keys);
  ensure(
    tx.memo.length === 0 || tx.memo.length === 528,
    'memo-length',
    `a memo has 0 or 528 bytes on the wire, got ${tx.memo.length}`,
  );
  const action = checkAction(tx, genesis);
  const gas = checkGas(tx, genesis);
  const publicAsset = checkPublicAmounts(tx, gas.fee, action);
  const hashE = transactionHash(tx, genesisHash);
  // Now: the bytes are the caller's, and may be others by the time when the points are known.
  const wtxid = known ?? witnessTransactionId(bytes);
  const size = bytes.length;
  return (rk) => {
    // Last, since they cost more than all the rest.
    if (action.type === 'register') checkStakeKeys(action.body);
    return {
      tx,
      authorization,
      hashE,
      wtxid,
      size,
      shape,
      nullifiers,
      commitments,
      intrinsicGas: gas.intrinsic,
      fee: gas.fee,
      publicAsset,
      action,
      publicInputs: (root) =>
        publicInputs({
          root,
          hashE,
          rk,
          zpkrFrom,
          nil: nullifiers,
          trace: traces,
          cm: commitments,
          assetPub: publicAsset,
          pubOut: [tx.pub.pubOut[0]!, tx.pub.pubOut[1]!],
        }),
    };
  };
}

/** What the signature is checked against, for batches. */
export function signedHash(checked: CheckedTransaction): {
  rk: Uint8Array;
  hashE: bigint;
  signature: Uint8Array;
} {
  return { rk: checked.tx.shielded.rk, hashE: checked.hashE, signature: checked.authorization.signature };
}

function checkHead(tx: Transaction, genesis: Genesis): Shape {
  ensure(tx.version === 1, 'unknown-version', `transaction version ${tx.version} does not exist`);
  ensure(ACTIVE_KINDS.includes(tx.kind), 'kind-not-active', `kind ${tx.kind} is not part of this version`);
  ensure(
    tx.proofSystem === GROTH16_BLS12_381,
    'unknown-proof-system',
    `proof system ${tx.proofSystem} does not exist`,
  );
  const shape = shapeOf(tx.circuit);
  ensure(shape !== undefined, 'unknown-circuit', `circuit ${tx.circuit} does not exist`);
  ensure(tx.chainId === genesis.chainId, 'wrong-chain', `chain ${tx.chainId} is not this one`);
  ensure(
    tx.expiry <= tx.shielded.anchor + genesis.anchor.window,
    'expiry-out-of-window',
    'a transaction expires at most W blocks after its anchor',
  );
  return shape;
}

function checkShielded(
  tx: Transaction,
  shape: Shape,
  keys: ShownKey[],
): { nullifiers: bigint[]; traces: bigint[]; commitments: bigint[] } {
  const { rk, nullifiers, traces, outputs } = tx.shielded;
  ensure(
    nullifiers.length === shape.inputs && traces.length === shape.inputs && outputs.length === shape.outputs,
    'wrong-shape',
    `circuit ${shape.id} has ${shape.inputs} inputs and ${shape.outputs} outputs`,
  );
  const nils = nullifiers.map((bytes) => decodeField(bytes, 'nullifier'));
  ensure(
    new Set(nils).size === nils.length,
    'duplicate-nullifier',
    'one nullifier stands twice in the transaction',
  );
  const commitments = outputs.map((output) => decodeField(output.cm, 'commitment'));
  ensure(!commitments.includes(0n), 'commitment-is-zero', 'a commitment of 0 would be an empty leaf');
  const addresses = outputs.map(({ vpkr }) => {
    keys.push({ encoding: vpkr, what: 'VPKr' });
    return toHex(vpkr);
  });
  ensure(
    new Set(addresses).size === addresses.length,
    'duplicate-output-address',
    'two outputs share one VPKr',
  );
  keys.push({ encoding: rk, what: 'rk' });
  return {
    nullifiers: nils,
    traces: traces.map((bytes) => decodeField(bytes, 'TRACE')),
    commitments,
  };
}

function checkAction(tx: Transaction, genesis: Genesis): Action {
  const call = tx.call[0];
  if (tx.kind === KIND.call) {
    ensure(call?.to.length === 1, 'call-missing', 'a call names the contract that it calls');
  } else {
    ensure(call === undefined, 'call-unexpected', `kind ${tx.kind} carries no call`);
    ensure(tx.recipients.length === 0, 'recipients-unexpected', `kind ${tx.kind} carries no recipients`);
  }
  switch (tx.kind) {
    case KIND.asset:
      return checkAssetBody(tx.body, genesis);
    case KIND.stake: {
      const body = decodeStakeBody(tx.body);
      return { type: 'stake', body, amount: body.units * genesis.stake.unit };
    }
    case KIND.register:
      return { type: 'register', body: decodeRegisterBody(tx.body) };
    case KIND.online:
      return { type: 'online', body: decodeOnlineBody(tx.body) };
    case KIND.unlock:
      return { type: 'unlock', body: decodeUnlockBody(tx.body) };
    case KIND.claim:
      return { type: 'claim', body: decodeClaimBody(tx.body) };
  }
  ensure(tx.body.length === 0, 'body-malformed', `kind ${tx.kind} has an empty body`);
  return call === undefined ? { type: 'pay' } : { type: 'call', call };
}

function checkAssetBody(body: Uint8Array, genesis: Genesis): Action {
  const { commit, issue } = decodeAssetBody(body);
  ensure(
    commit.length + issue.length === 1,
    'body-malformed',
    'an asset body commits or issues, one of the two',
  );
  const [commitment, issued] = [commit[0], issue[0]];
  if (commitment !== undefined) return { type: 'commit', hash: commitment.hash };
  const { salt, supply, kind } = issued!;
  const name = String.fromCharCode(...issued!.name);
  checkName(name);
  ensure(
    kind !== OFFLINE_KIND,
    'asset-offline-refused',
    'offline assets are refused until their circuit exists',
  );
  ensure(kind === 1 || kind === 2, 'asset-kind', `asset kind ${kind} does not exist`);
  if (kind === 1) {
    ensure(
      supply > 0n,
      'asset-supply',
      'a token issued without a contract has no later mint: its supply is at least 1',
    );
  } else {
    ensure(supply <= 1n, 'asset-supply', 'a ticket has supply 1, a category 0');
  }
  const price = kind === 2 && supply === 1n ? 0n : namePrice(name, genesis.namePrices);
  return { type: 'issue', name, salt, supply, kind, price };
}

function checkGas(tx: Transaction, genesis: Genesis): { intrinsic: bigint; fee: bigint } {
  const intrinsic = intrinsicGas(genesis.gas, tx);
  if (tx.call.length === 0) {
    ensure(
      tx.gasLimit === intrinsic,
      'gas-limit',
      `the gas limit is exactly ${intrinsic}, got ${tx.gasLimit}`,
    );
  } else {
    ensure(
      tx.gasLimit >= intrinsic,
      'gas-limit',
      `the gas limit is at least ${intrinsic}, got ${tx.gasLimit}`,
    );
  }
  ensure(tx.gasLimit <= genesis.fees.gasLimit, 'gas-limit', 'the gas limit is above a block’s');
  const fee = tx.gasLimit * tx.gasPrice;
  ensure(fee < VALUE_LIMIT, 'fee-overflow', 'gas limit times gas price is 2^128 or more');
  return { intrinsic, fee };
}

function checkPublicAmounts(tx: Transaction, fee: bigint, action: Action): bigint {
  const call = tx.call[0];
  const sero = fee + (call?.value ?? 0n) + broughtBy(action);
  ensure(sero < VALUE_LIMIT, 'fee-overflow', 'the public SERO amounts sum to 2^128 or more');
  ensure(
    tx.pub.pubOut[0] === sero,
    'public-amount-mismatch',
    `pubOut_0 is fee + call value + name price + stake = ${sero}, got ${tx.pub.pubOut[0]}`,
  );
  ensure(
    tx.pub.pubOut[1] === (call?.amount ?? 0n),
    'public-amount-mismatch',
    `pubOut_1 is the call's amount ${call?.amount ?? 0n}, got ${tx.pub.pubOut[1]}`,
  );
  const asset = decodeField(tx.pub.asset, 'public asset');
  ensure(
    (asset === 0n) === (tx.pub.pubOut[1] === 0n),
    'public-asset-mismatch',
    'a public asset is named exactly where its amount is not 0',
  );
  ensure(asset !== 1n, 'public-asset-mismatch', 'SERO leaves the pool in slot 0 only');
  return asset;
}

/** SERO that leaves the pool for an action, beside the fee and a call's value. */
function broughtBy(action: Action): bigint {
  if (action.type === 'issue') return action.price;
  return action.type === 'stake' ? action.amount : 0n;
}
