// The module that Node loads. It has no state of JavaScript's: any number of threads may load it.

#include <node_api.h>

#include "bindings.hpp"
#include "handle.hpp"
#include "threads.hpp"

NAPI_MODULE_INIT() {
  const bool complete = sero_addon::export_threads(env, exports) && sero_addon::export_handles(env, exports) && sero_addon::export_verify(env, exports) &&
                        sero_addon::export_witness(env, exports) && sero_addon::export_group(env, exports) &&
                        sero_addon::export_jubjub(env, exports) && sero_addon::export_prove(env, exports);
  return complete ? exports : nullptr;
}
