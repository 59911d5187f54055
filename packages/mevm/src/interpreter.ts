// The interpreter: one switch over the opcodes (Yellow Paper appendix H.2), on a stack of bigints. It is long because it is
// a table; what an opcode does that is more than a line stands in opcodes-*.ts and calls.ts.

import { call, create, halt } from './calls.ts';
import { pushedWord } from './code.ts';
import { copyCode, copyInput, copyReturnData, loadInput } from './copies.ts';
import { type Execution, expand } from './execution.ts';
import { type Frame, HOT, REVERTED, RUNNING, STOPPED } from './frame.ts';
import { hashMemory } from './hash-memory.ts';
import { log } from './log.ts';
import { MOST_MEMORY } from './memory.ts';
import { balanceOf, blockHash, codeHash, codeSize, copyForeignCode } from './other-accounts.ts';
import { power } from './power.ts';
import { selfDestruct } from './self-destruct.ts';
import { loadSlot, loadTransient, storeSlot, storeTransient } from './storage.ts';
import { bytesToWord, readWord, writeWord } from './words.ts';

const ALL = (1n << 256n) - 1n;
const SIGN = 1n << 255n;

/** The opcode of steps that are to be seen first: none of Ethereum's. */
const SEEN = 0x0c;

/** Is told of each step before it is done. */
export type Step = (execution: Execution, frame: Frame, opcode: number) => void;

/** The words 0 to 255. */
const SMALL = Array.from({ length: 256 }, (_, i) => BigInt(i));

const seenOpcodes = new WeakMap<Uint8Array, Uint8Array>();

/** As many times `SEEN` as there are bytes. */
function seen(padded: Uint8Array): Uint8Array {
  let opcodes = seenOpcodes.get(padded);
  if (opcodes === undefined) {
    opcodes = new Uint8Array(padded.length).fill(SEEN);
    seenOpcodes.set(padded, opcodes);
  }
  return opcodes;
}

/**
 * Runs a frame until it is over or another one stands above it.
 *
 * @param mostGas that the frame may use before it is `HOT`
 * @param step is told of each step; what is run without it takes no time for it, since its opcodes are other ones
 * @returns `STOPPED`, `REVERTED`, `HALTED`, `CALLED`, or `HOT` at a jump destination
 */
export function interpret(execution: Execution, frame: Frame, mostGas: number, step?: Step): number {
  const { rules, memory, block } = execution;
  const { code, stack } = frame;
  const { padded, jumpDestinations } = code;
  const { least, most, gas: costs } = rules;
  const opcodes = step === undefined ? padded : seen(padded);
  let { sp, pc, gas } = frame;
  const first = gas;
  const hotAt = gas - mostGas;

  for (;;) {
    let opcode = opcodes[pc] as number;
    if (opcode === SEEN && step !== undefined) {
      frame.sp = sp;
      frame.pc = pc;
      frame.gas = gas;
      opcode = padded[pc] as number;
      step(execution, frame, opcode);
    }
    if (sp < (least[opcode] as number)) {
      return halt(frame, rules.opcodes[opcode] === undefined ? 'invalid-opcode' : 'stack-underflow');
    }
    if (sp > (most[opcode] as number)) return halt(frame, 'stack-overflow');
    gas -= costs[opcode] as number;
    if (gas < 0) return halt(frame, 'out-of-gas');

    switch (opcode) {
      case 0x00: {
        frame.gas = gas;
        frame.returnLength = 0;
        return STOPPED;
      }
      case 0x01: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = BigInt.asUintN(256, a + (stack[sp - 1] as bigint));
        break;
      }
      case 0x02: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = BigInt.asUintN(256, a * (stack[sp - 1] as bigint));
        break;
      }
      case 0x03: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = BigInt.asUintN(256, a - (stack[sp - 1] as bigint));
        break;
      }
      case 0x04: {
        const a = stack[--sp] as bigint;
        const b = stack[sp - 1] as bigint;
        stack[sp - 1] = b === 0n ? 0n : a / b;
        break;
      }
      case 0x05: {
        const a = BigInt.asIntN(256, stack[--sp] as bigint);
        const b = BigInt.asIntN(256, stack[sp - 1] as bigint);
        stack[sp - 1] = b === 0n ? 0n : BigInt.asUintN(256, a / b);
        break;
      }
      case 0x06: {
        const a = stack[--sp] as bigint;
        const b = stack[sp - 1] as bigint;
        stack[sp - 1] = b === 0n ? 0n : a % b;
        break;
      }
      case 0x07: {
        const a = BigInt.asIntN(256, stack[--sp] as bigint);
        const b = BigInt.asIntN(256, stack[sp - 1] as bigint);
        stack[sp - 1] = b === 0n ? 0n : BigInt.asUintN(256, a % b);
        break;
      }
      case 0x08: {
        const a = stack[--sp] as bigint;
        const b = stack[--sp] as bigint;
        const n = stack[sp - 1] as bigint;
        stack[sp - 1] = n === 0n ? 0n : (a + b) % n;
        break;
      }
      case 0x09: {
        const a = stack[--sp] as bigint;
        const b = stack[--sp] as bigint;
        const n = stack[sp - 1] as bigint;
        stack[sp - 1] = n === 0n ? 0n : (a * b) % n;
        break;
      }
      case 0x0a: {
        const base = stack[--sp] as bigint;
        const exponent = stack[sp - 1] as bigint;
        if (exponent === 0n) {
          stack[sp - 1] = 1n;
          break;
        }
        const digits = exponent.toString(16);
        gas -= 50 * ((digits.length + 1) >>> 1);
        if (gas < 0) return halt(frame, 'out-of-gas');
        stack[sp - 1] = power(memory, base, exponent);
        break;
      }
      case 0x0b: {
        const k = stack[--sp] as bigint;
        if (k < 31n)
          stack[sp - 1] = BigInt.asUintN(256, BigInt.asIntN(Number(k) * 8 + 8, stack[sp - 1] as bigint));
        break;
      }
      case 0x10: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = a < (stack[sp - 1] as bigint) ? 1n : 0n;
        break;
      }
      case 0x11: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = a > (stack[sp - 1] as bigint) ? 1n : 0n;
        break;
      }
      case 0x12: {
        const a = (stack[--sp] as bigint) ^ SIGN;
        stack[sp - 1] = a < ((stack[sp - 1] as bigint) ^ SIGN) ? 1n : 0n;
        break;
      }
      case 0x13: {
        const a = (stack[--sp] as bigint) ^ SIGN;
        stack[sp - 1] = a > ((stack[sp - 1] as bigint) ^ SIGN) ? 1n : 0n;
        break;
      }
      case 0x14: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = a === stack[sp - 1] ? 1n : 0n;
        break;
      }
      case 0x15: {
        stack[sp - 1] = stack[sp - 1] === 0n ? 1n : 0n;
        break;
      }
      case 0x16: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = a & (stack[sp - 1] as bigint);
        break;
      }
      case 0x17: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = a | (stack[sp - 1] as bigint);
        break;
      }
      case 0x18: {
        const a = stack[--sp] as bigint;
        stack[sp - 1] = a ^ (stack[sp - 1] as bigint);
        break;
      }
      case 0x19: {
        stack[sp - 1] = ALL ^ (stack[sp - 1] as bigint);
        break;
      }
      case 0x1a: {
        const i = stack[--sp] as bigint;
        stack[sp - 1] = i > 31n ? 0n : ((stack[sp - 1] as bigint) >> (8n * (31n - i))) & 255n;
        break;
      }
      case 0x1b: {
        const n = stack[--sp] as bigint;
        stack[sp - 1] = n > 255n ? 0n : BigInt.asUintN(256, (stack[sp - 1] as bigint) << n);
        break;
      }
      case 0x1c: {
        const n = stack[--sp] as bigint;
        stack[sp - 1] = n > 255n ? 0n : (stack[sp - 1] as bigint) >> n;
        break;
      }
      case 0x1d: {
        const n = stack[--sp] as bigint;
        stack[sp - 1] = BigInt.asUintN(
          256,
          BigInt.asIntN(256, stack[sp - 1] as bigint) >> (n > 255n ? 255n : n),
        );
        break;
      }
      case 0x20: {
        const offset = Number(stack[--sp]);
        const length = Number(stack[sp - 1]);
        if (length !== 0) gas = expand(execution, frame, offset, length, gas) - 6 * wordsOf(length);
        if (gas < 0) return halt(frame, 'out-of-gas');
        stack[sp - 1] = hashMemory(memory, frame.memoryAt + offset, length);
        break;
      }
      case 0x30: {
        stack[sp++] = frame.account.word;
        break;
      }
      case 0x31: {
        gas = balanceOf(execution, stack, sp, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        break;
      }
      case 0x32: {
        stack[sp++] = execution.origin.word;
        break;
      }
      case 0x33: {
        stack[sp++] = frame.caller.word;
        break;
      }
      case 0x34: {
        stack[sp++] = frame.value;
        break;
      }
      case 0x35: {
        stack[sp - 1] = loadInput(memory, frame, Number(stack[sp - 1]));
        break;
      }
      case 0x36: {
        stack[sp++] = BigInt(frame.inputLength);
        break;
      }
      case 0x37:
      case 0x39:
      case 0x3e: {
        const to = Number(stack[--sp]);
        const from = Number(stack[--sp]);
        const length = Number(stack[--sp]);
        if (opcode === 0x3e && from + length > execution.returnData.length) {
          return halt(frame, 'return-data-out-of-bounds');
        }
        if (length === 0) break;
        gas = expand(execution, frame, to, length, gas) - 3 * wordsOf(length);
        if (gas < 0) return halt(frame, 'out-of-gas');
        const at = frame.memoryAt + to;
        if (opcode === 0x37) copyInput(memory, frame, at, from, length);
        else if (opcode === 0x39) copyCode(memory, code.bytes, at, from, length);
        else copyReturnData(memory, execution.returnData, at, from, length);
        break;
      }
      case 0x38: {
        stack[sp++] = BigInt(code.bytes.length);
        break;
      }
      case 0x3a: {
        stack[sp++] = execution.gasPrice;
        break;
      }
      case 0x3b: {
        gas = codeSize(execution, stack, sp, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        break;
      }
      case 0x3c: {
        sp -= 4;
        gas = copyForeignCode(execution, frame, sp, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        break;
      }
      case 0x3d: {
        stack[sp++] = BigInt(execution.returnData.length);
        break;
      }
      case 0x3f: {
        gas = codeHash(execution, stack, sp, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        break;
      }
      case 0x40: {
        stack[sp - 1] = blockHash(execution, stack[sp - 1] as bigint);
        break;
      }
      case 0x41: {
        stack[sp++] = execution.coinbase;
        break;
      }
      case 0x42: {
        stack[sp++] = block.timestamp;
        break;
      }
      case 0x43: {
        stack[sp++] = block.number;
        break;
      }
      case 0x44: {
        stack[sp++] = block.prevRandao;
        break;
      }
      case 0x45: {
        stack[sp++] = block.gasLimit;
        break;
      }
      case 0x46: {
        stack[sp++] = block.chainId;
        break;
      }
      case 0x47: {
        stack[sp++] = frame.account.balance;
        break;
      }
      case 0x48: {
        stack[sp++] = block.baseFee;
        break;
      }
      case 0x49: {
        const hash = execution.blobHashes[Number(stack[sp - 1])];
        stack[sp - 1] = hash === undefined ? 0n : bytesToWord(hash);
        break;
      }
      case 0x4a: {
        stack[sp++] = block.blobBaseFee;
        break;
      }
      case 0x50: {
        sp--;
        break;
      }
      case 0x51: {
        const offset = Number(stack[sp - 1]);
        if (offset + 32 > frame.memorySize) {
          gas = expand(execution, frame, offset, 32, gas);
          if (gas < 0) return halt(frame, 'out-of-gas');
        }
        stack[sp - 1] = readWord(memory.view, frame.memoryAt + offset);
        break;
      }
      case 0x52: {
        const offset = Number(stack[--sp]);
        if (offset + 32 > frame.memorySize) {
          gas = expand(execution, frame, offset, 32, gas);
          if (gas < 0) return halt(frame, 'out-of-gas');
        }
        writeWord(memory.view, frame.memoryAt + offset, stack[--sp] as bigint);
        break;
      }
      case 0x53: {
        const offset = Number(stack[--sp]);
        if (offset + 1 > frame.memorySize) {
          gas = expand(execution, frame, offset, 1, gas);
          if (gas < 0) return halt(frame, 'out-of-gas');
        }
        memory.bytes[frame.memoryAt + offset] = Number((stack[--sp] as bigint) & 255n);
        break;
      }
      case 0x54: {
        gas = loadSlot(execution, frame, sp, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        break;
      }
      case 0x55: {
        if (frame.isStatic) return halt(frame, 'static-violation');
        sp -= 2;
        gas = storeSlot(execution, frame, sp, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        break;
      }
      case 0x56: {
        const to = Number(stack[--sp]);
        if (jumpDestinations[to] !== 1) return halt(frame, 'invalid-jump');
        pc = to;
        if (gas < hotAt) {
          frame.sp = sp;
          frame.pc = pc;
          frame.gas = gas;
          return HOT;
        }
        continue;
      }
      case 0x57: {
        const to = Number(stack[--sp]);
        if (stack[--sp] === 0n) break;
        if (jumpDestinations[to] !== 1) return halt(frame, 'invalid-jump');
        pc = to;
        if (gas < hotAt) {
          frame.sp = sp;
          frame.pc = pc;
          frame.gas = gas;
          return HOT;
        }
        continue;
      }
      case 0x58: {
        stack[sp++] = BigInt(pc);
        break;
      }
      case 0x59: {
        stack[sp++] = BigInt(frame.memorySize);
        break;
      }
      case 0x5a: {
        stack[sp++] = BigInt(gas);
        break;
      }
      case 0x5b:
        break;
      case 0x5c: {
        loadTransient(execution, frame, sp);
        break;
      }
      case 0x5d: {
        if (frame.isStatic) return halt(frame, 'static-violation');
        sp -= 2;
        storeTransient(execution, frame, sp);
        break;
      }
      case 0x5e: {
        const to = Number(stack[--sp]);
        const from = Number(stack[--sp]);
        const length = Number(stack[--sp]);
        if (length === 0) break;
        gas = expand(execution, frame, to > from ? to : from, length, gas) - 3 * wordsOf(length);
        if (gas < 0) return halt(frame, 'out-of-gas');
        const { memoryAt } = frame;
        memory.bytes.copyWithin(memoryAt + to, memoryAt + from, memoryAt + from + length);
        break;
      }
      case 0x5f: {
        stack[sp++] = 0n;
        break;
      }
      case 0x60: {
        stack[sp++] = SMALL[padded[++pc] as number] as bigint;
        break;
      }
      case 0x61: {
        stack[sp++] = BigInt(((padded[pc + 1] as number) << 8) | (padded[pc + 2] as number));
        pc += 2;
        break;
      }
      case 0xa0:
      case 0xa1:
      case 0xa2:
      case 0xa3:
      case 0xa4: {
        if (frame.isStatic) return halt(frame, 'static-violation');
        frame.sp = sp;
        gas = log(execution, frame, opcode - 0xa0, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        ({ sp } = frame);
        break;
      }
      case 0xf0:
      case 0xf1:
      case 0xf2:
      case 0xf4:
      case 0xf5:
      case 0xfa: {
        frame.sp = sp;
        frame.gas = gas;
        frame.pc = pc + 1;
        const used = first - gas;
        code.heat += used;
        const then =
          opcode === 0xf0 || opcode === 0xf5
            ? create(execution, frame, opcode)
            : call(execution, frame, opcode);
        if (then !== RUNNING) return then;
        // Whoever called counts what the frame used, if it ends without another one above it.
        code.heat -= used;
        ({ sp, gas } = frame);
        break;
      }
      case 0xf3:
      case 0xfd: {
        const offset = Number(stack[--sp]);
        const length = Number(stack[--sp]);
        if (length !== 0) gas = expand(execution, frame, offset, length, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        frame.returnAt = offset;
        frame.returnLength = length;
        frame.gas = gas;
        return opcode === 0xf3 ? STOPPED : REVERTED;
      }
      case 0xff: {
        if (frame.isStatic) return halt(frame, 'static-violation');
        gas = selfDestruct(execution, frame, stack[--sp] as bigint, gas);
        if (gas < 0) return halt(frame, 'out-of-gas');
        frame.gas = gas;
        frame.returnLength = 0;
        return STOPPED;
      }
      default: {
        if (opcode >= 0x90) {
          const other = sp - opcode + 0x8e;
          const top = stack[sp - 1] as bigint;
          stack[sp - 1] = stack[other] as bigint;
          stack[other] = top;
        } else if (opcode >= 0x80) {
          stack[sp] = stack[sp - opcode + 0x7f] as bigint;
          sp++;
        } else {
          stack[sp++] = pushedWord(code, pc, opcode - 0x5f);
          pc += opcode - 0x5f;
        }
      }
    }
    pc++;
  }
}

/** Words that a length takes. Lengths for which there is not enough gas by far may give anything that is not negative. */
function wordsOf(length: number): number {
  return length < MOST_MEMORY ? (length + 31) >>> 5 : MOST_MEMORY;
}
