// What verification compiles once for each kind of processor: everything that is done alike for each proof of a batch.
// All null where blst's own code is the fastest.
#pragma once

#include <blst.h>

#include <cstddef>
#include <cstdint>

#include "miller.hpp"

namespace sero {

/// What decompression found out about a coordinate.
enum class OnCurve : uint8_t { NO, OUTSIDE_SUBGROUP, IN_SUBGROUP };

/// What a proof is multiplied by in a batch: low + high x^2 mod r (coefficients.hpp).
struct Coefficient {
  uint64_t low;
  uint64_t high;
};

/// The points of a well-formed proof.
struct ProofPoints {
  blst_p1_affine a;
  blst_p2_affine b;
  blst_p1_affine c;
};

struct PairingKernels {
  /// y of points with the given x, one of both roots, and where the point lies. `points` has x in and y out.
  void (*solve_g1)(blst_p1_affine* points, size_t count, OnCurve* found);
  void (*solve_g2)(blst_p2_affine* points, size_t count, OnCurve* found);
  /// prod e(z_j A_j, B_j) without the final exponentiation, and z_j C_j. `count` is at most MAX_COMBINED.
  void (*combine)(const ProofPoints* const* proofs, const Coefficient* z, size_t count, blst_fp12* product,
                  blst_p1* scaled_c);
  /// sum s_i P_i over `pieces` fixed points and scalars of 64 bits, `table` holding the multiples 1 to 2^(window - 1) of
  /// each point. False where an incomplete addition met what it cannot add, which relations between the points and the
  /// scalars may bring about: then the caller adds in another way.
  bool (*combine_fixed)(blst_p1* out, const blst_p1_affine* table, unsigned window, size_t pieces,
                        const uint8_t* scalars);
  /// As miller_product, for MAX_MILLER_PAIRS pairs at most. Null where blst's own code is the fastest.
  void (*miller)(blst_fp12* out, const MillerPair* pairs, size_t count);
  /// base^x, x the curve's parameter, for a base in the cyclotomic subgroup: of an order that divides p^4 - p^2 + 1. Null as
  /// `miller`.
  void (*raise_to_x)(blst_fp12* out, const blst_fp12* base);
};

/// Proofs of one `combine`, which share the squarings of the Miller loop: four groups of eight lanes.
constexpr size_t MAX_COMBINED = 32;
/// Pairs whose lines one Miller loop keeps at hand: those of a proof, or of the right sides of two keys.
constexpr size_t MAX_MILLER_PAIRS = 6;

}  // namespace sero
