// The scalar field one value at a time, for machines whose widest product is 64 bits: nine limbs of 29 bits,
// so that a few products add up without carries. Values are in Montgomery form and fully reduced; a sum takes
// products as they are and is reduced once (lazy reduction). Montgomery: Modular multiplication without trial
// division (1985).
#pragma once

#include <blst.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sero::witness {

constexpr int LIMBS = 9;  // R = 2^261

struct Fr {
  uint32_t l[LIMBS];
};

constexpr int BITS = 29;
constexpr uint32_t MASK = (1u << BITS) - 1;
constexpr uint32_t MODULUS[LIMBS] = {0x00000001, 0x1ffffff8, 0x1f96ffbf, 0x1b4805ff, 0x1d80553b,
                                     0x0c0404d0, 0x1520cce7, 0x0a6533af, 0x0073eda7};
constexpr uint32_t INVERSE = 0x1fffffff;  // -r^-1 mod 2^29
// R mod r and R^2 mod r
constexpr Fr ONE = {{0x1fffffba, 0x0000022f, 0x1cb61180, 0x0a4e5c00, 0x0ee8b1a2, 0x16e6aedf, 0x1907f8bb,
                     0x0853ddf7, 0x004d043f}};
constexpr Fr R_SQUARED = {{0x0a71b3c0, 0x1d32207e, 0x1663d999, 0x1c5abc93, 0x03b58c44, 0x0be37438, 0x0829f771,
                           0x1660139e, 0x0027fd91}};

inline bool is_below(const uint32_t a[LIMBS], const uint32_t b[LIMBS]) {
  for (int i = LIMBS - 1; i >= 0; i--) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

inline uint32_t subtract(uint32_t out[LIMBS], const uint32_t a[LIMBS], const uint32_t b[LIMBS]) {
  int32_t borrow = 0;
  for (int i = 0; i < LIMBS; i++) {
    const int32_t d = (int32_t)a[i] - (int32_t)b[i] + borrow;
    out[i] = (uint32_t)d & MASK;
    borrow = d >> BITS;
  }
  return (uint32_t)borrow & 1;
}

inline Fr sub(const Fr& a, const Fr& b) {
  Fr out;
  const uint32_t mask = 0 - subtract(out.l, a.l, b.l);
  uint32_t carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += out.l[i] + (MODULUS[i] & mask);
    out.l[i] = carry & MASK;
    carry >>= BITS;
  }
  return out;
}

/// A sum of at most 2^26 products and values.
struct Sum {
  uint64_t w[2 * LIMBS];
  /// Products since the last carry.
  int products;
};

/// Nine products of two limbs a column and sum, and nine more when it is reduced: 54 2^58 in all.
constexpr int PRODUCTS_WITHOUT_CARRY = 5;

inline void clear(Sum& sum) { memset(&sum, 0, sizeof sum); }

inline void add_product(Sum& sum, const Fr& a, const Fr& b) {
  if (sum.products == PRODUCTS_WITHOUT_CARRY) {
    for (int i = 0; i < 2 * LIMBS - 1; i++) {
      sum.w[i + 1] += sum.w[i] >> BITS;
      sum.w[i] &= MASK;
    }
    sum.products = 0;
  }
  for (int i = 0; i < LIMBS; i++) {
    for (int j = 0; j < LIMBS; j++) sum.w[i + j] += (uint64_t)a.l[i] * b.l[j];
  }
  sum.products++;
}

inline void add_value(Sum& sum, const Fr& a) {
  for (int i = 0; i < LIMBS; i++) sum.w[LIMBS + i] += a.l[i];
}

/// The sum over R, reduced.
inline Fr reduce(Sum& sum) {
  uint64_t* w = sum.w;
  for (int i = 0; i < LIMBS; i++) {
    const uint32_t m = ((uint32_t)w[i] * INVERSE) & MASK;
    for (int j = 0; j < LIMBS; j++) w[i + j] += (uint64_t)m * MODULUS[j];
    w[i + 1] += w[i] >> BITS;
  }
  for (int i = LIMBS; i < 2 * LIMBS - 1; i++) {
    w[i + 1] += w[i] >> BITS;
    w[i] &= MASK;
  }
  // The quotient by the modulus from the top limb: at most one too small, and a little at the edges.
  const uint64_t quotient = w[2 * LIMBS - 1] / (MODULUS[LIMBS - 1] + 1);
  Fr out;
  int64_t carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += (int64_t)w[LIMBS + i] - (int64_t)(quotient * MODULUS[i]);
    out.l[i] = (uint32_t)carry & MASK;
    if (i < LIMBS - 1) carry >>= BITS;
  }
  out.l[LIMBS - 1] = (uint32_t)carry;
  while (!is_below(out.l, MODULUS)) subtract(out.l, out.l, MODULUS);
  return out;
}

/// The number itself, not in Montgomery form; false, and nothing written, for r or more.
inline bool load_canonical(Fr& out, const uint8_t bytes[32]) {
  Fr plain = {};
  for (int bit = 0; bit < 256; bit += 8) {
    const uint64_t part = (uint64_t)bytes[bit / 8] << (bit % BITS);
    plain.l[bit / BITS] |= (uint32_t)part & MASK;
    if (bit / BITS + 1 < LIMBS) plain.l[bit / BITS + 1] |= (uint32_t)(part >> BITS);
  }
  if (!is_below(plain.l, MODULUS)) return false;
  out = plain;
  return true;
}

inline void store_canonical(uint8_t bytes[32], const Fr& a) {
  for (int bit = 0; bit < 256; bit += 8) {
    const int limb = bit / BITS;
    const uint64_t pair = a.l[limb] | (limb + 1 < LIMBS ? (uint64_t)a.l[limb + 1] << BITS : 0);
    bytes[bit / 8] = (uint8_t)(pair >> (bit % BITS));
  }
}

inline Fr zero() {
  Fr out;
  memset(out.l, 0, sizeof out.l);
  return out;
}

inline Fr one() { return ONE; }

inline bool is_zero(const Fr& a) {
  uint32_t any = 0;
  for (uint32_t limb : a.l) any |= limb;
  return any == 0;
}

inline Fr neg(const Fr& a) { return sub(zero(), a); }

inline Fr mul(const Fr& a, const Fr& b) {
  Sum sum;
  clear(sum);
  add_product(sum, a, b);
  return reduce(sum);
}

/// Little-endian bytes; false, and nothing written, for r or more.
inline bool from_bytes(Fr& out, const uint8_t bytes[32]) {
  Fr plain;
  if (!load_canonical(plain, bytes)) return false;
  out = mul(plain, R_SQUARED);
  return true;
}

inline void to_bytes(uint8_t bytes[32], const Fr& a) {
  Sum sum;
  clear(sum);
  for (int i = 0; i < LIMBS; i++) sum.w[i] = a.l[i];
  store_canonical(bytes, reduce(sum));
}

/// 1/a; 0 for 0.
inline Fr inverse(const Fr& a) {
  uint8_t bytes[32];
  to_bytes(bytes, a);
  blst_scalar scalar;
  blst_fr value;
  blst_scalar_from_lendian(&scalar, bytes);
  blst_fr_from_scalar(&value, &scalar);
  blst_fr_eucl_inverse(&value, &value);
  blst_scalar_from_fr(&scalar, &value);
  blst_lendian_from_scalar(bytes, &scalar);
  Fr out = zero();
  from_bytes(out, bytes);
  return out;
}

}  // namespace sero::witness
