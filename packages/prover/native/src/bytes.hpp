// Checks of bytes that cross the interface, and loops over them in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../include/sero_prover.h"
#include "parallel.hpp"

namespace sero {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are read from bytes as they lie in memory");

/// True where 32 bytes, little-endian, are below a bound of 4 words. Time shows the first word that differs.
inline bool is_below_words(const uint8_t* bytes, const uint64_t* bound) {
  for (int k = 3; k >= 0; k--) {
    uint64_t word;
    std::memcpy(&word, bytes + 8 * k, 8);
    if (word != bound[k]) return word < bound[k];
  }
  return false;
}

inline bool is_all_zeros(const uint8_t* bytes, size_t length) {
  uint8_t any = 0;
  for (size_t i = 0; i < length; i++) any = static_cast<uint8_t>(any | bytes[i]);
  return any == 0;
}

/// Calls work(from, to) for pieces of [0, count) of at most `piece`, spread over threads, until the caller
/// cancels.
template <class Work>
sero_status for_pieces(size_t count, size_t piece, const sero_parallel* parallel,
                       const volatile int32_t* cancelled, const Work& work) {
  struct Context {
    size_t count;
    size_t piece;
    const volatile int32_t* cancelled;
    const Work* work;
  };
  Context context = {count, piece, cancelled, &work};
  const auto task = [](void* at, size_t index) {
    const Context& c = *static_cast<const Context*>(at);
    if (is_set(c.cancelled)) return;
    const size_t from = index * c.piece;
    (*c.work)(from, c.count - from < c.piece ? c.count : from + c.piece);
  };
  const size_t tasks = count / piece + (count % piece != 0 ? 1 : 0);
  const Parallel chosen = parallel != nullptr ? *parallel : serial();
  if (tasks > 0) chosen.run(chosen.self, tasks, task, &context);
  return is_set(cancelled) ? SERO_CANCELLED : SERO_OK;
}

}  // namespace sero
