/** Why a ceremony's file or step was refused. */
export type CeremonyFault =
  /** The bytes are no file of this kind, or are cut short, or say what cannot be. */
  | 'file-malformed'
  /** A point is infinity, off the curve or outside the subgroup. */
  | 'point-invalid'
  /** More or fewer powers than this program works with. */
  | 'power-unsupported'
  /** Only a part of a larger ceremony's powers: nothing can be added to it. */
  | 'truncated'
  /** Nobody has contributed. */
  | 'no-contribution'
  /** A contribution's proof that its author knew the secret is false, or is of another place in the transcript. */
  | 'knowledge-false'
  /** A contribution's result does not follow from the one before by the secret that it proves to know. */
  | 'contribution-not-next'
  /** Two contributions under the same key. */
  | 'key-reused'
  /** A contribution changes nothing: its secret is one. */
  | 'secret-trivial'
  /** What a file holds is not what its last contribution made. */
  | 'contribution-unmatched'
  /** Points that are not powers of one number. */
  | 'powers-inconsistent'
  /** A hash of the transcript is not that of what it stands for. */
  | 'hash-mismatch'
  /** A beacon's contribution is not the one that its number gives, or is not the beacon that was expected. */
  | 'beacon-wrong'
  /** The last contribution is no beacon's. */
  | 'beacon-missing'
  /** The beacons of a transcript ask for more hashes than anybody is to wait for. */
  | 'beacon-too-long'
  /** Every contribution is a beacon's: everybody can compute what nobody is to know. */
  | 'beacons-only'
  /** The Lagrange forms are not those of the powers. */
  | 'lagrange-wrong'
  /** The powers have no Lagrange forms yet. */
  | 'not-prepared'
  /** The circuit needs more powers. */
  | 'circuit-too-large'
  /** The proving key is not one of this circuit under these powers. */
  | 'circuit-mismatch'
  /** Delta in G1 and in G2, or the points divided by it, are not of one number. */
  | 'delta-mismatch'
  /** A name or a beacon is not as the format has it. */
  | 'option-invalid';

/** A typed refusal: `code` is stable and meant for programs, `message` for people. */
export class CeremonyError extends Error {
  readonly code: CeremonyFault;

  constructor(code: CeremonyFault, message: string) {
    super(message);
    this.name = 'CeremonyError';
    this.code = code;
  }
}
