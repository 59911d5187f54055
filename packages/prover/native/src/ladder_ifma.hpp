// Steps of the Montgomery ladder on AVX-512 IFMA: the arithmetic of field/ifma.hpp with carries left out
// where nobody needs them. To be included after field/ifma.hpp, before ladder.hpp.
//
// A multiplication reads the lowest 52 bits of a limb alone. So there are two kinds of values, both of a
// number in [0, 2^260): `Raw`, limbs of up to 2^60, as a product leaves them, fit for sums; and `Factor`,
// limbs after a carry whose bits above 52 mean nothing, fit for products. Between a sum and a product there
// is one chain of carries, without masks; between a product and a sum none. Of 1,520 instructions of a step
// that leaves some 1,250.
//
// Bounds: a product of factors below a p and b p is below (1 + a b / 35) p. So x and z are below 2p; a, b, c,
// d, e and the sums of da and cb below 4p; aa + a24 e below 5p.
#pragma once

#include "jubjub_constants.hpp"
#include "ladder_result.hpp"

#define SERO_OWN_LADDER

namespace sero {
namespace SERO_KERNEL {
namespace jubjub {

constexpr int LIMBS = FrParams::LIMBS;

struct Raw {
  Vector v[LIMBS];
};

struct Factor {
  Vector v[LIMBS];
};

/// Carries; limbs are signed.
SERO_INLINE Factor factor(const Vector* limbs) {
  Factor out;
  Vector carry = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    out.v[j] = _mm512_add_epi64(limbs[j], carry);
    carry = _mm512_srai_epi64(out.v[j], 52);
  }
  return out;
}

SERO_INLINE Factor factor(const Raw& a) { return factor(a.v); }

/// a + b.
SERO_INLINE Factor sum(const Raw& a, const Raw& b) {
  Vector t[LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) t[j] = _mm512_add_epi64(a.v[j], b.v[j]);
  return factor(t);
}

/// a - b + 2p, b below 2p.
SERO_INLINE Factor difference(const Raw& a, const Raw& b) {
  Vector t[LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    t[j] = _mm512_sub_epi64(_mm512_add_epi64(a.v[j], broadcast(FrParams::SUB[j])), b.v[j]);
  }
  return factor(t);
}

/// Takes a multiple of p that cancels the limb t[0] and adds the rest to t[1] to t[5], and the carry of t[0]
/// to t[1].
SERO_INLINE void cancel_limb(Vector* t) {
  const Vector zero = _mm512_setzero_si512();
  const Vector m = _mm512_madd52lo_epu64(zero, t[0], broadcast(FrParams::INV52));
  const Vector high = _mm512_madd52hi_epu64(cancelled(t[0]), m, broadcast(FrParams::P[0]));
#pragma GCC unroll 8
  for (int j = 1; j < LIMBS; j++) t[j] = _mm512_madd52lo_epu64(t[j], m, broadcast(FrParams::P[j]));
  t[1] = _mm512_add_epi64(t[1], high);
#pragma GCC unroll 8
  for (int j = 1; j < LIMBS; j++) t[j + 1] = _mm512_madd52hi_epu64(t[j + 1], m, broadcast(FrParams::P[j]));
}

/// The limbs of a product, two a limb, less Montgomery's factor.
SERO_INLINE Raw cancel_all(Vector* t) {
#pragma GCC unroll 8
  for (int i = 0; i < LIMBS; i++) cancel_limb(t + i);
  Raw out;
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) out.v[j] = t[LIMBS + j];
  return out;
}

/// a b / R.
SERO_INLINE Raw product(const Factor& a, const Factor& b) {
  SERO_COUNTED(FrParams, LANES);
  Vector t[2 * LIMBS];
#pragma GCC unroll 16
  for (int j = 0; j < 2 * LIMBS; j++) t[j] = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int i = 0; i < LIMBS; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < LIMBS; j++) {
      t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.v[j], b.v[i]);
      t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.v[j], b.v[i]);
    }
  }
  return cancel_all(t);
}

/// a^2 / R.
SERO_INLINE Raw square(const Factor& a) {
  SERO_COUNTED(FrParams, LANES);
  Vector t[2 * LIMBS];
#pragma GCC unroll 16
  for (int j = 0; j < 2 * LIMBS; j++) t[j] = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int i = 0; i < LIMBS; i++) {
#pragma GCC unroll 8
    for (int j = i + 1; j < LIMBS; j++) {
      t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.v[i], a.v[j]);
      t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.v[i], a.v[j]);
    }
  }
#pragma GCC unroll 16
  for (int j = 1; j < 2 * LIMBS - 1; j++) t[j] = _mm512_add_epi64(t[j], t[j]);
#pragma GCC unroll 8
  for (int i = 0; i < LIMBS; i++) {
    t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a.v[i], a.v[i]);
    t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a.v[i], a.v[i]);
  }
  return cancel_all(t);
}

/// (A - 2) / 4.
constexpr uint64_t A24 = jubjub_constants::LADDER[0];
static_assert(A24 < 1 << 14, "the quotient below fits its bounds");

/// A24 e + b, e below 5p: the product less the multiple of p that its highest limbs suggest, below 3p, plus
/// b.
SERO_INLINE Factor times_a24_plus(const Factor& e, const Raw& b) {
  // 2^300 / p, rounded down: the quotient in units of 2^248 is at most one too low.
  constexpr uint64_t RECIPROCAL = 0x2355094edfedull;
  const Vector zero = _mm512_setzero_si512();
  Vector t[LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) t[j] = _mm512_madd52lo_epu64(zero, e.v[j], broadcast(A24));
#pragma GCC unroll 8
  for (int j = 1; j < LIMBS; j++) t[j] = _mm512_madd52hi_epu64(t[j], e.v[j - 1], broadcast(A24));
  const Vector top = _mm512_madd52hi_epu64(zero, e.v[LIMBS - 1], broadcast(A24));
  // In units of 2^248, below 2^23.
  const Vector high = _mm512_add_epi64(_mm512_slli_epi64(top, 12), _mm512_srli_epi64(t[LIMBS - 1], 40));
  const Vector quotient = _mm512_madd52hi_epu64(zero, high, broadcast(RECIPROCAL));
  // t - quotient p modulo 2^260: `top` and what lies above the fifth limb cancel out.
  Vector low[LIMBS], up[LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    low[j] = _mm512_madd52lo_epu64(zero, quotient, broadcast(FrParams::P[j]));
    up[j] = _mm512_madd52hi_epu64(zero, quotient, broadcast(FrParams::P[j]));
  }
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    t[j] = _mm512_add_epi64(_mm512_sub_epi64(t[j], low[j]), b.v[j]);
    if (j > 0) t[j] = _mm512_sub_epi64(t[j], up[j - 1]);
  }
  return factor(t);
}

/// The two points of the ladder, and the x of their difference.
struct Ladder {
  Raw x2, z2, x3, z3;
  Factor x;
};

SERO_INLINE Raw raw(const Fr& a) {
  Raw out;
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) out.v[j] = a.v[j];
  return out;
}

SERO_INLINE void start_ladder(Ladder* s, const Fr& x) {
  s->x2 = raw(one<FrParams>());
  s->z2 = raw(zero_element<FrParams>());
  s->x3 = raw(x);
  s->z3 = raw(one<FrParams>());
  s->x = factor(s->x3);
}

SERO_INLINE void swap_raw(Mask mask, Raw* a, Raw* b) {
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    const Vector x = a->v[j], y = b->v[j];
    a->v[j] = _mm512_mask_blend_epi64(mask, x, y);
    b->v[j] = _mm512_mask_blend_epi64(mask, y, x);
  }
}

SERO_INLINE void swap_points(Ladder* s, uint64_t bit) {
  const Mask mask = static_cast<Mask>(0 - bit);
  swap_raw(mask, &s->x2, &s->x3);
  swap_raw(mask, &s->z2, &s->z3);
}

/// As in ladder.hpp.
SERO_INLINE void step_ladder(Ladder* s) {
  const Factor a = sum(s->x2, s->z2);
  const Factor b = difference(s->x2, s->z2);
  const Factor c = sum(s->x3, s->z3);
  const Factor d = difference(s->x3, s->z3);
  const Raw da = product(d, a);
  const Raw cb = product(c, b);
  const Raw aa = square(a);
  const Raw bb = square(b);
  s->x3 = square(sum(da, cb));
  s->z3 = product(s->x, factor(square(difference(da, cb))));
  const Factor e = difference(aa, bb);
  s->x2 = product(factor(aa), factor(bb));
  s->z2 = product(e, times_a24_plus(e, aa));
}

SERO_INLINE void double_ladder(Ladder* s) {
  const Raw aa = square(sum(s->x2, s->z2));
  const Raw bb = square(difference(s->x2, s->z2));
  const Factor e = difference(aa, bb);
  s->x2 = product(factor(aa), factor(bb));
  s->z2 = product(e, times_a24_plus(e, aa));
}

SERO_INLINE LadderResult ladder_result(const Ladder& s) {
  return {carried<FrParams>(s.x2.v), carried<FrParams>(s.z2.v), carried<FrParams>(s.x3.v),
          carried<FrParams>(s.z3.v)};
}

}  // namespace jubjub
}  // namespace SERO_KERNEL
}  // namespace sero
