#include "job.hpp"

namespace sero_addon {
namespace {

void execute(napi_env, void* data) { static_cast<Job*>(data)->execute(); }

void complete(napi_env env, napi_status status, void* data) {
  Job* job = static_cast<Job*>(data);
  napi_handle_scope scope;
  // An environment that is being torn down takes no values any more: the job is freed all the same.
  if (napi_open_handle_scope(env, &scope) == napi_ok) {
    napi_value value = status == napi_ok ? job->result(env) : nullptr;
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
  napi_delete_async_work(env, job->work);
  delete job;
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

const volatile int32_t* Job::cancelled() const { return cancel_handle == nullptr ? nullptr : &cancel_handle->flag; }

napi_value start_job(napi_env env, Job* job, const char* name) {
  if (job == nullptr) {
    throw_memory(env);
    return nullptr;
  }
  napi_value promise;
  napi_value resource;
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource) == napi_ok &&
      napi_create_promise(env, &job->deferred, &promise) == napi_ok) {
    if (napi_create_async_work(env, nullptr, resource, execute, complete, job, &job->work) == napi_ok) {
      if (napi_queue_async_work(env, job->work) == napi_ok) return promise;
      napi_delete_async_work(env, job->work);
    }
  }
  delete job;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, "the work could not be started");
  return nullptr;
}

}  // namespace sero_addon
