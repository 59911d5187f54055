import type { WasmModule } from './wasm-module.ts';

/** A pointer into an instance's memory. */
export type Pointer = number;

/** The functions of sero_prover.h as an artefact exports them: pointers, sizes and statuses are numbers. */
type WasmFunction = (...values: number[]) => number;

/** Memory for the time of one call: everything is overwritten with zeros and freed when it ends. */
export interface Frame {
  /** A copy of the bytes. */
  put(bytes: Uint8Array): Pointer;
  /** Zeros. */
  space(length: number): Pointer;
  /** A copy of what lies there now. */
  take(at: Pointer, length: number): Uint8Array;
  /** The little-endian number that lies there now. */
  number(at: Pointer): number;
}

/** The prover's code with a memory of its own; one thread may use it. */
export interface WasmInstance {
  /** Calls a function of sero_prover.h; the frame's memory is for its arguments and results. */
  call<T>(work: (frame: Frame) => T): T;
  /** The function of that name; an artefact without it is not ours. */
  function(name: string): WasmFunction;
  /** Its whole memory, from which `instantiate` makes another in the same state: between calls all of it lies there. */
  image(): Uint8Array;
}

/** What an instance throws when its memory cannot grow. */
export class WasmMemoryError extends Error {}

const PAGE = 65_536;

/**
 * Makes an instance.
 *
 * @param image of another instance of the same module, to begin as that one was
 */
export function instantiate({ module }: WasmModule, image?: Uint8Array): WasmInstance {
  const exports = new WebAssembly.Instance(module).exports as Readonly<Record<string, unknown>>;
  const memory = exports['memory'] as WebAssembly.Memory;
  if (image !== undefined) {
    const missing = (image.length - memory.buffer.byteLength) / PAGE;
    if (missing > 0) grow(memory, missing);
    new Uint8Array(memory.buffer).set(image);
  }
  const lookup = (name: string): WasmFunction => {
    const found = exports[name];
    if (typeof found !== 'function') throw new Error(`the artefact exports no ${name}`);
    return found as WasmFunction;
  };
  const alloc = lookup('sero_alloc');
  const free = lookup('sero_free');
  // A pointer above 2^31 comes out as a negative number. The memory's buffer is another one after it grew.
  const bytes = (at: Pointer, length: number) => new Uint8Array(memory.buffer, at, length);

  return {
    call(work) {
      const blocks: [Pointer, number][] = [];
      const take = (length: number): Pointer => {
        const at = alloc(length) >>> 0;
        if (at === 0) throw new WasmMemoryError('WebAssembly found no memory');
        blocks.push([at, length]);
        return at;
      };
      try {
        return work({
          put(source) {
            const at = take(source.length);
            bytes(at, source.length).set(source);
            return at;
          },
          space(length) {
            const at = take(length);
            bytes(at, length).fill(0);
            return at;
          },
          take: (at, length) => bytes(at, length).slice(),
          number: (at) => new DataView(memory.buffer).getUint32(at, true),
        });
      } finally {
        for (const [at, length] of blocks) {
          bytes(at, length).fill(0);
          free(at);
        }
      }
    },
    function: lookup,
    image: () => new Uint8Array(memory.buffer).slice(),
  };
}

function grow(memory: WebAssembly.Memory, pages: number): void {
  try {
    memory.grow(pages);
  } catch (error) {
    throw new WasmMemoryError('WebAssembly found no memory', { cause: error });
  }
}
