import { concat, leBytes, Q } from '@sero/crypto';
import { type MultiplyGenerator, POINT_BYTES } from './setup-points.ts';
import type { MatrixEntry, QapScalars, ToxicWaste } from './setup-qap.ts';
import type { R1cs } from './setup-r1cs.ts';

const FQ_BYTES = 48;
const FR_BYTES = 32;
const FQ_MODULUS =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const GROTH16 = 1;
/** Entries are kept times R^2, R = 2^256, so that one Montgomery product with a plain value is in Montgomery form. */
const R_SQUARED = (1n << 512n) % Q;

const u32 = (value: number): Uint8Array => leBytes(BigInt(value), 4);

function section(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concat(u32(type), leBytes(BigInt(length), 8), ...parts);
}

function packEntries(entries: readonly MatrixEntry[]): Uint8Array {
  const size = 12 + FR_BYTES;
  const out = new Uint8Array(4 + size * entries.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, entries.length, true);
  for (const [i, { matrix, row, wire, value }] of entries.entries()) {
    const at = 4 + i * size;
    view.setUint32(at, matrix, true);
    view.setUint32(at + 4, row, true);
    view.setUint32(at + 8, wire, true);
    out.set(leBytes((value * R_SQUARED) % Q, FR_BYTES), at + 12);
  }
  return out;
}

/** Cuts packed points into runs of the given lengths. */
function cut(points: Uint8Array, pointBytes: number, ...counts: readonly number[]): Uint8Array[] {
  let at = 0;
  return counts.map((count) => {
    at += count * pointBytes;
    return points.subarray(at - count * pointBytes, at);
  });
}

/**
 * Writes a Groth16 proving key in snarkjs's .zkey format (version 1, ten sections), with gamma = 1 and no
 * contributions.
 */
export async function writeZkey(
  r1cs: R1cs,
  qap: QapScalars,
  { alpha, beta, delta }: ToxicWaste,
  multiply: MultiplyGenerator,
): Promise<Uint8Array> {
  const { a, b, ic, l, h } = qap;
  const inG1 = await multiply('g1', [alpha, beta, delta, ...ic, ...a, ...b, ...l, ...h]);
  const inG2 = await multiply('g2', [beta, 1n, delta, ...b]);
  const [alpha1, beta1, delta1, icPoints, aPoints, b1Points, lPoints, hPoints] = cut(
    inG1,
    POINT_BYTES.g1,
    ...[1, 1, 1, ic.length, a.length, b.length, l.length, h.length],
  );
  const [beta2, gamma2, delta2, b2Points] = cut(inG2, POINT_BYTES.g2, 1, 1, 1, b.length);
  const sizes = concat(u32(r1cs.wires), u32(r1cs.publicInputs), u32(qap.domainSize));
  const fields = concat(u32(FQ_BYTES), leBytes(FQ_MODULUS, FQ_BYTES), u32(FR_BYTES), leBytes(Q, FR_BYTES));
  const circuitHash = new Uint8Array(64);
  const contributions = u32(0);
  return concat(
    new TextEncoder().encode('zkey'),
    u32(1),
    u32(10),
    section(1, u32(GROTH16)),
    section(2, fields, sizes, alpha1!, beta1!, beta2!, gamma2!, delta1!, delta2!),
    section(3, icPoints!),
    section(4, packEntries(qap.entries)),
    section(5, aPoints!),
    section(6, b1Points!),
    section(7, b2Points!),
    section(8, lPoints!),
    section(9, hPoints!),
    section(10, circuitHash, contributions),
  );
}
