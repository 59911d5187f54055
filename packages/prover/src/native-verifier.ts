import { isField, leBytes } from '@sero/crypto';
import type { VerdictCode } from './errors.ts';
import { type Groth16Verifier, PROOF_BYTES, type Proof, type ProofItem, type Verdict } from './groth16.ts';
import { createKeptHandles } from './kept-handles.ts';
import type { CoreAddon, NativeVerifyingKey } from './native-addon.ts';
import { cancellable, STATUS_LENGTH, STATUS_OK, statusError, verdictCode } from './native-status.ts';
import { G1_BYTES, G2_BYTES } from './points.ts';
import { MAX_PUBLIC_INPUTS, type VerifyingKey } from './verifying-key.ts';
import { checkVerifyingKey } from './verifying-key-checks.ts';

/** Proofs that one call of the addon takes; each may have a key of its own. */
const BATCH = 256;
const SEED_BYTES = 32;
const FIELD_BYTES = 32;

const OK: Verdict = { ok: true };
const refuse = (code: VerdictCode): Verdict => ({ ok: false, code });

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** What is said of a proof before the addon sees it: what its interface of bytes cannot carry, in the reference's order. */
function checkShape({ vk, publicInputs, proof }: ProofItem): VerdictCode | undefined {
  if (publicInputs.length !== vk.ic.length - 1) return 'public-input-count';
  if (!publicInputs.every(isField)) return 'public-input-not-canonical';
  return proof.length === PROOF_BYTES ? undefined : 'proof-length';
}

function packInputs(publicInputs: readonly bigint[]): Uint8Array {
  return concat(publicInputs.map((input) => leBytes(input, FIELD_BYTES)));
}

/** Whether a key has as many points as the addon takes, each as long as points are: joined, a long one would make up for a short one. */
function isShaped({ alpha, beta, gamma, delta, ic }: VerifyingKey): boolean {
  return (
    ic.length >= 1 &&
    ic.length <= MAX_PUBLIC_INPUTS + 1 &&
    [alpha, ...ic].every(({ length }) => length === G1_BYTES) &&
    [beta, gamma, delta].every(({ length }) => length === G2_BYTES)
  );
}

/** A verifier that can be told to free its keys. */
export interface NativeVerifier extends Groth16Verifier {
  /** Frees the prepared keys. A verification that comes later prepares its key anew. */
  release(): void;
}

/**
 * The native verifier: the verdicts of the portable one. Keys are prepared once and kept as long as their objects.
 */
export function createNativeVerifier(addon: CoreAddon): NativeVerifier {
  const prepared = createKeptHandles<VerifyingKey, NativeVerifyingKey>(addon);

  function prepare(vk: VerifyingKey): NativeVerifyingKey {
    const known = prepared.get(vk);
    if (known !== undefined) return known;
    // The reference says which fault it is, in its own words; it must find one too.
    if (!isShaped(vk)) {
      checkVerifyingKey(vk);
      throw statusError(STATUS_LENGTH);
    }
    const key = addon.newVerifyingKey(concat([vk.alpha, vk.beta, vk.gamma, vk.delta, ...vk.ic]));
    if (isFault(key)) {
      checkVerifyingKey(vk);
      throw statusError(key[0]);
    }
    prepared.set(vk, key);
    return key;
  }

  function verifySync(vk: VerifyingKey, publicInputs: readonly bigint[], proof: Proof): Verdict {
    const key = prepare(vk);
    const fault = checkShape({ vk, publicInputs, proof });
    if (fault !== undefined) return refuse(fault);
    const status = addon.verify(key, packInputs(publicInputs), new Uint8Array(proof));
    return status === STATUS_OK ? OK : refuse(verdictCode(status));
  }

  async function verifyFew(items: readonly ProofItem[], signal?: AbortSignal): Promise<Verdict[]> {
    const keys: NativeVerifyingKey[] = [];
    const numbers = new Map<VerifyingKey, number>();
    const verdicts = items.map((item): Verdict => {
      if (!numbers.has(item.vk)) numbers.set(item.vk, keys.push(prepare(item.vk)) - 1);
      const fault = checkShape(item);
      return fault === undefined ? OK : refuse(fault);
    });
    const shaped = items.flatMap((item, index) => (verdicts[index]!.ok ? [{ ...item, index }] : []));
    if (shaped.length === 0) return verdicts;
    const inputs = concat(shaped.map(({ publicInputs }) => packInputs(publicInputs)));
    const proofs = concat(shaped.map(({ proof }) => proof));
    const statuses = await cancellable(
      addon,
      signal,
      ({ reason }) => reason,
      (flag) =>
        addon.verifyBatch(
          keys,
          Uint8Array.from(shaped, ({ vk }) => numbers.get(vk)!),
          inputs,
          proofs,
          globalThis.crypto.getRandomValues(new Uint8Array(SEED_BYTES)),
          flag,
        ),
    );
    if (typeof statuses === 'number') throw statusError(statuses);
    for (const [i, { index }] of shaped.entries()) {
      const status = statuses[i]!;
      if (status !== STATUS_OK) verdicts[index] = refuse(verdictCode(status));
    }
    return verdicts;
  }

  return {
    verifySync,
    // Off the event loop, as a batch of one: a millisecond or two.
    verify: async (vk, publicInputs, proof) => (await verifyFew([{ vk, publicInputs, proof }]))[0]!,
    async verifyBatch(items, signal) {
      signal?.throwIfAborted();
      const verdicts: Verdict[] = [];
      for (let at = 0; at < items.length; at += BATCH) {
        verdicts.push(...(await verifyFew(items.slice(at, at + BATCH), signal)));
      }
      return verdicts;
    },
    release: prepared.release,
  };
}

function isFault(key: NativeVerifyingKey | readonly [number, number]): key is readonly [number, number] {
  return Array.isArray(key);
}
