import type { Code } from '../code.ts';
import type { Opcode } from '../opcodes.ts';

/** A run of opcodes that are done all or not at all: their gas is taken and their stack is checked before the first. */
export interface Segment {
  readonly start: number;
  /** The place after its last opcode. */
  readonly end: number;
  readonly gas: number;
  /** How many words under the stack's height are touched, and how many above it. */
  readonly least: number;
  readonly most: number;
}

const JUMPDEST = 0x5b;
const MOST_OPCODES = 64;

/** Opcodes that end a frame, or leave it for another one. */
const LEAVES = new Set([0x00, 0x56, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xfa, 0xfd, 0xff]);
/** Opcodes that see how much gas is left, and JUMPI, after which code goes on in one case only. */
const ENDS = new Set([...LEAVES, 0x55, 0x57, 0x5a]);

export function leavesFrame(opcode: number): boolean {
  return LEAVES.has(opcode);
}

/** The place after the opcode at a place. */
export function following(code: Code, at: number): number {
  const opcode = code.padded[at] as number;
  return opcode >= 0x60 && opcode <= 0x7f ? at + opcode - 0x5e : at + 1;
}

/** The segment that begins at a place. */
export function segmentAt(
  code: Code,
  opcodes: ReadonlyArray<Opcode | undefined>,
  start: number,
  longest = MOST_OPCODES,
): Segment {
  let [at, gas, height, least, most] = [start, 0, 0, 0, 0];
  for (let count = 0; count < longest; count++) {
    const byte = code.padded[at] as number;
    // A run of jump destinations is passed in one go from each of them.
    if (count > 0 && byte === JUMPDEST && code.padded[at - 1] !== JUMPDEST) break;
    const opcode = opcodes[byte];
    if (opcode === undefined) {
      at++;
      break;
    }
    gas += opcode.gas;
    if (opcode.pops - height > least) least = opcode.pops - height;
    height += opcode.pushes - opcode.pops;
    if (height > most) most = height;
    at = following(code, at);
    if (ENDS.has(byte) || at > code.bytes.length) break;
  }
  return { start, end: at, gas, least, most };
}
