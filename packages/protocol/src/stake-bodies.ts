import { ContainerType, ListCompositeType, type Type, type ValueOf } from '@chainsafe/ssz';
import { type Bls, blake2b256, decodeEdwards, isOfPrimeOrder } from '@sero/crypto';
import { ensure, ProtocolError } from './errors.ts';
import { Bytes32, ByteVectorType, decodeStrict, u8, u16, u64 } from './ssz.ts';

/** Bodies of kinds 4 to 8, the commands of stake (design 3, "Rewards and stake"). Who commands is the transaction's `from`. */

/** Rounds that a record's ephemeral keys may cover beside the first. */
export const MAX_KEY_RANGE = 3_000_000n;

/** A commission of everything: it counts in 1/10,000. */
export const WHOLE_COMMISSION = 10_000;

/** What kind 6 can ask for; a record that leaves takes no stake any more and never comes back online. */
export const ONLINE = { offline: 0, online: 1, leaving: 2 } as const;

/** Body of kind 4: units of S that leave the pool into a record. */
export const StakeBodyType = new ContainerType({ record: Bytes32, units: u64 });

/** Body of kind 5: a new record, or other keys of one that is there. */
export const RegisterBodyType = new ContainerType({
  /** The record that gets other keys; none for a new one. */
  record: new ListCompositeType(Bytes32, 1),
  /** RFC 9381, Ed25519. */
  vrfKey: Bytes32,
  /** Root of the ephemeral keys, Ed25519. */
  voteRoot: Bytes32,
  /** BLS12-381, G1 compressed, with its proof of possession in G2. */
  blsKey: new ByteVectorType(48),
  blsProof: new ByteVectorType(96),
  /** Rounds that the ephemeral keys cover, both ends included. */
  firstRound: u64,
  lastRound: u64,
  /** The owner's part of rewards, in 1/10,000. */
  commission: u16,
});

/** Body of kind 6: one of ONLINE. */
export const OnlineBodyType = new ContainerType({ record: Bytes32, online: u8 });

/** Body of kind 7. */
export const UnlockBodyType = new ContainerType({ record: Bytes32, units: u64 });

/** Body of kind 8. */
export const ClaimBodyType = new ContainerType({ record: Bytes32 });

export type StakeBody = ValueOf<typeof StakeBodyType>;
export type RegisterBody = ValueOf<typeof RegisterBodyType>;
export type OnlineBody = ValueOf<typeof OnlineBodyType>;
export type UnlockBody = ValueOf<typeof UnlockBodyType>;
export type ClaimBody = ValueOf<typeof ClaimBodyType>;

/** Longest of these bodies: a renewal. */
const MAX_BODY = 512;

/** Checks possession of a BLS key. */
export type PossessionVerifier = Pick<Bls, 'verifyPossession'>;

function decodeBody<T>(type: Type<T>, body: Uint8Array): T {
  try {
    return decodeStrict(type, body, MAX_BODY, 'stake body');
  } catch (error) {
    if (error instanceof ProtocolError) throw new ProtocolError('body-malformed', error.message);
    throw error;
  }
}

/** @throws ProtocolError `body-malformed`, `stake-units` */
export function decodeStakeBody(bytes: Uint8Array): StakeBody {
  const body = decodeBody(StakeBodyType, bytes);
  ensure(body.units > 0n, 'stake-units', 'a stake has at least one unit');
  return body;
}

/** All rules but those of its keys, which cost more: `checkStakeKeys`, `checkPossession`. @throws ProtocolError `body-malformed`, `key-range`, `commission` */
export function decodeRegisterBody(bytes: Uint8Array): RegisterBody {
  const body = decodeBody(RegisterBodyType, bytes);
  const { firstRound, lastRound, commission } = body;
  ensure(
    firstRound <= lastRound && lastRound - firstRound <= MAX_KEY_RANGE,
    'key-range',
    `ephemeral keys cover rounds from the first to a last that is at most ${MAX_KEY_RANGE} later`,
  );
  ensure(
    commission <= WHOLE_COMMISSION,
    'commission',
    `a commission is at most ${WHOLE_COMMISSION} of ${WHOLE_COMMISSION}`,
  );
  return body;
}

/** The Ed25519 keys of a registration as the VRF wants them: in their one spelling and in the prime-order subgroup. @throws ProtocolError `stake-key` */
export function checkStakeKeys(body: Pick<RegisterBody, 'vrfKey' | 'voteRoot'>): void {
  for (const [key, what] of [
    [body.vrfKey, 'VRF key'],
    [body.voteRoot, 'vote root'],
  ] as const) {
    const point = decodeEdwards(key);
    ensure(
      point !== undefined && isOfPrimeOrder(point),
      'stake-key',
      `${what}: no key of the prime-order subgroup of edwards25519 has this encoding`,
    );
  }
}

/**
 * The proof that this very owner knows the BLS key's secret: without it keys could be chosen that cancel others in an aggregate, or a row could
 * count by another's signature. Some 1.5 ms in native code, 60 to 150 ms in JavaScript.
 *
 * @param owner PKr of the record
 * @throws ProtocolError `bls-possession`
 */
export function checkPossession(
  body: Pick<RegisterBody, 'blsKey' | 'blsProof'>,
  owner: Uint8Array,
  bls: PossessionVerifier,
): void {
  ensure(
    bls.verifyPossession(body.blsKey, body.blsProof, owner),
    'bls-possession',
    'the proof that this owner has the secret of the BLS key does not hold',
  );
}

/** @throws ProtocolError `body-malformed`, `online-flag` */
export function decodeOnlineBody(bytes: Uint8Array): OnlineBody {
  const body = decodeBody(OnlineBodyType, bytes);
  ensure(body.online <= ONLINE.leaving, 'online-flag', `a record cannot be set to ${body.online}`);
  return body;
}

/** @throws ProtocolError `body-malformed`, `stake-units` */
export function decodeUnlockBody(bytes: Uint8Array): UnlockBody {
  const body = decodeBody(UnlockBodyType, bytes);
  ensure(body.units > 0n, 'stake-units', 'at least one unit is unlocked');
  return body;
}

/** @throws ProtocolError `body-malformed` */
export function decodeClaimBody(bytes: Uint8Array): ClaimBody {
  return decodeBody(ClaimBodyType, bytes);
}

/**
 * The name of a stake record, for good: of its owner and first keys, so that nobody can take another's name and whoever makes keys
 * knows it beforehand. @returns 32 bytes
 */
export function stakeRecordId(owner: Uint8Array, vrfKey: Uint8Array, voteRoot: Uint8Array): Uint8Array {
  return blake2b256('SERO_RECORD', owner, vrfKey, voteRoot);
}
