#include "threads.hpp"

#include <pthread.h>

#include "arguments.hpp"
#include "handle.hpp"
#include "job.hpp"
#include "memory.hpp"
#include "queue.hpp"

namespace sero_addon {
namespace {

constexpr uint32_t MAX_THREADS = 256;

// Plain data of C: never destroyed, since work may still run when the process ends.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
sero_pool* pool = nullptr;
sero_parallel parallel;
uint32_t thread_count = 1;

/** Held while an environment is counted in or out, and never by what works: the last one waits for that. */
pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
size_t environments = 0;

/** The first that is heard of an environment's end: its work is told to end, what waits is dropped. */
void stop(void* data) {
  Environment* environment = static_cast<Environment*>(data);
  drop_jobs(environment);
  napi_release_threadsafe_function(environment->wake, napi_tsfn_abort);
}

/** The last, after the finalizers of its handles. Node may close the library now: with the last one all ends. */
void leave(napi_env, void* data, void*) {
  delete static_cast<Environment*>(data);
  pthread_mutex_lock(&counting);
  environments--;
  if (environments == 0) {
    close_queue();
    pthread_mutex_lock(&mutex);
    sero_pool_free(pool);
    pool = nullptr;
    pthread_mutex_unlock(&mutex);
    sero_release_memory();
  }
  pthread_mutex_unlock(&counting);
}

/** Counts a load of the addon in. Its hook is added after that of its thread-safe function, and so runs before it. */
bool enter(napi_env env) {
  Environment* environment = new_environment(env);
  if (environment == nullptr) return false;
  if (napi_add_env_cleanup_hook(env, stop, environment) == napi_ok) {
    if (napi_set_instance_data(env, environment, leave, nullptr) == napi_ok) {
      pthread_mutex_lock(&counting);
      environments++;
      pthread_mutex_unlock(&counting);
      return true;
    }
    napi_remove_env_cleanup_hook(env, stop, environment);
  }
  napi_release_threadsafe_function(environment->wake, napi_tsfn_abort);
  delete environment;
  return false;
}

/** useThreads(count): how many threads work together, 1 to 256, where the pool has not started; gives how many do. */
napi_value use_threads(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t count;
  if (!read_call(env, info, &call) || !read_integer(call, 0, MAX_THREADS, &count)) return nullptr;
  if (count == 0) {
    throw_range(env, 0, "an integer of its range");
    return nullptr;
  }
  pthread_mutex_lock(&mutex);
  if (pool == nullptr) thread_count = count;
  count = thread_count;
  pthread_mutex_unlock(&mutex);
  return make_number(env, count);
}

/** kernel(): the name of the code that runs on this processor. */
napi_value kernel(napi_env env, napi_callback_info) {
  napi_value name = nullptr;
  napi_create_string_utf8(env, sero_kernels_name(), NAPI_AUTO_LENGTH, &name);
  return name;
}

/** interface(): the number of the interface that this was built for. */
napi_value interface_number(napi_env env, napi_callback_info) { return make_number(env, sero_interface()); }

/** forcePortable(is_forced): for the whole process. */
napi_value force_portable(napi_env env, napi_callback_info info) {
  Call call;
  bool is_forced;
  if (!read_call(env, info, &call) || !read_boolean(call, 0, &is_forced)) return nullptr;
  sero_force_portable(is_forced ? 1 : 0);
  return nullptr;
}

}  // namespace

const sero_parallel* shared_threads() {
  pthread_mutex_lock(&mutex);
  if (pool == nullptr) {
    pool = sero_pool_new(thread_count);
    if (pool != nullptr) parallel = sero_pool_parallel(pool);
  }
  const sero_parallel* shared = pool == nullptr ? nullptr : &parallel;
  pthread_mutex_unlock(&mutex);
  return shared;
}

bool export_threads(napi_env env, napi_value exports) {
  if (!enter(env)) return false;
  return export_function(env, exports, "useThreads", use_threads) &&
         export_function(env, exports, "kernel", kernel) &&
         export_function(env, exports, "interface", interface_number) &&
         export_function(env, exports, "forcePortable", force_portable);
}

}  // namespace sero_addon
