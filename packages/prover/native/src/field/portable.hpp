// Fields of one lane on blst's 64-bit arithmetic (assembly where blst has it): Montgomery form with R = 2^(64 WORDS),
// every value in [0, p). The interface is that of ifma.hpp; its bounds hold trivially.
#pragma once

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

constexpr int LANES = 1;
/// One bit a lane.
using Mask = uint8_t;
/// Byte offset of the one record.
using Vector = uint64_t;

template <class P>
struct Field;

template <>
struct Field<FqParams> {
  using Params = FqParams;
  blst_fp v;
};

template <>
struct Field<FrParams> {
  using Params = FrParams;
  blst_fr v;
};

using Fq = Field<FqParams>;
using Fr = Field<FrParams>;

SERO_INLINE Fq add(const Fq& a, const Fq& b) {
  Fq out;
  blst_fp_add(&out.v, &a.v, &b.v);
  return out;
}
SERO_INLINE Fr add(const Fr& a, const Fr& b) {
  Fr out;
  blst_fr_add(&out.v, &a.v, &b.v);
  return out;
}
SERO_INLINE Fq sub(const Fq& a, const Fq& b) {
  Fq out;
  blst_fp_sub(&out.v, &a.v, &b.v);
  return out;
}
SERO_INLINE Fr sub(const Fr& a, const Fr& b) {
  Fr out;
  blst_fr_sub(&out.v, &a.v, &b.v);
  return out;
}
SERO_INLINE Fr add_tight(const Fr& a, const Fr& b) { return add(a, b); }
SERO_INLINE Fr sub_tight(const Fr& a, const Fr& b) { return sub(a, b); }
SERO_INLINE Fr sub_wide(const Fr& a, const Fr& b) { return sub(a, b); }
SERO_INLINE Fq sub_tight(const Fq& a, const Fq& b) { return sub(a, b); }
/// a - b - c.
SERO_INLINE Fq sub2_tight(const Fq& a, const Fq& b, const Fq& c) { return sub(sub(a, b), c); }
/// b - a, and square - x1 - x2 where `difference` is sub_loose(x2, x1).
SERO_INLINE Fq sub_loose(const Fq& b, const Fq& a) { return sub_tight(b, a); }
SERO_INLINE Fq chord_x(const Fq& square, const Fq& x1, const Fq& difference) {
  return sub_tight(sub2_tight(square, x1, x1), difference);
}
/// a - b, with a negated in the lanes of the mask.
SERO_INLINE Fq signed_difference(Mask negative, const Fq& a, const Fq& b) {
  Fq out;
  blst_fp_cneg(&out.v, &a.v, negative & 1);
  return sub(out, b);
}
/// a - b, the whole negated in the lanes of the mask.
SERO_INLINE Fq sub_tight_signed(Mask negative, const Fq& a, const Fq& b) {
  return (negative & 1) ? sub(b, a) : sub(a, b);
}
SERO_INLINE Fq mul(const Fq& a, const Fq& b) {
  Fq out;
  SERO_COUNTED(FqParams, 1);
  blst_fp_mul(&out.v, &a.v, &b.v);
  return out;
}
SERO_INLINE Fr mul(const Fr& a, const Fr& b) {
  Fr out;
  SERO_COUNTED(FrParams, 1);
  blst_fr_mul(&out.v, &a.v, &b.v);
  return out;
}
SERO_INLINE Fq sqr(const Fq& a) {
  Fq out;
  SERO_COUNTED(FqParams, 1);
  blst_fp_sqr(&out.v, &a.v);
  return out;
}
#define SERO_HAS_FQ2

/// (a0 + a1 i)(b0 + b1 i) by blst: three products and two reductions.
SERO_INLINE void mul_pairs(Fq* c0, Fq* c1, const Fq& a0, const Fq& a1, const Fq& b0, const Fq& b1) {
  SERO_COUNTED(FqParams, 3);
  const blst_fp2 a = {{a0.v, a1.v}}, b = {{b0.v, b1.v}};
  blst_fp2 out;
  blst_fp2_mul(&out, &a, &b);
  c0->v = out.fp[0];
  c1->v = out.fp[1];
}

SERO_INLINE Fr sqr(const Fr& a) {
  Fr out;
  SERO_COUNTED(FrParams, 1);
  blst_fr_sqr(&out.v, &a.v);
  return out;
}
SERO_INLINE Fq neg(const Fq& a) {
  Fq out;
  blst_fp_cneg(&out.v, &a.v, true);
  return out;
}
SERO_INLINE Fr neg(const Fr& a) {
  Fr out;
  blst_fr_cneg(&out.v, &a.v, true);
  return out;
}

template <class P>
SERO_INLINE Field<P> dbl(const Field<P>& a) {
  return add(a, a);
}

template <class P>
SERO_INLINE Field<P> zero_element() {
  Field<P> out;
  std::memset(&out, 0, sizeof out);
  return out;
}

SERO_INLINE Fq from_canonical_words(const uint64_t* w, const Fq*) {
  Fq out;
  blst_fp_from_uint64(&out.v, w);
  return out;
}
SERO_INLINE Fr from_canonical_words(const uint64_t* w, const Fr*) {
  Fr out;
  blst_fr_from_uint64(&out.v, w);
  return out;
}
SERO_INLINE void to_canonical_words(uint64_t* w, const Fq& a) { blst_uint64_from_fp(w, &a.v); }
SERO_INLINE void to_canonical_words(uint64_t* w, const Fr& a) { blst_uint64_from_fr(w, &a.v); }

/// Every lane the same canonical value, given by its words.
template <class P>
SERO_INLINE Field<P> same(const uint64_t* words) {
  return from_canonical_words(words, static_cast<const Field<P>*>(nullptr));
}

template <class P>
SERO_INLINE Field<P> one() {
  const uint64_t words[P::WORDS] = {1};
  return same<P>(words);
}

/// b where the mask's bit is set, else a.
template <class P>
SERO_INLINE Field<P> select(Mask mask, const Field<P>& a, const Field<P>& b) {
  return (mask & 1) ? b : a;
}

/// -a in the lanes of the mask.
template <class P>
SERO_INLINE Field<P> negate_if(Mask mask, const Field<P>& a) {
  return (mask & 1) ? neg(a) : a;
}

SERO_INLINE Fr negate_wide_if(Mask mask, const Fr& a) { return negate_if(mask, a); }

/// The lanes that are 0 modulo p.
template <class P>
SERO_INLINE Mask is_zero(const Field<P>& a) {
  uint64_t any = 0, w[sizeof a / 8];
  std::memcpy(w, &a, sizeof a);
  for (size_t k = 0; k < sizeof a / 8; k++) any |= w[k];
  return any == 0;
}

/// The lanes in which a and b are equal modulo p.
template <class P>
SERO_INLINE Mask is_equal(const Field<P>& a, const Field<P>& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

SERO_INLINE Vector offsets(const uint64_t* of_lane) { return of_lane[0]; }
SERO_INLINE Vector strided(size_t) { return 0; }

/// A canonical little-endian value. The caller has checked that it is below p.
template <class P>
SERO_INLINE Field<P> load_canonical(const void* base, size_t) {
  uint64_t w[P::WORDS];
  std::memcpy(w, base, sizeof w);
  return from_canonical_words(w, static_cast<const Field<P>*>(nullptr));
}

template <class P>
SERO_INLINE void store_canonical(void* base, size_t, const Field<P>& a) {
  uint64_t w[P::WORDS];
  to_canonical_words(w, a);
  std::memcpy(base, w, sizeof w);
}

/// A value in Montgomery form with R = 2^(64 WORDS), as blst and .zkey files hold it, at a byte offset.
template <class P>
SERO_INLINE Field<P> load_r64(const void* base, Vector offset) {
  Field<P> out;
  std::memcpy(&out, static_cast<const uint8_t*>(base) + offset, sizeof out);
  return out;
}

template <class P>
SERO_INLINE void store_r64(void* base, Vector offset, const Field<P>& a) {
  std::memcpy(static_cast<uint8_t*>(base) + offset, &a, sizeof a);
}

/// Bytes of a coordinate as load_rows and store_rows keep it.
constexpr size_t ROW_BYTES = 48;

SERO_INLINE Fq load_rows(const uint8_t* const* rows) {
  Fq out;
  std::memcpy(&out, rows[0], sizeof out);
  return out;
}

SERO_INLINE void store_rows(uint8_t* const* rows, const Fq& a) { std::memcpy(rows[0], &a, sizeof a); }

SERO_INLINE Mask upper_lanes(int) { return 0; }

/// There is no other lane.
template <class P>
SERO_INLINE Field<P> swap_lanes(const Field<P>& a, int) {
  return a;
}

}  // namespace SERO_KERNEL
}  // namespace sero
