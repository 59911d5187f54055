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
/** Beside the statuses of the interface: the file cannot be read. */
constexpr sero_status FILE_UNREADABLE = -1;

void destroy_key(void* object) { sero_proving_key_free(static_cast<sero_proving_key*>(object)); }

struct KeyJob : Job {
  Copy zkey;
  Copy path;
  uint32_t copies = 1;
  sero_proving_key* key = nullptr;
  sero_status status = SERO_OK;

  ~KeyJob() override { sero_proving_key_free(key); }

  /** Reads the whole file: mapped, it could be cut short under us. */
  bool read_file() {
    std::FILE* file = std::fopen(reinterpret_cast<const char*>(path.data), "rb");
    if (file == nullptr) return false;
    bool is_read = false;
    long size = 0;
    if (std::fseek(file, 0, SEEK_END) == 0 && (size = std::ftell(file)) >= 0 && std::fseek(file, 0, SEEK_SET) == 0 &&
        static_cast<size_t>(size) <= MAX_KEY_BYTES && zkey.allocate(static_cast<size_t>(size))) {
      is_read = std::fread(zkey.data, 1, zkey.size, file) == zkey.size;
    }
    std::fclose(file);
    return is_read;
  }
  void execute() override {
    if (path.data != nullptr && !read_file()) {
      status = FILE_UNREADABLE;
      return;
    }
    status = sero_proving_key_new(zkey.data, zkey.size, copies, shared_threads(), cancelled(), &key);
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_number(env, status);
    sero_proving_key* made = key;
    key = nullptr;
    return make_handle(env, Kind::PROVING_KEY, made, destroy_key);
  }
};

/** newProvingKey(zkey, copies, cancel?): a promise of a handle, or of a status. `zkey` is the bytes, or the path of the file. */
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
    // Longer ones are cut by Node-API, and one that is full may have been.
    if (napi_get_value_string_utf8(env, call.argument[0], path, sizeof path, &length) != napi_ok ||
        length + 1 >= sizeof path || std::memchr(path, 0, length) != nullptr) {
      throw_range(env, 0, "the path of a file");
      return nullptr;
    }
  } else if (!read_packed(call, 0, 1, MAX_KEY_BYTES, &bytes, &length)) {
    return nullptr;
  }
  if (!read_integer(call, 1, MAX_COPIES, &copies) || !read_optional_handle(call, 2, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  KeyJob* job = new (std::nothrow) KeyJob;
  const View name{reinterpret_cast<const uint8_t*>(path), length + 1};
  if (job != nullptr && !(type == napi_string ? job->path.assign(name) : job->zkey.assign(bytes))) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) {
    job->copies = copies;
    job->set_cancel(cancel);
  }
  return start_job(env, job, "sero_proving_key_new");
}

struct ProveJob : Job {
  Copy wtns;
  Copy seed;
  uint8_t proof[SERO_PROOF_BYTES];
  sero_status status = SERO_OK;

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
  return start_job(env, job, "sero_prove");
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
