import { equalBytes, toHex } from '@sero/crypto';
import { type PointFault, ProverError } from './errors.ts';
import { decodeG1, decodeG2, encodeG1, encodeG2, G1, type G1Point, G2, type G2Point } from './points.ts';
import {
  decodeVerifyingKey,
  MAX_PUBLIC_INPUTS,
  type VerifyingKey,
  verifyingKeyHash,
} from './verifying-key.ts';

/** A key's points, decoded and checked. */
export interface VerifyingKeyPoints {
  readonly alpha: G1Point;
  readonly beta: G2Point;
  readonly gamma: G2Point;
  readonly delta: G2Point;
  readonly ic: readonly G1Point[];
}

function expectPoint<T>(decoded: T | PointFault, name: string): T {
  if (typeof decoded === 'string') {
    throw new ProverError(decoded as PointFault, `verifying key: ${name} is refused (${decoded})`);
  }
  return decoded;
}

/** The bytes of a point without the root's sign: P and -P are the same here, since either relation forges. */
function unsigned(bytes: Uint8Array): string {
  const copy = new Uint8Array(bytes);
  copy[0]! &= ~0x20;
  return toHex(copy);
}

const G1_GENERATOR = unsigned(encodeG1(G1.BASE.toAffine()));
const G2_GENERATOR = unsigned(encodeG2(G2.BASE.toAffine()));

/**
 * Checks what a verifying key is made of, beyond its encoding, and returns its points.
 *
 * - every point canonical, on its curve, in the subgroup, not infinity: an IC point at infinity leaves its
 *   public input free, infinity elsewhere makes a pairing vanish;
 * - no two of beta, gamma, delta equal up to sign. With gamma = delta, A = alpha, B = beta, C = -X is a proof of
 *   anything (a ceremony that nobody contributed to leaves just that); the other pairs forge likewise;
 * - alpha, beta and delta are not the generators: nobody contributed. gamma is the generator in snarkjs's keys;
 * - IC points differ up to sign, and from alpha and the generator: equal ones let two public inputs trade values.
 *
 * @throws ProverError with the fault's code
 */
export function checkVerifyingKey(vk: VerifyingKey): VerifyingKeyPoints {
  if (vk.ic.length === 0 || vk.ic.length > MAX_PUBLIC_INPUTS + 1) {
    throw new ProverError('key-ic-count', `verifying key: 1 to ${MAX_PUBLIC_INPUTS + 1} IC points`);
  }
  const points: VerifyingKeyPoints = {
    alpha: expectPoint(decodeG1(vk.alpha), 'alpha'),
    beta: expectPoint(decodeG2(vk.beta), 'beta'),
    gamma: expectPoint(decodeG2(vk.gamma), 'gamma'),
    delta: expectPoint(decodeG2(vk.delta), 'delta'),
    ic: vk.ic.map((bytes, i) => expectPoint(decodeG1(bytes), `IC_${i}`)),
  };
  const [beta, gamma, delta] = [unsigned(vk.beta), unsigned(vk.gamma), unsigned(vk.delta)];
  if (gamma === delta) {
    throw new ProverError('key-gamma-equals-delta', 'verifying key: gamma = delta, so anybody can forge');
  }
  if (beta === gamma || beta === delta) {
    throw new ProverError(
      'key-points-related',
      'verifying key: beta equals gamma or delta, so anybody can forge',
    );
  }
  if (beta === G2_GENERATOR || delta === G2_GENERATOR || unsigned(vk.alpha) === G1_GENERATOR) {
    throw new ProverError(
      'key-generator',
      'verifying key: alpha, beta or delta is the generator: no contribution',
    );
  }
  const seen = new Set([G1_GENERATOR, unsigned(vk.alpha)]);
  for (const [i, bytes] of vk.ic.entries()) {
    const name = unsigned(bytes);
    if (seen.has(name))
      throw new ProverError('key-ic-repeated', `verifying key: IC_${i} repeats another point`);
    seen.add(name);
  }
  return points;
}

/** What genesis says of a circuit's key. */
export interface NamedVerifyingKey {
  readonly circuit: number;
  /** `verifyingKeyHash` of the key's canonical bytes. */
  readonly hash: Uint8Array;
}

function loadOne(bytes: Uint8Array, named: readonly NamedVerifyingKey[], devnet: boolean): VerifyingKey {
  const hash = verifyingKeyHash(bytes);
  const entry = named.find((candidate) => equalBytes(candidate.hash, hash));
  if (entry === undefined) {
    throw new ProverError('key-not-in-genesis', `genesis does not name the verifying key ${toHex(hash)}`);
  }
  const vk = decodeVerifyingKey(bytes);
  if (vk.circuit !== entry.circuit) {
    throw new ProverError(
      'key-circuit-mismatch',
      `genesis names this key for circuit ${entry.circuit}, the key says ${vk.circuit}`,
    );
  }
  if (vk.development && !devnet) {
    throw new ProverError('key-development', 'a development key is refused unless genesis says devnet: true');
  }
  checkVerifyingKey(vk);
  return vk;
}

/**
 * Loads the verifying keys of a network: exactly those that genesis names, each checked.
 *
 * @param named what genesis names, one entry a circuit
 * @param keys the keys' canonical bytes, in any order
 * @param options `devnet` as in genesis: development keys are refused without it
 * @returns circuit id to key
 * @throws ProverError with a `VerifyingKeyFault`
 */
export function loadVerifyingKeys(
  named: readonly NamedVerifyingKey[],
  keys: readonly Uint8Array[],
  options: { readonly devnet: boolean },
): ReadonlyMap<number, VerifyingKey> {
  if (new Set(named.map(({ circuit }) => circuit)).size !== named.length) {
    throw new ProverError('key-duplicate', 'genesis names two verifying keys for one circuit');
  }
  const loaded = new Map<number, VerifyingKey>();
  for (const bytes of keys) {
    const vk = loadOne(bytes, named, options.devnet);
    if (loaded.has(vk.circuit)) {
      throw new ProverError('key-duplicate', `the key of circuit ${vk.circuit} was given twice`);
    }
    loaded.set(vk.circuit, vk);
  }
  for (const { circuit } of named) {
    if (!loaded.has(circuit)) {
      throw new ProverError('key-missing', `genesis names a key for circuit ${circuit}: add it to the keys`);
    }
  }
  return loaded;
}
