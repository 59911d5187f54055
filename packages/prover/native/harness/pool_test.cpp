// Tests of the pool of threads, also where the system starts fewer threads than are asked for, or none.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include <atomic>
#include <initializer_list>

#include "sero_prover.h"

namespace {

using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

/// Threads that the system still starts.
int threads_left = 0;
int failures = 0;

void expect(bool holds, const char* what, size_t pool_size, int started) {
  if (holds) return;
  failures++;
  printf("FAILED: %s (%zu threads asked for, %d started)\n", what, pool_size, started);
}

constexpr size_t TASKS = 1000;
constexpr size_t CALLERS = 3;

struct Counts {
  std::atomic<int> of_task[TASKS];
};

void count(void* context, size_t index) {
  static_cast<Counts*>(context)->of_task[index].fetch_add(1, std::memory_order_relaxed);
}

bool all_are(const Counts& counts, int value) {
  for (const auto& one : counts.of_task) {
    if (one.load() != value) return false;
  }
  return true;
}

struct Caller {
  sero_parallel parallel;
  Counts counts;
};

constexpr int ROUNDS = 50;

void* call_many_times(void* opaque) {
  Caller* caller = static_cast<Caller*>(opaque);
  for (int i = 0; i < ROUNDS; i++) caller->parallel.run(caller->parallel.self, TASKS, count, &caller->counts);
  return nullptr;
}

/// Pools do all work once, for one caller and for several, however few threads there are.
void test_pool(size_t size, int startable) {
  threads_left = startable;
  sero_pool* pool = sero_pool_new(size);
  expect(pool != nullptr, "there is a pool", size, startable);
  if (pool == nullptr) return;
  const int wanted = size == 0 ? 0 : static_cast<int>(size) - 1;
  expect(threads_left == (startable < wanted ? 0 : startable - wanted), "as many start as may", size, startable);
  const sero_parallel parallel = sero_pool_parallel(pool);

  static Counts counts;
  for (auto& one : counts.of_task) one = 0;
  parallel.run(parallel.self, 0, count, &counts);
  expect(all_are(counts, 0), "no task, no work", size, startable);
  parallel.run(parallel.self, TASKS, count, &counts);
  expect(all_are(counts, 1), "each task runs once", size, startable);

  static Caller callers[CALLERS];
  pthread_t threads[CALLERS];
  threads_left = CALLERS;
  for (size_t i = 0; i < CALLERS; i++) {
    callers[i].parallel = parallel;
    for (auto& one : callers[i].counts.of_task) one = 0;
    if (pthread_create(&threads[i], nullptr, call_many_times, &callers[i]) != 0) {
      printf("FAILED: the test itself found no thread\n");
      failures++;
      return;
    }
  }
  for (size_t i = 0; i < CALLERS; i++) pthread_join(threads[i], nullptr);
  for (const Caller& caller : callers) {
    expect(all_are(caller.counts, ROUNDS), "callers do not disturb each other", size, startable);
  }
  sero_pool_free(pool);
}

/// More than some C libraries give a thread, less than the pool does.
constexpr size_t DEEP = size_t{700} << 10;

void use_stack(void*, size_t index) {
  volatile uint8_t deep[DEEP];
  for (size_t i = 0; i < DEEP; i += 1024) deep[i] = static_cast<uint8_t>(index);
  (void)deep[0];
}

/// Whatever stack the system gives by itself, a thread of a pool has room: ends the process where it has not.
void test_stack() {
#if defined(__GLIBC__)
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{128} << 10);
  expect(pthread_setattr_default_np(&attributes) == 0, "the system's stacks are small", 4, 3);
  pthread_attr_destroy(&attributes);
#endif
  threads_left = 3;
  sero_pool* pool = sero_pool_new(4);
  const sero_parallel parallel = sero_pool_parallel(pool);
  for (int i = 0; i < ROUNDS; i++) parallel.run(parallel.self, TASKS, use_stack, nullptr);
  sero_pool_free(pool);
}

}  // namespace

/// Stands before the system's own, which it calls as often as it may.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) {
  if (threads_left == 0) return EAGAIN;
  threads_left--;
  static const Create real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return real(thread, attributes, start, argument);
}

int main() {
  for (size_t size : {size_t{0}, size_t{1}, size_t{2}, size_t{4}, size_t{8}}) {
    for (int startable : {0, 1, 3, 100}) test_pool(size, startable);
  }
  test_stack();
  sero_pool_free(nullptr);
  if (failures == 0) printf("pool_test: passed\n");
  return failures == 0 ? 0 : 1;
}
