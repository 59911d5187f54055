// Work off the event loop: a promise, and a job that stands in the queue.

#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "handle.hpp"
#include "sero_prover.h"

namespace sero_addon {

struct Environment;

/**
 * One piece of work. It owns copies of what it reads: JavaScript may change or free its own meanwhile. Its handles
 * and its cancel flag are used until it is done, whatever JavaScript releases.
 */
struct Job {
  static constexpr size_t MAX_HANDLES = 256;

  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  /** Wipes and frees what it holds. */
  virtual ~Job();

  /** The work itself, on a thread without JavaScript. */
  virtual void execute() = 0;
  /** What the promise is fulfilled with: a number is a status or a code, anything else the result. */
  virtual napi_value result(napi_env env) = 0;

  /** Uses a handle until the job is done; false where it has too many. */
  bool use(Handle* handle);
  /** Lets a flag end the work; nullptr for none. */
  void set_cancel(Handle* handle);
  /** The flag to poll. */
  const volatile int32_t* cancelled() const;
  /** Sets it. */
  void raise();

  /** What came of it: SERO_CANCELLED too where it never ran. */
  sero_status status = SERO_OK;
  Handle* cancel_handle = nullptr;
  Handle* handles[MAX_HANDLES];
  size_t handle_count = 0;

  /** Set where JavaScript has no flag, and its environment ends. */
  int32_t own_flag = 0;

  napi_deferred deferred = nullptr;
  /** Whose it is, and the next in a line: the queue's. */
  Environment* environment = nullptr;
  Job* following = nullptr;
};

/** Starts a job, which is freed in any case; its promise, or nullptr with an exception pending. `job` may be nullptr: no memory. */
napi_value start_job(napi_env env, Job* job);

/**
 * What start_job needs of an environment, which the caller frees after drop_jobs; nullptr where it cannot be made.
 * start_job finds it as the environment's instance data.
 */
Environment* new_environment(napi_env env);

}  // namespace sero_addon
