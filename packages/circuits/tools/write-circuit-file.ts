import { concat, leBytes, Q, utf8 } from '@sero/crypto';
import { CIRCUIT_MAGIC, type Instruction, KINDS, type Program } from '../src/circuit-file.ts';
import type { LinearCombination, R1cs } from '../src/setup-r1cs.ts';

/** Writes the format of src/circuit-file.ts. The same circuit gives the same bytes. */
export function writeCircuitFile(program: Program, constraints: R1cs['constraints']): Uint8Array {
  const head: number[] = [];
  for (const size of [program.wires, program.publicInputs, program.slots]) uint(head, size);
  let last = 0;
  const slot = (value: number): void => {
    signed(head, value - last - 1);
    last = value;
  };
  uint(head, program.inputs.length);
  for (const { name, slots } of program.inputs) {
    uint(head, name.length);
    head.push(...utf8(name));
    uint(head, slots.length);
    slots.forEach(slot);
  }
  last = 0;
  program.wireSlots.slice(1).forEach(slot);
  const coefficients = numbering<bigint, bigint>();
  const parts = [programPart(program.instructions, coefficients), constraintsPart(constraints, coefficients)];
  return concat(
    Uint8Array.from(CIRCUIT_MAGIC),
    program.hash,
    Uint8Array.from(head),
    ...parts.flatMap((part) => [Uint8Array.from(uint([], part.length)), part]),
  );
}

function uint(out: number[], value: number): number[] {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) + 0x80);
  out.push(rest);
  return out;
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const signed = (out: number[], value: number): number[] => uint(out, zigzag(value));

/** Things numbered by their first use. */
interface Numbering<K, V> {
  readonly of: (key: K, value: V) => number;
  readonly values: readonly V[];
}

function numbering<K, V>(): Numbering<K, V> {
  const known = new Map<K, number>();
  const values: V[] = [];
  return {
    of: (key, value) => {
      const found = known.get(key);
      if (found !== undefined) return found;
      known.set(key, values.length);
      values.push(value);
      return values.length - 1;
    },
    values,
  };
}

type Lists = readonly [a: LinearCombination, b: LinearCombination, c: LinearCombination];

function programPart(
  instructions: readonly Instruction[],
  coefficients: Numbering<bigint, bigint>,
): Uint8Array {
  return part(instructions, coefficients, (instruction, terms) => {
    const { kind, a, b, c, subject } = instruction;
    const lists: Lists = [a, b, c];
    const code = [KINDS.indexOf(kind), ...terms(lists)];
    if (kind === 'check' || kind === 'invert') return { code, lists };
    const among = kind.startsWith('divide') ? lists.flat() : c;
    return {
      code: uint(
        code,
        among.findIndex(([wire]) => wire === subject),
      ),
      lists,
    };
  });
}

function constraintsPart(
  constraints: R1cs['constraints'],
  coefficients: Numbering<bigint, bigint>,
): Uint8Array {
  return part(constraints, coefficients, (lists, terms) => ({ code: terms(lists), lists }));
}

/** New coefficients, patterns and what is made of them; `describe` gives an item's pattern and its terms. */
function part<T>(
  items: readonly T[],
  coefficients: Numbering<bigint, bigint>,
  describe: (
    item: T,
    terms: (lists: Lists) => number[],
  ) => { readonly code: number[]; readonly lists: Lists },
): Uint8Array {
  const known = coefficients.values.length;
  const patterns = numbering<string, number[]>();
  const coefficientCode = (value: bigint): number => {
    const isNegative = value > Q / 2n;
    const size = isNegative ? Q - value : value;
    return 2 * coefficients.of(size, size) + (isNegative ? 1 : 0);
  };
  const body: number[] = [];
  let lastBase = 0;
  for (const item of items) {
    const { code, lists } = describe(item, (all) => termsCode(all, coefficientCode));
    const base = baseOf(lists);
    uint(body, patterns.of(code.join(), code));
    signed(body, base - lastBase);
    lastBase = base;
  }
  const fresh = coefficients.values.slice(known);
  return concat(
    Uint8Array.from(uint([], fresh.length)),
    ...fresh.map((value) => leBytes(value, 32)),
    Uint8Array.from(uint([], patterns.values.length)),
    ...patterns.values.map((code) => Uint8Array.from(code)),
    Uint8Array.from(uint([], items.length)),
    Uint8Array.from(body),
  );
}

const baseOf = (lists: Lists): number => lists.flat().find(([wire]) => wire !== 0)?.[0] ?? 0;

function termsCode(lists: Lists, coefficientCode: (value: bigint) => number): number[] {
  const [a, b, c] = lists;
  const out: number[] = [];
  let last = baseOf(lists);
  const terms = (list: LinearCombination): void => {
    uint(out, list.length);
    for (const [wire, value] of list) {
      uint(out, coefficientCode(value));
      uint(out, wire === 0 ? 0 : 1 + zigzag(wire - last));
      if (wire !== 0) last = wire;
    }
  };
  const isB = (map: (value: bigint) => bigint): boolean =>
    b.length === a.length && b.every(([wire, value], i) => wire === a[i]![0] && value === map(a[i]![1]));
  terms(a);
  if (isB((value) => value)) out.push(1);
  else if (isB((value) => Q - value)) out.push(2);
  else {
    out.push(0);
    terms(b);
  }
  terms(c);
  return out;
}
