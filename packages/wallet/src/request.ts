import { utf8 } from '@sero/crypto';
import {
  type Address,
  AssetBodyType,
  type AssetKind,
  alias,
  type Call,
  COMMITMENT_MAX_AGE,
  COMMITMENT_MIN_AGE,
  checkName,
  decodeOneTimeAddress,
  encodeMemo,
  encodeOneTimeAddress,
  KIND,
  MAX_TRANSACTION_BYTES,
  nameCommitment,
  namePrice,
  ProtocolError,
  recognise,
  SEALED_MEMO_LENGTH,
  SERO_ASSET,
  VALUE_LIMIT,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import { isStakeRequest, type StakeRequest, stakePart } from './stake.ts';
import type { AddressUse } from './state.ts';
import { nameSalt, type Wallet } from './wallet.ts';

/** What a person can ask a wallet to do. */
export type Request =
  | {
      readonly type: 'pay';
      readonly to: Address;
      readonly asset: bigint;
      /** 1 to 2^128 - 1, in the asset's smallest unit. */
      readonly amount: bigint;
      /** At most 512 bytes of UTF-8. */
      readonly memo?: string;
    }
  /** Pays several at once, in shape C: with the change of each asset 16 notes at most, so 15 payments of SERO or 14 of a token. */
  | {
      readonly type: 'payMany';
      /** 2 to 15, in SERO and one other asset at most: the two notes that a transaction of shape C spends have no more. */
      readonly payments: readonly Payout[];
      /** At most 512 bytes of UTF-8, the same for all. */
      readonly memo?: string;
    }
  /**
   * Merges the largest notes of an asset (SERO unless given) into one: up to 8, or for another asset up to 7 and a note of SERO that
   * pays the fee; two notes of SERO where the network has no shape B.
   */
  | { readonly type: 'merge'; readonly asset?: bigint }
  /** Commits to a name; `issue` it two blocks later at the earliest, 1,000 at the latest. */
  | { readonly type: 'commit'; readonly name: string }
  /** Issues a token, or with kind 2 a category of tickets (supply 0). */
  | { readonly type: 'issue'; readonly name: string; readonly kind: AssetKind; readonly supply: bigint }
  /** Issues a ticket of an own category; `id` is any 32 bytes that no ticket of it has. */
  | { readonly type: 'ticket'; readonly category: string; readonly id: Uint8Array }
  | {
      readonly type: 'call';
      /** CADDR, 64 bytes. */
      readonly to: Uint8Array;
      readonly data: Uint8Array;
      /** SERO to send along. */
      readonly value: bigint;
      readonly asset: bigint;
      readonly amount: bigint;
      /** Gas for the code. */
      readonly gas: bigint;
    }
  | StakeRequest;

/** One payment of several. */
export interface Payout {
  readonly to: Address;
  readonly asset: bigint;
  /** 1 to 2^128 - 1, in the asset's smallest unit. */
  readonly amount: bigint;
}

/** Payments that one request `payMany` may have. */
export const MAX_PAYOUTS = 15;

/** The own address that a transaction is sent from, and the r that proves it. */
export interface Sender {
  readonly bytes: Uint8Array;
  readonly r: bigint;
}

/** What a request puts into the open part of a transaction. */
export interface RequestPart {
  readonly kind: number;
  /** A fresh own address of this class, or an own one that was used before. */
  readonly from: AddressUse | Sender;
  /** The body, which may name the sender. */
  readonly bodyFrom: (sender: Sender) => Uint8Array;
  /** SERO that leaves the account beside gas and what a call sends: a name’s price, or what is staked. */
  readonly price: bigint;
  /** What is staked: part of `price`, and no fee. */
  readonly staked: bigint;
  readonly memoLength: number;
  /** The asset whose notes are merged. */
  readonly merge: bigint | undefined;
  readonly call?: Call;
  readonly callAsset: bigint;
  readonly callGas: bigint;
}

/** Leaves room for the rest of a transaction. */
const MAX_CALL_DATA = MAX_TRANSACTION_BYTES - 8_192;

const withoutBody: RequestPart['bodyFrom'] = () => new Uint8Array(0);

const PLAIN = {
  bodyFrom: withoutBody,
  price: 0n,
  staked: 0n,
  memoLength: 0,
  merge: undefined,
  callAsset: SERO_ASSET,
  callGas: 0n,
} as const;

/** Works out a request's open part. Hands out no address: a plan that comes to nothing must not use one up. */
export function publicPart(wallet: Wallet, request: Request): RequestPart {
  if (isStakeRequest(request)) {
    const part = stakePart(wallet, request);
    return { ...PLAIN, ...part, price: part.staked };
  }
  switch (request.type) {
    case 'pay':
      return payPart(wallet, [request], request.memo);
    case 'payMany':
      checkMany(request.payments);
      return payPart(wallet, request.payments, request.memo);
    case 'merge': {
      const { asset = SERO_ASSET } = request;
      checkAsset(wallet, asset);
      return { ...PLAIN, kind: KIND.pay, from: 'once', merge: asset };
    }
    case 'commit':
      return commitPart(wallet, request.name);
    case 'issue':
      return issuePart(wallet, request);
    case 'ticket':
      return ticketPart(wallet, request);
    case 'call':
      return callPart(wallet, request);
  }
}

/** The sender of a transaction; a fresh address is handed out now and never again. */
export async function senderOf(wallet: Wallet, { from }: RequestPart): Promise<Sender> {
  if (typeof from !== 'string') return from;
  const { address, r } = await wallet.freshAddress(from);
  return { bytes: encodeOneTimeAddress(address), r };
}

/** An own address that was used before, as the chain shows it. */
function usedSender(wallet: Wallet, bytes: Uint8Array | undefined): Sender | undefined {
  const shared = bytes === undefined ? undefined : recognise(wallet.key, decodeOneTimeAddress(bytes));
  return bytes === undefined || shared === undefined ? undefined : { bytes, r: shared.r };
}

function checkAsset(wallet: Wallet, asset: bigint): void {
  ensure(wallet.asset(asset) !== undefined, 'asset-unknown', `no asset ${asset} is registered`);
}

function payPart(wallet: Wallet, payments: readonly Payout[], memo: string | undefined): RequestPart {
  for (const { asset, amount } of payments) {
    ensure(amount > 0n && amount < VALUE_LIMIT, 'amount-out-of-range', 'an amount lies in 1 to 2^128 - 1');
    checkAsset(wallet, asset);
  }
  if (memo !== undefined) checked(() => encodeMemo(memo));
  return { ...PLAIN, kind: KIND.pay, from: 'once', memoLength: memo === undefined ? 0 : SEALED_MEMO_LENGTH };
}

function checkMany(payments: readonly Payout[]): void {
  ensure(
    payments.length >= 2 && payments.length <= MAX_PAYOUTS,
    'request-invalid',
    `one transaction pays 2 to ${MAX_PAYOUTS}: use planMany for longer lists`,
  );
  const others = new Set(payments.map(({ asset }) => asset).filter((asset) => asset !== SERO_ASSET));
  ensure(
    others.size <= 1,
    'request-invalid',
    'one transaction pays many in SERO and one other asset: use planMany for more',
  );
}

function commitPart(wallet: Wallet, name: string): RequestPart {
  checked(() => checkName(name));
  ensure(wallet.asset(name) === undefined, 'request-invalid', `the name ${name} is taken`);
  const salt = nameSalt(wallet.key, name);
  return {
    ...PLAIN,
    kind: KIND.asset,
    from: 'owner',
    bodyFrom: ({ bytes }) =>
      AssetBodyType.serialize({ commit: [{ hash: nameCommitment(name, salt, alias(bytes)) }], issue: [] }),
  };
}

function issuePart(wallet: Wallet, request: Extract<Request, { type: 'issue' }>): RequestPart {
  const { name, kind, supply } = request;
  checked(() => checkName(name));
  const least = kind === 1 ? 1n : 0n;
  ensure(
    supply >= least && supply < VALUE_LIMIT && (kind === 1 || supply === 0n),
    'amount-out-of-range',
    'a token’s supply lies in 1 to 2^128 - 1, a category’s is 0',
  );
  ensure(wallet.asset(name) === undefined, 'request-invalid', `the name ${name} is taken`);
  const committed = wallet.commitment(name);
  const from = usedSender(wallet, committed?.from);
  ensure(
    committed !== undefined && from !== undefined,
    'request-invalid',
    `commit to the name ${name} first, two blocks before issuing it`,
  );
  const next = (wallet.tip()?.header.height ?? 0n) + 1n;
  const age = next - committed.height;
  ensure(
    age >= COMMITMENT_MIN_AGE && age <= COMMITMENT_MAX_AGE,
    'request-invalid',
    `the commitment to ${name} can be used ${COMMITMENT_MIN_AGE} to ${COMMITMENT_MAX_AGE} blocks after it was made, the next is ${age}`,
  );
  const body = issueBody(name, nameSalt(wallet.key, name), supply, kind);
  return {
    ...PLAIN,
    kind: KIND.asset,
    from,
    bodyFrom: () => body,
    price: namePrice(name, wallet.genesis.namePrices),
  };
}

function issueBody(name: string, salt: Uint8Array, supply: bigint, kind: AssetKind): Uint8Array {
  return AssetBodyType.serialize({ commit: [], issue: [{ name: utf8(name), salt, supply, kind }] });
}

function ticketPart(wallet: Wallet, { category, id }: Extract<Request, { type: 'ticket' }>): RequestPart {
  checked(() => checkName(category));
  ensure(id.length === 32, 'request-invalid', 'a ticket’s id has 32 bytes');
  const known = wallet.asset(category);
  const from = known?.kind === 2 ? usedSender(wallet, known.issuer) : undefined;
  ensure(from !== undefined, 'request-invalid', `this account has issued no category ${category}`);
  const body = issueBody(category, id, 1n, 2);
  return { ...PLAIN, kind: KIND.asset, from, bodyFrom: () => body };
}

function callPart(wallet: Wallet, request: Extract<Request, { type: 'call' }>): RequestPart {
  const { to, data, value, asset, amount, gas } = request;
  ensure(
    [value, amount].every((part) => part >= 0n && part < VALUE_LIMIT),
    'amount-out-of-range',
    'the amounts of a call lie in 0 to 2^128 - 1',
  );
  const gasLimit = wallet.genesis.fees.gasLimit;
  ensure(gas >= 0n && gas < gasLimit, 'request-invalid', `the gas of a call is below a block’s ${gasLimit}`);
  ensure(
    data.length <= MAX_CALL_DATA,
    'request-invalid',
    `a call carries at most ${MAX_CALL_DATA} bytes of data`,
  );
  ensure(to.length === 64, 'request-invalid', 'a contract’s address has 64 bytes');
  ensure(
    amount === 0n || asset !== SERO_ASSET,
    'request-invalid',
    'SERO goes along with a call as its value, not as its amount',
  );
  if (amount > 0n) checkAsset(wallet, asset);
  return {
    ...PLAIN,
    kind: KIND.call,
    from: 'once',
    call: { to: [to], data, value, amount },
    callAsset: asset,
    callGas: gas,
  };
}

/** Runs a check of the protocol and says its refusal as a refusal of the request. */
function checked(check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WalletError('request-invalid', error.message);
  }
}
