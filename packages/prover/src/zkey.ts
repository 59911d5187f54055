import { bls12_381 } from '@noble/curves/bls12-381.js';
import { leInteger, Q } from '@sero/crypto';
import { ProverError } from './errors.ts';
import { encodeG1, encodeG2 } from './points.ts';
import { PROOF_SYSTEM_GROTH16_BLS12381, type VerifyingKey } from './verifying-key.ts';

/**
 * What is read here of the iden3 binary formats (.zkey, .wtns): a magic of four bytes, a version, a number of
 * sections; each section a type (u32), a length (u64) and its bytes; all integers little-endian. Points of a
 * .zkey are affine, in Montgomery form with R = 2^384.
 */
type Sections = ReadonlyMap<number, Uint8Array>;

const { Fp, Fp2 } = bls12_381.fields;
const FQ_BYTES = 48;
const FR_BYTES = 32;
const GROTH16 = 1;
const MONTGOMERY_INVERSE = Fp.inv(Fp.create(1n << 384n));

type Fault = 'zkey-malformed' | 'witness-malformed';

function readSections(bytes: Uint8Array, magic: 'zkey' | 'wtns', code: Fault): Sections {
  const refuse = (why: string): ProverError => new ProverError(code, `.${magic}: ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 4)) !== magic)
    throw refuse('not such a file');
  const count = view.getUint32(8, true);
  const sections = new Map<number, Uint8Array>();
  let at = 12;
  for (let i = 0; i < count; i++) {
    if (at + 12 > bytes.length) throw refuse('cut short');
    const type = view.getUint32(at, true);
    const length = view.getBigUint64(at + 4, true);
    at += 12;
    if (length > BigInt(bytes.length - at)) throw refuse('cut short');
    if (sections.has(type)) throw refuse(`section ${type} stands twice`);
    sections.set(type, bytes.subarray(at, at + Number(length)));
    at += Number(length);
  }
  if (at !== bytes.length) throw refuse('bytes after the last section');
  return sections;
}

function section(file: Sections, type: number, minimum: number, code: Fault): Uint8Array {
  const bytes = file.get(type);
  if (bytes === undefined || bytes.length < minimum)
    throw new ProverError(code, `section ${type} is missing or short`);
  return bytes;
}

const u32 = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);

/** Sizes of a proving key. */
export interface ZkeyShape {
  /** Wires, the constant 1 among them: the length of a witness. */
  readonly wires: number;
  readonly publicInputs: number;
  readonly domainSize: number;
}

interface ZkeyHeader extends ZkeyShape {
  /** alpha1, beta1, beta2, gamma2, delta1, delta2. */
  readonly points: Uint8Array;
}

/** A proving key cut into its parts; nothing of what they hold is checked. */
export interface ZkeyParts extends ZkeyHeader {
  /** Bytes of a section, which must have this length; throws `zkey-malformed`. */
  section(type: number, length: number): Uint8Array;
  /** Bytes of a section of any length from `minimum` on. */
  sectionFrom(type: number, minimum: number): Uint8Array;
}

const HEADER_BYTES = 4 + FQ_BYTES + 4 + FR_BYTES + 12;
const POINTS_BYTES = 3 * 2 * FQ_BYTES + 3 * 4 * FQ_BYTES;

function readHeader(file: Sections): ZkeyHeader {
  if (u32(section(file, 1, 4, 'zkey-malformed'), 0) !== GROTH16) {
    throw new ProverError('zkey-malformed', '.zkey: not a Groth16 key');
  }
  const head = section(file, 2, HEADER_BYTES + POINTS_BYTES, 'zkey-malformed');
  const fq = leInteger(head.subarray(4, 4 + FQ_BYTES));
  const fr = leInteger(head.subarray(8 + FQ_BYTES, 8 + FQ_BYTES + FR_BYTES));
  if (u32(head, 0) !== FQ_BYTES || fq !== Fp.ORDER || u32(head, 4 + FQ_BYTES) !== FR_BYTES || fr !== Q) {
    throw new ProverError('zkey-malformed', '.zkey: not over BLS12-381');
  }
  const at = HEADER_BYTES - 12;
  return {
    wires: u32(head, at),
    publicInputs: u32(head, at + 4),
    domainSize: u32(head, at + 8),
    points: head.subarray(HEADER_BYTES, HEADER_BYTES + POINTS_BYTES),
  };
}

/** Cuts a proving key into its parts; throws `zkey-malformed` for anything but Groth16 over BLS12-381. */
export function readZkeyParts(zkey: Uint8Array): ZkeyParts {
  const file = readSections(zkey, 'zkey', 'zkey-malformed');
  const sectionFrom = (type: number, minimum: number): Uint8Array =>
    section(file, type, minimum, 'zkey-malformed');
  return {
    ...readHeader(file),
    sectionFrom,
    section: (type, length) => {
      const bytes = sectionFrom(type, length);
      if (bytes.length === length) return bytes;
      throw new ProverError(
        'zkey-malformed',
        `.zkey: section ${type} has ${bytes.length} bytes in place of ${length}`,
      );
    },
  };
}

/** Reads a proving key's sizes; throws `zkey-malformed` for anything but Groth16 over BLS12-381. */
export function readZkeyShape(zkey: Uint8Array): ZkeyShape {
  const { wires, publicInputs, domainSize } = readHeader(readSections(zkey, 'zkey', 'zkey-malformed'));
  return { wires, publicInputs, domainSize };
}

/** Reads a .wtns file's number of values; throws `witness-malformed` for anything but a witness over q. */
export function readWitnessLength(witness: Uint8Array): number {
  return readWitnessValues(witness).length / FR_BYTES;
}

/** The values of a .wtns file as they stand there, packed; throws `witness-malformed` for anything but a witness over q. */
export function readWitnessValues(witness: Uint8Array): Uint8Array {
  const file = readSections(witness, 'wtns', 'witness-malformed');
  const head = section(file, 1, 4 + FR_BYTES + 4, 'witness-malformed');
  const modulus = leInteger(head.subarray(4, 4 + FR_BYTES));
  const count = u32(head, 4 + FR_BYTES);
  if (u32(head, 0) !== FR_BYTES || modulus !== Q) {
    throw new ProverError('witness-malformed', ".wtns: not over BLS12-381's scalar field");
  }
  const values = section(file, 2, 0, 'witness-malformed');
  if (values.length !== count * FR_BYTES) {
    throw new ProverError('witness-malformed', '.wtns: the values are not as many as announced');
  }
  return values;
}

function coordinate(bytes: Uint8Array, at: number): bigint {
  return Fp.mul(Fp.create(leInteger(bytes.subarray(at, at + FQ_BYTES))), MONTGOMERY_INVERSE);
}

const g1At = (bytes: Uint8Array, at: number): Uint8Array =>
  encodeG1({ x: coordinate(bytes, at), y: coordinate(bytes, at + FQ_BYTES) });

const g2At = (bytes: Uint8Array, at: number): Uint8Array => {
  const c = [0, 1, 2, 3].map((i) => coordinate(bytes, at + i * FQ_BYTES));
  return encodeG2({ x: Fp2.fromBigTuple([c[0]!, c[1]!]), y: Fp2.fromBigTuple([c[2]!, c[3]!]) });
};

/**
 * The verifying key that a .zkey holds (sections 2 and 3). Its points are converted, not checked:
 * `checkVerifyingKey` does that wherever a key is loaded.
 *
 * @param zkey bytes of a .zkey, BLS12-381, Groth16
 * @param circuit circuit id for the key, 1 to 255
 * @param development whether the setup's toxic waste is public
 * @throws ProverError `zkey-malformed`
 */
export function verifyingKeyFromZkey(zkey: Uint8Array, circuit: number, development: boolean): VerifyingKey {
  const file = readSections(zkey, 'zkey', 'zkey-malformed');
  const { points, publicInputs } = readHeader(file);
  const ic = section(file, 3, 0, 'zkey-malformed');
  if (ic.length !== (publicInputs + 1) * 2 * FQ_BYTES) {
    throw new ProverError('zkey-malformed', '.zkey: IC points are not public inputs + 1');
  }
  const [g1, g2] = [2 * FQ_BYTES, 4 * FQ_BYTES];
  return {
    circuit,
    proofSystem: PROOF_SYSTEM_GROTH16_BLS12381,
    development,
    alpha: g1At(points, 0),
    beta: g2At(points, 2 * g1),
    gamma: g2At(points, 2 * g1 + g2),
    delta: g2At(points, 3 * g1 + 2 * g2),
    ic: Array.from({ length: publicInputs + 1 }, (_, i) => g1At(ic, i * g1)),
  };
}
