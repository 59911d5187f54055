import { keccak256 } from './keccak.ts';
import type { LinearMemory } from './memory.ts';
import { KECCAK_RESULT } from './translate/keccak-module.ts';
import { bytesToWord, readWord } from './words.ts';

/** Keccak-256 of bytes in linear memory, as a word. */
export function hashMemory(memory: LinearMemory, at: number, length: number): bigint {
  if (memory.keccak === undefined) return bytesToWord(keccak256(memory.bytes.subarray(at, at + length)));
  memory.keccak(length === 0 ? 0 : at, length);
  return readWord(memory.view, KECCAK_RESULT);
}
