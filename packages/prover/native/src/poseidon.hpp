// Poseidon (eprint 2019/458) in every lane at once: 8 full rounds around 56 sparse partial ones, S-box x^5.
// To be included after a field header.
//
// Every state element that is multiplied is below 4p: lanes after a matrix are a product below 1.5p plus at
// most one such; see `mix` for the sums.
#pragma once

#include "lanes.hpp"
#include "poseidon_constants.hpp"

namespace sero {
namespace SERO_KERNEL {
namespace poseidon {

constexpr int POSEIDON_HALF = 4;

/// The constants of a width in the kernel's form, made once a call.
template <int WIDTH>
struct PoseidonTables {
  using Source = PoseidonConstants<WIDTH>;
  static constexpr int ROUNDS = Source::PARTIAL_ROUNDS;
  static constexpr int PARTIAL_ROW = 2 * WIDTH;
  Single before[POSEIDON_HALF * WIDTH];
  Single after[POSEIDON_HALF * WIDTH];
  Single mds[WIDTH * WIDTH];
  Single merged[WIDTH * WIDTH];
  Single partial[ROUNDS * PARTIAL_ROW];
};

template <int WIDTH>
SERO_NOINLINE void load_tables(PoseidonTables<WIDTH>* out) {
  using Source = PoseidonConstants<WIDTH>;
  load_singles(out->before, Source::BEFORE, POSEIDON_HALF * WIDTH);
  load_singles(out->after, Source::AFTER, POSEIDON_HALF * WIDTH);
  load_singles(out->mds, Source::MDS, WIDTH * WIDTH);
  load_singles(out->merged, Source::MERGED, WIDTH * WIDTH);
  load_singles(out->partial, Source::PARTIAL, Source::PARTIAL_ROUNDS * 2 * WIDTH);
}

SERO_NOINLINE Fr quintic(const Fr& x) {
  return mul(sqr(sqr(x)), x);
}

/// The sum of row[i] state[i].
template <int WIDTH>
SERO_NOINLINE Fr dot(const Single* row, const Fr* state) {
  Fr sum = mul(spread(row[0]), state[0]);
  for (int j = 1; j < WIDTH; j++) sum = add(sum, mul(spread(row[j]), state[j]));
  return sum;
}

/// out = matrix state. The first `ROWS` rows.
template <int WIDTH, int ROWS>
SERO_INLINE void apply_matrix(Fr* out, const Single* matrix, const Fr* state) {
  for (int i = 0; i < ROWS; i++) out[i] = dot<WIDTH>(matrix + i * WIDTH, state);
}

/// Adds constants and takes the 5th power. State below 10p, so that it fits R.
template <int WIDTH>
SERO_INLINE void boxes(Fr* state, const Single* constants) {
  for (int i = 0; i < WIDTH; i++) state[i] = quintic(add(state[i], spread(constants[i])));
}

/// The permutation; only the first lane of what it gives.
///
/// Bounds on IFMA (R > 35p; a product is below p + a b / R, a constant below 1.1p): 5th powers stay below
/// 1.5p, so sums of a row below 6p. The lanes that partial rounds only add to grow by less than 1.1p a round
/// and are reduced before they reach 25p; lane 0 then stays below 10p.
template <int WIDTH>
SERO_NOINLINE Fr permuted_first(Fr* state, const PoseidonTables<WIDTH>& tables) {
  constexpr int REDUCE_EVERY = 16;
  constexpr int ROW = PoseidonTables<WIDTH>::PARTIAL_ROW;
  Fr next[WIDTH];
  for (int round = 0; round < POSEIDON_HALF; round++) {
    boxes<WIDTH>(state, tables.before + round * WIDTH);
    apply_matrix<WIDTH, WIDTH>(next, round + 1 < POSEIDON_HALF ? tables.mds : tables.merged, state);
    for (int i = 0; i < WIDTH; i++) state[i] = next[i];
  }
  for (int round = 0; round < PoseidonTables<WIDTH>::ROUNDS; round++) {
    const Single* row = tables.partial + round * ROW;
    state[0] = quintic(add(state[0], spread(row[0])));
    const Fr sum = dot<WIDTH>(row + 1, state);
    for (int j = 1; j < WIDTH; j++) state[j] = add(state[j], mul(spread(row[WIDTH + j]), state[0]));
    state[0] = sum;
    if (round % REDUCE_EVERY == REDUCE_EVERY - 1) {
      for (int j = 1; j < WIDTH; j++) state[j] = product_of(state[j], one<FrParams>());
    }
  }
  for (int round = 0; round + 1 < POSEIDON_HALF; round++) {
    boxes<WIDTH>(state, tables.after + round * WIDTH);
    apply_matrix<WIDTH, WIDTH>(next, tables.mds, state);
    for (int i = 0; i < WIDTH; i++) state[i] = next[i];
  }
  boxes<WIDTH>(state, tables.after + (POSEIDON_HALF - 1) * WIDTH);
  apply_matrix<WIDTH, 1>(next, tables.mds, state);
  return next[0];
}

SERO_INLINE Fr small_constant(uint64_t value) {
  const uint64_t words[4] = {value, 0, 0, 0};
  return constant_of(words);
}

constexpr uint64_t TAG_NODE = 1;
constexpr uint64_t TAG_TRACE = 7;

/// PoseidonKernels::hash_nodes.
SERO_NOINLINE void hash_nodes(const uint8_t* tuples, size_t count, uint8_t* out) {
  constexpr size_t TUPLE = 4 * 32;
  PoseidonTables<5> tables;
  load_tables(&tables);
  const Fr tag = small_constant(TAG_NODE);
  alignas(64) uint8_t tail[TUPLE * LANES];
  LaneBytes hashes;
  for (size_t at = 0; at < count; at += LANES) {
    const size_t here = count - at < LANES ? count - at : LANES;
    const uint8_t* source = tuples + TUPLE * at;
    if (here < LANES) {
      std::memset(tail, 0, sizeof tail);
      std::memcpy(tail, source, TUPLE * here);
      source = tail;
    }
    Fr state[5] = {tag};
    for (int i = 0; i < 4; i++) state[1 + i] = canonical_lanes(source + 32 * i, TUPLE);
    hashes = canonical_bytes(permuted_first(state, tables));
    std::memcpy(out + 32 * at, hashes.byte, 32 * here);
  }
}

/// PoseidonKernels::trace_masks.
SERO_NOINLINE void trace_differences(const uint8_t* trace_key, const uint8_t* zpk, const uint8_t* entries,
                                     size_t count, uint8_t* out) {
  constexpr size_t ENTRY = 2 * 32;
  PoseidonTables<4> tables;
  load_tables(&tables);
  const Fr tag = small_constant(TAG_TRACE);
  alignas(64) uint8_t block[ENTRY * LANES];
  alignas(64) uint8_t keys[2][32];
  std::memcpy(keys[0], trace_key, 32);
  std::memcpy(keys[1], zpk, 32);
  const Fr first = canonical_lanes(keys[0], 0);
  const Fr second = canonical_lanes(keys[1], 0);
  for (size_t at = 0; at < count; at += LANES) {
    const size_t here = count - at < LANES ? count - at : LANES;
    std::memset(block, 0, sizeof block);
    std::memcpy(block, entries + ENTRY * at, ENTRY * here);
    Fr state[4] = {tag, first, second, canonical_lanes(block, ENTRY)};
    const Fr trace = canonical_lanes(block + 32, ENTRY);
    // The sum of a row is below 6p: a product with one makes it tight.
    const Fr mask = product_of(permuted_first(state, tables), one<FrParams>());
    const LaneBytes plain = canonical_bytes(sub(trace, mask));
    std::memcpy(out + 32 * at, plain.byte, 32 * here);
  }
}

}  // namespace poseidon
}  // namespace SERO_KERNEL
}  // namespace sero
