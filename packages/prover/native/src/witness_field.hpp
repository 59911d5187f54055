// The scalar field one value at a time, with sums of products: what a witness is made of. On blst's
// multiplication, in Montgomery form; where there is no assembly for it, on limbs of 29 bits.
// SERO_WITNESS_WORDS29 forces those, for tests.
#pragma once

#if defined(__wasm__) || defined(SERO_WITNESS_WORDS29)

#include "witness_words29.hpp"

#else

#include <blst.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sero::witness {

using Fr = blst_fr;

inline Fr zero() {
  Fr out;
  memset(&out, 0, sizeof out);
  return out;
}

inline Fr one() {
  // R = 2^256 mod r
  return {{0x00000001fffffffeull, 0x5884b7fa00034802ull, 0x998c4fefecbc4ff5ull, 0x1824b159acc5056full}};
}

inline bool is_zero(const Fr& a) { return (a.l[0] | a.l[1] | a.l[2] | a.l[3]) == 0; }

inline Fr sub(const Fr& a, const Fr& b) {
  Fr out;
  blst_fr_sub(&out, &a, &b);
  return out;
}

inline Fr neg(const Fr& a) {
  Fr out;
  blst_fr_cneg(&out, &a, true);
  return out;
}

inline Fr mul(const Fr& a, const Fr& b) {
  Fr out;
  blst_fr_mul(&out, &a, &b);
  return out;
}

/// A sum of products and values: blst's multiplication reduces at little cost.
struct Sum {
  Fr total;
};

inline void clear(Sum& sum) { sum.total = zero(); }

inline void add_value(Sum& sum, const Fr& a) { blst_fr_add(&sum.total, &sum.total, &a); }

inline void add_product(Sum& sum, const Fr& a, const Fr& b) {
  Fr product;
  blst_fr_mul(&product, &a, &b);
  add_value(sum, product);
}

inline Fr reduce(const Sum& sum) { return sum.total; }

/// Little-endian bytes; false, and nothing written, for r or more.
inline bool from_bytes(Fr& out, const uint8_t bytes[32]) {
  blst_scalar scalar;
  blst_scalar_from_lendian(&scalar, bytes);
  if (!blst_scalar_fr_check(&scalar)) return false;
  blst_fr_from_scalar(&out, &scalar);
  return true;
}

inline void to_bytes(uint8_t bytes[32], const Fr& a) {
  blst_scalar scalar;
  blst_scalar_from_fr(&scalar, &a);
  blst_lendian_from_scalar(bytes, &scalar);
}

/// 1/a; 0 for 0.
inline Fr inverse(const Fr& a) {
  Fr out;
  blst_fr_eucl_inverse(&out, &a);
  return out;
}

}  // namespace sero::witness

#endif
