import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { blake2b256 } from '@sero/crypto';
import { Bytes32, ByteVectorType, decodeStrict } from './ssz.ts';

/** What participants of the genesis ceremony send each other, and the hashes in it; genesis-ceremony.ts says how it goes. */

const VrfProof = new ByteVectorType(80);

/** Most validators of a genesis file. */
const MAX_PARTICIPANTS = 4_096;

/** A participant's commitment to his share: the first message. */
export const SeedCommitmentType = new ContainerType({
  /** Stake record of the validator. */
  id: Bytes32,
  /** H("SERO_SEED0_HIDE", draft || id || share || salt). */
  commitment: Bytes32,
  /** By the validator's VRF key, over H("SERO_SEED0_MINE", draft || id || commitment). */
  proof: VrfProof,
});

/** The closed list: every validator of the draft once, ascending by id. */
export const SeedCommitmentsType = new ContainerType({
  /** Genesis hash of the draft. */
  draft: Bytes32,
  commitments: new ListCompositeType(SeedCommitmentType, MAX_PARTICIPANTS),
});

/** What opens a commitment: the second message. */
export const SeedRevealType = new ContainerType({
  /** H("SERO_SEED0_LIST", SSZ of the closed list). */
  list: Bytes32,
  id: Bytes32,
  share: Bytes32,
  salt: Bytes32,
  /** By the validator's VRF key, over H("SERO_SEED0_DRAW", draft || list || id). */
  proof: VrfProof,
});

/** A whole ceremony, for whoever wants to check where a seed came from. */
export const CeremonyType = new ContainerType({
  list: SeedCommitmentsType,
  /** One for each commitment, in its order. */
  reveals: new ListCompositeType(SeedRevealType, MAX_PARTICIPANTS),
});

export type SeedCommitment = ValueOf<typeof SeedCommitmentType>;
export type SeedCommitments = ValueOf<typeof SeedCommitmentsType>;
export type SeedReveal = ValueOf<typeof SeedRevealType>;
export type Ceremony = ValueOf<typeof CeremonyType>;

/** That a participant has committed to a share for a draft: what he keeps for as long as ceremonies go on. */
export interface MadeCommitment {
  /** Genesis hash of the draft, and the validator. */
  readonly draft: Uint8Array;
  readonly id: Uint8Array;
  readonly commitment: Uint8Array;
}

/** That a participant has revealed for a list of a draft: what he keeps for as long as ceremonies go on. */
export interface RevealedList {
  /** Genesis hash of the draft. */
  readonly draft: Uint8Array;
  /** Hash of the list. */
  readonly list: Uint8Array;
}

/** What shows that a participant made two lists of one draft possible, or used them. */
export type CeremonyFault =
  | { readonly commitments: readonly [SeedCommitment, SeedCommitment] }
  | { readonly reveals: readonly [SeedReveal, SeedReveal] };

/** What a participant keeps to himself until the list is closed: 32 random bytes each, never used before. */
export interface SeedShare {
  readonly share: Uint8Array;
  readonly salt: Uint8Array;
}

/** What a commitment hides. The id is in it, so that a copy of another's commitment cannot be opened by the copyist. */
export function hiddenShare(draft: Uint8Array, id: Uint8Array, { share, salt }: SeedShare): Uint8Array {
  return blake2b256('SERO_SEED0_HIDE', draft, id, share, salt);
}

/** VRF input that shows whose a commitment is. */
export function commitmentInput(draft: Uint8Array, id: Uint8Array, commitment: Uint8Array): Uint8Array {
  return blake2b256('SERO_SEED0_MINE', draft, id, commitment);
}

/** What every reveal names: the hash of the closed list. */
export function commitmentsHash(list: SeedCommitments): Uint8Array {
  return blake2b256('SERO_SEED0_LIST', SeedCommitmentsType.serialize(list));
}

/** VRF input of a reveal. The draft is in it, so that two reveals alone show that they are for two lists of one draft. */
export function revealInput(draft: Uint8Array, list: Uint8Array, id: Uint8Array): Uint8Array {
  return blake2b256('SERO_SEED0_DRAW', draft, list, id);
}

/** Bytes of a commitment. */
export function encodeSeedCommitment(commitment: SeedCommitment): Uint8Array {
  return SeedCommitmentType.serialize(commitment);
}

/** Decodes a commitment: 144 bytes. */
export function decodeSeedCommitment(bytes: Uint8Array): SeedCommitment {
  return decodeStrict(SeedCommitmentType, bytes, SeedCommitmentType.maxSize, 'commitment to a share');
}

/** Bytes of a closed list. */
export function encodeSeedCommitments(list: SeedCommitments): Uint8Array {
  return SeedCommitmentsType.serialize(list);
}

/** Decodes a closed list: at most 576 KiB. */
export function decodeSeedCommitments(bytes: Uint8Array): SeedCommitments {
  return decodeStrict(SeedCommitmentsType, bytes, SeedCommitmentsType.maxSize, 'list of commitments');
}

/** Bytes of a reveal. */
export function encodeSeedReveal(reveal: SeedReveal): Uint8Array {
  return SeedRevealType.serialize(reveal);
}

/** Decodes a reveal: 208 bytes. */
export function decodeSeedReveal(bytes: Uint8Array): SeedReveal {
  return decodeStrict(SeedRevealType, bytes, SeedRevealType.maxSize, 'reveal of a share');
}

/** Bytes of a ceremony. */
export function encodeCeremony(ceremony: Ceremony): Uint8Array {
  return CeremonyType.serialize(ceremony);
}

/** Decodes a ceremony: at most 1.4 MiB. */
export function decodeCeremony(bytes: Uint8Array): Ceremony {
  return decodeStrict(CeremonyType, bytes, CeremonyType.maxSize, 'ceremony');
}
