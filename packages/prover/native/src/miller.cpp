#include "miller.hpp"

#include "kernels.hpp"

namespace sero {
namespace {

constexpr uint64_t LOOP = 0xd201000000010000ull;  // -z, the parameter of BLS12-381
constexpr int LOOP_BITS = 64;

// blst leaves a line as the three coefficients of its polynomial; x and y of the point come in here, both times 2.
void multiply_by_line(blst_fp12* f, const blst_fp6& line, const blst_fp& minus_2x, const blst_fp& two_y) {
  blst_fp6 at;
  at.fp2[0] = line.fp2[0];
  for (int i = 0; i < 2; i++) {
    blst_fp_mul(&at.fp2[1].fp[i], &line.fp2[1].fp[i], &minus_2x);
    blst_fp_mul(&at.fp2[2].fp[i], &line.fp2[2].fp[i], &two_y);
  }
  blst_fp12_mul_by_xy00z0(f, f, &at);
}

void multiply_by_lines(blst_fp12* f, const MillerPair* pairs, size_t count, size_t step) {
  for (size_t i = 0; i < count; i++) {
    blst_fp minus_2x;
    blst_fp two_y;
    blst_fp_add(&minus_2x, &pairs[i].point.x, &pairs[i].point.x);
    blst_fp_cneg(&minus_2x, &minus_2x, true);
    blst_fp_add(&two_y, &pairs[i].point.y, &pairs[i].point.y);
    multiply_by_line(f, pairs[i].lines->line[step], minus_2x, two_y);
  }
}

void miller_by_blst(blst_fp12* out, const MillerPair* pairs, size_t count) {
  blst_fp12 f = *blst_fp12_one();
  size_t step = 0;
  for (int bit = LOOP_BITS - 2; bit >= 0; bit--) {
    if (step != 0) blst_fp12_sqr(&f, &f);
    multiply_by_lines(&f, pairs, count, step++);
    if ((LOOP >> bit) & 1) multiply_by_lines(&f, pairs, count, step++);
  }
  blst_fp12_conjugate(&f);  // z is negative
  *out = f;
}

/// a^(x - 1), of the cyclotomic subgroup, whose inverses are conjugates.
blst_fp12 raised_to_x_less_1(const PairingKernels& pairing, const blst_fp12& a) {
  blst_fp12 power, inverse = a;
  pairing.raise_to_x(&power, &a);
  blst_fp12_conjugate(&inverse);
  blst_fp12_mul(&power, &power, &inverse);
  return power;
}

}  // namespace

void miller_product(blst_fp12* out, const MillerPair* pairs, size_t count) {
  const PairingKernels& pairing = kernels().pairing;
  if (pairing.miller == nullptr) {
    miller_by_blst(out, pairs, count);
    return;
  }
  blst_fp12 product = *blst_fp12_one();
  for (size_t first = 0; first < count; first += MAX_MILLER_PAIRS) {
    const size_t left = count - first;
    blst_fp12 some;
    pairing.miller(&some, pairs + first, left < MAX_MILLER_PAIRS ? left : MAX_MILLER_PAIRS);
    blst_fp12_mul(&product, &product, &some);
  }
  *out = product;
}

// Hayashida, Hayasaka, Teruya, "Efficient final exponentiation via cyclotomic structure" (eprint 2020/875):
// 3 (p^4 - p^2 + 1) / r = (x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3.
void final_exponentiation(blst_fp12* out, const blst_fp12* f) {
  const PairingKernels& pairing = kernels().pairing;
  if (pairing.raise_to_x == nullptr) {
    blst_final_exp(out, f);
    return;
  }
  // m = f^((p^6 - 1) (p^2 + 1)), of the cyclotomic subgroup.
  blst_fp12 m = *f, t, image;
  blst_fp12_conjugate(&m);
  blst_fp12_inverse(&t, f);
  blst_fp12_mul(&m, &m, &t);
  blst_fp12_frobenius_map(&t, &m, 2);
  blst_fp12_mul(&m, &m, &t);

  blst_fp12 power = raised_to_x_less_1(pairing, m);
  power = raised_to_x_less_1(pairing, power);
  // x + p
  blst_fp12_frobenius_map(&image, &power, 1);
  pairing.raise_to_x(&power, &power);
  blst_fp12_mul(&power, &power, &image);
  // x^2 + p^2 - 1
  blst_fp12_frobenius_map(&image, &power, 2);
  pairing.raise_to_x(&t, &power);
  pairing.raise_to_x(&t, &t);
  blst_fp12_conjugate(&power);
  blst_fp12_mul(&power, &power, &image);
  blst_fp12_mul(&power, &power, &t);
  // + 3
  blst_fp12_cyclotomic_sqr(&t, &m);
  blst_fp12_mul(&t, &t, &m);
  blst_fp12_mul(out, &power, &t);
}

}  // namespace sero
