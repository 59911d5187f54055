/** What the page is handed. */
export interface PageTask {
  /** As `encodeVerifyingKey` writes it, hex. */
  readonly verifyingKey: string;
  /** In decimal. */
  readonly publicInputs: readonly string[];
}

/** What the page did, step by step; a refusal is its error's code. */
export interface PageReport {
  readonly name: string;
  readonly threads: number;
  readonly proof: readonly number[];
  readonly holds: boolean;
  /** The code with which the proof was refused for other public inputs. */
  readonly otherInputs: string;
  readonly falseWitness: string;
  readonly malformedKey: string;
  readonly aborted: string;
  /** Whether a proof made after all that holds. */
  readonly holdsAfter: boolean;
  readonly closed: string;
  /** The code where the artefacts cannot be loaded. */
  readonly notLoaded: string;
}
