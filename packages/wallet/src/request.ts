import { utf8 } from '@sero/crypto';
import {
  type Address,
  AssetBodyType,
  type AssetKind,
  alias,
  type Call,
  checkName,
  encodeMemo,
  encodeOneTimeAddress,
  KIND,
  nameCommitment,
  namePrice,
  ProtocolError,
  SEALED_MEMO_LENGTH,
  SERO_ASSET,
  VALUE_LIMIT,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import type { OwnAddress } from './own-addresses.ts';
import type { PendingName } from './records.ts';
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
  /** Merges the two largest SERO notes into one. */
  | { readonly type: 'merge' }
  /** Commits to a name; `issue` it two blocks later at the earliest, 1,000 at the latest. */
  | { readonly type: 'commit'; readonly name: string }
  /** Issues a token, or with kind 2 a category of tickets (supply 0). */
  | { readonly type: 'issue'; readonly name: string; readonly kind: AssetKind; readonly supply: bigint }
  /** Issues a ticket of an own category. `owner` is the number of the own address that issued the category. */
  | { readonly type: 'ticket'; readonly category: string; readonly id: Uint8Array; readonly owner: bigint }
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
    };

/** The own address that a transaction is sent from. */
export interface Sender {
  readonly bytes: Uint8Array;
  readonly own: OwnAddress;
}

/** What a request puts into the open part of a transaction. */
export interface RequestPart {
  readonly kind: number;
  /** A fresh own address of this class, or the owner address with this number. */
  readonly from: AddressUse | bigint;
  /** The body, which may name the sender, and what the wallet keeps of it. */
  readonly bodyFrom: (sender: Sender) => { readonly body: Uint8Array; readonly name?: PendingName };
  /** Name price. */
  readonly price: bigint;
  readonly memoLength: number;
  readonly merge: boolean;
  readonly call?: Call;
  readonly callAsset: bigint;
  readonly callGas: bigint;
}

const withoutBody: RequestPart['bodyFrom'] = () => ({ body: new Uint8Array(0) });

const PLAIN = {
  bodyFrom: withoutBody,
  price: 0n,
  memoLength: 0,
  merge: false,
  callAsset: SERO_ASSET,
  callGas: 0n,
} as const;

/** Works out a request's open part. Hands out no address: a plan that comes to nothing must not use one up. */
export function publicPart(wallet: Wallet, request: Request): RequestPart {
  switch (request.type) {
    case 'pay':
      ensure(
        request.amount > 0n && request.amount < VALUE_LIMIT,
        'amount-out-of-range',
        'an amount lies in 1 to 2^128 - 1',
      );
      checkAsset(wallet, request.asset);
      if (request.memo !== undefined) checked(() => encodeMemo(request.memo!));
      return {
        ...PLAIN,
        kind: KIND.pay,
        from: 'once',
        memoLength: request.memo === undefined ? 0 : SEALED_MEMO_LENGTH,
      };
    case 'merge':
      return { ...PLAIN, kind: KIND.pay, from: 'once', merge: true };
    case 'commit':
      return commitPart(wallet, request.name);
    case 'issue':
      return issuePart(wallet, request);
    case 'ticket': {
      const { category, id, owner } = request;
      checked(() => checkName(category));
      ensure(id.length === 32, 'request-invalid', 'a ticket’s id has 32 bytes');
      const body = issueBody(category, id, 1n, 2);
      return { ...PLAIN, kind: KIND.asset, from: owner, bodyFrom: () => ({ body }) };
    }
    case 'call':
      return callPart(wallet, request);
  }
}

/** The sender of a transaction; a fresh address is handed out now and never again. */
export async function senderOf(wallet: Wallet, { from }: RequestPart): Promise<Sender> {
  const own = typeof from === 'bigint' ? wallet.ownAddress('owner', from) : await wallet.freshAddress(from);
  return { bytes: encodeOneTimeAddress(own.address), own };
}

function checkAsset(wallet: Wallet, asset: bigint): void {
  ensure(wallet.asset(asset) !== undefined, 'asset-unknown', `no asset ${asset} is registered`);
}

function commitPart(wallet: Wallet, name: string): RequestPart {
  checked(() => checkName(name));
  ensure(wallet.asset(name) === undefined, 'request-invalid', `the name ${name} is taken`);
  const salt = nameSalt(wallet.key, name);
  return {
    ...PLAIN,
    kind: KIND.asset,
    from: 'owner',
    bodyFrom: ({ bytes, own }) => ({
      body: AssetBodyType.serialize({
        commit: [{ hash: nameCommitment(name, salt, alias(bytes)) }],
        issue: [],
      }),
      name: { name, salt, ownerIndex: own.index },
    }),
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
  const pending = wallet.pendingName(name);
  ensure(
    pending !== undefined,
    'request-invalid',
    `commit to the name ${name} first, two blocks before issuing it`,
  );
  const body = issueBody(name, pending.salt, supply, kind);
  return {
    ...PLAIN,
    kind: KIND.asset,
    from: pending.ownerIndex,
    bodyFrom: () => ({ body }),
    price: namePrice(name, wallet.genesis.namePrices),
  };
}

function issueBody(name: string, salt: Uint8Array, supply: bigint, kind: AssetKind): Uint8Array {
  return AssetBodyType.serialize({ commit: [], issue: [{ name: utf8(name), salt, supply, kind }] });
}

function callPart(wallet: Wallet, request: Extract<Request, { type: 'call' }>): RequestPart {
  const { to, data, value, asset, amount, gas } = request;
  ensure(
    [value, amount].every((part) => part >= 0n && part < VALUE_LIMIT),
    'amount-out-of-range',
    'the amounts of a call lie in 0 to 2^128 - 1',
  );
  ensure(gas >= 0n && gas < 1n << 63n, 'request-invalid', 'the gas of a call lies in 0 to 2^63 - 1');
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
