// Verification over lanes: a lane is a proof. Decompression, subgroup checks, scaling by the batch's coefficients and the
// Miller loop are the same steps for every proof, so that LANES of them run at once; groups of LANES proofs share the
// squarings of one accumulator, whose lanes are multiplied together at the end.
//
// Included after square_roots.hpp and tower_lanes.hpp.
#pragma once

#include "pairing_kernels.hpp"

namespace sero {
namespace SERO_KERNEL {

/// Byte offsets of LANES records of `stride` bytes from number `first`; the last one stands in for those that are missing.
SERO_INLINE Vector clamped_offsets(size_t first, size_t count, size_t stride) {
  uint64_t of_lane[LANES];
  for (int k = 0; k < LANES; k++) of_lane[k] = stride * (first + k < count ? first + k : count - 1);
  return offsets(of_lane);
}

SERO_INLINE bool in_mask(Mask mask, int lane) { return ((mask >> lane) & 1) != 0; }

SERO_INLINE Mask first_lanes(size_t count) {
  return static_cast<Mask>(count >= LANES ? (1u << LANES) - 1 : (1u << count) - 1);
}

SERO_INLINE Fq load_fp(const blst_fp* base, Vector offset) { return load_r64<FqParams>(base, offset); }
SERO_INLINE Fq2 load_fp(const blst_fp2* base, Vector offset) {
  return {load_fp(&base->fp[0], offset), load_fp(&base->fp[1], offset)};
}
SERO_INLINE void store_fp(blst_fp* base, size_t stride, const Fq& a) { store_r64<FqParams>(base, strided(stride), a); }
SERO_INLINE void store_fp(blst_fp2* base, size_t stride, const Fq2& a) {
  store_fp(&base->fp[0], stride, a.c0);
  store_fp(&base->fp[1], stride, a.c1);
}

template <class F>
struct Blst;

template <>
struct Blst<Fq> {
  using AffinePoint = blst_p1_affine;
  SERO_INLINE Fq curve_b() {
    static constexpr uint64_t FOUR[6] = {4};
    return same<FqParams>(FOUR);
  }
  SERO_INLINE Mask in_subgroup(const Affine<Fq>& p) { return in_g1(p); }
};

template <>
struct Blst<Fq2> {
  using AffinePoint = blst_p2_affine;
  SERO_INLINE Fq2 curve_b() { return {Blst<Fq>::curve_b(), Blst<Fq>::curve_b()}; }
  SERO_INLINE Mask in_subgroup(const Affine<Fq2>& p) { return in_g2(p); }
};

/// See PairingKernels::solve_g1.
template <class F>
void solve(typename Blst<F>::AffinePoint* points, size_t count, OnCurve* found) {
  using Point = typename Blst<F>::AffinePoint;
  for (size_t first = 0; first < count; first += LANES) {
    Affine<F> p;
    p.x = load_fp(&points->x, clamped_offsets(first, count, sizeof(Point)));
    const F yy = add_tight(times(square(p.x), p.x), Blst<F>::curve_b());
    const Mask on_curve = root_of(yy, &p.y);
    const Mask in_subgroup = static_cast<Mask>(on_curve & Blst<F>::in_subgroup(p));
    Point solved[LANES];
    store_fp(&solved->y, sizeof(Point), p.y);
    for (int lane = 0; lane < LANES && first + lane < count; lane++) {
      points[first + lane].y = solved[lane].y;
      found[first + lane] = in_mask(in_subgroup, lane) ? OnCurve::IN_SUBGROUP
                            : in_mask(on_curve, lane)  ? OnCurve::OUTSIDE_SUBGROUP
                                                       : OnCurve::NO;
    }
  }
}

/// Coefficients' pieces of 64 bits in signed windows of 4 bits.
constexpr int SCALE_WINDOW = 4;
constexpr int SCALE_DIGITS = 64 / SCALE_WINDOW + 1;

/// Digits in [-8, 8) of each lane's piece: the lanes of each absolute value (`of[0]`: of 1), and the negative ones.
struct LaneDigits {
  Mask of[1 << (SCALE_WINDOW - 1)];
  Mask negative;
};

struct LaneScalar {
  LaneDigits digit[SCALE_DIGITS];
};

SERO_INLINE void recode(LaneScalar* out, int lane, uint64_t piece) {
  constexpr int64_t HALF = 1 << (SCALE_WINDOW - 1);
  int64_t carry = 0;
  for (int i = 0; i < SCALE_DIGITS; i++) {
    int64_t digit = carry;
    if (SCALE_WINDOW * i < 64) digit += static_cast<int64_t>(piece >> (SCALE_WINDOW * i)) & (2 * HALF - 1);
    carry = digit >= HALF ? 1 : 0;
    digit -= 2 * HALF * carry;
    const int64_t size = digit < 0 ? -digit : digit;
    if (size != 0) out->digit[i].of[size - 1] = static_cast<Mask>(out->digit[i].of[size - 1] | 1u << lane);
    if (digit < 0) out->digit[i].negative = static_cast<Mask>(out->digit[i].negative | 1u << lane);
  }
}

template <class F>
SERO_INLINE Jacobian<F> select(Mask mask, const Jacobian<F>& a, const Jacobian<F>& b) {
  return {select(mask, a.x, b.x), select(mask, a.y, b.y), select(mask, a.z, b.z)};
}

/// sum += digit P, from a table of P, 2P, .. 8P; `empty` are the lanes whose sum is infinity.
SERO_NOINLINE void add_digit(Jacobian<Fq>* sum, Mask* empty, const Jacobian<Fq>* table, const LaneDigits& digit) {
  Jacobian<Fq> term = table[0];
  Mask any = digit.of[0];
  for (int i = 1; i < 1 << (SCALE_WINDOW - 1); i++) {
    term = select(digit.of[i], term, table[i]);
    any = static_cast<Mask>(any | digit.of[i]);
  }
  term.y = select(digit.negative, term.y, negated(term.y));
  const Jacobian<Fq> added = select(*empty, add_points(*sum, term), term);
  *sum = select(any, *sum, added);
  *empty = static_cast<Mask>(*empty & ~any);
}

/// z P for points of G1 other than infinity, z = low + high x^2 (coefficients.hpp).
///
/// No incomplete addition meets what it cannot add. P has order r, so that k + l x^2 = 0 mod r with |k|, |l| < 2^66 only for
/// k = l = 0. The sum is (k + l x^2) P with k, l multiples of 16, but for a digit of k just added; what is added has
/// |digit| <= 8 in one of both: equal or opposite only if the sum's k and l are 0, which `empty` knows.
SERO_NOINLINE Jacobian<Fq> scale(const Affine<Fq>& p, const LaneScalar& low, const LaneScalar& high) {
  static constexpr uint64_t BETA[6] = {0x2e01fffffffefffeull, 0xde17d813620a0002ull, 0xddb3a93be6f89688ull,
                                       0xba69c6076a0f77eaull, 0x5f19672fdf76ce51ull, 0};
  constexpr int ENTRIES = 1 << (SCALE_WINDOW - 1);
  const Fq beta = same<FqParams>(BETA);
  Jacobian<Fq> table[ENTRIES];
  Jacobian<Fq> image[ENTRIES];  // times x^2: (beta u, -v)
  table[0] = from_affine(p);
  table[1] = table[0];
  double_point(&table[1]);
  for (int i = 2; i < ENTRIES; i++) {
    table[i] = table[i - 1];
    add_affine(&table[i], p);
  }
  for (int i = 0; i < ENTRIES; i++) image[i] = {times(table[i].x, beta), negated(table[i].y), table[i].z};

  Jacobian<Fq> sum = table[0];
  Mask empty = first_lanes(LANES);
  for (int i = SCALE_DIGITS - 1; i >= 0; i--) {
    if (i != SCALE_DIGITS - 1) {
      for (int k = 0; k < SCALE_WINDOW; k++) double_point(&sum);
    }
    add_digit(&sum, &empty, table, low.digit[i]);
    add_digit(&sum, &empty, image, high.digit[i]);
  }
  return sum;
}

/// A group of LANES pairs in the Miller loop.
struct MillerGroup {
  Affine<Fq> p;
  Affine<Fq2> q;
  Jacobian<Fq2> t;
};

SERO_INLINE Line evaluated(const Fq2& constant, const Fq2& slope, const Fq2& denominator, const Affine<Fq>& p) {
  return {constant, times(negated(slope), p.x), times(denominator, p.y)};
}

/// The tangent at T through P, times what the final exponentiation removes, and T = 2T. With E = 3 X^2, Z3 = 2 Y Z, the
/// tangent's slope is E / (Z Z3) (Costello, Lange, Naehrig, eprint 2009/615; Beuchat et al., eprint 2010/354):
/// line = Z3 Z^2 y_P - E Z^2 x_P + E X - 2 Y^2.
SERO_NOINLINE Line double_and_line(MillerGroup* g) {
  Jacobian<Fq2>& t = g->t;
  const Fq2 a = square(t.x);
  const Fq2 b = square(t.y);
  const Fq2 c = square(b);
  const Fq2 zz = square(t.z);
  const Fq2 d = twice(sub2_tight(square(loose_sum(t.x, b)), a, c));
  const Fq2 e = add_tight(twice(a), a);
  const Fq2 constant = sub2_tight(times(e, t.x), b, b);
  t.z = sub2_tight(square(loose_sum(t.y, t.z)), b, zz);
  t.x = sub2_tight(square(e), d, d);
  const Fq2 c4 = twice(twice(c));
  t.y = sub2_tight(times(e, sub_tight(d, t.x)), c4, c4);
  return evaluated(constant, times(e, zz), times(t.z, zz), g->p);
}

/// The chord through T and Q at P, times Z3, and T = T + Q: with r / Z3 the slope,
/// line = Z3 y_P - r x_P + r x_Q - Z3 y_Q.
SERO_NOINLINE Line add_and_line(MillerGroup* g) {
  Jacobian<Fq2>& t = g->t;
  const Affine<Fq2>& q = g->q;
  const Fq2 zz = square(t.z);
  const Fq2 h = sub_tight(times(q.x, zz), t.x);
  const Fq2 r = sub_tight(times(times(q.y, t.z), zz), t.y);
  const Fq2 hh = square(h);
  const Fq2 hhh = times(hh, h);
  const Fq2 v = times(t.x, hh);
  t.z = times(t.z, h);
  t.x = sub_tight(sub2_tight(square(r), v, v), hhh);
  t.y = sub_tight(times(r, sub_tight(v, t.x)), times(t.y, hhh));
  return evaluated(sub_tight(times(r, q.x), times(q.y, t.z)), r, t.z, g->p);
}

/// f times a line, but for the lanes that stand in for missing pairs.
SERO_INLINE void accumulate(Fq12* f, const Line& line, Mask present) {
  if (present == first_lanes(LANES)) {
    multiply_by_line(f, line);
    return;
  }
  Fq12 product = *f;
  multiply_by_line(&product, line);
  replace(present, f, product);
}

/// The product of all pairs' Miller loops, lane by lane (Vercauteren, "Optimal pairings", eprint 2008/096: the loop of
/// length x). Points of G1 and G2 have order r, far beyond every multiple of Q on the way, so no T is 0 or +-Q.
SERO_NOINLINE void miller_loop(Fq12* f, MillerGroup* groups, size_t count, Mask last) {
  *f = one12();
  for (int bit = MINUS_X_BITS - 2; bit >= 0; bit--) {
    if (bit != MINUS_X_BITS - 2) square_in_place(f);
    const bool is_set = ((MINUS_X >> bit) & 1) != 0;
    for (size_t i = 0; i < count; i++) {
      const Mask present = i + 1 == count ? last : first_lanes(LANES);
      accumulate(f, double_and_line(&groups[i]), present);
      if (is_set) accumulate(f, add_and_line(&groups[i]), present);
    }
  }
}

/// The product of the lanes, conjugated since x is negative.
inline void multiply_lanes(blst_fp12* out, const Fq12& f) {
  blst_fp12 of_lane[LANES];
  const Fq6* const parts[2] = {&f.c0, &f.c1};
  for (int i = 0; i < 2; i++) {
    store_fp(&of_lane->fp6[i].fp2[0], sizeof(blst_fp12), parts[i]->c0);
    store_fp(&of_lane->fp6[i].fp2[1], sizeof(blst_fp12), parts[i]->c1);
    store_fp(&of_lane->fp6[i].fp2[2], sizeof(blst_fp12), parts[i]->c2);
  }
  *out = of_lane[0];
  for (int lane = 1; lane < LANES; lane++) blst_fp12_mul(out, out, &of_lane[lane]);
  blst_fp12_conjugate(out);
}

/// False where a lane is infinity.
SERO_INLINE bool to_affine(const Jacobian<Fq>& p, Affine<Fq>* out) {
  Fq inverse;
  if (!invert(p.z, &inverse)) return false;
  const Fq squared = square(inverse);
  *out = {times(p.x, squared), times(times(p.y, squared), inverse)};
  return true;
}

/// See PairingKernels::combine.
inline void combine(const ProofPoints* const* proofs, const Coefficient* z, size_t count, blst_fp12* product,
                    blst_p1* scaled_c) {
  constexpr size_t MAX_GROUPS = (MAX_COMBINED + LANES - 1) / LANES;
  MillerGroup groups[MAX_GROUPS];
  const size_t group_count = (count + LANES - 1) / LANES;
  for (size_t i = 0; i < group_count; i++) {
    ProofPoints points[LANES];
    LaneScalar low = {};
    LaneScalar high = {};
    size_t present = 0;
    for (int lane = 0; lane < LANES; lane++) {
      const size_t at = i * LANES + lane < count ? i * LANES + lane : count - 1;
      if (at == i * LANES + lane) present++;
      points[lane] = *proofs[at];
      recode(&low, lane, z[at].low);
      recode(&high, lane, z[at].high);
    }
    const Vector offset = strided(sizeof(ProofPoints));
    const Affine<Fq> a = {load_fp(&points->a.x, offset), load_fp(&points->a.y, offset)};
    const Affine<Fq> c = {load_fp(&points->c.x, offset), load_fp(&points->c.y, offset)};
    groups[i].q = {load_fp(&points->b.x, offset), load_fp(&points->b.y, offset)};
    groups[i].t = from_affine(groups[i].q);
    if (!to_affine(scale(a, low, high), &groups[i].p)) {
      // Cannot be (see scale); a product of zero never verifies, so that each proof is looked at alone.
      *product = {};
      return;
    }
    const Jacobian<Fq> zc = scale(c, low, high);
    blst_p1 of_lane[LANES];
    store_fp(&of_lane->x, sizeof(blst_p1), zc.x);
    store_fp(&of_lane->y, sizeof(blst_p1), zc.y);
    store_fp(&of_lane->z, sizeof(blst_p1), zc.z);
    for (size_t lane = 0; lane < present; lane++) scaled_c[i * LANES + lane] = of_lane[lane];
  }
  Fq12 f;
  miller_loop(&f, groups, group_count, first_lanes(count - (group_count - 1) * LANES));
  multiply_lanes(product, f);
}

/// Digit i of a scalar in signed digits of w bits: the plain digit of the scalar plus 2^(w-1) at every digit, less
/// 2^(w-1), so in [-2^(w-1), 2^(w-1)); but the highest as it stands, with its carry, in [0, 2^(w-1)]. `below` is what was so
/// added below digit i, which is at bit 64 at most.
SERO_INLINE int64_t signed_digit(uint64_t scalar, uint64_t below, unsigned window, unsigned i, bool is_highest) {
  const unsigned shift = window * i;
  const uint64_t low = shift < 64 ? scalar & ((uint64_t{1} << shift) - 1) : scalar;
  const uint64_t sum = low + below;
  const uint64_t carry = shift < 64 ? sum >> shift : static_cast<uint64_t>(sum < low);
  const uint64_t plain = (shift < 64 ? scalar >> shift : 0) + carry;
  if (is_highest) return static_cast<int64_t>(plain);
  const uint64_t half = uint64_t{1} << (window - 1);
  return static_cast<int64_t>((plain + half) & (2 * half - 1)) - static_cast<int64_t>(half);
}

/// See PairingKernels::combine_fixed. Lane k takes every LANES-th piece from number k on; the lanes share the doublings.
inline bool combine_fixed(blst_p1* out, const blst_p1_affine* table, unsigned window, size_t pieces,
                          const uint8_t* scalars) {
  const unsigned digits = 64 / window + 1;
  const size_t entries = size_t{1} << (window - 1);
  uint64_t below = 0;
  for (unsigned i = 0; i + 1 < digits; i++) below |= uint64_t{1} << (window * i + window - 1);

  Jacobian<Fq> sum = from_affine(Affine<Fq>{load_fp(&table->x, strided(0)), load_fp(&table->y, strided(0))});
  Mask empty = first_lanes(LANES);
  for (unsigned i = digits; i-- > 0;) {
    for (unsigned k = 0; k < window && i + 1 < digits; k++) double_point(&sum);
    for (size_t first = 0; first < pieces; first += LANES) {
      uint64_t offset[LANES];
      unsigned any = 0;
      unsigned negative = 0;
      for (int lane = 0; lane < LANES; lane++) {
        offset[lane] = 0;
        const size_t piece = first + lane;
        if (piece >= pieces) continue;
        uint64_t scalar;
        std::memcpy(&scalar, scalars + 8 * piece, 8);
        const int64_t digit = signed_digit(scalar, below, window, i, i + 1 == digits);
        if (digit == 0) continue;
        const uint64_t size = static_cast<uint64_t>(digit < 0 ? -digit : digit);
        offset[lane] = (piece * entries + size - 1) * sizeof(blst_p1_affine);
        any |= 1u << lane;
        negative |= static_cast<unsigned>(digit < 0) << lane;
      }
      if (any == 0) continue;
      const Mask is_any = static_cast<Mask>(any);
      Affine<Fq> term = {load_fp(&table->x, offsets(offset)), load_fp(&table->y, offsets(offset))};
      term.y = select(static_cast<Mask>(negative), term.y, negated(term.y));
      Jacobian<Fq> added = sum;
      add_affine(&added, term);
      sum = select(is_any, sum, select(empty, added, from_affine(term)));
      empty = static_cast<Mask>(empty & ~is_any);
    }
    if (i > 0) below &= ~(uint64_t{1} << (window * i - 1));
  }
  if ((is_zero(sum.z) & ~empty & first_lanes(LANES)) != 0) return false;
  blst_p1 of_lane[LANES];
  store_fp(&of_lane->x, sizeof(blst_p1), sum.x);
  store_fp(&of_lane->y, sizeof(blst_p1), sum.y);
  store_fp(&of_lane->z, sizeof(blst_p1), sum.z);
  *out = {};
  for (int lane = 0; lane < LANES; lane++) {
    if (!in_mask(empty, lane)) blst_p1_add_or_double(out, out, &of_lane[lane]);
  }
  return true;
}

}  // namespace SERO_KERNEL
}  // namespace sero

#ifdef SERO_HAS_DOT
#include "single_pairing.hpp"
#endif

namespace sero {
namespace SERO_KERNEL {

#ifdef SERO_HAS_DOT
static constexpr PairingKernels pairing_kernels() {
  return {solve<Fq>, solve<Fq2>, combine, combine_fixed, miller_of_rows, raise_to_x};
}
#else
static constexpr PairingKernels pairing_kernels() {
  return {solve<Fq>, solve<Fq2>, combine, combine_fixed, nullptr, nullptr};
}
#endif

}  // namespace SERO_KERNEL
}  // namespace sero
