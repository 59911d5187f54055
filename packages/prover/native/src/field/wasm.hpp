// Fields of two lanes for WebAssembly with relaxed SIMD: an element is LIMBS vectors of doubles, vector j holding limb j
// of both values, a signed integer; in Montgomery form with R = 2^392 (Fq, 8 limbs of 49 bits) or 2^264 (Fr, 6 limbs of
// 44 bits). tools/wasm-field.ts writes the multiplications and says how they work; they are right only where the
// engine's relaxed_madd rounds once, which the loader tries (wasm-module.ts).
//
// Bounds. mul and sqr give values below 2.25p (Fq) or 1.75p (Fr) in size plus |a b| / R; R / p is 2,520 or 560. `tight` is
// a value below 3p whose limbs are at most 2^(RADIX - 1) + 2^4 in size: what loads give, what the functions named so
// give, what mul and sqr give of values up to 25p. Limbs that are multiplied have products below 2^(51 + RADIX).
//   Fq: every function takes and gives tight values.
//   Fr: add, sub and neg work limb by limb: sums of n and of m tight values may be multiplied where n m is at most 64.
// tools/wasm-field-check.ts tries the multiplications at these bounds.
#pragma once

#include <wasm_simd128.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "blst.h"
#include "blst_aux.h"
#include "params.hpp"

#define SERO_INLINE static inline __attribute__((always_inline))
#define SERO_MEMBER inline __attribute__((always_inline))

extern "C" {
extern const v128_t sero_wasm_fq_rounding[], sero_wasm_fq_constants[];
extern const v128_t sero_wasm_fr_rounding[], sero_wasm_fr_constants[];
void sero_wasm_fq_mul(v128_t* out, const v128_t* a, const v128_t* b);
void sero_wasm_fq_sqr(v128_t* out, const v128_t* a);
void sero_wasm_fr_mul(v128_t* out, const v128_t* a, const v128_t* b);
void sero_wasm_fr_sqr(v128_t* out, const v128_t* a);
}

namespace sero {
namespace SERO_KERNEL {

constexpr int LANES = 2;
/// One bit a lane, lane 0 lowest.
using Mask = uint8_t;
/// Byte offsets of two records.
struct Vector {
  uint64_t of_lane[LANES];
};

/// What tools/wasm-field.ts knows of a field, as it is needed here.
template <class P>
struct Shape;

template <>
struct Shape<FqParams> {
  static constexpr int LIMBS = 8, RADIX = 49;
  SERO_INLINE const v128_t* rounding() { return sero_wasm_fq_rounding; }
  SERO_INLINE const v128_t* constants() { return sero_wasm_fq_constants; }
  SERO_INLINE void mul(v128_t* out, const v128_t* a, const v128_t* b) { sero_wasm_fq_mul(out, a, b); }
  SERO_INLINE void sqr(v128_t* out, const v128_t* a) { sero_wasm_fq_sqr(out, a); }
};

template <>
struct Shape<FrParams> {
  static constexpr int LIMBS = 6, RADIX = 44;
  SERO_INLINE const v128_t* rounding() { return sero_wasm_fr_rounding; }
  SERO_INLINE const v128_t* constants() { return sero_wasm_fr_constants; }
  SERO_INLINE void mul(v128_t* out, const v128_t* a, const v128_t* b) { sero_wasm_fr_mul(out, a, b); }
  SERO_INLINE void sqr(v128_t* out, const v128_t* a) { sero_wasm_fr_sqr(out, a); }
};

template <class P>
struct Field {
  using Params = P;
  v128_t v[Shape<P>::LIMBS];
};

using Fq = Field<FqParams>;
using Fr = Field<FrParams>;

template <class P>
SERO_INLINE Field<P> mul(const Field<P>& a, const Field<P>& b) {
  Field<P> out;
  Shape<P>::mul(out.v, a.v, b.v);
  return out;
}

template <class P>
SERO_INLINE Field<P> sqr(const Field<P>& a) {
  Field<P> out;
  Shape<P>::sqr(out.v, a.v);
  return out;
}

/// Takes off the nearest multiple of p, estimated from the highest limb, and carries. The value is below 32p in size,
/// limbs at most 2^52. A function of its own: it would be two thirds of the code.
template <class P>
static __attribute__((noinline)) Field<P> nearest(const v128_t* limbs) {
  constexpr int L = Shape<P>::LIMBS;
  const v128_t* k = Shape<P>::rounding();
  const v128_t units = k[1], radix = k[2], unradix = k[3];
  const v128_t quotient =
      wasm_f64x2_sub(wasm_f64x2_add(wasm_f64x2_mul(limbs[L - 1], k[0]), units), units);
  Field<P> out;
  // Products and sums are integers below 2^53. Carries go one limb up, and are at most 2^4.
  v128_t carry = wasm_f64x2_splat(0);
#pragma clang loop unroll(full)
  for (int j = 0; j < L; j++) {
    const v128_t x = wasm_f64x2_sub(limbs[j], wasm_f64x2_mul(quotient, k[4 + j]));
    if (j + 1 == L) {
      out.v[j] = wasm_f64x2_add(x, carry);
    } else {
      // Adding and taking off 3 2^(51 + RADIX) rounds to a multiple of 2^RADIX.
      const v128_t high = wasm_f64x2_sub(wasm_f64x2_add(x, radix), radix);
      out.v[j] = wasm_f64x2_add(wasm_f64x2_sub(x, high), carry);
      carry = wasm_f64x2_mul(high, unradix);
    }
  }
  return out;
}

template <class P>
SERO_INLINE Field<P> add_limbs(const Field<P>& a, const Field<P>& b) {
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_f64x2_add(a.v[j], b.v[j]);
  return out;
}

template <class P>
SERO_INLINE Field<P> sub_limbs(const Field<P>& a, const Field<P>& b) {
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_f64x2_sub(a.v[j], b.v[j]);
  return out;
}

template <class P>
SERO_INLINE Field<P> add_tight(const Field<P>& a, const Field<P>& b) {
  return nearest<P>(add_limbs(a, b).v);
}

template <class P>
SERO_INLINE Field<P> sub_tight(const Field<P>& a, const Field<P>& b) {
  return nearest<P>(sub_limbs(a, b).v);
}

SERO_INLINE Fq add(const Fq& a, const Fq& b) { return add_tight(a, b); }
SERO_INLINE Fq sub(const Fq& a, const Fq& b) { return sub_tight(a, b); }
SERO_INLINE Fr add(const Fr& a, const Fr& b) { return add_limbs(a, b); }
SERO_INLINE Fr sub(const Fr& a, const Fr& b) { return sub_limbs(a, b); }
SERO_INLINE Fr sub_wide(const Fr& a, const Fr& b) { return sub(a, b); }

/// a - b - c.
SERO_INLINE Fq sub2_tight(const Fq& a, const Fq& b, const Fq& c) {
  return nearest<FqParams>(sub_limbs(sub_limbs(a, b), c).v);
}
/// b - a, and square - x1 - x2 where `difference` is sub_loose(x2, x1).
SERO_INLINE Fq sub_loose(const Fq& b, const Fq& a) { return sub_tight(b, a); }
SERO_INLINE Fq chord_x(const Fq& square, const Fq& x1, const Fq& difference) {
  return nearest<FqParams>(sub_limbs(sub_limbs(sub_limbs(square, x1), x1), difference).v);
}

/// The sign bits of the lanes in the mask.
SERO_INLINE v128_t signs(Mask negative) {
  return wasm_f64x2_make(negative & 1 ? -0.0 : 0.0, negative & 2 ? -0.0 : 0.0);
}

/// a - b, with a negated in the lanes of the mask.
SERO_INLINE Fq signed_difference(Mask negative, const Fq& a, const Fq& b) {
  const v128_t sign = signs(negative);
  v128_t t[Shape<FqParams>::LIMBS];
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<FqParams>::LIMBS; j++) t[j] = wasm_f64x2_sub(wasm_v128_xor(a.v[j], sign), b.v[j]);
  return nearest<FqParams>(t);
}

/// a - b, the whole negated in the lanes of the mask.
SERO_INLINE Fq sub_tight_signed(Mask negative, const Fq& a, const Fq& b) {
  const v128_t sign = signs(negative);
  v128_t t[Shape<FqParams>::LIMBS];
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<FqParams>::LIMBS; j++) t[j] = wasm_v128_xor(wasm_f64x2_sub(a.v[j], b.v[j]), sign);
  return nearest<FqParams>(t);
}

template <class P>
SERO_INLINE Field<P> neg(const Field<P>& a) {
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_f64x2_neg(a.v[j]);
  return out;
}

template <class P>
SERO_INLINE Field<P> dbl(const Field<P>& a) {
  return add(a, a);
}

template <class P>
SERO_INLINE Field<P> zero_element() {
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_f64x2_splat(0);
  return out;
}

/// Lane by lane: b where the mask's bit is set, else a.
template <class P>
SERO_INLINE Field<P> select(Mask mask, const Field<P>& a, const Field<P>& b) {
  const v128_t bits = wasm_i64x2_make(mask & 1 ? -1 : 0, mask & 2 ? -1 : 0);
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_v128_bitselect(b.v[j], a.v[j], bits);
  return out;
}

/// -a in the lanes of the mask.
template <class P>
SERO_INLINE Field<P> negate_if(Mask mask, const Field<P>& a) {
  const v128_t sign = signs(mask);
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_v128_xor(a.v[j], sign);
  return out;
}

SERO_INLINE Fr negate_wide_if(Mask mask, const Fr& a) { return negate_if(mask, a); }

/// The lanes that are 0 modulo p: below p in size only 0 itself is one, and its limbs are zeros, as they are below
/// 2^RADIX in size.
template <class P>
SERO_INLINE Mask is_zero(const Field<P>& a) {
  const Field<P> low = nearest<P>(a.v);
  v128_t zero = wasm_f64x2_eq(low.v[0], wasm_f64x2_splat(0));
#pragma clang loop unroll(full)
  for (int j = 1; j < Shape<P>::LIMBS; j++) {
    zero = wasm_v128_and(zero, wasm_f64x2_eq(low.v[j], wasm_f64x2_splat(0)));
  }
  return static_cast<Mask>(wasm_i64x2_bitmask(zero));
}

/// The lanes in which a and b are equal modulo p.
template <class P>
SERO_INLINE Mask is_equal(const Field<P>& a, const Field<P>& b) {
  return is_zero(sub_limbs(a, b));
}

/// The words of one lane as limbs: below 2^RADIX, not negative; for mul by a constant.
template <class P>
SERO_INLINE void words_to_limbs(const uint64_t* w, double* limbs) {
  constexpr int L = Shape<P>::LIMBS, RADIX = Shape<P>::RADIX;
#pragma clang loop unroll(full)
  for (int j = 0; j < L; j++) {
    const int bit = RADIX * j, word = bit / 64, shift = bit % 64;
    uint64_t x = w[word] >> shift;
    if (shift + RADIX > 64 && word + 1 < P::WORDS) x |= w[word + 1] << (64 - shift);
    limbs[j] = static_cast<double>(static_cast<int64_t>(x & ((uint64_t{1} << RADIX) - 1)));
  }
}

/// The words of one lane's signed limbs, of a value in (-p, p): p is added where it is negative.
template <class P>
SERO_INLINE void limbs_to_words(const double* limbs, uint64_t* w) {
  constexpr int L = Shape<P>::LIMBS, RADIX = Shape<P>::RADIX;
  int64_t carry = 0;
  uint64_t low[L];
#pragma clang loop unroll(full)
  for (int j = 0; j < L; j++) {
    const int64_t x = __builtin_wasm_trunc_saturate_s_i64_f64(limbs[j]) + carry;
    low[j] = j + 1 < L ? static_cast<uint64_t>(x) & ((uint64_t{1} << RADIX) - 1) : static_cast<uint64_t>(x);
    carry = x >> RADIX;
  }
  const uint64_t mask = static_cast<uint64_t>(carry >> 63);
  unsigned over = 0;
#pragma clang loop unroll(full)
  for (int k = 0; k < P::WORDS; k++) {
    const int bit = 64 * k, limb = bit / RADIX, shift = bit % RADIX;
    // The highest limb's sign lies above the words.
    uint64_t x = low[limb] >> shift;
    if (limb + 1 < L) x |= low[limb + 1] << (RADIX - shift);
    if (limb + 2 < L && 2 * RADIX - shift < 64) x |= low[limb + 2] << (2 * RADIX - shift);
    const unsigned __int128 sum = static_cast<unsigned __int128>(x) + (P::P64[k] & mask) + over;
    w[k] = static_cast<uint64_t>(sum);
    over = static_cast<unsigned>(sum >> 64);
  }
}

template <class P>
SERO_INLINE Field<P> join_lanes(const double (*lanes)[Shape<P>::LIMBS]) {
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_f64x2_make(lanes[0][j], lanes[1][j]);
  return out;
}

template <class P>
SERO_INLINE Field<P> load_words(const uint8_t* first, const uint8_t* second) {
  uint64_t w[P::WORDS];
  double lanes[LANES][Shape<P>::LIMBS];
  std::memcpy(w, first, sizeof w);
  words_to_limbs<P>(w, lanes[0]);
  std::memcpy(w, second, sizeof w);
  words_to_limbs<P>(w, lanes[1]);
  return join_lanes<P>(lanes);
}

template <class P>
SERO_INLINE void store_words(uint8_t* first, uint8_t* second, const Field<P>& a) {
  const Field<P> low = nearest<P>(a.v);
  double lanes[LANES][Shape<P>::LIMBS];
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) {
    lanes[0][j] = wasm_f64x2_extract_lane(low.v[j], 0);
    lanes[1][j] = wasm_f64x2_extract_lane(low.v[j], 1);
  }
  uint64_t w[P::WORDS];
  limbs_to_words<P>(lanes[0], w);
  std::memcpy(first, w, sizeof w);
  limbs_to_words<P>(lanes[1], w);
  std::memcpy(second, w, sizeof w);
}

enum Constant { UNIT, ONE, R2, FROM_R64, TO_R64 };

/// 1, R, R^2, R^2 / 2^(64 WORDS), 2^(64 WORDS) in every lane.
template <class P>
SERO_INLINE Field<P> constant(Constant which) {
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = Shape<P>::constants()[which * Shape<P>::LIMBS + j];
  return out;
}

/// Every lane the same canonical value, given by its words.
template <class P>
SERO_INLINE Field<P> same(const uint64_t* words) {
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(words);
  return mul(load_words<P>(bytes, bytes), constant<P>(R2));
}

template <class P>
SERO_INLINE Field<P> one() {
  return constant<P>(ONE);
}

SERO_INLINE Vector offsets(const uint64_t* of_lane) { return {{of_lane[0], of_lane[1]}}; }
SERO_INLINE Vector strided(size_t stride) { return {{0, stride}}; }

/// Two canonical little-endian values, `stride` bytes apart. The caller has checked that they are below p.
template <class P>
SERO_INLINE Field<P> load_canonical(const void* base, size_t stride) {
  const uint8_t* bytes = static_cast<const uint8_t*>(base);
  return mul(load_words<P>(bytes, bytes + stride), constant<P>(R2));
}

template <class P>
SERO_INLINE void store_canonical(void* base, size_t stride, const Field<P>& a) {
  uint8_t* bytes = static_cast<uint8_t*>(base);
  store_words<P>(bytes, bytes + stride, mul(a, constant<P>(UNIT)));
}

/// Two values in Montgomery form with R = 2^(64 WORDS), as blst and .zkey files hold them, at byte offsets.
template <class P>
SERO_INLINE Field<P> load_r64(const void* base, Vector offset) {
  const uint8_t* bytes = static_cast<const uint8_t*>(base);
  return mul(load_words<P>(bytes + offset.of_lane[0], bytes + offset.of_lane[1]), constant<P>(FROM_R64));
}

template <class P>
SERO_INLINE void store_r64(void* base, Vector offset, const Field<P>& a) {
  uint8_t* bytes = static_cast<uint8_t*>(base);
  store_words<P>(bytes + offset.of_lane[0], bytes + offset.of_lane[1], mul(a, constant<P>(TO_R64)));
}

/// Bytes of a coordinate as load_rows and store_rows keep it: the limbs of one lane.
constexpr size_t ROW_BYTES = 64;

SERO_INLINE Fq load_rows(const uint8_t* const* rows) {
  Fq out;
#pragma clang loop unroll(full)
  for (int j = 0; j < 8; j += 2) {
    const v128_t first = wasm_v128_load(rows[0] + 8 * j), second = wasm_v128_load(rows[1] + 8 * j);
    out.v[j] = wasm_i64x2_shuffle(first, second, 0, 2);
    out.v[j + 1] = wasm_i64x2_shuffle(first, second, 1, 3);
  }
  return out;
}

SERO_INLINE void store_rows(uint8_t* const* rows, const Fq& a) {
#pragma clang loop unroll(full)
  for (int j = 0; j < 8; j += 2) {
    wasm_v128_store(rows[0] + 8 * j, wasm_i64x2_shuffle(a.v[j], a.v[j + 1], 0, 2));
    wasm_v128_store(rows[1] + 8 * j, wasm_i64x2_shuffle(a.v[j], a.v[j + 1], 1, 3));
  }
}

/// The lanes whose number has the bit `distance`, which is 1.
SERO_INLINE Mask upper_lanes(int) { return 2; }

/// The lanes exchanged; distance is 1.
template <class P>
SERO_INLINE Field<P> swap_lanes(const Field<P>& a, int) {
  Field<P> out;
#pragma clang loop unroll(full)
  for (int j = 0; j < Shape<P>::LIMBS; j++) out.v[j] = wasm_i64x2_shuffle(a.v[j], a.v[j], 1, 0);
  return out;
}

}  // namespace SERO_KERNEL
}  // namespace sero
