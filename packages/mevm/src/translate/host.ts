// What translated code asks of the machine: opcodes that look beyond their frame, and those that are rarely worth code.

import { copyCode, copyInput, copyReturnData, loadInput } from '../copies.ts';
import { type Execution, expand } from '../execution.ts';
import type { Frame } from '../frame.ts';
import { hashMemory } from '../hash-memory.ts';
import { log } from '../log.ts';
import { STACK_STRIDE, STACKS } from '../memory.ts';
import { balanceOf, blockHash, codeHash, codeSize, copyForeignCode } from '../other-accounts.ts';
import { CURRENT, valuesAt } from '../slots.ts';
import { COLD_SLOT_MORE, SENTRY, storeLimbs } from '../storage.ts';
import { bytesToWord, readLimbs, writeLimbs } from '../words.ts';
import { MEMORY_SIZE, OUT_OF_GAS, REGISTERS, RETURN_DATA_BOUNDS, STATIC_VIOLATION } from './layout.ts';

/** More than any memory, input or code has. */
const FAR = Number.MAX_SAFE_INTEGER;

/** The functions that a translated module imports, for the frame that runs. */
export interface Host {
  /** Makes memory reach to offset + length. @returns the gas left; negative where there is not enough */
  grow(offset: number, length: number, gas: number): number;
  /** Does an opcode on the words below `pointer`. @returns the gas left, or why the frame stops */
  host(opcode: number, pointer: number, gas: number): number;
}

/** Where a frame's registers stand. */
export function registersOf(frame: Frame): number {
  return STACKS + frame.depth * STACK_STRIDE + REGISTERS;
}

export function createHost(current: () => Execution): Host {
  const running = (execution: Execution) => execution.frames[execution.depth] as Frame;

  const grown = (execution: Execution, frame: Frame, offset: number, length: number, gas: number): number => {
    const left = expand(execution, frame, offset, length, gas);
    execution.memory.limbs[(registersOf(frame) + MEMORY_SIZE) >>> 2] = frame.memorySize;
    return left < 0 ? OUT_OF_GAS : left;
  };

  return {
    grow(offset, length, gas) {
      const execution = current();
      return grown(execution, running(execution), offset, length, gas);
    },
    host(opcode, pointer, gas) {
      const execution = current();
      const frame = running(execution);
      const { memory, world } = execution;
      const { stack } = frame;
      const top = (pointer >>> 2) - 8;
      switch (opcode) {
        case 0x54: {
          const { limbs } = memory;
          const slot = world.slot(frame.account, limbs, top);
          const { values } = world.slots;
          const from = valuesAt(slot) + CURRENT;
          for (let i = 0; i < 8; i++) limbs[top + i] = values[from + i] as number;
          if (world.warmSlot(slot)) return gas;
          return gas < COLD_SLOT_MORE ? OUT_OF_GAS : gas - COLD_SLOT_MORE;
        }
        case 0x55: {
          if (frame.isStatic) return STATIC_VIOLATION;
          if (gas <= SENTRY) return OUT_OF_GAS;
          return enough(storeLimbs(execution, frame, memory.limbs, top, top - 8, gas));
        }
        case 0x5c: {
          const { limbs } = memory;
          const at = world.transientAt(frame.account, limbs, top);
          for (let i = 0; i < 8; i++) limbs[top + i] = at < 0 ? 0 : (world.transient[at + i] as number);
          return gas;
        }
        case 0x5d: {
          if (frame.isStatic) return STATIC_VIOLATION;
          world.storeTransient(frame.account, memory.limbs, top, memory.limbs, top - 8);
          return gas;
        }
        case 0x20: {
          const offset = small(memory.limbs, top);
          const length = small(memory.limbs, top - 8);
          let left = gas;
          if (length !== 0) left = grown(execution, frame, offset, length, gas);
          if (left < 0) return left;
          left -= 6 * ((length + 31) >>> 5);
          if (left < 0) return OUT_OF_GAS;
          writeLimbs(memory.view, pointer - 64, hashMemory(memory, frame.memoryAt + offset, length));
          return left;
        }
        case 0x37:
        case 0x39:
        case 0x3e:
        case 0x5e: {
          const to = small(memory.limbs, top);
          const from = small(memory.limbs, top - 8);
          const length = small(memory.limbs, top - 16);
          if (opcode === 0x3e && from + length > execution.returnData.length) return RETURN_DATA_BOUNDS;
          if (length === 0) return gas;
          const furthest = opcode === 0x5e && from > to ? from : to;
          let left = grown(execution, frame, furthest, length, gas);
          if (left < 0) return left;
          left -= 3 * ((length + 31) >>> 5);
          if (left < 0) return OUT_OF_GAS;
          const at = frame.memoryAt + to;
          if (opcode === 0x37) copyInput(memory, frame, at, from, length);
          else if (opcode === 0x39) copyCode(memory, frame.code.bytes, at, from, length);
          else if (opcode === 0x3e) copyReturnData(memory, execution.returnData, at, from, length);
          else memory.bytes.copyWithin(at, frame.memoryAt + from, frame.memoryAt + from + length);
          return left;
        }
        case 0xa0:
        case 0xa1:
        case 0xa2:
        case 0xa3:
        case 0xa4: {
          if (frame.isStatic) return STATIC_VIOLATION;
          take(execution, frame, pointer, opcode - 0x9e);
          const left = log(execution, frame, opcode - 0xa0, gas);
          execution.memory.limbs[(registersOf(frame) + MEMORY_SIZE) >>> 2] = frame.memorySize;
          return enough(left);
        }
        case 0x3c: {
          take(execution, frame, pointer, 4);
          frame.sp = 0;
          const left = copyForeignCode(execution, frame, 0, gas);
          execution.memory.limbs[(registersOf(frame) + MEMORY_SIZE) >>> 2] = frame.memorySize;
          return enough(left);
        }
        case 0x47: {
          writeLimbs(memory.view, pointer, frame.account.balance);
          return gas;
        }
      }
      // What is left takes a word and gives one.
      const first = readLimbs(memory.view, pointer - 32);
      stack[0] = first;
      let left = gas;
      switch (opcode) {
        case 0x31:
          left = balanceOf(execution, stack, 1, gas);
          break;
        case 0x35:
          stack[0] = loadInput(memory, frame, Number(first));
          break;
        case 0x3b:
          left = codeSize(execution, stack, 1, gas);
          break;
        case 0x3f:
          left = codeHash(execution, stack, 1, gas);
          break;
        case 0x40:
          stack[0] = blockHash(execution, first);
          break;
        case 0x49: {
          const hash = execution.blobHashes[Number(first)];
          stack[0] = hash === undefined ? 0n : bytesToWord(hash);
          break;
        }
      }
      writeLimbs(memory.view, pointer - 32, stack[0] as bigint);
      return enough(left);
    },
  };
}

/** Puts the topmost words of translated code onto the frame's own stack, which is empty. */
export function take(execution: Execution, frame: Frame, pointer: number, count: number): void {
  const { view } = execution.memory;
  for (let i = 0; i < count; i++) frame.stack[i] = readLimbs(view, pointer - 32 * (count - i));
  frame.sp = count;
}

function enough(gas: number): number {
  return gas < 0 ? OUT_OF_GAS : gas;
}

/** A word as a number, or a very large one. */
export function small(limbs: Int32Array, at: number): number {
  for (let i = 1; i < 8; i++) if (limbs[at + i] !== 0) return FAR;
  return (limbs[at] as number) >>> 0;
}
