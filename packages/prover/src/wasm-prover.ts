import { ProverError } from './errors.ts';
import type { Groth16Prover, Proof, ProvingKeySource } from './groth16.ts';
import type { NativeFault } from './native-addon.ts';
import { statusError } from './native-status.ts';
import { createProofQueue } from './proof-queue.ts';
import type { WasmProvingKeyShape } from './wasm-operations.ts';
import type { WasmCancel, WasmObject, WasmPool } from './wasm-pool.ts';
import { readWitnessValues } from './zkey.ts';

const SEED_BYTES = 128;
const FIELD_BYTES = 32;
/**
 * Shifted copies of a key's points. Four would make a proof a fifth faster, the key's first use three times as slow, and
 * take twice the memory in each thread.
 */
const COPIES = 1;
/** Keys known by name that are kept ready. */
const KEPT_KEYS = 3;
/** Multi-exponentiations of a proof, those first whose sets take longest: B in G2, C with the quotient, A. */
const PARTS = [2, 1, 0];

/** Pieces of a part for each thread: each takes a copy of all scalars, and fewer are shared out less evenly. */
const JOBS_A_THREAD = 3;

/** A prover that can be closed. */
export interface WasmProver extends Groth16Prover {
  /** What waits or runs is refused with `closed`, and so is what comes later. */
  close(): Promise<void>;
}

export interface WasmProverOptions {
  /** Reads a key that is given by name. Default: names are refused. */
  readonly readKey?: (name: string) => Promise<Uint8Array>;
  /** What is another where the key of a name is another. Default: names stand for the same keys for ever. */
  readonly versionOf?: (name: string) => Promise<string>;
  /** A number for an object that nothing else has. */
  readonly newId: () => number;
}

interface ReadyKey {
  readonly object: WasmObject;
  readonly shape: WasmProvingKeyShape;
}

/** A key known by name, and which state of what has the name. */
interface NamedKey extends ReadyKey {
  readonly version: string;
}

/**
 * The prover on the threads of a pool: one proof at a time. One thread makes the scalars of all multi-exponentiations;
 * all of them add up sets of buckets, each on its own copy of the key; the sums make the proof.
 */
export function createWasmProver(
  pool: WasmPool,
  { readKey, versionOf, newId }: WasmProverOptions,
): WasmProver {
  const queue = createProofQueue();
  let ofBytes = new WeakMap<Uint8Array, ReadyKey>();
  const collected = new FinalizationRegistry<number>((id) => pool.drop(id));
  /** The one that was used last stands last. */
  const ofNames = new Map<string, NamedKey>();

  /** Has one thread make the key ready; the others will take its memory as it is then. */
  async function makeReady(zkey: Uint8Array, cancel: WasmCancel): Promise<ReadyKey> {
    const id = newId();
    const object: WasmObject = { id, name: 'addProvingKey', args: [zkey, COPIES] };
    try {
      const image = expectDone(await pool.run('provingKeyImage', [id], { needs: [object], cancel }));
      return {
        object: { id, name: 'addProvingKeyImage', args: [image.memory, image.key] },
        shape: image.shape,
      };
    } catch (error) {
      // Where it was aborted meanwhile, a thread has the key all the same.
      pool.drop(id);
      throw error;
    }
  }

  async function keyOf(source: ProvingKeySource, cancel: WasmCancel): Promise<ReadyKey> {
    if (typeof source !== 'string') {
      const known = ofBytes.get(source);
      if (known !== undefined) return known;
      const key = await makeReady(source, cancel);
      ofBytes.set(source, key);
      collected.register(source, key.object.id);
      return key;
    }
    if (readKey === undefined)
      throw new ProverError('zkey-malformed', 'a proving key is taken as bytes here');
    const version = (await versionOf?.(source)) ?? '';
    const known = ofNames.get(source);
    ofNames.delete(source);
    if (known?.version === version) {
      ofNames.set(source, known);
      return known;
    }
    if (known !== undefined) pool.drop(known.object.id);
    for (const [name, { object }] of ofNames) {
      if (ofNames.size < KEPT_KEYS) break;
      ofNames.delete(name);
      pool.drop(object.id);
    }
    const key = { ...(await makeReady(await readKey(source), cancel)), version };
    ofNames.set(source, key);
    return key;
  }

  async function make(
    key: ReadyKey,
    values: Uint8Array,
    seed: Uint8Array,
    cancel: WasmCancel,
  ): Promise<Proof> {
    const { object, shape } = key;
    const options = { needs: [object], cancel };
    const scalars = expectDone(await pool.run('proveScalars', [object.id, values], options));
    const secrets = [scalars];
    const jobs = PARTS.flatMap((part) => jobsOf(part, shape.sets[part] ?? 0, pool.size * JOBS_A_THREAD));
    const running = jobs.map(async ({ part, first, end }) => {
      const sum = expectDone(await pool.run('proveSum', [object.id, part, first, end, scalars], options));
      secrets.push(sum);
      return sum;
    });
    try {
      const sums = await Promise.all(running);
      const packed = concat(sums);
      secrets.push(packed);
      const parts = jobs.map(({ part }) => part);
      const inputs = values.subarray(FIELD_BYTES, (1 + shape.inputs) * FIELD_BYTES);
      return expectDone(await pool.run('proveFinish', [object.id, packed, parts, inputs, seed], options));
    } finally {
      // Where one failed, others may be on their way still.
      await Promise.allSettled(running);
      for (const secret of secrets) secret.fill(0);
    }
  }

  return {
    async prove(source, witness, signal) {
      const wtns = new Uint8Array(witness);
      const seed = globalThis.crypto.getRandomValues(new Uint8Array(SEED_BYTES));
      try {
        return await queue.run(async (ended) => {
          const cancel = cancelOf(ended);
          return make(await keyOf(source, cancel), readWitnessValues(wtns), seed, cancel);
        }, signal);
      } finally {
        wtns.fill(0);
        seed.fill(0);
      }
    },
    async close() {
      await queue.close();
      for (const { object } of ofNames.values()) pool.drop(object.id);
      ofNames.clear();
      ofBytes = new WeakMap();
    },
  };
}

/** Sets of a part that are added up together. */
interface SumJob {
  readonly part: number;
  readonly first: number;
  readonly end: number;
}

/** Cuts a part's sets into at most `most` jobs. */
function jobsOf(part: number, sets: number, most: number): SumJob[] {
  const count = Math.min(sets, most);
  return Array.from({ length: count }, (_, i) => ({
    part,
    first: Math.floor((i * sets) / count),
    end: Math.floor(((i + 1) * sets) / count),
  }));
}

/** What the pool hears when a signal is aborted. */
function cancelOf(signal: AbortSignal): WasmCancel {
  const cancel: WasmCancel = { isCancelled: signal.aborted, listeners: new Set() };
  signal.addEventListener(
    'abort',
    () => {
      cancel.isCancelled = true;
      for (const listener of [...cancel.listeners]) listener();
    },
    { once: true },
  );
  return cancel;
}

/** The result, where it is no status; cancelled work throws too, which the queue takes for what it is. */
function expectDone<T extends object>(result: T | number | NativeFault): T {
  if (typeof result === 'number') throw statusError(result);
  if (isFault(result)) throw statusError(result[0]);
  return result;
}

function isFault(result: object): result is NativeFault {
  return Array.isArray(result);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
