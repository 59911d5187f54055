#include "memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {
constexpr size_t ALIGNMENT = 64;
/// Blocks of this size and more lie on large pages where the system has them: tables of points are read at random.
constexpr size_t LARGE = size_t{4} << 20, LARGE_PAGE = size_t{2} << 20;
}  // namespace

void* sero_alloc(size_t size) {
  if (size > SIZE_MAX / 2) return nullptr;
  const size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
#if defined(__linux__)
  if (size >= LARGE) {
    const size_t pages = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    void* memory = aligned_alloc(LARGE_PAGE, pages);
    if (memory != nullptr) madvise(memory, pages, MADV_HUGEPAGE);
    return memory;
  }
#endif
  return aligned_alloc(ALIGNMENT, rounded == 0 ? ALIGNMENT : rounded);
}

void sero_free(void* memory) { free(memory); }

void sero_wipe(void* memory, size_t size) {
  memset(memory, 0, size);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}
