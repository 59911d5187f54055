// The coefficients of a batch's random linear combination.
//
// A false equation survives the combination for one coefficient at most out of all that could have been drawn
// (Bellare, Garay, Rabin, "Fast batch verification for modular exponentiation and digital signatures", section 2.2:
// small exponents), so they must be drawn after the proofs are fixed and where nobody sees them. They are
//
//     z = low + high x^2 mod r,    low, high < 2^64, not both 0,    x the parameter of BLS12-381
//
// because x^2 P costs one field multiplication (`multiply_by_x_squared`): 64 doublings instead of 128. Since
// low < x^2 and low + high x^2 < 2^192 < r, different pairs give different z and none gives 0: there are 2^128 - 1.
//
// A seed of the operating system is stretched by SHA-256(seed | counter), which nobody can tell from random who does
// not know the seed; the counter goes on through all steps of the bisection, so that no coefficient comes twice.
#pragma once

#include <blst.h>
#include <blst_aux.h>

#include <cstdint>
#include <cstring>

#include "../include/sero_prover.h"
#include "pairing_kernels.hpp"

namespace sero {

struct Coefficients {
  uint8_t seed[SERO_SEED_BYTES];
  uint64_t drawn;
};

static inline Coefficient draw_coefficient(Coefficients* source) {
#ifdef SERO_EQUAL_COEFFICIENTS
  // Only in harness/verify_forge.cpp, which shows the forgery that coefficients prevent.
  source->drawn++;
  return {1, 0};
#else
  Coefficient z;
  do {
    uint8_t message[SERO_SEED_BYTES + sizeof(source->drawn)];
    uint8_t digest[32];
    memcpy(message, source->seed, SERO_SEED_BYTES);
    memcpy(message + SERO_SEED_BYTES, &source->drawn, sizeof(source->drawn));
    source->drawn++;
    blst_sha256(digest, message, sizeof(message));
    memcpy(&z, digest, sizeof(z));
  } while ((z.low | z.high) == 0);
  return z;
#endif
}

/// x^2 P for a P in G1: (x_P, y_P) to (beta x_P, -y_P), beta a cube root of one in the base field
/// (Gallant, Lambert, Vanstone; Scott, eprint 2021/1130, section 4.2: phi(P) = -x^2 P).
static inline blst_p1_affine multiply_by_x_squared(const blst_p1_affine& point) {
  // In Montgomery form, R = 2^384, little-endian words.
  static constexpr uint64_t BETA[6] = {0x30f1361b798a64e8ull, 0xf3b8ddab7ece5a2aull, 0x16a8ca3ac61577f7ull,
                                       0xc26a2ff874fd029bull, 0x3636b76660701c6eull, 0x051ba4ab241b6160ull};
  blst_fp beta;
  static_assert(sizeof(beta) == sizeof(BETA), "an element is its words");
  memcpy(&beta, BETA, sizeof(beta));
  blst_p1_affine out = point;
  blst_fp_mul(&out.x, &point.x, &beta);
  blst_fp_cneg(&out.y, &point.y, true);
  return out;
}

/// z as an element of the scalar field.
static inline blst_fr to_scalar_field(const Coefficient& z) {
  const uint64_t low[4] = {z.low, 0, 0, 0};
  const uint64_t high[4] = {z.high, 0, 0, 0};
  const uint64_t x_squared[4] = {0x0000000100000000ull, 0xac45a4010001a402ull, 0, 0};
  blst_fr out;
  blst_fr times;
  blst_fr factor;
  blst_fr_from_uint64(&out, low);
  blst_fr_from_uint64(&times, high);
  blst_fr_from_uint64(&factor, x_squared);
  blst_fr_mul(&times, &times, &factor);
  blst_fr_add(&out, &out, &times);
  return out;
}

}  // namespace sero
