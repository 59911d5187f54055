// Processor times of verification on this machine: minima over interleaved rounds, one thread.
#include <ctime>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "verify_support.hpp"

namespace {

double processor_ms() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <class F>
void keep_minimum(double* best, const F& work) {
  const double begin = processor_ms();
  work();
  const double ms = processor_ms() - begin;
  if (*best == 0 || ms < *best) *best = ms;
}

}  // namespace

int main(int argc, char** argv) {
  // Rounds, and 1 for the portable code.
  const size_t rounds = argc > 1 ? static_cast<size_t>(atoi(argv[1])) : 20;
  sero_force_portable(argc > 2 ? atoi(argv[2]) : 0);
  harness::Source source{1};
  constexpr size_t INPUTS = 15;
  constexpr size_t SIZES[] = {4, 16, 64, 256};
  const harness::KnownKey key = harness::known_key(&source, INPUTS);
  std::vector<harness::Statement> statements;
  for (size_t i = 0; i < 256; i++) statements.push_back(harness::simulate(&source, key));
  std::vector<sero_proof_item> items;
  for (const auto& one : statements) items.push_back({key.vk, one.inputs.data(), INPUTS, one.proof.data()});
  const uint8_t seed[SERO_SEED_BYTES] = {1};
  std::vector<sero_status> verdicts(items.size());

  double single = 0;
  double loading = 0;
  double batch[4] = {};
  bool all = true;
  for (size_t round = 0; round < rounds; round++) {
    keep_minimum(&single, [&] {
      all = all && sero_verify(key.vk, items[0].inputs, INPUTS, items[0].proof) == SERO_OK;
    });
    if (round == 0) {
      keep_minimum(&loading, [&] {
        sero_vk* vk;
        size_t at;
        all = all && sero_vk_new(key.points.data(), key.points.size(), &vk, &at) == SERO_OK;
        sero_vk_free(vk);
      });
    }
    for (size_t i = 0; i < 4; i++) {
      keep_minimum(&batch[i], [&] {
        sero_verify_batch(items.data(), SIZES[i], seed, nullptr, nullptr, verdicts.data());
      });
      for (size_t j = 0; j < SIZES[i]; j++) all = all && verdicts[j] == SERO_OK;
    }
  }
  printf("kernels: %s\nall verify: %s\nkey: %.2f ms, %zu bytes\nsingle: %.3f ms\n", sero_kernels_name(), all ? "yes" : "NO", loading,
         sero_vk_memory(key.vk), single);
  for (size_t i = 0; i < 4; i++) {
    printf("batch of %zu: %.3f ms a proof\n", SIZES[i], batch[i] / static_cast<double>(SIZES[i]));
  }
  sero_vk_free(key.vk);
  return all ? 0 : 1;
}
