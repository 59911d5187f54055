// Jubjub in every lane at once: -u^2 + v^2 = 1 + d u^2 v^2 (Zcash protocol, section 5.4.9.3). To be included
// after a field header.
//
// Bounds on IFMA: products are below p + a b / R, R > 35p; so with factors whose bounds multiply to less than
// 35 p^2 a product is tight. Sums say below how many p they are where that is not 4.
#pragma once

#include "jubjub_constants.hpp"
#include "jubjub_kernels.hpp"
#include "lanes.hpp"

namespace sero {
namespace SERO_KERNEL {
namespace jubjub {

/// Vectors that share an inversion.
constexpr size_t VECTORS = LANES > 1 ? 32 : 128;
constexpr size_t CHUNK = VECTORS * LANES;

SERO_INLINE bool bit_of(const uint64_t* words, int bit) { return ((words[bit >> 6] >> (bit & 63)) & 1) != 0; }

/// base^exponent by sliding windows of 5 bits. The exponent, of 4 words, is public and not 0.
SERO_NOINLINE Fr power(const Fr& base, const uint64_t* exponent) {
  constexpr int WINDOW = 5;
  Fr odd[1 << (WINDOW - 1)];
  const Fr square = square_of(base);
  odd[0] = base;
  for (int i = 1; i < 1 << (WINDOW - 1); i++) odd[i] = product_of(odd[i - 1], square);
  int at = 255;
  while (!bit_of(exponent, at)) at--;
  Fr out = one<FrParams>();
  while (at >= 0) {
    // A zero alone, or a digit of at most 5 bits that ends in a one.
    int low = at;
    if (bit_of(exponent, at)) {
      low = at - (WINDOW - 1) < 0 ? 0 : at - (WINDOW - 1);
      while (!bit_of(exponent, low)) low++;
    }
    int digit = 0;
    for (; at >= low; at--) {
      digit = 2 * digit + (bit_of(exponent, at) ? 1 : 0);
      out = sqr(out);
    }
    if (digit != 0) out = product_of(out, odd[digit >> 1]);
  }
  return out;
}

/// Replaces values, none of them zero, by their inverses, with one inversion (Montgomery 1987, section
/// 10.3.1).
SERO_NOINLINE void invert_all(Fr* values, size_t count) {
  if (count == 0) return;
  Fr before[VECTORS];
  Fr product = values[0];
  for (size_t k = 1; k < count; k++) {
    before[k] = product;
    product = product_of(product, values[k]);
  }
  Fr inverse = power(product, jubjub_constants::INVERT);
  for (size_t k = count - 1; k > 0; k--) {
    const Fr value = values[k];
    values[k] = product_of(inverse, before[k]);
    inverse = product_of(inverse, value);
  }
  values[0] = inverse;
}

/// The tables of `square_root` in the kernel's form.
struct RootTables {
  Single inverse[7 * 16];
  Single half[8 * 16];
};

SERO_NOINLINE void load_root_tables(RootTables* out) {
  load_singles(out->inverse, jubjub_constants::ROOT_INVERSE, 7 * 16);
  load_singles(out->half, jubjub_constants::ROOT_HALF, 8 * 16);
}

/// The digits d of elements of order 16, as powers of g^(2^28); lanes that hold no such element get 0.
SERO_INLINE void logarithms(const Fr& element, uint8_t* digits) {
  const LaneBytes bytes = canonical_bytes(element);
  for (int lane = 0; lane < LANES; lane++) {
    const uint64_t word = load64(bytes.byte[lane]);
    digits[lane] = 0;
    for (int d = 0; d < 16; d++) {
      if (word == jubjub_constants::ROOT_WORD[d]) digits[lane] = static_cast<uint8_t>(d);
    }
  }
}

SERO_INLINE Fr looked_up(const Single* row, const uint8_t* digits) {
  Fr out;
  for (int lane = 0; lane < LANES; lane++) set_lane(&out, lane, row[digits[lane]]);
  return out;
}

/// `*root` becomes a square root of a, tight, in the lanes that are returned: those that hold a square.
///
/// Tonelli and Shanks with tables (Sarkar, eprint 2020/1407): a^t is a power g^D of a generator of the
/// elements whose order divides 2^32; D is found 4 bits at a time; then a^((t + 1) / 2) g^(-D / 2) is the
/// root. Time does not depend on a; which entries of the tables are read does.
SERO_NOINLINE Mask square_root(Fr* root, const Fr& a, const RootTables& tables) {
  constexpr int DIGITS = 8;
  const Fr half = power(a, jubjub_constants::HALF_ODD);
  Fr out = product_of(a, half);
  // powers[k] = (a^t)^(16^k)
  Fr powers[DIGITS];
  powers[0] = product_of(out, half);
  for (int k = 1; k < DIGITS; k++) powers[k] = square_of(square_of(square_of(square_of(powers[k - 1]))));
  uint8_t digits[LANES];
  unsigned squares = 0;
  for (int i = 0; i < DIGITS; i++) {
    // What the digits before this one contribute has been taken off.
    logarithms(powers[DIGITS - 1 - i], digits);
    if (i == 0) {
      for (int lane = 0; lane < LANES; lane++) squares |= static_cast<unsigned>(~digits[lane] & 1) << lane;
    }
    out = product_of(out, looked_up(tables.half + 16 * i, digits));
    for (int k = 0; k < DIGITS - 1 - i; k++) {
      powers[k] = product_of(powers[k], looked_up(tables.inverse + 16 * (k + i), digits));
    }
  }
  *root = out;
  return static_cast<Mask>(squares);
}

/// Encodings of points, taken apart.
struct Encoding {
  Fr v;
  /// The lanes with v below the modulus; in the others v is 1.
  Mask canonical;
  Mask sign;
};

SERO_INLINE bool is_below(const uint8_t* value, const uint64_t* bound) {
  for (int k = 3; k >= 0; k--) {
    const uint64_t word = load64(value + 8 * k);
    if (word != bound[k]) return word < bound[k];
  }
  return false;
}

/// Takes `here` encodings, at most LANES, `stride` apart; lanes beyond them are not canonical.
SERO_INLINE Encoding load_encodings(const uint8_t* encodings, size_t stride, size_t here) {
  LaneBytes bytes;
  unsigned canonical = 0, sign = 0;
  for (size_t lane = 0; lane < LANES; lane++) {
    uint8_t* const value = bytes.byte[lane];
    if (lane < here) {
      std::memcpy(value, encodings + stride * lane, 32);
      sign |= static_cast<unsigned>(value[31] >> 7) << lane;
      value[31] &= 0x7f;
      if (is_below(value, FrParams::P64)) {
        canonical |= 1u << lane;
        continue;
      }
    }
    std::memset(value, 0, 32);
    value[0] = 1;
  }
  return {canonical_lanes(bytes.byte, 32), static_cast<Mask>(canonical), static_cast<Mask>(sign)};
}

/// Curve constants in the kernel's form.
struct CurveConstants {
  Fr one_;
  Fr d;
};

SERO_INLINE CurveConstants curve_constants() {
  return {one<FrParams>(), constant_of(jubjub_constants::D)};
}

/// 1 + d v^2, which is never zero: -1/d is no square.
SERO_INLINE Fr curve_denominator(const Fr& v, const CurveConstants& curve) {
  return add(curve.one_, product_of(curve.d, square_of(v)));
}

/// The u of points (ZIP 216), from v and the inverse of `curve_denominator`; `*valid` becomes the lanes that
/// decode.
SERO_INLINE Fr recover_u(const Encoding& encoding, const Fr& inverse, const CurveConstants& curve,
                         const RootTables& tables, Mask* valid) {
  const Fr ratio = product_of(sub(square_of(encoding.v), curve.one_), inverse);
  const Mask zero = zeros_of(ratio);
  Fr u;
  const Mask square = either(square_root(&u, ratio, tables), zero);
  u = select(zero, u, zero_element<FrParams>());
  *valid = except(both(encoding.canonical, square), both(zero, encoding.sign));
  return negate_if(static_cast<Mask>(odd_lanes(canonical_bytes(u)) ^ encoding.sign), u);
}

/// The lanes whose points lie in the prime subgroup; the points must not have small order.
///
/// The Tate pairing with a point T of order 8 is the power (p - 1) / 8 of f_T(P), and is 1 just for the
/// multiples of 8, for the torsion of the group is cyclic of order 8 (Koshelev, eprint 2022/037). f_T up to
/// 8th powers is derived in tools/generate-constants.ts.
SERO_NOINLINE Mask in_prime_subgroup(const Fr& u, const Fr& v) {
  namespace c = jubjub_constants;
  const Fr unit = one<FrParams>();
  const Fr n = add(unit, v);
  const Fr m = sub(unit, v);
  const Fr tangent = product_of(n, sub(unit, product_of(constant_of(c::SLOPE), u)));
  const Fr line = add(tangent, product_of(product_of(constant_of(c::SHIFT), m), u));
  const Fr second = product_of(u, sub(unit, product_of(constant_of(c::QUARTER), u)));
  const Fr root = product_of(product_of(square_of(product_of(line, v)), second), product_of(square_of(m), m));
  const Fr residue = product_of(product_of(constant_of(c::SCALE), product_of(n, m)), square_of(root));
  Fr character = product_of(square_of(power(residue, c::HALF_ODD)), residue);
  for (int i = 0; i < 29; i++) character = square_of(character);
  return zeros_of(sub(character, unit));
}

/// JubjubKernels::decode.
SERO_NOINLINE void decode_points(const uint8_t* encodings, size_t stride, size_t count, int classify,
                                 PointKind* kinds, uint8_t* affine) {
  RootTables tables;
  load_root_tables(&tables);
  const CurveConstants curve = curve_constants();
  const Fr eighth = constant_of(jubjub_constants::EIGHTH);
  const Fr minus_one = neg(curve.one_);
  Encoding encoding[VECTORS];
  Fr inverse[VECTORS];
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t chunk = count - start < CHUNK ? count - start : CHUNK;
    const size_t vectors = (chunk + LANES - 1) / LANES;
    for (size_t k = 0; k < vectors; k++) {
      const size_t at = LANES * k;
      const size_t here = chunk - at < LANES ? chunk - at : LANES;
      encoding[k] = load_encodings(encodings + stride * (start + at), stride, here);
      inverse[k] = curve_denominator(encoding[k].v, curve);
    }
    invert_all(inverse, vectors);
    for (size_t k = 0; k < vectors; k++) {
      const Fr& v = encoding[k].v;
      Mask valid;
      const Fr u = recover_u(encoding[k], inverse[k], curve, tables, &valid);
      const Mask identity = zeros_of(sub(v, curve.one_));
      const Fr square = square_of(v);
      Mask small = 0, prime = ALL_LANES;
      if (classify != 0) {
        small = either(either(zeros_of(sub(v, minus_one)), zeros_of(v)), zeros_of(sub(square, eighth)));
        prime = in_prime_subgroup(u, v);
      }
      const LaneBytes u_bytes = canonical_bytes(u), v_bytes = canonical_bytes(v);
      for (size_t lane = 0; lane < LANES && LANES * k + lane < chunk; lane++) {
        const size_t at = start + LANES * k + lane;
        const int l = static_cast<int>(lane);
        const bool decodes = has_lane(valid, l);
        kinds[at] = !decodes                ? PointKind::MALFORMED
                    : has_lane(identity, l) ? PointKind::IDENTITY
                    : has_lane(small, l)    ? PointKind::SMALL_ORDER
                    : has_lane(prime, l)    ? PointKind::PRIME
                                            : PointKind::STRAY;
        if (affine == nullptr) continue;
        uint8_t* const out = affine + 64 * at;
        std::memset(out, 0, 64);
        if (!decodes) continue;
        std::memcpy(out, u_bytes.byte[lane], 32);
        std::memcpy(out + 32, v_bytes.byte[lane], 32);
      }
    }
  }
}

/// A point in extended coordinates: u = x / z, v = y / z, t = x y / z (Hisil, Wong, Carter, Dawson, eprint
/// 2008/522).
struct Point {
  Fr x, y, z, t;
};

/// What an addition wants of its second point: y + x, y - x, 2 z, 2 d t.
struct Cached {
  Fr sum, difference, z2, t2d;
};

SERO_INLINE Point identity_point() {
  const Fr zero = zero_element<FrParams>();
  return {zero, one<FrParams>(), one<FrParams>(), zero};
}

SERO_NOINLINE Cached cached(const Point& p, const Fr& d2) {
  return {add(p.y, p.x), sub(p.y, p.x), dbl(p.z), mul(p.t, d2)};
}

/// Section 3.1 with k = 2d: complete, for -1 is a square and d is not.
SERO_NOINLINE Point add_points(const Point& p, const Cached& q) {
  const Fr a = mul(sub(p.y, p.x), q.difference);
  const Fr b = mul(add(p.y, p.x), q.sum);
  const Fr c = mul(p.t, q.t2d);
  const Fr d = mul(p.z, q.z2);
  const Fr e = sub(b, a);
  const Fr f = sub(d, c);
  const Fr g = add(d, c);
  const Fr h = add(b, a);
  return {mul(e, f), mul(g, h), mul(f, g), mul(e, h)};
}

/// Section 3.3, signs turned. Bounds for coordinates below 2p: a, b < 1.2p, h < 2.4p, e < 4.4p, g < 3.2p, f <
/// 5.6p.
SERO_NOINLINE Point double_point(const Point& p) {
  const Fr a = sqr(p.x);
  const Fr b = sqr(p.y);
  const Fr c = dbl(sqr(p.z));
  const Fr h = add(a, b);
  const Fr e = sub(h, sqr(add(p.x, p.y)));
  const Fr g = sub(a, b);
  const Fr f = add(c, g);
  return {mul(e, f), mul(g, h), mul(f, g), mul(e, h)};
}

}  // namespace jubjub
}  // namespace SERO_KERNEL
}  // namespace sero
