// Runs the cases of tools/write-jubjub-vectors.ts.
//
//   jubjub_check FILE

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../include/sero_prover.h"

namespace {

enum Operation { NODES = 1, TRACES = 2, SCAN = 3, POINTS = 4, SIGNATURES = 5 };

uint32_t word_at(const uint8_t* bytes) {
  uint32_t x;
  std::memcpy(&x, bytes, 4);
  return x;
}

sero_status run_case(uint32_t operation, const uint8_t* in, size_t length, uint8_t* out) {
  switch (operation) {
    case NODES:
      return sero_hash_nodes(in, length / SERO_TUPLE_BYTES, out, nullptr, nullptr, nullptr);
    case TRACES: {
      const size_t count = (length - 64) / SERO_TRACE_BYTES;
      return sero_open_traces(in, in + 32, in + 64, count, reinterpret_cast<uint64_t*>(out), nullptr, nullptr,
                              nullptr);
    }
    case SCAN: {
      const size_t count = (length - 33) / SERO_SCAN_OUTPUT_BYTES;
      return sero_scan(in, in + 33, count, in[32], out, out + count, nullptr, nullptr);
    }
    case POINTS: {
      const size_t count = length / SERO_JUBJUB_BYTES;
      return sero_check_points(in, count, reinterpret_cast<sero_status*>(out), out + 4 * count, nullptr,
                               nullptr);
    }
    case SIGNATURES:
      return sero_redjubjub_verify_batch(in + 32, (length - 32) / SERO_SIGNED_BYTES, in, out, nullptr,
                                         nullptr);
    default:
      return -1;
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::FILE* file = count == 2 ? std::fopen(arguments[1], "rb") : nullptr;
  if (file == nullptr) {
    std::fprintf(stderr, "jubjub_check FILE\n");
    return 2;
  }
  uint8_t head[12];
  unsigned cases = 0, wrong = 0;
  while (std::fread(head, 1, sizeof head, file) == sizeof head) {
    const uint32_t operation = word_at(head), length = word_at(head + 4), expected = word_at(head + 8);
    uint8_t* const in = static_cast<uint8_t*>(std::malloc(length));
    uint8_t* const want = static_cast<uint8_t*>(std::malloc(expected));
    uint8_t* const out = static_cast<uint8_t*>(std::malloc(expected));
    if (in == nullptr || want == nullptr || out == nullptr || std::fread(in, 1, length, file) != length ||
        std::fread(want, 1, expected, file) != expected) {
      return 2;
    }
    const sero_status status = run_case(operation, in, length, out);
    cases++;
    if (status != SERO_OK || std::memcmp(out, want, expected) != 0) {
      wrong++;
      size_t first = 0;
      while (first < expected && out[first] == want[first]) first++;
      std::printf("case %u, operation %u: status %d, first difference at byte %zu of %u\n", cases, operation,
                  status, first, expected);
    }
    std::free(in);
    std::free(want);
    std::free(out);
  }
  std::fclose(file);
  std::printf("%u cases, %u wrong\n", cases, wrong);
  return wrong == 0 ? 0 : 1;
}
