// SHL, SHR and SAR by a number that is not known when code is translated (EIP-145): the word stands in memory between words
// of zeros or of its sign, and is read again from some bytes further on.

import { SCRATCH } from './layout.ts';
import { type Limb, type Limbs, push } from './values.ts';
import {
  access,
  type Body,
  call,
  createBody,
  emit,
  get,
  I32,
  I64,
  i32,
  i64,
  LOAD_BYTE_I64,
  LOAD_I64,
  local,
  OP,
  STORE_I64,
  set,
  when,
} from './wasm.ts';

export type Shift = 'left' | 'right' | 'signed';

/** (word, lowest limb of the number, disjunction of its other limbs) to the word shifted. */
export function shiftFunction(how: Shift): Body {
  const body = createBody(6);
  const [number, others] = [4, 5];
  const fill = local(body, I64);
  const address = local(body, I32);
  const bits = local(body, I64);
  const limbs = [0, 1, 2, 3, 4].map(() => local(body, I64));
  if (how === 'signed') {
    get(body, 3);
    i64(body, 63n);
    emit(body, OP.i64ShrS);
    set(body, fill);
  }
  get(body, others);
  emit(body, OP.i64Eqz, OP.i32Eqz);
  get(body, number);
  i64(body, 255n);
  emit(body, OP.i64GtU, OP.i32Or);
  when(body);
  for (let i = 0; i < 4; i++) get(body, fill);
  emit(body, OP.return, OP.end);

  const store = (at: number, word: Limbs): void =>
    word.forEach((limb, i) => {
      i32(body, SCRATCH + at + 8 * i);
      push(body, limb);
      access(body, STORE_I64, 0);
    });
  store(32, [0, 1, 2, 3]);
  const isLeft = how === 'left';
  store(isLeft ? 0 : 64, [fill, fill, fill, fill]);
  i32(body, SCRATCH + 32);
  get(body, number);
  i64(body, 3n);
  emit(body, OP.i64ShrU, OP.i32WrapI64, isLeft ? OP.i32Sub : OP.i32Add);
  set(body, address);
  get(body, number);
  i64(body, 7n);
  emit(body, OP.i64And);
  set(body, bits);
  // Four limbs and the one from which bits come in; below the word's place there is always a limb to read.
  limbs.forEach((limb, i) => {
    get(body, address);
    if (isLeft) {
      i32(body, 8);
      emit(body, OP.i32Sub);
    }
    access(body, LOAD_I64, 8 * i);
    set(body, limb);
  });
  for (let i = 0; i < 4; i++) {
    const [main, side] = isLeft ? [limbs[i + 1], limbs[i]] : [limbs[i], limbs[i + 1]];
    shifted(body, main as Limb, bits, isLeft);
    // By 64 less the bits, in two steps, since 64 itself would be none.
    push(body, side as Limb);
    i64(body, 1n);
    emit(body, isLeft ? OP.i64ShrU : OP.i64Shl);
    i64(body, 63n);
    get(body, bits);
    emit(body, OP.i64Sub, isLeft ? OP.i64ShrU : OP.i64Shl, OP.i64Or);
  }
  return body;
}

/** (word, lowest limb of the number, disjunction of its other limbs) to the byte of that number from the highest on: BYTE. */
export function byteFunction(): Body {
  const body = createBody(6);
  const [number, others] = [4, 5];
  get(body, others);
  emit(body, OP.i64Eqz, OP.i32Eqz);
  get(body, number);
  i64(body, 31n);
  emit(body, OP.i64GtU, OP.i32Or);
  when(body);
  for (let i = 0; i < 4; i++) i64(body, 0n);
  emit(body, OP.return, OP.end);
  for (let i = 0; i < 4; i++) {
    i32(body, SCRATCH + 8 * i);
    get(body, i);
    access(body, STORE_I64, 0);
  }
  i32(body, SCRATCH + 31);
  get(body, number);
  emit(body, OP.i32WrapI64, OP.i32Sub);
  access(body, LOAD_BYTE_I64, 0);
  for (let i = 0; i < 3; i++) i64(body, 0n);
  return body;
}

/**
 * (word, lowest limb of the number, disjunction of its other limbs) to the word with its sign from that byte on: SIGNEXTEND.
 *
 * @param left index of the function that shifts left
 * @param signed index of the one that shifts right with the sign
 */
export function extensionFunction(left: number, signed: number): Body {
  const body = createBody(6);
  const [number, others] = [4, 5];
  get(body, others);
  emit(body, OP.i64Eqz, OP.i32Eqz);
  get(body, number);
  i64(body, 30n);
  emit(body, OP.i64GtU, OP.i32Or);
  when(body);
  for (let i = 0; i < 4; i++) get(body, i);
  emit(body, OP.return, OP.end);
  i64(body, 248n);
  get(body, number);
  i64(body, 3n);
  emit(body, OP.i64Shl, OP.i64Sub);
  set(body, number);
  for (let i = 0; i < 5; i++) get(body, i);
  i64(body, 0n);
  call(body, left);
  get(body, number);
  i64(body, 0n);
  call(body, signed);
  return body;
}

function shifted(body: Body, limb: Limb, bits: number, isLeft: boolean): void {
  push(body, limb);
  get(body, bits);
  emit(body, isLeft ? OP.i64Shl : OP.i64ShrU);
}
