// Multiples of many points, each by a scalar of its own, over lanes.
//
// A scalar is cut by an endomorphism into 2 parts of 128 bits (G1: [x^2] P = -phi(P)) or 4 of 64 (G2: [x] P = psi(P)), x
// the curve's parameter: Gallant, Lambert, Vanstone, CRYPTO 2001; Galbraith, Lin, Scott, EUROCRYPT 2009. The parts share
// their doublings and go through signed windows of 4 bits over affine tables of the multiples 1 to 8, made affine by one
// inversion for all lanes. Entries are chosen by blending all of them, so that time and addresses do not depend on scalars.
//
// The additions of curve_lanes.hpp are incomplete: what they cannot add leaves Z = 0, and the caller computes it again.
//
// Included after a field header, fq2.hpp and curve_lanes.hpp.
#pragma once

#include "multiply_kernels.hpp"

namespace sero {
namespace SERO_KERNEL {

constexpr int TABLE = 8;
constexpr int WINDOW = 4;
constexpr int SCALAR_WORDS = 4;

/// quotient, rest := value / divisor, both of `words` words, value of twice as many, the divisor's top bit set and the
/// quotient below 2^(64 words). Bit by bit: 1 part in 20 of what follows, and the same steps for every value.
SERO_INLINE void divide(const uint64_t* value, const uint64_t* divisor, int words, uint64_t* quotient, uint64_t* rest) {
  for (int k = 0; k < words; k++) rest[k] = value[words + k];
  for (int k = 0; k < words; k++) quotient[k] = value[k];
  for (int bit = 0; bit < 64 * words; bit++) {
    // (rest, quotient) moves up by a bit; what leaves rest makes it larger than any divisor.
    const uint64_t out = rest[words - 1] >> 63;
    for (int k = words - 1; k >= 0; k--) {
      const uint64_t below = k > 0 ? rest[k - 1] : quotient[words - 1];
      rest[k] = rest[k] << 1 | below >> 63;
    }
    for (int k = words - 1; k >= 0; k--) quotient[k] = quotient[k] << 1 | (k > 0 ? quotient[k - 1] >> 63 : 0);
    uint64_t difference[2], borrow = 0;
    for (int k = 0; k < words; k++) {
      const uint64_t first = rest[k] - divisor[k];
      difference[k] = first - borrow;
      borrow = static_cast<uint64_t>(rest[k] < divisor[k]) | static_cast<uint64_t>(first < borrow);
    }
    const uint64_t fits = out | (borrow ^ 1), mask = 0 - fits;
    for (int k = 0; k < words; k++) rest[k] = (difference[k] & mask) | (rest[k] & ~mask);
    quotient[0] |= fits;
  }
}

/// x^2; its top bit is set.
constexpr uint64_t X_SQUARED[2] = {0x0000000100000000ull, 0xac45a4010001a402ull};

/// The group's endomorphism and how it cuts scalars.
template <class F>
struct Decomposition;

template <>
struct Decomposition<Fq> {
  static constexpr int PARTS = 2;
  static constexpr int WORDS = 2;
  static void cut(const uint64_t* scalar, uint64_t parts[PARTS][WORDS]) {
    divide(scalar, X_SQUARED, 2, parts[1], parts[0]);
  }
  /// [x^2] p = -phi(p) = (beta u, -v).
  SERO_INLINE Affine<Fq> next(const Affine<Fq>& p) {
    static constexpr uint64_t BETA[6] = {0x2e01fffffffefffeull, 0xde17d813620a0002ull, 0xddb3a93be6f89688ull,
                                         0xba69c6076a0f77eaull, 0x5f19672fdf76ce51ull, 0};
    return {times(p.x, same<FqParams>(BETA)), negated(p.y)};
  }
};

template <>
struct Decomposition<Fq2> {
  static constexpr int PARTS = 4;
  static constexpr int WORDS = 1;
  static void cut(const uint64_t* scalar, uint64_t parts[PARTS][WORDS]) {
    uint64_t high[2], low[2];
    divide(scalar, X_SQUARED, 2, high, low);
    divide(low, &MINUS_X, 1, parts[1], parts[0]);
    divide(high, &MINUS_X, 1, parts[3], parts[2]);
  }
  /// [-x] p = -psi(p); see in_g2 for the constants.
  SERO_INLINE Affine<Fq2> next(const Affine<Fq2>& p) {
    static constexpr uint64_t PSI_X[6] = {0x8bfd00000000aaadull, 0x409427eb4f49fffdull, 0x897d29650fb85f9bull,
                                          0xaa0d857d89759ad4ull, 0xec02408663d4de85ull, 0x1a0111ea397fe699ull};
    static constexpr uint64_t PSI_Y0[6] = {0xf1ee7b04121bdea2ull, 0x304466cf3e67fa0aull, 0xef396489f61eb45eull,
                                           0x1c3dedd930b1cf60ull, 0xe2e9c448d77a2cd9ull, 0x135203e60180a68eull};
    static constexpr uint64_t PSI_Y1[6] = {0xc81084fbede3cc09ull, 0xee67992f72ec05f4ull, 0x77f76e17009241c5ull,
                                           0x48395dabc2d3435eull, 0x6831e36d6bd17ffeull, 0x06af0e0437ff400bull};
    const Fq2 psi_x = {zero_element<FqParams>(), same<FqParams>(PSI_X)};
    const Fq2 psi_y = {same<FqParams>(PSI_Y0), same<FqParams>(PSI_Y1)};
    return {times(Fq2{p.x.c0, negated(p.x.c1)}, psi_x), negated(times(Fq2{p.y.c0, negated(p.y.c1)}, psi_y))};
  }
};

/// Windows of a part, and one for the last carry.
template <class F>
constexpr int POSITIONS = 64 * Decomposition<F>::WORDS / WINDOW + 1;

/// Digits from -8 to 8, lowest first: part p of lane k at position i is digit[p][i][k].
template <class F>
struct Digits {
  int8_t digit[Decomposition<F>::PARTS][POSITIONS<F>][LANES];
};

template <class F>
static void cut_digits(const uint8_t* scalar, int lane, Digits<F>* out) {
  using D = Decomposition<F>;
  uint64_t words[SCALAR_WORDS], parts[D::PARTS][D::WORDS];
  std::memcpy(words, scalar, sizeof words);
  D::cut(words, parts);
  for (int p = 0; p < D::PARTS; p++) {
    int carry = 0;
    for (int i = 0; i < POSITIONS<F>; i++) {
      const int bit = i * WINDOW;
      const int bits = bit < 64 * D::WORDS ? static_cast<int>((parts[p][bit / 64] >> (bit % 64)) & 15) : 0;
      const int digit = bits + carry;
      carry = digit > TABLE ? 1 : 0;
      out->digit[p][i][lane] = static_cast<int8_t>(digit - 16 * carry);
    }
  }
  sero_wipe(words, sizeof words);
  sero_wipe(parts, sizeof parts);
}

/// The lanes whose digit at a position is `value` or its negative.
template <int SIGNS>
SERO_INLINE Mask lanes_with(const int8_t* digits, int value) {
  uint32_t mask = 0;
  for (int k = 0; k < LANES; k++) {
    const int digit = digits[k];
    const int size = SIGNS == 2 && digit < 0 ? -digit : digit;
    mask |= static_cast<uint32_t>(size == value) << k;
  }
  return static_cast<Mask>(mask);
}

SERO_INLINE Mask negative_lanes(const int8_t* digits) {
  uint32_t mask = 0;
  for (int k = 0; k < LANES; k++) mask |= static_cast<uint32_t>(digits[k] < 0) << k;
  return static_cast<Mask>(mask);
}

/// table[0][i] = [i + 1] p, table[q] its images. False where a lane cannot be made so.
template <class F>
static bool make_table(const Affine<F>& p, Affine<F> table[][TABLE]) {
  Jacobian<F> multiple[TABLE];
  multiple[0] = from_affine(p);
  multiple[1] = multiple[0];
  double_point(&multiple[1]);
  for (int i = 2; i < TABLE; i++) {
    multiple[i] = multiple[i - 1];
    add_affine(&multiple[i], p);
  }
  F prefix[TABLE], inverse;
  prefix[1] = multiple[1].z;
  for (int i = 2; i < TABLE; i++) prefix[i] = times(prefix[i - 1], multiple[i].z);
  if (!invert(prefix[TABLE - 1], &inverse)) return false;
  table[0][0] = p;
  for (int i = TABLE - 1; i > 0; i--) {
    const F own = i > 1 ? times(inverse, prefix[i - 1]) : inverse;
    inverse = times(inverse, multiple[i].z);
    const F squared = square(own);
    table[0][i] = {times(multiple[i].x, squared), times(times(multiple[i].y, squared), own)};
  }
  for (int q = 1; q < Decomposition<F>::PARTS; q++) {
    for (int i = 0; i < TABLE; i++) table[q][i] = Decomposition<F>::next(table[q - 1][i]);
  }
  return true;
}

/// sum += the table's entry for each lane's digit; `finite` are the lanes that hold a point already.
template <class F>
SERO_INLINE void add_digit(const Affine<F>* table, const int8_t* digits, Jacobian<F>* sum, Mask* finite) {
  Affine<F> entry = table[0];
  for (int i = 1; i < TABLE; i++) {
    const Mask chosen = lanes_with<2>(digits, i + 1);
    entry.x = select(chosen, entry.x, table[i].x);
    entry.y = select(chosen, entry.y, table[i].y);
  }
  entry.y = select(negative_lanes(digits), entry.y, negated(entry.y));
  const Mask none = lanes_with<1>(digits, 0);
  Jacobian<F> added = *sum;
  add_affine(&added, entry);
  const Mask first = static_cast<Mask>(~*finite);
  const F one = CoordinateTraits<F>::one();
  added = {select(first, added.x, entry.x), select(first, added.y, entry.y), select(first, added.z, one)};
  *sum = {select(none, added.x, sum->x), select(none, added.y, sum->y), select(none, added.z, sum->z)};
  *finite = static_cast<Mask>(*finite | static_cast<Mask>(~none));
}

/// See MultiplyKernels.
template <class F>
static void multiply_points(const uint8_t* points, const uint8_t* scalars, size_t count, void* out) {
  using D = Decomposition<F>;
  constexpr size_t BYTES = FILE_POINT_BYTES<F>, OUT_BYTES = BYTES / 2 * 3;
  Digits<F> digits;
  Affine<F> table[D::PARTS][TABLE];
  alignas(64) uint8_t results[LANES * OUT_BYTES];
  for (size_t from = 0; from < count; from += LANES) {
    const size_t own = count - from < LANES ? count - from : LANES;
    uint64_t offset[LANES];
    for (size_t k = 0; k < LANES; k++) {
      const size_t i = from + (k < own ? k : own - 1);
      offset[k] = i * BYTES;
      cut_digits<F>(scalars + i * 32, static_cast<int>(k), &digits);
    }
    const Vector at = offsets(offset);
    const Affine<F> p = {load_file_coordinate<F>(points, at, 0), load_file_coordinate<F>(points, at, 1)};
    uint8_t* to = static_cast<uint8_t*>(out) + from * OUT_BYTES;
    if (!make_table(p, table)) {
      std::memset(to, 0, own * OUT_BYTES);
      continue;
    }
    const F zero = CoordinateTraits<F>::zero();
    Jacobian<F> sum = {zero, zero, zero};
    Mask finite = 0;
    for (int i = POSITIONS<F> - 1; i >= 0; i--) {
      if (i + 1 < POSITIONS<F>) {
        for (int d = 0; d < WINDOW; d++) double_point(&sum);
      }
      for (int q = 0; q < D::PARTS; q++) add_digit(table[q], digits.digit[q][i], &sum, &finite);
    }
    const Vector into = strided(OUT_BYTES);
    store_file_coordinate(results, into, 0, sum.x);
    store_file_coordinate(results, into, 1, sum.y);
    store_file_coordinate(results, into, 2, sum.z);
    std::memcpy(to, results, own * OUT_BYTES);
  }
  sero_wipe(&digits, sizeof digits);
}

SERO_INLINE Mask in_group(const Affine<Fq>& p) { return in_g1(p); }
SERO_INLINE Mask in_group(const Affine<Fq2>& p) { return in_g2(p); }

/// See MultiplyKernels.
template <class F>
static void check_points(const uint8_t* points, size_t count, uint8_t* is_in) {
  for (size_t from = 0; from < count; from += LANES) {
    const size_t own = count - from < LANES ? count - from : LANES;
    uint64_t offset[LANES];
    for (size_t k = 0; k < LANES; k++) offset[k] = (from + (k < own ? k : own - 1)) * FILE_POINT_BYTES<F>;
    const Vector at = offsets(offset);
    const Affine<F> p = {load_file_coordinate<F>(points, at, 0), load_file_coordinate<F>(points, at, 1)};
    const Mask inside = in_group(p);
    for (size_t k = 0; k < own; k++) is_in[from + k] = (inside >> k) & 1;
  }
}

static constexpr MultiplyKernels multiply_kernels() {
  return {multiply_points<Fq>, multiply_points<Fq2>, check_points<Fq>, check_points<Fq2>};
}

}  // namespace SERO_KERNEL
}  // namespace sero
