import { parentPort, workerData } from 'node:worker_threads';
import type { Group, PointsTask } from './setup-points.ts';

/**
 * Thread of setup-points.ts: multiplies a generator by many scalars with a table of all multiples of it by one
 * byte at each of the 32 places, so that a product is at most 32 mixed additions.
 */

const SCALAR_BYTES = 32;
const PLACES = 32;
const DIGITS = 255;
const FIELD_BYTES: Readonly<Record<Group, number>> = { g1: 48, g2: 96 };
/** Points made affine at one go; bounds the memory that the WASM needs beside its tables. */
const CHUNK = 4096;
const PAGE = 65_536;

/** The part of WebAssembly's JavaScript interface used here; neither es2024 nor node declares its types. */
interface WebAssemblyInterface {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  compile(code: Uint8Array): Promise<unknown>;
  instantiate(module: unknown, imports: unknown): Promise<WebAssemblyInstance>;
}
interface WebAssemblyInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface };

interface CurveExports {
  readonly add: (a: number, b: number, out: number) => void;
  readonly addMixed: (a: number, affine: number, out: number) => void;
  readonly zero: (out: number) => void;
  readonly copy: (from: number, to: number) => void;
  readonly batchToAffine: (from: number, count: number, to: number) => void;
}

function exportsOf(instance: WebAssemblyInstance, group: Group): CurveExports {
  const named = (name: string): ((...parameters: number[]) => void) =>
    instance.exports[`${group}m_${name}`] as (...parameters: number[]) => void;
  return {
    add: named('add'),
    addMixed: named('addMixed'),
    zero: named('zero'),
    copy: named('copy'),
    batchToAffine: named('batchToAffine'),
  };
}

interface Multiplier {
  /** Multiplies at most CHUNK scalars; the returned view is valid until the next call. */
  multiply(scalars: Uint8Array): Uint8Array;
}

async function buildMultiplier({ code, generator, group }: PointsTask): Promise<Multiplier> {
  const jacobian = 3 * FIELD_BYTES[group];
  const affine = 2 * FIELD_BYTES[group];
  const entries = PLACES * DIGITS;
  // Jacobian and affine copy of the table, scratch of the module's own batch inversion, and a margin.
  const memory = new WebAssembly.Memory({
    initial: Math.ceil((entries * (2 * jacobian + affine)) / PAGE) + 64,
  });
  const module = await WebAssembly.compile(code);
  const curve = exportsOf(await WebAssembly.instantiate(module, { env: { memory } }), group);

  // The word at address 0 is the module's own pointer to free memory: what lies below stays ours.
  const free = new Uint32Array(memory.buffer, 0, 1);
  const allocate = (bytes: number): number => {
    const at = (free[0]! + 7) & ~7;
    free[0] = at + bytes;
    return at;
  };

  const table = allocate(entries * affine);
  const work = allocate(entries * jacobian);
  const base = allocate(jacobian);
  curve.copy(generator, base);
  for (let place = 0; place < PLACES; place++) {
    const row = work + place * DIGITS * jacobian;
    curve.copy(base, row);
    for (let digit = 1; digit < DIGITS; digit++) {
      curve.add(row + (digit - 1) * jacobian, base, row + digit * jacobian);
    }
    curve.add(row + (DIGITS - 1) * jacobian, base, base);
  }
  curve.batchToAffine(work, entries, table);

  return {
    multiply: (scalars) => {
      const count = scalars.length / SCALAR_BYTES;
      for (let i = 0; i < count; i++) {
        const sum = work + i * jacobian;
        curve.zero(sum);
        for (let place = 0; place < PLACES; place++) {
          const digit = scalars[i * SCALAR_BYTES + place]!;
          if (digit !== 0) curve.addMixed(sum, table + (place * DIGITS + digit - 1) * affine, sum);
        }
      }
      curve.batchToAffine(work, count, work);
      return new Uint8Array(memory.buffer, work, count * affine);
    },
  };
}

async function run(task: PointsTask): Promise<Uint8Array> {
  const multiplier = await buildMultiplier(task);
  const affine = 2 * FIELD_BYTES[task.group];
  const out = new Uint8Array((task.scalars.length / SCALAR_BYTES) * affine);
  for (let at = 0; at < task.scalars.length; at += CHUNK * SCALAR_BYTES) {
    out.set(
      multiplier.multiply(task.scalars.subarray(at, at + CHUNK * SCALAR_BYTES)),
      (at / SCALAR_BYTES) * affine,
    );
  }
  return out;
}

const points = await run(workerData as PointsTask);
parentPort?.postMessage(points, [points.buffer as ArrayBuffer]);
