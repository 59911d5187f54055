// Work off the event loop: a promise, and a job that libuv's pool runs.

#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "handle.hpp"

namespace sero_addon {

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
  /** The flag to poll; nullptr where nobody can cancel. */
  const volatile int32_t* cancelled() const;

  Handle* cancel_handle = nullptr;
  Handle* handles[MAX_HANDLES];
  size_t handle_count = 0;

  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
};

/** Starts a job, which is freed in any case; its promise, or nullptr with an exception pending. `job` may be nullptr: no memory. */
napi_value start_job(napi_env env, Job* job, const char* name);

}  // namespace sero_addon
