// Another thread may ask for other kernels at any time, as opening a second backend does: what runs keeps the set that it
// began with.

#include <pthread.h>

#include <atomic>
#include <cstdio>

#include "verify_support.hpp"

namespace {

constexpr size_t PROOFS = 8, INPUTS = 2;
constexpr int ROUNDS = 300;

std::atomic<bool> is_over{false};

void* switch_kernels(void*) {
  for (int32_t is_portable = 0; !is_over; is_portable ^= 1) sero_force_portable(is_portable);
  return nullptr;
}

}  // namespace

int main() {
  harness::Source source{5};
  const harness::KnownKey key = harness::known_key(&source, INPUTS);
  std::vector<harness::Statement> statements;
  for (size_t i = 0; i < PROOFS; i++) statements.push_back(harness::simulate(&source, key));
  std::vector<sero_proof_item> items;
  for (const auto& one : statements) items.push_back({key.vk, one.inputs.data(), INPUTS, one.proof.data()});
  pthread_t thread;
  if (pthread_create(&thread, nullptr, switch_kernels, nullptr) != 0) return 2;
  int wrong = 0;
  for (int round = 0; round < ROUNDS; round++) {
    uint8_t seed[SERO_SEED_BYTES] = {1, static_cast<uint8_t>(round), static_cast<uint8_t>(round >> 8)};
    sero_status verdicts[PROOFS];
    bool ok = sero_verify_batch(items.data(), PROOFS, seed, nullptr, nullptr, verdicts) == SERO_OK;
    for (const sero_status verdict : verdicts) ok = ok && verdict == SERO_OK;
    if (!ok) wrong++;
  }
  is_over = true;
  pthread_join(thread, nullptr);
  sero_force_portable(0);
  sero_vk_free(key.vk);
  printf("switch_test: %d of %d batches wrong\n", wrong, ROUNDS);
  return wrong == 0 ? 0 : 1;
}
