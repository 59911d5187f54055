// Fields of eight lanes on AVX-512 IFMA: an element is LIMBS vectors, vector j holding limb j (52 bits) of eight
// values, in Montgomery form with R = 2^(52 LIMBS).
//
// Bounds, p the modulus. Limbs are always below 2^52. `tight` is a value below 2p: what mul, sqr and every load give.
//   Fq (R / p > 2^34): add and sub take values below 16p each and give below 32p; mul and sqr take below 2^16 p.
//   sub_tight, sub2_tight and chord_x take tight values and give tight ones; here `tight` has a margin of 2^-12 p.
//   Fr (R / p > 35):   add and sub take tight values and give `loose` ones, below 4p; mul and sqr take loose ones, and
//   products below 30 p^2 in general. add_tight, sub_tight and what goes with them state their bounds.
// to_canonical and is_zero take what mul takes.
//
// Multiplication: Gueron and Krasnov, "Accelerating big integer arithmetic using Intel IFMA extensions" (ARITH 2016),
// with Montgomery's reduction interleaved by limbs; the result needs no final subtraction because of the slack in R.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "blst.h"
#include "blst_aux.h"
#include "params.hpp"

#define SERO_INLINE static inline __attribute__((always_inline))
#define SERO_MEMBER inline __attribute__((always_inline))

namespace sero {
namespace SERO_KERNEL {

constexpr int LANES = 8;
using Vector = __m512i;
/// One bit a lane, lane 0 lowest.
using Mask = __mmask8;

template <class P>
struct Field {
  using Params = P;
  Vector v[P::LIMBS];
};

using Fq = Field<FqParams>;
using Fr = Field<FrParams>;

/// What mul and sqr give before its limbs are carried, each below 2^58: for sums that carry them anyway.
template <class P>
struct Uncarried {
  Vector v[P::LIMBS];
};

using FqProduct = Uncarried<FqParams>;

SERO_INLINE Vector broadcast(uint64_t x) { return _mm512_set1_epi64(static_cast<long long>(x)); }
SERO_INLINE Vector limb_mask() { return broadcast((1ull << 52) - 1); }

/// Makes limbs of 52 bits of signed ones; the value itself must be in [0, 2^(52 LIMBS)).
template <class P>
SERO_INLINE Field<P> carried(const Vector* limbs) {
  Field<P> out;
  Vector carry = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) {
    const Vector x = _mm512_add_epi64(limbs[j], carry);
    carry = _mm512_srai_epi64(x, 52);
    out.v[j] = _mm512_and_si512(x, limb_mask());
  }
  return out;
}

template <class P>
SERO_INLINE Field<P> add(const Field<P>& a, const Field<P>& b) {
  Vector t[P::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) t[j] = _mm512_add_epi64(a.v[j], b.v[j]);
  return carried<P>(t);
}

template <class P>
SERO_INLINE Field<P> sub(const Field<P>& a, const Field<P>& b) {
  Vector t[P::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) {
    t[j] = _mm512_sub_epi64(_mm512_add_epi64(a.v[j], broadcast(P::SUB[j])), b.v[j]);
  }
  return carried<P>(t);
}

/// Row j: limb j of (6 - i) p for i = 0..7, signed limb by limb.
struct FqMultiples {
  long long limb[FqParams::LIMBS][8];
  constexpr FqMultiples() : limb() {
    for (int j = 0; j < FqParams::LIMBS; j++) {
      for (int i = 0; i < 8; i++) limb[j][i] = (6 - i) * static_cast<long long>(FqParams::P[j]);
    }
  }
};
alignas(64) static constexpr FqMultiples FQ_MULTIPLES{};

/// Makes a tight value of signed limbs (below 2^60) of a value in (-5p, 2.99p): the multiple of p that brings it into [p, 2p)
/// is estimated from the two highest limbs and looked up. Closer to 3p the estimate may be 8, which is looked up as 0. No
/// caller comes near: sums and differences of tight values give less than 2p and a margin.
SERO_INLINE Fq tight_sum(const Vector* limbs) {
  constexpr int L = FqParams::LIMBS;
  // In units of 2^364, of which p has 106,513.07.
  const Vector high = _mm512_add_epi64(limbs[L - 1], _mm512_srai_epi64(limbs[L - 2], 52));
  const Vector shifted = _mm512_add_epi64(high, broadcast(5 * 106514));
  // shifted / 106514: the factor is 2^32 / 106514, rounded up.
  const Vector index = _mm512_srli_epi64(_mm512_mul_epu32(shifted, broadcast(40324)), 32);
  Vector t[L];
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) {
    t[j] = _mm512_add_epi64(limbs[j], _mm512_permutexvar_epi64(index, _mm512_load_si512(FQ_MULTIPLES.limb[j])));
  }
  return carried<FqParams>(t);
}

/// a - b.
SERO_INLINE Fq sub_tight(const Fq& a, const Fq& b) {
  Vector t[FqParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) t[j] = _mm512_sub_epi64(a.v[j], b.v[j]);
  return tight_sum(t);
}

/// a + b.
SERO_INLINE Fq add_tight(const Fq& a, const Fq& b) {
  Vector t[FqParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) {
    t[j] = _mm512_sub_epi64(_mm512_add_epi64(a.v[j], b.v[j]), broadcast(2 * FqParams::P[j]));
  }
  return tight_sum(t);
}

/// a - b - c.
SERO_INLINE Fq sub2_tight(const Fq& a, const Fq& b, const Fq& c) {
  Vector t[FqParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) {
    t[j] = _mm512_sub_epi64(_mm512_sub_epi64(a.v[j], b.v[j]), c.v[j]);
  }
  return tight_sum(t);
}

/// b - a of tight values, as the integer b - a + 2p: below 4p, for mul and chord_x. It takes a for no more than 2p: mul gives
/// less, and so does tight_sum, whose estimate is never too low, so that its margin lies below p and not above 2p.
SERO_INLINE Fq sub_loose(const Fq& b, const Fq& a) {
  Vector t[FqParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) {
    t[j] = _mm512_sub_epi64(_mm512_add_epi64(b.v[j], broadcast(2 * FqParams::P[j])), a.v[j]);
  }
  return carried<FqParams>(t);
}

/// square - x1 - x2 where `difference` is sub_loose(x2, x1): so that x2 need not be at hand.
SERO_INLINE Fq chord_x(const FqProduct& square, const Fq& x1, const Fq& difference) {
  Vector t[FqParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) {
    // The integer is square - x1 - x2: what sub_loose added is given back.
    const Vector top = _mm512_add_epi64(square.v[j], broadcast(2 * FqParams::P[j]));
    t[j] = _mm512_sub_epi64(_mm512_sub_epi64(top, difference.v[j]), _mm512_add_epi64(x1.v[j], x1.v[j]));
  }
  return tight_sum(t);
}

/// a + b, below 2p + e: 2p is taken off where the highest limbs say that it can be. e is 2^-45 p, or what a and b are above
/// 2p in sum, if that is more: after k such additions of such sums, 2^(k - 45) p. So sub, neg and sub_tight do not take a sum
/// for what is subtracted, which might exceed what they add to stay positive: sub_wide and negate_wide_if do.
SERO_INLINE Fr add_tight(const Fr& a, const Fr& b) {
  constexpr int L = FrParams::LIMBS;
  Vector t[L];
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) t[j] = _mm512_add_epi64(a.v[j], b.v[j]);
  const Mask above = _mm512_cmpgt_epi64_mask(t[L - 1], broadcast(FrParams::SUB[L - 1]));
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) t[j] = _mm512_mask_sub_epi64(t[j], above, t[j], broadcast(FrParams::SUB[j]));
  return carried<FrParams>(t);
}

/// a - b, below 2p + 2^-45 p or at most a: 2p is added unless the highest limbs say that the difference is positive. a may be
/// a sum of add_tight, b may not.
SERO_INLINE Fr sub_tight(const Fr& a, const Fr& b) {
  constexpr int L = FrParams::LIMBS;
  Vector t[L];
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) t[j] = _mm512_sub_epi64(a.v[j], b.v[j]);
  const Mask below = _mm512_cmple_epi64_mask(t[L - 1], _mm512_setzero_si512());
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) t[j] = _mm512_mask_add_epi64(t[j], below, t[j], broadcast(FrParams::SUB[j]));
  return carried<FrParams>(t);
}

/// a - b of what add_tight gives, as the integer a - b + 3p: below 6p, for mul with a tight value.
SERO_INLINE Fr sub_wide(const Fr& a, const Fr& b) {
  Vector t[FrParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FrParams::LIMBS; j++) {
    t[j] = _mm512_sub_epi64(_mm512_add_epi64(a.v[j], broadcast(3 * FrParams::P[j])), b.v[j]);
  }
  return carried<FrParams>(t);
}

/// What is added to the lanes of a limb: -x in the lanes of the mask, x in the others.
SERO_INLINE Vector signed_limb(Mask negative, Vector x) {
  return _mm512_mask_sub_epi64(x, negative, _mm512_setzero_si512(), x);
}

/// a - b, with a negated in the lanes of the mask: below 20p, for mul.
SERO_INLINE Fq signed_difference(Mask negative, const Fq& a, const Fq& b) {
  Vector t[FqParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) {
    const Vector top = _mm512_sub_epi64(broadcast(FqParams::SUB[j]), b.v[j]);
    t[j] = _mm512_add_epi64(top, signed_limb(negative, a.v[j]));
  }
  return carried<FqParams>(t);
}

/// a - b, the whole negated in the lanes of the mask.
SERO_INLINE Fq sub_tight_signed(Mask negative, const FqProduct& a, const Fq& b) {
  Vector t[FqParams::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < FqParams::LIMBS; j++) t[j] = signed_limb(negative, _mm512_sub_epi64(a.v[j], b.v[j]));
  return tight_sum(t);
}

template <class P>
SERO_INLINE Field<P> neg(const Field<P>& a) {
  Vector t[P::LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) t[j] = _mm512_sub_epi64(broadcast(P::SUB[j]), a.v[j]);
  return carried<P>(t);
}

template <class P>
SERO_INLINE Field<P> dbl(const Field<P>& a) {
  return add(a, a);
}

/// The upper part of a limb whose lower 52 bits a multiple of p cancels. That sum is 0 or 2^52: so the carry is known
/// before the multiple is.
SERO_INLINE Vector cancelled(Vector limb) {
  return _mm512_srli_epi64(_mm512_add_epi64(limb, limb_mask()), 52);
}

/// a b / R: below p + a b / R.
///
/// Row i adds a b_i, then the multiple m of p that cancels the lowest limb, and moves down by one limb. All that does not
/// depend on m is added before what does, the next row's low products too, so that the chain from m to m is short.
template <class P>
SERO_INLINE Uncarried<P> mul_uncarried(const Field<P>& a, const Field<P>& b) {
  constexpr int L = P::LIMBS;
  SERO_COUNTED(P, LANES);
  const Vector zero = _mm512_setzero_si512();
  Vector t[L + 1];
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) t[j] = _mm512_madd52lo_epu64(zero, a.v[j], b.v[0]);
  t[L] = zero;
#pragma GCC unroll 8
  for (int i = 0; i < L; i++) {
    const Vector m = _mm512_madd52lo_epu64(zero, t[0], broadcast(P::INV52));
    const Vector carry = cancelled(t[0]);
#pragma GCC unroll 8
    for (int j = 0; j < L; j++) t[j] = _mm512_madd52hi_epu64(t[j + 1], a.v[j], b.v[i]);
    if (i + 1 < L) {
#pragma GCC unroll 8
      for (int j = 0; j < L; j++) t[j] = _mm512_madd52lo_epu64(t[j], a.v[j], b.v[i + 1]);
    }
    const Vector high = _mm512_madd52hi_epu64(carry, m, broadcast(P::P[0]));
#pragma GCC unroll 8
    for (int j = 1; j < L; j++) t[j - 1] = _mm512_madd52lo_epu64(t[j - 1], m, broadcast(P::P[j]));
    t[0] = _mm512_add_epi64(t[0], high);
#pragma GCC unroll 8
    for (int j = 1; j < L; j++) t[j] = _mm512_madd52hi_epu64(t[j], m, broadcast(P::P[j]));
  }
  Uncarried<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) out.v[j] = t[j];
  return out;
}

template <class P>
SERO_INLINE Field<P> mul(const Field<P>& a, const Field<P>& b) {
  return carried<P>(mul_uncarried(a, b).v);
}

#define SERO_HAS_DOT

/// (a b + c d) / R with one reduction: below p + (a b + c d) / R. As mul_uncarried, but with two products a row.
///
/// A function of its own: where two of them stand in line, a compiler mixes their operations, and more values are alive than
/// there are registers (a fifth of the time of an addition in the second group).
static __attribute__((noinline)) FqProduct dot(const Fq& a, const Fq& b, const Fq& c, const Fq& d) {
  using P = FqParams;
  constexpr int L = P::LIMBS;
  SERO_COUNTED(P, 3 * LANES / 2);
  const Vector zero = _mm512_setzero_si512();
  Vector t[L + 1];
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) t[j] = _mm512_madd52lo_epu64(zero, a.v[j], b.v[0]);
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) t[j] = _mm512_madd52lo_epu64(t[j], c.v[j], d.v[0]);
  t[L] = zero;
#pragma GCC unroll 8
  for (int i = 0; i < L; i++) {
    const Vector m = _mm512_madd52lo_epu64(zero, t[0], broadcast(P::INV52));
    const Vector carry = cancelled(t[0]);
#pragma GCC unroll 8
    for (int j = 0; j < L; j++) t[j] = _mm512_madd52hi_epu64(t[j + 1], a.v[j], b.v[i]);
#pragma GCC unroll 8
    for (int j = 0; j < L; j++) t[j] = _mm512_madd52hi_epu64(t[j], c.v[j], d.v[i]);
    if (i + 1 < L) {
#pragma GCC unroll 8
      for (int j = 0; j < L; j++) t[j] = _mm512_madd52lo_epu64(t[j], a.v[j], b.v[i + 1]);
#pragma GCC unroll 8
      for (int j = 0; j < L; j++) t[j] = _mm512_madd52lo_epu64(t[j], c.v[j], d.v[i + 1]);
    }
    const Vector high = _mm512_madd52hi_epu64(carry, m, broadcast(P::P[0]));
#pragma GCC unroll 8
    for (int j = 1; j < L; j++) t[j - 1] = _mm512_madd52lo_epu64(t[j - 1], m, broadcast(P::P[j]));
    t[0] = _mm512_add_epi64(t[0], high);
#pragma GCC unroll 8
    for (int j = 1; j < L; j++) t[j] = _mm512_madd52hi_epu64(t[j], m, broadcast(P::P[j]));
  }
  FqProduct out;
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) out.v[j] = t[j];
  return out;
}

/// a^2 / R. The products of different limbs are computed once and doubled.
template <class P>
SERO_INLINE Uncarried<P> sqr_uncarried(const Field<P>& a) {
  constexpr int L = P::LIMBS;
  SERO_COUNTED(P, LANES);
  const Vector zero = _mm512_setzero_si512();
  Vector t[2 * L];
#pragma GCC unroll 16
  for (int j = 0; j < 2 * L; j++) t[j] = zero;
#pragma GCC unroll 8
  for (int i = 0; i < L; i++) {
#pragma GCC unroll 8
    for (int j = i + 1; j < L; j++) {
      t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.v[i], a.v[j]);
      t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.v[i], a.v[j]);
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < 2 * L; j++) t[j] = _mm512_add_epi64(t[j], t[j]);
#pragma GCC unroll 8
  for (int i = 0; i < L; i++) {
    t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a.v[i], a.v[i]);
    t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a.v[i], a.v[i]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < L; i++) {
    const Vector m = _mm512_madd52lo_epu64(zero, t[i], broadcast(P::INV52));
    const Vector high = _mm512_madd52hi_epu64(cancelled(t[i]), m, broadcast(P::P[0]));
#pragma GCC unroll 8
    for (int j = 1; j < L; j++) t[i + j] = _mm512_madd52lo_epu64(t[i + j], m, broadcast(P::P[j]));
    t[i + 1] = _mm512_add_epi64(t[i + 1], high);
#pragma GCC unroll 8
    for (int j = 1; j < L; j++) t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], m, broadcast(P::P[j]));
  }
  Uncarried<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < L; j++) out.v[j] = t[L + j];
  return out;
}

template <class P>
SERO_INLINE Field<P> sqr(const Field<P>& a) {
  return carried<P>(sqr_uncarried(a).v);
}

template <class P>
SERO_INLINE Field<P> zero_element() {
  Field<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) out.v[j] = _mm512_setzero_si512();
  return out;
}

/// Every lane the same value, given by its limbs in Montgomery form.
template <class P>
SERO_INLINE Field<P> constant(const uint64_t* limbs) {
  Field<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) out.v[j] = broadcast(limbs[j]);
  return out;
}

template <class P>
SERO_INLINE Field<P> one() {
  return constant<P>(P::ONE);
}

/// Limbs of 52 bits of WORDS words of 64.
template <class P>
SERO_INLINE Field<P> from_words(const Vector* w) {
  Field<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) {
    const int bit = 52 * j, word = bit / 64, shift = bit % 64;
    Vector x = _mm512_srli_epi64(w[word], shift);
    if (shift > 12 && word + 1 < P::WORDS) x = _mm512_or_si512(x, _mm512_slli_epi64(w[word + 1], 64 - shift));
    out.v[j] = _mm512_and_si512(x, limb_mask());
  }
  return out;
}

/// Every lane the same canonical value, given by its words.
template <class P>
SERO_INLINE Field<P> same(const uint64_t* words) {
  Vector w[P::WORDS];
#pragma GCC unroll 8
  for (int k = 0; k < P::WORDS; k++) w[k] = broadcast(words[k]);
  return mul(from_words<P>(w), constant<P>(P::R2));
}

/// Lane by lane: b where the mask's bit is set, else a.
template <class P>
SERO_INLINE Field<P> select(Mask mask, const Field<P>& a, const Field<P>& b) {
  Field<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) out.v[j] = _mm512_mask_blend_epi64(mask, a.v[j], b.v[j]);
  return out;
}

/// -a in the lanes of the mask. a tight.
template <class P>
SERO_INLINE Field<P> negate_if(Mask mask, const Field<P>& a) {
  return select(mask, a, neg(a));
}

/// -a, as 3p - a, in the lanes of the mask. a as add_tight gives it.
SERO_INLINE Fr negate_wide_if(Mask mask, const Fr& a) {
  return select(mask, a, sub_wide(zero_element<FrParams>(), a));
}

/// The canonical value, in [0, p), no longer in Montgomery form.
template <class P>
SERO_INLINE Field<P> reduced(const Field<P>& a) {
  Field<P> unit = zero_element<P>();
  unit.v[0] = broadcast(1);
  // At most p: one subtraction is enough.
  const Field<P> low = mul(a, unit);
  Vector t[P::LIMBS];
  Vector borrow = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) {
    const Vector x = _mm512_add_epi64(_mm512_sub_epi64(low.v[j], broadcast(P::P[j])), borrow);
    borrow = _mm512_srai_epi64(x, 52);
    t[j] = _mm512_and_si512(x, limb_mask());
  }
  const Mask below = _mm512_movepi64_mask(borrow);
  Field<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) out.v[j] = _mm512_mask_blend_epi64(below, t[j], low.v[j]);
  return out;
}

/// The lanes that are 0 modulo p.
template <class P>
SERO_INLINE Mask is_zero(const Field<P>& a) {
  const Field<P> low = reduced(a);
  Vector any = low.v[0];
#pragma GCC unroll 8
  for (int j = 1; j < P::LIMBS; j++) any = _mm512_or_si512(any, low.v[j]);
  return _mm512_testn_epi64_mask(any, any);
}

/// The lanes in which a and b are equal modulo p. Both tight.
template <class P>
SERO_INLINE Mask is_equal(const Field<P>& a, const Field<P>& b) {
  return is_zero(sub(a, b));
}

/// Words of 64 bits of limbs whose value is below 2^(64 WORDS).
template <class P>
SERO_INLINE void to_words(const Field<P>& a, Vector* w) {
#pragma GCC unroll 8
  for (int k = 0; k < P::WORDS; k++) {
    const int bit = 64 * k, limb = bit / 52, shift = bit % 52;
    Vector x = _mm512_srli_epi64(a.v[limb], shift);
    if (limb + 1 < P::LIMBS) x = _mm512_or_si512(x, _mm512_slli_epi64(a.v[limb + 1], 52 - shift));
    if (104 - shift < 64 && limb + 2 < P::LIMBS) {
      x = _mm512_or_si512(x, _mm512_slli_epi64(a.v[limb + 2], 104 - shift));
    }
    w[k] = x;
  }
}

/// Byte offsets of eight records.
SERO_INLINE Vector offsets(const uint64_t* of_lane) { return _mm512_loadu_si512(of_lane); }
SERO_INLINE Vector strided(size_t stride) {
  return _mm512_mullo_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), broadcast(stride));
}

template <class P>
SERO_INLINE Field<P> load_words(const void* base, Vector offset) {
  Vector w[P::WORDS];
#pragma GCC unroll 8
  for (int k = 0; k < P::WORDS; k++) {
    w[k] = _mm512_i64gather_epi64(_mm512_add_epi64(offset, broadcast(8 * k)), base, 1);
  }
  return from_words<P>(w);
}

template <class P>
SERO_INLINE void store_words(void* base, Vector offset, const Field<P>& a) {
  Vector w[P::WORDS];
  to_words<P>(a, w);
#pragma GCC unroll 8
  for (int k = 0; k < P::WORDS; k++) {
    _mm512_i64scatter_epi64(base, _mm512_add_epi64(offset, broadcast(8 * k)), w[k], 1);
  }
}

/// Eight canonical little-endian values, `stride` bytes apart. The caller has checked that they are below p.
template <class P>
SERO_INLINE Field<P> load_canonical(const void* base, size_t stride) {
  return mul(load_words<P>(base, strided(stride)), constant<P>(P::R2));
}

template <class P>
SERO_INLINE void store_canonical(void* base, size_t stride, const Field<P>& a) {
  store_words<P>(base, strided(stride), reduced(a));
}

/// Eight values in Montgomery form with R = 2^(64 WORDS), as blst and .zkey files hold them, at byte offsets.
template <class P>
SERO_INLINE Field<P> load_r64(const void* base, Vector offset) {
  return mul(load_words<P>(base, offset), constant<P>(P::FROM_R64));
}

template <class P>
SERO_INLINE void store_r64(void* base, Vector offset, const Field<P>& a) {
  store_words<P>(base, offset, reduced(mul(a, constant<P>(P::TO_R64))));
}

/// Rows to columns: row k becomes lane k of the eight vectors.
SERO_INLINE void transpose(Vector* r) {
  Vector t[8], u[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[2 * i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    u[4 * i] = _mm512_shuffle_i64x2(t[4 * i], t[4 * i + 2], 0x88);
    u[4 * i + 1] = _mm512_shuffle_i64x2(t[4 * i + 1], t[4 * i + 3], 0x88);
    u[4 * i + 2] = _mm512_shuffle_i64x2(t[4 * i], t[4 * i + 2], 0xdd);
    u[4 * i + 3] = _mm512_shuffle_i64x2(t[4 * i + 1], t[4 * i + 3], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    r[i] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0x88);
    r[i + 4] = _mm512_shuffle_i64x2(u[i], u[i + 4], 0xdd);
  }
}

/// Bytes of a coordinate as load_rows and store_rows keep it: a whole cache line, its limbs in Montgomery form.
constexpr size_t ROW_BYTES = 64;

/// Eight coordinates from where they lie in memory, aligned to ROW_BYTES.
SERO_INLINE Fq load_rows(const uint8_t* const* rows) {
  Fq out;
#pragma GCC unroll 8
  for (int k = 0; k < 8; k++) out.v[k] = _mm512_load_si512(rows[k]);
  transpose(out.v);
  return out;
}

SERO_INLINE void store_rows(uint8_t* const* rows, const Fq& a) {
  Fq copy = a;
  transpose(copy.v);
#pragma GCC unroll 8
  for (int k = 0; k < 8; k++) _mm512_store_si512(rows[k], copy.v[k]);
}

/// The lanes whose number has the bit `distance`, 1, 2 or 4.
SERO_INLINE Mask upper_lanes(int distance) {
  return static_cast<Mask>(distance == 1 ? 0xaa : distance == 2 ? 0xcc : 0xf0);
}

/// Lane i of the result is lane i ^ distance of `a`; distance 1, 2 or 4.
template <class P>
SERO_INLINE Field<P> swap_lanes(const Field<P>& a, int distance) {
  const Vector index = _mm512_xor_si512(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), broadcast(distance));
  Field<P> out;
#pragma GCC unroll 8
  for (int j = 0; j < P::LIMBS; j++) out.v[j] = _mm512_permutexvar_epi64(index, a.v[j]);
  return out;
}

}  // namespace SERO_KERNEL
}  // namespace sero
