import { invert, isField, modQ } from '@sero/crypto';
import { type LoadedCircuit, ProverError, type WitnessEngine, type WitnessOutcome } from '@sero/prover';
import { type Instruction, type Program, readProgram } from './circuit-file.ts';
import type { LinearCombination } from './setup-r1cs.ts';
import { readElements } from './wtns.ts';

const ELEMENT = 32;
/** The greatest bit that a digit may stand for: 2^254 is below the modulus. */
const MAX_BIT = 253;

/**
 * Computes witnesses in TypeScript, on big integers: what other engines are compared with, and what runs where there is
 * no other. Some 100 ms for shape A, on the thread that calls. Big integers cannot be wiped.
 */
export function createReferenceEngine(): WitnessEngine {
  return {
    load: async (file) => {
      const program = readProgram(file);
      checkProgram(program);
      return { compute: async (inputs) => compute(program, inputs) } satisfies LoadedCircuit;
    },
  };
}

function malformed(why: string): never {
  throw new ProverError('circuit-malformed', `not a circuit file (${why}): make it again from the circuit`);
}

/** Refuses programs that would use a slot before it is computed, compute one twice, or leave a wire without a value. */
function checkProgram({ slots, inputs, wireSlots, instructions }: Program): void {
  const known = new Uint8Array(slots);
  const settle = (slot: number): void => {
    if (known[slot] === 1) malformed(`slot ${slot} is computed twice`);
    known[slot] = 1;
  };
  const need = (list: LinearCombination, but?: number): void => {
    for (const [slot] of list)
      if (slot !== but && known[slot] === 0) malformed(`slot ${slot} is used too early`);
  };
  if (slots === 0) malformed('no slots');
  settle(0);
  for (const { slots: own } of inputs) own.forEach(settle);

  let run: number[] = [];
  for (const { kind, a, b, c, subject } of instructions) {
    const isDivision = kind === 'divide' || kind === 'divide-last';
    if (run.length > 0 && !isDivision) malformed('a run of divisions has no end');
    if (kind !== 'check' && subject === 0) malformed('an instruction is about the constant');
    if (kind === 'invert') {
      const [[, p], [inverse, q]] = [
        a[0] ?? malformed('an inverse of nothing'),
        b[0] ?? malformed('no inverse'),
      ];
      if (a.length > 1 || b.length > 1 || c.length > 0 || p !== 1n || q !== 1n)
        malformed('an inverse of more');
      need(a);
      settle(inverse);
    } else if (kind === 'digits') {
      need([[subject, 1n]]);
      if (a.length > 0 || b.length > 0) malformed('digits of more');
      for (const [slot] of digitsOf(c, subject)) settle(slot);
    } else {
      const holders = [a, b, c].map((list) => list.filter(([slot]) => slot === subject).length);
      const isLinear = holders.every((count) => count <= 1) && holders[0]! + holders[1]! <= 1;
      const isSolvable = kind === 'solve' ? holders[0]! + holders[1]! === 0 : isLinear;
      if (kind !== 'check' && !(isSolvable && holders[2]! <= 1)) malformed('an equation is not linear');
      for (const list of [a, b, c]) need(list, kind === 'check' ? undefined : subject);
      if (kind === 'check') continue;
      if (known[subject] !== 0 || run.includes(subject)) malformed(`slot ${subject} is computed twice`);
      if (!isDivision) settle(subject);
      else run.push(subject);
      if (kind !== 'divide-last') continue;
      run.forEach(settle);
      run = [];
    }
  }
  if (run.length > 0) malformed('a run of divisions has no end');
  need(wireSlots.map((slot) => [slot, 1n] as const));
}

/** Slot and bit of each digit of the subject. */
function digitsOf(c: LinearCombination, subject: number): [slot: number, bit: number][] {
  const sign = c.find(([slot]) => slot === subject)?.[1];
  if (sign !== 1n && sign !== modQ(-1n)) malformed('digits of a multiple');
  const bits = new Set<number>();
  return c
    .filter(([slot]) => slot !== subject)
    .map(([slot, value]) => {
      const weight = sign === 1n ? modQ(-value) : value;
      const bit = weight.toString(2).length - 1;
      if (weight !== 1n << BigInt(bit) || bit > MAX_BIT || bits.has(bit)) malformed('a digit has no place');
      bits.add(bit);
      return [slot, bit];
    });
}

function compute(program: Program, inputs: Uint8Array): WitnessOutcome {
  const elements = program.inputs.flatMap(({ slots }) => slots);
  if (inputs.length !== ELEMENT * elements.length) {
    throw new ProverError('packed-length', `the circuit takes ${elements.length} inputs of ${ELEMENT} bytes`);
  }
  const values = readElements(inputs);
  if (!values.every(isField))
    throw new ProverError('field-not-canonical', 'an input is not below the modulus');
  const slots = new Array<bigint>(program.slots).fill(0n);
  slots[0] = 1n;
  elements.forEach((slot, i) => {
    slots[slot] = values[i]!;
  });
  const broken = execute(program.instructions, slots);
  if (broken !== undefined) return { ok: false, equation: broken };
  const witness = new Uint8Array(ELEMENT * program.wires);
  const view = new DataView(witness.buffer);
  program.wireSlots.forEach((slot, wire) => {
    for (let word = 0; word < 4; word++) {
      view.setBigUint64(
        ELEMENT * wire + 8 * word,
        BigInt.asUintN(64, slots[slot]! >> BigInt(64 * word)),
        true,
      );
    }
  });
  return { ok: true, witness };
}

/** Gives the number of the first instruction whose equation does not hold. Unknown slots hold 0. */
function execute(instructions: readonly Instruction[], slots: bigint[]): number | undefined {
  // Results of a run of divisions, which none of its own equations may see.
  const quotients: [slot: number, value: bigint][] = [];
  for (const [i, { kind, a, b, c, subject }] of instructions.entries()) {
    if (kind === 'digits') {
      let rest = slots[subject]!;
      for (const [slot, bit] of digitsOf(c, subject)) {
        slots[slot] = (rest >> BigInt(bit)) & 1n;
        if (slots[slot] === 1n) rest ^= 1n << BigInt(bit);
      }
      if (rest !== 0n) return i;
      continue;
    }
    if (kind === 'invert') {
      slots[b[0]![0]] = slots[subject] === 0n ? 0n : invert(slots[subject]!);
      continue;
    }
    const [x, y] = [evaluate(a, slots), evaluate(b, slots)];
    const rest = modQ(x * y - sum(c, slots));
    if (kind === 'check') {
      if (rest !== 0n) return i;
    } else if (kind === 'solve') {
      slots[subject] = over(rest, coefficientIn(c, subject));
    } else {
      const factor = modQ(
        coefficientIn(a, subject) * y + coefficientIn(b, subject) * x - coefficientIn(c, subject),
      );
      if (factor === 0n && rest !== 0n) return i;
      quotients.push([subject, factor === 0n ? 0n : modQ(-rest * invert(factor))]);
      if (kind === 'divide-last') for (const [slot, value] of quotients.splice(0)) slots[slot] = value;
    }
  }
  return undefined;
}

const MINUS_ONE = modQ(-1n);

function over(value: bigint, coefficient: bigint): bigint {
  if (coefficient === 1n) return value;
  return modQ(coefficient === MINUS_ONE ? -value : value * invert(coefficient));
}

function sum(list: LinearCombination, slots: readonly bigint[]): bigint {
  let total = 0n;
  for (const [slot, coefficient] of list) {
    const value = slots[slot]!;
    if (coefficient === 1n) total += value;
    else if (coefficient === MINUS_ONE) total -= value;
    else total += coefficient * value;
  }
  return total;
}

const evaluate = (list: LinearCombination, slots: readonly bigint[]): bigint => modQ(sum(list, slots));

const coefficientIn = (list: LinearCombination, slot: number): bigint =>
  list.find(([holder]) => holder === slot)?.[1] ?? 0n;
