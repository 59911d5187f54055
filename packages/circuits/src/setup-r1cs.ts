import { leInteger, Q } from '@sero/crypto';

/** A linear combination: wire and coefficient (in [0, q)), in the file's order. */
export type LinearCombination = readonly (readonly [wire: number, coefficient: bigint])[];

/** A circuit as constraints A * B = C over the wires, of which the first is the constant 1. */
export interface R1cs {
  readonly wires: number;
  /** Outputs and public inputs, the wires right after the constant. */
  readonly publicInputs: number;
  readonly constraints: readonly (readonly [
    a: LinearCombination,
    b: LinearCombination,
    c: LinearCombination,
  ])[];
}

/** Bytes that are no .r1cs over BLS12-381's scalar field. */
export class R1csError extends Error {
  readonly code = 'r1cs-malformed';
  readonly why: string;

  constructor(why: string) {
    super(`.r1cs: ${why}`);
    this.name = 'R1csError';
    this.why = why;
  }
}

const FR_BYTES = 32;
const HEADER = 1;
const CONSTRAINTS = 2;

function readSections(bytes: Uint8Array): Map<number, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 4)) !== 'r1cs')
    throw new R1csError('no such file');
  const sections = new Map<number, Uint8Array>();
  let at = 12;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    if (at + 12 > bytes.length) throw new R1csError('cut short');
    const [type, length] = [view.getUint32(at, true), Number(view.getBigUint64(at + 4, true))];
    at += 12;
    if (length > bytes.length - at) throw new R1csError('cut short');
    sections.set(type, bytes.subarray(at, at + length));
    at += length;
  }
  return sections;
}

interface Reader {
  u32(): number;
  element(): bigint;
  readonly finished: () => boolean;
}

function reader(bytes: Uint8Array): Reader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const advance = (length: number): number => {
    if (at + length > bytes.length) throw new R1csError('a section is cut short');
    at += length;
    return at - length;
  };
  return {
    u32: () => view.getUint32(advance(4), true),
    element: () => {
      const from = advance(FR_BYTES);
      return leInteger(bytes.subarray(from, from + FR_BYTES));
    },
    finished: () => at === bytes.length,
  };
}

function readCombination(from: Reader, wires: number): LinearCombination {
  const terms: [number, bigint][] = [];
  for (let left = from.u32(); left > 0; left--) {
    const [wire, coefficient] = [from.u32(), from.element()];
    if (wire >= wires || coefficient >= Q) throw new R1csError('a term is out of range');
    terms.push([wire, coefficient]);
  }
  return terms;
}

/**
 * Reads iden3's .r1cs (its header and constraints; custom gates are refused).
 *
 * @throws R1csError
 */
export function readR1cs(bytes: Uint8Array): R1cs {
  const sections = readSections(bytes);
  const [headBytes, body] = [sections.get(HEADER), sections.get(CONSTRAINTS)];
  if (headBytes === undefined || body === undefined) throw new R1csError('no header or no constraints');
  if ((sections.get(4)?.length ?? 4) > 4) throw new R1csError('custom gates are not for Groth16');
  const head = reader(headBytes);
  if (head.u32() !== FR_BYTES || head.element() !== Q)
    throw new R1csError("not over BLS12-381's scalar field");
  const [wires, outputs, publicInputs] = [head.u32(), head.u32(), head.u32()];
  if (outputs + publicInputs + 1 > wires) throw new R1csError('more public wires than wires');
  // The number of private inputs and that of labels (u64) matter to nobody here. The former may be larger than there are
  // wires: circom counts inputs before it simplifies, and gives those that no constraint is left of no wire.
  for (let word = 0; word < 3; word++) head.u32();
  const count = head.u32();
  const from = reader(body);
  const constraints = Array.from({ length: count }, () => {
    const [a, b, c] = [
      readCombination(from, wires),
      readCombination(from, wires),
      readCombination(from, wires),
    ];
    return [a, b, c] as const;
  });
  if (!from.finished()) throw new R1csError('bytes after the last constraint');
  return { wires, publicInputs: outputs + publicInputs, constraints };
}
