import {
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
  type ValueOf,
} from '@chainsafe/ssz';
import type { Codec } from './codecs.ts';

/** How stake stands in the state. Amounts are in the coin's smallest unit; what is nominal is explained in stake-pot.ts. */

const u64 = new UintBigintType(8);
const u128 = new UintBigintType(16);
const u256 = new UintBigintType(32);
const Bytes32 = new ByteVectorType(32);

/** A record's factor before any slashing: 1 in 64-bit fixed point. */
export const FACTOR_ONE = 1n << 64n;

/** Pieces of stake of one position that may wait at the same time. */
export const MAX_UNLOCKING = 16;

/** Money, and the nominal amounts that share it. */
const PotType = new ContainerType({ nominal: u256, money: u128 });

const StakeRecordType = new ContainerType({
  id: Bytes32,
  /** PKr. */
  owner: new ByteVectorType(64),
  vrfKey: Bytes32,
  voteRoot: Bytes32,
  blsKey: new ByteVectorType(48),
  firstRound: u64,
  lastRound: u64,
  /** In 1/10,000. */
  commission: new UintNumberType(2),
  /** One of ONLINE. */
  status: new UintNumberType(1),
  /** From when on it is expected to propose, in blocks that somebody proposed (patience.ts), and the least that it had in whole units since. */
  seen: u64,
  seenUnits: u64,
  /** What slashing left of 1, 64-bit fixed point; from 2^64 down. */
  factor: u128,
  /** Stake that counts, and stake that waits to be claimed. */
  bonded: PotType,
  unlocking: PotType,
  /** Reward of one nominal unit of S since the beginning, 64-bit fixed point. */
  accumulator: u256,
  /** What was credited and not claimed: of positions, and of the owner as commission. */
  rewards: u128,
  commissionDue: u128,
});

const UnlockingType = new ContainerType({
  nominal: u256,
  /** Height and header time, ms, of the block that unlocked it. */
  height: u64,
  time: u64,
});

const PositionType = new ContainerType({
  nominal: u256,
  /** The record's accumulator as of which `rewards` is complete. */
  settled: u256,
  /** Earned and not claimed. */
  rewards: u128,
  unlocking: new ListCompositeType(UnlockingType, MAX_UNLOCKING),
});

export type Pot = ValueOf<typeof PotType>;
/** A participant of consensus as the state knows him. */
export type StakeRecord = ValueOf<typeof StakeRecordType>;
/** What one PKr has in one record. */
export type Position = ValueOf<typeof PositionType>;

export const stakeRecordCodec: Codec<StakeRecord> = {
  encode: (value) => StakeRecordType.serialize(value),
  decode: (bytes) => StakeRecordType.deserialize(bytes.slice()),
};

export const positionCodec: Codec<Position> = {
  encode: (value) => PositionType.serialize(value),
  decode: (bytes) => PositionType.deserialize(bytes.slice()),
};
