// The threads that the addon's work is spread over: one pool a process, whatever loads the addon.

#pragma once

#include <node_api.h>

#include <cstddef>

#include "sero_prover.h"

namespace sero_addon {

/** The shared pool; nullptr where there is no memory for one. It starts with the first work and ends with the last environment. */
const sero_parallel* shared_threads();

/** Counts the environment in, and out when it ends; adds useThreads(), kernel(), interface() and forcePortable() to the exports. */
bool export_threads(napi_env env, napi_value exports);

}  // namespace sero_addon
