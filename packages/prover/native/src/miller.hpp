// Miller loops with known second arguments: the lines of the optimal ate pairing's loop are computed once for a point
// of G2 and evaluated at points of G1 as often as needed; several pairs share the squarings.
#pragma once

#include <blst.h>

#include <cstddef>

namespace sero {

/// Tangents and chords of the loop over |z| = 0xd201000000010000: 63 doublings and 5 additions.
constexpr size_t MILLER_LINES = 68;

struct Lines {
  blst_fp6 line[MILLER_LINES];
};

struct MillerPair {
  blst_p1_affine point;
  const Lines* lines;
};

/// The product of the Miller loops of all pairs, before the final exponentiation. No point may be infinity.
void miller_product(blst_fp12* out, const MillerPair* pairs, size_t count);

/// The final exponentiation, as blst_final_exp: f^(3 (p^12 - 1) / r), the same number by every set of kernels, since a key
/// that one of them prepared is used by another.
void final_exponentiation(blst_fp12* out, const blst_fp12* f);

}  // namespace sero
