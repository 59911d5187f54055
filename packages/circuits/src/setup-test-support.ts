import { concat, leBytes, Q } from '@sero/crypto';
import type { LinearCombination, R1cs } from './setup-r1cs.ts';

/** Circuits of any size with a witness, written as iden3's files, for tests that need no compiler. */

const u32 = (value: number): Uint8Array => leBytes(BigInt(value), 4);
const u64 = (value: number): Uint8Array => leBytes(BigInt(value), 8);
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

const section = (type: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = concat(...parts);
  return concat(u32(type), u64(body.length), body);
};

/** Writes a .r1cs (version 1: header, constraints, wire to label map). */
export function writeR1cs({ wires, publicInputs, constraints }: R1cs): Uint8Array {
  const combination = (terms: LinearCombination): Uint8Array =>
    concat(u32(terms.length), ...terms.map(([wire, value]) => concat(u32(wire), leBytes(value, 32))));
  const sizes = concat(u32(wires), u32(0), u32(publicInputs), u32(0), u64(wires), u32(constraints.length));
  return concat(
    ascii('r1cs'),
    u32(1),
    u32(3),
    section(1, u32(32), leBytes(Q, 32), sizes),
    section(2, ...constraints.map((constraint) => concat(...constraint.map(combination)))),
    section(3, ...Array.from({ length: wires }, (_, wire) => u64(wire))),
  );
}

/** Writes a .wtns (version 2). */
export function writeWitness(values: readonly bigint[]): Uint8Array {
  return concat(
    ascii('wtns'),
    u32(2),
    u32(2),
    section(1, u32(32), leBytes(Q, 32), u32(values.length)),
    section(2, ...values.map((value) => leBytes(value, 32))),
  );
}

/** A circuit and what satisfies it. */
export interface SolvedCircuit {
  readonly r1cs: R1cs;
  /** One value a wire, the constant 1 first. */
  readonly witness: readonly bigint[];
}

/**
 * Knows secrets x_0 .. whose chain x_(i+1) = (x_i + 3 x_(i-1) + p) (x_i + 5) passes through n products, for public
 * inputs p, the last x, and one that no constraint uses.
 */
export function productChain(products: number): SolvedCircuit {
  const [p, unused, first] = [11n, 12n, 13n];
  const chain = [first, (first + 1n) % Q];
  // Wires: 0 one, 1 p, 2 the last product, 3 unused, then the chain but for its last.
  const wireOf = (i: number): number => (i === products + 1 ? 2 : 4 + i);
  const constraints: R1cs['constraints'][number][] = [];
  for (let i = 1; i <= products; i++) {
    const [now, before] = [chain[i]!, chain[i - 1]!];
    chain.push(((now + 3n * before + p) * (now + 5n)) % Q);
    constraints.push([
      [
        [wireOf(i), 1n],
        [wireOf(i - 1), 3n],
        [1, 1n],
      ],
      [
        [wireOf(i), 1n],
        [0, 5n],
      ],
      [[wireOf(i + 1), 1n]],
    ]);
  }
  return {
    r1cs: { wires: 4 + products + 1, publicInputs: 3, constraints },
    witness: [1n, p, chain[products + 1]!, unused, ...chain.slice(0, products + 1)],
  };
}
