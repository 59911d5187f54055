import { checkVerifyingKey, encodeVerifyingKey, type GroupEngine, verifyingKeyFromZkey } from '@sero/prover';
import { type ProvingKey, writeProvingKey } from '../zkey-file.ts';
import type { Originated } from './contribution.ts';
import { type VerifiedContribution, verifyPowers } from './phase1-verify.ts';
import { verifyKey } from './phase2-verify.ts';
import { requireThat, sameBytes } from './points.ts';
import type { Powers } from './ptau.ts';

/** What a network's genesis is made of. */
export interface FinishedKeys {
  /** A .zkey. */
  readonly provingKey: Uint8Array;
  /** Canonical bytes, without the mark "development". */
  readonly verifyingKey: Uint8Array;
  readonly powers: readonly VerifiedContribution[];
  readonly key: readonly VerifiedContribution[];
}

/**
 * Refuses a transcript whose last contribution is no beacon's, or not that of the number that is expected. Without a
 * beacon the last person could have chosen, among many secrets, one that gives a key to his liking. Whether the
 * contribution is what the number gives is for `verifyPowers` and `verifyKey` to check.
 *
 * @throws CeremonyError `beacon-missing` or `beacon-wrong`
 */
export function requireBeacon(contributions: readonly Originated[], value?: Uint8Array): void {
  const beacon = contributions.at(-1)?.origin.beacon;
  if (beacon === undefined) {
    requireThat(false, 'beacon-missing', 'the last contribution is no beacon: the transcript is not closed');
    return;
  }
  const expected = value === undefined || sameBytes(value, beacon.value);
  requireThat(expected, 'beacon-wrong', 'the last contribution is of another beacon');
}

export interface FinishOptions {
  /** Number of the beacon that must have closed phase 1; any where it is not given. */
  readonly powersBeacon?: Uint8Array | undefined;
  /** That of phase 2. */
  readonly keyBeacon?: Uint8Array | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Verifies both phases, to each of which somebody contributed and which a beacon closed, and gives the keys.
 *
 * @param circuit bytes of the circuit's file or of its .r1cs
 * @param id circuit id for the verifying key, 1 to 255
 * @throws CeremonyError, R1csError, ProverError
 */
export async function finishKeys(
  engine: GroupEngine,
  circuit: Uint8Array,
  id: number,
  powers: Powers,
  key: ProvingKey,
  { powersBeacon, keyBeacon, signal }: FinishOptions = {},
): Promise<FinishedKeys> {
  // First what is quickly checked.
  requireBeacon(powers.contributions, powersBeacon);
  requireBeacon(key.contributions, keyBeacon);
  const powersLog = await verifyPowers(engine, powers, signal);
  const keyLog = await verifyKey(engine, circuit, powers, key, signal);
  const provingKey = writeProvingKey(key);
  const verifyingKey = verifyingKeyFromZkey(provingKey, id, false);
  checkVerifyingKey(verifyingKey);
  return { provingKey, verifyingKey: encodeVerifyingKey(verifyingKey), powers: powersLog, key: keyLog };
}
