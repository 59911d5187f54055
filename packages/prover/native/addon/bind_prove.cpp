// Proving keys and proofs.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "bindings.hpp"
#include "handle.hpp"
#include "job.hpp"
#include "sero_prover.h"
#include "threads.hpp"

namespace sero_addon {
namespace {

constexpr size_t MAX_KEY_BYTES = size_t{1} << 31;
constexpr size_t MAX_WITNESS_BYTES = size_t{1} << 28;
constexpr size_t MAX_PATH_BYTES = 4096;
constexpr uint32_t MAX_COPIES = 64;

void destroy_key(void* object) { sero_proving_key_free(static_cast<sero_proving_key*>(object)); }

struct KeyJob : Job {
  Copy zkey;
  Copy path;
  Copy image;
  uint32_t copies = 1;
  sero_proving_key* key = nullptr;

  ~KeyJob() override { sero_proving_key_free(key); }

  void execute() override {
    if (path.data == nullptr) {
      status = sero_proving_key_new(zkey.data, zkey.size, copies, shared_threads(), cancelled(), &key);
      return;
    }
    const char* ready = reinterpret_cast<const char*>(image.data);
    status = sero_proving_key_open(reinterpret_cast<const char*>(path.data), ready, copies, shared_threads(),
                                   cancelled(), &key);
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_number(env, status);
    sero_proving_key* made = key;
    key = nullptr;
    return make_handle(env, Kind::PROVING_KEY, made, sero_proving_key_memory(made), destroy_key);
  }
};

/** A string that fits, with its end; or false, and an exception. `length` does not count the end. */
bool read_path(napi_env env, napi_value value, uint32_t place, char* out, size_t* length) {
  // Longer ones are cut by Node-API, and one that is full may have been.
  if (napi_get_value_string_utf8(env, value, out, MAX_PATH_BYTES, length) != napi_ok ||
      *length + 1 >= MAX_PATH_BYTES || std::memchr(out, 0, *length) != nullptr) {
    throw_range(env, place, "the path of a file");
    return false;
  }
  return true;
}

/**
 * newProvingKey(zkey, copies, cancel?, image?): a promise of a handle, or of a status. `zkey` is the bytes, or the path of the file;
 * then `image` may be the path of the file that keeps it ready.
 */
napi_value new_key(napi_env env, napi_callback_info info) {
  Call call;
  View bytes{nullptr, 0};
  size_t length = 0;
  uint32_t copies;
  Handle* cancel;
  napi_valuetype type;
  char path[MAX_PATH_BYTES];
  if (!read_call(env, info, &call) || napi_typeof(env, call.argument[0], &type) != napi_ok) return nullptr;
  if (type == napi_string) {
    if (!read_path(env, call.argument[0], 0, path, &length)) return nullptr;
  } else if (!read_packed(call, 0, 1, MAX_KEY_BYTES, &bytes, &length)) {
    return nullptr;
  }
  char image[MAX_PATH_BYTES];
  size_t image_length = 0;
  napi_valuetype image_type;
  if (napi_typeof(env, call.argument[3], &image_type) != napi_ok) return nullptr;
  const bool has_image = type == napi_string && image_type != napi_undefined;
  if (has_image && !read_path(env, call.argument[3], 3, image, &image_length)) return nullptr;
  if (!read_integer(call, 1, MAX_COPIES, &copies) || !read_optional_handle(call, 2, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  KeyJob* job = new (std::nothrow) KeyJob;
  const View name{reinterpret_cast<const uint8_t*>(path), length + 1};
  const View kept{reinterpret_cast<const uint8_t*>(image), image_length + 1};
  if (job != nullptr && (!(type == napi_string ? job->path.assign(name) : job->zkey.assign(bytes)) ||
                         (has_image && !job->image.assign(kept)))) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) {
    job->copies = copies;
    job->set_cancel(cancel);
  }
  return start_job(env, job);
}

struct ProveJob : Job {
  Copy wtns;
  Copy seed;
  uint8_t proof[SERO_PROOF_BYTES];

  void execute() override {
    const uint8_t* values = nullptr;
    size_t count = 0;
    status = sero_read_wtns(wtns.data, wtns.size, &values, &count);
    if (status != SERO_OK) return;
    const sero_proving_key* key = static_cast<const sero_proving_key*>(handles[0]->object);
    status = sero_prove(key, values, count, seed.data, shared_threads(), cancelled(), proof);
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_number(env, status);
    return make_bytes(env, proof, sizeof proof);
  }
};

/** prove(key, wtns, seed, cancel?): a promise of the proof, or of a status. */
napi_value prove(napi_env env, napi_callback_info info) {
  Call call;
  Handle* key;
  View wtns;
  View seed;
  size_t length;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_handle(call, 0, Kind::PROVING_KEY, &key) ||
      !read_packed(call, 1, 1, MAX_WITNESS_BYTES, &wtns, &length) ||
      !read_view_of(call, 2, SERO_BLINDING_BYTES, &seed) ||
      !read_optional_handle(call, 3, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  ProveJob* job = new (std::nothrow) ProveJob;
  if (job != nullptr && !(job->use(key) && job->wtns.assign(wtns) && job->seed.assign(seed))) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) job->set_cancel(cancel);
  return start_job(env, job);
}

/** provingKeyMemory(key): bytes that it holds. */
napi_value key_memory(napi_env env, napi_callback_info info) {
  Call call;
  Handle* key;
  if (!read_call(env, info, &call) || !read_handle(call, 0, Kind::PROVING_KEY, &key)) return nullptr;
  const sero_proving_key* object = static_cast<const sero_proving_key*>(key->object);
  return make_number(env, static_cast<double>(sero_proving_key_memory(object)));
}

}  // namespace

bool export_prove(napi_env env, napi_value exports) {
  return export_function(env, exports, "newProvingKey", new_key) && export_function(env, exports, "prove", prove) &&
         export_function(env, exports, "provingKeyMemory", key_memory);
}

}  // namespace sero_addon
