import { leBytes } from '@sero/crypto';
import { GROUP_POINT_BYTES, type GroupEngine } from '@sero/prover';
import type { QapScalars, ToxicWaste } from './setup-qap.ts';
import type { R1cs } from './setup-r1cs.ts';
import { packEntries, writeProvingKey } from './zkey-file.ts';

const FR_BYTES = 32;

function packScalars(...lists: readonly (readonly bigint[])[]): Uint8Array {
  const out = new Uint8Array(FR_BYTES * lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    for (const scalar of list) {
      out.set(leBytes(scalar, FR_BYTES), at);
      at += FR_BYTES;
    }
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

/** Writes the proving key of a circuit whose secrets are at hand, as a .zkey with gamma = 1 and no contributions. */
export async function writeZkey(
  { wires, publicInputs }: R1cs,
  { domainSize, entries, a, b, ic, l, h }: QapScalars,
  { alpha, beta, delta }: ToxicWaste,
  groups: GroupEngine,
): Promise<Uint8Array> {
  const inG1 = await groups.multiplyGenerator('g1', packScalars([alpha, beta, delta], ic, a, b, l, h));
  const inG2 = await groups.multiplyGenerator('g2', packScalars([beta, 1n, delta], b));
  const [alpha1, beta1, delta1, icPoints, a1, b1, l1, h1] = cut(
    inG1,
    GROUP_POINT_BYTES.g1,
    ...[1, 1, 1, ic.length, a.length, b.length, l.length, h.length],
  );
  const [beta2, gamma2, delta2, b2] = cut(inG2, GROUP_POINT_BYTES.g2, 1, 1, 1, b.length);
  return writeProvingKey({
    ...{ wires, publicInputs, domainSize },
    ...{ alpha1: alpha1!, beta1: beta1!, beta2: beta2!, gamma2: gamma2!, delta1: delta1!, delta2: delta2! },
    ...{ ic: icPoints!, coefficients: packEntries(entries), a1: a1!, b1: b1!, b2: b2!, l1: l1!, h1: h1! },
    circuitHash: new Uint8Array(64),
    contributions: [],
  });
}
