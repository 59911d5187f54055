import { CircuitError } from './errors.ts';
import { type JoinSplitAssignment, publicInputs } from './join-split.ts';
import { checkBesideCircuit, checkJoinSplit } from './join-split-check.ts';
import { assignSignals } from './join-split-signals.ts';
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
 * The circuit's own rules are checked by computing; only where that fails are they checked one by one, which takes
 * longer, for the name of the broken one.
 *
 * @example
 * const program = await loadWitnessProgram(file, engine);
 * const { wtns, publicInputs } = await joinSplitWitness(program, SHAPE_A, assignment);
 */
export async function joinSplitWitness(
  program: WitnessProgram,
  shape: Shape,
  assignment: JoinSplitAssignment,
): Promise<JoinSplitWitness> {
  checkBesideCircuit(shape, assignment);
  const elements = await program.run(assignSignals(shape, assignment)).catch((error: unknown) => {
    checkJoinSplit(shape, assignment);
    throw error;
  });
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
