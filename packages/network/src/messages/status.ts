import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { decodeStrict } from '@sero/protocol';
import { requestCodec } from './codec.ts';
import { Bytes32, u8, u64 } from './ssz.ts';

const StatusType = new ContainerType({
  genesisHash: Bytes32,
  height: u64,
  headHash: Bytes32,
  earliest: u64,
  /** Protocol version of the next block. */
  version: u8,
  /** Versions that the program has the rules of. */
  lowest: u8,
  highest: u8,
});

/** What peers tell each other first: request and only chunk of its answer. */
export type Status = ValueOf<typeof StatusType>;

function fault({ version, lowest, highest }: Status): string | undefined {
  return lowest >= 1 && lowest <= highest && version >= 1
    ? undefined
    : 'versions count from 1, the lowest is at most the highest';
}

/** The own status; the answer is the peer's. */
export const statusRequest = requestCodec<Status>({
  type: StatusType,
  what: 'status',
  chunkBytes: StatusType.maxSize,
  chunks: () => 1,
  cost: () => 1,
  fault,
});

const GoodbyeType = new ContainerType({ reason: u8 });

/** Why a connection is ended, in the order of their bytes, from 1. */
const REASONS = [
  /** Another genesis file. */
  'wrong-network',
  /** No version of the protocol that both programs have the rules of. */
  'no-common-version',
  /** No status in time. */
  'no-status',
  'too-many-peers',
  /** A score that disconnects, or bans. */
  'score',
  /** The node stops. */
  'shutdown',
] as const;

export type GoodbyeReason = (typeof REASONS)[number];

export function encodeGoodbye(reason: GoodbyeReason): Uint8Array {
  return GoodbyeType.serialize({ reason: REASONS.indexOf(reason) + 1 });
}

/** A reason, undefined for one of a later program. Throws ProtocolError. */
export function decodeGoodbye(bytes: Uint8Array): GoodbyeReason | undefined {
  return REASONS[decodeStrict(GoodbyeType, bytes, GoodbyeType.maxSize, 'goodbye').reason - 1];
}
