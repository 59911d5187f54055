import {
  type CompiledCircuit,
  circuitSources,
  compileCircuit,
  compileShape,
  type Simplification,
} from '../src/compile.ts';
import { SHAPE_B, type Shape } from '../src/shape.ts';
import { loadWitnessProgram, type SignalValues, type WitnessProgram } from '../src/witness-program.ts';
import { decodeWtns, encodeWtns } from '../src/wtns.ts';
import { type R1cs, readR1cs, readSymbols } from './r1cs.ts';

/** A shape over a tree of one level: the same templates, compiled in a fraction of the time. */
export const small = (shape: Shape): Shape => ({ ...shape, depth: 1 });

/** More than two inputs and three slots, and as few as that takes: what is left out of rules here is left out of B and C. */
export const WIDE_SHAPE: Shape = {
  ...small(SHAPE_B),
  inputs: 3,
  outputs: 4,
  publicInputs: 8 + 2 * 3 + 4,
};

const mainFor = ({ inputs, outputs, slots, depth }: Shape): string => `pragma circom 2.2.0;
include "join_split.circom";
component main {
  public [root, hash_e, rk_u, rk_v, zpkr_from, nil, trace, cm, asset_pub, pub_out]
} = JoinSplit(${inputs}, ${outputs}, ${slots}, ${depth});
`;

/** The program of any shape, with some texts taken out of its sources: what is left when a rule is missing. */
export async function programOf(
  shape: Shape,
  rule: readonly (readonly [file: string, text: string])[] = [],
): Promise<WitnessProgram> {
  const sources: Record<string, string> = { ...(await circuitSources()), 'small.circom': mainFor(shape) };
  for (const [file, text] of rule) {
    const parts = sources[file]!.split(text);
    if (parts.length !== 2)
      throw new RangeError(`${file} holds "${text}" ${parts.length - 1} times, not once`);
    sources[file] = parts.join('');
  }
  return loadWitnessProgram((await compileCircuit(sources, 'small', 'none')).wasm);
}

/** A compiled circuit with what tests ask of it. */
export interface Loaded {
  readonly compiled: CompiledCircuit;
  readonly program: WitnessProgram;
  readonly r1cs: R1cs;
  readonly symbols: ReturnType<typeof readSymbols>;
}

async function load(compiled: CompiledCircuit): Promise<Loaded> {
  return {
    compiled,
    program: await loadWitnessProgram(compiled.wasm),
    r1cs: readR1cs(compiled.r1cs),
    symbols: readSymbols(compiled.sym),
  };
}

export const loadShape = async (shape: Shape): Promise<Loaded> => load(await compileShape(shape));

/** Any shape, as keys are made of it, or with every signal on a wire of its own. */
export async function loadOwn(shape: Shape, simplification: Simplification): Promise<Loaded> {
  const sources = { ...(await circuitSources()), 'small.circom': mainFor(shape) };
  return load(await compileCircuit(sources, 'small', simplification));
}

/** Shape A with every signal on a wire of its own. */
export const loadUnsimplified = async (): Promise<Loaded> =>
  load(await compileCircuit(await circuitSources(), 'shape_a', 'none'));

/** The witness as field elements. */
export async function witnessOf(program: WitnessProgram, signals: SignalValues): Promise<bigint[]> {
  return decodeWtns(encodeWtns(await program.run(signals)));
}
