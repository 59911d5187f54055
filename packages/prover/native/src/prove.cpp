// Groth16 proofs (Groth, EUROCRYPT 2016, section 3.2) from a .zkey and a witness.
//
// The proof without blinding is A = alpha + sum w_i A_i, B = beta + sum w_i B_i, C = sum w_i C_i + sum h_i H_i. The quotient's
// values h_i are those of A B - C on the odd coset of the domain, where snarkjs' H points are Lagrange's for it; there C's are
// the transforms of the products of A's and B's values on the domain, so that the third matrix is never needed.
//
// What is handed out is that proof randomised anew (Baghery, Kohlweiss, Siim, Volkhov, eprint 2020/811): for uniform
// u, not 0, and t it is (u A, u^-1 B + t delta, C + t u A), for which the equation holds just where it holds for (A, B, C):
// e(u A, u^-1 B + t delta) = e(A, B) e(t u A, delta). The paper's prover blinds by A + r delta and B + s delta and
// C + s A' + r B' - r s delta, for which it needs B in the first group as well. Both give the same distribution: the first
// two points uniform and independent, the third the only one that the equation leaves. (A = 0 has the chance 2^-255 and
// gives no proof.) So a sixth of the additions in the first group, and the table for them, are not needed.
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

/// The blinding scalars: u and t are each 64 bytes of randomness reduced.
struct Blinding {
  blst_scalar u, t, inverse_u, product;
  /// Neither u nor t is 0.
  bool is_random;

  explicit Blinding(const uint8_t* seed) {
    blst_scalar_from_le_bytes(&u, seed, 64);
    blst_scalar_from_le_bytes(&t, seed + 64, 64);
    blst_sk_inverse(&inverse_u, &u);
    is_random = blst_sk_mul_n_check(&product, &u, &t);
  }
  ~Blinding() { sero_wipe(this, sizeof *this); }
  Blinding(const Blinding&) = delete;
  Blinding& operator=(const Blinding&) = delete;
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
    blst_fr_mul(&value, &key.coefficients[key.terms[t].coefficient], &value);
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

/// The scalars of a part's points.
void gather(const ProvingKey& key, int part, const uint8_t* witness, const uint8_t* h, uint8_t* out) {
  const uint8_t* const lists[3] = {witness, witness + 32 * (size_t{key.public_inputs} + 1), h};
  blst_fr value, sum;
  uint64_t words[4];
  size_t written = 0;
  for (size_t i = 0; i < key.use_count[part]; i++) {
    const Use& use = key.uses[part][i];
    const uint8_t* from = lists[use.list] + 32 * size_t{use.scalar};
    uint8_t* to = out + 32 * size_t{use.row};
    if (use.row == written) {
      std::memcpy(to, from, 32);
      written++;
      continue;
    }
    std::memcpy(words, from, 32);
    blst_fr_from_uint64(&value, words);
    std::memcpy(words, to, 32);
    blst_fr_from_uint64(&sum, words);
    blst_fr_cneg(&value, &value, use.is_negative);
    blst_fr_add(&value, &sum, &value);
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
  const Scalars* scalars;
};

void gather_task(void* context, size_t part) {
  const Gathering& g = *static_cast<const Gathering*>(context);
  gather(*g.key, static_cast<int>(part), g.witness, g.h, g.scalars->part[part]);
}

sero_status make_scalars(const ProvingKey& key, const uint8_t* witness, uint8_t* out, const Parallel& parallel,
                         const volatile int32_t* cancelled) {
  Secret h(32 * key.domain());
  if (h.data == nullptr) return SERO_NO_MEMORY;
  const sero_status status = make_quotient(key, witness, h.data, parallel, cancelled);
  if (status != SERO_OK) return status;
  const Scalars scalars(key, out);
  Gathering gathering = {&key, witness, h.data, &scalars};
  parallel.run(parallel.self, PARTS, gather_task, &gathering);
  return SERO_OK;
}

/// The multi-exponentiations' results. Secret.
struct Sums {
  blst_p1 a, c;
  blst_p2 b2;

  void* of(uint32_t part) {
    if (part == PART_B2) return &b2;
    return part == PART_A ? &a : &c;
  }
};

/// The subgroup's check takes the curve for granted.
bool is_in_group(const blst_p1& point) { return blst_p1_on_curve(&point) && blst_p1_in_g1(&point); }
bool is_in_group(const blst_p2& point) { return blst_p2_on_curve(&point) && blst_p2_in_g2(&point); }

/// The products that make a proof, each a task: u A, t u A, u^-1 B, t delta.
struct Products {
  const ProvingKey* key;
  const Blinding* blinding;
  blst_p1 a, ua, tua;
  blst_p2 b, b_part, delta_part;
};
constexpr size_t PRODUCTS = 4;

void product_task(void* context, size_t index) {
  Products& p = *static_cast<Products*>(context);
  const Blinding& blinding = *p.blinding;
  if (index == 0) blst_p2_mult(&p.b_part, &p.b, blinding.inverse_u.b, 255);
  if (index == 1) {
    blst_p2_from_affine(&p.delta_part, &p.key->delta2);
    blst_p2_mult(&p.delta_part, &p.delta_part, blinding.t.b, 255);
  }
  if (index == 2) blst_p1_mult(&p.ua, &p.a, blinding.u.b, 255);
  if (index == 3) blst_p1_mult(&p.tua, &p.a, blinding.product.b, 255);
}

/// False, and nothing written, where A or B is not in its group or A is 0: no witness makes that of a genuine key, and what is
/// not a point of order r is not made uniform by a factor.
bool assemble(const ProvingKey& key, const Sums& sums, const Blinding& blinding, const Parallel& parallel,
              uint8_t* proof) {
  Products p;
  std::memset(static_cast<void*>(&p), 0, sizeof p);
  p.key = &key;
  p.blinding = &blinding;
  blst_p1_add_or_double_affine(&p.a, &sums.a, &key.alpha1);
  blst_p2_add_or_double_affine(&p.b, &sums.b2, &key.beta2);
  if (blst_p1_is_inf(&p.a) || !is_in_group(p.a) || !is_in_group(p.b)) {
    sero_wipe(&p, sizeof p);
    return false;
  }
  parallel.run(parallel.self, PRODUCTS, product_task, &p);
  blst_p2_add_or_double(&p.b_part, &p.b_part, &p.delta_part);
  blst_p1_add_or_double(&p.tua, &p.tua, &sums.c);
  blst_p1_affine affine;
  blst_p2_affine affine2;
  blst_p1_to_affine(&affine, &p.ua);
  blst_p1_affine_compress(proof, &affine);
  blst_p2_to_affine(&affine2, &p.b_part);
  blst_p2_affine_compress(proof + 48, &affine2);
  blst_p1_to_affine(&affine, &p.tua);
  blst_p1_affine_compress(proof + 144, &affine);
  sero_wipe(&p, sizeof p);
  // Of a witness that breaks the circuit they are no proof's.
  sero_wipe(&affine, sizeof affine);
  sero_wipe(&affine2, sizeof affine2);
  return true;
}

sero_status check_witness(const sero_proving_key* key, const uint8_t* witness, size_t count) {
  if (count != key->wires) return SERO_WITNESS_LENGTH;
  if (!are_canonical(witness, count)) return SERO_WITNESS_MALFORMED;
  uint8_t rest = 0;
  for (size_t i = 1; i < 32; i++) rest |= witness[i];
  if (witness[0] != 1 || rest != 0) return SERO_WITNESS_MALFORMED;
  return SERO_OK;
}

sero_status finish(const sero_proving_key& key, const Sums& sums, const uint8_t* public_inputs,
                   const Blinding& blinding, const Parallel& parallel, uint8_t* proof) {
  if (!blinding.is_random) return SERO_RANDOMNESS_BROKEN;
  sero_status verdict = SERO_PROVE_FAILED;
  if (assemble(key, sums, blinding, parallel, proof)) {
    verdict = sero_verify(key.verifying_key, public_inputs, key.public_inputs, proof);
  }
  if (verdict == SERO_OK) return SERO_OK;
  // What does not verify is not a proof, and may say something about the witness.
  sero_wipe(proof, SERO_PROOF_BYTES);
  return verdict == SERO_NO_MEMORY ? verdict : SERO_PROVE_FAILED;
}

}  // namespace
}  // namespace sero

extern "C" {

sero_status sero_read_wtns(const uint8_t* file, size_t length, const uint8_t** values, size_t* count) {
  return sero::read_wtns({file, length}, values, count);
}

size_t sero_prove_scalars_bytes(const sero_proving_key* key) { return sero::scalars_bytes(*key); }

sero_status sero_prove_scalars(const sero_proving_key* key, const uint8_t* witness, size_t count,
                               const sero_parallel* parallel, const volatile int32_t* cancelled, uint8_t* scalars) {
  const sero_status checked = sero::check_witness(key, witness, count);
  if (checked != SERO_OK) return checked;
  return sero::make_scalars(*key, witness, scalars, parallel == nullptr ? sero::serial() : *parallel, cancelled);
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
  for (size_t i = 0; i < sum_count; i++) {
    if (parts[i] >= sero::PARTS) return SERO_LENGTH;
  }
  sero::Sums total, term;
  std::memset(&total, 0, sizeof total);
  for (size_t i = 0; i < sum_count; i++) {
    const uint8_t* sum = sums + i * SERO_SUM_BYTES;
    void* const to = total.of(parts[i]);
    if (parts[i] == sero::PART_B2) {
      std::memcpy(&term.b2, sum, sizeof term.b2);
      blst_p2_add_or_double(static_cast<blst_p2*>(to), static_cast<blst_p2*>(to), &term.b2);
    } else {
      std::memcpy(&term.a, sum, sizeof term.a);
      blst_p1_add_or_double(static_cast<blst_p1*>(to), static_cast<blst_p1*>(to), &term.a);
    }
  }
  sero_wipe(&term, sizeof term);
  const sero_status status = sero::finish(*key, total, public_inputs, sero::Blinding(seed), sero::serial(), proof);
  sero_wipe(&total, sizeof total);
  return status;
}

sero_status sero_prove(const sero_proving_key* key, const uint8_t* witness, size_t count,
                       const uint8_t seed[SERO_BLINDING_BYTES], const sero_parallel* parallel,
                       const volatile int32_t* cancelled, uint8_t proof[SERO_PROOF_BYTES]) {
  const sero::Parallel how = parallel == nullptr ? sero::serial() : *parallel;
  sero::Secret memory(sero::scalars_bytes(*key));
  if (memory.data == nullptr) return SERO_NO_MEMORY;
  const sero::Blinding blinding(seed);
  if (!blinding.is_random) return SERO_RANDOMNESS_BROKEN;
  sero_status status = sero_prove_scalars(key, witness, count, &how, cancelled, memory.data);
  if (status != SERO_OK) return status;
  const sero::Scalars scalars(*key, memory.data);
  sero::Sums sums;
  sero::MultiExp jobs[sero::PARTS];
  for (uint32_t i = 0; i < sero::PARTS; i++) {
    // The largest pieces of work first, those in the second group: threads end together.
    const uint32_t part = sero::PARTS - 1 - i;
    jobs[i] = {&key->table[part], scalars.part[part], 0, key->table[part].windows.sets, sums.of(part)};
  }
  status = sero::multi_exp(jobs, sero::PARTS, how, cancelled);
  if (status == SERO_OK) status = sero::finish(*key, sums, witness + 32, blinding, how, proof);
  sero_wipe(&sums, sizeof sums);
  return status;
}

}  // extern "C"
