// Memory in WebAssembly: blocks of the heap above the linker's data, which grows and never shrinks.
//
// Every block begins with a header of 64 bytes, so that what is handed out is aligned to 64. The free ones are listed by
// address, neighbours joined; an allocation takes the first that is large enough. Allocations are few and mostly large.
#include "../memory.hpp"

#include <cstdint>
#include <cstring>
#include <new>

extern "C" uint8_t __heap_base;

namespace {

constexpr size_t UNIT = 64;
constexpr size_t PAGE = 65536;

struct alignas(UNIT) Header {
  /// Of the block, header included; a multiple of UNIT.
  size_t size;
  /// The next free block by address; of no meaning while the block is in use.
  Header* next;
};
static_assert(sizeof(Header) == UNIT, "what follows a header is aligned");

Header* first_free = nullptr;
/// Where the heap ends; null before its first block.
uint8_t* heap_end = nullptr;

uint8_t* end_of(Header* block) { return reinterpret_cast<uint8_t*>(block) + block->size; }

/// Puts a block into the list and joins it with free neighbours.
void insert(Header* block) {
  Header* before = nullptr;
  Header* after = first_free;
  while (after != nullptr && after < block) {
    before = after;
    after = after->next;
  }
  block->next = after;
  if (after != nullptr && end_of(block) == reinterpret_cast<uint8_t*>(after)) {
    block->size += after->size;
    block->next = after->next;
  }
  if (before == nullptr) {
    first_free = block;
  } else if (end_of(before) == reinterpret_cast<uint8_t*>(block)) {
    before->size += block->size;
    before->next = block->next;
  } else {
    before->next = block;
  }
}

/// Adds a free block of at least `size` bytes at the heap's end; false where memory cannot grow.
bool grow(size_t size) {
  if (heap_end == nullptr) {
    const uintptr_t base = reinterpret_cast<uintptr_t>(&__heap_base);
    heap_end = reinterpret_cast<uint8_t*>((base + UNIT - 1) / UNIT * UNIT);
  }
  const size_t pages = (size + PAGE - 1) / PAGE;
  const size_t had = __builtin_wasm_memory_grow(0, pages);
  if (had == SIZE_MAX) return false;
  // The first time the block takes what the linker left of the last page, too.
  uint8_t* const end = reinterpret_cast<uint8_t*>((had + pages) * PAGE);
  Header* const block = reinterpret_cast<Header*>(heap_end);
  block->size = static_cast<size_t>(end - heap_end);
  heap_end = end;
  insert(block);
  return true;
}

void* take(size_t size) {
  Header** link = &first_free;
  for (Header* block = first_free; block != nullptr; link = &block->next, block = block->next) {
    if (block->size < size) continue;
    if (block->size > size) {
      Header* const rest = reinterpret_cast<Header*>(reinterpret_cast<uint8_t*>(block) + size);
      rest->size = block->size - size;
      rest->next = block->next;
      block->size = size;
      *link = rest;
    } else {
      *link = block->next;
    }
    return block + 1;
  }
  return nullptr;
}

}  // namespace

void* sero_alloc(size_t size) {
  // Room for the header and for rounding up to pages.
  if (size > SIZE_MAX - 2 * PAGE) return nullptr;
  const size_t rounded = (size + UNIT - 1) / UNIT * UNIT + sizeof(Header);
  void* memory = take(rounded);
  if (memory != nullptr || !grow(rounded)) return memory;
  return take(rounded);
}

void sero_free(void* memory) {
  if (memory != nullptr) insert(static_cast<Header*>(memory) - 1);
}

void sero_wipe(void* memory, size_t size) {
  std::memset(memory, 0, size);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}

void* operator new(size_t size, const std::nothrow_t&) noexcept { return sero_alloc(size); }
void operator delete(void* memory) noexcept { sero_free(memory); }
void operator delete(void* memory, size_t) noexcept { sero_free(memory); }
