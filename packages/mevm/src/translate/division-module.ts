// DIV, SDIV, MOD, SMOD, ADDMOD and MULMOD (Yellow Paper H.2), and EXP, as a module of WebAssembly: long division on digits of 32 bits
// (Knuth, The Art of Computer Programming, volume 2, section 4.3.1, algorithm D) in a corner of linear memory.

import { add, wideProduct } from './arithmetic.ts';
import { DIVIDEND, DIVISOR, QUOTIENT } from './layout.ts';
import { multiplication, powerFunction } from './shared-functions.ts';
import { type Limb, type Limbs, push, pushAny } from './values.ts';
import {
  access,
  type Body,
  block,
  branch,
  branchIf,
  call,
  createBody,
  emit,
  get,
  I32,
  I64,
  i32,
  i64,
  LOAD_I64,
  LOAD_U32_I64,
  local,
  loop,
  type ModuleParts,
  OP,
  STORE_I64,
  STORE_LOW_32,
  set,
  tee,
  when,
} from './wasm.ts';

const LOW_32 = 0xffffffffn;
const A: Limbs = [0, 1, 2, 3];
const B: Limbs = [4, 5, 6, 7];
const C: Limbs = [8, 9, 10, 11];
/** The function that all others call. */
const DIVIDE_AT = 0;
const PRODUCT_AT = 8;

/** Pushes the address of a digit: 4 times the index in a local, and a digit more or less. */
function address(body: Body, index: number, base: number): void {
  get(body, index);
  i32(body, 2);
  emit(body, OP.i32Shl);
  if (base !== 0) {
    i32(body, base);
    emit(body, OP.i32Add);
  }
}

/** index + by into a local. */
function step(body: Body, index: number, by: number): void {
  get(body, index);
  i32(body, by);
  emit(body, OP.i32Add);
  set(body, index);
}

/** While the topmost digit of a number is 0, it has one digit less. */
function strip(body: Body, count: number, base: number): void {
  block(body);
  loop(body);
  get(body, count);
  emit(body, OP.i32Eqz);
  branchIf(body, 1);
  address(body, count, base - 4);
  access(body, LOAD_U32_I64, 0);
  emit(body, OP.i64Eqz, OP.i32Eqz);
  branchIf(body, 1);
  step(body, count, -1);
  branch(body, 0);
  emit(body, OP.end, OP.end);
}

/** Shifts the digits from `from`, a local that is used up, down to 1 left, each with the bits of the one below it; then digit 0. */
function shiftLeft(body: Body, from: number, base: number, bits: number): void {
  block(body);
  loop(body);
  get(body, from);
  emit(body, OP.i32Eqz);
  branchIf(body, 1);
  address(body, from, base);
  address(body, from, base - 4);
  access(body, LOAD_I64, 0);
  get(body, bits);
  emit(body, OP.i64Shl);
  i64(body, 32n);
  emit(body, OP.i64ShrU);
  access(body, STORE_LOW_32, 0);
  step(body, from, -1);
  branch(body, 0);
  emit(body, OP.end, OP.end);
  i32(body, base);
  i32(body, base);
  access(body, LOAD_U32_I64, 0);
  get(body, bits);
  emit(body, OP.i64Shl);
  access(body, STORE_LOW_32, 0);
}

/**
 * (m, n): divides the first m digits at `DIVIDEND`, m at most 17, by the first n at `DIVISOR`, n at most 8. The quotient's digits
 * are written to `QUOTIENT`, as many as there are, and the remainder is left at `DIVIDEND`. By 0 nothing is done.
 */
function divideDigits(): Body {
  const body = createBody(2);
  const [m, n] = [0, 1];
  const [i, j, at] = [local(body, I32), local(body, I32), local(body, I32)];
  const [top, next, value, guess, rest, carry, bits, difference] = [0, 0, 0, 0, 0, 0, 0, 0].map(() =>
    local(body, I64),
  ) as [number, number, number, number, number, number, number, number];
  strip(body, n, DIVISOR);
  strip(body, m, DIVIDEND);
  get(body, n);
  emit(body, OP.i32Eqz);
  get(body, m);
  get(body, n);
  emit(body, OP.i32LtU, OP.i32Or);
  when(body);
  emit(body, OP.return, OP.end);

  // One digit: each step's dividend fits 64 bits.
  get(body, n);
  i32(body, 1);
  emit(body, OP.i32Eq);
  when(body);
  i32(body, DIVISOR);
  access(body, LOAD_U32_I64, 0);
  set(body, top);
  loop(body);
  step(body, m, -1);
  address(body, m, DIVIDEND);
  set(body, at);
  get(body, rest);
  i64(body, 32n);
  emit(body, OP.i64Shl);
  get(body, at);
  access(body, LOAD_U32_I64, 0);
  emit(body, OP.i64Or);
  set(body, value);
  address(body, m, QUOTIENT);
  get(body, value);
  get(body, top);
  emit(body, OP.i64DivU);
  access(body, STORE_LOW_32, 0);
  get(body, value);
  get(body, top);
  emit(body, OP.i64RemU);
  set(body, rest);
  get(body, at);
  i64(body, 0n);
  access(body, STORE_LOW_32, 0);
  get(body, m);
  branchIf(body, 0);
  emit(body, OP.end);
  i32(body, DIVIDEND);
  get(body, rest);
  access(body, STORE_LOW_32, 0);
  emit(body, OP.return, OP.end);

  // D1: the divisor's topmost bit is made 1; the dividend gets a digit more.
  address(body, n, DIVISOR - 4);
  access(body, LOAD_U32_I64, 0);
  emit(body, OP.i64Clz);
  i64(body, 32n);
  emit(body, OP.i64Sub);
  set(body, bits);
  step(body, n, -1);
  get(body, n);
  set(body, i);
  shiftLeft(body, i, DIVISOR, bits);
  step(body, n, 1);
  address(body, m, DIVIDEND);
  i64(body, 0n);
  access(body, STORE_LOW_32, 0);
  get(body, m);
  set(body, i);
  shiftLeft(body, i, DIVIDEND, bits);
  address(body, n, DIVISOR - 4);
  access(body, LOAD_U32_I64, 0);
  set(body, top);
  address(body, n, DIVISOR - 8);
  access(body, LOAD_U32_I64, 0);
  set(body, next);

  get(body, m);
  get(body, n);
  emit(body, OP.i32Sub);
  set(body, j);
  loop(body);
  // D3: a digit is guessed from the topmost digits, and made less where the third says that it is too large.
  get(body, j);
  get(body, n);
  emit(body, OP.i32Add);
  set(body, i);
  address(body, i, DIVIDEND - 4);
  access(body, LOAD_I64, 0);
  tee(body, value);
  i64(body, 32n);
  emit(body, OP.i64ShrU);
  get(body, top);
  emit(body, OP.i64GeU);
  when(body);
  i64(body, LOW_32);
  set(body, guess);
  emit(body, OP.else);
  get(body, value);
  get(body, top);
  emit(body, OP.i64DivU);
  set(body, guess);
  emit(body, OP.end);
  get(body, value);
  get(body, guess);
  get(body, top);
  emit(body, OP.i64Mul, OP.i64Sub);
  set(body, rest);
  address(body, i, DIVIDEND - 8);
  access(body, LOAD_U32_I64, 0);
  set(body, value);
  block(body);
  loop(body);
  get(body, rest);
  i64(body, LOW_32);
  emit(body, OP.i64GtU);
  branchIf(body, 1);
  get(body, guess);
  get(body, next);
  emit(body, OP.i64Mul);
  get(body, rest);
  i64(body, 32n);
  emit(body, OP.i64Shl);
  get(body, value);
  emit(body, OP.i64Or, OP.i64LeU);
  branchIf(body, 1);
  get(body, guess);
  i64(body, 1n);
  emit(body, OP.i64Sub);
  set(body, guess);
  get(body, rest);
  get(body, top);
  emit(body, OP.i64Add);
  set(body, rest);
  branch(body, 0);
  emit(body, OP.end, OP.end);
  // D4: the divisor times the digit is taken off.
  i64(body, 0n);
  set(body, carry);
  i32(body, 0);
  set(body, i);
  address(body, j, DIVIDEND);
  set(body, at);
  loop(body);
  get(body, at);
  get(body, at);
  access(body, LOAD_U32_I64, 0);
  get(body, guess);
  address(body, i, DIVISOR);
  access(body, LOAD_U32_I64, 0);
  emit(body, OP.i64Mul);
  get(body, carry);
  emit(body, OP.i64Add);
  tee(body, value);
  i64(body, LOW_32);
  emit(body, OP.i64And, OP.i64Sub);
  tee(body, difference);
  access(body, STORE_LOW_32, 0);
  get(body, value);
  i64(body, 32n);
  emit(body, OP.i64ShrU);
  get(body, difference);
  i64(body, 63n);
  emit(body, OP.i64ShrU, OP.i64Add);
  set(body, carry);
  step(body, at, 4);
  step(body, i, 1);
  get(body, i);
  get(body, n);
  emit(body, OP.i32LtU);
  branchIf(body, 0);
  emit(body, OP.end);
  get(body, at);
  get(body, at);
  access(body, LOAD_U32_I64, 0);
  get(body, carry);
  emit(body, OP.i64Sub);
  tee(body, difference);
  access(body, STORE_LOW_32, 0);
  // D6: it was one too many, which is rare.
  get(body, difference);
  i64(body, 0n);
  emit(body, OP.i64LtS);
  when(body);
  get(body, guess);
  i64(body, 1n);
  emit(body, OP.i64Sub);
  set(body, guess);
  i64(body, 0n);
  set(body, carry);
  i32(body, 0);
  set(body, i);
  address(body, j, DIVIDEND);
  set(body, at);
  loop(body);
  get(body, at);
  get(body, at);
  access(body, LOAD_U32_I64, 0);
  address(body, i, DIVISOR);
  access(body, LOAD_U32_I64, 0);
  emit(body, OP.i64Add);
  get(body, carry);
  emit(body, OP.i64Add);
  tee(body, value);
  access(body, STORE_LOW_32, 0);
  get(body, value);
  i64(body, 32n);
  emit(body, OP.i64ShrU);
  set(body, carry);
  step(body, at, 4);
  step(body, i, 1);
  get(body, i);
  get(body, n);
  emit(body, OP.i32LtU);
  branchIf(body, 0);
  emit(body, OP.end);
  get(body, at);
  i64(body, 0n);
  access(body, STORE_LOW_32, 0);
  emit(body, OP.end);
  address(body, j, QUOTIENT);
  get(body, guess);
  access(body, STORE_LOW_32, 0);
  step(body, j, -1);
  get(body, j);
  i32(body, 0);
  emit(body, OP.i32GeS);
  branchIf(body, 0);
  emit(body, OP.end);

  // D8: the remainder is shifted back.
  i32(body, DIVIDEND);
  set(body, at);
  i32(body, 0);
  set(body, i);
  loop(body);
  get(body, at);
  get(body, at);
  access(body, LOAD_I64, 0);
  get(body, bits);
  emit(body, OP.i64ShrU);
  access(body, STORE_LOW_32, 0);
  step(body, at, 4);
  step(body, i, 1);
  get(body, i);
  get(body, n);
  emit(body, OP.i32LtU);
  branchIf(body, 0);
  emit(body, OP.end);
  return body;
}

function store(body: Body, at: number, limbs: readonly Limb[]): void {
  limbs.forEach((limb, i) => {
    i32(body, at + 8 * i);
    push(body, limb);
    access(body, STORE_I64, 0);
  });
}

/** Pushes the four limbs at an address. */
function result(body: Body, at: number): void {
  for (let i = 0; i < 4; i++) {
    i32(body, at + 8 * i);
    access(body, LOAD_I64, 0);
  }
}

function divide(body: Body, m: number, n: number): void {
  i32(body, m);
  i32(body, n);
  call(body, DIVIDE_AT);
}

/** Gives zeros where a divisor is 0. */
function zeroFor(body: Body, divisor: Limbs): void {
  pushAny(body, divisor);
  emit(body, OP.i64Eqz);
  when(body);
  for (let i = 0; i < 4; i++) i64(body, 0n);
  emit(body, OP.return, OP.end);
}

/** Turns limbs in locals into their negative where `flag`, a local that is -1 or 0, says so: ~a + 1 limb by limb. */
function negateIf(body: Body, limbs: readonly number[], flag: number): void {
  const carry = local(body, I64);
  i64(body, 0n);
  get(body, flag);
  emit(body, OP.i64Sub);
  set(body, carry);
  for (const limb of limbs) {
    get(body, limb);
    get(body, flag);
    emit(body, OP.i64Xor);
    get(body, carry);
    emit(body, OP.i64Add);
    tee(body, limb);
    get(body, carry);
    emit(body, OP.i64LtU, OP.i64ExtendI32U);
    set(body, carry);
  }
}

/** DIV or MOD: (a, b). */
function unsignedDivision(isModulo: boolean): Body {
  const body = createBody(8);
  zeroFor(body, B);
  store(body, DIVIDEND, A);
  store(body, DIVISOR, B);
  if (!isModulo) store(body, QUOTIENT, [0n, 0n, 0n, 0n]);
  divide(body, 8, 8);
  result(body, isModulo ? DIVIDEND : QUOTIENT);
  return body;
}

/** SDIV or SMOD: (a, b). What comes out is negative if one of them is, or for SMOD if a is. */
function signedDivision(isModulo: boolean): Body {
  const body = createBody(8);
  const [signA, signB] = [local(body, I64), local(body, I64)];
  const limbs = [0, 1, 2, 3].map(() => local(body, I64));
  zeroFor(body, B);
  for (const [word, sign] of [
    [A, signA],
    [B, signB],
  ] as const) {
    push(body, word[3]);
    i64(body, 63n);
    emit(body, OP.i64ShrS);
    set(body, sign);
    negateIf(body, word as readonly number[], sign);
  }
  store(body, DIVIDEND, A);
  store(body, DIVISOR, B);
  if (!isModulo) store(body, QUOTIENT, [0n, 0n, 0n, 0n]);
  divide(body, 8, 8);
  if (!isModulo) {
    get(body, signA);
    get(body, signB);
    emit(body, OP.i64Xor);
    set(body, signA);
  }
  result(body, isModulo ? DIVIDEND : QUOTIENT);
  for (const limb of limbs.toReversed()) set(body, limb);
  negateIf(body, limbs, signA);
  for (const limb of limbs) get(body, limb);
  return body;
}

/** ADDMOD: (a, b, c). */
function sumModulo(): Body {
  const body = createBody(12);
  zeroFor(body, C);
  const sum = add(body, A, B);
  store(body, DIVIDEND, sum);
  // The sum is below a if and only if it passed 2^256.
  const limbs = sum as readonly number[];
  i32(body, DIVIDEND + 32);
  get(body, limbs[0] as number);
  get(body, 0);
  emit(body, OP.i64LtU);
  for (let i = 1; i < 4; i++) {
    get(body, limbs[i] as number);
    get(body, i);
    emit(body, OP.i64Eq, OP.i32And);
    get(body, limbs[i] as number);
    get(body, i);
    emit(body, OP.i64LtU, OP.i32Or);
  }
  emit(body, OP.i64ExtendI32U);
  access(body, STORE_I64, 0);
  store(body, DIVISOR, C);
  divide(body, 9, 8);
  result(body, DIVIDEND);
  return body;
}

/** MULMOD: (a, b, c). */
function productModulo(): Body {
  const body = createBody(12);
  zeroFor(body, C);
  store(body, DIVIDEND, wideProduct(body, A, B));
  store(body, DIVISOR, C);
  divide(body, 16, 8);
  result(body, DIVIDEND);
  return body;
}

/** Its exports, by opcode: words go in and out as four limbs each, the lowest first. */
export const DIVISIONS: ReadonlyMap<number, string> = new Map([
  [0x04, 'div'],
  [0x05, 'sdiv'],
  [0x06, 'mod'],
  [0x07, 'smod'],
  [0x08, 'addmod'],
  [0x09, 'mulmod'],
]);

/** EXP: (base, exponent). */
export const POWER = 'exp';

export function divisionModule(): ModuleParts {
  const word = [I64, I64, I64, I64];
  return {
    types: [
      { takes: [I32, I32], gives: [] },
      { takes: [...word, ...word], gives: word },
      { takes: [...word, ...word, ...word], gives: word },
    ],
    imports: [],
    functions: [
      { type: 0, body: divideDigits() },
      { type: 1, body: unsignedDivision(false) },
      { type: 1, body: signedDivision(false) },
      { type: 1, body: unsignedDivision(true) },
      { type: 1, body: signedDivision(true) },
      { type: 2, body: sumModulo() },
      { type: 2, body: productModulo() },
      { type: 1, body: powerFunction(PRODUCT_AT) },
      { type: 1, body: multiplication() },
    ],
    exports: [...DIVISIONS.values(), POWER].map((name, i) => ({ name, index: i + 1 })),
    table: [],
  };
}
