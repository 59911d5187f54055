// Arithmetic of words (Yellow Paper H.2, 0s and 10s) on limbs. What is known about limbs when code is translated is left out
// of it: the sum with a constant below 2^64, say, carries and adds nothing else.

import { constant, isShort, keep, keepFlag, type Limb, type Limbs, push, pushAny } from './values.ts';
import { type Body, emit, I64, i64, local, OP, tee } from './wasm.ts';

const MASK = (1n << 64n) - 1n;

/** A limb by an operator; folded where both are constants. */
function both(
  body: Body,
  a: Limb,
  b: Limb,
  instruction: number,
  fold: (a: bigint, b: bigint) => bigint,
): Limb {
  if (typeof a === 'bigint' && typeof b === 'bigint') return fold(a, b) & MASK;
  push(body, a);
  push(body, b);
  emit(body, instruction);
  return keep(body);
}

export function add(body: Body, a: Limbs, b: Limbs): Limbs {
  const sum: Limb[] = [];
  let carry: Limb = 0n;
  for (let i = 0; i < 4; i++) {
    let [x, y] = [a[i] as Limb, b[i] as Limb];
    if (x === 0n) [x, y] = [y, x];
    if (y === 0n) {
      if (carry === 0n) {
        sum.push(x);
        continue;
      }
      if (x === 0n) {
        sum.push(carry);
        carry = 0n;
        continue;
      }
      const total = both(body, x, carry, OP.i64Add, (p, q) => p + q);
      if (i < 3) carry = below(body, total, carry);
      sum.push(total);
      continue;
    }
    const partial = both(body, x, y, OP.i64Add, (p, q) => p + q);
    const first: Limb = i < 3 ? below(body, partial, y) : 0n;
    if (carry === 0n) {
      carry = first;
      sum.push(partial);
      continue;
    }
    const total = both(body, partial, carry, OP.i64Add, (p, q) => p + q);
    if (i < 3) {
      const second = below(body, total, carry);
      carry = both(body, first, second, OP.i64Or, (p, q) => p | q);
    }
    sum.push(total);
  }
  return sum as unknown as Limbs;
}

export function subtract(body: Body, a: Limbs, b: Limbs): Limbs {
  const difference: Limb[] = [];
  let borrow: Limb = 0n;
  for (let i = 0; i < 4; i++) {
    const [x, y] = [a[i] as Limb, b[i] as Limb];
    const partial = y === 0n ? x : both(body, x, y, OP.i64Sub, (p, q) => p - q);
    const first: Limb = y === 0n || i === 3 ? 0n : below(body, x, y);
    if (borrow === 0n) {
      borrow = first;
      difference.push(partial);
      continue;
    }
    const total = both(body, partial, borrow, OP.i64Sub, (p, q) => p - q);
    if (i < 3) {
      const second = below(body, partial, borrow);
      borrow = first === 0n ? second : both(body, first, second, OP.i64Or, (p, q) => p | q);
    }
    difference.push(total);
  }
  return difference as unknown as Limbs;
}

/** 1 if a < b, unsigned, as a limb. */
function below(body: Body, a: Limb, b: Limb): Limb {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? 1n : 0n;
  if (b === 0n) return 0n;
  push(body, a);
  push(body, b);
  emit(body, OP.i64LtU, OP.i64ExtendI32U);
  return keep(body);
}

/** The product of two limbs, its low and its high half. */
function wide(body: Body, a: Limb, b: Limb): readonly [low: Limb, high: Limb] {
  if (typeof a === 'bigint' && typeof b === 'bigint') return [(a * b) & MASK, (a * b) >> 64n];
  if (a === 0n || b === 0n) return [0n, 0n];
  const low = both(body, a, b, OP.i64Mul, (p, q) => p * q);
  const [a0, a1] = halves(body, a);
  const [b0, b1] = halves(body, b);
  const product = (x: Limb, y: Limb) => both(body, x, y, OP.i64Mul, (p, q) => p * q);
  const sum = (x: Limb, y: Limb) =>
    x === 0n ? y : y === 0n ? x : both(body, x, y, OP.i64Add, (p, q) => p + q);
  const upper = (x: Limb) => (x === 0n ? 0n : both(body, x, 32n, OP.i64ShrU, (p, q) => p >> q));
  const lower = (x: Limb) => (x === 0n ? 0n : both(body, x, 0xffffffffn, OP.i64And, (p, q) => p & q));
  const zero = (x: Limb, y: Limb) => x === 0n || y === 0n;
  const p00 = zero(a0, b0) ? 0n : product(a0, b0);
  const p01 = zero(a0, b1) ? 0n : product(a0, b1);
  const p10 = zero(a1, b0) ? 0n : product(a1, b0);
  const p11 = zero(a1, b1) ? 0n : product(a1, b1);
  // No sum here passes 2^64: (2^32 - 1)^2 + 2 (2^32 - 1) is 2^64 - 1.
  const middle = sum(p01, upper(p00));
  const other = sum(p10, lower(middle));
  return [low, sum(sum(p11, upper(middle)), upper(other))];
}

function halves(body: Body, limb: Limb): readonly [low: Limb, high: Limb] {
  if (typeof limb === 'bigint') return [limb & 0xffffffffn, limb >> 32n];
  return [
    both(body, limb, 0xffffffffn, OP.i64And, (p, q) => p & q),
    both(body, limb, 32n, OP.i64ShrU, (p, q) => p >> q),
  ];
}

/** The code of it is long: where neither word is known to be short, the module's function of it is called. */
export function multiply(body: Body, a: Limbs, b: Limbs): Limbs {
  let product: Limbs = [0n, 0n, 0n, 0n];
  for (let i = 0; i < 4; i++) {
    for (let j = 0; i + j < 4; j++) {
      const [x, y] = [a[i] as Limb, b[j] as Limb];
      if (x === 0n || y === 0n) continue;
      const term: Limb[] = [0n, 0n, 0n, 0n];
      if (i + j === 3) term[3] = both(body, x, y, OP.i64Mul, (p, q) => p * q);
      else [term[i + j], term[i + j + 1]] = wide(body, x, y);
      product = add(body, product, term as unknown as Limbs);
    }
  }
  return product;
}

/** All eight limbs of the product, by rows: a limb of `a` times all of `b`, added to what is there, with a carry of one limb. */
export function wideProduct(body: Body, a: Limbs, b: Limbs): readonly Limb[] {
  const product = new Array<Limb>(8).fill(0n);
  for (let i = 0; i < 4; i++) {
    let carry: Limb = 0n;
    for (let j = 0; j < 4; j++) {
      const [low, high] = wide(body, a[i] as Limb, b[j] as Limb);
      // At most (2^64 - 1)^2 + 2 (2^64 - 1), which is 2^128 - 1.
      const [once, firstCarry] = sumOf(body, low, product[i + j] as Limb);
      const [twice, secondCarry] = sumOf(body, once, carry);
      product[i + j] = twice;
      carry = plus(body, plus(body, high, firstCarry), secondCarry);
    }
    product[i + 4] = carry;
  }
  return product;
}

function plus(body: Body, a: Limb, b: Limb): Limb {
  return a === 0n ? b : b === 0n ? a : both(body, a, b, OP.i64Add, (p, q) => p + q);
}

function sumOf(body: Body, a: Limb, b: Limb): readonly [sum: Limb, carry: Limb] {
  if (a === 0n) return [b, 0n];
  if (b === 0n) return [a, 0n];
  const sum = plus(body, a, b);
  return [sum, below(body, sum, a)];
}

/** Pushes 1 if a < b as an i32. */
function pushBelow(body: Body, a: Limbs, b: Limbs, isSigned: boolean): void {
  if (!isSigned && isShort(a) && isShort(b)) {
    push(body, a[0]);
    push(body, b[0]);
    emit(body, OP.i64LtU);
    return;
  }
  // From the lowest limb up: below if the limb is, or if it is equal and what is under it is below.
  push(body, a[0]);
  push(body, b[0]);
  emit(body, OP.i64LtU);
  for (let i = 1; i < 4; i++) {
    const [x, y] = [a[i] as Limb, b[i] as Limb];
    if (x === 0n && y === 0n && !(isSigned && i === 3)) continue;
    push(body, x);
    push(body, y);
    emit(body, OP.i64Eq, OP.i32And);
    push(body, x);
    push(body, y);
    emit(body, isSigned && i === 3 ? OP.i64LtS : OP.i64LtU, OP.i32Or);
  }
}

export function less(body: Body, a: Limbs, b: Limbs, isSigned: boolean): Limbs {
  pushBelow(body, a, b, isSigned);
  return keepFlag(body);
}

export function equal(body: Body, a: Limbs, b: Limbs): Limbs {
  const differences: Limb[] = [];
  for (let i = 0; i < 4; i++) {
    const [x, y] = [a[i] as Limb, b[i] as Limb];
    if (x === 0n) differences.push(y);
    else if (y === 0n) differences.push(x);
    else differences.push(both(body, x, y, OP.i64Xor, (p, q) => p ^ q));
  }
  pushAny(body, differences);
  emit(body, OP.i64Eqz);
  return keepFlag(body);
}

export function isZero(body: Body, a: Limbs): Limbs {
  pushAny(body, a);
  emit(body, OP.i64Eqz);
  return keepFlag(body);
}

export function and(body: Body, a: Limbs, b: Limbs): Limbs {
  return limbwise(a, b, (x, y) => {
    if (x === 0n || y === 0n) return 0n;
    if (x === MASK) return y;
    if (y === MASK) return x;
    return both(body, x, y, OP.i64And, (p, q) => p & q);
  });
}

export function or(body: Body, a: Limbs, b: Limbs): Limbs {
  return limbwise(a, b, (x, y) =>
    x === 0n ? y : y === 0n ? x : both(body, x, y, OP.i64Or, (p, q) => p | q),
  );
}

export function xor(body: Body, a: Limbs, b: Limbs): Limbs {
  return limbwise(a, b, (x, y) =>
    x === 0n ? y : y === 0n ? x : both(body, x, y, OP.i64Xor, (p, q) => p ^ q),
  );
}

export function not(body: Body, a: Limbs): Limbs {
  return limbwise(a, constant((1n << 256n) - 1n), (x, y) => both(body, x, y, OP.i64Xor, (p, q) => p ^ q));
}

function limbwise(a: Limbs, b: Limbs, operate: (x: Limb, y: Limb) => Limb): Limbs {
  return a.map((limb, i) => operate(limb, b[i] as Limb)) as unknown as Limbs;
}

/** SHL, SHR or SAR by a known number of bits, below 256. */
export function shiftBy(body: Body, how: 'left' | 'right' | 'signed', bits: number, a: Limbs): Limbs {
  const [whole, rest] = [bits >>> 6, BigInt(bits & 63)];
  const fill: Limb =
    how === 'signed' ? both(body, a[3], 63n, OP.i64ShrS, (p, q) => BigInt.asIntN(64, p) >> q) : 0n;
  const source = (i: number): Limb => (i < 0 ? 0n : i > 3 ? fill : (a[i] as Limb));
  const left = (limb: Limb, by: bigint) =>
    limb === 0n ? 0n : both(body, limb, by, OP.i64Shl, (p, q) => p << q);
  const right = (limb: Limb, by: bigint) =>
    limb === 0n ? 0n : both(body, limb, by, OP.i64ShrU, (p, q) => p >> q);
  const join = (x: Limb, y: Limb) =>
    x === 0n ? y : y === 0n ? x : both(body, x, y, OP.i64Or, (p, q) => p | q);
  const result = [0, 1, 2, 3].map((i) => {
    if (how === 'left') {
      if (rest === 0n) return source(i - whole);
      return join(left(source(i - whole), rest), right(source(i - whole - 1), 64n - rest));
    }
    const low = source(i + whole);
    if (rest === 0n) return low;
    return join(right(low, rest), left(source(i + whole + 1), 64n - rest));
  });
  return result as unknown as Limbs;
}

/** BYTE of a known place, below 32. */
export function byteAt(body: Body, place: number, a: Limbs): Limbs {
  const fromLow = 31 - place;
  const [only] = shiftBy(body, 'right', fromLow * 8, a);
  return [both(body, only, 255n, OP.i64And, (p, q) => p & q), 0n, 0n, 0n];
}

/** SIGNEXTEND from a known byte, below 31. */
export function extendSign(body: Body, byte: number, a: Limbs): Limbs {
  const [whole, bit] = [byte >>> 3, BigInt((byte & 7) * 8 + 7)];
  const up = both(body, a[whole] as Limb, 63n - bit, OP.i64Shl, (p, q) => p << q);
  const extended = both(body, up, 63n - bit, OP.i64ShrS, (p, q) => BigInt.asIntN(64, p) >> q);
  const fill = both(body, extended, 63n, OP.i64ShrS, (p, q) => BigInt.asIntN(64, p) >> q);
  return a.map((limb, i) => (i < whole ? limb : i === whole ? extended : fill)) as unknown as Limbs;
}

/** DIV or MOD of two words that are known to be below 2^64. */
export function divideShort(body: Body, a: Limb, b: Limb, isModulo: boolean): Limbs {
  const divisor = local(body, I64);
  // By 1 instead of 0, which would trap; then nothing of it is taken.
  push(body, a);
  push(body, b);
  i64(body, 1n);
  push(body, b);
  emit(body, OP.i64Eqz, 0x45, OP.select);
  tee(body, divisor);
  emit(body, isModulo ? OP.i64RemU : OP.i64DivU);
  i64(body, 0n);
  push(body, b);
  emit(body, OP.i64Eqz, 0x45, OP.select);
  return [keep(body), 0n, 0n, 0n];
}
