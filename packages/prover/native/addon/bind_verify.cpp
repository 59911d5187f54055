// Verifying keys and proofs.

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

constexpr size_t FIELD_BYTES = 32;
constexpr size_t MAX_KEY_BYTES = 3 * SERO_G2_COMPRESSED + (SERO_MAX_PUBLIC_INPUTS + 2) * SERO_G1_COMPRESSED;
constexpr uint32_t MAX_PROOFS = 65536;
constexpr size_t MAX_INPUTS = size_t{1} << 21;

void destroy_key(void* object) { sero_vk_free(static_cast<sero_vk*>(object)); }

const sero_vk* key_of(const Handle* handle) { return static_cast<const sero_vk*>(handle->object); }

/** newVerifyingKey(points): a handle, or [status, place of the point]. */
napi_value new_key(napi_env env, napi_callback_info info) {
  Call call;
  View points;
  size_t length;
  if (!read_call(env, info, &call) || !read_packed(call, 0, 1, MAX_KEY_BYTES, &points, &length)) return nullptr;
  sero_vk* key = nullptr;
  size_t at = 0;
  const sero_status status = sero_vk_new(points.data, points.size, &key, &at);
  if (status == SERO_OK) return make_handle(env, Kind::VERIFYING_KEY, key, sero_vk_memory(key), destroy_key);
  return make_pair(env, status, static_cast<double>(at));
}

/** verify(key, inputs, proof): the verdict's status. */
napi_value verify(napi_env env, napi_callback_info info) {
  Call call;
  Handle* key;
  View inputs;
  View proof;
  size_t count;
  if (!read_call(env, info, &call) || !read_handle(call, 0, Kind::VERIFYING_KEY, &key) ||
      !read_packed(call, 1, FIELD_BYTES, SERO_MAX_PUBLIC_INPUTS, &inputs, &count) ||
      !read_view_of(call, 2, SERO_PROOF_BYTES, &proof)) {
    return nullptr;
  }
  return make_number(env, sero_verify(key_of(key), inputs.data, count, proof.data));
}

struct VerifyJob : Job {
  Copy which;
  Copy inputs;
  Copy proofs;
  Copy seed;
  sero_proof_item* items = nullptr;
  size_t count = 0;
  sero_status* verdicts = nullptr;
  Copy bytes;

  ~VerifyJob() override {
    std::free(items);
    std::free(verdicts);
  }
  void execute() override {
    status = sero_verify_batch(items, count, seed.data, shared_threads(), cancelled(), verdicts);
  }
  napi_value result(napi_env env) override {
    if (status != SERO_OK) return make_number(env, status);
    // Verdicts are below 256, as the interface's numbers stand; one that is not must not turn into a 0, which is "valid".
    for (size_t i = 0; i < count; i++) {
      bytes.data[i] = verdicts[i] < 0 || verdicts[i] > 255 ? 255 : static_cast<uint8_t>(verdicts[i]);
    }
    return make_bytes(env, bytes.data, count);
  }
};

/** Reads a key's number of each proof, and lays the items over the copies. */
bool lay_items(const Call& call, VerifyJob* job) {
  const uint8_t* input = job->inputs.data;
  const uint8_t* const end = input + job->inputs.size;
  for (size_t i = 0; i < job->count; i++) {
    const size_t key = job->which.data[i];
    if (key >= job->handle_count) {
      throw_range(call.env, 1, "numbers of the keys");
      return false;
    }
    const sero_vk* vk = key_of(job->handles[key]);
    const size_t input_count = sero_vk_inputs(vk);
    if (static_cast<size_t>(end - input) / FIELD_BYTES < input_count) {
      throw_range(call.env, 2, "as long as it must be");
      return false;
    }
    job->items[i] = {vk, input, input_count, job->proofs.data + i * SERO_PROOF_BYTES};
    input += input_count * FIELD_BYTES;
  }
  if (input == end) return true;
  throw_range(call.env, 2, "as long as it must be");
  return false;
}

/**
 * verifyBatch(keys, which, inputs, proofs, seed, cancel?): a promise of one byte a proof, its verdict's status, or of a
 * status. `which` has a byte a proof, its key's place; each proof has as many inputs as its key takes.
 */
napi_value verify_batch(napi_env env, napi_callback_info info) {
  Call call;
  uint32_t key_count;
  View which;
  View inputs;
  View proofs;
  View seed;
  size_t count;
  size_t input_count;
  Handle* cancel;
  if (!read_call(env, info, &call) || !read_array(call, 0, Job::MAX_HANDLES, &key_count) ||
      !read_packed(call, 1, 1, MAX_PROOFS, &which, &count) ||
      !read_packed(call, 2, FIELD_BYTES, MAX_INPUTS, &inputs, &input_count) ||
      !read_view_of(call, 3, count * SERO_PROOF_BYTES, &proofs) ||
      !read_view_of(call, 4, SERO_SEED_BYTES, &seed) ||
      !read_optional_handle(call, 5, Kind::CANCEL, &cancel)) {
    return nullptr;
  }
  VerifyJob* job = new (std::nothrow) VerifyJob;
  if (job == nullptr) return start_job(env, nullptr);
  // All else that is JavaScript's is taken before the keys: getters among them may release the flag or give bytes away.
  job->set_cancel(cancel);
  job->count = count;
  job->items = static_cast<sero_proof_item*>(std::calloc(count + 1, sizeof(sero_proof_item)));
  job->verdicts = static_cast<sero_status*>(std::calloc(count + 1, sizeof(sero_status)));
  bool ready = job->items != nullptr && job->verdicts != nullptr && job->which.assign(which) &&
               job->inputs.assign(inputs) && job->proofs.assign(proofs) && job->seed.assign(seed) &&
               job->bytes.allocate(count);
  if (!ready) throw_memory(env);
  for (uint32_t i = 0; ready && i < key_count; i++) {
    Call element{env, {}};
    Handle* key;
    ready = napi_get_element(env, call.argument[0], i, &element.argument[0]) == napi_ok &&
            read_handle(element, 0, Kind::VERIFYING_KEY, &key) && job->use(key);
  }
  if (!ready || !lay_items(call, job)) {
    delete job;
    return nullptr;
  }
  return start_job(env, job);
}

}  // namespace

bool export_verify(napi_env env, napi_value exports) {
  return export_function(env, exports, "newVerifyingKey", new_key) &&
         export_function(env, exports, "verify", verify) &&
         export_function(env, exports, "verifyBatch", verify_batch);
}

}  // namespace sero_addon
