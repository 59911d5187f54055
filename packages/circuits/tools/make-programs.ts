import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { InputSignal } from '../src/circuit-file.ts';
import { readR1cs } from '../src/setup-r1cs.ts';
import { SHAPES, type Shape } from '../src/shape.ts';
import { type CompiledCircuit, circuitSources, compileCircuit, compileShape } from './compile.ts';
import { deriveInstructions, joinCopies } from './derive-program.ts';
import { writeCircuitFile } from './write-circuit-file.ts';

/**
 * Writes programs/shape-*.circuit from the sources, with circom. To be run when a circuit changes; tests compare.
 *
 *     node packages/circuits/tools/make-programs.ts
 */

/** Names of a .sym file and their wires, -1 where simplification took one away, in the file's order. */
function symbolsOf(sym: Uint8Array): ReadonlyMap<string, number> {
  const lines = new TextDecoder().decode(sym).trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const [, wire, , name] = line.split(',');
      return [name!.slice('main.'.length), Number(wire)];
    }),
  );
}

/** How many outputs a .r1cs has, and how many inputs, those included that simplification took away. */
function sizesOf(r1cs: Uint8Array): { readonly outputs: number; readonly inputs: number } {
  const view = new DataView(r1cs.buffer, r1cs.byteOffset);
  let at = 12;
  while (view.getUint32(at, true) !== 1) at += 12 + Number(view.getBigUint64(at + 4, true));
  const header = at + 12 + 36;
  const [outputs, publicInputs, privateInputs] = [4, 8, 12].map((offset) =>
    view.getUint32(header + offset, true),
  );
  return { outputs: outputs!, inputs: publicInputs! + privateInputs! };
}

/**
 * The circuit file of a circuit.
 *
 * @param production simplified: its constraints are the circuit's
 * @param open the same circuit with each signal on a wire: what the program is made from
 */
export function makeCircuitFile(production: CompiledCircuit, open: CompiledCircuit): Uint8Array {
  const r1cs = readR1cs(production.r1cs);
  const openR1cs = readR1cs(open.r1cs);
  const openSymbols = symbolsOf(open.sym);
  const wireOf = (name: string): number => {
    const wire = openSymbols.get(name);
    if (wire === undefined || wire < 0) throw new Error(`the unsimplified circuit has no ${name}`);
    return wire;
  };

  // The first symbols are the outputs, then come the inputs.
  const sizes = sizesOf(open.r1cs);
  const inputNames = [...openSymbols.keys()].slice(sizes.outputs, sizes.outputs + sizes.inputs);
  const named = new Map<number, string>();
  for (const [name, wire] of symbolsOf(production.sym))
    if (wire > 0 && !named.has(wire)) named.set(wire, name);
  const slots = joinCopies(openR1cs, new Set([0, ...inputNames.map(wireOf)]));
  const inputs = groupByName(inputNames.map((name) => [name, slots.of(wireOf(name))]));
  const wireSlots = Array.from({ length: r1cs.wires }, (_, wire) =>
    wire === 0 ? 0 : slots.of(wireOf(named.get(wire)!)),
  );
  const instructions = deriveInstructions(openR1cs, slots, inputs);
  const hash = new Uint8Array(createHash('sha256').update(production.r1cs).digest());
  const { wires, publicInputs } = r1cs;
  return writeCircuitFile(
    { hash, wires, publicInputs, inputs, slots: slots.count, wireSlots, instructions },
    r1cs.constraints,
  );
}

/** Elements "name[i][j]" of one signal, in order. */
function groupByName(elements: readonly (readonly [name: string, slot: number])[]): InputSignal[] {
  const signals = new Map<string, number[]>();
  for (const [element, slot] of elements) {
    const name = element.replace(/\[.*$/, '');
    signals.set(name, [...(signals.get(name) ?? []), slot]);
  }
  return [...signals].map(([name, slots]) => ({ name, slots }));
}

/** The circuit file of a shape, from its sources. */
export async function circuitFileOf(shape: Shape): Promise<Uint8Array> {
  const main = `shape_${shape.name.toLowerCase()}`;
  return makeCircuitFile(
    await compileShape(shape),
    await compileCircuit(await circuitSources(), main, 'none'),
  );
}

if (import.meta.main) {
  for (const shape of SHAPES) {
    const file = new URL(`../programs/shape-${shape.name.toLowerCase()}.circuit`, import.meta.url);
    writeFileSync(file, await circuitFileOf(shape));
  }
}
