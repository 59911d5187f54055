// Affine additions in batches: all pairs of a batch are independent, so one inversion serves them all (Montgomery's
// trick), and an addition costs 5 multiplications and a square in place of 11 (mixed Jacobian).
//
// Exceptions. A pair of equal points, of opposite ones, or with infinity has no affine sum of the plain formula.
// Infinity never enters a table. A zero difference of x makes the batch's product zero, which is seen at the
// inversion; then the batch is done again, and so are the later ones of its piece of work, with every pair looked at:
// those without a plain sum go through blst's complete addition. Infinity is a point whose row of y is all zeros: no
// point of odd order has y = 0, and coordinates of others are never written as zeros.
//
// Included after a field header and fq2.hpp.
#pragma once

#include "kernels.hpp"

namespace sero {
namespace SERO_KERNEL {

template <class F>
struct Curve;

template <>
struct Curve<Fq> {
  using Affine = blst_p1_affine;
  using Point = blst_p1;
  static void add(Point* out, const Point* a, const Affine* b) { blst_p1_add_or_double_affine(out, a, b); }
  static void from_affine(Point* out, const Affine* a) { blst_p1_from_affine(out, a); }
  static void to_affine(Affine* out, const Point* a) { blst_p1_to_affine(out, a); }
  static void twice(Point* out, const Point* a) { blst_p1_double(out, a); }
  static bool is_infinity(const Point* a) { return blst_p1_is_inf(a); }
  static void negate(Point* a) { blst_p1_cneg(a, true); }
};

template <>
struct Curve<Fq2> {
  using Affine = blst_p2_affine;
  using Point = blst_p2;
  static void add(Point* out, const Point* a, const Affine* b) { blst_p2_add_or_double_affine(out, a, b); }
  static void from_affine(Point* out, const Affine* a) { blst_p2_from_affine(out, a); }
  static void to_affine(Affine* out, const Point* a) { blst_p2_to_affine(out, a); }
  static void twice(Point* out, const Point* a) { blst_p2_double(out, a); }
  static bool is_infinity(const Point* a) { return blst_p2_is_inf(a); }
  static void negate(Point* a) { blst_p2_cneg(a, true); }
};

template <class F>
static bool is_infinity_row(const uint8_t* row) {
  uint64_t any = 0, word;
  for (size_t i = ROW_POINT_BYTES<F> / 2; i < ROW_POINT_BYTES<F>; i += 8) {
    std::memcpy(&word, row + i, 8);
    any |= word;
  }
  return any == 0;
}

/// One point of a table, or infinity, in blst's form; false for infinity.
template <class F>
static bool row_to_affine(const uint8_t* row, typename Curve<F>::Affine* out) {
  if (is_infinity_row<F>(row)) return false;
  const uint8_t* rows[LANES];
  for (int k = 0; k < LANES; k++) rows[k] = row;
  typename Curve<F>::Affine lanes[LANES];
  uint8_t* base = reinterpret_cast<uint8_t*>(lanes);
  store_file_coordinate(base, strided(sizeof lanes[0]), 0, load_coordinate<F>(rows, 0));
  store_file_coordinate(base, strided(sizeof lanes[0]), 1, load_coordinate<F>(rows, 1));
  *out = lanes[0];
  return true;
}

template <class F>
static void affine_to_row(const typename Curve<F>::Affine& point, uint8_t* row) {
  typename Curve<F>::Affine lanes[LANES];
  alignas(64) uint8_t spare[ROW_POINT_BYTES<F>];
  uint8_t* rows[LANES];
  for (int k = 0; k < LANES; k++) {
    lanes[k] = point;
    rows[k] = k == 0 ? row : spare;
  }
  const uint8_t* base = reinterpret_cast<const uint8_t*>(lanes);
  store_coordinate(rows, 0, load_file_coordinate<F>(base, strided(sizeof lanes[0]), 0));
  store_coordinate(rows, 1, load_file_coordinate<F>(base, strided(sizeof lanes[0]), 1));
}

/// What a group of additions keeps between the two passes of Montgomery's trick.
template <class F>
struct PairScratch {
  F difference;
  F prefix;
  /// Lanes whose pairs have no plain sum.
  Mask exempt;
};

/// One addition of points that may be anything, infinity among them.
template <class F>
static void add_one(const uint8_t* points, uint32_t left, uint32_t right, uint8_t* out) {
  using C = Curve<F>;
  typename C::Affine affine;
  typename C::Point sum;
  std::memset(&sum, 0, sizeof sum);
  const uint32_t refs[2] = {left, right};
  for (const uint32_t ref : refs) {
    if (!row_to_affine<F>(points + (ref >> 1) * ROW_POINT_BYTES<F>, &affine)) continue;
    typename C::Point term;
    C::from_affine(&term, &affine);
    if (ref & 1) C::negate(&term);
    C::to_affine(&affine, &term);
    if (C::is_infinity(&sum)) {
      sum = term;
    } else {
      C::add(&sum, &sum, &affine);
    }
  }
  if (C::is_infinity(&sum)) {
    std::memset(out, 0, ROW_POINT_BYTES<F>);
    return;
  }
  C::to_affine(&affine, &sum);
  affine_to_row<F>(affine, out);
}

/// Points that are used soon: lines of the cache are filled with them while others are added. Tables are far larger
/// than the cache, and a burst of reads at the beginning of a task would wait for memory.
struct Ahead {
  const uint8_t* points;
  const uint32_t* refs;
  size_t count;
};

/// As many points as a pass over a group of pairs takes.
template <class F>
SERO_INLINE void prefetch_ahead(Ahead* ahead) {
  if (ahead->count < LANES) return;
  for (size_t k = 0; k < LANES; k++) {
    const uint8_t* at = ahead->points + (ahead->refs[k] >> 1) * ROW_POINT_BYTES<F>;
    for (size_t line = 0; line < ROW_POINT_BYTES<F>; line += 64) __builtin_prefetch(at + line, 0, 2);
  }
  ahead->refs += LANES;
  ahead->count -= LANES;
}

/// The points of a group of pairs, ahead of their use.
template <class F, int PART>
SERO_INLINE void prefetch_pairs(const uint8_t* points, const uint32_t* refs, size_t pairs) {
  constexpr size_t HALF = ROW_POINT_BYTES<F> / 2;
  for (size_t k = 0; k < 2 * pairs; k++) {
    const uint8_t* at = points + (refs[k] >> 1) * ROW_POINT_BYTES<F> + PART * HALF;
    for (size_t line = 0; line < HALF; line += 64) __builtin_prefetch(at + line);
  }
}

/// The lanes whose left points are to be negated, and those in which the two signs differ.
struct Signs {
  Mask left;
  Mask differing;
};

/// Adds groups of LANES pairs. `Pairs` says where they are and where sums go:
///   Mask differences(g, F* x2_less_x1)        sub_loose of the abscissas, 1 in the lanes of the mask that it gives: those
///                                             that have no plain sum
///   Signs load(g, F* x1, F* y1, F* y2)        for the second pass
///   void store(g, exempt, signs, x1, y1, x3, y3)   `exempt` is what `differences` gave
///   void fetch_first(g), fetch_second(g)      before each of the two passes over a group
/// False, and nothing stored, where a difference is zero. `scratch` holds an element for each group.
///
/// A function of its own, with its own copy of `given`: beside other loops a compiler keeps fewer values in registers, which
/// costs a sixth of the time.
template <class F, class Pairs>
static __attribute__((noinline)) bool add_batch(const Pairs& given, size_t groups, PairScratch<F>* scratch,
                                                Ahead* later) {
  using T = CoordinateTraits<F>;
  const Pairs pairs = given;
  if (groups == 0) return true;
  Ahead ahead = *later;
  F product = T::one();
  for (size_t g = 0; g < groups; g++) {
    pairs.fetch_first(g);
    prefetch_ahead<F>(&ahead);
    scratch[g].exempt = pairs.differences(g, &scratch[g].difference);
    scratch[g].prefix = product;
    product = mul(product, scratch[g].difference);
  }
  F inverse;
  if (!invert(product, &inverse)) return false;
  for (size_t g = groups; g-- > 0;) {
    pairs.fetch_second(g);
    prefetch_ahead<F>(&ahead);
    const F reciprocal = mul(inverse, scratch[g].prefix);
    inverse = mul(inverse, scratch[g].difference);
    // With s the sign of the left point: s (L + R) = |L| + s R, so one relative sign is enough until the end.
    F x1, y1, y2;
    const Signs signs = pairs.load(g, &x1, &y1, &y2);
    const F slope = mul(signed_difference(signs.differing, y2, y1), reciprocal);
    const F x3 = chord_x(sqr_uncarried(slope), x1, scratch[g].difference);
    const F y3 = sub_tight_signed(signs.left, mul_uncarried(slope, sub_loose(x1, x3)), y1);
    pairs.store(g, scratch[g].exempt, signs, x1, y1, x3, y3);
  }
  *later = ahead;
  return true;
}

/// Pairs of rows of one table: left is points[refs[2i] >> 1], right points[refs[2i + 1] >> 1], each negated where its
/// reference is odd; the sum goes to out[slots[i]]. Without care no point may be infinity.
template <class F>
struct RowPairs {
  const uint8_t* points;
  const uint32_t* refs;
  size_t pairs;
  uint8_t* out;
  const uint32_t* slots;
  bool with_care;

  /// Pair k of a group; beyond the last one, the last again.
  SERO_MEMBER size_t pair(size_t g, int k) const {
    const size_t i = g * LANES + k;
    return i < pairs ? i : pairs - 1;
  }
  SERO_MEMBER const uint8_t* point(size_t i, int side) const {
    return points + (refs[2 * i + side] >> 1) * ROW_POINT_BYTES<F>;
  }
  SERO_MEMBER void fetch_first(size_t g) const {
    const size_t next = (g + 2) * LANES;
    if (next + LANES <= pairs) prefetch_pairs<F, 0>(points, refs + 2 * next, LANES);
  }
  SERO_MEMBER void fetch_second(size_t g) const {
    if (g >= 2) prefetch_pairs<F, 1>(points, refs + 2 * (g - 2) * LANES, LANES);
  }
  SERO_MEMBER Mask differences(size_t g, F* difference) const {
    const uint8_t *left[LANES], *right[LANES];
    for (int k = 0; k < LANES; k++) {
      left[k] = point(pair(g, k), 0);
      right[k] = point(pair(g, k), 1);
    }
    const size_t active = pairs - g * LANES;
    Mask exempt = active < LANES ? static_cast<Mask>(0xff << active) : 0;
    *difference = sub_loose(load_coordinate<F>(right, 0), load_coordinate<F>(left, 0));
    if (with_care) {
      exempt |= is_zero(*difference);
      for (int k = 0; k < LANES; k++) {
        if (is_infinity_row<F>(left[k]) || is_infinity_row<F>(right[k])) exempt |= static_cast<Mask>(1 << k);
      }
    }
    if (exempt != 0) *difference = select(exempt, *difference, CoordinateTraits<F>::one());
    return exempt;
  }
  SERO_MEMBER Signs load(size_t g, F* x1, F* y1, F* y2) const {
    const uint8_t *left[LANES], *right[LANES];
    uint32_t left_sign = 0, differing_sign = 0;
    for (int k = 0; k < LANES; k++) {
      const size_t i = pair(g, k);
      left[k] = point(i, 0);
      right[k] = point(i, 1);
      left_sign |= (refs[2 * i] & 1) << k;
      differing_sign |= ((refs[2 * i] ^ refs[2 * i + 1]) & 1) << k;
    }
    *x1 = load_coordinate<F>(left, 0);
    *y1 = load_coordinate<F>(left, 1);
    *y2 = load_coordinate<F>(right, 1);
    return {static_cast<Mask>(left_sign), static_cast<Mask>(differing_sign)};
  }
  SERO_MEMBER void store(size_t g, Mask exempt, Signs, const F&, const F&, const F& x3, const F& y3) const {
    alignas(64) uint8_t spare[ROW_POINT_BYTES<F>];
    uint8_t* to[LANES];
    for (int k = 0; k < LANES; k++) {
      const size_t i = g * LANES + k;
      to[k] = i < pairs ? out + slots[i] * ROW_POINT_BYTES<F> : spare;
    }
    store_coordinate(to, 0, x3);
    store_coordinate(to, 1, y3);
    for (int k = 0; exempt >> k; k++) {
      const size_t i = g * LANES + k;
      if (((exempt >> k) & 1) && i < pairs) add_one<F>(points, refs[2 * i], refs[2 * i + 1], to[k]);
    }
  }
};

/// The pairs of one round, and where their sums go.
struct Round {
  uint32_t* refs;
  uint32_t* slots;
  size_t pairs;

  void add(uint32_t left, uint32_t right, size_t slot) {
    refs[2 * pairs] = left;
    refs[2 * pairs + 1] = right;
    slots[pairs++] = static_cast<uint32_t>(slot);
  }
};

template <class F>
static void run_round(const Round& round, const uint8_t* points, uint8_t* out, PairScratch<F>* scratch,
                      bool* with_care, Ahead* later) {
  const size_t groups = (round.pairs + LANES - 1) / LANES;
  RowPairs<F> pairs = {points, round.refs, round.pairs, out, round.slots, *with_care};
  if (add_batch<F>(pairs, groups, scratch, later)) return;
  pairs.with_care = *with_care = true;
  add_batch<F>(pairs, groups, scratch, later);
}

}  // namespace SERO_KERNEL
}  // namespace sero
