// What JavaScript hands over, checked before any of our C++ runs. A check that fails throws a TypeError or a
// RangeError in JavaScript and returns false: the caller then returns nullptr at once.

#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

namespace sero_addon {

/** Arguments of one call, at most MAX_ARGUMENTS; missing ones are undefined. */
constexpr size_t MAX_ARGUMENTS = 8;

struct Call {
  napi_env env;
  napi_value argument[MAX_ARGUMENTS];
};

bool read_call(napi_env env, napi_callback_info info, Call* call);

/** Throws a TypeError that names the argument. */
void throw_type(napi_env env, size_t index, const char* expected);

/** Throws a RangeError that names the argument. */
void throw_range(napi_env env, size_t index, const char* expected);

/** Throws an Error for memory that could not be had. */
void throw_memory(napi_env env);

/** Bytes that belong to JavaScript: valid until JavaScript runs again. */
struct View {
  const uint8_t* data;
  size_t size;
};

/** A Uint8Array over an ArrayBuffer of its own: a shared one could change under the reader. */
bool read_view(const Call& call, size_t index, View* out);

/** The same, of exactly `size` bytes. */
bool read_view_of(const Call& call, size_t index, size_t size, View* out);

/** The same, of a multiple of `unit` bytes, at most `max` units; `count` is how many. */
bool read_packed(const Call& call, size_t index, size_t unit, size_t max, View* out, size_t* count);

/** An integer in [0, max]. */
bool read_integer(const Call& call, size_t index, uint32_t max, uint32_t* out);

bool read_boolean(const Call& call, size_t index, bool* out);

bool is_absent(const Call& call, size_t index);

/** Elements of an array of at most `max`. */
bool read_array(const Call& call, size_t index, uint32_t max, uint32_t* length);

/** A copy of bytes in memory of our own, wiped when it is freed. */
struct Copy {
  uint8_t* data = nullptr;
  size_t size = 0;

  Copy() = default;
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy();

  /** Zeroed memory; false where there is none. */
  bool allocate(size_t bytes);
  bool assign(const View& view);
};

/** A new Uint8Array with these bytes; nullptr with an exception pending where it cannot be made. */
napi_value make_bytes(napi_env env, const uint8_t* data, size_t size);

napi_value make_number(napi_env env, double value);

/** An array of two numbers: a status, and where or why. */
napi_value make_pair(napi_env env, double first, double second);

}  // namespace sero_addon
