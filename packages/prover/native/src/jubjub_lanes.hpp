// The sets of functions that jubjub_kernels.hpp names, for the field header that was included before.
#pragma once

#include "poseidon.hpp"
#include "redjubjub.hpp"
#include "scan.hpp"

namespace sero {
namespace SERO_KERNEL {

constexpr PoseidonKernels poseidon_kernels() { return {poseidon::hash_nodes, poseidon::trace_differences}; }

constexpr JubjubKernels jubjub_kernels() {
  return {
      jubjub::decode_points, jubjub::share_secrets,   jubjub::filter_outputs,          jubjub::match_tags,
      blake2b_blocks,        jubjub::combine_scratch, jubjub::combines_to_small_order,
  };
}

}  // namespace SERO_KERNEL
}  // namespace sero
