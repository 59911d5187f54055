import { CircuitError } from './errors.ts';
import { type JoinSplitAssignment, publicInputs } from './join-split.ts';
import { joinSplitSignals } from './join-split-signals.ts';
import type { Shape } from './shape.ts';
import type { WitnessProgram } from './witness-program.ts';
import { encodeWtns, readElements } from './wtns.ts';

/** What a prover and a verifier take. */
export interface JoinSplitWitness {
  /** The whole witness as a `.wtns` file: secret; wipe it when the proof is made. */
  readonly wtns: Uint8Array;
  readonly publicInputs: readonly bigint[];
}

/**
 * Checks an assignment and computes its witness. Throws the `CircuitError` of the broken rule; `witness-rejected`
 * or `program-malformed` after that means that program and shape do not belong together.
 *
 * @example
 * const program = await loadWitnessProgram(wasm);
 * const { wtns, publicInputs } = await joinSplitWitness(program, SHAPE_A, assignment);
 */
export async function joinSplitWitness(
  program: WitnessProgram,
  shape: Shape,
  assignment: JoinSplitAssignment,
): Promise<JoinSplitWitness> {
  const elements = await program.run(joinSplitSignals(shape, assignment));
  try {
    const expected = publicInputs(assignment.publicValues);
    const found = readElements(elements.subarray(0, 32 * (1 + shape.publicInputs)));
    if (![1n, ...expected].every((value, i) => value === found[i]) || found.length !== expected.length + 1) {
      throw new CircuitError('program-malformed', 'the program’s public inputs are not those of the shape');
    }
    return { wtns: encodeWtns(elements), publicInputs: expected };
  } finally {
    elements.fill(0);
  }
}
