// Fq2 = Fq[i] / (i^2 + 1) over lanes, and what the algorithms for both groups need of a coordinate: the same names for Fq
// and Fq2. Everything taken and given here is tight. Included after a field header.
#pragma once

#include "../memory.hpp"

namespace sero {
namespace SERO_KERNEL {

struct Fq2 {
  Fq c0, c1;
};

#ifndef SERO_HAS_DOT
// Only field/ifma.hpp has limbs that can be carried later.
using FqProduct = Fq;
SERO_INLINE FqProduct mul_uncarried(const Fq& a, const Fq& b) { return mul(a, b); }
SERO_INLINE FqProduct sqr_uncarried(const Fq& a) { return sqr(a); }
#endif

/// A product whose limbs need not be carried.
struct Fq2Product {
  FqProduct c0, c1;
};

#ifndef SERO_HAS_DOT
SERO_INLINE Fq add_tight(const Fq& a, const Fq& b) {
  // a - (0 - b), both in the range of sub_tight.
  return sub_tight(a, sub_tight(zero_element<FqParams>(), b));
}
#endif

SERO_INLINE Fq2 sub_tight(const Fq2& a, const Fq2& b) { return {sub_tight(a.c0, b.c0), sub_tight(a.c1, b.c1)}; }
SERO_INLINE Fq2 sub2_tight(const Fq2& a, const Fq2& b, const Fq2& c) {
  return {sub2_tight(a.c0, b.c0, c.c0), sub2_tight(a.c1, b.c1, c.c1)};
}
SERO_INLINE Fq2 sub_loose(const Fq2& b, const Fq2& a) { return {sub_loose(b.c0, a.c0), sub_loose(b.c1, a.c1)}; }
SERO_INLINE Fq2 chord_x(const Fq2Product& square, const Fq2& x1, const Fq2& difference) {
  return {chord_x(square.c0, x1.c0, difference.c0), chord_x(square.c1, x1.c1, difference.c1)};
}
SERO_INLINE Fq2 signed_difference(Mask negative, const Fq2& a, const Fq2& b) {
  return {signed_difference(negative, a.c0, b.c0), signed_difference(negative, a.c1, b.c1)};
}
SERO_INLINE Fq2 sub_tight_signed(Mask negative, const Fq2Product& a, const Fq2& b) {
  return {sub_tight_signed(negative, a.c0, b.c0), sub_tight_signed(negative, a.c1, b.c1)};
}
SERO_INLINE Fq2 add_tight(const Fq2& a, const Fq2& b) { return {add_tight(a.c0, b.c0), add_tight(a.c1, b.c1)}; }

#ifdef SERO_HAS_DOT
/// Four products of Fq and two reductions. Karatsuba's three products would save an eighth of the work, which its sums of twice as
/// many limbs and their carries cost. The components of `b` are below 16p.
SERO_INLINE Fq2Product mul_uncarried(const Fq2& a, const Fq2& b) {
  return {dot(a.c0, b.c0, a.c1, neg(b.c1)), dot(a.c0, b.c1, a.c1, b.c0)};
}
SERO_INLINE Fq2 mul(const Fq2& a, const Fq2& b) {
  const Fq2Product product = mul_uncarried(a, b);
  return {carried<FqParams>(product.c0.v), carried<FqParams>(product.c1.v)};
}
/// (a0 + a1)(a0 - a1) + 2 a0 a1 i: two products. Only for tight values. The double is below 2p + 2^-32 p.
SERO_INLINE Fq2Product sqr_uncarried(const Fq2& a) {
  Fq2Product out = {mul_uncarried(add(a.c0, a.c1), sub(a.c0, a.c1)), mul_uncarried(a.c0, a.c1)};
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) out.c1.v[j] = _mm512_add_epi64(out.c1.v[j], out.c1.v[j]);
  return out;
}
#elif defined(SERO_HAS_FQ2)
// The field header brings mul and sqr of pairs.
SERO_INLINE Fq2 mul(const Fq2& a, const Fq2& b) {
  Fq2 out;
  mul_pairs(&out.c0, &out.c1, a.c0, a.c1, b.c0, b.c1);
  return out;
}
#else
/// Karatsuba: three products of Fq.
SERO_INLINE Fq2 mul(const Fq2& a, const Fq2& b) {
  const Fq low = mul(a.c0, b.c0), high = mul(a.c1, b.c1);
  const Fq cross = mul(add(a.c0, a.c1), add(b.c0, b.c1));
  return {sub_tight(low, high), sub2_tight(cross, low, high)};
}
#endif

/// (a0 + a1)(a0 - a1) + 2 a0 a1 i: two products. Only for tight values.
SERO_INLINE Fq2 sqr(const Fq2& a) {
  const Fq cross = mul(a.c0, a.c1);
  return {mul(add(a.c0, a.c1), sub(a.c0, a.c1)), add_tight(cross, cross)};
}

#ifndef SERO_HAS_DOT
SERO_INLINE Fq2Product mul_uncarried(const Fq2& a, const Fq2& b) {
  const Fq2 product = mul(a, b);
  return {product.c0, product.c1};
}
SERO_INLINE Fq2Product sqr_uncarried(const Fq2& a) {
  const Fq2 square = sqr(a);
  return {square.c0, square.c1};
}
#endif

SERO_INLINE Fq2 select(Mask mask, const Fq2& a, const Fq2& b) {
  return {select(mask, a.c0, b.c0), select(mask, a.c1, b.c1)};
}

SERO_INLINE Mask is_zero(const Fq2& a) { return is_zero(a.c0) & is_zero(a.c1); }

template <class F>
struct CoordinateTraits;

template <>
struct CoordinateTraits<Fq> {
  /// Elements of Fq in a coordinate.
  static constexpr size_t PARTS = 1;
  SERO_INLINE Fq one() { return sero::SERO_KERNEL::one<FqParams>(); }
  SERO_INLINE Fq zero() { return zero_element<FqParams>(); }
};

template <>
struct CoordinateTraits<Fq2> {
  static constexpr size_t PARTS = 2;
  SERO_INLINE Fq2 one() { return {sero::SERO_KERNEL::one<FqParams>(), zero_element<FqParams>()}; }
  SERO_INLINE Fq2 zero() { return {zero_element<FqParams>(), zero_element<FqParams>()}; }
};

/// Bytes of an affine point in a table: x, then y, in rows.
template <class F>
constexpr size_t ROW_POINT_BYTES = 2 * CoordinateTraits<F>::PARTS * ROW_BYTES;
/// Bytes of an affine point as blst and .zkey files have it.
template <class F>
constexpr size_t FILE_POINT_BYTES = 2 * CoordinateTraits<F>::PARTS * 48;

SERO_INLINE void load_parts(const uint8_t* const* points, size_t which, Fq* out) {
  const uint8_t* rows[LANES];
  for (int k = 0; k < LANES; k++) rows[k] = points[k] + which * ROW_BYTES;
  *out = load_rows(rows);
}
SERO_INLINE void load_parts(const uint8_t* const* points, size_t which, Fq2* out) {
  load_parts(points, 2 * which, &out->c0);
  load_parts(points, 2 * which + 1, &out->c1);
}

/// Coordinate `which` (0 is x, 1 is y) of the points that begin at the pointers.
template <class F>
SERO_INLINE F load_coordinate(const uint8_t* const* points, size_t which) {
  F out;
  load_parts(points, which, &out);
  return out;
}

SERO_INLINE void store_coordinate(uint8_t* const* points, size_t which, const Fq& a) {
  uint8_t* rows[LANES];
  for (int k = 0; k < LANES; k++) rows[k] = points[k] + which * ROW_BYTES;
  store_rows(rows, a);
}
SERO_INLINE void store_coordinate(uint8_t* const* points, size_t which, const Fq2& a) {
  store_coordinate(points, 2 * which, a.c0);
  store_coordinate(points, 2 * which + 1, a.c1);
}

SERO_INLINE void load_file_parts(const uint8_t* base, Vector offset, size_t which, Fq* out) {
  *out = load_r64<FqParams>(base + 48 * which, offset);
}
SERO_INLINE void load_file_parts(const uint8_t* base, Vector offset, size_t which, Fq2* out) {
  load_file_parts(base, offset, 2 * which, &out->c0);
  load_file_parts(base, offset, 2 * which + 1, &out->c1);
}

/// Coordinates in a file's form, at byte offsets of the points.
template <class F>
SERO_INLINE F load_file_coordinate(const uint8_t* base, Vector offset, size_t which) {
  F out;
  load_file_parts(base, offset, which, &out);
  return out;
}
SERO_INLINE void store_file_coordinate(uint8_t* base, Vector offset, size_t which, const Fq& a) {
  store_r64<FqParams>(base + 48 * which, offset, a);
}
SERO_INLINE void store_file_coordinate(uint8_t* base, Vector offset, size_t which, const Fq2& a) {
  store_file_coordinate(base, offset, 2 * which, a.c0);
  store_file_coordinate(base, offset, 2 * which + 1, a.c1);
}

/// 1 / a in every lane; false, and nothing more, where a lane is 0. One inversion by blst (Montgomery's trick over lanes).
static bool invert(const Fq& a, Fq* out) {
  blst_fp value[LANES], prefix[LANES];
  store_r64<FqParams>(value, strided(sizeof(blst_fp)), a);
  prefix[0] = value[0];
  for (int k = 1; k < LANES; k++) blst_fp_mul(&prefix[k], &prefix[k - 1], &value[k]);
  uint64_t any = 0, words[6];
  std::memcpy(words, &prefix[LANES - 1], sizeof words);
  for (const uint64_t word : words) any |= word;
  if (any == 0) return false;
  blst_fp inverse;
  blst_fp_eucl_inverse(&inverse, &prefix[LANES - 1]);
  for (int k = LANES - 1; k > 0; k--) {
    const blst_fp of_lane = value[k];
    blst_fp_mul(&value[k], &inverse, &prefix[k - 1]);
    blst_fp_mul(&inverse, &inverse, &of_lane);
  }
  value[0] = inverse;
  *out = load_r64<FqParams>(value, strided(sizeof(blst_fp)));
  return true;
}

/// Through the norm: 1 / (a0 + a1 i) = (a0 - a1 i) / (a0^2 + a1^2).
static bool invert(const Fq2& a, Fq2* out) {
  Fq inverse;
  if (!invert(add_tight(sqr(a.c0), sqr(a.c1)), &inverse)) return false;
  out->c0 = mul(a.c0, inverse);
  out->c1 = sub_tight(zero_element<FqParams>(), mul(a.c1, inverse));
  return true;
}

}  // namespace SERO_KERNEL
}  // namespace sero
