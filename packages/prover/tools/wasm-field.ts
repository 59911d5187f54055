// Multiplication in two lanes for WebAssembly with relaxed SIMD, as assembly for LLVM: written out here because clang
// moves the additions of a column together and keeps dozens of products waiting in memory for them (a fifth slower).
//
// An element is LIMBS doubles a lane, signed integers x_j of RADIX bits, in Montgomery form with R = 2^(RADIX LIMBS).
// A product of limbs is split exactly by two fused multiply-adds (Emmart, Zheng, Weems, "Faster modular exponentiation
// using double precision floating point arithmetic on the GPU", ARITH 2018, here with rounding to nearest):
//   high = fma(x, y, C1), C1 = 3 2^(51+RADIX): a multiple of 2^RADIX, whose bits are those of C1 plus xy / 2^RADIX rounded
//   low = fma(x, y, (C1 + C3) - high), C3 = 3 2^51: exact, whose bits are those of C3 plus the signed rest
// Bits are added up as 64-bit integers; a column begins with minus the bits of all the C1 and C3 that it will receive.
// That holds while |xy| < 2^(51+RADIX).
//
// Reduction. The low LIMBS - 1 columns of the product are carried to digits d_i, and d_i 2^(RADIX i) is replaced by
// d_i c_i 2^(RADIX (LIMBS - 1)) with c_i = 2^(RADIX (i - LIMBS + 1)) mod p in (-p/2, p/2): no digit waits for another, as the
// quotients of Montgomery's method do. The last column goes by Montgomery's method, with its quotient.

export const FIELDS = {
  fq: {
    modulus:
      0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn,
    words: 6,
    limbs: 8,
    radix: 49,
  },
  fr: {
    modulus: 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n,
    words: 4,
    limbs: 6,
    radix: 44,
  },
} as const;

type FieldName = keyof typeof FIELDS;

/** 2^62 would do as well: what makes every column positive, so that carries are logical shifts. */
const BIAS = 61n;
/** The bits of 1.5 2^52, of 2^52. */
const BITS_C3 = 0x4338000000000000n;
const BITS_2_52 = 0x4330000000000000n;

/** The assembly of `sero_wasm_{fq,fr}_{mul,sqr}(out, a[, b])`, each a pointer to LIMBS vectors aligned to 16 bytes. */
export function fieldAssembly(): string {
  return (Object.keys(FIELDS) as FieldName[])
    .flatMap((name) => [
      table(`sero_wasm_${name}_table`, [...constants(name).values()]),
      table(`sero_wasm_${name}_rounding`, roundingConstants(name)),
      table(`sero_wasm_${name}_constants`, conversionConstants(name)),
      multiplication(name, false),
      multiplication(name, true),
    ])
    .join('\n');
}

/** The low limbs of `value` in [-2^(radix-1), 2^(radix-1)), the highest takes what is left. */
export function signedLimbs(value: bigint, radix: number, limbs: number): bigint[] {
  const out: bigint[] = [];
  for (let j = 0; j < limbs - 1; j++) {
    const limb = BigInt.asIntN(radix, value);
    out.push(limb);
    value = (value - limb) >> BigInt(radix);
  }
  return [...out, value];
}

function modInverse(value: bigint, modulus: bigint): bigint {
  let [a, b, s, t] = [((value % modulus) + modulus) % modulus, modulus, 1n, 0n];
  while (b !== 0n) [a, b, s, t] = [b, a % b, t, s - (a / b) * t];
  return ((s % modulus) + modulus) % modulus;
}

function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** What the functions of a field read: 16 bytes an entry, both lanes the same. */
function constants(name: FieldName): Map<string, bigint> {
  const { modulus, limbs, radix } = FIELDS[name];
  const c1 = 3 * 2 ** (51 + radix);
  const c3 = 3 * 2 ** 51;
  const half = 2n ** BigInt(radix - 1);
  const entries = new Map<string, bigint>();
  const double = (key: string, value: number | bigint) => entries.set(key, bitsOf(Number(value)));
  double('c1', c1);
  double('c1 + c3', c1 + c3);
  double('c3', c3);
  entries.set('bits of c3', BITS_C3);
  entries.set('limb mask', 2n * half - 1n);
  entries.set('exponent', BITS_2_52);
  double('unsigned offset', 2 ** 52);
  double('signed offset', 2n ** 52n + half);
  double('quotient', BigInt.asIntN(radix, -modInverse(modulus, 2n * half)));
  const modulusLimbs = signedLimbs(modulus, radix, limbs);
  modulusLimbs.forEach((limb, j) => {
    double(`p ${j}`, limb);
  });
  for (let i = 0; i < limbs - 1; i++) {
    const power = modInverse(2n ** BigInt(radix * (limbs - 1 - i)), modulus);
    signedLimbs(power > modulus / 2n ? power - modulus : power, radix, limbs).forEach((limb, j) => {
      double(`fold ${i} ${j}`, limb);
    });
  }
  for (let k = 0; k < 2 * limbs; k++) entries.set(`column ${k}`, firstValue(name, k));
  return entries;
}

/** What column k begins with: see the head of the file; digits and limbs are centred by half a radix. */
function firstValue(name: FieldName, k: number): bigint {
  const { limbs, radix } = FIELDS[name];
  const products = (at: number) => {
    if (at < 0 || at > 2 * limbs - 2) return 0;
    return Math.min(at + 1, 2 * limbs - 1 - at) + (at >= limbs - 1 ? limbs : 0);
  };
  const c1 = bitsOf(3 * 2 ** (51 + radix));
  let value = -BigInt(products(k)) * BITS_C3 - BigInt(products(k - 1)) * c1;
  if (k < 2 * limbs - 1) value += 2n ** BIAS;
  if (k < 2 * limbs - 1 && k !== limbs - 1) value += 2n ** BigInt(radix - 1);
  if (k > 0) value -= 2n ** (BIAS - BigInt(radix));
  return BigInt.asUintN(64, value);
}

/** For `nearest` of native/src/field/wasm.hpp: 1 / top, C3, C1, 2^-RADIX, then the limbs of p. */
function roundingConstants(name: FieldName): bigint[] {
  const { modulus, limbs, radix } = FIELDS[name];
  const p = signedLimbs(modulus, radix, limbs).map(Number);
  return [1 / (p[limbs - 1] ?? 0), 3 * 2 ** 51, 3 * 2 ** (51 + radix), 2 ** -radix, ...p].map(bitsOf);
}

/** For native/src/field/wasm.hpp: 1, R, R^2, R^2 / 2^(64 words), 2^(64 words) mod p; each in limbs. */
function conversionConstants(name: FieldName): bigint[] {
  const { modulus, limbs, radix, words } = FIELDS[name];
  const r = 2n ** BigInt(radix * limbs);
  const r64 = 2n ** BigInt(64 * words);
  return [1n, r, r * r, r * r * modInverse(r64, modulus), r64].flatMap((value) =>
    signedLimbs(value % modulus, radix, limbs).map((limb) => bitsOf(Number(limb))),
  );
}

/** A table of vectors, both lanes the same. */
function table(symbol: string, values: readonly bigint[]): string {
  return [
    `\t.section .rodata.${symbol},"",@`,
    `\t.globl ${symbol}`,
    `\t.hidden ${symbol}`,
    '\t.p2align 4',
    `${symbol}:`,
    ...values.flatMap((bits) => [`\t.int64 ${bits}`, `\t.int64 ${bits}`]),
    `\t.size ${symbol}, ${16 * values.length}`,
    '',
  ].join('\n');
}

function multiplication(name: FieldName, isSquare: boolean): string {
  const { limbs, radix } = FIELDS[name];
  const offsets = new Map([...constants(name).keys()].map((key, i) => [key, 16 * i]));
  const symbol = `sero_wasm_${name}_${isSquare ? 'sqr' : 'mul'}`;
  const parameters = isSquare ? 2 : 3;
  const [out, a, b] = [0, 1, 2];
  const code: string[] = [];
  const types: string[] = [];
  const local = (type: string) => parameters + types.push(type) - 1;
  const vectors = (count: number) => Array.from({ length: count }, () => local('v128'));

  const get = (index: number) => code.push(`local.get ${index}`);
  const set = (index: number) => code.push(`local.set ${index}`);
  const op = (...names: string[]) => code.push(...names);
  const constant = (key: string) => {
    const offset = offsets.get(key);
    if (offset === undefined) throw new Error(`no constant ${key}`);
    op('i32.const 0', `v128.load sero_wasm_${name}_table+${offset}`);
  };
  const at = <T>(list: readonly T[], index: number): T => {
    const item = list[index];
    if (item === undefined) throw new Error(`no item ${index}`);
    return item;
  };

  const column = vectors(2 * limbs);
  const digit = vectors(limbs - 1);
  const [scalar, limb, high, c1, c1c3] = vectors(5) as [number, number, number, number, number];
  /** to[0] += low half, to[1] += high half of scalar times limb. */
  const product = (to: number, next: number) => {
    get(scalar);
    get(limb);
    get(c1);
    op('f64x2.relaxed_madd');
    set(high);
    get(next);
    get(high);
    op('i64x2.add');
    set(next);
    get(to);
    get(scalar);
    get(limb);
    get(c1c3);
    get(high);
    op('f64x2.sub', 'f64x2.relaxed_madd', 'i64x2.add');
    set(to);
  };
  /** Adds the scalar times limbs from memory to the columns from `first` on. */
  const row = (first: number, load: (j: number) => void) => {
    for (let j = 0; j < limbs; j++) {
      load(j);
      set(limb);
      product(at(column, first + j), at(column, first + j + 1));
    }
  };
  const operand = (pointer: number, j: number) => {
    get(pointer);
    op(`v128.load ${16 * j}`);
  };
  const begin = (k: number) => {
    constant(`column ${k}`);
    set(at(column, k));
  };
  /** The low bits of a column as doubles, on the stack. */
  const lowBits = (k: number, offset: 'signed offset' | 'unsigned offset') => {
    get(at(column, k));
    constant('limb mask');
    op('v128.and');
    constant('exponent');
    op('v128.or');
    constant(offset);
    op('f64x2.sub');
  };
  const carry = (k: number) => {
    get(at(column, k + 1));
    get(at(column, k));
    op(`i32.const ${radix}`, 'i64x2.shr_u', 'i64x2.add');
    set(at(column, k + 1));
  };
  const takeDigit = (k: number) => {
    lowBits(k, 'signed offset');
    set(at(digit, k));
    carry(k);
  };

  constant('c1');
  set(c1);
  constant('c1 + c3');
  set(c1c3);
  if (isSquare) {
    // Column by column: the products of different limbs are computed once and doubled.
    let [cross, crossNext] = vectors(2) as [number, number];
    op('v128.const 0, 0');
    set(cross);
    begin(0);
    for (let k = 0; k < 2 * limbs - 1; k++) {
      begin(k + 1);
      op('v128.const 0, 0');
      set(crossNext);
      for (let i = Math.max(0, k - limbs + 1); 2 * i < k; i++) {
        operand(a, i);
        set(scalar);
        operand(a, k - i);
        set(limb);
        product(cross, crossNext);
      }
      if (k % 2 === 0) {
        operand(a, k / 2);
        set(scalar);
        get(scalar);
        set(limb);
        product(at(column, k), at(column, k + 1));
      }
      get(at(column, k));
      get(cross);
      op('i32.const 1', 'i64x2.shl', 'i64x2.add');
      set(at(column, k));
      [cross, crossNext] = [crossNext, cross];
      if (k < limbs - 1) takeDigit(k);
    }
    get(at(column, 2 * limbs - 1));
    get(cross);
    op('i32.const 1', 'i64x2.shl', 'i64x2.add');
    set(at(column, 2 * limbs - 1));
  } else {
    for (let j = 0; j < limbs; j++) begin(j);
    for (let i = 0; i < limbs; i++) {
      begin(limbs + i);
      operand(a, i);
      set(scalar);
      row(i, (j) => operand(b, j));
      if (i < limbs - 1) takeDigit(i);
    }
  }
  for (let i = 0; i < limbs - 1; i++) {
    get(at(digit, i));
    set(scalar);
    row(limbs - 1, (j) => constant(`fold ${i} ${j}`));
  }

  // The quotient is the low half of the column times -1/p, taken as above.
  lowBits(limbs - 1, 'unsigned offset');
  set(scalar);
  constant('quotient');
  set(limb);
  get(scalar);
  get(limb);
  get(c1c3);
  get(scalar);
  get(limb);
  get(c1);
  op('f64x2.relaxed_madd', 'f64x2.sub', 'f64x2.relaxed_madd');
  constant('c3');
  op('f64x2.sub');
  set(scalar);
  row(limbs - 1, (j) => constant(`p ${j}`));
  carry(limbs - 1);

  for (let j = 0; j < limbs - 1; j++) {
    get(out);
    lowBits(limbs + j, 'signed offset');
    op(`v128.store ${16 * j}`);
    carry(limbs + j);
  }
  get(out);
  get(at(column, 2 * limbs - 1));
  constant('bits of c3');
  op('i64x2.add');
  constant('c3');
  op('f64x2.sub', `v128.store ${16 * (limbs - 1)}`);

  return [
    `\t.section .text.${symbol},"",@`,
    `\t.globl ${symbol}`,
    `\t.hidden ${symbol}`,
    `\t.type ${symbol},@function`,
    `${symbol}:`,
    `\t.functype ${symbol} (${Array(parameters).fill('i32').join(', ')}) -> ()`,
    `\t.local ${types.join(', ')}`,
    ...code.map((line) => `\t${line}`),
    '\tend_function',
    '',
  ].join('\n');
}
