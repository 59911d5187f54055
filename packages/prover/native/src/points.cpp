#include "points.hpp"

#include <cstring>

#include "kernels.hpp"

namespace sero {
namespace {

constexpr uint8_t FLAG_COMPRESSED = 0x80;
constexpr uint8_t FLAG_INFINITY = 0x40;
constexpr uint8_t FLAG_LARGER_ROOT = 0x20;
constexpr uint8_t PAYLOAD = 0x1f;
constexpr size_t COORDINATE = 48;

// blst decodes infinity, which is never a point of a proof or of a key.
sero_status check_flags(const uint8_t* bytes, size_t length) {
  if ((bytes[0] & FLAG_COMPRESSED) == 0) return SERO_POINT_NOT_CANONICAL;
  if ((bytes[0] & FLAG_INFINITY) == 0) return SERO_OK;
  uint8_t rest = bytes[0] & (FLAG_LARGER_ROOT | PAYLOAD);
  for (size_t i = 1; i < length; i++) rest |= bytes[i];
  return rest == 0 ? SERO_POINT_AT_INFINITY : SERO_POINT_NOT_CANONICAL;
}

sero_status fault_of(BLST_ERROR error) {
  switch (error) {
    case BLST_SUCCESS:
      return SERO_OK;
    case BLST_POINT_NOT_ON_CURVE:
      return SERO_POINT_NOT_ON_CURVE;
    case BLST_POINT_NOT_IN_GROUP:  // the points with x = 0, which have order 3 in G1
      return SERO_POINT_NOT_IN_SUBGROUP;
    default:
      return SERO_POINT_NOT_CANONICAL;
  }
}

// A coordinate below p, big-endian: the one whose bytes come out again.
sero_status read_coordinate(blst_fp* out, const uint8_t* bytes, uint8_t flags) {
  uint8_t own[COORDINATE];
  uint8_t again[COORDINATE];
  memcpy(own, bytes, COORDINATE);
  own[0] = static_cast<uint8_t>(own[0] & ~flags);
  blst_fp_from_bendian(out, own);
  blst_bendian_from_fp(again, out);
  return memcmp(own, again, COORDINATE) == 0 ? SERO_OK : SERO_POINT_NOT_CANONICAL;
}

constexpr uint8_t FLAGS = FLAG_COMPRESSED | FLAG_INFINITY | FLAG_LARGER_ROOT;

sero_status read_x(blst_p1_affine* out, const uint8_t* bytes) {
  if (const sero_status fault = check_flags(bytes, SERO_G1_COMPRESSED)) return fault;
  return read_coordinate(&out->x, bytes, FLAGS);
}

sero_status read_x(blst_p2_affine* out, const uint8_t* bytes) {
  if (const sero_status fault = check_flags(bytes, SERO_G2_COMPRESSED)) return fault;
  if (const sero_status fault = read_coordinate(&out->x.fp[1], bytes, FLAGS)) return fault;
  return read_coordinate(&out->x.fp[0], bytes + COORDINATE, 0);
}

bool is_zero(const blst_fp& a) {
  const blst_fp zero = {};
  return memcmp(&a, &zero, sizeof(a)) == 0;
}

// The larger root is the one above (p-1)/2; in G2 c1 decides, and c0 where c1 is zero.
bool is_larger(const blst_fp& y) {
  static constexpr uint8_t HALF[COORDINATE] = {
      0x0d, 0x00, 0x88, 0xf5, 0x1c, 0xbf, 0xf3, 0x4d, 0x25, 0x8d, 0xd3, 0xdb, 0x21, 0xa5, 0xd6, 0x6b,
      0xb2, 0x3b, 0xa5, 0xc2, 0x79, 0xc2, 0x89, 0x5f, 0xb3, 0x98, 0x69, 0x50, 0x7b, 0x58, 0x7b, 0x12,
      0x0f, 0x55, 0xff, 0xff, 0x58, 0xa9, 0xff, 0xff, 0xdc, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xd5, 0x55};
  uint8_t bytes[COORDINATE];
  blst_bendian_from_fp(bytes, &y);
  return memcmp(bytes, HALF, COORDINATE) > 0;
}

void choose_root(blst_p1_affine* point, bool larger) {
  blst_fp_cneg(&point->y, &point->y, is_larger(point->y) != larger);
}

void choose_root(blst_p2_affine* point, bool larger) {
  const blst_fp& decides = is_zero(point->y.fp[1]) ? point->y.fp[0] : point->y.fp[1];
  blst_fp2_cneg(&point->y, &point->y, is_larger(decides) != larger);
}

sero_status fault_of(OnCurve found) {
  switch (found) {
    case OnCurve::IN_SUBGROUP:
      return SERO_OK;
    case OnCurve::OUTSIDE_SUBGROUP:
      return SERO_POINT_NOT_IN_SUBGROUP;
    default:
      return SERO_POINT_NOT_ON_CURVE;
  }
}

// Reads the coordinates one by one, solves for y in lanes.
template <class Point>
void decode_in_lanes(Point* out, const uint8_t* const* bytes, size_t count, sero_status* faults,
                     void (*solve)(Point* points, size_t count, OnCurve* found)) {
  constexpr size_t CHUNK = 32;
  for (size_t first = 0; first < count; first += CHUNK) {
    Point solved[CHUNK];
    OnCurve found[CHUNK];
    size_t which[CHUNK];
    size_t readable = 0;
    for (size_t i = first; i < count && i < first + CHUNK; i++) {
      faults[i] = read_x(&solved[readable], bytes[i]);
      if (faults[i] == SERO_OK) which[readable++] = i;
    }
    solve(solved, readable, found);
    for (size_t k = 0; k < readable; k++) {
      const size_t i = which[k];
      choose_root(&solved[k], (bytes[i][0] & FLAG_LARGER_ROOT) != 0);
      out[i] = solved[k];
      faults[i] = fault_of(found[k]);
    }
  }
}

/// Below this, blst's one lane is faster than many lanes half empty.
constexpr size_t MIN_LANES_POINTS = 2;

}  // namespace

sero_status decode_g1(blst_p1_affine* out, const uint8_t bytes[SERO_G1_COMPRESSED]) {
  if (const sero_status fault = check_flags(bytes, SERO_G1_COMPRESSED)) return fault;
  if (const sero_status fault = fault_of(blst_p1_uncompress(out, bytes))) return fault;
  return blst_p1_affine_in_g1(out) ? SERO_OK : SERO_POINT_NOT_IN_SUBGROUP;
}

sero_status decode_g2(blst_p2_affine* out, const uint8_t bytes[SERO_G2_COMPRESSED]) {
  if (const sero_status fault = check_flags(bytes, SERO_G2_COMPRESSED)) return fault;
  if (const sero_status fault = fault_of(blst_p2_uncompress(out, bytes))) return fault;
  return blst_p2_affine_in_g2(out) ? SERO_OK : SERO_POINT_NOT_IN_SUBGROUP;
}

void decode_g1_batch(blst_p1_affine* out, const uint8_t* const* bytes, size_t count, sero_status* faults) {
  const PairingKernels& pairing = kernels().pairing;
  if (pairing.solve_g1 != nullptr && count >= MIN_LANES_POINTS) {
    decode_in_lanes(out, bytes, count, faults, pairing.solve_g1);
    return;
  }
  for (size_t i = 0; i < count; i++) faults[i] = decode_g1(&out[i], bytes[i]);
}

void decode_g2_batch(blst_p2_affine* out, const uint8_t* const* bytes, size_t count, sero_status* faults) {
  const PairingKernels& pairing = kernels().pairing;
  if (pairing.solve_g2 != nullptr && count >= MIN_LANES_POINTS) {
    decode_in_lanes(out, bytes, count, faults, pairing.solve_g2);
    return;
  }
  for (size_t i = 0; i < count; i++) faults[i] = decode_g2(&out[i], bytes[i]);
}

}  // namespace sero
