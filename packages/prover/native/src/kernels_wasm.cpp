// The kernels for WebAssembly with relaxed SIMD: in that artefact, in the place of the portable ones.
#define SERO_KERNEL wasm

#include "field/wasm.hpp"
#include "field/fq2.hpp"
#include "curve_lanes.hpp"
#include "square_roots.hpp"
#include "tower_lanes.hpp"
#include "pairing.hpp"
#include "jubjub_lanes.hpp"
#include "curve_lanes.hpp"
#include "multi_exp.hpp"
#include "multiply_lanes.hpp"
#include "transform.hpp"

namespace sero {

constexpr Kernels KERNELS_PORTABLE = {
    "wasm-fma",
    wasm::MultiExpKernel<wasm::Fq>::table(),
    wasm::MultiExpKernel<wasm::Fq2>::table(),
    wasm::transform_kernels(),
    wasm::poseidon_kernels(),
    wasm::jubjub_kernels(),
    wasm::pairing_kernels(),
    wasm::multiply_kernels(),
};

}  // namespace sero
