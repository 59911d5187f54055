import type { Frame } from './frame.ts';
import type { LinearMemory } from './memory.ts';
import { readWord } from './words.ts';

const scratch = new DataView(new ArrayBuffer(32));
const scratchBytes = new Uint8Array(scratch.buffer);

/** CALLDATALOAD: 32 bytes of the input from an offset on, zeros beyond its end. */
export function loadInput(memory: LinearMemory, frame: Frame, offset: number): bigint {
  const { inputAt, inputLength } = frame;
  if (offset >= inputLength) return 0n;
  if (offset + 32 <= inputLength) return readWord(memory.view, inputAt + offset);
  scratchBytes.fill(0);
  scratchBytes.set(memory.bytes.subarray(inputAt + offset, inputAt + inputLength));
  return readWord(scratch, 0);
}

/** CALLDATACOPY: input from an offset on to `at` in linear memory, zeros beyond the input's end. */
export function copyInput(
  memory: LinearMemory,
  frame: Frame,
  at: number,
  offset: number,
  length: number,
): void {
  const { inputAt, inputLength } = frame;
  const there = offset >= inputLength ? 0 : offset + length <= inputLength ? length : inputLength - offset;
  if (there > 0) memory.bytes.copyWithin(at, inputAt + offset, inputAt + offset + there);
  if (there < length) memory.bytes.fill(0, at + there, at + length);
}

/** CODECOPY: the same of bytecode. */
export function copyCode(
  memory: LinearMemory,
  code: Uint8Array,
  at: number,
  offset: number,
  length: number,
): void {
  const there = offset >= code.length ? 0 : offset + length <= code.length ? length : code.length - offset;
  if (there > 0) memory.bytes.set(code.subarray(offset, offset + there), at);
  if (there < length) memory.bytes.fill(0, at + there, at + length);
}

/** RETURNDATACOPY, within the data (EIP-211). */
export function copyReturnData(
  memory: LinearMemory,
  data: Uint8Array,
  at: number,
  offset: number,
  length: number,
): void {
  memory.bytes.set(data.subarray(offset, offset + length), at);
}
