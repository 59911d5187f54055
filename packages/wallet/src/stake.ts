import { equalBytes, portableBls, toHex } from '@sero/crypto';
import {
  ClaimBodyType,
  checkPossession,
  checkStakeKeys,
  decodeOneTimeAddress,
  decodeRegisterBody,
  type Genesis,
  KIND,
  ONLINE,
  OnlineBodyType,
  ProtocolError,
  type RegisterBody,
  RegisterBodyType,
  recognise,
  StakeBodyType,
  stakeRecordId,
  UnlockBodyType,
  VALUE_LIMIT,
  WHOLE_COMMISSION,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import type { RequestPart, Sender } from './request.ts';
import type { Wallet } from './wallet.ts';

/** Requests of stake: kinds 4 to 8. What they ask is public, and so is the own address that asks; whose address it is stays hidden. */

/** What a validator's machine shows of its keys; none of it is secret. */
export interface ValidatorKeys {
  /** The own address, PKr, that the keys were made for: it owns the record. 64 bytes. */
  readonly owner: Uint8Array;
  /** RFC 9381, Ed25519, 32 bytes. */
  readonly vrfKey: Uint8Array;
  /** Root of the ephemeral keys, 32 bytes. */
  readonly voteRoot: Uint8Array;
  /** BLS12-381, G1 compressed, 48 bytes, and the proof for this owner that its secret is there, 96 bytes. */
  readonly blsKey: Uint8Array;
  readonly blsProof: Uint8Array;
  /** Rounds that the ephemeral keys cover, both ends included. */
  readonly firstRound: bigint;
  readonly lastRound: bigint;
}

/** `from`, where it is given, names one of several places that the account has in a record. Default: the owner’s, else the first. */
export type StakeRequest =
  /** A new record, offline and empty; its owner is the keys' own address, from `Wallet.freshAddress('owner')`. */
  | {
      readonly type: 'register';
      readonly keys: ValidatorKeys;
      /** The owner's part of rewards, in 1/10,000. It can be lowered later, never raised. */
      readonly commission: number;
    }
  /** Other keys, another range or a lower commission of an own record. */
  | {
      readonly type: 'renew';
      readonly record: Uint8Array;
      readonly keys: ValidatorKeys;
      readonly commission: number;
    }
  /** Puts units into a record, one's own or another's. */
  | { readonly type: 'stake'; readonly record: Uint8Array; readonly units: bigint }
  /** Takes an own record into the tables, out of them, or out of them for good. */
  | { readonly type: 'online'; readonly record: Uint8Array; readonly online: keyof typeof ONLINE }
  /** Takes units out of a record; they wait, and are claimed afterwards. */
  | {
      readonly type: 'unlock';
      readonly record: Uint8Array;
      readonly units: bigint;
      readonly from?: Uint8Array;
    }
  /** Pays out rewards, commission and units that have waited. */
  | { readonly type: 'claim'; readonly record: Uint8Array; readonly from?: Uint8Array };

/** A place where this account has stake, or had, by what the chain shows of its own transactions. */
export interface OwnStake {
  /** 32 bytes. */
  readonly record: Uint8Array;
  /** Own PKr: owner of the position there, and of the record where `owns`. */
  readonly from: Uint8Array;
  readonly owns: boolean;
  /** The record's present keys where it is owned. */
  readonly keys?: { readonly vrfKey: Uint8Array; readonly voteRoot: Uint8Array };
}

/** What a request of stake puts into the open part of a transaction. */
export type StakePart = Pick<RequestPart, 'kind' | 'from' | 'bodyFrom' | 'staked'>;

const TYPES: readonly string[] = [
  'register',
  'renew',
  'stake',
  'online',
  'unlock',
  'claim',
] satisfies StakeRequest['type'][];

/** Tells requests of stake from others. */
export function isStakeRequest(request: { readonly type: string }): request is StakeRequest {
  return TYPES.includes(request.type);
}

/**
 * Where this account has stake: the records and positions of its own transactions, and the records that the genesis file gives it. No
 * node is asked or believed: a node that named an owner could make the wallet command from another of its addresses, and so learn that both are one account's.
 */
export function ownStakes(wallet: Pick<Wallet, 'history' | 'key' | 'genesis'>): OwnStake[] {
  const found = new Map<string, OwnStake>();
  const add = (stake: OwnStake): void => {
    const name = toHex(stake.record) + toHex(stake.from);
    found.set(name, { ...found.get(name), ...stake, owns: stake.owns || found.get(name)?.owns === true });
  };
  for (const stake of genesisStakes(wallet)) add(stake);
  for (const { stake, own, succeeded } of wallet.history()) {
    if (!own || !succeeded || stake === undefined) continue;
    const { record, from, action, keys } = stake;
    if (action === 'stake') add({ record, from, owns: false });
    if (keys !== undefined) add({ record, from, owns: true, keys });
  }
  return [...found.values()];
}

/** By viewing key: a look at each validator of the genesis file costs milliseconds. */
const inGenesis = new WeakMap<object, { readonly genesis: Genesis; readonly stakes: readonly OwnStake[] }>();

/** The records that the genesis file gives this account. */
function genesisStakes({ key, genesis }: Pick<Wallet, 'key' | 'genesis'>): readonly OwnStake[] {
  const known = inGenesis.get(key);
  if (known?.genesis === genesis) return known.stakes;
  const stakes = genesis.validators.flatMap(({ owner, vrfKey, voteRoot }) => {
    if (recognise(key, decodeOneTimeAddress(owner)) === undefined) return [];
    const record = stakeRecordId(owner, vrfKey, voteRoot);
    return [{ record, from: owner, owns: true, keys: { vrfKey, voteRoot } }];
  });
  inGenesis.set(key, { genesis, stakes });
  return stakes;
}

/** The open part of a request of stake. Hands out no address. @throws WalletError `stake-…` where it can be seen without the chain's stake that it would fail */
export function stakePart(wallet: Wallet, request: StakeRequest): StakePart {
  switch (request.type) {
    case 'register':
      return registerPart(wallet, request, ownSender(wallet, request.keys.owner));
    case 'renew':
      return registerPart(wallet, request, ownerOf(wallet, request.record));
    case 'stake': {
      const { record, units } = request;
      const amount = checkUnits(wallet, units);
      checkRecord(record);
      // Whoever adds to what he has in a record does it from where he has it, so that it is unlocked and claimed at once.
      const from = ownIn(wallet, record) ?? 'owner';
      return part(KIND.stake, from, StakeBodyType.serialize({ record, units }), amount);
    }
    case 'online': {
      const { record, online } = request;
      const from = ownerOf(wallet, record);
      return part(KIND.online, from, OnlineBodyType.serialize({ record, online: ONLINE[online] }));
    }
    case 'unlock': {
      const { record, units, from } = request;
      checkUnits(wallet, units);
      return part(KIND.unlock, holderOf(wallet, record, from), UnlockBodyType.serialize({ record, units }));
    }
    case 'claim': {
      const { record, from } = request;
      return part(KIND.claim, holderOf(wallet, record, from), ClaimBodyType.serialize({ record }));
    }
  }
}

function part(kind: number, from: RequestPart['from'], body: Uint8Array, staked = 0n): StakePart {
  return { kind, from, bodyFrom: () => body, staked };
}

/** @param from who owns the record, or will; undefined where the keys' owner is somebody else */
function registerPart(
  wallet: Wallet,
  request: Extract<StakeRequest, { type: 'register' | 'renew' }>,
  from: Sender | undefined,
): StakePart {
  const { keys, commission } = request;
  ensure(
    from !== undefined && equalBytes(from.bytes, keys.owner),
    'stake-not-owner',
    request.type === 'renew'
      ? 'these keys were made for another owner than the record’s: make keys for that owner'
      : 'these keys were made for an owner that is no address of this account: make keys for one that is',
  );
  checkLengths(keys);
  const record = request.type === 'renew' ? [request.record] : [];
  const { vrfKey, voteRoot, blsKey, blsProof, firstRound, lastRound } = keys;
  const body = { record, vrfKey, voteRoot, blsKey, blsProof, firstRound, lastRound, commission };
  const bytes = checkedBody(keys, body);
  expectLasting(wallet, keys);
  expectUnusedKeys(wallet, keys, record[0]);
  return part(KIND.register, from, bytes);
}

function checkLengths({ vrfKey, voteRoot, blsKey, blsProof, firstRound, lastRound }: ValidatorKeys): void {
  ensure(
    vrfKey.length === 32 && voteRoot.length === 32 && blsKey.length === 48 && blsProof.length === 96,
    'stake-keys-invalid',
    'a validator’s keys have 32, 32 and 48 bytes, the proof for the last one 96',
  );
  ensure(
    firstRound >= 0n && lastRound >> 64n === 0n,
    'stake-keys-range',
    'rounds are numbers from 0 to 2^64 - 1',
  );
}

/** The protocol's own checks, so that no fee is paid for what no block takes; some 100 ms. @returns the body, encoded */
function checkedBody(keys: ValidatorKeys, body: RegisterBody): Uint8Array {
  ensure(
    Number.isInteger(body.commission) && body.commission >= 0 && body.commission <= WHOLE_COMMISSION,
    'stake-commission',
    `a commission is a whole number of 1/${WHOLE_COMMISSION}, from 0 to all of them`,
  );
  try {
    const bytes = RegisterBodyType.serialize(body);
    decodeRegisterBody(bytes);
    checkStakeKeys(keys);
    checkPossession(keys, keys.owner, portableBls);
    return bytes;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const code = error.code === 'key-range' ? 'stake-keys-range' : 'stake-keys-invalid';
    throw new WalletError(code, error.message);
  }
}

/** Keys that end before the record could count for long are a mistake: it comes into the tables balanceLookback rounds later. */
function expectLasting(wallet: Wallet, { lastRound }: ValidatorKeys): void {
  const next = (wallet.tip()?.header.height ?? 0n) + 1n;
  const least = next + 2n * wallet.genesis.stake.balanceLookback;
  ensure(
    lastRound >= least,
    'stake-keys-range',
    `the keys end with round ${lastRound}; a record whose keys end before round ${least} would hardly come into the tables: make keys for later rounds`,
  );
}

/** No two records of an account use one key: both would sign with the same ephemeral keys, and the second is refused its votes. */
function expectUnusedKeys(wallet: Wallet, keys: ValidatorKeys, renewed: Uint8Array | undefined): void {
  const used = ownStakes(wallet).find(
    (stake) =>
      stake.keys !== undefined &&
      !(renewed !== undefined && equalBytes(stake.record, renewed)) &&
      sharesKey(stake.keys, keys),
  );
  ensure(
    used === undefined,
    'stake-keys-in-use',
    `these keys are those of your record ${used === undefined ? '' : toHex(used.record)}: make other ones, or renew that record with them`,
  );
}

/** Whether two sets of keys have the VRF key or the vote root in common. */
export function sharesKey(
  a: Pick<ValidatorKeys, 'vrfKey' | 'voteRoot'>,
  b: Pick<ValidatorKeys, 'vrfKey' | 'voteRoot'>,
): boolean {
  return equalBytes(a.vrfKey, b.vrfKey) || equalBytes(a.voteRoot, b.voteRoot);
}

/** @returns what the units are in the coin's smallest unit */
function checkUnits(wallet: Wallet, units: bigint): bigint {
  ensure(units >= 1n && units >> 64n === 0n, 'stake-units', 'at least one unit, and fewer than 2^64');
  const amount = units * wallet.genesis.stake.unit;
  ensure(amount < VALUE_LIMIT, 'stake-units', 'so many units are more SERO than there can be');
  return amount;
}

function checkRecord(record: Uint8Array): void {
  ensure(record.length === 32, 'stake-record-unknown', 'the id of a stake record has 32 bytes');
}

/** The owner of a record, where it is this account. */
function ownerOf(wallet: Wallet, record: Uint8Array): Sender {
  checkRecord(record);
  const own = ownStakes(wallet).filter((stake) => equalBytes(stake.record, record));
  const owned = own.find(({ owns }) => owns);
  const from = owned === undefined ? undefined : ownSender(wallet, owned.from);
  ensure(
    from !== undefined,
    'stake-not-owner',
    `this account does not own the record ${toHex(record)}${own.length > 0 ? ', it only has stake in it' : ''}`,
  );
  return from;
}

/** Whoever this account is in a record. */
function holderOf(wallet: Wallet, record: Uint8Array, asked: Uint8Array | undefined): Sender {
  checkRecord(record);
  const from = ownIn(wallet, record, asked);
  ensure(
    from !== undefined,
    'stake-record-unknown',
    `this account has nothing in the record ${toHex(record)}`,
  );
  return from;
}

/** The own address that has something in a record: its owner's before any other. @param asked that one and no other */
function ownIn(wallet: Wallet, record: Uint8Array, asked?: Uint8Array): Sender | undefined {
  const own = ownStakes(wallet).filter(
    (stake) => equalBytes(stake.record, record) && (asked === undefined || equalBytes(stake.from, asked)),
  );
  const place = own.find(({ owns }) => owns) ?? own[0];
  return place === undefined ? undefined : ownSender(wallet, place.from);
}

/** An own address with the r that proves it; undefined for another's, and for what is no address. */
function ownSender(wallet: Wallet, bytes: Uint8Array): Sender | undefined {
  try {
    const shared = recognise(wallet.key, decodeOneTimeAddress(bytes));
    return shared === undefined ? undefined : { bytes, r: shared.r };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
