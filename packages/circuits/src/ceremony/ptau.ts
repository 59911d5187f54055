import { concat, leBytes, leInteger } from '@sero/crypto';
import { STATE_BYTES } from './blake2b.ts';
import { type Origin, readOrigin, writeOrigin } from './contribution.ts';
import { CeremonyError } from './errors.ts';
import type { PublicKey } from './knowledge.ts';
import { type FieldReader, fieldReader, readSections, sectionOf, u32, writeSections } from './sections.ts';

/**
 * Phase 1 of a ceremony, in snarkjs' .ptau format, version 1: powers of a number tau that nobody knows, also times alpha
 * and beta, and who contributed to them. Points have the bytes of GroupEngine.
 */
export interface Powers {
  /** N = 2^power, 1 to 20. */
  readonly power: number;
  /** That of the ceremony; larger where the file was cut down to fewer powers. */
  readonly ceremonyPower: number;
  /** [tau^i] of G1, i < 2 N - 1. */
  readonly tau1: Uint8Array;
  /** [tau^i] of G2, i < N. */
  readonly tau2: Uint8Array;
  /** [alpha tau^i] of G1, i < N. */
  readonly alpha1: Uint8Array;
  /** [beta tau^i] of G1, i < N. */
  readonly beta1: Uint8Array;
  /** [beta] of G2. */
  readonly beta2: Uint8Array;
  readonly contributions: readonly PowersContribution[];
  /** Set once prepared for phase 2. */
  readonly lagrange?: LagrangeForms;
}

/**
 * Values at tau of the Lagrange polynomials of the domains of 2^k points, k = 0 to `power` one behind the other (for
 * tau1 to `power` + 1), in place of the powers.
 */
export interface LagrangeForms {
  readonly tau1: Uint8Array;
  readonly tau2: Uint8Array;
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
}

/** What somebody multiplied the powers with, and that he knew it. */
export interface PowersContribution {
  /** [tau], [alpha], [beta] after it. */
  readonly tau1: Uint8Array;
  readonly tau2: Uint8Array;
  readonly alpha1: Uint8Array;
  readonly beta1: Uint8Array;
  readonly beta2: Uint8Array;
  readonly tau: PublicKey;
  readonly alpha: PublicKey;
  readonly beta: PublicKey;
  /** Of the hash over the challenge and the points after it: what the key is added to for the attested hash. */
  readonly hashState: Uint8Array;
  /** Hash of the transcript with it: the next one's challenge. */
  readonly nextChallenge: Uint8Array;
  readonly origin: Origin;
}

const FQ_BYTES = 48;
const G1_BYTES = 96;
const G2_BYTES = 192;
const HASH_BYTES = 64;
const FQ_MODULUS =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
/** More would not fit in the memory of the machines that this runs on. */
const MAX_POWER = 20;

/** How many points stand for `power` in each part. */
export const pointCounts = (power: number): Record<'tau1' | 'tau2' | 'alpha1' | 'beta1', number> => ({
  tau1: 2 ** (power + 1) - 1,
  tau2: 2 ** power,
  alpha1: 2 ** power,
  beta1: 2 ** power,
});

export function checkPower(power: number): void {
  if (Number.isInteger(power) && power >= 1 && power <= MAX_POWER) return;
  throw new CeremonyError(
    'power-unsupported',
    `2^${power} powers: between 2^1 and 2^${MAX_POWER} are supported`,
  );
}

function readContribution(from: FieldReader): PowersContribution {
  const [tau1, tau2] = [from.bytes(G1_BYTES), from.bytes(G2_BYTES)];
  const [alpha1, beta1, beta2] = [from.bytes(G1_BYTES), from.bytes(G1_BYTES), from.bytes(G2_BYTES)];
  const pairs = [0, 1, 2].map(() => ({ s1: from.bytes(G1_BYTES), sx1: from.bytes(G1_BYTES) }));
  const [tau, alpha, beta] = pairs.map((pair) => ({ ...pair, spx2: from.bytes(G2_BYTES) }));
  const [hashState, nextChallenge] = [from.bytes(STATE_BYTES), from.bytes(HASH_BYTES)];
  const key = { tau: tau!, alpha: alpha!, beta: beta! };
  return { tau1, tau2, alpha1, beta1, beta2, ...key, hashState, nextChallenge, origin: readOrigin(from) };
}

function writeContribution(it: PowersContribution): Uint8Array {
  const keys = [it.tau, it.alpha, it.beta];
  return concat(
    ...[it.tau1, it.tau2, it.alpha1, it.beta1, it.beta2],
    ...keys.flatMap(({ s1, sx1 }) => [s1, sx1]),
    ...keys.map(({ spx2 }) => spx2),
    it.hashState,
    it.nextChallenge,
    writeOrigin(it.origin),
  );
}

/** Reads a .ptau over BLS12-381. Its form is checked; what it says is `verifyPowers`'s to check. */
export function readPowers(bytes: Uint8Array): Powers {
  const file = readSections(bytes, 'ptau');
  const head = fieldReader(sectionOf(file, 1, 4 + FQ_BYTES + 8));
  if (head.u32() !== FQ_BYTES || leInteger(head.bytes(FQ_BYTES)) !== FQ_MODULUS) {
    throw new CeremonyError('file-malformed', '.ptau: not over BLS12-381');
  }
  const [power, ceremonyPower] = [head.u32(), head.u32()];
  checkPower(power);
  if (ceremonyPower < power || ceremonyPower > 28) {
    throw new CeremonyError('file-malformed', `.ptau: 2^${power} powers of a ceremony of 2^${ceremonyPower}`);
  }
  const counts = pointCounts(power);
  const log = fieldReader(sectionOf(file, 7, file.get(7)?.length ?? 0));
  const contributions: PowersContribution[] = [];
  for (let left = log.u32(); left > 0; left--) contributions.push(readContribution(log));
  if (log.left() !== 0) throw new CeremonyError('file-malformed', '.ptau: bytes after the last contribution');
  const powers = {
    power,
    ceremonyPower,
    tau1: sectionOf(file, 2, counts.tau1 * G1_BYTES),
    tau2: sectionOf(file, 3, counts.tau2 * G2_BYTES),
    alpha1: sectionOf(file, 4, counts.alpha1 * G1_BYTES),
    beta1: sectionOf(file, 5, counts.beta1 * G1_BYTES),
    beta2: sectionOf(file, 6, G2_BYTES),
    contributions,
  };
  if (![12, 13, 14, 15].some((type) => file.has(type))) return powers;
  // 1 + 2 + 4 + ... + 2^k = 2^(k+1) - 1 points.
  const forms = 2 ** (power + 1) - 1;
  const lagrange = {
    tau1: sectionOf(file, 12, (2 ** (power + 2) - 1) * G1_BYTES),
    tau2: sectionOf(file, 13, forms * G2_BYTES),
    alpha1: sectionOf(file, 14, forms * G1_BYTES),
    beta1: sectionOf(file, 15, forms * G1_BYTES),
  };
  return { ...powers, lagrange };
}

/** Writes a .ptau, with its Lagrange forms where there are such. */
export function writePowers(powers: Powers): Uint8Array {
  const { lagrange } = powers;
  const header = concat(
    u32(FQ_BYTES),
    leBytes(FQ_MODULUS, FQ_BYTES),
    u32(powers.power),
    u32(powers.ceremonyPower),
  );
  return writeSections('ptau', [
    [1, header],
    [2, powers.tau1],
    [3, powers.tau2],
    [4, powers.alpha1],
    [5, powers.beta1],
    [6, powers.beta2],
    [7, concat(u32(powers.contributions.length), ...powers.contributions.map(writeContribution))],
    ...(lagrange === undefined
      ? []
      : ([
          [12, lagrange.tau1],
          [13, lagrange.tau2],
          [14, lagrange.alpha1],
          [15, lagrange.beta1],
        ] as const)),
  ]);
}
