// Circuit files and witnesses.

#include <new>

#include "bindings.hpp"
#include "handle.hpp"
#include "job.hpp"
#include "sero_prover.h"

namespace sero_addon {
namespace {

constexpr size_t FIELD_BYTES = 32;
constexpr size_t MAX_FILE_BYTES = size_t{1} << 28;
constexpr size_t MAX_INPUTS = size_t{1} << 20;

void destroy_circuit(void* object) { sero_circuit_free(static_cast<sero_circuit*>(object)); }

/** newCircuit(file): a handle, or a status. */
napi_value new_circuit(napi_env env, napi_callback_info info) {
  Call call;
  View file;
  size_t length;
  if (!read_call(env, info, &call) || !read_packed(call, 0, 1, MAX_FILE_BYTES, &file, &length)) return nullptr;
  sero_circuit* circuit = nullptr;
  const sero_status status = sero_circuit_new(file.data, file.size, &circuit);
  if (status != SERO_OK) return make_number(env, status);
  return make_handle(env, Kind::CIRCUIT, circuit, sero_circuit_memory(circuit), destroy_circuit);
}

struct WitnessJob : Job {
  Copy inputs;
  Copy witness;
  uint32_t broken = 0;

  void execute() override {
    const sero_circuit* circuit = static_cast<const sero_circuit*>(handles[0]->object);
    status = sero_witness(circuit, inputs.data, inputs.size, witness.data, witness.size, &broken);
  }
  napi_value result(napi_env env) override {
    if (status == SERO_OK) return make_bytes(env, witness.data, witness.size);
    return make_pair(env, status, broken);
  }
};

/** witness(circuit, inputs): a promise of the packed wires, or of [status, number of the broken constraint]. */
napi_value witness(napi_env env, napi_callback_info info) {
  Call call;
  Handle* circuit;
  View inputs;
  size_t count;
  if (!read_call(env, info, &call) || !read_handle(call, 0, Kind::CIRCUIT, &circuit) ||
      !read_packed(call, 1, 1, MAX_INPUTS * FIELD_BYTES, &inputs, &count)) {
    return nullptr;
  }
  WitnessJob* job = new (std::nothrow) WitnessJob;
  const size_t wires = sero_circuit_wires(static_cast<const sero_circuit*>(circuit->object));
  if (job != nullptr && !(job->use(circuit) && job->inputs.assign(inputs) && job->witness.allocate(wires * FIELD_BYTES))) {
    delete job;
    job = nullptr;
  }
  return start_job(env, job);
}

}  // namespace

bool export_witness(napi_env env, napi_value exports) {
  return export_function(env, exports, "newCircuit", new_circuit) &&
         export_function(env, exports, "witness", witness);
}

}  // namespace sero_addon
