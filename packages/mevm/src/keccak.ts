import { keccak_256 } from '@noble/hashes/sha3.js';
import { createKeccak, type WasmMemoryConstructor } from './translate/keccak-instance.ts';
import { KECCAK_RESULT } from './translate/keccak-module.ts';

/** Where what is hashed stands in the memory that is for it alone. */
const INPUT = 16384;
const PAGE = 65536;

function createHash(): (bytes: Uint8Array) => Uint8Array {
  if (typeof WebAssembly === 'undefined') return (bytes) => keccak_256(bytes);
  const { Memory } = WebAssembly as unknown as { Memory: WasmMemoryConstructor };
  const memory = new Memory({ initial: 4, maximum: 65536 });
  const keccak = createKeccak(memory);
  let view = new Uint8Array(memory.buffer);
  return (bytes) => {
    if (INPUT + bytes.length > view.length) {
      memory.grow((INPUT + bytes.length - view.length + PAGE - 1) >>> 16);
      view = new Uint8Array(memory.buffer);
    }
    view.set(bytes, INPUT);
    keccak(INPUT, bytes.length);
    return view.slice(KECCAK_RESULT, KECCAK_RESULT + 32);
  };
}

/** Keccak-256, 32 bytes. On WebAssembly where there is any, else by @noble/hashes. */
export const keccak256: (bytes: Uint8Array) => Uint8Array = createHash();
