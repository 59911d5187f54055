#include "miller.hpp"

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

}  // namespace

void miller_product(blst_fp12* out, const MillerPair* pairs, size_t count) {
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

}  // namespace sero
