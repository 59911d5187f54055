// Transforms of every set of kernels give the same, also where sums in lanes come out just above twice the modulus.

#include <cstdio>
#include <cstring>
#include <vector>

#include "../src/kernels.hpp"
#include "../src/memory.hpp"

namespace {

constexpr unsigned POWER = 5;
constexpr size_t N = size_t{1} << POWER, LANES = 8;
constexpr int ROUNDS = 500;

uint64_t state = 0x7f4a;
uint64_t draw() {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/// The element whose Montgomery form with R = 2^260 is these words: bytes of its form with R = 2^256, as transforms take it.
void of_lane_words(const uint64_t words[4], uint8_t* out) {
  blst_fr value, sixteenth;
  const uint64_t sixteen[4] = {16, 0, 0, 0};
  std::memcpy(&value, words, sizeof value);
  blst_fr_from_uint64(&sixteenth, sixteen);
  blst_fr_inverse(&sixteenth, &sixteenth);
  blst_fr_mul(&value, &value, &sixteenth);
  std::memcpy(out, &value, sizeof value);
}

void negated(uint8_t* out, const uint8_t* bytes) {
  blst_fr value;
  std::memcpy(&value, bytes, sizeof value);
  blst_fr_cneg(&value, &value, true);
  std::memcpy(out, &value, sizeof value);
}

void added(uint8_t* to, const uint8_t* bytes) {
  blst_fr a, b;
  std::memcpy(&a, to, sizeof a);
  std::memcpy(&b, bytes, sizeof b);
  blst_fr_add(&a, &a, &b);
  std::memcpy(to, &a, sizeof a);
}

/// a^2 - a of the values on the coset.
std::vector<uint8_t> on_coset(const sero::Kernels& kernels, const uint8_t* values) {
  const sero::TransformKernels& t = kernels.transform;
  void* tables = sero_alloc(t.tables_bytes(POWER));
  void* vector = sero_alloc(t.vector_bytes(POWER));
  std::vector<uint8_t> out(32 * N);
  t.make_tables(POWER, tables);
  t.to_coset(POWER, tables, values, vector);
  t.quotient(vector, vector, vector, 0, N, out.data());
  sero_free(tables);
  sero_free(vector);
  return out;
}

/// Values whose sums in the first stage are a tiny bit above 0, p or 2p in lanes, in blocks 1 and 3; zeros elsewhere, from which
/// the second stage takes those sums off. Elements below p/64 come out of a multiplication as p and themselves.
void hostile(uint8_t* values) {
  std::memset(values, 0, 32 * N);
  for (size_t lane = 0; lane < LANES; lane++) {
    const uint64_t element[4] = {draw(), draw(), draw(), draw() >> 8}, tiny[4] = {1 + draw() % 3, 0, 0, 0};
    uint8_t* one = values + 32 * (LANES + lane);
    uint8_t* other = values + 32 * (3 * LANES + lane);
    uint8_t more[32];
    of_lane_words(element, one);
    negated(other, one);
    of_lane_words(tiny, more);
    added(other, more);
  }
}

void random_values(uint8_t* values) {
  for (size_t i = 0; i < N; i++) {
    const uint64_t element[4] = {draw(), draw(), draw(), draw() >> 2};
    of_lane_words(element, values + 32 * i);
  }
}

}  // namespace

int main() {
  const sero::Kernels& best = sero::kernels();
  int failures = 0;
  for (int round = 0; round < ROUNDS; round++) {
    uint8_t values[32 * N];
    if (round % 2 == 0) {
      hostile(values);
    } else {
      random_values(values);
    }
    if (on_coset(best, values) != on_coset(sero::KERNELS_PORTABLE, values)) failures++;
  }
  printf("transform_test: %s, %d of %d transforms differ from the portable ones\n", best.name, failures, ROUNDS);
  return failures == 0 ? 0 : 1;
}
