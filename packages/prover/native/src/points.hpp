// Compressed points of BLS12-381 as they come from a peer, decoded and checked over blst.
// Format: draft-irtf-cfrg-pairing-friendly-curves-11, appendix C (ZCash's): x big-endian, c1 before c0 in G2; the
// first three bits of the first byte are flags: compressed, infinity, larger root.
#pragma once

#include <blst.h>

#include "../include/sero_prover.h"

namespace sero {

/// Decodes 48 bytes to a point of G1 other than infinity.
/// Returns SERO_OK or the first SERO_POINT_* in the order canonical, infinity, on the curve, in the subgroup.
sero_status decode_g1(blst_p1_affine* out, const uint8_t bytes[SERO_G1_COMPRESSED]);

/// Decodes 96 bytes to a point of G2 other than infinity, as decode_g1 does.
sero_status decode_g2(blst_p2_affine* out, const uint8_t bytes[SERO_G2_COMPRESSED]);

/// Decodes `count` points at once, out[i] from bytes[i], with the same faults. Where faults[i] is not SERO_OK, out[i] is
/// unspecified.
void decode_g1_batch(blst_p1_affine* out, const uint8_t* const* bytes, size_t count, sero_status* faults);
void decode_g2_batch(blst_p2_affine* out, const uint8_t* const* bytes, size_t count, sero_status* faults);

/// Where the points of a proof stand.
constexpr size_t A_AT = 0;
constexpr size_t B_AT = A_AT + SERO_G1_COMPRESSED;
constexpr size_t C_AT = B_AT + SERO_G2_COMPRESSED;

}  // namespace sero
