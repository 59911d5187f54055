// Square roots in Fq and Fq2 over lanes. Included after curve_lanes.hpp.
#pragma once

namespace sero {
namespace SERO_KERNEL {

/// a^((p-3)/4): 1 / sqrt(a) where a is a square, since p = 3 mod 4. Fixed windows of 5 bits, odd or zero.
SERO_NOINLINE Fq to_inverse_root_power(const Fq& a) {
  static constexpr uint64_t EXPONENT[6] = {0xee7fbfffffffeaaaull, 0x07aaffffac54ffffull, 0xd9cc34a83dac3d89ull,
                                           0xd91dd2e13ce144afull, 0x92c6e9ed90d2eb35ull, 0x0680447a8e5ff9a6ull};
  constexpr int WINDOW = 5;
  constexpr int TOP_BIT = 378;
  const auto bit_at = [](int bit) { return static_cast<unsigned>(EXPONENT[bit / 64] >> (bit % 64)) & 1; };
  Fq odd_power[1 << (WINDOW - 1)];
  odd_power[0] = a;
  const Fq aa = square(a);
  for (int i = 1; i < 1 << (WINDOW - 1); i++) odd_power[i] = times(odd_power[i - 1], aa);

  Fq out = a;
  for (int bit = TOP_BIT - 1; bit >= 0;) {
    if (bit_at(bit) == 0) {
      out = square(out);
      bit--;
      continue;
    }
    // The longest window from here that ends with a 1.
    int low = bit - WINDOW + 1 < 0 ? 0 : bit - WINDOW + 1;
    while (bit_at(low) == 0) low++;
    unsigned digit = 0;
    for (; bit >= low; bit--) {
      out = square(out);
      digit = digit << 1 | bit_at(bit);
    }
    out = times(out, odd_power[digit >> 1]);
  }
  return out;
}

/// The lanes in which a is a square, and a root of it there.
SERO_INLINE Mask root_of(const Fq& a, Fq* root) {
  *root = times(to_inverse_root_power(a), a);
  return is_zero(sub_tight(square(*root), a));
}

/// The same in Fq2, by the norm: for a = a0 + a1 i, s = sqrt(a0^2 + a1^2) and t = (a0 + s) / 2, of which
/// c = t^((p-3)/4), w = t c: where t is a square, w^2 = t and 1 / w = c, so that w + (a1 c / 2) i is a root; where it is
/// not, w^2 = -t and 1 / w = -c, so that -a1 c / 2 + w i is one.
SERO_INLINE Mask root_of(const Fq2& a, Fq2* root) {
  static constexpr uint64_t HALF[6] = {0xdcff7fffffffd556ull, 0x0f55ffff58a9ffffull, 0xb39869507b587b12ull,
                                       0xb23ba5c279c2895full, 0x258dd3db21a5d66bull, 0x0d0088f51cbff34dull};
  const Fq half = same<FqParams>(HALF);
  Fq norm_root;
  root_of(add_tight(square(a.c0), square(a.c1)), &norm_root);
  const Fq sum = add_tight(a.c0, norm_root);
  // t = 0 where s = -a0, which leaves a1 = 0: then the other root of the norm gives t = a0.
  const Fq t = times(select(is_zero(sum), sum, sub_tight(a.c0, norm_root)), half);
  const Fq c = to_inverse_root_power(t);
  const Fq w = times(t, c);
  const Fq other = times(times(a.c1, c), half);
  const Mask is_square = is_zero(sub_tight(square(w), t));
  root->c0 = select(is_square, negated(other), w);
  root->c1 = select(is_square, w, other);
  // Decides alone whether a is a square, whatever became of the norm's root.
  return is_zero(sub_tight(square(*root), a));
}

}  // namespace SERO_KERNEL
}  // namespace sero
