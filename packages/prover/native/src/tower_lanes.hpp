// Fq12 over lanes: Fq6 = Fq2[v] / (v^3 - (1 + i)), Fq12 = Fq6[w] / (w^2 - v), as in blst. All values are tight.
// Devegili, O hEigeartaigh, Scott, Dahab, "Multiplication and squaring on pairing-friendly fields" (eprint 2006/471).
// Included after curve_lanes.hpp.
#pragma once

namespace sero {
namespace SERO_KERNEL {

struct Fq6 {
  Fq2 c0, c1, c2;
};

struct Fq12 {
  Fq6 c0, c1;
};

/// x + y v + z v w: what a line of the Miller loop is.
struct Line {
  Fq2 x, y, z;
};

/// a (1 + i).
SERO_INLINE Fq2 times_xi(const Fq2& a) { return {sub_tight(a.c0, a.c1), add_tight(a.c0, a.c1)}; }

SERO_INLINE Fq6 add_tight(const Fq6& a, const Fq6& b) {
  return {add_tight(a.c0, b.c0), add_tight(a.c1, b.c1), add_tight(a.c2, b.c2)};
}
SERO_INLINE Fq6 sub2_tight(const Fq6& a, const Fq6& b, const Fq6& c) {
  return {sub2_tight(a.c0, b.c0, c.c0), sub2_tight(a.c1, b.c1, c.c1), sub2_tight(a.c2, b.c2, c.c2)};
}
SERO_INLINE Fq6 loose_sum(const Fq6& a, const Fq6& b) {
  return {loose_sum(a.c0, b.c0), loose_sum(a.c1, b.c1), loose_sum(a.c2, b.c2)};
}

/// a v.
SERO_INLINE Fq6 times_v(const Fq6& a) { return {times_xi(a.c2), a.c0, a.c1}; }

/// Karatsuba: six products. Factors may be sums of two tight ones.
SERO_NOINLINE Fq6 times(const Fq6& a, const Fq6& b) {
  const Fq2 t0 = times(a.c0, b.c0);
  const Fq2 t1 = times(a.c1, b.c1);
  const Fq2 t2 = times(a.c2, b.c2);
  const Fq2 m12 = sub2_tight(times(loose_sum(a.c1, a.c2), loose_sum(b.c1, b.c2)), t1, t2);
  const Fq2 m01 = sub2_tight(times(loose_sum(a.c0, a.c1), loose_sum(b.c0, b.c1)), t0, t1);
  const Fq2 m02 = sub2_tight(times(loose_sum(a.c0, a.c2), loose_sum(b.c0, b.c2)), t0, t2);
  return {add_tight(t0, times_xi(m12)), add_tight(m01, times_xi(t2)), add_tight(m02, t1)};
}

/// a (x + y v): five products.
SERO_NOINLINE Fq6 times_xy(const Fq6& a, const Fq2& x, const Fq2& y) {
  const Fq2 t0 = times(a.c0, x);
  const Fq2 t1 = times(a.c1, y);
  const Fq2 m01 = sub2_tight(times(loose_sum(a.c0, a.c1), loose_sum(x, y)), t0, t1);
  return {add_tight(t0, times_xi(times(a.c2, y))), m01, add_tight(times(a.c2, x), t1)};
}

/// f line: 13 products.
SERO_NOINLINE void multiply_by_line(Fq12* f, const Line& line) {
  const Fq6 low = times_xy(f->c0, line.x, line.y);
  // c1 z v
  const Fq6 high = {times_xi(times(f->c1.c2, line.z)), times(f->c1.c0, line.z), times(f->c1.c1, line.z)};
  const Fq6 cross = times_xy(loose_sum(f->c0, f->c1), line.x, loose_sum(line.y, line.z));
  f->c1 = sub2_tight(cross, low, high);
  f->c0 = add_tight(low, times_v(high));
}

/// f^2 = (c0 + c1)(c0 + v c1) - t - v t + 2 t w, t = c0 c1: twelve products.
SERO_NOINLINE void square_in_place(Fq12* f) {
  const Fq6 t = times(f->c0, f->c1);
  const Fq6 product = times(loose_sum(f->c0, f->c1), loose_sum(f->c0, times_v(f->c1)));
  f->c0 = sub2_tight(product, t, times_v(t));
  f->c1 = add_tight(t, t);
}

/// b in the lanes of the mask, else a.
SERO_NOINLINE void replace(Mask mask, Fq12* a, const Fq12& b) {
  Fq6* const to[2] = {&a->c0, &a->c1};
  const Fq6* const from[2] = {&b.c0, &b.c1};
  for (int i = 0; i < 2; i++) {
    to[i]->c0 = select(mask, to[i]->c0, from[i]->c0);
    to[i]->c1 = select(mask, to[i]->c1, from[i]->c1);
    to[i]->c2 = select(mask, to[i]->c2, from[i]->c2);
  }
}

SERO_INLINE Fq2 zero2() { return CoordinateTraits<Fq2>::zero(); }

SERO_INLINE Fq12 one12() {
  return {{CoordinateTraits<Fq2>::one(), zero2(), zero2()}, {zero2(), zero2(), zero2()}};
}

}  // namespace SERO_KERNEL
}  // namespace sero
