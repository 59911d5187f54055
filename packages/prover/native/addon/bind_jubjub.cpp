// Scanning, traces, points of Jubjub, RedJubjub signatures, the tree's hash.

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

constexpr size_t MAX_ITEMS = size_t{1} << 24;
constexpr size_t SECRET_BYTES = 32;
constexpr size_t HIT_BYTES = 4 + SECRET_BYTES;
constexpr size_t POINT_ANSWER_BYTES = 1 + SERO_JUBJUB_AFFINE_BYTES;

/** hashNodes(tuples): one element a tuple, at once; or [status, place of the element]. */
napi_value hash_nodes(napi_env env, napi_callback_info info) {
  Call call;
  View tuples;
  size_t count;
  Copy hashes;
  if (!read_call(env, info, &call) || !read_packed(call, 0, SERO_TUPLE_BYTES, MAX_ITEMS, &tuples, &count)) {
    return nullptr;
  }
  if (!hashes.allocate(count * SERO_FIELD_BYTES)) {
    throw_memory(env);
    return nullptr;
  }
  size_t at = 0;
  const sero_status status = sero_hash_nodes(tuples.data, count, hashes.data, &at, shared_threads(), nullptr);
  if (status != SERO_OK) return make_pair(env, status, static_cast<double>(at));
  return make_bytes(env, hashes.data, hashes.size);
}

struct ScanJob : Job {
  Copy view_key;
  Copy outputs;
  Copy flags;
  Copy secrets;
  Copy found;
  size_t count = 0;
  bool audit = false;

  void execute() override {
    status = sero_scan(view_key.data, outputs.data, count, audit ? 1 : 0, flags.data, secrets.data, shared_threads(),
                       cancelled());
    if (status != SERO_OK) return;
    size_t hits = 0;
    for (size_t i = 0; i < count; i++) hits += flags.data[i] != 0;
    if (!found.allocate(hits * HIT_BYTES)) {
      status = SERO_NO_MEMORY;
      return;
    }
    uint8_t* hit = found.data;
    for (size_t i = 0; i < count; i++) {
      if (flags.data[i] == 0) continue;
      for (size_t k = 0; k < 4; k++) hit[k] = static_cast<uint8_t>(i >> (8 * k));
      std::memcpy(hit + 4, secrets.data + i * SECRET_BYTES, SECRET_BYTES);
      hit += HIT_BYTES;
    }
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_number(env, status);
    return make_bytes(env, found.data, found.size);
  }
};

/** scan(viewKey, outputs, audit, cancel?): a promise of the hits, 4 bytes of its place (little-endian) and the secret each; or of a status. */
napi_value scan(napi_env env, napi_callback_info info) {
  Call call;
  View view_key;
  View outputs;
  size_t count;
  bool audit;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_view_of(call, 0, 32, &view_key) ||
      !read_packed(call, 1, SERO_SCAN_OUTPUT_BYTES, MAX_ITEMS, &outputs, &count) || !read_boolean(call, 2, &audit) ||
      !read_optional_handle(call, 3, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  ScanJob* job = new (std::nothrow) ScanJob;
  if (job != nullptr && !(job->view_key.assign(view_key) && job->outputs.assign(outputs) &&
                          job->flags.allocate(count) && job->secrets.allocate(count * SECRET_BYTES))) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) {
    job->count = count;
    job->audit = audit;
    job->set_cancel(cancel);
  }
  return start_job(env, job);
}

struct TraceJob : Job {
  Copy trace_key;
  Copy zpk;
  Copy entries;
  Copy opened;
  size_t count = 0;
  size_t at = 0;

  void execute() override {
    status = sero_open_traces(trace_key.data, zpk.data, entries.data, count,
                              reinterpret_cast<uint64_t*>(opened.data), &at, shared_threads(), cancelled());
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_pair(env, status, static_cast<double>(at));
    return make_bytes(env, opened.data, opened.size);
  }
};

/** openTraces(traceKey, zpk, entries, cancel?): a promise of 8 bytes an entry, all ones for another account's; or of [status, place]. */
napi_value open_traces(napi_env env, napi_callback_info info) {
  Call call;
  View trace_key;
  View zpk;
  View entries;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_view_of(call, 0, SERO_FIELD_BYTES, &trace_key) ||
      !read_view_of(call, 1, SERO_FIELD_BYTES, &zpk) ||
      !read_packed(call, 2, SERO_TRACE_BYTES, MAX_ITEMS, &entries, &count) ||
      !read_optional_handle(call, 3, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  TraceJob* job = new (std::nothrow) TraceJob;
  if (job != nullptr && !(job->trace_key.assign(trace_key) && job->zpk.assign(zpk) && job->entries.assign(entries) &&
                          job->opened.allocate(count * sizeof(uint64_t)))) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) {
    job->count = count;
    job->set_cancel(cancel);
  }
  return start_job(env, job);
}

struct PointsJob : Job {
  Copy encodings;
  Copy verdicts;
  Copy affine;
  Copy bytes;
  size_t count = 0;

  void execute() override {
    sero_status* each = reinterpret_cast<sero_status*>(verdicts.data);
    status = sero_check_points(encodings.data, count, each, affine.data, shared_threads(), cancelled());
    for (size_t i = 0; status == SERO_OK && i < count; i++) {
      // 0, or the status from 600 on; one of no meaning must not turn into a 0, which is "fit".
      const int32_t place = each[i] - 600;
      uint8_t* answer = bytes.data + i * POINT_ANSWER_BYTES;
      answer[0] = each[i] == SERO_OK ? 0 : place > 0 && place < 255 ? static_cast<uint8_t>(place) : 255;
      std::memcpy(answer + 1, affine.data + i * SERO_JUBJUB_AFFINE_BYTES, SERO_JUBJUB_AFFINE_BYTES);
    }
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_number(env, status);
    return make_bytes(env, bytes.data, bytes.size);
  }
};

/** checkPoints(encodings, cancel?): a promise of 65 bytes a point, 0 or its status less 600, u, v; or of a status. */
napi_value check_points(napi_env env, napi_callback_info info) {
  Call call;
  View encodings;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_packed(call, 0, SERO_JUBJUB_BYTES, MAX_ITEMS, &encodings, &count) ||
      !read_optional_handle(call, 1, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  PointsJob* job = new (std::nothrow) PointsJob;
  if (job != nullptr && !(job->encodings.assign(encodings) && job->verdicts.allocate(count * sizeof(sero_status)) &&
                          job->affine.allocate(count * SERO_JUBJUB_AFFINE_BYTES) &&
                          job->bytes.allocate(count * POINT_ANSWER_BYTES))) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) {
    job->count = count;
    job->set_cancel(cancel);
  }
  return start_job(env, job);
}

struct SignaturesJob : Job {
  Copy items;
  Copy seed;
  Copy valid;
  size_t count = 0;

  void execute() override {
    status = sero_redjubjub_verify_batch(items.data, count, seed.data, valid.data, shared_threads(), cancelled());
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_number(env, status);
    return make_bytes(env, valid.data, count);
  }
};

/** verifySignatures(items, seed, cancel?): a promise of a byte an item, 1 where it is valid; or of a status. */
napi_value verify_signatures(napi_env env, napi_callback_info info) {
  Call call;
  View items;
  View seed;
  size_t count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_packed(call, 0, SERO_SIGNED_BYTES, MAX_ITEMS, &items, &count) ||
      !read_view_of(call, 1, SERO_SEED_BYTES, &seed) || !read_optional_handle(call, 2, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  SignaturesJob* job = new (std::nothrow) SignaturesJob;
  if (job != nullptr && !(job->items.assign(items) && job->seed.assign(seed) && job->valid.allocate(count))) {
    delete job;
    job = nullptr;
  }
  if (job != nullptr) {
    job->count = count;
    job->set_cancel(cancel);
  }
  return start_job(env, job);
}

}  // namespace

bool export_jubjub(napi_env env, napi_value exports) {
  return export_function(env, exports, "hashNodes", hash_nodes) && export_function(env, exports, "scan", scan) &&
         export_function(env, exports, "openTraces", open_traces) &&
         export_function(env, exports, "checkPoints", check_points) &&
         export_function(env, exports, "verifySignatures", verify_signatures);
}

}  // namespace sero_addon
