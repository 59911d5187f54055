#include "kernels.hpp"

#include "../include/sero_prover.h"

#if defined(SERO_HAS_IFMA)
#include <cpuid.h>
#endif

namespace sero {
namespace {

#if defined(SERO_HAS_IFMA)
uint64_t enabled_state() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

/// AVX-512 F, DQ, IFMA, BW, VL and VBMI, BMI2 and ADX, and an operating system that keeps the registers (Intel SDM, volume 1,
/// 15.2 to 15.4).
bool has_ifma() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return false;
  constexpr uint32_t OSXSAVE = 1u << 27;
  if ((c & OSXSAVE) == 0) return false;
  constexpr uint64_t STATE = 0xe6;  // SSE, AVX, opmask, both halves of ZMM
  if ((enabled_state() & STATE) != STATE) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  constexpr uint32_t BMI2 = 1u << 8, F = 1u << 16, DQ = 1u << 17, ADX = 1u << 19, IFMA = 1u << 21, BW = 1u << 30,
                     VL = 1u << 31, NEEDED = BMI2 | F | DQ | ADX | IFMA | BW | VL;
  constexpr uint32_t VBMI = 1u << 1;
  return (b & NEEDED) == NEEDED && (c & VBMI) != 0;
}
#endif

/// 0: the best there is; 1: portable. It may change at any time: whoever needs the same set twice keeps the reference.
int32_t is_portable_forced = 0;

}  // namespace

const Kernels& kernels() {
#if defined(SERO_HAS_IFMA)
  static const bool ifma = has_ifma();
  if (ifma && __atomic_load_n(&is_portable_forced, __ATOMIC_RELAXED) == 0) return KERNELS_IFMA;
#endif
  return KERNELS_PORTABLE;
}

}  // namespace sero

extern "C" {

const char* sero_kernels_name(void) { return sero::kernels().name; }

void sero_force_portable(int32_t is_forced) {
  __atomic_store_n(&sero::is_portable_forced, is_forced, __ATOMIC_RELAXED);
}

}
