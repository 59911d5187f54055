// Memory of the library. Natively malloc and free; in WebAssembly, where there is no libc, the artefact's allocator.
#pragma once

#include <cstddef>

extern "C" {
/// `size` bytes aligned to 64, or null where there are none.
void* sero_alloc(size_t size);
/// Gives back what `sero_alloc` gave; null is allowed.
void sero_free(void* memory);
/// Gives freed blocks that are kept for later back to the system. For when the library is unloaded, or is not needed for long.
void sero_release_memory(void);
/// Overwrites secrets with zeros in a way that the compiler cannot leave out.
void sero_wipe(void* memory, size_t size);
}
