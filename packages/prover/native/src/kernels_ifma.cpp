// The kernels for x86-64 with AVX-512 IFMA.
#define SERO_KERNEL ifma

#include "field/ifma.hpp"
#include "field/fq2.hpp"
#include "curve_lanes.hpp"
#include "square_roots.hpp"
#include "tower_lanes.hpp"
#include "pairing.hpp"
#include "ladder_ifma.hpp"
#include "jubjub_lanes.hpp"
#include "curve_lanes.hpp"
#include "multi_exp.hpp"
#include "multiply_lanes.hpp"
#include "transform.hpp"

namespace sero {

constexpr Kernels KERNELS_IFMA = {
    "ifma",
    ifma::MultiExpKernel<ifma::Fq>::table(),
    ifma::MultiExpKernel<ifma::Fq2>::table(),
    ifma::transform_kernels(),
    ifma::poseidon_kernels(),
    ifma::jubjub_kernels(),
    ifma::pairing_kernels(),
    ifma::multiply_kernels(),
};

}  // namespace sero
