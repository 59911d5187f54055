#include "verifying_key.hpp"

#include <cstring>

#include "kernels.hpp"
#include "memory.hpp"
#include "points.hpp"

namespace sero {
namespace {

constexpr size_t ALPHA_AT = 0;
constexpr size_t BETA_AT = ALPHA_AT + SERO_G1_COMPRESSED;
constexpr size_t GAMMA_AT = BETA_AT + SERO_G2_COMPRESSED;
constexpr size_t DELTA_AT = GAMMA_AT + SERO_G2_COMPRESSED;
constexpr size_t IC_AT = DELTA_AT + SERO_G2_COMPRESSED;

/// The most bytes of a key's table of multiples, and the widest window: wider ones read more than they save.
constexpr size_t MAX_TABLE_BYTES = 1 << 20;
constexpr size_t MAX_WINDOW = 8;
constexpr size_t MIN_WINDOW = 2;

constexpr uint8_t FLAG_LARGER_ROOT = 0x20;

// P and -P are the same here, since either relation forges.
bool equal_up_to_sign(const uint8_t* a, const uint8_t* b, size_t length) {
  const uint8_t difference = static_cast<uint8_t>(a[0] ^ b[0]);
  if ((difference & ~FLAG_LARGER_ROOT) != 0) return false;
  return memcmp(a + 1, b + 1, length - 1) == 0;
}

sero_status decode_points(sero_vk* vk, blst_p1_affine* ic, blst_p2_affine g2[3], const uint8_t* points, size_t* at) {
  *at = 0;
  if (const sero_status fault = decode_g1(&vk->alpha, points + ALPHA_AT)) return fault;
  for (size_t i = 0; i < 3; i++) {
    *at = 1 + i;
    if (const sero_status fault = decode_g2(&g2[i], points + BETA_AT + i * SERO_G2_COMPRESSED)) return fault;
  }
  for (size_t i = 0; i <= vk->inputs; i++) {
    *at = 4 + i;
    if (const sero_status fault = decode_g1(&ic[i], points + IC_AT + i * SERO_G1_COMPRESSED)) return fault;
  }
  return SERO_OK;
}

// Relations under which anybody can forge, or that show that nobody contributed: verifying-key-checks.ts says why.
sero_status check_relations(const uint8_t* points, size_t inputs, size_t* at) {
  uint8_t g1_generator[SERO_G1_COMPRESSED];
  uint8_t g2_generator[SERO_G2_COMPRESSED];
  blst_p1_compress(g1_generator, blst_p1_generator());
  blst_p2_compress(g2_generator, blst_p2_generator());
  const uint8_t* alpha = points + ALPHA_AT;
  const uint8_t* beta = points + BETA_AT;
  const uint8_t* gamma = points + GAMMA_AT;
  const uint8_t* delta = points + DELTA_AT;
  const uint8_t* ic = points + IC_AT;

  if (equal_up_to_sign(gamma, delta, SERO_G2_COMPRESSED)) return SERO_KEY_GAMMA_EQUALS_DELTA;
  if (equal_up_to_sign(beta, gamma, SERO_G2_COMPRESSED) || equal_up_to_sign(beta, delta, SERO_G2_COMPRESSED)) {
    return SERO_KEY_POINTS_RELATED;
  }
  if (equal_up_to_sign(beta, g2_generator, SERO_G2_COMPRESSED) ||
      equal_up_to_sign(delta, g2_generator, SERO_G2_COMPRESSED) ||
      equal_up_to_sign(alpha, g1_generator, SERO_G1_COMPRESSED)) {
    return SERO_KEY_GENERATOR;
  }
  for (size_t i = 0; i <= inputs; i++) {
    const uint8_t* point = ic + i * SERO_G1_COMPRESSED;
    bool repeats = equal_up_to_sign(point, g1_generator, SERO_G1_COMPRESSED) ||
                   equal_up_to_sign(point, alpha, SERO_G1_COMPRESSED);
    for (size_t j = 0; j < i && !repeats; j++) {
      repeats = equal_up_to_sign(point, ic + j * SERO_G1_COMPRESSED, SERO_G1_COMPRESSED);
    }
    if (repeats) {
      *at = 4 + i;
      return SERO_KEY_IC_REPEATED;
    }
  }
  return SERO_OK;
}

size_t table_bytes(size_t pieces, size_t window) {
  return blst_p1s_mult_wbits_precompute_sizeof(window, pieces);
}

size_t choose_window(size_t pieces) {
  size_t window = MAX_WINDOW;
  while (window > MIN_WINDOW && table_bytes(pieces, window) > MAX_TABLE_BYTES) window--;
  return window;
}

void fill_fixed(FixedG2* out, const blst_p2_affine& point, const uint8_t* bytes) {
  memcpy(out->bytes, bytes, SERO_G2_COMPRESSED);
  blst_precompute_lines(out->lines.line, &point);
}

// Shifted points P, 2^64 P, 2^128 P, 2^192 P of every IC point, and the table of their multiples.
sero_status fill_ic_table(sero_vk* vk, const blst_p1_affine* ic) {
  const size_t pieces = (vk->inputs + 1) * IC_PIECES;
  blst_p1* shifted = static_cast<blst_p1*>(sero_alloc(pieces * sizeof(blst_p1)));
  blst_p1_affine* affine = static_cast<blst_p1_affine*>(sero_alloc(pieces * sizeof(blst_p1_affine)));
  if (shifted == nullptr || affine == nullptr) {
    sero_free(shifted);
    sero_free(affine);
    return SERO_NO_MEMORY;
  }
  for (size_t i = 0; i < pieces; i++) {
    if (i % IC_PIECES == 0) {
      blst_p1_from_affine(&shifted[i], &ic[i / IC_PIECES]);
      continue;
    }
    shifted[i] = shifted[i - 1];
    for (size_t bit = 0; bit < IC_PIECE_BITS; bit++) blst_p1_double(&shifted[i], &shifted[i]);
  }
  const blst_p1* const all[2] = {shifted, nullptr};
  blst_p1s_to_affine(affine, all, pieces);
  const blst_p1_affine* const all_affine[2] = {affine, nullptr};
  blst_p1s_mult_wbits_precompute(vk->ic_table, vk->window, all_affine, pieces);
  sero_free(shifted);
  sero_free(affine);
  return SERO_OK;
}

sero_status fill(sero_vk* vk, const uint8_t* points, blst_p1_affine* ic, size_t* at) {
  blst_p2_affine g2[3];
  if (const sero_status fault = decode_points(vk, ic, g2, points, at)) return fault;
  if (const sero_status fault = check_relations(points, vk->inputs, at)) return fault;
  fill_fixed(&vk->beta, g2[0], points + BETA_AT);
  fill_fixed(&vk->gamma, g2[1], points + GAMMA_AT);
  fill_fixed(&vk->delta, g2[2], points + DELTA_AT);
  const MillerPair alpha_beta = {vk->alpha, &vk->beta.lines};
  miller_product(&vk->alpha_beta, &alpha_beta, 1);
  final_exponentiation(&vk->alpha_beta, &vk->alpha_beta);
  return fill_ic_table(vk, ic);
}

}  // namespace

size_t combine_ic_scratch(const sero_vk& vk) {
  return blst_p1s_mult_wbits_scratch_sizeof((vk.inputs + 1) * IC_PIECES);
}

void combine_ic(blst_p1* out, const sero_vk& vk, const uint8_t* scalars, void* scratch) {
  const size_t pieces = (vk.inputs + 1) * IC_PIECES;
  const PairingKernels& pairing = kernels().pairing;
  if (pairing.combine_fixed != nullptr && pairing.combine_fixed(out, vk.ic_table, vk.window, pieces, scalars)) return;
  const uint8_t* const all[2] = {scalars, nullptr};
  blst_p1s_mult_wbits(out, vk.ic_table, vk.window, pieces, all, IC_PIECE_BITS, static_cast<limb_t*>(scratch));
}

}  // namespace sero

sero_status sero_vk_new(const uint8_t* points, size_t length, sero_vk** out, size_t* at) {
  using namespace sero;
  *out = nullptr;
  *at = 0;
  if (length < IC_AT) return SERO_LENGTH;
  if ((length - IC_AT) % SERO_G1_COMPRESSED != 0) return SERO_LENGTH;
  const size_t ic_count = (length - IC_AT) / SERO_G1_COMPRESSED;
  if (ic_count == 0 || ic_count > SERO_MAX_PUBLIC_INPUTS + 1) return SERO_KEY_IC_COUNT;

  const size_t window = choose_window(ic_count * IC_PIECES);
  const size_t memory = sizeof(sero_vk) + table_bytes(ic_count * IC_PIECES, window);
  sero_vk* vk = static_cast<sero_vk*>(sero_alloc(memory));
  blst_p1_affine* ic = static_cast<blst_p1_affine*>(sero_alloc(ic_count * sizeof(blst_p1_affine)));
  if (vk == nullptr || ic == nullptr) {
    sero_free(vk);
    sero_free(ic);
    return SERO_NO_MEMORY;
  }
  vk->inputs = ic_count - 1;
  vk->window = static_cast<unsigned>(window);
  vk->memory = memory;
  vk->ic_table = reinterpret_cast<blst_p1_affine*>(vk + 1);
  const sero_status status = fill(vk, points, ic, at);
  sero_free(ic);
  if (status == SERO_OK) {
    *out = vk;
  } else {
    sero_free(vk);
  }
  return status;
}

void sero_vk_free(sero_vk* vk) { sero_free(vk); }

size_t sero_vk_inputs(const sero_vk* vk) { return vk->inputs; }

size_t sero_vk_memory(const sero_vk* vk) { return vk->memory; }
