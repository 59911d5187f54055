// What the coefficients of a batch are for: two false proofs whose errors cancel out pass where every coefficient is 1, and
// are found where they are drawn. The library has no way to fix them: this program compiles its own copy.
#define SERO_EQUAL_COEFFICIENTS
#define sero_verify_batch verify_batch_with_equal_coefficients
#include "../src/verify_batch.cpp"
#undef sero_verify_batch

#include <cstdio>

#include "verify_support.hpp"

extern "C" sero_status sero_verify_batch(const sero_proof_item* items, size_t count,
                                         const uint8_t seed[SERO_SEED_BYTES], const sero_parallel* parallel,
                                         const volatile int32_t* cancelled, sero_status* verdicts);

namespace {

constexpr size_t INPUTS = 3;
/// Enough for the kernels' lanes, too few, and a pair alone.
constexpr size_t SIZES[] = {2, 3, 16, 40};

/// Counts how many false ones of a batch pass, the first and the last being C + D and C - D.
template <class Verify>
size_t passing_forgeries(size_t size, harness::Source* source, const harness::KnownKey& key, const Verify& verify) {
  const blst_fr error = harness::random_fr(source);
  blst_fr opposite;
  blst_fr_cneg(&opposite, &error, true);
  std::vector<harness::Statement> statements;
  for (size_t i = 0; i < size; i++) {
    statements.push_back(
        harness::simulate(source, key, i == 0 ? error : i + 1 == size ? opposite : blst_fr{}));
  }
  std::vector<sero_proof_item> items;
  for (const auto& one : statements) items.push_back({key.vk, one.inputs.data(), INPUTS, one.proof.data()});
  uint8_t seed[SERO_SEED_BYTES];
  for (uint8_t& byte : seed) byte = static_cast<uint8_t>(source->next());
  std::vector<sero_status> verdicts(size, -1);
  if (verify(items.data(), size, seed, nullptr, nullptr, verdicts.data()) != SERO_OK) return size;
  return (verdicts.front() == SERO_OK ? 1 : 0) + (verdicts.back() == SERO_OK ? 1 : 0);
}

}  // namespace

int main() {
  harness::Source source{11};
  const harness::KnownKey key = harness::known_key(&source, INPUTS);
  int failures = 0;
  for (const size_t size : SIZES) {
    const size_t equal = passing_forgeries(size, &source, key, verify_batch_with_equal_coefficients);
    const size_t drawn = passing_forgeries(size, &source, key, sero_verify_batch);
    printf("batch of %zu: %zu of 2 forgeries pass with equal coefficients, %zu with drawn ones\n", size, equal, drawn);
    if (equal != 2 || drawn != 0) failures++;
  }
  sero_vk_free(key.vk);
  return failures == 0 ? 0 : 1;
}
