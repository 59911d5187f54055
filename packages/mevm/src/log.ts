import { type Execution, expand } from './execution.ts';
import type { Frame } from './frame.ts';
import { wordToBytes } from './words.ts';

const BYTE_GAS = 8;

/** LOG0 to LOG4: the arguments are on the frame's stack. @returns the gas left; negative where there is not enough */
export function log(execution: Execution, frame: Frame, topicCount: number, gas: number): number {
  const { stack } = frame;
  const offset = Number(stack[--frame.sp]);
  const length = Number(stack[--frame.sp]);
  const topics: Uint8Array[] = [];
  for (let i = 0; i < topicCount; i++) topics.push(wordToBytes(stack[--frame.sp] as bigint));
  let left = gas - BYTE_GAS * length;
  if (length !== 0 && left >= 0) left = expand(execution, frame, offset, length, left);
  if (left < 0) return left;
  const from = frame.memoryAt + offset;
  const data = length === 0 ? new Uint8Array(0) : execution.memory.bytes.slice(from, from + length);
  execution.world.logs.push({ address: frame.account.address, topics, data });
  return left;
}
