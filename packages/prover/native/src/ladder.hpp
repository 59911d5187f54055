// The Montgomery ladder (Montgomery 1987; Costello and Smith, eprint 2017/212) over x = (1 + v) / (1 - v) of
// Jubjub's Montgomery curve, in every lane at once, for one scalar. It does the same work whatever the scalar
// is. To be included after a field header; a kernel that has steps of its own (ladder_ifma.hpp) includes them
// before.
#pragma once

#include "jubjub_constants.hpp"
#include "ladder_result.hpp"

namespace sero {
namespace SERO_KERNEL {
namespace jubjub {

#if !defined(SERO_OWN_LADDER)

/// The two points of the ladder, and the x of their difference.
struct Ladder {
  LadderResult at;
  Fr x;
  /// (A - 2) / 4
  Fr a24;
};

SERO_INLINE void start_ladder(Ladder* s, const Fr& x) {
  s->at = {one<FrParams>(), zero_element<FrParams>(), x, one<FrParams>()};
  s->x = x;
  s->a24 = same<FrParams>(jubjub_constants::LADDER);
}

SERO_INLINE void swap_points(Ladder* s, uint64_t bit) {
  swap_if(bit, &s->at.x, &s->at.next_x);
  swap_if(bit, &s->at.z, &s->at.next_z);
}

/// The first point doubled, the second the sum of both. RFC 7748, section 5, where the names are from.
SERO_INLINE void step_ladder(Ladder* s) {
  LadderResult& r = s->at;
  const Fr a = add(r.x, r.z);
  const Fr b = sub(r.x, r.z);
  const Fr c = add(r.next_x, r.next_z);
  const Fr d = sub(r.next_x, r.next_z);
  const Fr aa = sqr(a);
  const Fr bb = sqr(b);
  const Fr e = sub(aa, bb);
  const Fr da = mul(d, a);
  const Fr cb = mul(c, b);
  r.next_x = sqr(add(da, cb));
  r.next_z = mul(s->x, sqr(sub(da, cb)));
  r.x = mul(aa, bb);
  r.z = mul(e, add(aa, mul(s->a24, e)));
}

/// The first point doubled; the second is of no use any more.
SERO_INLINE void double_ladder(Ladder* s) {
  LadderResult& r = s->at;
  const Fr aa = sqr(add(r.x, r.z));
  const Fr bb = sqr(sub(r.x, r.z));
  const Fr e = sub(aa, bb);
  r.x = mul(aa, bb);
  r.z = mul(e, add(aa, mul(s->a24, e)));
}

SERO_INLINE LadderResult ladder_result(const Ladder& s) { return s.at; }

#endif

constexpr int KEY_BITS = 252;
constexpr int COFACTOR_BITS = 3;

/// [8 key](x : 1) in `s`, and, where `with_next` is set, [8 key + 1](x : 1).
SERO_NOINLINE void run_ladder(Ladder* s, const Fr& x, const uint8_t* key, bool with_next) {
  start_ladder(s, x);
  uint64_t swapped = 0;
  for (int i = KEY_BITS - 1; i >= 0; i--) {
    const uint64_t bit = (key[i >> 3] >> (i & 7)) & 1;
    swap_points(s, bit ^ swapped);
    swapped = bit;
    step_ladder(s);
  }
  swap_points(s, swapped);
  for (int i = 0; i < COFACTOR_BITS; i++) {
    if (with_next) {
      step_ladder(s);
    } else {
      double_ladder(s);
    }
  }
}

}  // namespace jubjub
}  // namespace SERO_KERNEL
}  // namespace sero
