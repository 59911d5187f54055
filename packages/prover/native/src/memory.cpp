#include "memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>

// AddressSanitizer, and valgrind where SERO_ASAN is given, watch the borders of the C library's blocks only.
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

#include <mutex>
#endif

namespace {

constexpr size_t ALIGNMENT = 64;

#if defined(SERO_MAPS_BLOCKS)

/// Blocks of this size and more are mapped by themselves, and given back: the C library keeps blocks of up to 32 MB once it has
/// seen such go, for every thread a heap of its own, and the system cannot take them from it.
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

/// Blocks up to this size stay mapped for a while after they are freed, some tens of megabytes in all: the next proof needs the
/// same ones, and pages that the system has to clear cost it a tenth of its time. The system may take their pages whenever it is
/// short of memory (MADV_FREE), and their contents are nobody's: who kept secrets there has wiped them.
constexpr size_t MAX_KEPT_BLOCK = size_t{32} << 20, MAX_KEPT = size_t{64} << 20;
constexpr size_t KEPT_BLOCKS = 16;

/// Freed blocks, the longest freed first.
struct Kept {
  std::mutex mutex;
  void* memory[KEPT_BLOCKS];
  size_t count;
  size_t bytes;

  /// The smallest block that holds `size` bytes and not much more; null where there is none.
  void* take(size_t size) {
    const std::lock_guard<std::mutex> lock(mutex);
    size_t best = KEPT_BLOCKS, least = size + size / 4 + LARGE_PAGE;
    for (size_t i = 0; i < count; i++) {
      const size_t room = room_of(memory[i]);
      if (room < size || room >= least) continue;
      best = i;
      least = room;
    }
    return best == KEPT_BLOCKS ? nullptr : remove(best);
  }

  /// The block, or others that had to make room for it, go back to the system.
  void put(void* block) {
    const size_t room = room_of(block);
    if (room > MAX_KEPT_BLOCK) return unmap(block);
    madvise(block, room, MADV_FREE);
    const std::lock_guard<std::mutex> lock(mutex);
    while (count == KEPT_BLOCKS || bytes + room > MAX_KEPT) unmap(remove(0));
    memory[count++] = block;
    bytes += room;
  }

  void release() {
    const std::lock_guard<std::mutex> lock(mutex);
    while (count > 0) unmap(remove(count - 1));
  }

 private:
  /// What can be used of a block.
  static size_t room_of(void* block) {
    const Head& head = *head_of(block);
    return head.length - static_cast<size_t>(static_cast<uint8_t*>(block) - static_cast<uint8_t*>(head.mapping));
  }
  static void unmap(void* block) {
    const Head head = *head_of(block);
    munmap(head.mapping, head.length);
  }
  void* remove(size_t index) {
    void* block = memory[index];
    bytes -= room_of(block);
    count--;
    for (size_t i = index; i < count; i++) memory[i] = memory[i + 1];
    return block;
  }
};

Kept kept;

#endif

}  // namespace

#if defined(SERO_MAPS_BLOCKS)

void* sero_alloc(size_t size) {
  if (size > SIZE_MAX / 2) return nullptr;
  if (size >= MAPPED) {
    void* block = kept.take(size);
    return block != nullptr ? block : map_block(size);
  }
  void* memory = aligned_alloc(ALIGNMENT, sizeof(Head) + rounded_up(size, ALIGNMENT));
  if (memory == nullptr) return nullptr;
  Head* head = static_cast<Head*>(memory);
  *head = {nullptr, 0};
  return head + 1;
}

void sero_free(void* memory) {
  if (memory == nullptr) return;
  if (head_of(memory)->mapping != nullptr) {
    kept.put(memory);
  } else {
    free(head_of(memory));
  }
}

void sero_release_memory(void) { kept.release(); }

#else

void* sero_alloc(size_t size) {
  if (size > SIZE_MAX / 2) return nullptr;
  return aligned_alloc(ALIGNMENT, size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

void sero_free(void* memory) { free(memory); }

void sero_release_memory(void) {}

#endif

void sero_wipe(void* memory, size_t size) {
  memset(memory, 0, size);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}
