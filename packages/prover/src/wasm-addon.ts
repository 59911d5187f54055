import type {
  NativeAddon,
  NativeCancel,
  NativeCircuit,
  NativeFault,
  NativeHandle,
  NativeVerifyingKey,
} from './native-addon.ts';
import type { WasmModule } from './wasm-module.ts';
import { createWasmOperations, type WasmOperations } from './wasm-operations.ts';
import type { WasmCancel, WasmObject, WasmPool } from './wasm-pool.ts';

/** What the backends over the C++ share: the addon's functions but for those on threads of a process and on proofs. */
export type WasmAddon = Omit<
  NativeAddon,
  'interface' | 'useThreads' | 'kernel' | 'forcePortable' | 'newProvingKey' | 'prove' | 'provingKeyMemory'
> & {
  /** A number that no other object has. */
  newId(): number;
};

const FIELD = 32;
const PROOF = 192;
const OUTPUT = 34;
const HIT = 36;
const TRACE = 64;
const SIGNED = 128;
const POINT: Readonly<Record<number, number>> = { 1: 96, 2: 192 };

/** Work below this many items is not worth another message. */
const SLICES = { proofs: 8, outputs: 512, traces: 512, points: 512, signatures: 256, groupPoints: 64 };

/**
 * The native addon's functions in WebAssembly: those that answer at once on the calling thread, the others on the
 * pool's, cut into one slice a thread.
 */
export function createWasmAddon(module: WasmModule, pool: WasmPool): WasmAddon {
  const here = createWasmOperations(module);
  const objects = new WeakMap<object, WasmObject>();
  const cancels = new WeakMap<object, WasmCancel>();
  const live = new Set<number>();
  let lastId = 0;

  const forget = (id: number): void => {
    if (!live.delete(id)) return;
    here.drop(id);
    pool.drop(id);
  };
  const collected = new FinalizationRegistry<number>(forget);

  /** Makes an object here, which says whether it can be made, and remembers how the threads make it. */
  function newObject<Kind extends string>(
    name: 'addVerifyingKey' | 'addCircuit',
    bytes: Uint8Array,
  ): NativeHandle<Kind> | NativeFault {
    lastId++;
    const copy = new Uint8Array(bytes);
    const fault = here[name](lastId, copy);
    if (fault !== undefined) return fault;
    const handle = {};
    objects.set(handle, { id: lastId, name, args: [copy] });
    live.add(lastId);
    collected.register(handle, lastId, handle);
    return handle as NativeHandle<Kind>;
  }

  function objectOf(handle: NativeHandle<string>): WasmObject {
    const object = objects.get(handle);
    if (object === undefined || !live.has(object.id)) throw new TypeError('not a handle of this backend');
    return object;
  }

  const cancelOf = (flag: NativeCancel | undefined): WasmCancel | undefined =>
    flag === undefined ? undefined : cancels.get(flag);

  /** [from, to) of each slice of `count` items; one empty slice where there is none, so that arguments are looked at. */
  function slices(count: number, least: number): [number, number][] {
    const wanted = Math.max(1, Math.min(pool.size, Math.floor(count / least)));
    return Array.from({ length: wanted }, (_, i) => [
      Math.floor((i * count) / wanted),
      Math.floor(((i + 1) * count) / wanted),
    ]);
  }

  type Status = number | NativeFault;
  /** Runs slices; the first status among their results in place of all, which are wiped: they may be secrets. */
  async function each<T extends Uint8Array>(
    parts: readonly [number, number][],
    run: (from: number, to: number) => Promise<T | Status>,
  ): Promise<T[] | Status> {
    const settled = await Promise.allSettled(parts.map(([from, to]) => run(from, to)));
    const bytes: T[] = [];
    let fault: Status | undefined;
    for (const one of settled) {
      if (one.status === 'rejected') continue;
      if (one.value instanceof Uint8Array) bytes.push(one.value);
      else fault ??= one.value;
    }
    if (bytes.length === settled.length) return bytes;
    for (const part of bytes) part.fill(0);
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    return fault as Status;
  }
  const joined = async (results: Promise<Uint8Array[] | Status>): Promise<Uint8Array | Status> => {
    const list = await results;
    return isStatus(list) ? list : concat(list);
  };
  const asFault = async (result: Promise<Uint8Array | Status>): Promise<Uint8Array | NativeFault> => {
    const value = await result;
    return typeof value === 'number' ? [value, 0] : value;
  };
  const asNumber = async (result: Promise<Uint8Array | Status>): Promise<Uint8Array | number> => {
    const value = await result;
    return value instanceof Uint8Array || typeof value === 'number' ? value : value[0];
  };

  /** Points each made of its own point and scalar, or the like: cut anywhere. `parts` are bytes, and how many an item has. */
  function groupSlices(
    name: GroupName,
    group: number,
    parts: readonly (readonly [bytes: Uint8Array, each: number])[],
    flag: NativeCancel | undefined,
    ...more: unknown[]
  ): Promise<Uint8Array | NativeFault> {
    const cancel = cancelOf(flag);
    const [[first, unit] = [new Uint8Array(0), 1]] = parts;
    return withCopies(
      parts.map(([bytes]) => bytes),
      (...copies) =>
        asFault(
          joined(
            each(slices(first.length / unit, SLICES.groupPoints), (from, to) => {
              const some = copies.map((bytes, i) => {
                const size = parts[i]?.[1] ?? 0;
                return bytes.subarray(from * size, to * size);
              });
              return pool.run(name, [group, ...some, ...more] as never, { cancel });
            }),
          ),
        ),
    );
  }

  return {
    newId: () => ++lastId,
    newCancel() {
      const flag = {};
      cancels.set(flag, { isCancelled: false, listeners: new Set() });
      return flag as NativeCancel;
    },
    cancel(flag) {
      const cancel = cancels.get(flag);
      if (cancel === undefined || cancel.isCancelled) return;
      cancel.isCancelled = true;
      for (const listener of [...cancel.listeners]) listener();
    },
    release(any) {
      const object = objects.get(any);
      collected.unregister(any);
      if (object !== undefined) forget(object.id);
    },
    liveHandles: () => live.size,

    newVerifyingKey: (points) =>
      newObject<'verifying-key'>('addVerifyingKey', points) as NativeVerifyingKey | NativeFault,
    verify: (key, inputs, proof) => here.verify(objectOf(key).id, inputs, proof),
    verifyBatch(keys, which, inputs, proofs, seed, flag) {
      const needs = keys.map(objectOf);
      const ids = needs.map(({ id }) => id);
      // alpha, beta, gamma, delta and the constant's point are 48 + 3 * 96 + 48 bytes; 48 for each input follow.
      const inputBytes = needs.map(
        ({ args: [points] }) => (((points as Uint8Array).length - 384) / 48) * FIELD,
      );
      const starts = [0];
      for (const number of which) starts.push((starts.at(-1) ?? 0) + (inputBytes[number] ?? 0));
      const cancel = cancelOf(flag);
      return withCopies([which, inputs, proofs, seed], (keyOf, values, points, first) =>
        asNumber(
          joined(
            each(slices(keyOf.length, SLICES.proofs), (from, to) => {
              const args = [
                ids,
                keyOf.subarray(from, to),
                values.subarray(starts[from], starts[to]),
                points.subarray(from * PROOF, to * PROOF),
                seedOf(from, first),
              ] as const;
              return pool.run('verifyBatch', [...args], { needs, cancel });
            }),
          ),
        ),
      );
    },

    newCircuit(file) {
      const made = newObject<'circuit'>('addCircuit', file);
      return Array.isArray(made) ? (made[0] as number) : (made as NativeCircuit);
    },
    witness(circuit, inputs) {
      const object = objectOf(circuit);
      return withCopies([inputs], (held) =>
        asFault(pool.run('witness', [object.id, held], { needs: [object] })),
      );
    },

    hashNodes: (tuples) => here.hashNodes(tuples),
    scan(viewKey, outputs, audit, flag) {
      const cancel = cancelOf(flag);
      return withCopies([viewKey, outputs], (key, all) =>
        asNumber(
          joined(
            each(slices(all.length / OUTPUT, SLICES.outputs), async (from, to) => {
              const some = all.subarray(from * OUTPUT, to * OUTPUT);
              const hits = await pool.run('scan', [key, some, audit], { cancel });
              return hits instanceof Uint8Array ? shifted(hits, from) : hits;
            }),
          ),
        ),
      );
    },
    openTraces(traceKey, zpk, entries, flag) {
      const cancel = cancelOf(flag);
      return withCopies([traceKey, zpk, entries], (key, its, all) =>
        asFault(
          joined(
            each(slices(all.length / TRACE, SLICES.traces), async (from, to) => {
              const some = all.subarray(from * TRACE, to * TRACE);
              const opened = await pool.run('openTraces', [key, its, some], { cancel });
              if (opened instanceof Uint8Array || typeof opened === 'number') return opened;
              // Places 0 and 1 are the keys', those of entries follow, two each.
              const [status, at] = opened;
              return [status, at < 2 ? at : at + 2 * from];
            }),
          ),
        ),
      );
    },
    checkPoints(encodings, flag) {
      const cancel = cancelOf(flag);
      return withCopies([encodings], (all) =>
        asNumber(
          joined(
            each(slices(all.length / FIELD, SLICES.points), (from, to) =>
              pool.run('checkPoints', [all.subarray(from * FIELD, to * FIELD)], { cancel }),
            ),
          ),
        ),
      );
    },
    verifySignatures(items, seed, flag) {
      const cancel = cancelOf(flag);
      return withCopies([items, seed], (all, first) =>
        asNumber(
          joined(
            each(slices(all.length / SIGNED, SLICES.signatures), (from, to) => {
              const some = all.subarray(from * SIGNED, to * SIGNED);
              return pool.run('verifySignatures', [some, seedOf(from, first)], { cancel });
            }),
          ),
        ),
      );
    },

    groupMultiplyGenerator: (group, scalars, flag) =>
      groupSlices('groupMultiplyGenerator', group, [[scalars, FIELD]], flag),
    groupMultiplyEach(group, points, scalars, flag) {
      const parts = [[points, size(group)] as const, [scalars, FIELD] as const];
      return groupSlices('groupMultiplyEach', group, parts, flag);
    },
    groupMultiplyPowers: (group, points, first, factor, flag) =>
      withCopies([points, first, factor], (...own) =>
        asFault(pool.run('groupMultiplyPowers', [group, ...own], { cancel: cancelOf(flag) })),
      ),
    groupLagrange: (group, points, flag) =>
      withCopies([points], (own) =>
        asFault(pool.run('groupLagrange', [group, own], { cancel: cancelOf(flag) })),
      ),
    groupCombineRows: (group, bases, starts, indices, coefficients, flag) =>
      withCopies([bases, starts, indices, coefficients], (...own) =>
        asFault(pool.run('groupCombineRows', [group, ...own], { cancel: cancelOf(flag) })),
      ),
    groupMultiExp(group, points, scalars, scalarBytes, flag) {
      const cancel = cancelOf(flag);
      return withCopies([points, scalars], async (bases, factors) => {
        const sums = await each(slices(bases.length / size(group), SLICES.groupPoints), (from, to) => {
          const some = bases.subarray(from * size(group), to * size(group));
          const its = factors.subarray(from * scalarBytes, to * scalarBytes);
          return pool.run('groupMultiExp', [group, some, its, scalarBytes], { cancel });
        });
        if (isStatus(sums)) return typeof sums === 'number' ? [sums, 0] : sums;
        // The sum of the slices' sums: each taken once.
        const ones = new Uint8Array(sums.length).fill(1);
        return asFault(pool.run('groupMultiExp', [group, concat(sums), ones, 1], { cancel }));
      });
    },
    groupSubtract(group, left, right, flag) {
      const parts = [[left, size(group)] as const, [right, size(group)] as const];
      return groupSlices('groupSubtract', group, parts, flag);
    },
    groupCheck(group, points, flag) {
      const cancel = cancelOf(flag);
      const count = points.length / size(group);
      const parts = slices(count, SLICES.groupPoints);
      return withCopies([points], async (all) => {
        const firsts = await Promise.all(
          parts.map(([from, to]) =>
            pool.run('groupCheck', [group, all.subarray(from * size(group), to * size(group))], { cancel }),
          ),
        );
        if (cancel?.isCancelled === true) return CANCELLED;
        for (const [i, first] of firsts.entries()) {
          if (typeof first !== 'number') return first;
          const [from, to] = parts[i] ?? [0, 0];
          if (first < to - from) return from + first;
        }
        return count;
      });
    },
    groupEncode: (group, points, compressed, flag) =>
      groupSlices('groupEncode', group, [[points, size(group)]], flag, compressed),
    pairingProductIsOne: (left, right) =>
      withCopies([left, right], (...own) => pool.run('pairingProductIsOne', own)),
  };
}

/**
 * Runs work on copies of bytes as they are now, since a thread may take them late, and wipes the copies when it is done: some are
 * secrets.
 */
async function withCopies<const Bytes extends readonly Uint8Array[], T>(
  bytes: Bytes,
  work: (...copies: { -readonly [K in keyof Bytes]: Uint8Array }) => Promise<T>,
): Promise<T> {
  const copies = bytes.map((one) => new Uint8Array(one));
  try {
    return await work(...(copies as { -readonly [K in keyof Bytes]: Uint8Array }));
  } finally {
    for (const copy of copies) copy.fill(0);
  }
}

/** The seed of the slice that begins at `from`. Slices are separate checks: each has one of its own. */
function seedOf(from: number, first: Uint8Array): Uint8Array {
  return from === 0 ? first : globalThis.crypto.getRandomValues(new Uint8Array(first.length));
}

const CANCELLED: NativeFault = [2, 0];

type GroupName = Extract<
  keyof WasmOperations,
  'groupMultiplyGenerator' | 'groupMultiplyEach' | 'groupSubtract' | 'groupEncode'
>;

function isStatus(value: readonly Uint8Array[] | number | NativeFault): value is number | NativeFault {
  return typeof value === 'number' || typeof value[0] === 'number';
}

function size(group: number): number {
  return POINT[group] ?? 0;
}

/** The places of hits among all outputs. */
function shifted(hits: Uint8Array, from: number): Uint8Array {
  const view = new DataView(hits.buffer, hits.byteOffset, hits.length);
  for (let at = 0; at < hits.length; at += HIT) view.setUint32(at, view.getUint32(at, true) + from, true);
  return hits;
}

/** Moves parts into one: they are wiped. */
function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    part.fill(0);
    at += part.length;
  }
  return out;
}
