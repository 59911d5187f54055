/* What clang's generated code calls by itself. With bulk memory the three are one instruction each. */
#include <stddef.h>

void* memcpy(void* to, const void* from, size_t size) { return __builtin_memcpy(to, from, size); }
void* memmove(void* to, const void* from, size_t size) { return __builtin_memmove(to, from, size); }
void* memset(void* to, int byte, size_t size) { return __builtin_memset(to, byte, size); }

int memcmp(const void* left, const void* right, size_t size) {
  const unsigned char *a = left, *b = right;
  for (size_t i = 0; i < size; i++) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}
