// The equation of a batch of RedJubjub signatures in every lane at once: one sum of multiples of many points.
// To be included after a field header.
//
// Straus' method (Amer. Math. Monthly 71, 1964) with signed windows of 4 bits: each lane sums up points of
// its own, all share the doublings, and the lanes are added at the end. Everything here is public.
#pragma once

#include "jubjub.hpp"

namespace sero {
namespace SERO_KERNEL {
namespace jubjub {

constexpr int DIGIT_BITS = 4;
constexpr int TABLE_POINTS = 1 << (DIGIT_BITS - 1);
/// Digits of scalars of 128 and of 252 bits, one more for the carry.
constexpr int SHORT_DIGITS = 128 / DIGIT_BITS + 1;
constexpr int LONG_DIGITS = 252 / DIGIT_BITS + 1;

/// A vector of points: their multiples 1 to 8, and for each digit of the scalars its values in the lanes.
struct Multiples {
  Cached table[TABLE_POINTS];
  int8_t digit[LONG_DIGITS][LANES];
};

/// Signed digits in [-8, 8) and a last one of 0 or 1, of a scalar of 4 (digits - 1) bits.
SERO_INLINE void split_scalar(const uint8_t* scalar, int digits, int lane, Multiples* out) {
  int carry = 0;
  for (int i = 0; i < digits - 1; i++) {
    int digit = ((scalar[i >> 1] >> (DIGIT_BITS * (i & 1))) & 15) + carry;
    carry = digit >= TABLE_POINTS ? 1 : 0;
    out->digit[i][lane] = static_cast<int8_t>(digit - 16 * carry);
  }
  out->digit[digits - 1][lane] = static_cast<int8_t>(carry);
}

/// Takes `here` points, at most LANES, and their scalars; lanes beyond them get the scalar 0.
SERO_NOINLINE void make_multiples(const uint8_t* points, const uint8_t* scalars, size_t here, int digits,
                                  const Fr& d2, Multiples* out) {
  LaneBytes u, v;
  for (size_t lane = 0; lane < LANES; lane++) {
    const size_t from = lane < here ? lane : 0;
    std::memcpy(u.byte[lane], points + 64 * from, 32);
    std::memcpy(v.byte[lane], points + 64 * from + 32, 32);
    static constexpr uint8_t ZERO[32] = {};
    split_scalar(lane < here ? scalars + 32 * lane : ZERO, digits, static_cast<int>(lane), out);
  }
  Point p;
  p.x = canonical_lanes(u.byte, 32);
  p.y = canonical_lanes(v.byte, 32);
  p.z = one<FrParams>();
  p.t = product_of(p.x, p.y);
  out->table[0] = cached(p, d2);
  for (int i = 1; i < TABLE_POINTS; i++) {
    p = add_points(p, out->table[0]);
    out->table[i] = cached(p, d2);
  }
}

SERO_INLINE Cached select_cached(Mask mask, const Cached& a, const Cached& b) {
  return {select(mask, a.sum, b.sum), select(mask, a.difference, b.difference), select(mask, a.z2, b.z2),
          select(mask, a.t2d, b.t2d)};
}

SERO_INLINE Cached cached_identity() {
  const Fr unit = one<FrParams>();
  return {unit, unit, dbl(unit), zero_element<FrParams>()};
}

/// p plus the multiple that digit number `i` names, lane by lane; `nothing` is the identity.
SERO_NOINLINE void add_multiple(Point* p, const Multiples& multiples, int i, const Cached& nothing) {
  Cached term = nothing;
  unsigned negative = 0;
  unsigned with[TABLE_POINTS + 1] = {};
  for (int lane = 0; lane < LANES; lane++) {
    const int digit = multiples.digit[i][lane];
    negative |= (digit < 0 ? 1u : 0u) << lane;
    with[digit < 0 ? -digit : digit] |= 1u << lane;
  }
  for (int k = 0; k < TABLE_POINTS; k++) {
    if (with[k + 1] != 0) term = select_cached(static_cast<Mask>(with[k + 1]), term, multiples.table[k]);
  }
  const Mask turn = static_cast<Mask>(negative);
  const Cached signed_term = {select(turn, term.sum, term.difference),
                              select(turn, term.difference, term.sum), term.z2, negate_if(turn, term.t2d)};
  *p = add_points(*p, signed_term);
}

SERO_INLINE Fr lanes_moved(const Fr& a, int by) {
  Fr out;
  for (int lane = 0; lane < LANES; lane++) set_lane(&out, lane, lane_of(a, (lane + by) % LANES));
  return out;
}

/// JubjubKernels::combine_scratch.
SERO_INLINE size_t vectors_of(size_t count) { return (count + LANES - 1) / LANES; }
static size_t combine_scratch(size_t shorts, size_t longs) {
  return (vectors_of(shorts) + vectors_of(longs)) * sizeof(Multiples);
}

/// JubjubKernels::combines_to_small_order.
SERO_NOINLINE int combines_to_small_order(const uint8_t* short_points, const uint8_t* short_scalars,
                                          size_t shorts, const uint8_t* long_points,
                                          const uint8_t* long_scalars, size_t longs, void* scratch) {
  const Fr d2 = constant_of(jubjub_constants::D2);
  Multiples* const long_table = static_cast<Multiples*>(scratch);
  const size_t long_vectors = vectors_of(longs), short_vectors = vectors_of(shorts);
  Multiples* const short_table = long_table + long_vectors;
  for (size_t k = 0; k < long_vectors; k++) {
    const size_t here = longs - LANES * k < LANES ? longs - LANES * k : LANES;
    make_multiples(long_points + 64 * LANES * k, long_scalars + 32 * LANES * k, here, LONG_DIGITS, d2,
                   long_table + k);
  }
  for (size_t k = 0; k < short_vectors; k++) {
    const size_t here = shorts - LANES * k < LANES ? shorts - LANES * k : LANES;
    make_multiples(short_points + 64 * LANES * k, short_scalars + 32 * LANES * k, here, SHORT_DIGITS, d2,
                   short_table + k);
  }
  const Cached nothing = cached_identity();
  Point sum = identity_point();
  for (int i = LONG_DIGITS - 1; i >= 0; i--) {
    if (i < LONG_DIGITS - 1) {
      for (int bit = 0; bit < DIGIT_BITS; bit++) sum = double_point(sum);
    }
    for (size_t k = 0; k < long_vectors; k++) add_multiple(&sum, long_table[k], i, nothing);
    if (i >= SHORT_DIGITS) continue;
    for (size_t k = 0; k < short_vectors; k++) add_multiple(&sum, short_table[k], i, nothing);
  }
  for (int by = LANES / 2; by > 0; by /= 2) {
    const Point moved = {lanes_moved(sum.x, by), lanes_moved(sum.y, by), lanes_moved(sum.z, by),
                         lanes_moved(sum.t, by)};
    sum = add_points(sum, cached(moved, d2));
  }
  for (int i = 0; i < 3; i++) sum = double_point(sum);
  return has_lane(both(zeros_of(sum.x), zeros_of(sub(sum.y, sum.z))), 0) ? 1 : 0;
}

}  // namespace jubjub
}  // namespace SERO_KERNEL
}  // namespace sero
