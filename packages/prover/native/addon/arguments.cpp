#include "arguments.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "memory.hpp"

namespace sero_addon {

bool read_call(napi_env env, napi_callback_info info, Call* call) {
  call->env = env;
  size_t count = MAX_ARGUMENTS;
  // Node-API fills what is missing with undefined.
  return napi_get_cb_info(env, info, &count, call->argument, nullptr, nullptr) == napi_ok;
}

void throw_type(napi_env env, size_t index, const char* expected) {
  char message[160];
  std::snprintf(message, sizeof message, "argument %zu is not %s", index + 1, expected);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
}

void throw_range(napi_env env, size_t index, const char* expected) {
  char message[160];
  std::snprintf(message, sizeof message, "argument %zu is not %s", index + 1, expected);
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
}

void throw_memory(napi_env env) { napi_throw_error(env, "ERR_OUT_OF_MEMORY", "there is not enough memory"); }

bool read_view(const Call& call, size_t index, View* out) {
  const napi_env env = call.env;
  const napi_value value = call.argument[index];
  bool is_array = false;
  napi_typedarray_type type;
  void* data = nullptr;
  napi_value buffer;
  bool is_own = false;
  bool is_detached = true;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, &out->size, &data, &buffer, nullptr) != napi_ok ||
      type != napi_uint8_array || napi_is_arraybuffer(env, buffer, &is_own) != napi_ok || !is_own ||
      napi_is_detached_arraybuffer(env, buffer, &is_detached) != napi_ok || is_detached) {
    throw_type(env, index, "a Uint8Array over an ArrayBuffer");
    return false;
  }
  out->data = static_cast<const uint8_t*>(data);
  return true;
}

bool read_view_of(const Call& call, size_t index, size_t size, View* out) {
  if (!read_view(call, index, out)) return false;
  if (out->size == size) return true;
  throw_range(call.env, index, "as long as it must be");
  return false;
}

bool read_packed(const Call& call, size_t index, size_t unit, size_t max, View* out, size_t* count) {
  if (!read_view(call, index, out)) return false;
  *count = out->size / unit;
  if (out->size % unit == 0 && *count <= max) return true;
  throw_range(call.env, index, "as long as it must be");
  return false;
}

bool read_integer(const Call& call, size_t index, uint32_t max, uint32_t* out) {
  double value;
  if (napi_get_value_double(call.env, call.argument[index], &value) != napi_ok) {
    throw_type(call.env, index, "a number");
    return false;
  }
  // Written so that NaN fails.
  if (!(value >= 0 && value <= max) || value != static_cast<double>(static_cast<uint32_t>(value))) {
    throw_range(call.env, index, "an integer of its range");
    return false;
  }
  *out = static_cast<uint32_t>(value);
  return true;
}

bool read_boolean(const Call& call, size_t index, bool* out) {
  if (napi_get_value_bool(call.env, call.argument[index], out) == napi_ok) return true;
  throw_type(call.env, index, "a boolean");
  return false;
}

bool is_absent(const Call& call, size_t index) {
  napi_valuetype type;
  return napi_typeof(call.env, call.argument[index], &type) != napi_ok || type == napi_undefined;
}

bool read_array(const Call& call, size_t index, uint32_t max, uint32_t* length) {
  bool is_array = false;
  if (napi_is_array(call.env, call.argument[index], &is_array) != napi_ok || !is_array ||
      napi_get_array_length(call.env, call.argument[index], length) != napi_ok) {
    throw_type(call.env, index, "an array");
    return false;
  }
  if (*length <= max) return true;
  throw_range(call.env, index, "as long as it must be");
  return false;
}

Copy::~Copy() {
  if (data == nullptr) return;
  sero_wipe(data, size);
  std::free(data);
}

bool Copy::allocate(size_t bytes) {
  // malloc(0) may give nullptr, which means here that there is no memory.
  data = static_cast<uint8_t*>(std::calloc(bytes == 0 ? 1 : bytes, 1));
  size = data == nullptr ? 0 : bytes;
  return data != nullptr;
}

bool Copy::assign(const View& view) {
  if (!allocate(view.size)) return false;
  if (view.size > 0) std::memcpy(data, view.data, view.size);
  return true;
}

napi_value make_bytes(napi_env env, const uint8_t* data, size_t size) {
  void* target = nullptr;
  napi_value buffer;
  napi_value array;
  if (napi_create_arraybuffer(env, size, &target, &buffer) != napi_ok) return nullptr;
  if (size > 0) std::memcpy(target, data, size);
  if (napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &array) != napi_ok) return nullptr;
  return array;
}

napi_value make_number(napi_env env, double value) {
  napi_value number = nullptr;
  napi_create_double(env, value, &number);
  return number;
}

napi_value make_pair(napi_env env, double first, double second) {
  napi_value pair;
  if (napi_create_array_with_length(env, 2, &pair) != napi_ok ||
      napi_set_element(env, pair, 0, make_number(env, first)) != napi_ok ||
      napi_set_element(env, pair, 1, make_number(env, second)) != napi_ok) {
    return nullptr;
  }
  return pair;
}

}  // namespace sero_addon
