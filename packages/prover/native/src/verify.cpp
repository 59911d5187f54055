#include "verify.hpp"

#include <cstring>

#include "memory.hpp"
#include "points.hpp"

namespace sero {
namespace {

// x and x + r are one element under the equation: a second spelling of a nullifier would be a double spend.
bool is_canonical(const uint8_t bytes[INPUT_BYTES]) {
  blst_scalar scalar;
  blst_scalar_from_lendian(&scalar, bytes);
  return blst_scalar_fr_check(&scalar);
}

}  // namespace

sero_status check_inputs(const sero_proof_item& item) {
  if (item.input_count != item.vk->inputs) return SERO_PUBLIC_INPUT_COUNT;
  for (size_t i = 0; i < item.input_count; i++) {
    if (!is_canonical(item.inputs + i * INPUT_BYTES)) return SERO_PUBLIC_INPUT_NOT_CANONICAL;
  }
  return SERO_OK;
}

sero_status check_equation(const WellFormed& proof) {
  const sero_vk& vk = *proof.vk;
  const size_t scalar_bytes = (vk.inputs + 1) * IC_SCALAR_BYTES;
  uint8_t* memory = static_cast<uint8_t*>(sero_alloc(scalar_bytes + combine_ic_scratch(vk)));
  if (memory == nullptr) return SERO_NO_MEMORY;
  memset(memory, 0, IC_SCALAR_BYTES);
  memory[0] = 1;
  if (vk.inputs > 0) memcpy(memory + IC_SCALAR_BYTES, proof.inputs, vk.inputs * INPUT_BYTES);
  blst_p1 x;
  combine_ic(&x, vk, memory, memory + scalar_bytes);
  sero_free(memory);

  // e(A, B) e(-X, gamma) e(-C, delta), to be compared with e(alpha, beta).
  Lines b_lines;
  blst_precompute_lines(b_lines.line, &proof.points.b);
  MillerPair pairs[3] = {{proof.points.a, &b_lines}, {proof.points.c, &vk.delta.lines}, {}};
  size_t count = 2;
  blst_fp_cneg(&pairs[1].point.y, &pairs[1].point.y, true);
  if (!blst_p1_is_inf(&x)) {  // infinity has no coordinates and contributes 1
    blst_p1_cneg(&x, true);
    blst_p1_to_affine(&pairs[2].point, &x);
    pairs[2].lines = &vk.gamma.lines;
    count = 3;
  }
  blst_fp12 product;
  miller_product(&product, pairs, count);
  final_exponentiation(&product, &product);
  return blst_fp12_is_equal(&product, &vk.alpha_beta) ? SERO_OK : SERO_PROOF_INVALID;
}

}  // namespace sero

sero_status sero_verify(const sero_vk* vk, const uint8_t* inputs, size_t input_count,
                        const uint8_t proof[SERO_PROOF_BYTES]) {
  using namespace sero;
  const sero_proof_item item = {vk, inputs, input_count, proof};
  WellFormed checked = {vk, inputs, {}};
  if (const sero_status fault = check_inputs(item)) return fault;
  const uint8_t* const bytes[2] = {proof + A_AT, proof + C_AT};
  blst_p1_affine points[2];
  sero_status faults[2];
  decode_g1_batch(points, bytes, 2, faults);
  if (faults[0] != SERO_OK) return faults[0];
  if (faults[1] != SERO_OK) return faults[1];
  checked.points.a = points[0];
  checked.points.c = points[1];
  if (const sero_status fault = decode_g2(&checked.points.b, proof + B_AT)) return fault;
  return check_equation(checked);
}
