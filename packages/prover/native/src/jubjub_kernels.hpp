// What Jubjub and Poseidon compile once for each kind of processor. Counts are of any size; lengths,
// canonical field elements and scalars are checked by the callers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sero {

/// Poseidon (poseidon.hpp). Elements of 32 bytes, canonical.
struct PoseidonKernels {
  /// H_node of tuples of four elements.
  void (*hash_nodes)(const uint8_t* tuples, size_t count, uint8_t* out);
  /// TRACE - H_trace(trace_key, zpk, NIL) of entries NIL || TRACE.
  void (*trace_differences)(const uint8_t* trace_key, const uint8_t* zpk, const uint8_t* entries,
                            size_t count, uint8_t* out);
};

/// What a point is: the interface's codes SERO_JUBJUB_*.
enum class PointKind : uint8_t { MALFORMED, IDENTITY, SMALL_ORDER, STRAY, PRIME };

/// Points (jubjub.hpp, scan.hpp, redjubjub.hpp).
struct JubjubKernels {
  /// Decodes points of 32 bytes, `stride` apart. `affine`, if not null: u || v, zeros for what does not
  /// decode. `classify` 0: the kind of what decodes and is not the identity may be given as PRIME.
  void (*decode)(const uint8_t* encodings, size_t stride, size_t count, int classify, PointKind* kinds,
                 uint8_t* affine);
  /// S = [8 view_key]VPKr of outputs of 34 bytes: alive[i] 1 and S where VPKr decodes and S is not the
  /// identity.
  void (*share_secrets)(const uint8_t* view_key, const uint8_t* outputs, size_t count, uint8_t* alive,
                        uint8_t* secrets);
  /// maybe[i] 1 where the tag may fit: never 0 for a hit, 1 for one other output in 2^15.
  void (*filter)(const uint8_t* view_key, const uint8_t* outputs, size_t count, uint8_t* maybe);
  /// fits[i] 1 where the tag is that of the secret.
  void (*match_tags)(const uint8_t* secrets, const uint8_t* outputs, size_t count, uint8_t* fits);
  /// BLAKE2b-512 of messages of `length` bytes, at most 128, one after the other; personalisation of at most
  /// 16 characters.
  void (*hash_blocks)(const char* personal, const uint8_t* messages, size_t length, size_t count,
                      uint8_t* digests);
  /// 1 where [8] sum [scalars[i]] points[i] is the identity. Points affine, on the curve; scalars below 2^128
  /// for the short ones and below the order for the long ones. `scratch` has combine_scratch(..) bytes,
  /// aligned to 64.
  size_t (*combine_scratch)(size_t shorts, size_t longs);
  int (*combines_to_small_order)(const uint8_t* short_points, const uint8_t* short_scalars, size_t shorts,
                                 const uint8_t* long_points, const uint8_t* long_scalars, size_t longs,
                                 void* scratch);
};

}  // namespace sero
