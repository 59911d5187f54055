/** The parameters of one join-split circuit (design 2, "Shapes"). */
export interface Shape {
  /** Circuit id, a byte of every transaction and verifying key (design 9). */
  readonly id: number;
  /** For people, and in file names. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Asset slots; slot 0 is SERO. */
  readonly slots: number;
  /** Levels of the 4-ary note tree. */
  readonly depth: number;
  /** Number of public inputs: 8 + 2 inputs + outputs. */
  readonly publicInputs: number;
}

/** Circuit 1, everything a person does: 2 notes in, 3 out, 2 assets. */
export const SHAPE_A: Shape = {
  id: 1,
  name: 'A',
  inputs: 2,
  outputs: 3,
  slots: 2,
  depth: 18,
  publicInputs: 15,
};

/** Circuit 2, for an account whose money lies in many notes: 8 in, 4 out, 3 assets. */
export const SHAPE_B: Shape = {
  id: 2,
  name: 'B',
  inputs: 8,
  outputs: 4,
  slots: 3,
  depth: 18,
  publicInputs: 28,
};

/** Circuit 3, for paying many at once: 2 notes in, 16 out, 3 assets. */
export const SHAPE_C: Shape = {
  id: 3,
  name: 'C',
  inputs: 2,
  outputs: 16,
  slots: 3,
  depth: 18,
  publicInputs: 28,
};

/** All shapes of version 1, by circuit id. */
export const SHAPES: readonly Shape[] = [SHAPE_A, SHAPE_B, SHAPE_C];

/** The shape of a circuit id; undefined where there is none. */
export function shapeOf(circuit: number): Shape | undefined {
  return SHAPES.find(({ id }) => id === circuit);
}

/** The asset of slot 0 (design 2, Notes). */
export const SERO_ASSET = 1n;

/** Bits of the re-randomiser alpha that the circuit takes. */
export const ALPHA_BITS = 252;

/** Values and public amounts lie below this. */
export const VALUE_LIMIT = 1n << 128n;
