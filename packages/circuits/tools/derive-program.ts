import { invert, modQ } from '@sero/crypto';
import type { InputSignal, Instruction } from '../src/circuit-file.ts';
import type { LinearCombination, R1cs } from '../src/setup-r1cs.ts';

type Constraint = R1cs['constraints'][number];

/** Signals of an unsimplified circuit by slot. */
export interface Slots {
  readonly count: number;
  /** The slot of an unsimplified circuit's wire. */
  readonly of: (wire: number) => number;
}

/**
 * Takes together the wires that a constraint x - y = 0 makes equal, but for those in `apart`, which each get a slot.
 * Slots are in the order of the wires, so that like components have like distances.
 */
export function joinCopies({ wires, constraints }: R1cs, apart: ReadonlySet<number>): Slots {
  const parent = Array.from({ length: wires }, (_, i) => i);
  const find = (wire: number): number => {
    let root = wire;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = wire; at !== root; ) [at, parent[at]] = [parent[at]!, root];
    return root;
  };
  const isApart = new Set(apart);
  for (const constraint of constraints) {
    const copy = copyOf(constraint);
    if (copy === undefined) continue;
    const [x, y] = [find(copy[0]), find(copy[1])];
    if (x === y || (isApart.has(x) && isApart.has(y))) continue;
    const [low, high] = x < y ? [x, y] : [y, x];
    parent[high] = low;
    if (isApart.has(high)) isApart.add(low);
  }
  const slots = new Map<number, number>();
  for (let wire = 0; wire < wires; wire++) {
    const root = find(wire);
    if (!slots.has(root)) slots.set(root, slots.size);
  }
  return { count: slots.size, of: (wire) => slots.get(find(wire))! };
}

function copyOf([a, b, c]: Constraint): readonly [number, number] | undefined {
  if (a.length > 0 && b.length > 0) return undefined;
  const [x, y] = c;
  if (c.length !== 2 || x![0] === 0 || y![0] === 0 || modQ(x![1] + y![1]) !== 0n) return undefined;
  return [x![0], y![0]];
}

/**
 * How the slots of a circuit follow from its inputs, found in its constraints alone: a constraint with one unknown slot
 * gives it; what circom's `<--` sets otherwise is known by the constraints that bind it (HINTS.md): the digits of a
 * value, the inverse of a value that may be 0. Every constraint is used or checked.
 *
 * Throws where a slot follows from nothing: a hint of a new kind needs an instruction of a new kind.
 */
export function deriveInstructions(
  { constraints }: R1cs,
  slots: Slots,
  inputs: readonly InputSignal[],
): Instruction[] {
  const placed = constraints
    .map((lists) => lists.map((list) => place(list, slots)) as unknown as Constraint)
    .map(([a, b, c]): Constraint => (a.length === 0 || b.length === 0 ? [[], [], c] : [a, b, c]))
    .filter((lists) => lists.some((list) => list.length > 0));
  const board = createBoard(placed, slots.count);
  board.settle(0);
  for (const { slots: own } of inputs) for (const slot of own) board.settle(slot);
  const out: Instruction[] = [];
  for (;;) {
    const found = nextHint(board) ?? nextSimple(board) ?? nextDivisions(board);
    if (found === undefined) break;
    out.push(...found);
    for (const slot of found.flatMap(settledBy)) board.settle(slot);
  }
  const missing = Array.from({ length: slots.count }, (_, i) => i).filter((slot) => !board.isKnown(slot));
  if (missing.length > 0 || board.open.size > 0) {
    throw new Error(`${missing.length} slots follow from nothing, the first is ${missing[0]}`);
  }
  return out;
}

/** A combination over slots; terms of one slot are one. */
function place(list: LinearCombination, slots: Slots): LinearCombination {
  const sums = new Map<number, bigint>();
  for (const [wire, value] of list) {
    const slot = slots.of(wire);
    sums.set(slot, modQ((sums.get(slot) ?? 0n) + value));
  }
  return [...sums].filter(([, value]) => value !== 0n);
}

function settledBy({ kind, b, c, subject }: Instruction): number[] {
  if (kind === 'check') return [];
  if (kind === 'invert') return [b[0]![0]];
  return kind === 'digits' ? c.map(([slot]) => slot).filter((slot) => slot !== subject) : [subject];
}

/** What is known so far. Constraints are open until an instruction has used or checked them. */
interface Board {
  readonly constraints: readonly Constraint[];
  readonly open: Set<number>;
  /** The first constraint that holds at most one unknown slot, taken from the list of them. */
  readonly takeReady: () => number | undefined;
  /** Those of them whose slot needs a division. */
  readonly divisions: Set<number>;
  /** Constraints that look like a hint's. */
  readonly hints: Set<number>;
  readonly isKnown: (slot: number) => boolean;
  readonly settle: (slot: number) => void;
  readonly unknownOf: (list: LinearCombination) => number[];
  readonly holders: (slot: number) => readonly number[];
}

function createBoard(constraints: readonly Constraint[], slots: number): Board {
  const known = new Uint8Array(slots);
  const holders: number[][] = Array.from({ length: slots }, () => []);
  const unknowns = constraints.map((lists, i) => {
    const own = new Set(lists.flatMap((list) => list.map(([slot]) => slot)));
    for (const slot of own) holders[slot]!.push(i);
    return own.size;
  });
  // In the order of the constraints, so that what a component computes stands together.
  const isReady = Uint8Array.from(unknowns, (count) => (count <= 1 ? 1 : 0));
  let first = 0;
  return {
    constraints,
    open: new Set(constraints.keys()),
    takeReady: () => {
      while (first < isReady.length && isReady[first] === 0) first++;
      if (first === isReady.length) return undefined;
      isReady[first] = 0;
      return first;
    },
    divisions: new Set(),
    hints: new Set([...constraints.keys()].filter((i) => looksLikeHint(constraints[i]!))),
    isKnown: (slot) => known[slot] === 1,
    settle: (slot) => {
      if (known[slot] === 1) throw new Error(`slot ${slot} is computed twice`);
      known[slot] = 1;
      for (const i of holders[slot]!) {
        unknowns[i]!--;
        if (unknowns[i]! > 1) continue;
        isReady[i] = 1;
        first = Math.min(first, i);
      }
    },
    unknownOf: (list) => list.filter(([slot]) => known[slot] === 0).map(([slot]) => slot),
    holders: (slot) => holders[slot]!,
  };
}

/** A constraint that gives a slot without a division, or that is to be checked. */
function nextSimple(board: Board): Instruction[] | undefined {
  for (let i = board.takeReady(); i !== undefined; i = board.takeReady()) {
    if (!board.open.has(i)) continue;
    const [a, b, c] = board.constraints[i]!;
    if (board.unknownOf(a).length + board.unknownOf(b).length > 0) {
      board.divisions.add(i);
      continue;
    }
    board.open.delete(i);
    board.divisions.delete(i);
    const [subject] = board.unknownOf(c);
    return [
      subject === undefined ? { kind: 'check', a, b, c, subject: 0 } : { kind: 'solve', a, b, c, subject },
    ];
  }
  return undefined;
}

/** All slots that a division gives now: none waits for another. */
function nextDivisions(board: Board): Instruction[] | undefined {
  const subjects = new Map<number, number>();
  for (const i of board.divisions) {
    const [a, b] = board.constraints[i]!;
    const unknown = [...board.unknownOf(a), ...board.unknownOf(b)];
    // A slot on both sides is not linear.
    if (unknown.length === 1 && !subjects.has(unknown[0]!)) subjects.set(unknown[0]!, i);
  }
  if (subjects.size === 0) return undefined;
  return [...subjects].map(([subject, i], at) => {
    board.open.delete(i);
    board.divisions.delete(i);
    const [a, b, c] = board.constraints[i]!;
    return { kind: at === subjects.size - 1 ? 'divide-last' : 'divide', a, b, c, subject };
  });
}

/** What `<--` sets where no single constraint gives it. */
function nextHint(board: Board): Instruction[] | undefined {
  for (const i of board.hints) {
    const found = digitsOf(board, i) ?? inverseOf(board, i);
    if (found === undefined) continue;
    board.hints.delete(i);
    return [found];
  }
  return undefined;
}

/** A sum of powers of two, or a product of two slots that is 1 less another one. */
function looksLikeHint([a, b, c]: Constraint): boolean {
  if (a.length === 0)
    return (
      c.filter(([, value]) => (exponentOf(value) ?? exponentOf(modQ(-value))) === undefined).length === 0
    );
  return a.length === 1 && b.length === 1 && c.length === 2 && c.some(([slot]) => slot === 0);
}

/** v = sum of 2^i b_i, v known, each b_i unknown and 0 or 1 by a constraint of its own: the digits of v. */
function digitsOf(board: Board, i: number): Instruction | undefined {
  const [a, , c] = board.constraints[i]!;
  const known = c.filter(([slot]) => board.isKnown(slot));
  if (a.length > 0 || c.length < 3 || known.length !== 1) return undefined;
  const [subject, sign] = known[0]!;
  if (subject === 0 || (sign !== 1n && modQ(-sign) !== 1n)) return undefined;
  const bits = new Set<number>();
  for (const [slot, value] of c) {
    if (slot === subject) continue;
    const bit = exponentOf(sign === 1n ? modQ(-value) : value);
    if (bit === undefined || bits.has(bit) || !isBoolean(board, slot)) return undefined;
    bits.add(bit);
  }
  board.open.delete(i);
  return { kind: 'digits', a: [], b: [], c, subject };
}

function exponentOf(value: bigint): number | undefined {
  const i = value.toString(2).length - 1;
  return value === 1n << BigInt(i) && i < 254 ? i : undefined;
}

/** x (x - 1) = 0 is among the constraints. */
function isBoolean(board: Board, slot: number): boolean {
  return board.holders(slot).some((i) => {
    const [a, b, c] = board.constraints[i]!;
    if (c.length > 0) return false;
    const roots = [rootOf(a, slot), rootOf(b, slot)];
    return roots.includes(0n) && roots.includes(1n);
  });
}

/** Where k (x - r) is 0, for a combination of that form. */
function rootOf(list: LinearCombination, slot: number): bigint | undefined {
  const terms = new Map(list);
  const slope = terms.get(slot);
  if (slope === undefined || list.length > 2 || (list.length === 2 && !terms.has(0))) return undefined;
  return modQ(-(terms.get(0) ?? 0n) * invert(slope));
}

/** IsZero: x y = 1 - z and x z = 0, x known: y is 1/x, or 0 for x = 0. */
function inverseOf(board: Board, i: number): Instruction | undefined {
  const [a, b, c] = board.constraints[i]!;
  for (const [x, y] of [
    [a, b],
    [b, a],
  ]) {
    if (x!.length !== 1 || y!.length !== 1 || c.length !== 2) continue;
    const [[source, p], [inverse, r]] = [x![0]!, y![0]!];
    const [z] = board.unknownOf(c);
    if (source === 0 || !board.isKnown(source) || board.isKnown(inverse) || z === undefined) continue;
    // Where z is 0, x y is the constant over the coefficients: it must be 1.
    if (new Map(c).get(0) !== modQ(p * r)) continue;
    if (board.holders(z).some((other) => isProduct(board.constraints[other]!, source, z))) {
      return { kind: 'invert', a: [[source, 1n]], b: [[inverse, 1n]], c: [], subject: source };
    }
  }
  return undefined;
}

/** x z = 0. */
function isProduct([a, b, c]: Constraint, x: number, z: number): boolean {
  const factors = [a, b].map((list) => (list.length === 1 ? list[0]![0] : undefined));
  return c.length === 0 && factors.includes(x) && factors.includes(z);
}
