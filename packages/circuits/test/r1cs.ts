import { invert, modQ } from '@sero/crypto';

/** A linear combination: wire numbers and coefficients, aligned. */
export interface Combination {
  readonly wires: readonly number[];
  readonly coefficients: readonly bigint[];
}

/** (a . w) (b . w) = c . w */
export interface Constraint {
  readonly a: Combination;
  readonly b: Combination;
  readonly c: Combination;
}

/** Wire 0 is the constant 1; then public inputs, private inputs, all others. */
export interface R1cs {
  readonly wireCount: number;
  readonly publicCount: number;
  readonly constraints: readonly Constraint[];
}

/** Reads iden3's binary format, version 1 (github.com/iden3/r1csfile, doc/r1cs_bin_format.md), 32-byte fields. */
export function readR1cs(bytes: Uint8Array): R1cs {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number): number => view.getUint32(at, true);
  const sections = new Map<number, number>();
  for (let at = 12, left = u32(8); left > 0; left--) {
    sections.set(u32(at), at + 12);
    at += 12 + Number(view.getBigUint64(at + 4, true));
  }
  const header = sections.get(1)! + 36;
  let at = sections.get(2)!;
  // Few coefficients are different: one integer for each.
  const known = new Map<string, bigint>();
  const coefficient = (): bigint => {
    const words = [3, 2, 1, 0].map((word) => view.getBigUint64(at + 8 * word, true));
    at += 32;
    const key = words.join();
    let value = known.get(key);
    if (value === undefined) {
      value = words.reduce((sum, word) => (sum << 64n) | word, 0n);
      known.set(key, value);
    }
    return value;
  };
  const combination = (): Combination => {
    const wires: number[] = [];
    const coefficients: bigint[] = [];
    const terms = u32(at);
    at += 4;
    for (let term = 0; term < terms; term++) {
      wires.push(u32(at));
      at += 4;
      coefficients.push(coefficient());
    }
    return { wires, coefficients };
  };
  return {
    wireCount: u32(header),
    publicCount: u32(header + 4) + u32(header + 8),
    constraints: Array.from({ length: u32(header + 24) }, () => ({
      a: combination(),
      b: combination(),
      c: combination(),
    })),
  };
}

/** Names of a .sym file by wire, and wires by name (without `main.`). Simplified signals have no wire. */
export function readSymbols(bytes: Uint8Array): {
  readonly wireOf: (name: string) => number;
  readonly nameOf: (wire: number) => string;
  readonly names: ReadonlyMap<string, number>;
} {
  const names = new Map<string, number>();
  const byWire = new Map<number, string>();
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    const [, wire, , name] = line.split(',');
    if (name === undefined || wire === '-1') continue;
    names.set(name.slice('main.'.length), Number(wire));
    byWire.set(Number(wire), name.slice('main.'.length));
  }
  const wireOf = (name: string): number => {
    const wire = names.get(name);
    if (wire === undefined) throw new RangeError(`no wire is called ${name}`);
    return wire;
  };
  return { wireOf, nameOf: (wire) => byWire.get(wire) ?? `wire ${wire}`, names };
}

export function evaluate({ wires, coefficients }: Combination, witness: readonly bigint[]): bigint {
  let sum = 0n;
  for (let i = 0; i < wires.length; i++) sum += coefficients[i]! * witness[wires[i]!]!;
  return modQ(sum);
}

/** Indices of the constraints that a witness breaks. */
export function broken({ constraints }: R1cs, witness: readonly bigint[]): number[] {
  return constraints.flatMap(({ a, b, c }, i) =>
    modQ(evaluate(a, witness) * evaluate(b, witness) - evaluate(c, witness)) === 0n ? [] : [i],
  );
}

/** The wires that a constraint touches. */
export function wiresOf({ a, b, c }: Constraint): ReadonlySet<number> {
  return new Set([...a.wires, ...b.wires, ...c.wires]);
}

/**
 * A witness computed from the constraints alone: starting from the `known` wires, each constraint that holds one
 * unknown wire, linearly, gives it. Independent of circom's program, and an attacker's tool: with a hint forged
 * in `known`, everything that follows is recomputed to fit. Constraints that contradict stay for `broken`.
 * Wires that nothing determines stay 0.
 */
export function propagate(
  r1cs: R1cs,
  known: ReadonlyMap<number, bigint>,
): { readonly witness: bigint[]; readonly undetermined: number[] } {
  const witness = new Array<bigint>(r1cs.wireCount).fill(0n);
  const isKnown = new Uint8Array(r1cs.wireCount);
  const touching: number[][] = Array.from({ length: r1cs.wireCount }, () => []);
  const unknowns = r1cs.constraints.map((constraint, i) => {
    const wires = wiresOf(constraint);
    for (const wire of wires) touching[wire]!.push(i);
    return wires.size;
  });
  // Smallest first: names of one signal (two wires) carry values forward before long sums run backward, so that
  // a contradiction shows in the constraint of the forged signal and not in what feeds it.
  const sizes = [...unknowns];
  const ready: number[][] = Array.from({ length: 9 }, () => []);
  const enqueue = (i: number): void => {
    ready[Math.min(sizes[i]!, 8)]!.push(i);
  };
  const dequeue = (): number | undefined => ready.find((list) => list.length > 0)?.pop();
  unknowns.forEach((count, i) => {
    if (count === 1) enqueue(i);
  });
  const settle = (wire: number, value: bigint): void => {
    witness[wire] = value;
    isKnown[wire] = 1;
    for (const i of touching[wire]!) {
      unknowns[i]!--;
      if (unknowns[i] === 1) enqueue(i);
    }
  };
  settle(0, 1n);
  for (const [wire, value] of known) settle(wire, value);

  for (let next = dequeue(); next !== undefined; next = dequeue()) {
    const constraint = r1cs.constraints[next]!;
    const unknown = [...wiresOf(constraint)].find((wire) => isKnown[wire] === 0);
    if (unknown === undefined) continue;
    const value = solve(constraint, unknown, witness);
    if (value !== undefined) settle(unknown, value);
  }
  return { witness, undetermined: witness.flatMap((_, wire) => (isKnown[wire] ? [] : [wire])) };
}

/** The unknown's value where the constraint is linear in it: (a0 + a1 x)(b0 + b1 x) = c0 + c1 x with a1 b1 = 0. */
function solve({ a, b, c }: Constraint, unknown: number, witness: readonly bigint[]): bigint | undefined {
  const split = (combination: Combination): [bigint, bigint] => {
    const place = combination.wires.indexOf(unknown);
    const slope = place < 0 ? 0n : combination.coefficients[place]!;
    return [modQ(evaluate(combination, witness) - slope * witness[unknown]!), slope];
  };
  const [[a0, a1], [b0, b1], [c0, c1]] = [split(a), split(b), split(c)];
  if (a1 !== 0n && b1 !== 0n) return undefined;
  const slope = modQ(a0 * b1 + a1 * b0 - c1);
  return slope === 0n ? undefined : modQ((c0 - a0 * b0) * invert(slope));
}
