// Proves from files, for measuring and profiling:  prove ZKEY WTNS [copies [threads [repetitions [portable [image]]]]]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "../include/sero_prover.h"

namespace {

std::vector<uint8_t> read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "prove ZKEY WTNS [copies [threads [repetitions [portable [image]]]]]\n");
    return 2;
  }
  const auto number = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  sero_force_portable(number(6, 0));
  const std::vector<uint8_t> wtns = read(argv[2]);
  sero_pool* pool = sero_pool_new(static_cast<size_t>(number(4, 2)));
  const sero_parallel parallel = sero_pool_parallel(pool);
  sero_proving_key* key = nullptr;
  double start = now();
  const uint32_t copies = static_cast<uint32_t>(number(3, 4));
  sero_status status = sero_proving_key_open(argv[1], argc > 7 ? argv[7] : nullptr, copies, &parallel, nullptr, &key);
  if (status != SERO_OK) {
    std::fprintf(stderr, "the key is refused: %d\n", status);
    return 1;
  }
  std::printf("%s: key ready in %.0f ms, %.1f MB\n", sero_kernels_name(), now() - start,
              static_cast<double>(sero_proving_key_memory(key)) / 1e6);
  const uint8_t* values;
  size_t count;
  if (sero_read_wtns(wtns.data(), wtns.size(), &values, &count) != SERO_OK) return 1;
  std::random_device random;
  for (int i = 0; i < number(5, 10); i++) {
    uint8_t seed[SERO_BLINDING_BYTES], proof[SERO_PROOF_BYTES];
    for (uint8_t& byte : seed) byte = static_cast<uint8_t>(random());
    start = now();
    status = sero_prove(key, values, count, seed, &parallel, nullptr, proof);
    std::printf("%.2f ms, status %d\n", now() - start, status);
    if (status != SERO_OK) return 1;
  }
  sero_proving_key_free(key);
  sero_pool_free(pool);
  return 0;
}
