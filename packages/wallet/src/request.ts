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

/** What a request puts into the open part of a transaction. */
export interface RequestPart {
  readonly kind: number;
  readonly from: { readonly bytes: Uint8Array; readonly own: OwnAddress };
  readonly body: Uint8Array;
  /** Name price. */
  readonly price: bigint;
  readonly memoLength: number;
  readonly merge: boolean;
  readonly call?: Call;
  readonly callAsset: bigint;
  readonly callGas: bigint;
  readonly name?: PendingName;
}

const NO_BODY = new Uint8Array(0);

/** Works out a request's open part; hands out the one-time address that it is sent from. */
export async function publicPart(wallet: Wallet, request: Request): Promise<RequestPart> {
  const plain = { body: NO_BODY, price: 0n, memoLength: 0, merge: false, callAsset: SERO_ASSET, callGas: 0n };
  switch (request.type) {
    case 'pay':
      ensure(
        request.amount > 0n && request.amount < VALUE_LIMIT,
        'amount-out-of-range',
        'an amount lies in 1 to 2^128 - 1',
      );
      if (request.memo !== undefined) checked(() => encodeMemo(request.memo!));
      return {
        ...plain,
        kind: KIND.pay,
        from: await fresh(wallet, 'once'),
        memoLength: request.memo === undefined ? 0 : SEALED_MEMO_LENGTH,
      };
    case 'merge':
      return { ...plain, kind: KIND.pay, from: await fresh(wallet, 'once'), merge: true };
    case 'commit':
      return commitPart(wallet, request.name, plain);
    case 'issue':
      return issuePart(wallet, request, plain);
    case 'ticket':
      return {
        ...plain,
        kind: KIND.asset,
        from: ownSender(wallet.ownAddress('owner', request.owner)),
        body: issueBody(request.category, request.id, 1n, 2),
      };
    case 'call':
      return {
        ...plain,
        kind: KIND.call,
        from: await fresh(wallet, 'once'),
        call: { to: [request.to], data: request.data, value: request.value, amount: request.amount },
        callAsset: request.asset,
        callGas: request.gas,
      };
  }
}

type Plain = Omit<RequestPart, 'kind' | 'from'>;

async function commitPart(wallet: Wallet, name: string, plain: Plain): Promise<RequestPart> {
  checked(() => checkName(name));
  ensure(wallet.asset(name) === undefined, 'request-invalid', `the name ${name} is taken`);
  const from = await fresh(wallet, 'owner');
  const salt = nameSalt(wallet.key, name);
  const hash = nameCommitment(name, salt, alias(from.bytes));
  return {
    ...plain,
    kind: KIND.asset,
    from,
    body: AssetBodyType.serialize({ commit: [{ hash }], issue: [] }),
    name: { name, salt, ownerIndex: from.own.index },
  };
}

function issuePart(wallet: Wallet, request: Extract<Request, { type: 'issue' }>, plain: Plain): RequestPart {
  const { name, kind, supply } = request;
  checked(() => checkName(name));
  const pending = wallet.pendingName(name);
  ensure(
    pending !== undefined,
    'request-invalid',
    `commit to the name ${name} first, two blocks before issuing it`,
  );
  return {
    ...plain,
    kind: KIND.asset,
    from: ownSender(wallet.ownAddress('owner', pending.ownerIndex)),
    body: issueBody(name, pending.salt, supply, kind),
    price: namePrice(name, wallet.genesis.namePrices),
  };
}

function issueBody(name: string, salt: Uint8Array, supply: bigint, kind: AssetKind): Uint8Array {
  ensure(supply >= 0n && supply < VALUE_LIMIT, 'amount-out-of-range', 'a supply lies below 2^128');
  return AssetBodyType.serialize({ commit: [], issue: [{ name: utf8(name), salt, supply, kind }] });
}

async function fresh(wallet: Wallet, use: 'once' | 'owner'): Promise<RequestPart['from']> {
  return ownSender(await wallet.freshAddress(use));
}

function ownSender(own: OwnAddress): RequestPart['from'] {
  return { bytes: encodeOneTimeAddress(own.address), own };
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
