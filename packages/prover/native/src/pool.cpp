// A pool of threads behind sero_parallel: the caller works along, and several callers share the threads.

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>

#include "../include/sero_prover.h"
#include "priority.hpp"

namespace {

/// Of every thread: tasks keep their lanes on the stack, up to 300 kB, and some C libraries (musl) give 128 kB.
constexpr size_t STACK_BYTES = size_t{1} << 20;

struct Job {
  void (*task)(void* context, size_t index);
  void* context;
  size_t tasks;
  std::atomic<size_t> next;
  /// Threads of the pool that are inside; guarded by the pool's mutex.
  size_t helpers;
  Job* following;
};

}  // namespace

struct sero_pool {
  std::mutex mutex;
  std::condition_variable has_work;
  std::condition_variable is_left;
  Job* jobs = nullptr;
  bool is_closing = false;
  pthread_t* threads = nullptr;
  /// Threads that were started: fewer than asked for where the system gave no more.
  size_t thread_count = 0;
};

namespace {

void work_on(Job* job) {
  for (;;) {
    const size_t index = job->next.fetch_add(1, std::memory_order_relaxed);
    if (index >= job->tasks) return;
    job->task(job->context, index);
  }
}

Job* first_open(sero_pool* pool) {
  for (Job* job = pool->jobs; job != nullptr; job = job->following) {
    if (job->next.load(std::memory_order_relaxed) < job->tasks) return job;
  }
  return nullptr;
}

void serve(sero_pool* pool) {
  std::unique_lock<std::mutex> lock(pool->mutex);
  for (;;) {
    Job* job = nullptr;
    pool->has_work.wait(lock, [&] {
      job = first_open(pool);
      return pool->is_closing || job != nullptr;
    });
    if (job == nullptr) return;
    job->helpers++;
    lock.unlock();
    work_on(job);
    lock.lock();
    job->helpers--;
    if (job->helpers == 0) pool->is_left.notify_all();
  }
}

void* serve_pool(void* pool) {
  sero::give_way();
  serve(static_cast<sero_pool*>(pool));
  return nullptr;
}

void run(void* self, size_t tasks, void (*task)(void*, size_t), void* context) {
  sero_pool* pool = static_cast<sero_pool*>(self);
  Job job = {task, context, tasks, {0}, 0, nullptr};
  if (tasks <= 1 || pool->thread_count == 0) {
    work_on(&job);
    return;
  }
  {
    std::lock_guard<std::mutex> lock(pool->mutex);
    job.following = pool->jobs;
    pool->jobs = &job;
  }
  pool->has_work.notify_all();
  work_on(&job);
  // The job lies on this stack: nobody may find it, or still be inside, when it goes.
  std::unique_lock<std::mutex> lock(pool->mutex);
  Job** link = &pool->jobs;
  while (*link != &job) link = &(*link)->following;
  *link = job.following;
  pool->is_left.wait(lock, [&] { return job.helpers == 0; });
}

}  // namespace

extern "C" {

sero_pool* sero_pool_new(size_t threads) {
  sero_pool* pool = new (std::nothrow) sero_pool;
  if (pool == nullptr || threads <= 1) return pool;
  pool->threads = new (std::nothrow) pthread_t[threads - 1];
  if (pool->threads == nullptr) return pool;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return pool;
  // Not std::thread, which throws where none can be started: without exceptions that ends the process.
  if (pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0) {
    for (size_t i = 0; i < threads - 1; i++) {
      if (pthread_create(&pool->threads[i], &attributes, serve_pool, pool) != 0) break;
      pool->thread_count++;
    }
  }
  pthread_attr_destroy(&attributes);
  return pool;
}

void sero_pool_free(sero_pool* pool) {
  if (pool == nullptr) return;
  {
    std::lock_guard<std::mutex> lock(pool->mutex);
    pool->is_closing = true;
  }
  pool->has_work.notify_all();
  for (size_t i = 0; i < pool->thread_count; i++) pthread_join(pool->threads[i], nullptr);
  delete[] pool->threads;
  delete pool;
}

sero_parallel sero_pool_parallel(sero_pool* pool) {
  const sero_parallel parallel = {run, pool};
  return parallel;
}

}  // extern "C"
