// Checking many proofs at once: with coefficients z_j that nobody could foresee (coefficients.hpp), all N hold where
//
//     prod e(z_j A_j, B_j) = e((sum z_j) alpha, beta) e(sum z_j X_j, gamma) e(sum z_j C_j, delta)
//
// with one such right side for each verifying key (Zcash protocol, appendix B.2). All points lie in the subgroups of
// prime order r, so a false equation survives with a chance of 1 in 2^128 - 1 at most. N + 3 Miller loops, one final
// exponentiation. A batch that fails is halved until the culprits stand alone, where their own equation decides.
#include <cstring>

#include "coefficients.hpp"
#include "kernels.hpp"
#include "memory.hpp"
#include "parallel.hpp"
#include "points.hpp"
#include "verify.hpp"

namespace sero {
namespace {

/// Pairs that share the squarings of a Miller loop in blst, by its own limit.
constexpr size_t BLST_COMBINED = 16;
/// From here on lanes are faster than blst, though some stay empty.
constexpr size_t MIN_LANES_PROOFS = 4;
/// Proofs of one task that decodes points.
constexpr size_t DECODE_CHUNK = 16;
constexpr size_t COEFFICIENT_PIECES = 2;
constexpr size_t COEFFICIENT_PIECE_BITS = 64;
static_assert(sizeof(Coefficient) == COEFFICIENT_PIECES * COEFFICIENT_PIECE_BITS / 8, "scalars one after the other");

/// Neighbours under one key, and what their right side comes to.
struct Run {
  const sero_vk* vk;
  size_t begin;
  size_t end;
  sero_status status;
  blst_p1 alpha;
  blst_p1 x;
  blst_p1 c;
};

/// A point of G1 to be paired with a fixed point of G2.
struct Term {
  blst_p1 point;
  const FixedG2* fixed;
};

struct Batch {
  /// One set throughout: which one is asked for may change meanwhile.
  const PairingKernels* pairing;
  const sero_proof_item* items;
  size_t count;
  Parallel parallel;
  const volatile int32_t* cancelled;
  sero_status* verdicts;
  Coefficients coefficients;

  WellFormed* checked;
  bool* placed;
  /// Items that are well-formed, neighbours under one key: `checked` and `verdicts` are indexed by what stands here.
  size_t* order;
  size_t well_formed;
  /// Different keys among them.
  size_t keys;

  // Of the combination that is being checked, which spans order[begin .. end).
  size_t begin;
  size_t end;
  Coefficient* z;
  /// Proofs of one product.
  size_t chunk;
  blst_fp12* products;
  /// z_j C_j, where lanes computed them.
  bool has_scaled_c;
  blst_p1* scaled_c;
  size_t runs;
  Run* run;
  Term* terms;
  MillerPair* pairs;
};

bool is_cancelled(const Batch& batch) { return is_set(batch.cancelled); }

// The first fault in the order A, C, B, as sero_verify finds it.
void decode_task(void* context, size_t index) {
  Batch& batch = *static_cast<Batch*>(context);
  if (is_cancelled(batch)) return;
  size_t which[DECODE_CHUNK];
  size_t readable = 0;
  for (size_t i = index * DECODE_CHUNK; i < batch.count && i < (index + 1) * DECODE_CHUNK; i++) {
    batch.checked[i].vk = batch.items[i].vk;
    batch.checked[i].inputs = batch.items[i].inputs;
    batch.verdicts[i] = check_inputs(batch.items[i]);
    if (batch.verdicts[i] == SERO_OK) which[readable++] = i;
  }

  const uint8_t* bytes[2 * DECODE_CHUNK] = {};
  sero_status faults[2 * DECODE_CHUNK];
  blst_p1_affine g1[2 * DECODE_CHUNK];
  for (size_t k = 0; k < readable; k++) {
    bytes[2 * k] = batch.items[which[k]].proof + A_AT;
    bytes[2 * k + 1] = batch.items[which[k]].proof + C_AT;
  }
  decode_g1_batch(g1, bytes, 2 * readable, faults);
  size_t left = 0;
  for (size_t k = 0; k < readable; k++) {
    const size_t i = which[k];
    batch.verdicts[i] = faults[2 * k] != SERO_OK ? faults[2 * k] : faults[2 * k + 1];
    if (batch.verdicts[i] != SERO_OK) continue;
    batch.checked[i].points.a = g1[2 * k];
    batch.checked[i].points.c = g1[2 * k + 1];
    bytes[left] = batch.items[i].proof + B_AT;
    which[left++] = i;
  }

  blst_p2_affine g2[DECODE_CHUNK];
  decode_g2_batch(g2, bytes, left, faults);
  for (size_t k = 0; k < left; k++) {
    batch.verdicts[which[k]] = faults[k];
    if (faults[k] == SERO_OK) batch.checked[which[k]].points.b = g2[k];
  }
}

// Brings well-formed proofs under one key together, keys in the order of their first proof.
void order_by_key(Batch* batch) {
  batch->well_formed = 0;
  batch->keys = 0;
  for (size_t i = 0; i < batch->count; i++) batch->placed[i] = batch->verdicts[i] != SERO_OK;
  for (size_t i = 0; i < batch->count; i++) {
    if (batch->placed[i]) continue;
    batch->keys++;
    for (size_t j = i; j < batch->count; j++) {
      if (batch->placed[j] || batch->items[j].vk != batch->items[i].vk) continue;
      batch->order[batch->well_formed++] = j;
      batch->placed[j] = true;
    }
  }
}

const WellFormed& proof_at(const Batch& batch, size_t position) { return batch.checked[batch.order[position]]; }

/// sum z_j P_j over `count` points, of which z_j and x^2 z_j are given one after the other.
void combine(blst_p1* out, const blst_p1_affine* points, const Coefficient* z, size_t count, limb_t* scratch) {
  const blst_p1_affine* const all_points[2] = {points, nullptr};
  const byte* const all_scalars[2] = {reinterpret_cast<const byte*>(z), nullptr};
  blst_p1s_mult_pippenger(out, all_points, COEFFICIENT_PIECES * count, all_scalars, COEFFICIENT_PIECE_BITS, scratch);
}

// prod e(z_j A_j, B_j) without the final exponentiation.
void multiply_pairings(blst_fp12* out, const ProofPoints* const* proofs, const Coefficient* z, size_t count) {
  blst_p1 scaled[BLST_COMBINED];
  blst_p1_affine points[BLST_COMBINED];
  const blst_p1_affine* ps[BLST_COMBINED];
  const blst_p2_affine* qs[BLST_COMBINED];
  for (size_t i = 0; i < count; i++) {
    const blst_p1_affine pieces[COEFFICIENT_PIECES] = {proofs[i]->a, multiply_by_x_squared(proofs[i]->a)};
    combine(&scaled[i], pieces, &z[i], 1, nullptr);
    ps[i] = &points[i];
    qs[i] = &proofs[i]->b;
  }
  // None is infinity: the A_j are not, have prime order, and no z_j is 0 mod r.
  const blst_p1* const all[2] = {scaled, nullptr};
  blst_p1s_to_affine(points, all, count);
  blst_miller_loop_n(out, qs, ps, count);
}

void combine_chunk(Batch* batch, size_t index) {
  const size_t first = index * batch->chunk;
  const size_t left = batch->end - batch->begin - first;
  const size_t count = left < batch->chunk ? left : batch->chunk;
  const ProofPoints* proofs[MAX_COMBINED];
  for (size_t i = 0; i < count; i++) proofs[i] = &proof_at(*batch, batch->begin + first + i).points;
  if (batch->has_scaled_c) {
    batch->pairing->combine(proofs, batch->z + first, count, &batch->products[index], batch->scaled_c + first);
  } else {
    multiply_pairings(&batch->products[index], proofs, batch->z + first, count);
  }
}

// The scalars of sum z_j X_j = (sum z_j) IC_0 + sum_i (sum_j z_j x_ji) IC_i, 32 bytes each.
void combine_inputs(uint8_t* scalars, const Batch& batch, const Run& run) {
  const auto store = [&](size_t i, const blst_fr& value) {
    blst_scalar scalar;
    blst_scalar_from_fr(&scalar, &value);
    blst_lendian_from_scalar(scalars + i * IC_SCALAR_BYTES, &scalar);
  };
  for (size_t i = 0; i <= run.vk->inputs; i++) {
    blst_fr sum = {};
    for (size_t j = run.begin; j < run.end; j++) {
      blst_fr term = to_scalar_field(batch.z[j - batch.begin]);
      if (i != 0) {
        blst_scalar scalar;
        blst_fr input;
        blst_scalar_from_lendian(&scalar, proof_at(batch, j).inputs + (i - 1) * INPUT_BYTES);
        blst_fr_from_scalar(&input, &scalar);
        blst_fr_mul(&term, &term, &input);
      }
      blst_fr_add(&sum, &sum, &term);
    }
    store(i, sum);
  }
}

// The points of one key's right side, but for sum z_j C_j where lanes have computed its terms.
sero_status sum_run(const Batch& batch, Run* run) {
  const sero_vk& vk = *run->vk;
  const size_t count = run->end - run->begin;
  const size_t points_bytes = COEFFICIENT_PIECES * count * sizeof(blst_p1_affine);
  const size_t scalars_bytes = (vk.inputs + 1) * IC_SCALAR_BYTES;
  const size_t sum_scratch = blst_p1s_mult_pippenger_scratch_sizeof(COEFFICIENT_PIECES * count);
  const size_t ic_scratch = combine_ic_scratch(vk);
  const size_t scratch_bytes = sum_scratch > ic_scratch ? sum_scratch : ic_scratch;
  uint8_t* memory = static_cast<uint8_t*>(sero_alloc(scratch_bytes + points_bytes + scalars_bytes));
  if (memory == nullptr) return SERO_NO_MEMORY;
  limb_t* scratch = reinterpret_cast<limb_t*>(memory);
  blst_p1_affine* points = reinterpret_cast<blst_p1_affine*>(memory + scratch_bytes);
  uint8_t* scalars = memory + scratch_bytes + points_bytes;

  for (size_t j = 0; j < count && !batch.has_scaled_c; j++) {
    points[COEFFICIENT_PIECES * j] = proof_at(batch, run->begin + j).points.c;
    points[COEFFICIENT_PIECES * j + 1] = multiply_by_x_squared(points[COEFFICIENT_PIECES * j]);
  }
  if (!batch.has_scaled_c) combine(&run->c, points, batch.z + (run->begin - batch.begin), count, scratch);
  combine_inputs(scalars, batch, *run);
  combine_ic(&run->x, vk, scalars, scratch);
  blst_p1_from_affine(&run->alpha, &vk.alpha);
  blst_p1_mult(&run->alpha, &run->alpha, scalars, 256);
  sero_free(memory);
  return SERO_OK;
}

void combination_task(void* context, size_t index) {
  Batch* batch = static_cast<Batch*>(context);
  if (is_cancelled(*batch)) return;
  if (index < batch->runs) {
    batch->run[index].status = sum_run(*batch, &batch->run[index]);
  } else {
    combine_chunk(batch, index - batch->runs);
  }
}

// Pairings with byte-equal second arguments are one: keys of one ceremony share beta, often gamma.
size_t add_term(Term* terms, size_t count, const blst_p1& point, const FixedG2& fixed) {
  for (size_t i = 0; i < count; i++) {
    if (terms[i].fixed != &fixed && memcmp(terms[i].fixed->bytes, fixed.bytes, sizeof(fixed.bytes)) != 0) continue;
    blst_p1_add_or_double(&terms[i].point, &terms[i].point, &point);
    return count;
  }
  terms[count] = {point, &fixed};
  return count + 1;
}

void sum_scaled_c(const Batch& batch, Run* run) {
  run->c = batch.scaled_c[run->begin - batch.begin];
  for (size_t j = run->begin + 1; j < run->end; j++) {
    blst_p1_add_or_double(&run->c, &run->c, &batch.scaled_c[j - batch.begin]);
  }
}

// Right sides of all keys, inverted and without the final exponentiation.
void multiply_right_sides(blst_fp12* out, Batch* batch) {
  size_t terms = 0;
  for (size_t i = 0; i < batch->runs; i++) {
    Run& run = batch->run[i];
    if (batch->has_scaled_c) sum_scaled_c(*batch, &run);
    terms = add_term(batch->terms, terms, run.alpha, run.vk->beta);
    terms = add_term(batch->terms, terms, run.x, run.vk->gamma);
    terms = add_term(batch->terms, terms, run.c, run.vk->delta);
  }
  size_t pairs = 0;
  for (size_t i = 0; i < terms; i++) {
    Term& term = batch->terms[i];
    if (blst_p1_is_inf(&term.point)) continue;  // it has no coordinates and contributes 1
    blst_p1_cneg(&term.point, true);
    blst_p1_to_affine(&batch->pairs[pairs].point, &term.point);
    batch->pairs[pairs++].lines = &term.fixed->lines;
  }
  miller_product(out, batch->pairs, pairs);
}

void find_runs(Batch* batch) {
  batch->runs = 0;
  for (size_t j = batch->begin; j < batch->end; j++) {
    const sero_vk* vk = proof_at(*batch, j).vk;
    if (batch->runs == 0 || batch->run[batch->runs - 1].vk != vk) {
      batch->run[batch->runs++] = {vk, j, j, SERO_OK, {}, {}, {}};
    }
    batch->run[batch->runs - 1].end = j + 1;
  }
}

// Whether order[begin .. end) hold together, under fresh coefficients: SERO_OK or SERO_PROOF_INVALID.
sero_status check_together(Batch* batch, size_t begin, size_t end) {
  batch->begin = begin;
  batch->end = end;
  for (size_t j = begin; j < end; j++) batch->z[j - begin] = draw_coefficient(&batch->coefficients);
  find_runs(batch);
  batch->has_scaled_c = batch->pairing->combine != nullptr && end - begin >= MIN_LANES_PROOFS;
  batch->chunk = batch->has_scaled_c ? MAX_COMBINED : BLST_COMBINED;
  const size_t chunks = (end - begin + batch->chunk - 1) / batch->chunk;
  batch->parallel.run(batch->parallel.self, batch->runs + chunks, combination_task, batch);
  if (is_cancelled(*batch)) return SERO_CANCELLED;
  for (size_t i = 0; i < batch->runs; i++) {
    if (batch->run[i].status != SERO_OK) return batch->run[i].status;
  }
  blst_fp12 product;
  multiply_right_sides(&product, batch);
  for (size_t i = 0; i < chunks; i++) blst_fp12_mul(&product, &product, &batch->products[i]);
  final_exponentiation(&product, &product);
  return blst_fp12_is_one(&product) ? SERO_OK : SERO_PROOF_INVALID;
}

// Writes the verdicts of order[begin .. end). Returns SERO_OK where all hold, SERO_PROOF_INVALID where not.
// `known_false`: that not all hold is known already, which saves one combination.
sero_status mark_verdicts(Batch* batch, size_t begin, size_t end, bool known_false) {
  if (is_cancelled(*batch)) return SERO_CANCELLED;
  if (end - begin == 1) {
    const sero_status verdict = check_equation(proof_at(*batch, begin));
    batch->verdicts[batch->order[begin]] = verdict;
    return verdict;
  }
  if (!known_false) {
    // Verdicts of well-formed proofs stand at SERO_OK.
    const sero_status together = check_together(batch, begin, end);
    if (together != SERO_PROOF_INVALID) return together;
  }
  const size_t middle = begin + (end - begin) / 2;
  const sero_status first = mark_verdicts(batch, begin, middle, false);
  if (first != SERO_OK && first != SERO_PROOF_INVALID) return first;
  const sero_status second = mark_verdicts(batch, middle, end, first == SERO_OK);
  if (second != SERO_OK && second != SERO_PROOF_INVALID) return second;
  return first == SERO_OK ? second : first;
}

/// Memory that is handed out piece by piece; without a base only its size is counted.
struct Arena {
  uint8_t* base;
  size_t used;
};

template <class T>
T* take(Arena* arena, size_t count) {
  constexpr size_t ALIGNMENT = 64;
  T* out = arena->base == nullptr ? nullptr : reinterpret_cast<T*>(arena->base + arena->used);
  arena->used += (count * sizeof(T) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  return out;
}

// What decoding needs.
void lay_out_items(Batch* batch, Arena* arena) {
  batch->checked = take<WellFormed>(arena, batch->count);
  batch->placed = take<bool>(arena, batch->count);
  batch->order = take<size_t>(arena, batch->count);
}

// What the combinations need.
void lay_out_combination(Batch* batch, Arena* arena) {
  batch->z = take<Coefficient>(arena, batch->well_formed);
  batch->products = take<blst_fp12>(arena, (batch->well_formed + BLST_COMBINED - 1) / BLST_COMBINED);
  batch->scaled_c = take<blst_p1>(arena, batch->well_formed);
  batch->run = take<Run>(arena, batch->keys);
  batch->terms = take<Term>(arena, 3 * batch->keys);
  batch->pairs = take<MillerPair>(arena, 3 * batch->keys);
}

uint8_t* allocate(Batch* batch, void (*lay_out)(Batch*, Arena*)) {
  Arena size = {};
  lay_out(batch, &size);
  Arena arena = {static_cast<uint8_t*>(sero_alloc(size.used)), 0};
  if (arena.base != nullptr) lay_out(batch, &arena);
  return arena.base;
}

sero_status check_combinations(Batch* batch) {
  if (batch->well_formed == 0) return SERO_OK;
  uint8_t* memory = allocate(batch, lay_out_combination);
  if (memory == nullptr) return SERO_NO_MEMORY;
  const sero_status status = mark_verdicts(batch, 0, batch->well_formed, false);
  sero_free(memory);
  return status == SERO_PROOF_INVALID ? SERO_OK : status;
}

sero_status check_batch(Batch* batch) {
  uint8_t* memory = allocate(batch, lay_out_items);
  if (memory == nullptr) return SERO_NO_MEMORY;
  batch->parallel.run(batch->parallel.self, (batch->count + DECODE_CHUNK - 1) / DECODE_CHUNK, decode_task, batch);
  sero_status status = SERO_CANCELLED;
  if (!is_cancelled(*batch)) {
    order_by_key(batch);
    status = check_combinations(batch);
  }
  sero_free(memory);
  return status;
}

}  // namespace
}  // namespace sero

sero_status sero_verify_batch(const sero_proof_item* items, size_t count, const uint8_t seed[SERO_SEED_BYTES],
                              const sero_parallel* parallel, const volatile int32_t* cancelled,
                              sero_status* verdicts) {
  using namespace sero;
  uint8_t any = 0;
  for (size_t i = 0; i < SERO_SEED_BYTES; i++) any |= seed[i];
  if (any == 0) return SERO_RANDOMNESS_BROKEN;
  if (count == 0) return SERO_OK;
  if (count > SERO_MAX_BATCH) return SERO_LENGTH;

  Batch batch = {};
  batch.pairing = &kernels().pairing;
  batch.items = items;
  batch.count = count;
  batch.parallel = parallel == nullptr ? serial() : *parallel;
  batch.cancelled = cancelled;
  batch.verdicts = verdicts;
  memcpy(batch.coefficients.seed, seed, SERO_SEED_BYTES);
  const sero_status status = check_batch(&batch);
  sero_wipe(batch.coefficients.seed, SERO_SEED_BYTES);
  return status;
}
