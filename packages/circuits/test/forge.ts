import assert from 'node:assert/strict';
import { assignSignals } from '../src/join-split-signals.ts';
import type { Shape } from '../src/shape.ts';
import type { SignalValues } from '../src/witness-program.ts';
import { honest } from './attacks.ts';
import type { Loaded } from './circuit.ts';
import { broken, propagate, wiresOf } from './r1cs.ts';

const HINT = /(^|\.)(u3|v3|u2|v2|inverse|bit\[\d+\])$/;

/** Wires of an unsimplified circuit that are assigned by `<--`, by name. */
export function hintsOf(open: Loaded): ReadonlyMap<string, number> {
  return new Map(
    [...open.symbols.names].filter(([name]) => {
      if (!HINT.test(name) || !name.includes('.')) return false;
      const [parent, signal] = [name.replace(/\.[^.]*$/, ''), name.replace(/^.*\./, '')];
      if (/^[uv]3$/.test(signal)) return /(key|sum\[\d+\])$/.test(parent);
      if (/^[uv]2$/.test(signal)) return /double\[\d\]$/.test(parent);
      return signal === 'inverse' || /range$/.test(parent);
    }),
  );
}

/** From inputs and forged hints to the names of the signals in each production constraint that the witness breaks. */
export type Forge = (signals: SignalValues, forged: ReadonlyMap<string, bigint>) => string[][];

/**
 * The attacker's work: from these inputs and these values of hints all else is recomputed from the unsimplified
 * constraints.
 */
export function forger(shape: Shape, production: Loaded, open: Loaded): Forge {
  /** Wires of each input, in order. */
  const inputWires = new Map<string, number[]>(
    Object.keys(assignSignals(shape, honest(shape))).map((name) => [name, []]),
  );
  for (const [symbol, wire] of open.symbols.names) inputWires.get(symbol.replace(/\[.*$/, ''))?.push(wire);
  return (signals, forged) => {
    const known = new Map<number, bigint>();
    for (const [name, values] of Object.entries(signals)) {
      for (const [i, wire] of inputWires.get(name)!.entries()) known.set(wire, values[i]!);
    }
    // What circom's program would put where a single constraint does not say.
    for (const [j, value] of signals.out_value!.entries()) {
      for (let i = 0; i < 128; i++) {
        known.set(open.symbols.wireOf(`output_note[${j}].range.bit[${i}]`), (value >> BigInt(i)) & 1n);
      }
    }
    for (const [i, value] of signals.in_value!.entries()) {
      if (value === 0n) known.set(open.symbols.wireOf(`input_note[${i}].isDummy.inverse`), 0n);
    }
    for (const [name, value] of forged) known.set(open.symbols.wireOf(name), value);
    const { witness, undetermined } = propagate(open.r1cs, known);
    assert.deepEqual(undetermined, []);
    const projected = Array.from({ length: production.r1cs.wireCount }, () => 1n);
    for (const [name, wire] of production.symbols.names)
      projected[wire] = witness[open.symbols.wireOf(name)]!;
    return broken(production.r1cs, projected).map((i) =>
      [...wiresOf(production.r1cs.constraints[i]!)].map((wire) => production.symbols.nameOf(wire)),
    );
  };
}
