// How threads that do heavy work stand beside those that answer.
#pragma once

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sero {

/// The calling thread gives way to those of usual priority, of this process and of others: a node that verifies a
/// block's proofs still answers and votes in time. On Linux, where a thread has a nice value of its own; elsewhere
/// that would be the whole process's, and nothing is changed.
inline void give_way() {
#if defined(__linux__)
  constexpr int NICE = 5;
  // What another has lowered further, or a system that refuses, stays as it is.
  const id_t thread = static_cast<id_t>(syscall(SYS_gettid));
  if (getpriority(PRIO_PROCESS, thread) < NICE) setpriority(PRIO_PROCESS, thread, NICE);
#endif
}

}  // namespace sero
