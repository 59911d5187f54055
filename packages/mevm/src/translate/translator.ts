// Translates bytecode to a WebAssembly module: one function for each place where code can be entered, its words in linear
// memory between them and in locals within them. Functions end in calls of each other in their own place (tail calls).

import { type Code, pushedWord } from '../code.ts';
import type { Rules } from '../execution.ts';
import * as arithmetic from './arithmetic.ts';
import { DIVISIONS, POWER } from './division-module.ts';
import {
  ADDRESS,
  CALLER,
  GAS,
  INPUT_LENGTH,
  INVALID_JUMP,
  INVALID_OPCODE,
  MEMORY_SIZE,
  OUT_OF_GAS,
  OVERFLOW,
  REGISTERS,
  RESUME_AT,
  RETURN_DATA_LENGTH,
  STACK_POINTER,
  TRANSACTION_WORDS,
  UNDERFLOW,
  VALUE,
} from './layout.ts';
import { emitInput, emitKeccak, emitLoad, emitStore, emitStoreByte } from './memory-access.ts';
import { following, leavesFrame, type Segment, segmentAt } from './segments.ts';
import { inputWord, multiplication } from './shared-functions.ts';
import { byteFunction, extensionFunction, type Shift, shiftFunction } from './shift-functions.ts';
import { constant, isShort, keep, keepWord, known, type Limbs, push, pushAny } from './values.ts';
import { createVirtualStack, loadWord, type VirtualStack } from './virtual-stack.ts';
import {
  access,
  type Body,
  call,
  createBody,
  emit,
  F64,
  get,
  I32,
  I64,
  i32,
  i64,
  LOAD_I32,
  LOAD_U16,
  local,
  moduleBytes,
  OP,
  returnCall,
  returnCallIndirect,
  STORE_I32,
  STORE_I64,
  set,
  tee,
  when,
} from './wasm.ts';

/** Types of functions: a part of the code, an entry, and what comes from outside. */
const [PART, ENTER, GROW, HOST, STEP, HASH, PRODUCT, INPUT, SHIFTED, MODULO] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Indices of what comes from outside. */
export const GROW_AT = 0;
const [HOST_AT, STEP_AT] = [1, 2];
export const HASH_AT = 3;
const DIVISION_AT = new Map([...DIVISIONS.keys()].map((opcode, i) => [opcode, 4 + i]));
const POWER_AT = 10;
const ENTER_AT = 11;
const MULTIPLY_AT = 12;
export const INPUT_WORD = 13;
const SHIFT_AT: Readonly<Record<Shift, number>> = { left: 14, right: 15, signed: 16 };
const BYTE_AT = 17;
const EXTENSION_AT = 18;
const PARTS_AT = 19;

/** By opcode: what takes a word and a number that is not known yet. */
const WORD_FUNCTIONS: Readonly<Record<number, number>> = {
  11: EXTENSION_AT,
  26: BYTE_AT,
  27: SHIFT_AT.left,
  28: SHIFT_AT.right,
  29: SHIFT_AT.signed,
};

/** Opcodes of one function at most, beyond the segment that passes it. */
const MOST_OPCODES = 256;

/** Parameters of a part. */
const POINTER = 0;
export const GAS_LEFT = 1;

export interface Translation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Numbers in the table by the place in the code where a frame begins or goes on. */
  readonly entries: ReadonlyMap<number, number>;
}

/** What the functions that write parts of the module share. */
export interface Part {
  readonly body: Body;
  readonly stack: VirtualStack;
  /** Local with the address of the frame's registers. */
  readonly registers: number;
}

/**
 * @param jumps where in linear memory the code's table of jumps is to stand
 * @param steps with a call of `step` before each opcode, and nothing of a segment done or checked ahead
 */
export function translate(code: Code, rules: Rules, jumps: number, steps = false): Translation {
  const { opcodes } = rules;
  const numbers = new Map<number, number>();
  const waiting: number[] = [];
  const bodies: Body[] = [];

  /** The number in the table, and with 1 less among the parts, of the function that begins at a place. */
  const numberOf = (place: number): number => {
    let number = numbers.get(place);
    if (number === undefined) {
      number = numbers.size + 1;
      numbers.set(place, number);
      waiting.push(place);
    }
    return number;
  };
  const partAt = (place: number): number => PARTS_AT + numberOf(place) - 1;

  const translatePart = (start: number): Body => {
    const body = createBody(2);
    const stack = createVirtualStack(body, POINTER);
    const registers = local(body, I32);
    const part: Part = { body, stack, registers };
    get(body, POINTER);
    i32(body, -0x10000);
    emit(body, OP.i32And);
    i32(body, REGISTERS);
    emit(body, OP.i32Or);
    set(body, registers);
    const checked = { low: 0, high: 0 };
    let at = start;
    let count = 0;
    for (;;) {
      const segment = segmentAt(code, opcodes, at, steps ? 1 : undefined);
      if (steps) {
        stack.flush();
        i32(body, at);
        pushPointer(part);
        get(body, GAS_LEFT);
        emit(body, OP.f64ConvertI64S);
        call(body, STEP_AT);
      }
      checkHeight(part, segment, checked);
      charge(part, segment);
      while (at < segment.end) {
        const opcode = code.padded[at] as number;
        if (opcodes[opcode] === undefined) {
          i32(body, INVALID_OPCODE);
          emit(body, OP.return);
          return body;
        }
        if (translateOpcode(part, opcode, at)) return body;
        at = following(code, at);
        count++;
      }
      if (code.jumpDestinations[at] === 1 || count > MOST_OPCODES) {
        stack.flush();
        pushPointer(part);
        get(body, GAS_LEFT);
        returnCall(body, partAt(at));
        return body;
      }
    }
  };

  /** True where the function ends with the opcode. */
  const translateOpcode = (part: Part, opcode: number, at: number): boolean => {
    const { body, stack } = part;
    if (leavesFrame(opcode) && opcode !== 0x56) {
      leave(part, opcode, opcode >= 0xf0 && opcode <= 0xfa && opcode !== 0xf3 ? numberOf(at + 1) : 0);
      return true;
    }
    switch (opcode) {
      case 0x56: {
        const target = stack.pop();
        stack.flush();
        jump(part, target);
        return true;
      }
      case 0x57: {
        const target = stack.pop();
        const condition = stack.pop();
        stack.flush();
        pushAny(body, condition);
        i64(body, 0n);
        emit(body, OP.i64Ne);
        when(body);
        jump(part, target);
        emit(body, OP.end);
        return false;
      }
      case 0x38:
        stack.push(constant(BigInt(code.bytes.length)));
        return false;
      case 0x58:
        stack.push(constant(BigInt(at)));
        return false;
      default:
        if (opcode >= 0x60 && opcode <= 0x7f) stack.push(constant(pushedWord(code, at, opcode - 0x5f)));
        else simple(part, opcode, opcodes[opcode]?.pops ?? 0, opcodes[opcode]?.pushes ?? 0);
        return false;
    }
  };

  /** Goes to a place that is known, or that the table knows. */
  const jump = (part: Part, target: Limbs): void => {
    const { body } = part;
    const place = known(target);
    if (place !== undefined) {
      if (place < BigInt(code.bytes.length) && code.jumpDestinations[Number(place)] === 1) {
        pushPointer(part);
        get(body, GAS_LEFT);
        returnCall(body, partAt(Number(place)));
      } else {
        i32(body, INVALID_JUMP);
        emit(body, OP.return);
      }
      return;
    }
    pushAny(body, target.slice(1));
    emit(body, OP.i64Eqz, OP.i32Eqz);
    push(body, target[0]);
    i64(body, BigInt(code.bytes.length));
    emit(body, OP.i64LtU, OP.i32Eqz, OP.i32Or);
    when(body);
    i32(body, INVALID_JUMP);
    emit(body, OP.return, OP.end);
    const number = local(body, I32);
    push(body, target[0]);
    emit(body, OP.i32WrapI64);
    i32(body, 1);
    emit(body, OP.i32Shl);
    access(body, LOAD_U16, jumps);
    tee(body, number);
    emit(body, OP.i32Eqz);
    when(body);
    i32(body, INVALID_JUMP);
    emit(body, OP.return, OP.end);
    pushPointer(part);
    get(body, GAS_LEFT);
    get(body, number);
    returnCallIndirect(body, PART);
  };

  numberOf(0);
  code.jumpDestinations.forEach((isDestination, place) => {
    if (isDestination === 1) numberOf(place);
  });
  for (let place = waiting.shift(); place !== undefined; place = waiting.shift())
    bodies.push(translatePart(place));

  const enter = createBody(3);
  get(enter, 1);
  get(enter, 2);
  emit(enter, OP.i64TruncF64S);
  get(enter, 0);
  returnCallIndirect(enter, PART);

  const table = [0, ...bodies.map((_, i) => PARTS_AT + i)];
  table[0] = ENTER_AT;
  const bytes = moduleBytes({
    types: [
      { takes: [I32, I64], gives: [I32] },
      { takes: [I32, I32, F64], gives: [I32] },
      { takes: [I32, I32, F64], gives: [F64] },
      { takes: [I32, I32, F64], gives: [F64] },
      { takes: [I32, I32, F64], gives: [] },
      { takes: [I32, I32], gives: [] },
      { takes: [I64, I64, I64, I64, I64, I64, I64, I64], gives: [I64, I64, I64, I64] },
      { takes: [I32, I64, I64], gives: [I64, I64, I64, I64] },
      { takes: [I64, I64, I64, I64, I64, I64], gives: [I64, I64, I64, I64] },
      {
        takes: [I64, I64, I64, I64, I64, I64, I64, I64, I64, I64, I64, I64],
        gives: [I64, I64, I64, I64],
      },
    ],
    imports: [
      { name: 'grow', type: GROW },
      { name: 'host', type: HOST },
      { name: 'step', type: STEP },
      { name: 'keccak', type: HASH },
      ...Array.from(DIVISIONS, ([opcode, name]) => ({ name, type: opcode < 0x08 ? PRODUCT : MODULO })),
      { name: POWER, type: PRODUCT },
    ],
    functions: [
      { type: ENTER, body: enter },
      { type: PRODUCT, body: multiplication() },
      { type: INPUT, body: inputWord(HOST_AT) },
      { type: SHIFTED, body: shiftFunction('left') },
      { type: SHIFTED, body: shiftFunction('right') },
      { type: SHIFTED, body: shiftFunction('signed') },
      { type: SHIFTED, body: byteFunction() },
      { type: SHIFTED, body: extensionFunction(SHIFT_AT.left, SHIFT_AT.signed) },
      ...bodies.map((body) => ({ type: PART, body })),
    ],
    exports: [{ name: 'enter', index: ENTER_AT }],
    table,
  });
  return { bytes, entries: numbers };
}

/** Pushes the address after the topmost word. */
function pushPointer({ body, stack }: Part): void {
  get(body, POINTER);
  const height = stack.height();
  if (height === 0) return;
  i32(body, height * 32);
  emit(body, OP.i32Add);
}

function charge({ body }: Part, { gas }: Segment): void {
  if (gas === 0) return;
  get(body, GAS_LEFT);
  i64(body, BigInt(gas));
  emit(body, OP.i64Sub);
  tee(body, GAS_LEFT);
  i64(body, 0n);
  emit(body, OP.i64LtS);
  when(body);
  i32(body, OUT_OF_GAS);
  emit(body, OP.return, OP.end);
}

/** Checks that the stack is neither too low nor too high for a segment, as far as that is not known yet. */
function checkHeight({ body, stack }: Part, segment: Segment, checked: { low: number; high: number }): void {
  const low = stack.height() - segment.least;
  const high = stack.height() + segment.most;
  if (low >= checked.low && high <= checked.high) return;
  if (low < checked.low) checked.low = low;
  if (high > checked.high) checked.high = high;
  const bottom = local(body, I32);
  get(body, POINTER);
  i32(body, 0xffff);
  emit(body, OP.i32And);
  i32(body, checked.low * 32);
  emit(body, OP.i32Add);
  tee(body, bottom);
  // Below the bottom it is a very large number.
  i32(body, 32768 - (checked.high - checked.low) * 32);
  emit(body, OP.i32GtU);
  when(body);
  i32(body, UNDERFLOW);
  i32(body, OVERFLOW);
  get(body, bottom);
  i32(body, 32768);
  emit(body, OP.i32GtU, OP.select, OP.return, OP.end);
}

/** Leaves the module: what is to be done and where to go on stands in the registers. */
function leave(part: Part, opcode: number, resume: number): void {
  const { body, stack, registers } = part;
  stack.flush();
  get(body, registers);
  get(body, GAS_LEFT);
  access(body, STORE_I64, GAS);
  get(body, registers);
  pushPointer(part);
  access(body, STORE_I32, STACK_POINTER);
  get(body, registers);
  i32(body, resume);
  access(body, STORE_I32, RESUME_AT);
  i32(body, opcode);
  emit(body, OP.return);
}

/** Has the host do an opcode on the words in memory. */
export function byHost(part: Part, opcode: number, pops: number, pushes: number): void {
  part.stack.flush();
  callHost(part, opcode);
  part.stack.drop(pops);
  for (let i = 0; i < pushes; i++) part.stack.pushPlaced();
}

/** The call alone; everything is in memory. */
function callHost(part: Part, opcode: number): void {
  const { body } = part;
  const gas = local(body, F64);
  i32(body, opcode);
  pushPointer(part);
  get(body, GAS_LEFT);
  emit(body, OP.f64ConvertI64S);
  call(body, HOST_AT);
  tee(body, gas);
  body.bytes.push(0x44, 0, 0, 0, 0, 0, 0, 0, 0);
  emit(body, OP.f64Lt);
  when(body);
  get(body, gas);
  emit(body, OP.i32TruncF64S, OP.return, OP.end);
  get(body, gas);
  emit(body, OP.i64TruncF64S);
  set(body, GAS_LEFT);
}

/** An opcode that neither jumps nor leaves nor depends on its place. */
function simple(part: Part, opcode: number, pops: number, pushes: number): void {
  const { body, stack, registers } = part;
  if (opcode >= 0x80 && opcode <= 0x8f) {
    stack.duplicate(opcode - 0x7f);
    return;
  }
  if (opcode >= 0x90 && opcode <= 0x9f) {
    stack.swap(opcode - 0x8f);
    return;
  }
  const transactionWord = TRANSACTION_WORDS.get(opcode);
  if (transactionWord !== undefined) {
    const zero = local(body, I32);
    stack.push(loadWord(body, zero, transactionWord));
    return;
  }
  const two = (operate: (a: Limbs, b: Limbs) => Limbs): void => {
    const a = stack.pop();
    stack.push(operate(a, stack.pop()));
  };
  const register = (offset: number): void => {
    get(body, registers);
    access(body, LOAD_I32, offset);
    emit(body, OP.i64ExtendI32U);
    stack.push([keep(body), 0n, 0n, 0n]);
  };
  switch (opcode) {
    case 0x01:
      two((a, b) => arithmetic.add(body, a, b));
      break;
    case 0x02:
      two((a, b) => product(body, a, b));
      break;
    case 0x03:
      two((a, b) => arithmetic.subtract(body, a, b));
      break;
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
      divide(part, opcode);
      break;
    case 0x0a:
      exponentiate(part);
      break;
    case 0x10:
      two((a, b) => arithmetic.less(body, a, b, false));
      break;
    case 0x11:
      two((a, b) => arithmetic.less(body, b, a, false));
      break;
    case 0x12:
      two((a, b) => arithmetic.less(body, a, b, true));
      break;
    case 0x13:
      two((a, b) => arithmetic.less(body, b, a, true));
      break;
    case 0x14:
      two((a, b) => arithmetic.equal(body, a, b));
      break;
    case 0x15:
      stack.push(arithmetic.isZero(body, stack.pop()));
      break;
    case 0x16:
      two((a, b) => arithmetic.and(body, a, b));
      break;
    case 0x17:
      two((a, b) => arithmetic.or(body, a, b));
      break;
    case 0x18:
      two((a, b) => arithmetic.xor(body, a, b));
      break;
    case 0x19:
      stack.push(arithmetic.not(body, stack.pop()));
      break;
    case 0x0b:
    case 0x1a:
    case 0x1b:
    case 0x1c:
    case 0x1d:
      shift(part, opcode);
      break;
    case 0x20:
      emitKeccak(part);
      break;
    case 0x30:
      stack.push([...loadWord(body, registers, ADDRESS).slice(0, 3), 0n] as unknown as Limbs);
      break;
    case 0x33:
      stack.push([...loadWord(body, registers, CALLER).slice(0, 3), 0n] as unknown as Limbs);
      break;
    case 0x34:
      stack.push(loadWord(body, registers, VALUE));
      break;
    case 0x35:
      emitInput(part);
      break;
    case 0x36:
      register(INPUT_LENGTH);
      break;
    case 0x3d:
      register(RETURN_DATA_LENGTH);
      break;
    case 0x50:
      stack.drop(1);
      break;
    case 0x51:
      emitLoad(part);
      break;
    case 0x52:
      emitStore(part);
      break;
    case 0x53:
      emitStoreByte(part);
      break;
    case 0x59:
      register(MEMORY_SIZE);
      break;
    case 0x5a: {
      get(body, GAS_LEFT);
      stack.push([keep(body), 0n, 0n, 0n]);
      break;
    }
    case 0x5b:
      break;
    case 0x5f:
      stack.push(constant(0n));
      break;
    default:
      byHost(part, opcode, pops, pushes);
  }
}

/** MUL. */
function product(body: Body, a: Limbs, b: Limbs): Limbs {
  if (isShort(a) || isShort(b)) return arithmetic.multiply(body, a, b);
  for (const limb of [...a, ...b]) push(body, limb);
  call(body, MULTIPLY_AT);
  return keepWord(body);
}

/** DIV, SDIV, MOD, SMOD, ADDMOD, MULMOD: DIV and MOD here where both words turn out to be below 2^64, else by the module of divisions. */
function divide({ body, stack }: Part, opcode: number): void {
  const words = [stack.pop(), stack.pop()];
  const [a, b] = words as [Limbs, Limbs];
  const isPlain = opcode === 0x04 || opcode === 0x06;
  if (isPlain && isShort(a) && isShort(b)) {
    stack.push(arithmetic.divideShort(body, a[0], b[0], opcode === 0x06));
    return;
  }
  if (opcode >= 0x08) words.push(stack.pop());
  const callDivision = (): void => {
    for (const limb of words.flat()) push(body, limb);
    call(body, DIVISION_AT.get(opcode) as number);
  };
  if (!isPlain) {
    callDivision();
    stack.push(keepWord(body));
    return;
  }
  const result = [0, 1, 2, 3].map(() => local(body, I64));
  pushAny(body, [...a.slice(1), ...b.slice(1)]);
  emit(body, OP.i64Eqz);
  when(body);
  push(body, arithmetic.divideShort(body, a[0], b[0], opcode === 0x06)[0]);
  set(body, result[0] as number);
  for (const limb of result.slice(1)) {
    i64(body, 0n);
    set(body, limb);
  }
  emit(body, OP.else);
  callDivision();
  for (const limb of result.toReversed()) set(body, limb);
  emit(body, OP.end);
  stack.push(result as unknown as Limbs);
}

/** EXP, and its 50 gas for each byte of the exponent (EIP-160). */
function exponentiate({ body, stack }: Part): void {
  const [base, exponent] = [stack.pop(), stack.pop()];
  get(body, GAS_LEFT);
  // The place of the highest bit, from the highest limb that is not 0; bytes from that.
  i64(body, 0n);
  const bytes = local(body, I64);
  set(body, bytes);
  exponent.forEach((limb, i) => {
    if (limb === 0n) return;
    push(body, limb);
    i64(body, 0n);
    emit(body, OP.i64Ne);
    when(body);
    i64(body, BigInt(64 * (i + 1) + 7));
    push(body, limb);
    emit(body, OP.i64Clz, OP.i64Sub);
    i64(body, 3n);
    emit(body, OP.i64ShrU);
    set(body, bytes);
    emit(body, OP.end);
  });
  get(body, bytes);
  i64(body, 50n);
  emit(body, OP.i64Mul, OP.i64Sub);
  tee(body, GAS_LEFT);
  i64(body, 0n);
  emit(body, OP.i64LtS);
  when(body);
  i32(body, OUT_OF_GAS);
  emit(body, OP.return, OP.end);
  for (const limb of [...base, ...exponent]) push(body, limb);
  call(body, POWER_AT);
  stack.push(keepWord(body));
}

/** SIGNEXTEND, BYTE, SHL, SHR, SAR: here where the number is known. */
function shift(part: Part, opcode: number): void {
  const { body, stack } = part;
  const number = stack.pop();
  const by = known(number);
  const word = stack.pop();
  if (by === undefined) {
    for (const limb of [...word, number[0]]) push(body, limb);
    pushAny(body, number.slice(1));
    call(body, WORD_FUNCTIONS[opcode] as number);
    stack.push(keepWord(body));
    return;
  }
  if (opcode === 0x0b) {
    stack.push(by < 31n ? arithmetic.extendSign(body, Number(by), word) : word);
    return;
  }
  if (opcode === 0x1a) {
    stack.push(by < 32n ? arithmetic.byteAt(body, Number(by), word) : constant(0n));
    return;
  }
  const how = opcode === 0x1b ? 'left' : opcode === 0x1c ? 'right' : 'signed';
  if (by < 256n) {
    stack.push(arithmetic.shiftBy(body, how, Number(by), word));
    return;
  }
  if (how !== 'signed') {
    stack.push(constant(0n));
    return;
  }
  // What is left is the sign, 256 times.
  const sign = arithmetic.shiftBy(body, 'signed', 255, word)[0];
  stack.push([sign, sign, sign, sign]);
}
