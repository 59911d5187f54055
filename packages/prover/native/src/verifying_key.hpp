// A verifying key, checked and prepared.
#pragma once

#include <blst.h>

#include <cstddef>

#include "../include/sero_prover.h"
#include "miller.hpp"

namespace sero {

/// The scalars of the IC points are cut into this many pieces of 64 bits, each with its own shifted points, so that a
/// combination takes 64 doublings instead of 256.
constexpr size_t IC_PIECES = 4;
constexpr size_t IC_PIECE_BITS = 64;
constexpr size_t IC_SCALAR_BYTES = IC_PIECES * IC_PIECE_BITS / 8;

/// A fixed second argument of a pairing.
struct FixedG2 {
  uint8_t bytes[SERO_G2_COMPRESSED];
  Lines lines;
};

}  // namespace sero

struct sero_vk {
  blst_p1_affine alpha;
  sero::FixedG2 beta;
  sero::FixedG2 gamma;
  sero::FixedG2 delta;
  /// e(alpha, beta)
  blst_fp12 alpha_beta;
  /// Public inputs, one fewer than IC points.
  size_t inputs;
  /// Bits of a digit in the table of multiples.
  unsigned window;
  size_t memory;
  /// Multiples of the IC points; follows the struct in the same allocation.
  blst_p1_affine* ic_table;
};

namespace sero {

/// The bytes of memory beyond the caller's that `combine_ic` works in.
size_t combine_ic_scratch(const sero_vk& vk);

/// sum s_i IC_i for scalars s_0 .. s_n of 32 bytes each, one after the other.
void combine_ic(blst_p1* out, const sero_vk& vk, const uint8_t* scalars, void* scratch);

}  // namespace sero
