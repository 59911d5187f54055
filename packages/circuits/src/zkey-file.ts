import { concat, leBytes, leInteger, Q } from '@sero/crypto';
import { type Origin, readOrigin, writeOrigin } from './ceremony/contribution.ts';
import { CeremonyError } from './ceremony/errors.ts';
import type { PublicKey } from './ceremony/knowledge.ts';
import {
  type FieldReader,
  fieldReader,
  readSections,
  sectionOf,
  u32,
  writeSections,
} from './ceremony/sections.ts';
import type { MatrixEntry } from './setup-qap.ts';

/**
 * A Groth16 proving key in snarkjs' .zkey format (version 1, ten sections), and in it phase 2 of a ceremony: who
 * contributed to delta. Points have the bytes of GroupEngine.
 */
export interface ProvingKey {
  readonly wires: number;
  readonly publicInputs: number;
  /** N = 2^k, at least constraints + public inputs + 1. */
  readonly domainSize: number;
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly gamma2: Uint8Array;
  readonly delta1: Uint8Array;
  readonly delta2: Uint8Array;
  /** [beta A_i + alpha B_i + C_i over gamma] for the constant and each public wire. */
  readonly ic: Uint8Array;
  /** The matrices A and B: see `packEntries`. */
  readonly coefficients: Uint8Array;
  readonly a1: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  /** [beta A_i + alpha B_i + C_i over delta] for each private wire. */
  readonly l1: Uint8Array;
  /** What the quotient's values on the odd coset are multiplied with, over delta: N points. */
  readonly h1: Uint8Array;
  /** 64 bytes that stand for the circuit and for phase 1; zeros where there was no ceremony. */
  readonly circuitHash: Uint8Array;
  readonly contributions: readonly KeyContribution[];
}

/** What somebody multiplied delta with, and that he knew it. */
export interface KeyContribution {
  /** [delta] of G1 after it. */
  readonly delta1: Uint8Array;
  readonly key: PublicKey;
  /** Hash of the transcript up to the key's s and [x] s. */
  readonly transcript: Uint8Array;
  readonly origin: Origin;
}

const FQ_BYTES = 48;
const FR_BYTES = 32;
const G1_BYTES = 96;
const G2_BYTES = 192;
const HASH_BYTES = 64;
const FQ_MODULUS =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const GROTH16 = 1;
/** Entries are kept times R^2, R = 2^256, so that one Montgomery product with a plain value is in Montgomery form. */
const R_SQUARED = (1n << 512n) % Q;
const ENTRY_BYTES = 12 + FR_BYTES;

/** The matrices' entries as section 4 holds them: their number (u32), then matrix, row, wire (u32 each) and value. */
export function packEntries(entries: readonly MatrixEntry[]): Uint8Array {
  const out = new Uint8Array(4 + ENTRY_BYTES * entries.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, entries.length, true);
  for (const [i, { matrix, row, wire, value }] of entries.entries()) {
    const at = 4 + i * ENTRY_BYTES;
    view.setUint32(at, matrix, true);
    view.setUint32(at + 4, row, true);
    view.setUint32(at + 8, wire, true);
    out.set(leBytes((value * R_SQUARED) % Q, FR_BYTES), at + 12);
  }
  return out;
}

function writeContribution({ delta1, key, transcript, origin }: KeyContribution): Uint8Array {
  return concat(delta1, key.s1, key.sx1, key.spx2, transcript, writeOrigin(origin));
}

function readContribution(from: FieldReader): KeyContribution {
  const delta1 = from.bytes(G1_BYTES);
  const key = { s1: from.bytes(G1_BYTES), sx1: from.bytes(G1_BYTES), spx2: from.bytes(G2_BYTES) };
  return { delta1, key, transcript: from.bytes(HASH_BYTES), origin: readOrigin(from) };
}

/** Writes a .zkey. */
export function writeProvingKey(key: ProvingKey): Uint8Array {
  const fields = concat(u32(FQ_BYTES), leBytes(FQ_MODULUS, FQ_BYTES), u32(FR_BYTES), leBytes(Q, FR_BYTES));
  const sizes = concat(u32(key.wires), u32(key.publicInputs), u32(key.domainSize));
  const log = key.contributions.map(writeContribution);
  return writeSections('zkey', [
    [1, u32(GROTH16)],
    [2, concat(fields, sizes, key.alpha1, key.beta1, key.beta2, key.gamma2, key.delta1, key.delta2)],
    [3, key.ic],
    [4, key.coefficients],
    [5, key.a1],
    [6, key.b1],
    [7, key.b2],
    [8, key.l1],
    [9, key.h1],
    [10, concat(key.circuitHash, u32(log.length), ...log)],
  ]);
}

/**
 * Reads a .zkey over BLS12-381. Its form is checked; what it says is `verifyKey`'s to check.
 *
 * @throws CeremonyError `file-malformed`
 */
export function readProvingKey(bytes: Uint8Array): ProvingKey {
  const malformed = (why: string): CeremonyError => new CeremonyError('file-malformed', `.zkey: ${why}`);
  const file = readSections(bytes, 'zkey');
  if (fieldReader(sectionOf(file, 1, 4)).u32() !== GROTH16) throw malformed('not a Groth16 key');
  const head = fieldReader(sectionOf(file, 2, 8 + FQ_BYTES + FR_BYTES + 12 + 3 * G1_BYTES + 3 * G2_BYTES));
  const isField = (size: number, modulus: bigint): boolean =>
    head.u32() === size && leInteger(head.bytes(size)) === modulus;
  if (!isField(FQ_BYTES, FQ_MODULUS) || !isField(FR_BYTES, Q)) throw malformed('not over BLS12-381');
  const [wires, publicInputs, domainSize] = [head.u32(), head.u32(), head.u32()];
  if (publicInputs + 1 > wires || Math.log2(domainSize) % 1 !== 0) throw malformed('sizes that cannot be');
  const points = {
    alpha1: head.bytes(G1_BYTES),
    beta1: head.bytes(G1_BYTES),
    beta2: head.bytes(G2_BYTES),
    gamma2: head.bytes(G2_BYTES),
    delta1: head.bytes(G1_BYTES),
    delta2: head.bytes(G2_BYTES),
  };
  const coefficients = sectionOf(file, 4, file.get(4)?.length ?? 0);
  if (coefficients.length !== 4 + ENTRY_BYTES * fieldReader(coefficients).u32()) {
    throw malformed('the coefficients are not as many as announced');
  }
  const log = fieldReader(sectionOf(file, 10, file.get(10)?.length ?? 0));
  const circuitHash = log.bytes(HASH_BYTES);
  const contributions: KeyContribution[] = [];
  for (let left = log.u32(); left > 0; left--) contributions.push(readContribution(log));
  if (log.left() !== 0) throw malformed('bytes after the last contribution');
  return {
    ...{ wires, publicInputs, domainSize },
    ...points,
    ic: sectionOf(file, 3, (publicInputs + 1) * G1_BYTES),
    coefficients,
    a1: sectionOf(file, 5, wires * G1_BYTES),
    b1: sectionOf(file, 6, wires * G1_BYTES),
    b2: sectionOf(file, 7, wires * G2_BYTES),
    l1: sectionOf(file, 8, (wires - publicInputs - 1) * G1_BYTES),
    h1: sectionOf(file, 9, domainSize * G1_BYTES),
    circuitHash,
    contributions,
  };
}
