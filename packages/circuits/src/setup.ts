import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { blake2b, toField, toHex, utf8 } from '@sero/crypto';
import { encodeVerifyingKey, verifyingKeyFromZkey } from '@sero/prover';
import { cacheDirectory, readCached, writeCached } from './cache.ts';
import { loadMultiplyGenerator } from './setup-points.ts';
import { evaluateQap, isUsable, type ToxicWaste } from './setup-qap.ts';
import { readR1cs } from './setup-r1cs.ts';
import { writeZkey } from './setup-zkey.ts';

/**
 * The development setup: proving and verifying keys in seconds, from toxic waste that anybody can compute. Keys
 * made here carry the mark "development" inside their hashed bytes; networks refuse them unless their genesis
 * says `devnet: true`. Real keys come from a ceremony.
 */

/** Part of the cache's name and of the toxic waste: a change of what is made must change it. */
const SETUP_VERSION = 1;
const PUBLIC_STRING =
  'SERO development setup: this toxic waste is public, so every proof under these keys can be forged';

/** Keys for one circuit. */
export interface DevelopmentKeys {
  /** Proving key, snarkjs's .zkey format. */
  readonly zkey: Uint8Array;
  /** Canonical bytes of the verifying key, marked "development". */
  readonly verifyingKey: Uint8Array;
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** The toxic waste of a circuit, in the open: wide reductions of a fixed string and the circuit's hash. */
export function developmentWaste(r1cs: Uint8Array): ToxicWaste {
  const circuitHash = sha256(r1cs);
  const draw = (name: string, attempt: number): bigint =>
    toField(
      blake2b('SERO_DEVSETUP_v1', utf8(`${PUBLIC_STRING}|${SETUP_VERSION}|${attempt}|${name}|`), circuitHash),
    );
  for (let attempt = 0; ; attempt++) {
    const [tau, alpha, beta, delta] = ['tau', 'alpha', 'beta', 'delta'].map((name) => draw(name, attempt));
    const waste: ToxicWaste = { tau: tau!, alpha: alpha!, beta: beta!, delta: delta! };
    if (isUsable(waste)) return waste;
  }
}

function keysOf(zkey: Uint8Array, circuit: number): DevelopmentKeys {
  return { zkey, verifyingKey: encodeVerifyingKey(verifyingKeyFromZkey(zkey, circuit, true)) };
}

/**
 * Makes the development keys of a circuit. Deterministic: the same circuit gives the same bytes on every machine.
 *
 * @param r1cs bytes of the circuit's .r1cs over BLS12-381's scalar field
 * @param circuit circuit id for the verifying key, 1 to 255
 * @throws R1csError
 */
export async function makeDevelopmentKeys(r1cs: Uint8Array, circuit: number): Promise<DevelopmentKeys> {
  const constraints = readR1cs(r1cs);
  const waste = developmentWaste(r1cs);
  const multiply = await loadMultiplyGenerator();
  return keysOf(await writeZkey(constraints, evaluateQap(constraints, waste), waste, multiply), circuit);
}

export interface LoadDevelopmentKeysOptions {
  /** Where to keep the keys. Default: `cacheDirectory()`. */
  readonly directory?: string;
  /** Gets the one line that says how insecure the keys are, when they are made. Default: stderr. */
  readonly warn?: (line: string) => void;
}

/** Keys, and where the proving key lies for backends that read files. */
export interface CachedDevelopmentKeys extends DevelopmentKeys {
  readonly zkeyPath: string;
  /** True where they were made now, false where the cache had them. */
  readonly made: boolean;
}

/**
 * The development keys of a circuit: from the cache, or made and kept there. What the cache holds is checked
 * against its digest; damaged keys are made again.
 *
 * @param r1cs bytes of the circuit's .r1cs over BLS12-381's scalar field
 * @param circuit circuit id for the verifying key, 1 to 255
 * @throws R1csError
 */
export async function loadDevelopmentKeys(
  r1cs: Uint8Array,
  circuit: number,
  options: LoadDevelopmentKeysOptions = {},
): Promise<CachedDevelopmentKeys> {
  const directory = options.directory ?? cacheDirectory();
  const zkeyPath = join(directory, `development-v${SETUP_VERSION}-${toHex(sha256(r1cs))}.zkey`);
  const kept = await readCached(zkeyPath);
  if (kept !== undefined) return { ...keysOf(kept, circuit), zkeyPath, made: false };
  const warn = options.warn ?? ((line: string) => void process.stderr.write(line));
  warn(
    `sero: INSECURE development keys made for circuit ${circuit}: anybody can forge proofs under them (devnet only)\n`,
  );
  const keys = await makeDevelopmentKeys(r1cs, circuit);
  await writeCached(zkeyPath, keys.zkey);
  return { ...keys, zkeyPath, made: true };
}
