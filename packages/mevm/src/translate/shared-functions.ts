// Functions that every translated module has once, for what would be long where it stands.

import { multiply } from './arithmetic.ts';
import { INPUT_AT, INPUT_LENGTH, SCRATCH } from './layout.ts';
import { loadBytes } from './load-bytes.ts';
import { type Limbs, push, pushAny } from './values.ts';
import { loadWord } from './virtual-stack.ts';
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
  LOAD_I32,
  local,
  loop,
  OP,
  STORE_I64,
  set,
  when,
} from './wasm.ts';

/** (a, b) to the product, four limbs each. */
export function multiplication(): Body {
  const body = createBody(8);
  const [a, b]: [Limbs, Limbs] = [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ];
  pushAny(body, [1, 2, 3, 5, 6, 7]);
  emit(body, OP.i64Eqz);
  when(body);
  pushWord(body, multiply(body, [0, 0n, 0n, 0n], [4, 0n, 0n, 0n]));
  emit(body, OP.return, OP.end);
  pushWord(body, multiply(body, a, b));
  return body;
}

/**
 * (base, exponent) to the power modulo 2^256, four limbs each: squares and products from the exponent's highest bit on.
 *
 * @param product index of `multiplication`
 */
export function powerFunction(product: number): Body {
  const body = createBody(8);
  const base = [0, 1, 2, 3];
  const result = [0, 1, 2, 3].map(() => local(body, I64));
  const [limb, bits] = [local(body, I64), local(body, I64)];
  const started = local(body, I32);
  const multiplyBy = (factor: readonly number[]): void => {
    for (const part of [...result, ...factor]) get(body, part);
    call(body, product);
    for (const part of result.toReversed()) set(body, part);
  };
  i64(body, 1n);
  set(body, result[0] as number);
  for (const part of [7, 6, 5, 4]) {
    get(body, part);
    set(body, limb);
    i64(body, 64n);
    set(body, bits);
    // Zeros above the highest bit are passed over, a whole limb at once.
    get(body, started);
    emit(body, OP.i32Eqz);
    when(body);
    get(body, limb);
    emit(body, OP.i64Clz);
    set(body, bits);
    get(body, limb);
    get(body, bits);
    emit(body, OP.i64Shl);
    set(body, limb);
    i64(body, 64n);
    get(body, bits);
    emit(body, OP.i64Sub);
    set(body, bits);
    emit(body, OP.end);
    block(body);
    loop(body);
    get(body, bits);
    emit(body, OP.i64Eqz);
    branchIf(body, 1);
    i32(body, 1);
    set(body, started);
    multiplyBy(result);
    get(body, limb);
    i64(body, 0n);
    emit(body, OP.i64LtS);
    when(body);
    multiplyBy(base);
    emit(body, OP.end);
    get(body, limb);
    i64(body, 1n);
    emit(body, OP.i64Shl);
    set(body, limb);
    get(body, bits);
    i64(body, 1n);
    emit(body, OP.i64Sub);
    set(body, bits);
    branch(body, 0);
    emit(body, OP.end, OP.end);
  }
  for (const part of result) get(body, part);
  return body;
}

/**
 * (registers, lowest limb, disjunction of the others) to the word of the input from that offset on: CALLDATALOAD.
 *
 * @param host index of the host's function, which is asked for a word that begins within the input and ends beyond it
 */
export function inputWord(host: number): Body {
  const body = createBody(3);
  const [registers, low, high] = [0, 1, 2];
  const zero = local(body, I32);
  const address = local(body, I32);
  const zeros: Limbs = [0n, 0n, 0n, 0n];
  const length = (): void => {
    get(body, registers);
    access(body, LOAD_I32, INPUT_LENGTH);
    emit(body, OP.i64ExtendI32U);
  };
  get(body, high);
  emit(body, OP.i64Eqz, OP.i32Eqz);
  get(body, low);
  length();
  emit(body, OP.i64LtU, OP.i32Eqz, OP.i32Or);
  when(body);
  pushWord(body, zeros);
  emit(body, OP.return, OP.end);
  get(body, low);
  i64(body, 32n);
  emit(body, OP.i64Add);
  length();
  emit(body, OP.i64GtU);
  when(body);
  [low, 0n, 0n, 0n].forEach((limb, i) => {
    i32(body, SCRATCH + 8 * i);
    push(body, limb);
    access(body, STORE_I64, 0);
  });
  i32(body, 0x35);
  i32(body, SCRATCH + 32);
  body.bytes.push(0x44, 0, 0, 0, 0, 0, 0, 0, 0);
  call(body, host);
  emit(body, OP.drop);
  pushWord(body, loadWord(body, zero, SCRATCH));
  emit(body, OP.return, OP.end);
  get(body, registers);
  access(body, LOAD_I32, INPUT_AT);
  get(body, low);
  emit(body, OP.i32WrapI64, OP.i32Add);
  set(body, address);
  pushWord(body, loadBytes(body, address, 0));
  return body;
}

function pushWord(body: Body, word: Limbs): void {
  for (const limb of word) push(body, limb);
}
