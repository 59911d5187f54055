// Batches of Poseidon hashes: the note tree's nodes and the masks of traces.

#include "bytes.hpp"
#include "field/params.hpp"
#include "kernels.hpp"
#include "memory.hpp"

namespace sero {
namespace {

/// Hashes a task makes: some milliseconds at most.
constexpr size_t PIECE = 256;

/// The first element that is not canonical, or `count`.
size_t first_not_canonical(const uint8_t* elements, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!is_below_words(elements + SERO_FIELD_BYTES * i, FrParams::P64)) return i;
  }
  return count;
}

sero_status refuse(size_t place, size_t* at) {
  if (at != nullptr) *at = place;
  return SERO_FIELD_NOT_CANONICAL;
}

uint64_t opened_value(const uint8_t* difference) {
  constexpr uint64_t LIMIT = uint64_t{1} << 53;
  uint64_t word[4];
  std::memcpy(word, difference, sizeof word);
  return word[0] < LIMIT && (word[1] | word[2] | word[3]) == 0 ? word[0] : UINT64_MAX;
}

}  // namespace
}  // namespace sero

extern "C" {

sero_status sero_hash_nodes(const uint8_t* tuples, size_t count, uint8_t* out, size_t* at,
                            const sero_parallel* parallel, const volatile int32_t* cancelled) {
  using namespace sero;
  const size_t bad = first_not_canonical(tuples, 4 * count);
  if (bad < 4 * count) return refuse(bad, at);
  const PoseidonKernels& kernel = kernels().poseidon;
  return for_pieces(count, PIECE, parallel, cancelled, [&](size_t from, size_t to) {
    kernel.hash_nodes(tuples + SERO_TUPLE_BYTES * from, to - from, out + SERO_FIELD_BYTES * from);
  });
}

sero_status sero_open_traces(const uint8_t trace_key[SERO_FIELD_BYTES], const uint8_t zpk[SERO_FIELD_BYTES],
                             const uint8_t* entries, size_t count, uint64_t* opened, size_t* at,
                             const sero_parallel* parallel, const volatile int32_t* cancelled) {
  using namespace sero;
  if (!is_below_words(trace_key, FrParams::P64)) return refuse(0, at);
  if (!is_below_words(zpk, FrParams::P64)) return refuse(1, at);
  const size_t bad = first_not_canonical(entries, 2 * count);
  if (bad < 2 * count) return refuse(2 + bad, at);
  const PoseidonKernels& kernel = kernels().poseidon;
  return for_pieces(count, PIECE, parallel, cancelled, [&](size_t from, size_t to) {
    uint8_t differences[PIECE][SERO_FIELD_BYTES];
    kernel.trace_differences(trace_key, zpk, entries + SERO_TRACE_BYTES * from, to - from, differences[0]);
    for (size_t i = from; i < to; i++) opened[i] = opened_value(differences[i - from]);
    sero_wipe(differences, sizeof differences);
  });
}

}
