import { MachineFault } from './errors.ts';
import { createDivisions, type Divisions } from './translate/division-instance.ts';
import {
  createKeccak,
  type Keccak,
  type WasmMemory,
  type WasmMemoryConstructor,
} from './translate/keccak-instance.ts';

/** Bytes below this are the machine's own: the space of Keccak, words of the block, tables of translated code. */
const RESERVED = 0x120_0000;
/** 64 KiB for each of 1,025 depths: 1,024 words of translated code's stack, little-endian, and the frame's registers. */
export const STACKS = RESERVED;
export const STACK_STRIDE = 65536;
/** Where the memory of frames begins, one frame's after the other's. */
export const FRAMES = STACKS + 1026 * STACK_STRIDE;

const PAGE = 65536;
/** 2 GiB: a frame's memory ends below it whatever gas it has. */
export const MOST_MEMORY = 0x8000_0000;

/** The linear memory that all frames of a machine stand in. The views are new ones after it grew. */
export interface LinearMemory {
  /** Undefined where there is no WebAssembly (a content security policy, `--jitless`). */
  readonly wasm: WasmMemory | undefined;
  /** Undefined together with `wasm`. */
  readonly keccak: Keccak | undefined;
  /** The same. */
  readonly divisions: Divisions | undefined;
  bytes: Uint8Array;
  view: DataView;
  limbs: Int32Array;
}

export function createMemory(): LinearMemory {
  const initial = (FRAMES >>> 16) + 16;
  const wasm =
    typeof WebAssembly === 'undefined'
      ? undefined
      : new (WebAssembly as unknown as { Memory: WasmMemoryConstructor }).Memory({ initial, maximum: 65536 });
  return {
    wasm,
    keccak: wasm && createKeccak(wasm),
    divisions: wasm && createDivisions(wasm),
    ...viewsOf(wasm?.buffer ?? new ArrayBuffer(initial * PAGE)),
  };
}

function viewsOf(buffer: ArrayBuffer): Pick<LinearMemory, 'bytes' | 'view' | 'limbs'> {
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer), limbs: new Int32Array(buffer) };
}

/** Makes room up to `end`, in larger and larger steps. @throws MachineFault `memory-exhausted` */
export function reserve(memory: LinearMemory, end: number): void {
  const have = memory.bytes.length;
  if (end <= have) return;
  const larger = have + (have >>> 2);
  const pages = ((end > larger ? end : larger) - have + PAGE - 1) >>> 16;
  try {
    memory.wasm?.grow(pages);
    Object.assign(memory, viewsOf(memory.wasm?.buffer ?? grown(memory.bytes, pages)));
  } catch (cause) {
    throw new MachineFault('memory-exhausted', `${end} bytes for frames cannot be had`, { cause });
  }
}

function grown(bytes: Uint8Array, pages: number): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes.length + pages * PAGE);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

/** Gas for a memory of `words` words (Yellow Paper, equation 326: 3 a word and its square by 512). At most 2^26 words. */
export function memoryGas(words: number): number {
  return 3 * words + (words < 65536 ? (words * words) >>> 9 : Number((BigInt(words) * BigInt(words)) >> 9n));
}

/** A whole number of gas by 64, rounded down. */
export function sixtyFourth(gas: number): number {
  return gas < 0x8000_0000 ? gas >>> 6 : Number(BigInt(gas) >> 6n);
}
