import type { NativeFault } from './native-addon.ts';
import { type Frame, instantiate, type Pointer, type WasmInstance } from './wasm-instance.ts';
import type { WasmModule } from './wasm-module.ts';

const OK = 0;
const NO_MEMORY = 1;

/** Bytes of sero_prover.h's records. */
const WORD = 4;
const PROOF = 192;
const PROOF_ITEM = 4 * WORD;
const FIELD = 32;
const TUPLE = 128;
const OUTPUT = 34;
const TRACE = 64;
const SIGNED = 128;
const AFFINE = 64;
const SUM = 288;
const PART_COUNT = 3;
const SCALAR = 32;
const POINT: Readonly<Record<number, number>> = { 1: 96, 2: 192 };

/** What a proof needs to know of a proving key. */
export interface WasmProvingKeyShape {
  readonly inputs: number;
  /** How many sets each of its parts has. */
  readonly sets: readonly number[];
}

/** A proving key that was made ready, for other threads. */
export interface WasmProvingKeyImage {
  readonly memory: Uint8Array;
  readonly key: Pointer;
  readonly shape: WasmProvingKeyShape;
}

/**
 * The C interface on one instance, as functions of bytes and numbers, which can be sent between threads. A number or a
 * pair in place of bytes is a status of sero_prover.h. Keys and circuits are known by numbers of the caller's choice.
 */
export type WasmOperations = ReturnType<typeof createWasmOperations>;

export function createWasmOperations(module: WasmModule) {
  const shared = instantiate(module);
  const verifyingKeys = new Map<number, Pointer>();
  const circuits = new Map<number, Pointer>();
  // A proving key has an instance of its own, so that its memory is gone with it: WebAssembly's memory never shrinks.
  const provingKeys = new Map<number, { readonly instance: WasmInstance; readonly key: Pointer }>();

  /** Runs a function that ends with (.., parallel, cancelled); both are null here. */
  const run = (name: string, ...values: number[]): number => shared.function(name)(...values, 0, 0);
  const fault = (status: number, at = 0): NativeFault => [status, at];
  const known = <T>(map: ReadonlyMap<number, T>, id: number): T => {
    const item = map.get(id);
    if (item === undefined) throw new Error(`there is no object ${id}`);
    return item;
  };
  /** Makes an object by a function whose last argument is where its handle goes. */
  const make = (name: string, ...values: (number | Uint8Array)[]): Pointer | NativeFault =>
    shared.call((frame) => {
      const handle = frame.space(WORD);
      const at = frame.space(WORD);
      const tail = name === 'sero_vk_new' ? [handle, at] : [handle];
      const status = shared.function(name)(...passed(frame, values), ...tail);
      return status === OK ? frame.number(handle) : fault(status, frame.number(at));
    });
  /** Calls a function of many points that gives `size` bytes. */
  const points = (size: number, name: string, work: (frame: Frame, out: Pointer) => number[]) =>
    shared.call((frame): Uint8Array | NativeFault => {
      const out = frame.space(size);
      const status = run(name, ...work(frame, out));
      return status === OK ? frame.take(out, size) : fault(status);
    });

  return {
    addVerifyingKey(id: number, bytes: Uint8Array): NativeFault | undefined {
      if (verifyingKeys.has(id)) return undefined;
      const made = make('sero_vk_new', bytes, bytes.length);
      if (typeof made !== 'number') return made;
      verifyingKeys.set(id, made);
      return undefined;
    },

    verify(id: number, inputs: Uint8Array, proof: Uint8Array): number {
      const key = known(verifyingKeys, id);
      return shared.call((frame) =>
        shared.function('sero_verify')(key, frame.put(inputs), inputs.length / FIELD, frame.put(proof)),
      );
    },

    /** One byte a proof. `which[i]` is the place of proof i's key in `ids`; inputs are packed proof by proof. */
    verifyBatch(
      ids: readonly number[],
      which: Uint8Array,
      inputs: Uint8Array,
      proofs: Uint8Array,
      seed: Uint8Array,
    ): Uint8Array | number {
      const keys = ids.map((id) => known(verifyingKeys, id));
      const counts = keys.map((key) => shared.function('sero_vk_inputs')(key));
      return shared.call((frame) => {
        const inputsAt = frame.put(inputs);
        const proofsAt = frame.put(proofs);
        const items = new DataView(new ArrayBuffer(which.length * PROOF_ITEM));
        let at = inputsAt;
        for (const [i, number] of which.entries()) {
          const count = counts[number] ?? 0;
          const item = [keys[number] ?? 0, at, count, proofsAt + i * PROOF];
          for (const [k, word] of item.entries()) items.setUint32(i * PROOF_ITEM + k * WORD, word, true);
          at += count * FIELD;
        }
        const verdicts = frame.space(which.length * WORD);
        const list = frame.put(new Uint8Array(items.buffer));
        const status = shared.function('sero_verify_batch')(
          list,
          which.length,
          frame.put(seed),
          0,
          0,
          verdicts,
        );
        return status === OK ? lowBytes(frame, verdicts, which.length, 0) : status;
      });
    },

    addCircuit(id: number, file: Uint8Array): NativeFault | undefined {
      if (circuits.has(id)) return undefined;
      const made = make('sero_circuit_new', file, file.length);
      if (typeof made !== 'number') return made;
      circuits.set(id, made);
      return undefined;
    },

    witness(id: number, inputs: Uint8Array): Uint8Array | NativeFault {
      const circuit = known(circuits, id);
      const length = FIELD * shared.function('sero_circuit_wires')(circuit);
      return shared.call((frame) => {
        const out = frame.space(length);
        const broken = frame.space(WORD);
        const inputsAt = frame.put(inputs);
        const status = shared.function('sero_witness')(circuit, inputsAt, inputs.length, out, length, broken);
        return status === OK ? frame.take(out, length) : fault(status, frame.number(broken));
      });
    },

    hashNodes(tuples: Uint8Array): Uint8Array | NativeFault {
      const count = tuples.length / TUPLE;
      return shared.call((frame) => {
        const out = frame.space(count * FIELD);
        const at = frame.space(WORD);
        const status = run('sero_hash_nodes', frame.put(tuples), count, out, at);
        return status === OK ? frame.take(out, count * FIELD) : fault(status, frame.number(at));
      });
    },

    /** Each hit's place (4 bytes, little-endian) and its secret (32). */
    scan(viewKey: Uint8Array, outputs: Uint8Array, audit: boolean): Uint8Array | number {
      const count = outputs.length / OUTPUT;
      return shared.call((frame) => {
        const hits = frame.space(count);
        const secrets = frame.space(count * SCALAR);
        const status = run(
          'sero_scan',
          frame.put(viewKey),
          frame.put(outputs),
          count,
          audit ? 1 : 0,
          hits,
          secrets,
        );
        if (status !== OK) return status;
        const places = [...frame.take(hits, count).entries()].flatMap(([i, hit]) => (hit === 1 ? [i] : []));
        const out = new Uint8Array(places.length * (WORD + SCALAR));
        const view = new DataView(out.buffer);
        for (const [k, place] of places.entries()) {
          view.setUint32(k * (WORD + SCALAR), place, true);
          const secret = frame.take(secrets + place * SCALAR, SCALAR);
          out.set(secret, k * (WORD + SCALAR) + WORD);
          secret.fill(0);
        }
        return out;
      });
    },

    openTraces(traceKey: Uint8Array, zpk: Uint8Array, entries: Uint8Array): Uint8Array | NativeFault {
      const count = entries.length / TRACE;
      return shared.call((frame) => {
        const opened = frame.space(8 * count);
        const at = frame.space(WORD);
        const key = frame.put(traceKey);
        const status = run('sero_open_traces', key, frame.put(zpk), frame.put(entries), count, opened, at);
        return status === OK ? frame.take(opened, 8 * count) : fault(status, frame.number(at));
      });
    },

    /** 65 bytes a point: 0 or its status less 600, then u and v. */
    checkPoints(encodings: Uint8Array): Uint8Array | number {
      const count = encodings.length / FIELD;
      return shared.call((frame) => {
        const verdicts = frame.space(count * WORD);
        const affine = frame.space(count * AFFINE);
        const status = run('sero_check_points', frame.put(encodings), count, verdicts, affine);
        if (status !== OK) return status;
        const out = new Uint8Array(count * (1 + AFFINE));
        for (const [i, verdict] of lowBytes(frame, verdicts, count, 600).entries()) {
          out[i * (1 + AFFINE)] = verdict;
          out.set(frame.take(affine + i * AFFINE, AFFINE), i * (1 + AFFINE) + 1);
        }
        return out;
      });
    },

    verifySignatures(items: Uint8Array, seed: Uint8Array): Uint8Array | number {
      const count = items.length / SIGNED;
      return shared.call((frame) => {
        const valid = frame.space(count);
        const itemsAt = frame.put(items);
        const status = run('sero_redjubjub_verify_batch', itemsAt, count, frame.put(seed), valid);
        return status === OK ? frame.take(valid, count) : status;
      });
    },

    groupMultiplyGenerator(group: number, scalars: Uint8Array): Uint8Array | NativeFault {
      const count = scalars.length / SCALAR;
      return points(count * pointBytes(group), 'sero_group_multiply_generator', (frame, out) => [
        group,
        frame.put(scalars),
        count,
        out,
      ]);
    },

    groupMultiplyEach(group: number, list: Uint8Array, scalars: Uint8Array): Uint8Array | NativeFault {
      return points(list.length, 'sero_group_multiply_each', (frame, out) => [
        group,
        frame.put(list),
        frame.put(scalars),
        list.length / pointBytes(group),
        out,
      ]);
    },

    groupMultiplyPowers(
      group: number,
      list: Uint8Array,
      first: Uint8Array,
      factor: Uint8Array,
    ): Uint8Array | NativeFault {
      return points(list.length, 'sero_group_multiply_powers', (frame, out) => [
        group,
        frame.put(list),
        list.length / pointBytes(group),
        frame.put(first),
        frame.put(factor),
        out,
      ]);
    },

    groupLagrange(group: number, list: Uint8Array): Uint8Array | NativeFault {
      return points(list.length, 'sero_group_lagrange', (frame, out) => [
        group,
        frame.put(list),
        Math.log2(list.length / pointBytes(group)),
        out,
      ]);
    },

    groupCombineRows(
      group: number,
      bases: Uint8Array,
      starts: Uint8Array,
      indices: Uint8Array,
      coefficients: Uint8Array,
    ): Uint8Array | NativeFault {
      const rows = starts.length / WORD - 1;
      return points(rows * pointBytes(group), 'sero_group_combine_rows', (frame, out) => [
        group,
        frame.put(bases),
        bases.length / pointBytes(group),
        frame.put(starts),
        rows,
        frame.put(indices),
        frame.put(coefficients),
        indices.length / WORD,
        out,
      ]);
    },

    groupMultiExp(
      group: number,
      list: Uint8Array,
      scalars: Uint8Array,
      scalarBytes: number,
    ): Uint8Array | NativeFault {
      return points(pointBytes(group), 'sero_group_multi_exp', (frame, out) => [
        group,
        frame.put(list),
        frame.put(scalars),
        scalarBytes,
        list.length / pointBytes(group),
        out,
      ]);
    },

    groupSubtract(group: number, left: Uint8Array, right: Uint8Array): Uint8Array | NativeFault {
      return points(left.length, 'sero_group_subtract', (frame, out) => [
        group,
        frame.put(left),
        frame.put(right),
        left.length / pointBytes(group),
        out,
      ]);
    },

    groupCheck(group: number, list: Uint8Array): number | NativeFault {
      return shared.call((frame) => {
        const first = frame.space(WORD);
        const count = list.length / pointBytes(group);
        const status = run('sero_group_check', group, frame.put(list), count, first);
        return status === OK ? frame.number(first) : fault(status);
      });
    },

    groupEncode(group: number, list: Uint8Array, compressed: boolean): Uint8Array | NativeFault {
      return points(list.length / (compressed ? 2 : 1), 'sero_group_encode', (frame, out) => [
        group,
        frame.put(list),
        list.length / pointBytes(group),
        compressed ? 1 : 0,
        out,
      ]);
    },

    pairingProductIsOne(left: Uint8Array, right: Uint8Array): number | NativeFault {
      return shared.call((frame) => {
        const isOne = frame.space(WORD);
        const count = left.length / pointBytes(1);
        const leftAt = frame.put(left);
        const status = shared.function('sero_pairing_product_is_one')(leftAt, frame.put(right), count, isOne);
        return status === OK ? frame.number(isOne) : fault(status);
      });
    },

    addProvingKey(id: number, zkey: Uint8Array, copies: number): NativeFault | undefined {
      const instance = instantiate(module);
      return instance.call((frame) => {
        const handle = frame.space(WORD);
        const make = instance.function('sero_proving_key_new');
        const status = make(frame.put(zkey), zkey.length, copies, 0, 0, handle);
        if (status !== OK) return fault(status);
        provingKeys.set(id, { instance, key: frame.number(handle) });
        return undefined;
      });
    },

    /** The key as another thread takes it; before any proof, so that it holds no secret. */
    provingKeyImage(id: number): WasmProvingKeyImage {
      const { instance, key } = known(provingKeys, id);
      return {
        memory: instance.image(),
        key,
        shape: {
          inputs: instance.function('sero_proving_key_inputs')(key),
          sets: Array.from({ length: PART_COUNT }, (_, part) =>
            instance.function('sero_prove_sets')(key, part),
          ),
        },
      };
    },

    addProvingKeyImage(id: number, memory: Uint8Array, key: Pointer): undefined {
      provingKeys.set(id, { instance: instantiate(module, memory), key });
      return undefined;
    },

    /** The scalars of every part, of the values of a witness. */
    proveScalars(id: number, values: Uint8Array): Uint8Array | number {
      const { instance, key } = known(provingKeys, id);
      const length = instance.function('sero_prove_scalars_bytes')(key);
      return instance.call((frame) => {
        const out = frame.space(length);
        const scalars = instance.function('sero_prove_scalars');
        const count = values.length / FIELD;
        const status = scalars(key, frame.put(values), count, 0, 0, out);
        return status === OK ? frame.take(out, length) : status;
      });
    },

    proveSum(id: number, part: number, first: number, end: number, scalars: Uint8Array): Uint8Array | number {
      const { instance, key } = known(provingKeys, id);
      return instance.call((frame) => {
        const out = frame.space(SUM);
        const sum = instance.function('sero_prove_sum');
        const status = sum(key, part, first, end, frame.put(scalars), 0, 0, out);
        return status === OK ? frame.take(out, SUM) : status;
      });
    },

    /** `parts[i]` names the part of the i-th of the packed sums. */
    proveFinish(
      id: number,
      sums: Uint8Array,
      parts: readonly number[],
      publicInputs: Uint8Array,
      seed: Uint8Array,
    ): Uint8Array | number {
      const { instance, key } = known(provingKeys, id);
      return instance.call((frame) => {
        const out = frame.space(PROOF);
        const status = instance.function('sero_prove_finish')(
          key,
          frame.put(sums),
          parts.length,
          frame.put(new Uint8Array(Uint32Array.from(parts).buffer)),
          frame.put(publicInputs),
          frame.put(seed),
          out,
        );
        return status === OK ? frame.take(out, PROOF) : status;
      });
    },

    /** Forgets what has this number; nothing where there is none. */
    drop(id: number): void {
      const key = verifyingKeys.get(id);
      if (key !== undefined) shared.function('sero_vk_free')(key);
      const circuit = circuits.get(id);
      if (circuit !== undefined) shared.function('sero_circuit_free')(circuit);
      for (const map of [verifyingKeys, circuits, provingKeys]) map.delete(id);
    },
  };
}

/** The status of memory that ran out, as operations whose result may be a number give it. */
export const STATUS_NO_MEMORY = NO_MEMORY;

function passed(frame: Frame, values: readonly (number | Uint8Array)[]): number[] {
  return values.map((value) => (typeof value === 'number' ? value : frame.put(value)));
}

function pointBytes(group: number): number {
  return POINT[group] ?? 0;
}

/** Of `count` words the low byte, less `base` unless the word is 0. */
function lowBytes(frame: Frame, at: Pointer, count: number, base: number): Uint8Array {
  const view = new DataView(frame.take(at, count * WORD).buffer);
  return Uint8Array.from({ length: count }, (_, i) => {
    const word = view.getUint32(i * WORD, true);
    return word === OK ? OK : word - base;
  });
}
