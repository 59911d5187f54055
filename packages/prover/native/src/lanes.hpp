// Words and elements lane by lane, for the kernels over any number of lanes. To be included after a field
// header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#define SERO_NOINLINE static __attribute__((noinline))

namespace sero {
namespace SERO_KERNEL {

template <int N>
struct WordsOf {
  typedef uint64_t Type __attribute__((vector_size(8 * N)));
};

template <>
struct WordsOf<1> {
  using Type = uint64_t;
};

/// A word of 64 bits a lane.
using Words = WordsOf<LANES>::Type;

SERO_INLINE Words same_word(uint64_t x) { return Words{} + x; }

SERO_INLINE uint64_t load64(const uint8_t* bytes) {
  uint64_t x;
  std::memcpy(&x, bytes, 8);
  return x;
}

/// The words at `base` + lane * `stride`.
SERO_INLINE Words gather_words(const uint8_t* base, size_t stride) {
  uint64_t x[LANES];
  for (int lane = 0; lane < LANES; lane++) x[lane] = load64(base + stride * lane);
  Words out;
  std::memcpy(&out, x, sizeof out);
  return out;
}

/// Words that hold an element, lane by lane.
constexpr int FR_WORDS = sizeof(Fr) / (8 * LANES);

/// One lane of an element, in the kernel's own form.
struct Single {
  uint64_t word[FR_WORDS];
};

SERO_INLINE Single lane_of(const Fr& a, int lane) {
  Single out;
  for (int k = 0; k < FR_WORDS; k++) {
    std::memcpy(&out.word[k], reinterpret_cast<const uint8_t*>(&a) + 8 * (LANES * k + lane), 8);
  }
  return out;
}

SERO_INLINE void set_lane(Fr* a, int lane, const Single& value) {
  for (int k = 0; k < FR_WORDS; k++) {
    std::memcpy(reinterpret_cast<uint8_t*>(a) + 8 * (LANES * k + lane), &value.word[k], 8);
  }
}

/// Every lane the same.
SERO_INLINE Fr spread(const Single& value) {
  Fr out;
#pragma GCC unroll 8
  for (int k = 0; k < FR_WORDS; k++) {
    const Words x = same_word(value.word[k]);
    std::memcpy(reinterpret_cast<uint8_t*>(&out) + 8 * LANES * k, &x, sizeof x);
  }
  return out;
}

/// Values in Montgomery form with R = 2^256 in the kernel's form.
SERO_NOINLINE void load_singles(Single* out, const uint64_t (*source)[4], size_t count) {
  for (size_t at = 0; at < count; at += LANES) {
    uint64_t offset[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      const size_t from = at + lane < count ? at + lane : count - 1;
      offset[lane] = 32 * from;
    }
    const Fr values = load_r64<FrParams>(source, offsets(offset));
    for (int lane = 0; lane < LANES && at + lane < count; lane++) out[at + lane] = lane_of(values, lane);
  }
}

/// Products where speed is not all: a call each, so that code stays small and compiles fast.
SERO_NOINLINE Fr product_of(const Fr& a, const Fr& b) { return mul(a, b); }
SERO_NOINLINE Fr square_of(const Fr& a) { return sqr(a); }
SERO_NOINLINE Fr constant_of(const uint64_t* words) { return same<FrParams>(words); }
SERO_NOINLINE Mask zeros_of(const Fr& a) { return is_zero(a); }
SERO_NOINLINE Fr canonical_lanes(const void* base, size_t stride) {
  return load_canonical<FrParams>(base, stride);
}

/// Exchanges a and b where `bit` is 1, by the same instructions where it is 0.
SERO_INLINE void swap_if(uint64_t bit, Fr* a, Fr* b) {
  const Words mask = same_word(0 - bit);
  uint8_t* const left = reinterpret_cast<uint8_t*>(a);
  uint8_t* const right = reinterpret_cast<uint8_t*>(b);
#pragma GCC unroll 8
  for (int k = 0; k < FR_WORDS; k++) {
    Words x, y;
    std::memcpy(&x, left + 8 * LANES * k, sizeof x);
    std::memcpy(&y, right + 8 * LANES * k, sizeof y);
    const Words change = (x ^ y) & mask;
    x ^= change;
    y ^= change;
    std::memcpy(left + 8 * LANES * k, &x, sizeof x);
    std::memcpy(right + 8 * LANES * k, &y, sizeof y);
  }
}

/// The mask with all lanes set.
constexpr Mask ALL_LANES = static_cast<Mask>((1u << LANES) - 1);

SERO_INLINE Mask both(Mask a, Mask b) { return static_cast<Mask>(a & b); }
SERO_INLINE Mask either(Mask a, Mask b) { return static_cast<Mask>(a | b); }
SERO_INLINE Mask except(Mask a, Mask b) { return static_cast<Mask>(a & ~b & ALL_LANES); }
SERO_INLINE bool has_lane(Mask mask, int lane) { return ((mask >> lane) & 1) != 0; }
SERO_INLINE Mask lane_mask(int lane) { return static_cast<Mask>(1u << lane); }

/// Values of 4 words, little-endian, LANES of them, for work lane by lane.
struct LaneBytes {
  alignas(64) uint8_t byte[LANES][32];
};

SERO_NOINLINE LaneBytes canonical_bytes(const Fr& a) {
  LaneBytes out;
  store_canonical(out.byte, 32, a);
  return out;
}

/// The lanes whose canonical value is odd.
SERO_INLINE Mask odd_lanes(const LaneBytes& values) {
  unsigned out = 0;
  for (int lane = 0; lane < LANES; lane++) out |= (values.byte[lane][0] & 1u) << lane;
  return static_cast<Mask>(out);
}

}  // namespace SERO_KERNEL
}  // namespace sero
