// How work is spread over threads: handed in by the caller, so that the library owns none.
#pragma once

#include "../include/sero_prover.h"

namespace sero {

/// `run` calls task(context, index) once for each index below `tasks`, in any order and on any thread, and returns
/// when all have returned.
using Parallel = sero_parallel;

/// Runs everything on the calling thread.
inline Parallel serial() {
  return {[](void*, size_t tasks, void (*task)(void*, size_t), void* context) {
            for (size_t i = 0; i < tasks; i++) task(context, i);
          },
          nullptr};
}

/// Whether a flag was raised, where there is one. Another thread raises it, by an atomic store.
inline bool is_set(const volatile int32_t* flag) {
  return flag != nullptr && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

}  // namespace sero
