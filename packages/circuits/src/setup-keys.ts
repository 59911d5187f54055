import { blake2b, toField, utf8 } from '@sero/crypto';
import { encodeVerifyingKey, type GroupEngine, verifyingKeyFromZkey } from '@sero/prover';
import { circuitHash, constraintsOf } from './circuit-source.ts';
import { evaluateQap, isUsable, type ToxicWaste } from './setup-qap.ts';
import { writeZkey } from './setup-zkey.ts';

/** Part of the cache's name and of the toxic waste: a change of what is made must change it. */
export const SETUP_VERSION = 1;
const PUBLIC_STRING =
  'SERO development setup: this toxic waste is public, so every proof under these keys can be forged';

/** Keys for one circuit. */
export interface DevelopmentKeys {
  /** Proving key, snarkjs's .zkey format. */
  readonly zkey: Uint8Array;
  /** Canonical bytes of the verifying key, marked "development". */
  readonly verifyingKey: Uint8Array;
}

/** The toxic waste of a circuit, in the open: wide reductions of a fixed string and the circuit's hash. */
export function developmentWaste(circuit: Uint8Array): ToxicWaste {
  const hash = circuitHash(circuit);
  const draw = (name: string, attempt: number): bigint =>
    toField(blake2b('SERO_DEVSETUP_v1', utf8(`${PUBLIC_STRING}|${SETUP_VERSION}|${attempt}|${name}|`), hash));
  for (let attempt = 0; ; attempt++) {
    const [tau, alpha, beta, delta] = ['tau', 'alpha', 'beta', 'delta'].map((name) => draw(name, attempt));
    const waste: ToxicWaste = { tau: tau!, alpha: alpha!, beta: beta!, delta: delta! };
    if (isUsable(waste)) return waste;
  }
}

export function keysOf(zkey: Uint8Array, circuit: number): DevelopmentKeys {
  return { zkey, verifyingKey: encodeVerifyingKey(verifyingKeyFromZkey(zkey, circuit, true)) };
}

/** The work of `makeDevelopmentKeys`, in the thread that calls it. */
export async function computeDevelopmentKeys(
  r1cs: Uint8Array,
  circuit: number,
  groups: GroupEngine,
): Promise<DevelopmentKeys> {
  const constraints = constraintsOf(r1cs);
  const waste = developmentWaste(r1cs);
  return keysOf(await writeZkey(constraints, evaluateQap(constraints, waste), waste, groups), circuit);
}
