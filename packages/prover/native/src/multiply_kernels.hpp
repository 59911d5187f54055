// Multiples of many points, and whether they lie in the group, over lanes (multiply_lanes.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sero {

struct MultiplyKernels {
  /// out[i] = [scalars[i]] points[i]: affine points of G1 in a file's form, scalars of 32 bytes below r, a blst_p1 each.
  /// Where Z is 0 nothing is said: the product is infinity, or the formulas did not apply, or the point is not in G1.
  void (*g1)(const uint8_t* points, const uint8_t* scalars, size_t count, void* out);
  /// The same in G2; a blst_p2 each.
  void (*g2)(const uint8_t* points, const uint8_t* scalars, size_t count, void* out);
  /// is_in[i] is 1 where points[i], which is on the curve and not infinity, lies in G1, else 0.
  void (*in_g1)(const uint8_t* points, size_t count, uint8_t* is_in);
  /// The same for G2.
  void (*in_g2)(const uint8_t* points, size_t count, uint8_t* is_in);
};

}  // namespace sero
