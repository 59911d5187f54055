import { leInteger, Q } from '@sero/crypto';
import { ProverError } from '@sero/prover';
import type { LinearCombination, R1cs } from './setup-r1cs.ts';

/**
 * The circuit file: the program that computes a circuit's wires from its inputs, and its constraints. Made from what
 * circom makes of the sources, by tools/make-programs.ts.
 *
 * A program computes slots: one for each signal of the circuit, copies taken together, of which simplification has left
 * some as wires. Slot 0 is the constant 1.
 *
 * Integers are LEB128, below 2^32; "signed" ones are zigzag-coded first. A coefficient is named by 2 index + sign, where
 * an odd number says that it is to be negated. A list of terms is a count, then each: coefficient, place: 0 for the
 * constant, else 1 + the signed distance from the term before it that is no constant (from the base for the first one).
 *
 *     "sero" 0x01     magic and version
 *     32 bytes        SHA-256 of the .r1cs
 *     sizes           wires, public inputs (wires 1 and on), slots
 *     inputs          count, then each: length of the name, name (ASCII), count, slots (signed, from the one before + 1)
 *     wires           the slot of each but wire 0 (signed, from the one before + 1)
 *     program         its length in bytes, then:
 *       coefficients    count, then each: 32 bytes, little-endian, in [1, (q - 1)/2]
 *       patterns        count, then each: kind (see `Instruction`), terms of A; 0, terms of B | 1 (B = A) | 2 (B = -A);
 *                       terms of C; the place of its subject in C (solve, digits) or in A, B and C together (divide)
 *       instructions    count, then each: pattern, base (signed, from the one before)
 *     constraints     its length in bytes, then further coefficients, numbered on, patterns (without kind and place) and
 *                     constraints, over wires, coded like instructions
 */
export interface CircuitHeader {
  /** SHA-256 of the .r1cs. */
  readonly hash: Uint8Array;
  readonly wires: number;
  readonly publicInputs: number;
  /** In the order in which a witness engine takes them. */
  readonly inputs: readonly InputSignal[];
}

/** An input of the circuit by name, and the slots of its elements. */
export interface InputSignal {
  readonly name: string;
  readonly slots: readonly number[];
}

/**
 * One step of a program, about the equation A B = C over slots.
 *
 * - solve: C alone holds the subject, all else is known: subject = (A B - rest of C) / coefficient.
 * - check: all is known, and the equation must hold.
 * - divide: the subject stands in A or in B, and perhaps in C. Where its factor is 0 it becomes 0, and the equation
 *   must hold. A run of divisions ends with `divide-last`; none needs what another one gives, so that they can share
 *   an inversion.
 * - digits: A and B are empty; the subject is known and has the coefficient 1 (or -1), every other slot of C
 *   -2^i (or 2^i): it gets the subject's binary digit i, and the equation must hold.
 * - invert: A is the subject, B another slot, which gets the inverse of the subject, 0 for 0. Nothing is checked.
 */
export interface Instruction {
  readonly kind: (typeof KINDS)[number];
  readonly a: LinearCombination;
  readonly b: LinearCombination;
  readonly c: LinearCombination;
  /** A slot; 0 for check. */
  readonly subject: number;
}

/** Kinds by their number in the file. */
export const KINDS = ['solve', 'check', 'divide', 'divide-last', 'digits', 'invert'] as const;

/** What computes a witness. */
export interface Program extends CircuitHeader {
  readonly slots: number;
  /** The slot of each wire. */
  readonly wireSlots: readonly number[];
  readonly instructions: readonly Instruction[];
}

export const CIRCUIT_MAGIC: readonly number[] = [0x73, 0x65, 0x72, 0x6f, 1];
const HASH_BYTES = 32;
const ELEMENT_BYTES = 32;
/** What bounds the work that a file can ask for. */
const MAX_SLOTS = 2 ** 22;
const MAX_TERMS = 2 ** 26;

function malformed(why: string): never {
  throw new ProverError('circuit-malformed', `not a circuit file (${why}): make it again from the circuit`);
}

interface Reader {
  bytes(length: number): Uint8Array;
  uint(): number;
  /** A count of things that take at least one byte each. */
  count(): number;
  signed(): number;
  readonly finished: () => boolean;
}

function reader(bytes: Uint8Array): Reader {
  let at = 0;
  const uint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = bytes[at++] ?? malformed('cut short');
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value < 2 ** 32 ? value : malformed('an integer is too large');
    }
    return malformed('an integer is too large');
  };
  return {
    bytes: (length) => {
      if (length > bytes.length - at) malformed('cut short');
      at += length;
      return bytes.subarray(at - length, at);
    },
    uint,
    count: () => {
      const count = uint();
      return count <= bytes.length - at ? count : malformed('cut short');
    },
    signed: () => {
      const code = uint();
      return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
    },
    finished: () => at === bytes.length,
  };
}

const repeat = <T>(count: number, make: (i: number) => T): T[] => {
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(make(i));
  return list;
};

interface Parts {
  readonly header: CircuitHeader;
  readonly slots: number;
  readonly wireSlots: readonly number[];
  readonly program: Reader;
  readonly constraints: Reader;
}

function readParts(file: Uint8Array): Parts {
  const from = reader(file);
  if (!CIRCUIT_MAGIC.every((byte, i) => byte === file[i])) malformed('it does not begin as one');
  from.bytes(CIRCUIT_MAGIC.length);
  const hash = from.bytes(HASH_BYTES).slice();
  const [wires, publicInputs, slots] = [from.count(), from.uint(), from.uint()];
  if (wires === 0 || publicInputs >= wires || slots > MAX_SLOTS) malformed('its sizes');
  let last = 0;
  const slot = (): number => {
    last += 1 + from.signed();
    return last > 0 && last < slots ? last : malformed('a slot is out of range');
  };
  const inputs = repeat(from.count(), () => {
    const name = String.fromCharCode(...from.bytes(from.count()));
    return { name, slots: repeat(from.count(), slot) };
  });
  if (new Set(inputs.map(({ name }) => name)).size !== inputs.length) malformed('two inputs of one name');
  last = 0;
  const wireSlots = repeat(wires, (i) => (i === 0 ? 0 : slot()));
  const part = (): Reader => reader(from.bytes(from.uint()));
  const [program, constraints] = [part(), part()];
  if (!from.finished()) malformed('bytes after its end');
  return { header: { hash, wires, publicInputs, inputs }, slots, wireSlots, program, constraints };
}

interface Term {
  readonly coefficient: bigint;
  /** From the base; undefined for the constant. */
  readonly offset: number | undefined;
}
type Terms = readonly Term[];
type Pattern = readonly [a: Terms, b: Terms, c: Terms];
type Lists = readonly [a: LinearCombination, b: LinearCombination, c: LinearCombination];

type Coefficients = readonly bigint[];

/** Each with its negative behind it. */
function readCoefficients(from: Reader): Coefficients {
  return repeat(from.count(), () => {
    const value = leInteger(from.bytes(ELEMENT_BYTES));
    return value > 0n && value <= Q / 2n ? [value, Q - value] : malformed('a coefficient is out of range');
  }).flat();
}

function readPattern(from: Reader, coefficients: Coefficients): Pattern {
  let offset = 0;
  const terms = (): Terms =>
    repeat(from.count(), () => {
      const value = coefficients[from.uint()] ?? malformed('a coefficient does not exist');
      const place = from.uint();
      if (place === 0) return { coefficient: value, offset: undefined };
      offset += place % 2 === 1 ? (place - 1) / 2 : -place / 2;
      return { coefficient: value, offset };
    });
  const a = terms();
  const mode = from.uint();
  if (mode === 0) return [a, terms(), terms()];
  if (mode === 1) return [a, a, terms()];
  if (mode !== 2) malformed('a pattern is unknown');
  return [a, a.map((term) => ({ ...term, coefficient: Q - term.coefficient })), terms()];
}

/** A reader of lists of terms that stand at a base, one after the other. */
function placer(from: Reader, slots: number): (pattern: Pattern) => Lists {
  let base = 0;
  let terms = 0;
  const place = (list: Terms): LinearCombination =>
    list.map(({ coefficient, offset }) => {
      const slot = offset === undefined ? 0 : base + offset;
      return slot >= 0 && slot < slots ? ([slot, coefficient] as const) : malformed('a term is out of range');
    });
  return ([a, b, c]) => {
    base += from.signed();
    terms += a.length + b.length + c.length;
    if (terms > MAX_TERMS) malformed('too many terms');
    return [place(a), place(b), place(c)];
  };
}

/** Reads sizes and names. @throws ProverError `circuit-malformed` */
export function readCircuitHeader(file: Uint8Array): CircuitHeader {
  return readParts(file).header;
}

/**
 * The constraints of a circuit file, as `readR1cs` gives them from the .r1cs.
 *
 * @throws ProverError `circuit-malformed`
 */
export function readCircuit(file: Uint8Array): R1cs {
  const { header, program, constraints: from } = readParts(file);
  const coefficients = [...readCoefficients(program), ...readCoefficients(from)];
  const patterns = repeat(from.count(), () => readPattern(from, coefficients));
  const place = placer(from, header.wires);
  const constraints = repeat(from.count(), () =>
    place(patterns[from.uint()] ?? malformed('a pattern does not exist')),
  );
  if (!from.finished()) malformed('bytes after the constraints');
  return { wires: header.wires, publicInputs: header.publicInputs, constraints };
}

/**
 * The program of a circuit file. That its instructions find known what they need is not checked here: see
 * `createReferenceEngine`.
 *
 * @throws ProverError `circuit-malformed`
 */
export function readProgram(file: Uint8Array): Program {
  const { header, slots, wireSlots, program: from } = readParts(file);
  const coefficients = readCoefficients(from);
  const patterns = repeat(from.count(), () => {
    const kind = KINDS[from.uint()] ?? malformed('an instruction is unknown');
    const lists = readPattern(from, coefficients);
    return { kind, lists, at: kind === 'check' || kind === 'invert' ? 0 : from.uint() };
  });
  const place = placer(from, slots);
  const instructions = repeat(from.count(), (): Instruction => {
    const { kind, lists, at } = patterns[from.uint()] ?? malformed('a pattern does not exist');
    const [a, b, c] = place(lists);
    const among = kind === 'invert' ? a : kind.startsWith('divide') ? [...a, ...b, ...c] : c;
    const subject = kind === 'check' ? 0 : (among[at] ?? malformed('an instruction has no subject'))[0];
    return { kind, a, b, c, subject };
  });
  if (!from.finished()) malformed('bytes after the program');
  return { ...header, slots, wireSlots, instructions };
}
