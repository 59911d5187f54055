// RedJubjub signatures (Zcash protocol, section 5.4.7) in batches: the sum of their equations, each with a
// random coefficient, cofactored like the single one (appendix B.1); a batch that fails is halved until the
// culprits stand alone.

#include "bytes.hpp"
#include "field/params.hpp"
#include "jubjub_scalar.hpp"
#include "kernels.hpp"
#include "memory.hpp"

namespace sero {
namespace {

/// Signatures that share a sum.
constexpr size_t PIECE = 64;
constexpr size_t HASH_BYTES = 64;
constexpr size_t COEFFICIENT_BYTES = 16;

/// Where an item's parts begin.
constexpr size_t KEY = 0, MESSAGE = 32, COMMITMENT = 64, RESPONSE = 96;

/// The terms of a signature that is well-formed: rk, R affine, c and s.
struct Terms {
  uint8_t key[SERO_JUBJUB_AFFINE_BYTES];
  uint8_t commitment[SERO_JUBJUB_AFFINE_BYTES];
  JubjubScalar challenge;
  JubjubScalar response;
  size_t place;
};

/// A sum's points and scalars; the last long one is the base.
struct Sum {
  uint8_t short_points[PIECE][SERO_JUBJUB_AFFINE_BYTES];
  uint8_t short_scalars[PIECE][32];
  uint8_t long_points[PIECE + 1][SERO_JUBJUB_AFFINE_BYTES];
  uint8_t long_scalars[PIECE + 1][32];
};

/// Draws coefficients: BLAKE2b of seed, number of the piece and a counter that goes on through the bisection.
struct Coefficients {
  uint8_t message[SERO_SEED_BYTES + 16];
  uint64_t drawn;
};

struct Batch {
  const JubjubKernels* kernel;
  Terms terms[PIECE];
  Sum sum;
  Coefficients coefficients;
  void* scratch;
  uint8_t* valid;
};

JubjubScalar draw(Batch* batch) {
  Coefficients& source = batch->coefficients;
  uint8_t digest[HASH_BYTES];
  std::memcpy(source.message + SERO_SEED_BYTES + 8, &source.drawn, sizeof source.drawn);
  source.drawn++;
  batch->kernel->hash_blocks("SERO_RedJ_B", source.message, sizeof source.message, 1, digest);
  // Zero, which would let a false signature pass, has a chance of 2^-128; it becomes another coefficient.
  if (is_all_zeros(digest, COEFFICIENT_BYTES)) digest[0] = 1;
  std::memset(digest + COEFFICIENT_BYTES, 0, sizeof digest - COEFFICIENT_BYTES);
  return scalar_of_bytes(digest);
}

/// True where [8] sum z_i (R_i + [c_i]rk_i) - [sum z_i s_i]G_s is the identity.
bool holds(Batch* batch, size_t from, size_t to) {
  Sum& sum = batch->sum;
  JubjubScalar base = {};
  const size_t count = to - from;
  for (size_t i = 0; i < count; i++) {
    const Terms& terms = batch->terms[from + i];
    const JubjubScalar z = draw(batch);
    std::memcpy(sum.short_points[i], terms.commitment, SERO_JUBJUB_AFFINE_BYTES);
    bytes_of_scalar(z, sum.short_scalars[i]);
    std::memcpy(sum.long_points[i], terms.key, SERO_JUBJUB_AFFINE_BYTES);
    bytes_of_scalar(multiply_scalars(z, terms.challenge), sum.long_scalars[i]);
    base = add_scalars(base, multiply_scalars(z, terms.response));
  }
  static_assert(sizeof jubjub_constants::SPEND_U == 32, "words of 64 bits");
  std::memcpy(sum.long_points[count], jubjub_constants::SPEND_U, 32);
  std::memcpy(sum.long_points[count] + 32, jubjub_constants::SPEND_V, 32);
  bytes_of_scalar(negated_scalar(base), sum.long_scalars[count]);
  return batch->kernel->combines_to_small_order(sum.short_points[0], sum.short_scalars[0], count,
                                                sum.long_points[0], sum.long_scalars[0], count + 1,
                                                batch->scratch) == 1;
}

void judge(Batch* batch, size_t from, size_t to) {
  if (from == to) return;
  if (holds(batch, from, to)) {
    for (size_t i = from; i < to; i++) batch->valid[batch->terms[i].place] = 1;
    return;
  }
  if (to - from == 1) return;
  const size_t middle = from + (to - from) / 2;
  judge(batch, from, middle);
  judge(batch, middle, to);
}

/// Takes the signatures that are well-formed into `terms` and says how many they are.
size_t take_apart(const JubjubKernels& kernel, const uint8_t* items, size_t count, Terms* terms) {
  PointKind keys[PIECE], commitments[PIECE];
  uint8_t key_points[PIECE][SERO_JUBJUB_AFFINE_BYTES], commitment_points[PIECE][SERO_JUBJUB_AFFINE_BYTES];
  uint8_t messages[PIECE][96], challenges[PIECE][HASH_BYTES];
  kernel.decode(items + KEY, SERO_SIGNED_BYTES, count, 1, keys, key_points[0]);
  kernel.decode(items + COMMITMENT, SERO_SIGNED_BYTES, count, 0, commitments, commitment_points[0]);
  for (size_t i = 0; i < count; i++) {
    const uint8_t* const item = items + SERO_SIGNED_BYTES * i;
    std::memcpy(messages[i], item + COMMITMENT, 32);
    std::memcpy(messages[i] + 32, item + KEY, 32);
    std::memcpy(messages[i] + 64, item + MESSAGE, 32);
  }
  kernel.hash_blocks("SERO_RedJ_C", messages[0], sizeof messages[0], count, challenges[0]);
  size_t taken = 0;
  for (size_t i = 0; i < count; i++) {
    const uint8_t* const item = items + SERO_SIGNED_BYTES * i;
    if (keys[i] != PointKind::PRIME || commitments[i] == PointKind::MALFORMED ||
        !is_below_words(item + MESSAGE, FrParams::P64) ||
        !is_below_words(item + RESPONSE, jubjub_constants::ORDER)) {
      continue;
    }
    Terms& out = terms[taken++];
    std::memcpy(out.key, key_points[i], sizeof out.key);
    std::memcpy(out.commitment, commitment_points[i], sizeof out.commitment);
    out.challenge = scalar_of_wide(challenges[i]);
    out.response = scalar_of_bytes(item + RESPONSE);
    out.place = i;
  }
  return taken;
}

sero_status verify_piece(const JubjubKernels& kernel, const uint8_t* items, size_t from, size_t to,
                         const uint8_t* seed, uint8_t* valid) {
  const size_t scratch = kernel.combine_scratch(PIECE, PIECE + 1);
  uint8_t* const memory = static_cast<uint8_t*>(sero_alloc(scratch + sizeof(Batch)));
  if (memory == nullptr) return SERO_NO_MEMORY;
  // What the sums work in is aligned to 64 and comes first.
  Batch* const batch = reinterpret_cast<Batch*>(memory + scratch);
  batch->kernel = &kernel;
  batch->scratch = memory;
  batch->valid = valid + from;
  batch->coefficients.drawn = 0;
  const uint64_t piece = from;
  std::memcpy(batch->coefficients.message, seed, SERO_SEED_BYTES);
  std::memcpy(batch->coefficients.message + SERO_SEED_BYTES, &piece, sizeof piece);
  std::memset(batch->valid, 0, to - from);
  const size_t taken = take_apart(kernel, items + SERO_SIGNED_BYTES * from, to - from, batch->terms);
  judge(batch, 0, taken);
  sero_wipe(&batch->coefficients, sizeof batch->coefficients);
  sero_free(memory);
  return SERO_OK;
}

}  // namespace
}  // namespace sero

extern "C" {

sero_status sero_redjubjub_verify_batch(const uint8_t* items, size_t count,
                                        const uint8_t seed[SERO_SEED_BYTES], uint8_t* valid,
                                        const sero_parallel* parallel, const volatile int32_t* cancelled) {
  using namespace sero;
  if (is_all_zeros(seed, SERO_SEED_BYTES)) return SERO_RANDOMNESS_BROKEN;
  const JubjubKernels& kernel = kernels().jubjub;
  sero_status failure = SERO_OK;
  const sero_status status = for_pieces(count, PIECE, parallel, cancelled, [&](size_t from, size_t to) {
    const sero_status here = verify_piece(kernel, items, from, to, seed, valid);
    if (here != SERO_OK) __atomic_store_n(&failure, here, __ATOMIC_RELAXED);
  });
  return status == SERO_OK ? failure : status;
}

}
