// Groth16 proofs (Groth, EUROCRYPT 2016, section 3.2) from a .zkey and a witness.
//
// A = alpha + sum w_i A_i + r delta, B = beta + sum w_i B_i + s delta, C as in proving_key.hpp. The quotient's values h_i are
// those of A B - C on the odd coset of the domain, where snarkjs' H points are Lagrange's for it; there C's are the
// transforms of the products of A's and B's values on the domain, so that the third matrix is never needed.
//
// In three steps, because in WebAssembly several instances share the second: scalars, multi-exponentiations, assembly.

#include <cstring>

#include "memory.hpp"
#include "proving_key.hpp"

namespace sero {
namespace {

constexpr size_t ROW_CHUNK = 512;
constexpr size_t QUOTIENT_CHUNK = 1024;

/// Secret memory, wiped when it goes.
struct Secret {
  uint8_t* data;
  size_t bytes;

  explicit Secret(size_t size) : data(static_cast<uint8_t*>(sero_alloc(size))), bytes(size) {}
  ~Secret() {
    if (data != nullptr) sero_wipe(data, bytes);
    sero_free(data);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
};

/// The two blinding scalars, r and s: each 64 bytes of randomness reduced.
struct Blinding {
  blst_scalar r, s;

  explicit Blinding(const uint8_t* seed) {
    blst_scalar_from_le_bytes(&r, seed, 64);
    blst_scalar_from_le_bytes(&s, seed + 64, 64);
  }
  ~Blinding() {
    sero_wipe(&r, sizeof r);
    sero_wipe(&s, sizeof s);
  }
};

bool are_canonical(const uint8_t* values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    blst_scalar scalar;
    std::memcpy(scalar.b, values + 32 * i, 32);
    if (!blst_scalar_fr_check(&scalar)) return false;
  }
  return true;
}

struct Quotient {
  const ProvingKey* key;
  const uint8_t* witness;
  /// Values of A, B and their products on the domain, in Montgomery form.
  uint8_t* values[3];
  /// The same polynomials on the coset.
  uint8_t* vectors[3];
  uint8_t* h;
};

blst_fr row_value(const ProvingKey& key, size_t row, const uint8_t* witness) {
  blst_fr sum, value;
  std::memset(&sum, 0, sizeof sum);
  for (uint32_t t = key.row_start[row]; t < key.row_start[row + 1]; t++) {
    std::memcpy(&value, witness + 32 * size_t{key.terms[t].wire}, 32);
    blst_fr_mul(&value, &key.terms[t].coefficient, &value);
    blst_fr_add(&sum, &sum, &value);
  }
  return sum;
}

void rows_task(void* context, size_t index) {
  const Quotient& q = *static_cast<const Quotient*>(context);
  const size_t n = q.key->domain(), from = index * ROW_CHUNK, to = from + ROW_CHUNK < n ? from + ROW_CHUNK : n;
  for (size_t row = from; row < to; row++) {
    const blst_fr a = row_value(*q.key, row, q.witness), b = row_value(*q.key, n + row, q.witness);
    blst_fr product;
    blst_fr_mul(&product, &a, &b);
    std::memcpy(q.values[0] + 32 * row, &a, 32);
    std::memcpy(q.values[1] + 32 * row, &b, 32);
    std::memcpy(q.values[2] + 32 * row, &product, 32);
  }
}

void transform_task(void* context, size_t index) {
  const Quotient& q = *static_cast<const Quotient*>(context);
  const TransformKernels& transform = q.key->kernels->transform;
  transform.to_coset(q.key->domain_power, q.key->transform_tables, q.values[index], q.vectors[index]);
}

void quotient_task(void* context, size_t index) {
  const Quotient& q = *static_cast<const Quotient*>(context);
  const size_t n = q.key->domain(), from = index * QUOTIENT_CHUNK;
  const size_t to = from + QUOTIENT_CHUNK < n ? from + QUOTIENT_CHUNK : n;
  q.key->kernels->transform.quotient(q.vectors[0], q.vectors[1], q.vectors[2], from, to, q.h);
}

/// The values h_i of the quotient, canonical, 32 bytes each.
sero_status make_quotient(const ProvingKey& key, const uint8_t* witness, uint8_t* h, const Parallel& parallel,
                          const volatile int32_t* cancelled) {
  const size_t n = key.domain(), vector = key.kernels->transform.vector_bytes(key.domain_power);
  Secret memory(3 * 32 * n + 3 * vector);
  if (memory.data == nullptr) return SERO_NO_MEMORY;
  Quotient q = {&key, witness, {nullptr, nullptr, nullptr}, {nullptr, nullptr, nullptr}, h};
  for (size_t i = 0; i < 3; i++) {
    q.vectors[i] = memory.data + i * vector;
    q.values[i] = memory.data + 3 * vector + i * 32 * n;
  }
  parallel.run(parallel.self, (n + ROW_CHUNK - 1) / ROW_CHUNK, rows_task, &q);
  if (is_set(cancelled)) return SERO_CANCELLED;
  parallel.run(parallel.self, 3, transform_task, &q);
  parallel.run(parallel.self, (n + QUOTIENT_CHUNK - 1) / QUOTIENT_CHUNK, quotient_task, &q);
  return SERO_OK;
}

/// The scalars of a part's points. `blinded` is r times R^2, R = 2^256, so that its product with a plain value is in Montgomery
/// form.
void gather(const ProvingKey& key, int part, const uint8_t* witness, const uint8_t* h, const blst_fr& blinded,
            uint8_t* out) {
  const uint8_t* const lists[4] = {witness, witness + 32 * (size_t{key.public_inputs} + 1), h, witness};
  blst_fr value, sum;
  uint64_t words[4];
  size_t written = 0;
  for (size_t i = 0; i < key.use_count[part]; i++) {
    const Use& use = key.uses[part][i];
    const uint8_t* from = lists[use.list] + 32 * size_t{use.scalar};
    uint8_t* to = out + 32 * size_t{use.row};
    const bool is_first = use.row == written;
    if (is_first && use.list != LIST_BLINDED) {
      std::memcpy(to, from, 32);
      written++;
      continue;
    }
    std::memcpy(words, from, 32);
    if (use.list == LIST_BLINDED) {
      std::memcpy(&value, from, 32);
      blst_fr_mul(&value, &blinded, &value);
    } else {
      blst_fr_from_uint64(&value, words);
    }
    if (is_first) {
      written++;
    } else {
      std::memcpy(words, to, 32);
      blst_fr_from_uint64(&sum, words);
      blst_fr_cneg(&value, &value, use.is_negative);
      blst_fr_add(&value, &sum, &value);
    }
    blst_uint64_from_fr(words, &value);
    std::memcpy(to, words, 32);
  }
  sero_wipe(&value, sizeof value);
  sero_wipe(&sum, sizeof sum);
  sero_wipe(words, sizeof words);
}

/// Scalars of every part, one after the other.
struct Scalars {
  uint8_t* part[PARTS];

  Scalars(const ProvingKey& key, uint8_t* memory) {
    for (int i = 0; i < PARTS; i++) {
      part[i] = memory;
      memory += 32 * key.table[i].count;
    }
  }
};

size_t scalars_bytes(const ProvingKey& key) {
  size_t count = 0;
  for (const PointTable& table : key.table) count += table.count;
  return 32 * count;
}

struct Gathering {
  const ProvingKey* key;
  const uint8_t* witness;
  const uint8_t* h;
  const blst_fr* blinded;
  const Scalars* scalars;
};

void gather_task(void* context, size_t part) {
  const Gathering& g = *static_cast<const Gathering*>(context);
  gather(*g.key, static_cast<int>(part), g.witness, g.h, *g.blinded, g.scalars->part[part]);
}

sero_status make_scalars(const ProvingKey& key, const uint8_t* witness, const Blinding& blinding, uint8_t* out,
                         const Parallel& parallel, const volatile int32_t* cancelled) {
  Secret h(32 * key.domain());
  if (h.data == nullptr) return SERO_NO_MEMORY;
  const sero_status status = make_quotient(key, witness, h.data, parallel, cancelled);
  if (status != SERO_OK) return status;
  const Scalars scalars(key, out);
  blst_fr blinded;
  blst_fr_from_scalar(&blinded, &blinding.r);
  blst_fr_to(&blinded, &blinded);
  Gathering gathering = {&key, witness, h.data, &blinded, &scalars};
  parallel.run(parallel.self, PARTS, gather_task, &gathering);
  sero_wipe(&blinded, sizeof blinded);
  return SERO_OK;
}

/// The multi-exponentiations' results.
struct Sums {
  blst_p1 a, c;
  blst_p2 b2;

  void* of(int part) {
    if (part == PART_B2) return &b2;
    return part == PART_A ? &a : &c;
  }
};

void assemble(const ProvingKey& key, const Sums& sums, const Blinding& blinding, uint8_t* proof) {
  blst_p1 point, a, c;
  blst_p2 point2, b;
  blst_p1_affine affine;
  blst_p2_affine affine2;
  blst_p1_from_affine(&point, &key.delta1);
  blst_p1_mult(&a, &point, blinding.r.b, 255);
  blst_p1_add_or_double(&a, &a, &sums.a);
  blst_p1_add_or_double_affine(&a, &a, &key.alpha1);
  blst_p2_from_affine(&point2, &key.delta2);
  blst_p2_mult(&b, &point2, blinding.s.b, 255);
  blst_p2_add_or_double(&b, &b, &sums.b2);
  blst_p2_add_or_double_affine(&b, &b, &key.beta2);
  blst_p1_mult(&c, &a, blinding.s.b, 255);
  blst_p1_from_affine(&point, &key.beta1);
  blst_p1_mult(&point, &point, blinding.r.b, 255);
  blst_p1_add_or_double(&c, &c, &point);
  blst_p1_add_or_double(&c, &c, &sums.c);
  blst_p1_to_affine(&affine, &a);
  blst_p1_affine_compress(proof, &affine);
  blst_p2_to_affine(&affine2, &b);
  blst_p2_affine_compress(proof + 48, &affine2);
  blst_p1_to_affine(&affine, &c);
  blst_p1_affine_compress(proof + 144, &affine);
  sero_wipe(&point, sizeof point);
  sero_wipe(&point2, sizeof point2);
  sero_wipe(&c, sizeof c);
  sero_wipe(&affine, sizeof affine);
}

sero_status check_witness(const sero_proving_key* key, const uint8_t* witness, size_t count) {
  if (count != key->wires) return SERO_WITNESS_LENGTH;
  if (!are_canonical(witness, count)) return SERO_WITNESS_MALFORMED;
  uint8_t rest = 0;
  for (size_t i = 1; i < 32; i++) rest |= witness[i];
  if (witness[0] != 1 || rest != 0) return SERO_WITNESS_MALFORMED;
  return SERO_OK;
}

bool is_random(const uint8_t* seed) {
  uint8_t any = 0;
  for (size_t i = 0; i < SERO_BLINDING_BYTES; i++) any |= seed[i];
  return any != 0;
}

}  // namespace
}  // namespace sero

extern "C" {

sero_status sero_read_wtns(const uint8_t* file, size_t length, const uint8_t** values, size_t* count) {
  return sero::read_wtns({file, length}, values, count);
}

size_t sero_prove_scalars_bytes(const sero_proving_key* key) { return sero::scalars_bytes(*key); }

sero_status sero_prove_scalars(const sero_proving_key* key, const uint8_t* witness, size_t count,
                               const uint8_t seed[SERO_BLINDING_BYTES], const sero_parallel* parallel,
                               const volatile int32_t* cancelled, uint8_t* scalars) {
  const sero_status checked = sero::check_witness(key, witness, count);
  if (checked != SERO_OK) return checked;
  if (!sero::is_random(seed)) return SERO_RANDOMNESS_BROKEN;
  const sero::Blinding blinding(seed);
  return sero::make_scalars(*key, witness, blinding, scalars, parallel == nullptr ? sero::serial() : *parallel,
                            cancelled);
}

size_t sero_prove_sets(const sero_proving_key* key, uint32_t part) {
  return part < sero::PARTS ? key->table[part].windows.sets : 0;
}

sero_status sero_prove_sum(const sero_proving_key* key, uint32_t part, size_t first_set, size_t end_set,
                           const uint8_t* scalars, const sero_parallel* parallel, const volatile int32_t* cancelled,
                           uint8_t* out) {
  if (part >= sero::PARTS || first_set >= end_set || end_set > key->table[part].windows.sets) return SERO_LENGTH;
  for (uint32_t i = 0; i < part; i++) scalars += 32 * key->table[i].count;
  const sero::MultiExp job = {&key->table[part], scalars, static_cast<unsigned>(first_set),
                              static_cast<unsigned>(end_set), out};
  return sero::multi_exp(&job, 1, parallel == nullptr ? sero::serial() : *parallel, cancelled);
}

sero_status sero_prove_finish(const sero_proving_key* key, const uint8_t* sums, size_t sum_count,
                              const uint32_t* parts, const uint8_t* public_inputs,
                              const uint8_t seed[SERO_BLINDING_BYTES], uint8_t proof[SERO_PROOF_BYTES]) {
  sero::Sums total;
  std::memset(&total, 0, sizeof total);
  for (size_t i = 0; i < sum_count; i++) {
    const uint8_t* sum = sums + i * SERO_SUM_BYTES;
    if (parts[i] >= sero::PARTS) return SERO_LENGTH;
    if (parts[i] == sero::PART_B2) {
      blst_p2 term;
      std::memcpy(&term, sum, sizeof term);
      blst_p2_add_or_double(&total.b2, &total.b2, &term);
    } else {
      blst_p1 term, *to = static_cast<blst_p1*>(total.of(static_cast<int>(parts[i])));
      std::memcpy(&term, sum, sizeof term);
      blst_p1_add_or_double(to, to, &term);
    }
  }
  const sero::Blinding blinding(seed);
  sero::assemble(*key, total, blinding, proof);
  sero_wipe(&total, sizeof total);
  const sero_status verdict = sero_verify(key->verifying_key, public_inputs, key->public_inputs, proof);
  if (verdict == SERO_OK) return SERO_OK;
  // What does not verify is not a proof, and may say something about the witness.
  sero_wipe(proof, SERO_PROOF_BYTES);
  return verdict == SERO_NO_MEMORY ? verdict : SERO_PROVE_FAILED;
}

sero_status sero_prove(const sero_proving_key* key, const uint8_t* witness, size_t count,
                       const uint8_t seed[SERO_BLINDING_BYTES], const sero_parallel* parallel,
                       const volatile int32_t* cancelled, uint8_t proof[SERO_PROOF_BYTES]) {
  const sero::Parallel how = parallel == nullptr ? sero::serial() : *parallel;
  sero::Secret memory(sero::scalars_bytes(*key));
  if (memory.data == nullptr) return SERO_NO_MEMORY;
  sero_status status = sero_prove_scalars(key, witness, count, seed, &how, cancelled, memory.data);
  if (status != SERO_OK) return status;
  const sero::Scalars scalars(*key, memory.data);
  sero::Secret sums(sero::PARTS * SERO_SUM_BYTES);
  if (sums.data == nullptr) return SERO_NO_MEMORY;
  uint32_t parts[sero::PARTS];
  sero::MultiExp jobs[sero::PARTS];
  for (uint32_t i = 0; i < sero::PARTS; i++) {
    // The largest pieces of work first, those in the second group: threads end together.
    const uint32_t part = sero::PARTS - 1 - i;
    parts[i] = part;
    jobs[i] = {&key->table[part], scalars.part[part], 0, key->table[part].windows.sets,
               sums.data + i * SERO_SUM_BYTES};
  }
  status = sero::multi_exp(jobs, sero::PARTS, how, cancelled);
  if (status != SERO_OK) return status;
  return sero_prove_finish(key, sums.data, sero::PARTS, parts, witness + 32, seed, proof);
}

}  // extern "C"
