// Roots of unity of the scalar field, as snarkjs and every .zkey and .ptau take them: 5^((r-1)/2^k), 5 being the smallest
// non-residue.
#pragma once

#include <cstdint>

#include "blst.h"

namespace sero {

/// 2^ROOT_POWER divides r - 1, and no higher power of two.
constexpr unsigned ROOT_POWER = 32;

static inline blst_fr fr_one() {
  const uint64_t words[4] = {1, 0, 0, 0};
  blst_fr out;
  blst_fr_from_uint64(&out, words);
  return out;
}

/// A primitive root of unity of order 2^k, k at most ROOT_POWER.
static inline blst_fr root_of_unity(unsigned k) {
  // 5^((r-1)/2^32), canonical.
  const uint64_t words[4] = {0x1b788f500b912f1full, 0xc4024ff270b3e094ull, 0xfd56dc8d168d6c0ull, 0x212d79e5b416b6full};
  blst_fr root;
  blst_fr_from_uint64(&root, words);
  for (unsigned i = ROOT_POWER; i > k; i--) blst_fr_sqr(&root, &root);
  return root;
}

}  // namespace sero
