// Fuzzing of verification: libFuzzer's entry (clang++ -fsanitize=fuzzer,address,undefined), or with SERO_FUZZ_STANDALONE a
// program that feeds it mutations of its own, for compilers without libFuzzer.
//
// An input is a list of edits (two bytes of place, one of value) of an honest batch, or, where its first byte is odd, the
// bytes of a verifying key. What is checked beside memory: that batches and single verdicts agree, on all kernels.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "verify_support.hpp"

namespace {

constexpr size_t PROOFS = 6;

struct Honest {
  harness::KnownKey key;
  harness::Statement statements[PROOFS];
};

const Honest& honest() {
  static const Honest* const made = [] {
    harness::Source source{23};
    Honest* out = new Honest;
    out->key = harness::known_key(&source, 2);
    for (auto& one : out->statements) one = harness::simulate(&source, out->key);
    return out;
  }();
  return *made;
}

void expect(bool holds) {
  if (!holds) abort();
}

void fuzz_key(const uint8_t* data, size_t size) {
  // Edits of an honest key go deeper than bytes alone.
  harness::Bytes points = honest().key.points;
  if (size >= points.size()) points.assign(data, data + size);
  else
    for (size_t i = 0; i + 3 <= size; i += 3) points[(data[i] << 8 | data[i + 1]) % points.size()] = data[i + 2];
  sero_vk* vk = nullptr;
  size_t at = 0;
  const sero_status status = sero_vk_new(points.data(), points.size(), &vk, &at);
  expect((status == SERO_OK) == (vk != nullptr));
  expect(at < 5 + points.size() / SERO_G1_COMPRESSED);
  sero_vk_free(vk);
}

void fuzz_batch(const uint8_t* data, size_t size) {
  harness::Statement statements[PROOFS];
  for (size_t i = 0; i < PROOFS; i++) statements[i] = honest().statements[i];
  for (size_t i = 0; i + 3 <= size; i += 3) {
    harness::Statement& one = statements[data[i] % PROOFS];
    const size_t length = one.inputs.size() + one.proof.size();
    const size_t at = (static_cast<size_t>(data[i] / PROOFS) << 8 | data[i + 1]) % length;
    uint8_t& byte = at < one.proof.size() ? one.proof[at] : one.inputs[at - one.proof.size()];
    byte = data[i + 2];
  }
  sero_proof_item items[PROOFS];
  sero_status single[PROOFS];
  for (size_t i = 0; i < PROOFS; i++) {
    items[i] = {honest().key.vk, statements[i].inputs.data(), 2, statements[i].proof.data()};
    single[i] = sero_verify(items[i].vk, items[i].inputs, 2, items[i].proof);
    expect(single[i] == SERO_OK || single[i] > SERO_RANDOMNESS_BROKEN);
  }
  const uint8_t seed[SERO_SEED_BYTES] = {1, 2, 3};
  for (const int32_t portable : {0, 1}) {
    sero_status verdicts[PROOFS];
    sero_force_portable(portable);
    expect(sero_verify_batch(items, PROOFS, seed, nullptr, nullptr, verdicts) == SERO_OK);
    expect(memcmp(single, verdicts, sizeof(single)) == 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  if (data[0] & 1) {
    fuzz_key(data + 1, size - 1);
  } else {
    fuzz_batch(data + 1, size - 1);
  }
  return 0;
}

#ifdef SERO_FUZZ_STANDALONE
int main(int argc, char** argv) {
  const size_t count = argc > 1 ? static_cast<size_t>(atoll(argv[1])) : 1000;
  harness::Source source{argc > 2 ? static_cast<uint64_t>(atoll(argv[2])) : 1};
  for (size_t i = 0; i < count; i++) {
    uint8_t data[64];
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(source.next());
    // Mostly few edits, of which some change flags and signs only.
    LLVMFuzzerTestOneInput(data, 1 + source.next() % 12 * (source.next() % 8 == 0 ? 5 : 1));
  }
  printf("%zu inputs\n", count);
  return 0;
}
#endif
