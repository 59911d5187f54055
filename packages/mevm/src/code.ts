import { keccak256 } from './keccak.ts';
import type { Translated } from './translate/engine.ts';

/** Bytecode with what is found out about it once. */
export interface Code {
  readonly bytes: Uint8Array;
  /** The bytes and 33 zeros: what runs off the end stops, and a PUSH at the end reads zeros (Yellow Paper 9.4). */
  readonly padded: Uint8Array;
  /** 1 where a JUMP may go. As long as `padded`. */
  readonly jumpDestinations: Uint8Array;
  /** What PUSH3 to PUSH32 at a place push, once they did. */
  readonly pushes: Map<number, bigint>;
  /** Gas that it used while it was interpreted: how much it is worth to translate it. */
  heat: number;
  /** As WebAssembly, in the memory of one machine. */
  translated: Translated | undefined;
}

export const NO_BYTES = new Uint8Array(0);

/** Keccak-256 of nothing: the code hash of an account without code. */
export const NO_CODE_HASH = keccak256(NO_BYTES);

const JUMPDEST = 0x5b;
const PUSH1 = 0x60;
const PUSH32 = 0x7f;

/** Looks through bytecode: where jumps may go (Yellow Paper 9.4.3). */
export function analyse(bytes: Uint8Array): Code {
  const padded = new Uint8Array(bytes.length + 33);
  padded.set(bytes);
  const jumpDestinations = new Uint8Array(padded.length);
  for (let i = 0; i < bytes.length; i++) {
    const opcode = padded[i] as number;
    if (opcode === JUMPDEST) jumpDestinations[i] = 1;
    else if (opcode >= PUSH1 && opcode <= PUSH32) i += opcode - PUSH1 + 1;
  }
  return { bytes, padded, jumpDestinations, pushes: new Map(), heat: 0, translated: undefined };
}

export const NO_CODE: Code = analyse(NO_BYTES);

/** The word that a PUSH of `length` bytes at `at` pushes. */
export function pushedWord(code: Code, at: number, length: number): bigint {
  let word = code.pushes.get(at);
  if (word === undefined) {
    word = 0n;
    for (let i = 1; i <= length; i++) word = (word << 8n) | BigInt(code.padded[at + i] as number);
    code.pushes.set(at, word);
  }
  return word;
}
