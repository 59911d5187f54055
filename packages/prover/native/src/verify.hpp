// Checking one proof (Groth16, eprint 2016/260, section 3.2): with X = IC_0 + sum x_i IC_i,
//
//     e(A, B) = e(alpha, beta) e(X, gamma) e(C, delta)
//
// The same checks in the same order as verifier.ts, the reference that it is compared with.
#pragma once

#include <blst.h>

#include "../include/sero_prover.h"
#include "pairing_kernels.hpp"
#include "verifying_key.hpp"

namespace sero {

constexpr size_t INPUT_BYTES = 32;

/// A proof whose public inputs and points passed every check but the equation.
struct WellFormed {
  const sero_vk* vk;
  const uint8_t* inputs;
  ProofPoints points;
};

/// What is checked of the public inputs: their number, then that each is canonical.
sero_status check_inputs(const sero_proof_item& item);

/// Whether the equation holds: SERO_OK, SERO_PROOF_INVALID or SERO_NO_MEMORY.
sero_status check_equation(const WellFormed& proof);

}  // namespace sero
