// libFuzzer: operations on points in bulk take any bytes for points, scalars and rows: a status, never a fault.
#include <cstdint>
#include <cstring>

#include "sero_prover.h"

namespace {

constexpr size_t MAX_POINTS = 40;

/// Cuts pieces off the input; zeros behind its end.
struct Input {
  const uint8_t* data;
  size_t size;

  void take(void* out, size_t length) {
    const size_t own = length < size ? length : size;
    std::memset(out, 0, length);
    if (own > 0) std::memcpy(out, data, own);
    data += own;
    size -= own;
  }
  uint8_t byte() {
    uint8_t out;
    take(&out, 1);
    return out;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input = {data, size};
  sero_force_portable(input.byte() & 1);
  const uint8_t operation = input.byte() % 10;
  const int32_t group = input.byte() % 4;
  const size_t count = input.byte() % (MAX_POINTS + 1);
  const size_t bytes = group == 1 ? 96 : 192;
  static uint8_t points[MAX_POINTS * 192], others[MAX_POINTS * 192], scalars[MAX_POINTS * 32], out[64 * 192];
  // Half of the inputs hold real points, so that the formulas are reached with them.
  const bool is_real = input.byte() & 1;
  input.take(scalars, sizeof scalars);
  for (size_t i = 0; i < MAX_POINTS; i++) scalars[32 * i + 31] &= 0x3f;
  if (is_real && (group == 1 || group == 2)) {
    sero_group_multiply_generator(group, scalars, MAX_POINTS, points, nullptr, nullptr);
    std::memcpy(others, points, sizeof others);
    const size_t at = input.byte() % (MAX_POINTS * bytes);
    others[at] ^= input.byte();
  } else {
    input.take(points, sizeof points);
    input.take(others, sizeof others);
  }
  input.take(scalars, count * 32);

  switch (operation) {
    case 0: sero_group_multiply_generator(group, scalars, count, out, nullptr, nullptr); break;
    case 1: sero_group_multiply_each(group, points, scalars, count, out, nullptr, nullptr); break;
    case 2: sero_group_multiply_powers(group, points, count, scalars, scalars + 32, out, nullptr, nullptr); break;
    case 3: sero_group_lagrange(group, points, input.byte() % 6, out, nullptr, nullptr); break;
    case 4: {
      uint32_t starts[9], indices[MAX_POINTS];
      for (uint32_t& start : starts) start = input.byte() % (MAX_POINTS + 4);
      for (uint32_t& index : indices) index = input.byte() % (MAX_POINTS + 4);
      if (input.byte() & 1) {
        starts[0] = 0;
        for (size_t i = 1; i < 9; i++) starts[i] = starts[i] < starts[i - 1] ? starts[i - 1] : starts[i];
        for (uint32_t& start : starts) start = start > count ? static_cast<uint32_t>(count) : start;
        starts[8] = static_cast<uint32_t>(count);
      }
      sero_group_combine_rows(group, points, MAX_POINTS, starts, 8, indices, scalars, count, out, nullptr, nullptr);
      break;
    }
    case 5: {
      const size_t scalar_bytes = input.byte() % 34;
      if (scalar_bytes > 32) break;
      sero_group_multi_exp(group, points, scalars, scalar_bytes, count, out, nullptr, nullptr);
      break;
    }
    case 6: sero_group_subtract(group, points, others, count, out, nullptr, nullptr); break;
    case 7: {
      size_t first = 0;
      sero_group_check(group, others, count, &first, nullptr, nullptr);
      if ((group == 1 || group == 2) && first > count) __builtin_trap();
      break;
    }
    case 8: sero_group_encode(group, points, count, input.byte() & 1, out, nullptr, nullptr); break;
    default: {
      int32_t is_one;
      sero_pairing_product_is_one(points, others, count % 3, &is_one);
    }
  }
  return 0;
}
