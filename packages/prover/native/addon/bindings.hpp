// The sections of sero_prover.h, each bound by a file of its own.

#pragma once

#include <node_api.h>

namespace sero_addon {

bool export_verify(napi_env env, napi_value exports);
bool export_witness(napi_env env, napi_value exports);
bool export_group(napi_env env, napi_value exports);
bool export_prove(napi_env env, napi_value exports);
bool export_jubjub(napi_env env, napi_value exports);

}  // namespace sero_addon
