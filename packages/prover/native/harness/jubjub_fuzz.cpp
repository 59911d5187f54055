// Any bytes to every operation on Jubjub and of Poseidon, with the best kernels and with the portable ones,
// which must agree to the byte. For libFuzzer where SERO_LIBFUZZER is defined; else a program of its own that
// changes the inputs of tools/write-jubjub-vectors.ts at random:
//
//   jubjub_fuzz FILE ROUNDS [SEED]

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../include/sero_prover.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

enum Operation { NODES = 1, TRACES = 2, SCAN = 3, POINTS = 4, SIGNATURES = 5, OPERATIONS = 5 };

constexpr size_t MAX_INPUT = 1 << 16;
/// The most that an operation writes for an input: 68 bytes for a point of 32.
constexpr size_t MAX_OUTPUT = 3 * MAX_INPUT;

/// Takes as many whole items as there are. Memory is as long as it has to be, so that a sanitizer sees what
/// is beyond it.
sero_status run_operation(uint32_t operation, const uint8_t* in, size_t length, uint8_t* out) {
  size_t at = 0;
  switch (operation) {
    case NODES:
      return sero_hash_nodes(in, length / SERO_TUPLE_BYTES, out, &at, nullptr, nullptr);
    case TRACES:
      if (length < 64) return SERO_LENGTH;
      return sero_open_traces(in, in + 32, in + 64, (length - 64) / SERO_TRACE_BYTES,
                              reinterpret_cast<uint64_t*>(out), &at, nullptr, nullptr);
    case SCAN: {
      if (length < 33) return SERO_LENGTH;
      const size_t count = (length - 33) / SERO_SCAN_OUTPUT_BYTES;
      return sero_scan(in, in + 33, count, in[32] & 1, out, out + count, nullptr, nullptr);
    }
    case POINTS: {
      const size_t count = length / SERO_JUBJUB_BYTES;
      return sero_check_points(in, count, reinterpret_cast<sero_status*>(out), out + 4 * count, nullptr,
                               nullptr);
    }
    default:
      if (length < 32) return SERO_LENGTH;
      return sero_redjubjub_verify_batch(in + 32, (length - 32) / SERO_SIGNED_BYTES, in, out, nullptr,
                                         nullptr);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > MAX_INPUT) return 0;
  const uint32_t operation = 1 + data[0] % OPERATIONS;
  uint8_t* const in = static_cast<uint8_t*>(std::malloc(size));
  uint8_t* const best = static_cast<uint8_t*>(std::calloc(MAX_OUTPUT, 1));
  uint8_t* const portable = static_cast<uint8_t*>(std::calloc(MAX_OUTPUT, 1));
  if (in == nullptr || best == nullptr || portable == nullptr) std::abort();
  std::memcpy(in, data + 1, size - 1);
  sero_force_portable(0);
  const sero_status first = run_operation(operation, in, size - 1, best);
  sero_force_portable(1);
  const sero_status second = run_operation(operation, in, size - 1, portable);
  if (first != second || (first == SERO_OK && std::memcmp(best, portable, MAX_OUTPUT) != 0)) {
    std::printf("operation %u: the kernels do not agree\n", operation);
    std::abort();
  }
  std::free(in);
  std::free(best);
  std::free(portable);
  return 0;
}

#if !defined(SERO_LIBFUZZER)

namespace {

/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014): splitmix64.
uint64_t next(uint64_t* state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

constexpr size_t MAX_CASES = 4096;
constexpr size_t FEW_ITEMS = 1200;

struct Seeds {
  uint8_t* bytes;
  size_t at[MAX_CASES];
  uint32_t length[MAX_CASES];
  uint32_t operation[MAX_CASES];
  size_t count;
};

bool read_seeds(const char* path, Seeds* out) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr || std::fseek(file, 0, SEEK_END) != 0) return false;
  const long size = std::ftell(file);
  std::rewind(file);
  out->bytes = static_cast<uint8_t*>(std::malloc(static_cast<size_t>(size)));
  if (out->bytes == nullptr || std::fread(out->bytes, 1, static_cast<size_t>(size),
      file) != static_cast<size_t>(size)) {
    return false;
  }
  std::fclose(file);
  out->count = 0;
  for (size_t at = 0; at + 12 <= static_cast<size_t>(size) && out->count < MAX_CASES; out->count++) {
    uint32_t head[3];
    std::memcpy(head, out->bytes + at, sizeof head);
    out->operation[out->count] = head[0];
    out->length[out->count] = head[1];
    out->at[out->count] = at + 12;
    at += 12 + static_cast<size_t>(head[1]) + head[2];
  }
  return out->count > 0;
}

}  // namespace

int main(int count, char** arguments) {
  static Seeds seeds;
  if (count < 3 || !read_seeds(arguments[1], &seeds)) {
    std::fprintf(stderr, "jubjub_fuzz FILE ROUNDS [SEED]\n");
    return 2;
  }
  const unsigned long rounds = std::strtoul(arguments[2], nullptr, 10);
  uint64_t state = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1;
  static uint8_t input[MAX_INPUT];
  for (unsigned long round = 0; round < rounds; round++) {
    const size_t which = next(&state) % seeds.count;
    size_t length = seeds.length[which] < FEW_ITEMS ? seeds.length[which] : FEW_ITEMS;
    input[0] = static_cast<uint8_t>(seeds.operation[which] - 1);
    std::memcpy(input + 1, seeds.bytes + seeds.at[which], length);
    const unsigned changes = static_cast<unsigned>(next(&state) % 6);
    for (unsigned i = 0; i < changes && length > 64; i++) {
      const size_t at = next(&state) % length;
      const size_t from = next(&state) % (length - 32), to = next(&state) % (length - 32);
      switch (next(&state) % 5) {
        case 0:
          input[1 + at] = static_cast<uint8_t>(input[1 + at] ^ 1u << (next(&state) % 8));
          break;
        case 1:
          std::memmove(input + 1 + to, input + 1 + from, 32);
          break;
        case 2:
          std::memset(input + 1 + to, (next(&state) & 1) != 0 ? 0xff : 0, 32);
          break;
        case 3:
          for (size_t k = 0; k < 32; k++) input[1 + to + k] = static_cast<uint8_t>(next(&state));
          break;
        default:
          length -= next(&state) % 40;
      }
    }
    LLVMFuzzerTestOneInput(input, 1 + length);
  }
  std::printf("%lu inputs, seed %llu\n", rounds, static_cast<unsigned long long>(state));
  return 0;
}

#endif
