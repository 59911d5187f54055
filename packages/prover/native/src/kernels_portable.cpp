// The kernels for every processor that blst knows.
#define SERO_KERNEL portable

#include "field/portable.hpp"
#include "field/fq2.hpp"
#include "jubjub_lanes.hpp"
#include "curve_lanes.hpp"
#include "multi_exp.hpp"
#include "multiply_lanes.hpp"
#include "transform.hpp"

namespace sero {

constexpr Kernels KERNELS_PORTABLE = {
    "portable",
    portable::MultiExpKernel<portable::Fq>::table(),
    portable::MultiExpKernel<portable::Fq2>::table(),
    portable::transform_kernels(),
    portable::poseidon_kernels(),
    portable::jubjub_kernels(),
    PairingKernels{},  // blst's assembly is faster
    portable::multiply_kernels(),
};

}  // namespace sero
