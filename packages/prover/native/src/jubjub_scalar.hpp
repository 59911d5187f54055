// Scalars of Jubjub's prime subgroup: integers modulo its order, for the public numbers of signature batches.
// Words of 32 bits, so that every processor's multiplication does; Montgomery's method (Koc, Acar, Kaliski
// 1996, CIOS) with R = 2^256.
#pragma once

#include <cstdint>
#include <cstring>

#include "jubjub_constants.hpp"

namespace sero {

struct JubjubScalar {
  uint32_t word[8];
};

inline uint32_t order_word(int i) {
  return static_cast<uint32_t>(jubjub_constants::ORDER[i >> 1] >> (32 * (i & 1)));
}

/// 32 bytes, little-endian.
inline JubjubScalar scalar_of_bytes(const uint8_t* bytes) {
  JubjubScalar out;
  for (int i = 0; i < 8; i++) {
    out.word[i] = 0;
    for (int k = 0; k < 4; k++) out.word[i] |= static_cast<uint32_t>(bytes[4 * i + k]) << (8 * k);
  }
  return out;
}

inline void bytes_of_scalar(const JubjubScalar& a, uint8_t* out) {
  for (int i = 0; i < 32; i++) out[i] = static_cast<uint8_t>(a.word[i >> 2] >> (8 * (i & 3)));
}

inline JubjubScalar scalar_of_words(const uint64_t* words) {
  JubjubScalar out;
  for (int i = 0; i < 8; i++) out.word[i] = static_cast<uint32_t>(words[i >> 1] >> (32 * (i & 1)));
  return out;
}

/// a less the order where it is not below it; a below twice the order, `top` its word of weight 2^256.
inline JubjubScalar reduced_once(const JubjubScalar& a, uint32_t top) {
  JubjubScalar less;
  uint64_t borrow = 0;
  for (int i = 0; i < 8; i++) {
    const uint64_t x = static_cast<uint64_t>(a.word[i]) - order_word(i) - borrow;
    less.word[i] = static_cast<uint32_t>(x);
    borrow = x >> 63;
  }
  return top == 0 && borrow != 0 ? a : less;
}

/// a + b, both below the order.
inline JubjubScalar add_scalars(const JubjubScalar& a, const JubjubScalar& b) {
  JubjubScalar sum;
  uint64_t carry = 0;
  for (int i = 0; i < 8; i++) {
    carry += static_cast<uint64_t>(a.word[i]) + b.word[i];
    sum.word[i] = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  return reduced_once(sum, static_cast<uint32_t>(carry));
}

/// -a, a below the order.
inline JubjubScalar negated_scalar(const JubjubScalar& a) {
  JubjubScalar out;
  uint64_t borrow = 0;
  for (int i = 0; i < 8; i++) {
    const uint64_t x = static_cast<uint64_t>(order_word(i)) - a.word[i] - borrow;
    out.word[i] = static_cast<uint32_t>(x);
    borrow = x >> 63;
  }
  return reduced_once(out, 0);
}

/// a b / 2^256, below the order; a any 256 bits, b below the order.
inline JubjubScalar montgomery_product(const JubjubScalar& a, const JubjubScalar& b) {
  uint32_t t[10] = {};
  for (int i = 0; i < 8; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < 8; j++) {
      carry += static_cast<uint64_t>(a.word[i]) * b.word[j] + t[j];
      t[j] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    carry += t[8];
    t[8] = static_cast<uint32_t>(carry);
    t[9] = static_cast<uint32_t>(carry >> 32);
    const uint32_t m = t[0] * jubjub_constants::ORDER_INVERSE;
    carry = static_cast<uint64_t>(m) * order_word(0) + t[0];
    carry >>= 32;
    for (int j = 1; j < 8; j++) {
      carry += static_cast<uint64_t>(m) * order_word(j) + t[j];
      t[j - 1] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    carry += t[8];
    t[7] = static_cast<uint32_t>(carry);
    t[8] = t[9] + static_cast<uint32_t>(carry >> 32);
  }
  JubjubScalar out;
  std::memcpy(out.word, t, sizeof out.word);
  return reduced_once(out, t[8]);
}

/// a b modulo the order; a any 256 bits, b below the order.
inline JubjubScalar multiply_scalars(const JubjubScalar& a, const JubjubScalar& b) {
  return montgomery_product(montgomery_product(a, b), scalar_of_words(jubjub_constants::ORDER_R2));
}

/// 64 bytes, little-endian, modulo the order.
inline JubjubScalar scalar_of_wide(const uint8_t* bytes) {
  const JubjubScalar low =
      montgomery_product(scalar_of_bytes(bytes), scalar_of_words(jubjub_constants::ORDER_R));
  // high R^2 / R = high 2^256
  const JubjubScalar high =
      montgomery_product(scalar_of_bytes(bytes + 32), scalar_of_words(jubjub_constants::ORDER_R2));
  return add_scalars(low, high);
}

}  // namespace sero
