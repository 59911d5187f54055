#include "memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {
constexpr size_t ALIGNMENT = 64;
}

void* sero_alloc(size_t size) {
  if (size > SIZE_MAX - ALIGNMENT) return nullptr;
  const size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  return aligned_alloc(ALIGNMENT, rounded == 0 ? ALIGNMENT : rounded);
}

void sero_free(void* memory) { free(memory); }

void sero_wipe(void* memory, size_t size) {
  memset(memory, 0, size);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}
