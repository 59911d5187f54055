// What a ladder gives. To be included after a field header.
#pragma once

#include "lanes.hpp"

namespace sero {
namespace SERO_KERNEL {
namespace jubjub {

/// [k]P = (x : z) and [k + 1]P, tight.
struct LadderResult {
  Fr x, z, next_x, next_z;
};

}  // namespace jubjub
}  // namespace SERO_KERNEL
}  // namespace sero
