import assert from 'node:assert/strict';
import { CircuitError } from '../src/errors.ts';
import { SHAPE_B, type Shape } from '../src/shape.ts';
import { loadWitnessProgram, type SignalValues, type WitnessProgram } from '../src/witness-program.ts';
import { decodeWtns, encodeWtns } from '../src/wtns.ts';
import {
  type CompiledCircuit,
  circuitSources,
  compileCircuit,
  compileShape,
  type Simplification,
} from '../tools/compile.ts';
import { makeCircuitFile } from '../tools/make-programs.ts';
import { loadCircomProgram } from './circom-program.ts';
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

/**
 * Circom's program and ours as one: it gives what both give, and fails where they differ. Every test of a circuit is one
 * of our program too.
 */
function bothPrograms(oracle: WitnessProgram, own: WitnessProgram): WitnessProgram {
  assert.deepEqual([own.inputSize, own.witnessSize], [oracle.inputSize, oracle.witnessSize]);
  return {
    ...oracle,
    run: async (signals) => {
      const [expected, found] = await Promise.allSettled([oracle.run(signals), own.run(signals)]);
      if (expected.status === 'rejected') {
        assert.ok(found.status === 'rejected', `our program takes what circom’s refuses: ${expected.reason}`);
        assert.ok(found.reason instanceof CircuitError && expected.reason instanceof CircuitError);
        assert.equal(found.reason.code, expected.reason.code);
        throw expected.reason;
      }
      if (found.status === 'rejected') throw found.reason;
      assert.ok(
        Buffer.from(found.value).equals(expected.value),
        'our program gives another witness than circom’s',
      );
      return found.value;
    },
  };
}

/** Both programs of a circuit, ours from its circuit file. */
async function programsOf(production: CompiledCircuit, file: Uint8Array): Promise<WitnessProgram> {
  return bothPrograms(await loadCircomProgram(production.wasm), await loadWitnessProgram(file));
}

/** Circom's program of any shape, with some texts taken out of its sources: what is left when a rule is missing. */
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
  return loadCircomProgram((await compileCircuit(sources, 'small', 'none')).wasm);
}

/** Both programs of any shape. */
export async function bothProgramsOf(shape: Shape): Promise<WitnessProgram> {
  const sources = { ...(await circuitSources()), 'small.circom': mainFor(shape) };
  const open = await compileCircuit(sources, 'small', 'none');
  return programsOf(open, makeCircuitFile(open, open));
}

/** A compiled circuit with what tests ask of it. */
export interface Loaded {
  readonly compiled: CompiledCircuit;
  readonly program: WitnessProgram;
  readonly r1cs: R1cs;
  readonly symbols: ReturnType<typeof readSymbols>;
}

async function load(compiled: CompiledCircuit, program: WitnessProgram): Promise<Loaded> {
  return {
    compiled,
    program,
    r1cs: readR1cs(compiled.r1cs),
    symbols: readSymbols(compiled.sym),
  };
}

/** A shape at its full depth, and the circuit file that its sources give. */
export async function loadShape(shape: Shape): Promise<Loaded & { readonly file: Uint8Array }> {
  const main = `shape_${shape.name.toLowerCase()}`;
  const compiled = await compileShape(shape);
  const open = await compileCircuit(await circuitSources(), main, 'none');
  const file = makeCircuitFile(compiled, open);
  return { ...(await load(compiled, await programsOf(compiled, file))), file };
}

/** Any shape, as keys are made of it, or with every signal on a wire of its own, of which we have no program. */
export async function loadOwn(shape: Shape, simplification: Simplification): Promise<Loaded> {
  const sources = { ...(await circuitSources()), 'small.circom': mainFor(shape) };
  const compiled = await compileCircuit(sources, 'small', simplification);
  if (simplification === 'none') return load(compiled, await loadCircomProgram(compiled.wasm));
  const open = await compileCircuit(sources, 'small', 'none');
  return load(compiled, await programsOf(compiled, makeCircuitFile(compiled, open)));
}

/** Shape A with every signal on a wire of its own. */
export async function loadUnsimplified(): Promise<Loaded> {
  const open = await compileCircuit(await circuitSources(), 'shape_a', 'none');
  return load(open, await loadCircomProgram(open.wasm));
}

/** The witness as field elements. */
export async function witnessOf(program: WitnessProgram, signals: SignalValues): Promise<bigint[]> {
  return decodeWtns(encodeWtns(await program.run(signals)));
}
