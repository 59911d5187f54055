/** The parameters of one join-split circuit (design 2, "Shapes"). */
export interface Shape {
  /** Circuit id, a byte of every transaction and verifying key (design 9). */
  readonly id: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Asset slots; slot 0 is SERO. */
  readonly slots: number;
  /** Levels of the 4-ary note tree. */
  readonly depth: number;
  /** Number of public inputs: 8 + 2 inputs + outputs. */
  readonly publicInputs: number;
}

/** Everything a person does: 2 notes in, 3 out, 2 assets. */
export const SHAPE_A: Shape = { id: 1, inputs: 2, outputs: 3, slots: 2, depth: 18, publicInputs: 15 };

/** The asset of slot 0 (design 2, Notes). */
export const SERO_ASSET = 1n;

/** Bits of the re-randomiser alpha that the circuit takes. */
export const ALPHA_BITS = 252;

/** Values and public amounts lie below this. */
export const VALUE_LIMIT = 1n << 128n;
