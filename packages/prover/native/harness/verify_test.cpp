// Verification in a small deterministic program: every rule, its attack, and equality of the kernels.
// packages/prover/src/differential.test.ts compares the same functions with the TypeScript reference on many inputs.
//   verify_test          exits 1 where a rule does not hold
//   verify_test short    the same with fewer batches, for valgrind
#include <cstdio>
#include <cstring>
#include <thread>

#include "kernels.hpp"
#include "miller.hpp"
#include "verify_support.hpp"

namespace {

using harness::Bytes;
using harness::KnownKey;
using harness::Source;
using harness::Statement;

int failures = 0;

void expect(bool holds, const char* rule) {
  if (holds) return;
  failures++;
  printf("FAILED: %s\n", rule);
}

const uint8_t SEED[SERO_SEED_BYTES] = {7};

/// For sero_force_portable: every set of kernels once.
std::vector<int32_t> kernel_choices() {
  sero_force_portable(1);
  const sero::Kernels* portable = &sero::kernels();
  sero_force_portable(0);
  if (&sero::kernels() == portable) return {1};
  return {0, 1};
}

sero_status verify(const KnownKey& key, const Statement& one) {
  return sero_verify(key.vk, one.inputs.data(), one.inputs.size() / 32, one.proof.data());
}

sero_proof_item item_of(const KnownKey& key, const Statement& one) {
  return {key.vk, one.inputs.data(), one.inputs.size() / 32, one.proof.data()};
}

/// The verdict of sero_verify, which batches must give too, alone and among honest proofs.
sero_status verdict_of(const KnownKey& key, const Statement& honest, const Statement& one) {
  const sero_status single = verify(key, one);
  std::vector<sero_proof_item> items(9, item_of(key, honest));
  items[4] = item_of(key, one);
  std::vector<sero_status> verdicts(items.size(), -1);
  expect(sero_verify_batch(items.data(), items.size(), SEED, nullptr, nullptr, verdicts.data()) == SERO_OK,
         "a batch with anything in it is decided");
  for (size_t i = 0; i < items.size(); i++) {
    expect(verdicts[i] == (i == 4 ? single : SERO_OK), "a batch gives every proof the verdict that it gets alone");
  }
  return single;
}

Statement with_bytes(Statement one, size_t at, const Bytes& bytes) {
  memcpy(one.proof.data() + at, bytes.data(), bytes.size());
  return one;
}

Bytes infinity(size_t length) {
  Bytes out(length, 0);
  out[0] = 0xc0;
  return out;
}

/// (0, 2): on the curve, of order 3.
Bytes order_three() {
  Bytes out(SERO_G1_COMPRESSED, 0);
  out[0] = 0x80;
  return out;
}

void check_points(const KnownKey& key, const Statement& honest) {
  constexpr size_t PLACES[3][2] = {{0, 48}, {48, 96}, {144, 48}};
  for (const auto& place : PLACES) {
    const size_t at = place[0];
    const size_t length = place[1];
    expect(verdict_of(key, honest, with_bytes(honest, at, infinity(length))) == SERO_POINT_AT_INFINITY,
           "infinity is no point of a proof");
    Bytes payload = infinity(length);
    payload[length - 1] = 1;
    expect(verdict_of(key, honest, with_bytes(honest, at, payload)) == SERO_POINT_NOT_CANONICAL,
           "infinity has no payload");
    expect(verdict_of(key, honest, with_bytes(honest, at, Bytes(length, 0xbf))) == SERO_POINT_NOT_CANONICAL,
           "a coordinate is below p");
    Statement flipped = honest;
    flipped.proof[at] ^= 0x80;
    expect(verdict_of(key, honest, flipped) == SERO_POINT_NOT_CANONICAL, "points are compressed");
    flipped = honest;
    flipped.proof[at] ^= 0x20;
    expect(verdict_of(key, honest, flipped) == SERO_PROOF_INVALID, "the other root is another point");
  }
  for (const size_t at : {size_t{0}, size_t{144}}) {
    expect(verdict_of(key, honest, with_bytes(honest, at, order_three())) == SERO_POINT_NOT_IN_SUBGROUP,
           "a point of order 3 is refused");
  }
}

void check_inputs(const KnownKey& key, const Statement& honest) {
  Statement changed = honest;
  changed.inputs[0] ^= 1;
  expect(verdict_of(key, honest, changed) == SERO_PROOF_INVALID, "a proof is of its inputs");
  changed = honest;
  changed.inputs.resize(changed.inputs.size() - 32);
  expect(verdict_of(key, honest, changed) == SERO_PUBLIC_INPUT_COUNT, "no input is missing");
  changed = honest;
  changed.inputs.resize(changed.inputs.size() + 32);
  expect(verdict_of(key, honest, changed) == SERO_PUBLIC_INPUT_COUNT, "no input is one too many");
  changed = honest;
  memset(changed.inputs.data() + 32, 0xff, 32);
  expect(verdict_of(key, honest, changed) == SERO_PUBLIC_INPUT_NOT_CANONICAL, "inputs are below r");
  // r itself, which is 0 under the equation.
  const uint8_t order[32] = {0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0x02, 0xa4, 0xbd, 0x53,
                             0x05, 0xd8, 0xa1, 0x09, 0x08, 0xd8, 0x39, 0x33, 0x48, 0x7d, 0x9d, 0x29, 0x53, 0xa7, 0xed, 0x73};
  changed = honest;
  memcpy(changed.inputs.data(), order, 32);
  expect(verdict_of(key, honest, changed) == SERO_PUBLIC_INPUT_NOT_CANONICAL, "r is no input");
}

sero_status load(const Bytes& points, size_t* at) {
  sero_vk* vk = nullptr;
  const sero_status status = sero_vk_new(points.data(), points.size(), &vk, at);
  sero_vk_free(vk);
  return status;
}

void copy_within(Bytes* points, size_t to, size_t from, size_t length) {
  memmove(points->data() + to, points->data() + from, length);
}

void check_keys(const KnownKey& key) {
  size_t at = 0;
  Bytes points = key.points;
  expect(load(points, &at) == SERO_OK, "an honest key loads");
  points.pop_back();
  expect(load(points, &at) == SERO_LENGTH, "a key is not cut short");
  expect(load(Bytes(), &at) == SERO_LENGTH, "a key is not empty");
  points.resize(48 + 3 * 96);
  expect(load(points, &at) == SERO_KEY_IC_COUNT, "a key has an IC point for the constant");
  points = key.points;
  copy_within(&points, 48 + 2 * 96, 48 + 96, 96);
  expect(load(points, &at) == SERO_KEY_GAMMA_EQUALS_DELTA, "gamma is not delta");
  points[48 + 96] ^= 0x20;
  expect(load(points, &at) == SERO_KEY_GAMMA_EQUALS_DELTA, "gamma is not minus delta");
  points = key.points;
  copy_within(&points, 48, 48 + 96, 96);
  expect(load(points, &at) == SERO_KEY_POINTS_RELATED, "beta is not gamma");
  points = key.points;
  blst_p2_compress(points.data() + 48, blst_p2_generator());
  expect(load(points, &at) == SERO_KEY_GENERATOR, "beta is not the generator");
  points = key.points;
  blst_p1_compress(points.data(), blst_p1_generator());
  expect(load(points, &at) == SERO_KEY_GENERATOR, "alpha is not the generator");
  points = key.points;
  copy_within(&points, 48 + 3 * 96 + 48, 48 + 3 * 96, 48);
  expect(load(points, &at) == SERO_KEY_IC_REPEATED && at == 5, "IC points do not repeat, and the repeated one is named");
  points = key.points;
  memcpy(points.data() + 48 + 3 * 96, infinity(48).data(), 48);
  expect(load(points, &at) == SERO_POINT_AT_INFINITY && at == 4, "infinity is no point of a key, and its place is named");
}

/// IC_0 a small multiple of another IC point: sums that are equal or opposite to what is added next, which the kernels'
/// additions cannot add and must hand back.
void check_related_ic(Source* source) {
  for (const bool opposite : {false, true}) {
    for (const uint64_t factor : {1, 2, 3, 128}) {
      const uint64_t words[4] = {factor, 0, 0, 0};
      blst_fr scalar;
      blst_fr_from_uint64(&scalar, words);
      KnownKey key = harness::known_key(source, 3, [&](std::vector<blst_fr>* ic) {
        blst_fr times;
        blst_fr_mul(&times, &(*ic)[2], &scalar);
        blst_fr_cneg(&(*ic)[0], &times, opposite);
      });
      if (factor == 1) {
        expect(key.vk == nullptr, "IC points that are equal up to sign are refused");
        continue;
      }
      std::vector<blst_fr> inputs = {harness::random_fr(source), scalar, harness::random_fr(source)};
      const Statement one = harness::simulate(source, key, inputs);
      expect(verdict_of(key, one, one) == SERO_OK, "sums that meet themselves are added all the same");
      inputs = {blst_fr{}, scalar, blst_fr{}};
      const Statement bare = harness::simulate(source, key, inputs);
      expect(verdict_of(key, bare, bare) == SERO_OK, "sums that meet themselves are added all the same");
      sero_vk_free(key.vk);
    }
  }
}

/// Keys of all sizes, whose tables have windows from 8 bits down to 2, and inputs with the longest carries.
void check_key_sizes(Source* source) {
  const uint64_t ones[4] = {~0ull, ~0ull, ~0ull, 0x73eda753299d7d47ull};
  blst_fr longest;
  blst_fr_from_uint64(&longest, ones);
  for (const size_t inputs : {0, 15, 40, 70, 100, 200, 400, 800}) {
    const KnownKey key = harness::known_key(source, inputs);
    std::vector<blst_fr> values;
    for (size_t i = 0; i < inputs; i++) {
      values.push_back(i % 3 == 0 ? longest : i % 3 == 1 ? harness::random_fr(source) : blst_fr{});
    }
    const Statement one = harness::simulate(source, key, values);
    for (const int32_t portable : kernel_choices()) {
      sero_force_portable(portable);
      expect(verify(key, one) == SERO_OK, "a proof verifies under keys of any size, with all kernels");
    }
    sero_force_portable(0);
    sero_vk_free(key.vk);
  }
  sero_vk* vk = nullptr;
  size_t at = 0;
  const Bytes endless(48 + 3 * 96 + (SERO_MAX_PUBLIC_INPUTS + 2) * 48, 0);
  expect(sero_vk_new(endless.data(), endless.size(), &vk, &at) == SERO_KEY_IC_COUNT, "a key has a largest size");
}

void run_threads(void*, size_t tasks, void (*task)(void*, size_t), void* context) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < tasks; i++) threads.emplace_back(task, context, i);
  for (std::thread& thread : threads) thread.join();
}

/// Batches over two keys with false proofs anywhere: on threads, serially, with each set of kernels.
void check_batches(Source* source, const KnownKey (&keys)[2], const std::vector<size_t>& sizes) {
  const sero_parallel threads = {run_threads, nullptr};
  for (const size_t size : sizes) {
    std::vector<Statement> statements;
    std::vector<sero_proof_item> items;
    std::vector<sero_status> expected;
    for (size_t i = 0; i < size; i++) {
      const bool is_false = source->next() % 8 == 0;
      const blst_fr error = is_false ? harness::random_fr(source) : blst_fr{};
      statements.push_back(harness::simulate(source, keys[i % 2], error));
      expected.push_back(is_false ? SERO_PROOF_INVALID : SERO_OK);
    }
    for (size_t i = 0; i < size; i++) items.push_back(item_of(keys[i % 2], statements[i]));
    for (const int32_t portable : kernel_choices()) {
      sero_force_portable(portable);
      for (const sero_parallel* parallel : {static_cast<const sero_parallel*>(nullptr), &threads}) {
        std::vector<sero_status> verdicts(size, -1);
        expect(sero_verify_batch(items.data(), size, SEED, parallel, nullptr, verdicts.data()) == SERO_OK,
               "a batch is decided");
        expect(verdicts == expected, "exactly the false proofs are found, with all kernels, on any threads");
      }
    }
    sero_force_portable(0);
  }
}

void check_refusals(const KnownKey& key, const Statement& honest) {
  const sero_proof_item item = item_of(key, honest);
  sero_status verdict = -1;
  const uint8_t zeros[SERO_SEED_BYTES] = {};
  expect(sero_verify_batch(&item, 1, zeros, nullptr, nullptr, &verdict) == SERO_RANDOMNESS_BROKEN,
         "a seed of zeros is refused");
  const volatile int32_t cancelled = 1;
  expect(sero_verify_batch(&item, 1, SEED, nullptr, &cancelled, &verdict) == SERO_CANCELLED,
         "a cancelled batch gives no verdicts");
  expect(sero_verify_batch(nullptr, 0, SEED, nullptr, nullptr, nullptr) == SERO_OK, "an empty batch has no verdicts");
  expect(sero_verify_batch(&item, SERO_MAX_BATCH + 1, SEED, nullptr, nullptr, &verdict) == SERO_LENGTH,
         "a batch has a largest size");
}

/// e(P_1, Q_1) .. e(P_n, Q_n), as blst computes it and as every set of kernels does.
void check_pairings(Source* source) {
  constexpr size_t MOST = 14;  // more than one loop takes
  std::vector<sero::Lines> lines(MOST);
  std::vector<sero::MillerPair> pairs(MOST);
  blst_fp12 expected = *blst_fp12_one();
  for (size_t count = 1; count <= MOST; count++) {
    sero::MillerPair& pair = pairs[count - 1];
    const blst_fr scalars[2] = {harness::random_fr(source), harness::random_fr(source)};
    Bytes bytes;
    harness::append_g1(&bytes, scalars[0]);
    harness::append_g2(&bytes, scalars[1]);
    blst_p2_affine q;
    blst_p1_uncompress(&pair.point, bytes.data());
    blst_p2_uncompress(&q, bytes.data() + 48);
    blst_precompute_lines(lines[count - 1].line, &q);
    pair.lines = &lines[count - 1];
    blst_fp12 loop, together;
    blst_miller_loop(&loop, &q, &pair.point);
    blst_fp12_mul(&expected, &expected, &loop);
    blst_final_exp(&together, &expected);
    for (const int32_t portable : kernel_choices()) {
      sero_force_portable(portable);
      blst_fp12 product, power;
      sero::miller_product(&product, pairs.data(), count);
      sero::final_exponentiation(&power, &product);
      expect(blst_fp12_is_equal(&power, &together), "a product of pairings is blst's, with all kernels");
      // Not only on what a Miller loop gives: on blst's own value, which differs by what the exponentiation removes.
      sero::final_exponentiation(&power, &expected);
      expect(blst_fp12_is_equal(&power, &together), "the exponentiation is blst's, with all kernels");
      blst_fp12 zero = {};
      sero::final_exponentiation(&zero, &zero);
      expect(!blst_fp12_is_one(&zero), "zero is not taken for a product that is one");
    }
    sero_force_portable(0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_short = argc == 2 && strcmp(argv[1], "short") == 0;
  const std::vector<size_t> batches = is_short ? std::vector<size_t>{1, 2, 7, 9, 33}
                                               : std::vector<size_t>{1, 2, 4, 7, 8, 9, 33, 70};
  Source source{5};
  const KnownKey keys[2] = {harness::known_key(&source, 3), harness::known_key(&source, 15)};
  const Statement honest = harness::simulate(&source, keys[0]);
  expect(verdict_of(keys[0], honest, honest) == SERO_OK, "an honest proof verifies");
  check_points(keys[0], honest);
  check_inputs(keys[0], honest);
  check_keys(keys[0]);
  check_related_ic(&source);
  check_key_sizes(&source);
  check_batches(&source, keys, batches);
  check_refusals(keys[0], honest);
  check_pairings(&source);
  for (const KnownKey& key : keys) sero_vk_free(key.vk);
  printf(failures == 0 ? "verification: every rule holds\n" : "verification: %d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
