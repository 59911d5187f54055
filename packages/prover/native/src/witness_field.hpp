// The scalar field one value at a time, with sums of products that are reduced once: what a witness is made of. Values
// are in Montgomery form and fully reduced; a sum takes products as they are (lazy reduction).
// Montgomery: Modular multiplication without trial division (1985).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "field/params.hpp"

// SERO_WITNESS_WORDS29 forces the other one, for tests.
#if defined(__SIZEOF_INT128__) && !defined(__wasm__) && !defined(SERO_WITNESS_WORDS29)
#define SERO_WITNESS_WORDS64
#endif

namespace sero::witness {

#ifdef SERO_WITNESS_WORDS64

constexpr int LIMBS = 4;  // of 64 bits, R = 2^256

struct Fr {
  uint64_t l[LIMBS];
};

constexpr uint64_t MODULUS[LIMBS] = {FrParams::P64[0], FrParams::P64[1], FrParams::P64[2], FrParams::P64[3]};
constexpr uint64_t INVERSE = 0xfffffffeffffffffull;  // -r^-1 mod 2^64
// R mod r and R^2 mod r
constexpr Fr ONE = {{0x00000001fffffffeull, 0x5884b7fa00034802ull, 0x998c4fefecbc4ff5ull, 0x1824b159acc5056full}};
constexpr Fr R_SQUARED = {
    {0xc999e990f3f29c6dull, 0x2b6cedcb87925c23ull, 0x05d314967254398full, 0x0748d9d99f59ff11ull}};

using Double = unsigned __int128;

inline bool is_below(const uint64_t a[LIMBS], const uint64_t b[LIMBS]) {
  for (int i = LIMBS - 1; i >= 0; i--) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

inline uint64_t subtract(uint64_t out[LIMBS], const uint64_t a[LIMBS], const uint64_t b[LIMBS]) {
  uint64_t borrow = 0;
  for (int i = 0; i < LIMBS; i++) {
    const Double d = (Double)a[i] - b[i] - borrow;
    out[i] = (uint64_t)d;
    borrow = (uint64_t)(d >> 64) & 1;
  }
  return borrow;
}

inline Fr sub(const Fr& a, const Fr& b) {
  Fr out;
  const uint64_t mask = 0 - subtract(out.l, a.l, b.l);
  Double carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += (Double)out.l[i] + (MODULUS[i] & mask);
    out.l[i] = (uint64_t)carry;
    carry >>= 64;
  }
  return out;
}

/// A sum of at most 2^26 products and values.
struct Sum {
  uint64_t w[2 * LIMBS + 1];
};

inline void clear(Sum& sum) { memset(sum.w, 0, sizeof sum.w); }

inline void add_product(Sum& sum, const Fr& a, const Fr& b) {
  // The product by itself first: a carry out of a row would run through all words above it.
  uint64_t product[2 * LIMBS] = {0};
  for (int i = 0; i < LIMBS; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < LIMBS; j++) {
      const Double t = (Double)a.l[i] * b.l[j] + product[i + j] + carry;
      product[i + j] = (uint64_t)t;
      carry = (uint64_t)(t >> 64);
    }
    product[i + LIMBS] = carry;
  }
  uint64_t carry = 0;
  for (int i = 0; i < 2 * LIMBS; i++) {
    const Double t = (Double)sum.w[i] + product[i] + carry;
    sum.w[i] = (uint64_t)t;
    carry = (uint64_t)(t >> 64);
  }
  sum.w[2 * LIMBS] += carry;
}

inline void add_value(Sum& sum, const Fr& a) {
  Double carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    carry += (Double)sum.w[LIMBS + i] + a.l[i];
    sum.w[LIMBS + i] = (uint64_t)carry;
    carry >>= 64;
  }
  sum.w[2 * LIMBS] += (uint64_t)carry;
}

/// The sum over R, reduced.
inline Fr reduce(Sum& sum) {
  uint64_t* w = sum.w;
  uint64_t top = 0;
  for (int i = 0; i < LIMBS; i++) {
    const uint64_t m = w[i] * INVERSE;
    uint64_t carry = 0;
    for (int j = 0; j < LIMBS; j++) {
      const Double t = (Double)m * MODULUS[j] + w[i + j] + carry;
      w[i + j] = (uint64_t)t;
      carry = (uint64_t)(t >> 64);
    }
    const Double t = (Double)w[i + LIMBS] + carry + top;
    w[i + LIMBS] = (uint64_t)t;
    top = (uint64_t)(t >> 64);
  }
  Fr out;
  memcpy(out.l, w + LIMBS, sizeof out.l);
  top += w[2 * LIMBS];
  // The quotient by the modulus from the leading bits: at most one too small, and a little at the edges.
  const uint64_t lead = (top << 32) | (out.l[3] >> 32);
  const uint64_t quotient = lead / ((MODULUS[3] >> 32) + 1);
  if (quotient != 0) {
    uint64_t borrow = 0;
    for (int i = 0; i < LIMBS; i++) {
      const Double t = (Double)quotient * MODULUS[i] + borrow;
      borrow = (uint64_t)(t >> 64) + (out.l[i] < (uint64_t)t);
      out.l[i] -= (uint64_t)t;
    }
    top -= borrow;
  }
  while (top != 0 || !is_below(out.l, MODULUS)) top -= subtract(out.l, out.l, MODULUS);
  return out;
}

/// Canonical little-endian bytes; false, and nothing written, for r or more.
inline bool load_canonical(Fr& out, const uint8_t bytes[32]) {
  Fr plain;
  memcpy(plain.l, bytes, 32);
  if (!is_below(plain.l, MODULUS)) return false;
  out = plain;
  return true;
}

inline void store_canonical(uint8_t bytes[32], const Fr& a) { memcpy(bytes, a.l, 32); }

#else

constexpr int LIMBS = 9;  // of 29 bits, R = 2^261: nine products of two limbs stay below 2^62, so a few sums need no carry

struct Fr {
  uint32_t l[LIMBS];
};

constexpr int BITS = 29;
constexpr uint32_t MASK = (1u << BITS) - 1;
constexpr uint32_t MODULUS[LIMBS] = {0x00000001, 0x1ffffff8, 0x1f96ffbf, 0x1b4805ff, 0x1d80553b,
                                     0x0c0404d0, 0x1520cce7, 0x0a6533af, 0x0073eda7};
constexpr uint32_t INVERSE = 0x1fffffff;  // -r^-1 mod 2^29
// R mod r and R^2 mod r
constexpr Fr ONE = {{0x1fffffba, 0x0000022f, 0x1cb61180, 0x0a4e5c00, 0x0ee8b1a2, 0x16e6aedf, 0x1907f8bb, 0x0853ddf7,
                     0x004d043f}};
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

/// Canonical little-endian bytes; false, and nothing written, for r or more.
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

#endif

inline Fr zero() {
  Fr out;
  memset(out.l, 0, sizeof out.l);
  return out;
}

inline bool is_zero(const Fr& a) {
  uint64_t any = 0;
  for (int i = 0; i < LIMBS; i++) any |= a.l[i];
  return any == 0;
}

inline bool is_equal(const Fr& a, const Fr& b) { return memcmp(a.l, b.l, sizeof a.l) == 0; }

inline Fr neg(const Fr& a) { return sub(zero(), a); }

inline Fr mul(const Fr& a, const Fr& b) {
  Sum sum;
  clear(sum);
  add_product(sum, a, b);
  return reduce(sum);
}

inline Fr to_montgomery(const Fr& plain) { return mul(plain, R_SQUARED); }

inline Fr from_montgomery(const Fr& a) {
  Sum sum;
  clear(sum);
  for (int i = 0; i < LIMBS; i++) sum.w[i] = a.l[i];
  return reduce(sum);
}

}  // namespace sero::witness
