// How threads that do heavy work stand beside those that answer.
#pragma once

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sero {

/// The calling thread gives way to the one that runs the program, and to those of other programs of its priority that
/// the system schedules with it: a node that verifies a block's proofs still answers and votes in time. On Linux,
/// where a thread has a nice value of its own; elsewhere that would be the whole process's, and nothing is changed.
inline void give_way() {
#if defined(__linux__)
  constexpr int LOWER = 5;
  constexpr int LOWEST = 19;
  // The thread that runs the program has the number of its process. Where the system refuses, all stays as it is.
  const int usual = getpriority(PRIO_PROCESS, static_cast<id_t>(getpid()));
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), usual + LOWER < LOWEST ? usual + LOWER : LOWEST);
#endif
}

}  // namespace sero
