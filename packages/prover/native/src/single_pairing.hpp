// The pairing of one proof over lanes: the six coefficients of an element of Fq12 = Fq2[w] / (w^6 - xi), xi = 1 + i, lie in
// six of eight lanes, so that what blst does one product after the other goes at once.
//
// A product's coefficient k is sum_i a_i b_(k-i), of which those that wrap around are times xi: for each i one lane-wise
// product of a_i, spread over the lanes, with the coefficients of b moved up by i. Products of limbs are summed in columns of 64
// bits and reduced once (lazy reduction: Aranha, Karabina, Longa, Gebotys, Lopez, EUROCRYPT 2011).
//
// Included by pairing.hpp, for fields of eight lanes.
#pragma once

#include "miller.hpp"

namespace sero {
namespace SERO_KERNEL {

constexpr int COEFFICIENTS = 6;
constexpr int LIMBS = FqParams::LIMBS;
static_assert(LANES == 8, "six lanes and two idle ones");

/// An element of Fq12: coefficient i in lane i, lanes 6 and 7 anything.
using Row = Fq2;

/// Where blst keeps coefficient k: fp12 = fp6[0] + fp6[1] w, fp6 = sum fp2[j] v^j, v = w^2.
SERO_INLINE size_t coefficient_offset(int k) { return (k & 1) * sizeof(blst_fp6) + (k >> 1) * sizeof(blst_fp2); }

SERO_INLINE Row load_row(const blst_fp12* a) {
  uint64_t of_lane[LANES] = {};
  for (int k = 0; k < COEFFICIENTS; k++) of_lane[k] = coefficient_offset(k);
  return load_fp(&a->fp6[0].fp2[0], offsets(of_lane));
}

SERO_INLINE void store_row(blst_fp12* out, const Row& a) {
  blst_fp2 of_lane[LANES];
  store_fp(of_lane, sizeof(blst_fp2), a);
  for (int k = 0; k < COEFFICIENTS; k++) out->fp6[k & 1].fp2[k >> 1] = of_lane[k];
}

/// Numbers that are spread over the lanes: limb by limb, eight numbers side by side. Parts: real, imaginary, minus imaginary.
struct Spread {
  alignas(64) uint64_t limb[3][LIMBS][LANES];
};

SERO_INLINE void keep_limbs(uint64_t (*to)[LANES], const Fq& a) {
  for (int j = 0; j < LIMBS; j++) _mm512_store_si512(to[j], a.v[j]);
}

SERO_INLINE void make_spread(Spread* out, const Fq2& a) {
  keep_limbs(out->limb[0], a.c0);
  keep_limbs(out->limb[1], a.c1);
  keep_limbs(out->limb[2], neg(a.c1));
}

/// The coefficients times xi, then the coefficients: eight of them from place 6 - i on are those of the element times w^i.
struct Moved {
  alignas(64) uint64_t limb[2][LIMBS][2 * LANES];
};

SERO_INLINE void make_moved(Moved* out, const Row& a) {
  const Row wrapped = times_xi(a);
  const Fq* const parts[2][2] = {{&wrapped.c0, &a.c0}, {&wrapped.c1, &a.c1}};
  for (int part = 0; part < 2; part++) {
    for (int j = 0; j < LIMBS; j++) {
      uint64_t* const to = out->limb[part][j];
      _mm512_store_si512(to, parts[part][0]->v[j]);
      _mm512_storeu_si512(to + COEFFICIENTS, parts[part][1]->v[j]);
      _mm512_mask_storeu_epi64(to + COEFFICIENTS, 0xc0, _mm512_setzero_si512());
    }
  }
}

/// columns += numbers a (of one place) times coefficients b, moved up.
SERO_INLINE void add_product(Vector* columns, const uint64_t (*a)[LANES], int place, const uint64_t (*b)[2 * LANES],
                             int up) {
  Vector factor[LIMBS];
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) factor[j] = _mm512_loadu_si512(b[j] + COEFFICIENTS - up);
#pragma GCC unroll 8
  for (int i = 0; i < LIMBS; i++) {
    const Vector x = broadcast(a[i][place]);
#pragma GCC unroll 8
    for (int j = 0; j < LIMBS; j++) columns[i + j] = _mm512_madd52lo_epu64(columns[i + j], factor[j], x);
#pragma GCC unroll 8
    for (int j = 0; j < LIMBS; j++) columns[i + j + 1] = _mm512_madd52hi_epu64(columns[i + j + 1], factor[j], x);
  }
}

/// The columns' value / R, tight. At most 12 products were added, 16 terms below 2^52 each in a column: below 2^60. Their value
/// is below 12 * 2p * 18p, far below R p.
SERO_INLINE Fq reduced_columns(Vector* t) {
  using P = FqParams;
  const Vector zero = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int i = 0; i < LIMBS; i++) {
    const Vector m = _mm512_madd52lo_epu64(zero, t[i], broadcast(P::INV52));
    const Vector high = _mm512_madd52hi_epu64(cancelled(t[i]), m, broadcast(P::P[0]));
#pragma GCC unroll 8
    for (int j = 1; j < LIMBS; j++) t[i + j] = _mm512_madd52lo_epu64(t[i + j], m, broadcast(P::P[j]));
    t[i + 1] = _mm512_add_epi64(t[i + 1], high);
#pragma GCC unroll 8
    for (int j = 1; j < LIMBS; j++) t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], m, broadcast(P::P[j]));
  }
  return carried<P>(t + LIMBS);
}

/// One coefficient of a sparse factor: a number of `from` times w^up.
struct SparseTerm {
  const Spread* from;
  int place;
  int up;
};

/// sum of the terms times b: its real part, or its imaginary part.
SERO_NOINLINE Fq part_of_product(const SparseTerm* terms, int count, const Moved& b, bool is_imaginary) {
  SERO_COUNTED(FqParams, LANES * count);
  Vector columns[2 * LIMBS];
#pragma GCC unroll 16
  for (int j = 0; j < 2 * LIMBS; j++) columns[j] = _mm512_setzero_si512();
  const int second = is_imaginary ? 1 : 2;
  for (int k = 0; k < count; k++) {
    const SparseTerm& term = terms[k];
    add_product(columns, term.from->limb[0], term.place, b.limb[is_imaginary ? 1 : 0], term.up);
    add_product(columns, term.from->limb[second], term.place, b.limb[is_imaginary ? 0 : 1], term.up);
  }
  return reduced_columns(columns);
}

SERO_INLINE Row sum_of_products(const SparseTerm* terms, int count, const Row& b) {
  Moved moved;
  make_moved(&moved, b);
  return {part_of_product(terms, count, moved, false), part_of_product(terms, count, moved, true)};
}

SERO_NOINLINE Row row_product(const Row& a, const Row& b) {
  Spread numbers;
  make_spread(&numbers, a);
  SparseTerm terms[COEFFICIENTS];
  for (int i = 0; i < COEFFICIENTS; i++) terms[i] = {&numbers, i, i};
  return sum_of_products(terms, COEFFICIENTS, b);
}

/// columns += a b, lane by lane.
SERO_INLINE void add_product(Vector* columns, const Fq& a, const Fq& b) {
#pragma GCC unroll 8
  for (int i = 0; i < LIMBS; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < LIMBS; j++) columns[i + j] = _mm512_madd52lo_epu64(columns[i + j], a.v[j], b.v[i]);
#pragma GCC unroll 8
    for (int j = 0; j < LIMBS; j++) columns[i + j + 1] = _mm512_madd52hi_epu64(columns[i + j + 1], a.v[j], b.v[i]);
  }
}

/// a b + c d + e f + g h.
SERO_NOINLINE Fq sum_of_four(const Fq* const (&factors)[4][2]) {
  SERO_COUNTED(FqParams, 5 * LANES / 2);
  Vector columns[2 * LIMBS];
#pragma GCC unroll 16
  for (int j = 0; j < 2 * LIMBS; j++) columns[j] = _mm512_setzero_si512();
#pragma GCC unroll 1
  for (int k = 0; k < 4; k++) add_product(columns, *factors[k][0], *factors[k][1]);
  return reduced_columns(columns);
}

/// Lane k of the result is lane from[k] of `a`, or lane from[k] - 8 of `b`.
SERO_INLINE Row chosen(const Row& a, const Row& b, const Vector& from) {
  Row out;
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    out.c0.v[j] = _mm512_permutex2var_epi64(a.c0.v[j], from, b.c0.v[j]);
    out.c1.v[j] = _mm512_permutex2var_epi64(a.c1.v[j], from, b.c1.v[j]);
  }
  return out;
}

/// 3 t - 2 g, in odd lanes 3 t + 2 g.
SERO_INLINE Fq three_and_two(const Fq& t, const Fq& g) {
  constexpr Mask ODD = 0xaa;
  Vector difference[LIMBS], sum[LIMBS];
  // t - g or t + g - 2p, then t + 2 (t +- g) - 3p: both in the range of tight_sum.
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    const Vector plus = _mm512_sub_epi64(g.v[j], broadcast(2 * FqParams::P[j]));
    difference[j] = _mm512_add_epi64(t.v[j], _mm512_mask_blend_epi64(ODD, signed_limb(0xff, g.v[j]), plus));
  }
  const Fq d = tight_sum(difference);
#pragma GCC unroll 8
  for (int j = 0; j < LIMBS; j++) {
    const Vector twice = _mm512_add_epi64(d.v[j], d.v[j]);
    sum[j] = _mm512_sub_epi64(_mm512_add_epi64(t.v[j], twice), broadcast(3 * FqParams::P[j]));
  }
  return tight_sum(sum);
}

/// g^2 for g of the cyclotomic subgroup (Granger, Scott, "Faster squaring in the cyclotomic subgroup of sixth degree
/// extensions", PKC 2010): g = A + B w + C w^2 over Fq4 = Fq2[s] / (s^2 - xi), s = w^3, of which
/// g^2 = (3 A^2 - 2 A') + (3 s C^2 + 2 B') w + (3 B^2 - 2 C') w^2, ' being the conjugate. With (a + b s)^2 =
/// a^2 + xi b^2 + 2 a b s, each coefficient of the squares is a sum of two products of coefficients of g and xi g:
///
///     g0 g0 + xi g3 g3, xi g2 g5 + xi g2 g5, g1 g1 + xi g4 g4, g0 g3 + g0 g3, g2 g2 + xi g5 g5, g1 g4 + g1 g4.
SERO_NOINLINE Row cyclotomic_square(const Row& g) {
  const Row xi_g = times_xi(g);
  const Row a = chosen(g, xi_g, _mm512_set_epi64(7, 6, 1, 2, 0, 1, 8 + 2, 0));
  const Row b = chosen(g, xi_g, _mm512_set_epi64(7, 6, 4, 2, 3, 1, 5, 0));
  const Row c = chosen(g, xi_g, _mm512_set_epi64(7, 6, 1, 8 + 5, 0, 8 + 4, 8 + 2, 8 + 3));
  const Row d = chosen(g, xi_g, _mm512_set_epi64(7, 6, 4, 5, 3, 4, 5, 3));
  const Fq minus_a1 = neg(a.c1), minus_c1 = neg(c.c1);
  const Fq* const real[4][2] = {{&a.c0, &b.c0}, {&minus_a1, &b.c1}, {&c.c0, &d.c0}, {&minus_c1, &d.c1}};
  const Fq* const imaginary[4][2] = {{&a.c0, &b.c1}, {&a.c1, &b.c0}, {&c.c0, &d.c1}, {&c.c1, &d.c0}};
  return {three_and_two(sum_of_four(real), g.c0), three_and_two(sum_of_four(imaginary), g.c1)};
}

/// See PairingKernels::raise_to_x.
inline void raise_to_x(blst_fp12* out, const blst_fp12* base) {
  const Row a = load_row(base);
  Row power = a;
  for (int bit = MINUS_X_BITS - 2; bit >= 0; bit--) {
    power = cyclotomic_square(power);
    if ((MINUS_X >> bit) & 1) power = row_product(power, a);
  }
  store_row(out, power);
  blst_fp12_conjugate(out);  // x is negative, and the inverse in the subgroup is the conjugate
}

/// Eight lines of a pair, evaluated at its point: constant, v, v w.
struct LineGroup {
  Spread part[3];
};

/// Lines from `step` on. blst's have x and y of the point to come, both times 2 and x negated; FROM_R64 brings what it
/// multiplies from blst's form to this one.
SERO_NOINLINE void evaluate_lines(LineGroup* out, const MillerPair& pair, size_t step, const Fq& minus_2x, const Fq& two_y) {
  uint64_t of_lane[LANES];
  for (size_t k = 0; k < LANES; k++) {
    of_lane[k] = sizeof(blst_fp6) * (step + k < MILLER_LINES ? step + k : MILLER_LINES - 1);
  }
  const Vector at = offsets(of_lane);
  const Fq factor[3] = {constant<FqParams>(FqParams::FROM_R64), minus_2x, two_y};
  for (int i = 0; i < 3; i++) {
    const blst_fp2& base = pair.lines->line[0].fp2[i];
    make_spread(&out->part[i], Fq2{mul(load_words<FqParams>(&base.fp[0], at), factor[i]),
                                   mul(load_words<FqParams>(&base.fp[1], at), factor[i])});
  }
}

/// See PairingKernels::miller.
inline void miller_of_rows(blst_fp12* out, const MillerPair* pairs, size_t count) {
  LineGroup groups[MAX_MILLER_PAIRS];
  Fq minus_2x[MAX_MILLER_PAIRS];
  Fq two_y[MAX_MILLER_PAIRS];
  for (size_t i = 0; i < count; i++) {
    const Fq x = load_fp(&pairs[i].point.x, strided(0));
    const Fq y = load_fp(&pairs[i].point.y, strided(0));
    const Fq from = constant<FqParams>(FqParams::FROM_R64);
    minus_2x[i] = mul(neg(add_tight(x, x)), from);
    two_y[i] = mul(add_tight(y, y), from);
  }
  const Fq zero = zero_element<FqParams>();
  constexpr Mask FIRST = 1;
  Row f = {select(FIRST, zero, one<FqParams>()), zero};
  size_t step = 0;
  const auto multiply_lines = [&] {
    const int place = static_cast<int>(step % LANES);
    for (size_t i = 0; i < count; i++) {
      if (place == 0) evaluate_lines(&groups[i], pairs[i], step, minus_2x[i], two_y[i]);
      const SparseTerm line[3] = {
          {&groups[i].part[0], place, 0}, {&groups[i].part[1], place, 2}, {&groups[i].part[2], place, 3}};
      f = sum_of_products(line, 3, f);
    }
    step++;
  };
  for (int bit = MINUS_X_BITS - 2; bit >= 0; bit--) {
    if (step != 0) f = row_product(f, f);
    multiply_lines();
    if ((MINUS_X >> bit) & 1) multiply_lines();
  }
  store_row(out, f);
  blst_fp12_conjugate(out);  // x is negative
}

}  // namespace SERO_KERNEL
}  // namespace sero
