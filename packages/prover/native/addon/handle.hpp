// What JavaScript holds of ours: an external with a type tag, a count of users, and a finalizer.

#pragma once

#include <node_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "arguments.hpp"

namespace sero_addon {

enum class Kind : uint32_t { CANCEL, PROVING_KEY, VERIFYING_KEY, CIRCUIT };

/**
 * A shared object. JavaScript's external is one user, each job that works with it another; the last one frees it,
 * on whichever thread that is.
 */
struct Handle {
  std::atomic<uint32_t> users{1};
  Kind kind;
  /** What it stands for, and how that is freed; nullptr for a cancel flag. */
  void* object = nullptr;
  /** The memory that it holds, of which the collector is told. */
  size_t bytes = 0;
  void (*destroy)(void* object) = nullptr;
  /** A cancel flag: 0, or 1 once the work is no longer wanted. Read and written atomically. */
  int32_t flag = 0;
};

/** Objects of this process that are not freed yet. */
size_t live_handles();

/**
 * Makes a handle that takes `object`, of so many bytes, over, and its external; where that fails it is freed and an
 * exception pends.
 */
napi_value make_handle(napi_env env, Kind kind, void* object, size_t bytes, void (*destroy)(void* object));

/** The handle behind an argument, without a use of its own; throws a TypeError for anything else, and for one that was released. */
bool read_handle(const Call& call, size_t index, Kind kind, Handle** out);

/** The same, where the argument may be undefined: `out` is then nullptr. */
bool read_optional_handle(const Call& call, size_t index, Kind kind, Handle** out);

void retain(Handle* handle);
void release(Handle* handle);

/** Adds release(), newCancel(), cancel(), liveHandles() to the exports. */
bool export_handles(napi_env env, napi_value exports);

/** Adds one function to the exports. */
bool export_function(napi_env env, napi_value exports, const char* name, napi_callback function);

}  // namespace sero_addon
