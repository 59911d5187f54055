/** A step that the page tries on top of a block that it trusts. */
export interface LightCase {
  readonly name: string;
  /** Hash of the block to begin with, hex; none: it begins at genesis with the first header of `below`. */
  readonly trusted?: { readonly height: string; readonly hash: string };
  /** Headers up to that block, hex. */
  readonly below: readonly string[];
  /** Headers after it, hex. */
  readonly headers: readonly string[];
  /** Light certificate, hex. */
  readonly light: string;
}

/** A checkpoint that the page tries on top of one that it trusts. */
export interface CheckpointCase {
  readonly name: string;
  /** Checkpoints, hex. */
  readonly trusted: string;
  readonly next: string;
  /** Table that is said to sign it, hex. */
  readonly table: string;
  /** ms since 1970, in decimal. */
  readonly time: string;
  readonly now: string;
}

/** What the page is handed. */
export interface LightTask {
  /** Genesis file, hex. */
  readonly genesis: string;
  readonly steps: readonly LightCase[];
  readonly checkpoints: readonly CheckpointCase[];
}

/** What came of each case, by its name: the height that is final, in decimal, or the code of the refusal. */
export interface LightReport {
  readonly outcomes: Readonly<Record<string, string>>;
}
