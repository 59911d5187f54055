#include "job.hpp"

#include <new>

#include "queue.hpp"

namespace sero_addon {
namespace {

/** Settles a job's promise, and frees it. */
void settle(napi_env env, Job* job) {
  napi_handle_scope scope;
  // An environment that is being torn down takes no values any more: the job is freed all the same.
  if (napi_open_handle_scope(env, &scope) == napi_ok) {
    napi_value value = job->result(env);
    if (value != nullptr) {
      napi_resolve_deferred(env, job->deferred, value);
    } else {
      napi_value error = nullptr;
      bool pending = false;
      napi_is_exception_pending(env, &pending);
      if (pending) {
        napi_get_and_clear_last_exception(env, &error);
      } else {
        napi_value text;
        if (napi_create_string_utf8(env, "the work was not done", NAPI_AUTO_LENGTH, &text) == napi_ok) {
          napi_create_error(env, nullptr, text, &error);
        }
      }
      if (error != nullptr) napi_reject_deferred(env, job->deferred, error);
    }
    napi_close_handle_scope(env, scope);
  }
  delete job;
}

void settle_done(napi_env env, napi_value, void* context, void*) {
  // What was sent and never came: the environment is gone.
  if (env == nullptr) return;
  Environment* environment = static_cast<Environment*>(context);
  while (Job* job = take_done(environment)) {
    environment->pending--;
    settle(env, job);
  }
  if (environment->pending == 0) napi_unref_threadsafe_function(env, environment->wake);
}

}  // namespace

Job::~Job() {
  for (size_t i = 0; i < handle_count; i++) release(handles[i]);
  if (cancel_handle != nullptr) release(cancel_handle);
}

bool Job::use(Handle* handle) {
  if (handle_count == MAX_HANDLES) return false;
  retain(handle);
  handles[handle_count++] = handle;
  return true;
}

void Job::set_cancel(Handle* handle) {
  if (handle != nullptr) retain(handle);
  cancel_handle = handle;
}

const volatile int32_t* Job::cancelled() const {
  return cancel_handle == nullptr ? &own_flag : &cancel_handle->flag;
}

void Job::raise() {
  __atomic_store_n(cancel_handle == nullptr ? &own_flag : &cancel_handle->flag, 1, __ATOMIC_RELAXED);
}

napi_value start_job(napi_env env, Job* job) {
  if (job == nullptr) {
    throw_memory(env);
    return nullptr;
  }
  void* data = nullptr;
  napi_value promise;
  if (napi_get_instance_data(env, &data) == napi_ok && data != nullptr) {
    Environment* environment = static_cast<Environment*>(data);
    if (environment->is_open && open_queue() &&
        napi_create_promise(env, &job->deferred, &promise) == napi_ok) {
      if (environment->pending == 0) napi_ref_threadsafe_function(env, environment->wake);
      environment->pending++;
      push_job(environment, job);
      return promise;
    }
  }
  delete job;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, "the work could not be started");
  return nullptr;
}

Environment* new_environment(napi_env env) {
  Environment* environment = new (std::nothrow) Environment;
  napi_value name;
  if (environment != nullptr &&
      napi_create_string_utf8(env, "sero_prover", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, environment,
                                      settle_done, &environment->wake) == napi_ok) {
    napi_unref_threadsafe_function(env, environment->wake);
    return environment;
  }
  delete environment;
  return nullptr;
}

}  // namespace sero_addon
