#include "memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>

// AddressSanitizer watches the borders of the C library's blocks only.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SERO_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SERO_ASAN
#endif

#if defined(__linux__) && !defined(SERO_ASAN)
#define SERO_MAPS_BLOCKS
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace {

constexpr size_t ALIGNMENT = 64;

#if defined(SERO_MAPS_BLOCKS)

/// Blocks of this size and more are mapped by themselves, so that the system has them back as soon as they are freed: the C
/// library keeps blocks of up to 32 MB once it has seen such go, for every thread a heap of its own.
constexpr size_t MAPPED = size_t{1} << 20;
/// Blocks of this size and more lie on large pages where the system has them: tables of points are read at random.
constexpr size_t LARGE = size_t{4} << 20, LARGE_PAGE = size_t{2} << 20;

/// Stands before each block.
struct alignas(ALIGNMENT) Head {
  /// What was mapped; null for a block of the C library's.
  void* mapping;
  size_t length;
};

Head* head_of(void* memory) { return static_cast<Head*>(memory) - 1; }

uintptr_t rounded_up(uintptr_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

void* map_block(size_t size) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t unit = size >= LARGE ? LARGE_PAGE : page;
  const size_t block = rounded_up(size, unit), asked = page + unit + block;
  void* mapping = mmap(nullptr, asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  // A page for the head, right before the block; what lies around both is given back.
  const uintptr_t from = reinterpret_cast<uintptr_t>(mapping), at = rounded_up(from + page, unit);
  const uintptr_t kept = at - page, end = at + block;
  if (kept > from) munmap(mapping, kept - from);
  if (from + asked > end) munmap(reinterpret_cast<void*>(end), from + asked - end);
  void* memory = reinterpret_cast<void*>(at);
  if (size >= LARGE) madvise(memory, block, MADV_HUGEPAGE);
  *head_of(memory) = {reinterpret_cast<void*>(kept), page + block};
  return memory;
}

#endif

}  // namespace

#if defined(SERO_MAPS_BLOCKS)

void* sero_alloc(size_t size) {
  if (size > SIZE_MAX / 2) return nullptr;
  if (size >= MAPPED) return map_block(size);
  void* memory = aligned_alloc(ALIGNMENT, sizeof(Head) + rounded_up(size, ALIGNMENT));
  if (memory == nullptr) return nullptr;
  Head* head = static_cast<Head*>(memory);
  *head = {nullptr, 0};
  return head + 1;
}

void sero_free(void* memory) {
  if (memory == nullptr) return;
  const Head head = *head_of(memory);
  if (head.mapping != nullptr) {
    munmap(head.mapping, head.length);
  } else {
    free(head_of(memory));
  }
}

#else

void* sero_alloc(size_t size) {
  if (size > SIZE_MAX / 2) return nullptr;
  return aligned_alloc(ALIGNMENT, size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

void sero_free(void* memory) { free(memory); }

#endif

void sero_wipe(void* memory, size_t size) {
  memset(memory, 0, size);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}
