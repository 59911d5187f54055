// The line that all work of the process stands in, first come first served, and the threads that take from it.
// They are not libuv's: files and names wait for those, and an environment or a process that ends waits for all
// that was handed to them.

#pragma once

#include <node_api.h>

#include <cstddef>

namespace sero_addon {

struct Handle;
struct Job;

/** Jobs one after the other. */
struct Line {
  Job* first = nullptr;
  Job* last = nullptr;

  void push(Job* job);
  /** The first, taken out; nullptr where there is none. */
  Job* take();
  /** Those that fit, taken out in their order. */
  Line take_those(bool (*fits)(const Job* job, const void* of), const void* of);
};

/** One load of the addon, by the process or by one of its workers. */
struct Environment {
  /** Has the event loop settle what is done. */
  napi_threadsafe_function wake = nullptr;
  /** Promises that are open, for which the loop lives on; of JavaScript's thread. */
  size_t pending = 0;
  /** False once it ends; of JavaScript's thread too. */
  bool is_open = true;
  /** Jobs whose promises are to be settled; guarded by the queue's mutex. */
  Line done;
};

/** Jobs of the process that run at once; each is helped by the pool's threads. */
constexpr size_t MAX_RUNNING = 2;

/** Starts the threads unless they run; false where there is none at all. */
bool open_queue();

/** Ends the threads, once no environment is left. */
void close_queue();

/** Puts a job at the end of the line, or where its flag is set already beside it. It is then the queue's. */
void push_job(Environment* environment, Job* job);

/** The next job whose promise is to be settled; nullptr where there is none. */
Job* take_done(Environment* environment);

/** Takes the jobs that this flag ends out of the line: they are done, as cancelled. */
void end_waiting(const Handle* cancel);

/** Frees an environment's jobs as it ends; those that run are told to end, and awaited. Nobody hears of them. */
void drop_jobs(Environment* environment);

}  // namespace sero_addon
