#include "handle.hpp"

#include <new>

#include "queue.hpp"

namespace sero_addon {
namespace {

// An external of another addon is not taken for ours.
constexpr napi_type_tag TAG = {0x7c6a41d5b1c84e0dULL, 0x9a3fd0215be76a01ULL};

const char* const NAMES[] = {"a cancel flag", "a proving key", "a verifying key", "a circuit"};

std::atomic<size_t> live{0};

/** What an external points to: the handle, until JavaScript releases it. */
struct Slot {
  Handle* handle;
};

/** Tells the collector what JavaScript holds more or less: it sees an external of a few bytes. */
void adjust(napi_env env, int64_t bytes) {
  int64_t total;
  if (bytes != 0) napi_adjust_external_memory(env, bytes, &total);
}

/** Ends JavaScript's use. */
void empty(napi_env env, Slot* slot) {
  if (slot->handle == nullptr) return;
  adjust(env, -static_cast<int64_t>(slot->handle->bytes));
  release(slot->handle);
  slot->handle = nullptr;
}

void finalize(napi_env env, void* data, void*) {
  Slot* slot = static_cast<Slot*>(data);
  empty(env, slot);
  delete slot;
}

Slot* read_slot(napi_env env, napi_value value) {
  napi_valuetype type;
  bool is_ours = false;
  void* data = nullptr;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external) return nullptr;
  if (napi_check_object_type_tag(env, value, &TAG, &is_ours) != napi_ok || !is_ours) return nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok) return nullptr;
  return static_cast<Slot*>(data);
}

napi_value new_cancel(napi_env env, napi_callback_info) {
  return make_handle(env, Kind::CANCEL, nullptr, 0, nullptr);
}

napi_value cancel(napi_env env, napi_callback_info info) {
  Call call;
  Handle* handle;
  if (!read_call(env, info, &call) || !read_handle(call, 0, Kind::CANCEL, &handle)) return nullptr;
  __atomic_store_n(&handle->flag, 1, __ATOMIC_RELAXED);
  end_waiting(handle);
  return nullptr;
}

/** JavaScript needs it no longer; jobs that work with it go on. */
napi_value release_handle(napi_env env, napi_callback_info info) {
  Call call;
  if (!read_call(env, info, &call)) return nullptr;
  Slot* slot = read_slot(env, call.argument[0]);
  if (slot == nullptr) {
    throw_type(env, 0, "a handle");
    return nullptr;
  }
  empty(env, slot);
  return nullptr;
}

napi_value count_handles(napi_env env, napi_callback_info) {
  return make_number(env, static_cast<double>(live_handles()));
}

}  // namespace

size_t live_handles() { return live.load(); }

void retain(Handle* handle) { handle->users.fetch_add(1); }

void release(Handle* handle) {
  if (handle->users.fetch_sub(1) != 1) return;
  if (handle->destroy != nullptr) handle->destroy(handle->object);
  delete handle;
  live.fetch_sub(1);
}

napi_value make_handle(napi_env env, Kind kind, void* object, size_t bytes, void (*destroy)(void* object)) {
  Handle* handle = new (std::nothrow) Handle;
  Slot* slot = new (std::nothrow) Slot{handle};
  napi_value external = nullptr;
  if (handle != nullptr && slot != nullptr) {
    handle->kind = kind;
    handle->object = object;
    handle->bytes = bytes;
    handle->destroy = destroy;
    live.fetch_add(1);
    // Once the external is made its finalizer frees all; without its tag it is of no use, and is collected.
    if (napi_create_external(env, slot, finalize, nullptr, &external) == napi_ok) {
      adjust(env, static_cast<int64_t>(bytes));
      return napi_type_tag_object(env, external, &TAG) == napi_ok ? external : nullptr;
    }
    delete slot;
    release(handle);
    return nullptr;
  }
  delete handle;
  delete slot;
  if (destroy != nullptr) destroy(object);
  throw_memory(env);
  return nullptr;
}

bool read_handle(const Call& call, size_t index, Kind kind, Handle** out) {
  Slot* slot = read_slot(call.env, call.argument[index]);
  if (slot != nullptr && slot->handle != nullptr && slot->handle->kind == kind) {
    *out = slot->handle;
    return true;
  }
  throw_type(call.env, index, NAMES[static_cast<size_t>(kind)]);
  return false;
}

bool read_optional_handle(const Call& call, size_t index, Kind kind, Handle** out) {
  *out = nullptr;
  return is_absent(call, index) || read_handle(call, index, kind, out);
}

bool export_function(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value) == napi_ok &&
         napi_set_named_property(env, exports, name, value) == napi_ok;
}

bool export_handles(napi_env env, napi_value exports) {
  return export_function(env, exports, "newCancel", new_cancel) && export_function(env, exports, "cancel", cancel) &&
         export_function(env, exports, "release", release_handle) &&
         export_function(env, exports, "liveHandles", count_handles);
}

}  // namespace sero_addon
