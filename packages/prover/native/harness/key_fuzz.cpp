// Fuzzing of proving keys and witnesses: libFuzzer's entry.
//
// An input is the length of a .zkey (u32, little-endian), the .zkey, then a .wtns. What is looked for beside memory: a proof that is
// handed out verifies (sero_prove checks that itself), and both kernels refuse the same files.
// tools/write-fuzz-seeds.ts writes inputs to begin with.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../include/sero_prover.h"

namespace {

void expect(bool holds) {
  if (!holds) abort();
}

/// A copy that ends where the data ends, for the sanitizer to see what reads on.
std::unique_ptr<uint8_t[]> copy_of(const uint8_t* data, size_t size) {
  std::unique_ptr<uint8_t[]> copy(new uint8_t[size]);
  if (size > 0) std::memcpy(copy.get(), data, size);
  return copy;
}

sero_status prove_with(const uint8_t* zkey, size_t zkey_size, const uint8_t* values, size_t count) {
  sero_proving_key* key = nullptr;
  const sero_status opened = sero_proving_key_new(zkey, zkey_size, 2, nullptr, nullptr, &key);
  expect((opened == SERO_OK) == (key != nullptr));
  if (opened != SERO_OK) return opened;
  uint8_t seed[SERO_BLINDING_BYTES], proof[SERO_PROOF_BYTES];
  std::memset(seed, 3, sizeof seed);
  const sero_status proved = sero_prove(key, values, count, seed, nullptr, nullptr, proof);
  sero_proving_key_free(key);
  return proved;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  uint32_t length;
  std::memcpy(&length, data, 4);
  if (length > size - 4) return 0;
  const auto zkey = copy_of(data + 4, length);
  const size_t wtns_size = size - 4 - length;
  const auto wtns = copy_of(data + 4 + length, wtns_size);
  const uint8_t* values = nullptr;
  size_t count = 0;
  if (sero_read_wtns(wtns.get(), wtns_size, &values, &count) != SERO_OK) count = 0;
  sero_status found[2];
  for (int32_t is_portable = 0; is_portable < 2; is_portable++) {
    sero_force_portable(is_portable);
    found[is_portable] = prove_with(zkey.get(), length, values, count);
  }
  sero_force_portable(0);
  expect(found[0] == found[1]);
  return 0;
}
