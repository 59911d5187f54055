// Points of both groups over lanes, in Jacobian coordinates: (X, Y, Z) is (X / Z^2, Y / Z^3), infinity has Z = 0.
//
// The additions are incomplete: where both points are equal, opposite, or one is infinity they give Z = 0, and so does
// everything computed from that. Callers show that this does not happen, or take Z = 0 for a refusal.
// Formulas: Bernstein and Lange, Explicit-Formulas Database, shortw/jacobian-0: dbl-2009-l, madd, add-1998-cmo-2.
//
// Included after a field header and fq2.hpp. All values are tight.
#pragma once

#ifndef SERO_NOINLINE
#define SERO_NOINLINE static __attribute__((noinline))
#endif

namespace sero {
namespace SERO_KERNEL {

// Out of line: inlined everywhere the code would not fit the instruction cache.
SERO_NOINLINE Fq times(const Fq& a, const Fq& b) { return mul(a, b); }
SERO_NOINLINE Fq square(const Fq& a) { return sqr(a); }
SERO_NOINLINE Fq2 times(const Fq2& a, const Fq2& b) { return mul(a, b); }
SERO_NOINLINE Fq2 square(const Fq2& a) { return sqr(a); }

SERO_INLINE Fq2 times(const Fq2& a, const Fq& b) { return {times(a.c0, b), times(a.c1, b)}; }

/// For what is only multiplied or squared next: a sum that need not be tight.
SERO_INLINE Fq loose_sum(const Fq& a, const Fq& b) { return add(a, b); }
SERO_INLINE Fq2 loose_sum(const Fq2& a, const Fq2& b) { return {add(a.c0, b.c0), add(a.c1, b.c1)}; }

template <class F>
struct Affine {
  F x, y;
};

template <class F>
struct Jacobian {
  F x, y, z;
};

template <class F>
SERO_INLINE Jacobian<F> from_affine(const Affine<F>& p) {
  return {p.x, p.y, CoordinateTraits<F>::one()};
}

template <class F>
SERO_INLINE F negated(const F& a) {
  return sub_tight(CoordinateTraits<F>::zero(), a);
}

template <class F>
SERO_INLINE F twice(const F& a) {
  return add_tight(a, a);
}

template <class F>
SERO_NOINLINE void double_point(Jacobian<F>* p) {
  const F a = square(p->x);
  const F b = square(p->y);
  const F c = square(b);
  const F d = twice(sub2_tight(square(loose_sum(p->x, b)), a, c));
  const F e = add_tight(twice(a), a);
  const F z = times(p->y, p->z);
  p->x = sub2_tight(square(e), d, d);
  p->y = sub2_tight(times(e, sub_tight(d, p->x)), twice(twice(c)), twice(twice(c)));
  p->z = twice(z);
}

/// p + q.
template <class F>
SERO_NOINLINE void add_affine(Jacobian<F>* p, const Affine<F>& q) {
  const F zz = square(p->z);
  const F h = sub_tight(times(q.x, zz), p->x);
  const F r = sub_tight(times(times(q.y, p->z), zz), p->y);
  const F hh = square(h);
  const F hhh = times(hh, h);
  const F v = times(p->x, hh);
  p->x = sub_tight(sub2_tight(square(r), v, v), hhh);
  p->y = sub_tight(times(r, sub_tight(v, p->x)), times(p->y, hhh));
  p->z = times(p->z, h);
}

/// p + q.
template <class F>
SERO_NOINLINE Jacobian<F> add_points(const Jacobian<F>& p, const Jacobian<F>& q) {
  const F zz1 = square(p.z);
  const F zz2 = square(q.z);
  const F u1 = times(p.x, zz2);
  const F s1 = times(times(p.y, q.z), zz2);
  const F h = sub_tight(times(q.x, zz1), u1);
  const F r = sub_tight(times(times(q.y, p.z), zz1), s1);
  const F hh = square(h);
  const F hhh = times(hh, h);
  const F v = times(u1, hh);
  Jacobian<F> out;
  out.x = sub_tight(sub2_tight(square(r), v, v), hhh);
  out.y = sub_tight(times(r, sub_tight(v, out.x)), times(s1, hhh));
  out.z = times(times(p.z, q.z), h);
  return out;
}

/// -x, the parameter of BLS12-381, draft-irtf-cfrg-pairing-friendly-curves-11, section 4.2.1.
constexpr uint64_t MINUS_X = 0xd201000000010000ull;
constexpr int MINUS_X_BITS = 64;

/// The lanes in which a Jacobian point is finite and equals an affine one.
template <class F>
SERO_INLINE Mask is_finite_and_equal(const Jacobian<F>& p, const Affine<F>& q) {
  const F zz = square(p.z);
  const Mask same_x = is_zero(sub_tight(times(q.x, zz), p.x));
  const Mask same_y = is_zero(sub_tight(times(times(q.y, p.z), zz), p.y));
  return static_cast<Mask>(same_x & same_y & ~is_zero(p.z));
}

/// Whether points of the curve lie in G1: x^2 P = -phi(P), phi(u, v) = (beta u, v) (Scott, eprint 2021/1130, section 6).
/// A point on the way that an incomplete addition cannot add is a multiple of P by less than r, so P is not in G1; what it
/// leaves, Z = 0, is refused.
SERO_NOINLINE Mask in_g1(const Affine<Fq>& p) {
  static constexpr uint64_t BETA[6] = {0x2e01fffffffefffeull, 0xde17d813620a0002ull, 0xddb3a93be6f89688ull,
                                       0xba69c6076a0f77eaull, 0x5f19672fdf76ce51ull, 0};
  Jacobian<Fq> once = from_affine(p);
  for (int bit = MINUS_X_BITS - 2; bit >= 0; bit--) {
    double_point(&once);
    if ((MINUS_X >> bit) & 1) add_affine(&once, p);
  }
  Jacobian<Fq> again = once;
  for (int bit = MINUS_X_BITS - 2; bit >= 0; bit--) {
    double_point(&again);
    if ((MINUS_X >> bit) & 1) again = add_points(again, once);
  }
  const Affine<Fq> image = {times(p.x, same<FqParams>(BETA)), negated(p.y)};
  return is_finite_and_equal(again, image);
}

/// Whether points of the twist lie in G2: x P = psi(P), the untwisted and twisted Frobenius (the same, section 4).
SERO_NOINLINE Mask in_g2(const Affine<Fq2>& p) {
  // psi(u, v) = (conjugate(u) / (1 + i)^((p-1)/3), conjugate(v) / (1 + i)^((p-1)/2)); the first divisor's inverse has no
  // real part.
  static constexpr uint64_t PSI_X[6] = {0x8bfd00000000aaadull, 0x409427eb4f49fffdull, 0x897d29650fb85f9bull,
                                        0xaa0d857d89759ad4ull, 0xec02408663d4de85ull, 0x1a0111ea397fe699ull};
  static constexpr uint64_t PSI_Y0[6] = {0xf1ee7b04121bdea2ull, 0x304466cf3e67fa0aull, 0xef396489f61eb45eull,
                                         0x1c3dedd930b1cf60ull, 0xe2e9c448d77a2cd9ull, 0x135203e60180a68eull};
  static constexpr uint64_t PSI_Y1[6] = {0xc81084fbede3cc09ull, 0xee67992f72ec05f4ull, 0x77f76e17009241c5ull,
                                         0x48395dabc2d3435eull, 0x6831e36d6bd17ffeull, 0x06af0e0437ff400bull};
  Jacobian<Fq2> sum = from_affine(p);
  for (int bit = MINUS_X_BITS - 2; bit >= 0; bit--) {
    double_point(&sum);
    if ((MINUS_X >> bit) & 1) add_affine(&sum, p);
  }
  const Fq2 psi_x = {zero_element<FqParams>(), same<FqParams>(PSI_X)};
  const Fq2 psi_y = {same<FqParams>(PSI_Y0), same<FqParams>(PSI_Y1)};
  const Affine<Fq2> image = {times(Fq2{p.x.c0, negated(p.x.c1)}, psi_x),
                             negated(times(Fq2{p.y.c0, negated(p.y.c1)}, psi_y))};  // x is negative
  return is_finite_and_equal(sum, image);
}

}  // namespace SERO_KERNEL
}  // namespace sero
