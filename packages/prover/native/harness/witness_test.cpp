// Witnesses outside of Node.
//
//   witness_test FILE INPUTS WITNESS [RUNS]  computes, compares with the witness, says the least time
//   witness_test --field COUNT               sums of products against blst, random and on the edges
//   witness_test --mutate FILE COUNT [SEED]  loads damaged copies of a circuit file, computes with what loads
//
// With SERO_FUZZER it is libFuzzer's target instead: its input is a circuit file.

#include <blst.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../include/sero_prover.h"
#include "../src/witness_field.hpp"

namespace {

using Bytes = std::vector<uint8_t>;
using sero::witness::Fr;

/// A deterministic source (SplitMix64): a seed replays the run.
struct Source {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  size_t below(size_t limit) { return (size_t)(next() % limit); }
};

/// Loads a file and, where that works, computes with some inputs. Returns the status of the one or the other.
sero_status try_file(const Bytes& file, Source* source) {
  sero_circuit* circuit = nullptr;
  const sero_status loaded = sero_circuit_new(file.data(), file.size(), &circuit);
  if (loaded != SERO_OK) {
    if (circuit != nullptr) abort();
    return loaded;
  }
  Bytes inputs(32 * sero_circuit_inputs(circuit)), witness(32 * sero_circuit_wires(circuit), 1);
  for (size_t i = 0; i < inputs.size(); i += 32) {
    const uint64_t value = source->next();
    // Bits, zeros, words and elements of full length.
    const size_t kind = source->below(4);
    if (kind < 2) {
      inputs[i] = kind == 0 ? 0 : (uint8_t)(value & 1);
    } else {
      for (size_t j = 0; j < (kind == 2 ? 8 : 31); j++) inputs[i + j] = (uint8_t)(value >> (8 * (j % 8)));
    }
  }
  uint32_t broken = 0;
  const sero_status status =
      sero_witness(circuit, inputs.data(), inputs.size(), witness.data(), witness.size(), &broken);
  if (status != SERO_OK) {
    for (uint8_t byte : witness) {
      if (byte != 0) abort();
    }
  }
  sero_circuit_free(circuit);
  return status;
}

}  // namespace

#ifdef SERO_FUZZER

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Source source = {size};
  try_file(Bytes(data, data + size), &source);
  return 0;
}

#else

namespace {

Bytes read_file(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == nullptr) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(2);
  }
  Bytes bytes;
  uint8_t chunk[4096];
  for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;) {
    bytes.insert(bytes.end(), chunk, chunk + got);
  }
  fclose(file);
  return bytes;
}

double now_ms() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double, std::milli>(Clock::now().time_since_epoch()).count();
}

int compare(const char* file_path, const char* inputs_path, const char* witness_path, int runs) {
  const Bytes file = read_file(file_path), inputs = read_file(inputs_path);
  const Bytes expected = read_file(witness_path);
  sero_circuit* circuit = nullptr;
  const double before = now_ms();
  const sero_status loaded = sero_circuit_new(file.data(), file.size(), &circuit);
  if (loaded != SERO_OK) {
    printf("loading: status %d\n", loaded);
    return 1;
  }
  printf("loaded in %.2f ms, %zu bytes of memory\n", now_ms() - before, sero_circuit_memory(circuit));
  Bytes witness(32 * sero_circuit_wires(circuit));
  double least = 1e9;
  for (int i = 0; i < runs; i++) {
    uint32_t broken = 0;
    const double start = now_ms();
    const sero_status status =
        sero_witness(circuit, inputs.data(), inputs.size(), witness.data(), witness.size(), &broken);
    const double took = now_ms() - start;
    if (took < least) least = took;
    if (status != SERO_OK) {
      printf("status %d at equation %u\n", status, broken);
      return 1;
    }
  }
  sero_circuit_free(circuit);
  printf("%.3f ms\n", least);
  if (witness == expected) return 0;
  printf("another witness than expected\n");
  return 1;
}

int mutate(const char* path, size_t count, uint64_t seed) {
  const Bytes file = read_file(path);
  Source source = {seed};
  size_t loaded = 0, rejected = 0;
  for (size_t i = 0; i < count; i++) {
    Bytes damaged = file;
    for (size_t left = 1 + source.below(3); left > 0 && !damaged.empty(); left--) {
      const size_t at = source.below(damaged.size());
      switch (source.below(4)) {
        case 0:
          damaged[at] ^= (uint8_t)(1u << source.below(8));
          break;
        case 1:
          damaged[at] = (uint8_t)source.next();
          break;
        case 2:
          damaged.erase(damaged.begin() + (ptrdiff_t)at);
          break;
        default:
          damaged.resize(at + 1);
      }
    }
    const sero_status status = try_file(damaged, &source);
    if (status != SERO_CIRCUIT_MALFORMED) loaded++;
    if (status == SERO_WITNESS_REJECTED) rejected++;
  }
  printf("%zu files, %zu loaded, %zu of these rejected their inputs\n", count, loaded, rejected);
  return 0;
}

/// Random, or at an edge: 0, 1, r - 1.
Fr pick(Source* source) {
  uint8_t bytes[32] = {0};
  Fr value = sero::witness::zero();
  const size_t kind = source->below(6);
  if (kind == 0) return value;
  if (kind == 1) return sero::witness::one();
  if (kind == 2) return sero::witness::neg(sero::witness::one());
  do {
    for (uint8_t& byte : bytes) byte = (uint8_t)source->next();
    bytes[31] &= 0x7f;
  } while (!sero::witness::from_bytes(value, bytes));
  return value;
}

blst_fr to_blst(const Fr& value) {
  uint8_t bytes[32];
  sero::witness::to_bytes(bytes, value);
  blst_scalar scalar;
  blst_scalar_from_lendian(&scalar, bytes);
  blst_fr out;
  blst_fr_from_scalar(&out, &scalar);
  return out;
}

/// Sums of products and values, and the same by blst.
int field(size_t count) {
  Source source = {1};
  for (size_t i = 0; i < count; i++) {
    sero::witness::Sum sum;
    sero::witness::clear(sum);
    blst_fr expected = {};
    for (size_t terms = source.below(i % 16 == 0 ? 2000 : 12); terms > 0; terms--) {
      const Fr a = pick(&source), b = pick(&source);
      const blst_fr x = to_blst(a), y = to_blst(b);
      blst_fr term = x;
      if (source.below(3) == 0) {
        sero::witness::add_value(sum, a);
      } else {
        sero::witness::add_product(sum, a, b);
        blst_fr_mul(&term, &x, &y);
      }
      blst_fr_add(&expected, &expected, &term);
    }
    const blst_fr found = to_blst(sero::witness::reduce(sum));
    const Fr a = pick(&source), b = pick(&source);
    const blst_fr x = to_blst(a), y = to_blst(b), difference = to_blst(sero::witness::sub(a, b));
    blst_fr expected_difference;
    blst_fr_sub(&expected_difference, &x, &y);
    if (memcmp(&found, &expected, sizeof found) != 0 ||
        memcmp(&difference, &expected_difference, sizeof difference) != 0) {
      printf("sum %zu differs\n", i);
      return 1;
    }
  }
  printf("%zu sums agree\n", count);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 3 && strcmp(arguments[1], "--field") == 0) return field(strtoull(arguments[2], nullptr, 10));
  if (count >= 4 && strcmp(arguments[1], "--mutate") == 0) {
    return mutate(arguments[2], strtoull(arguments[3], nullptr, 10),
                  count > 4 ? strtoull(arguments[4], nullptr, 10) : 1);
  }
  if (count >= 4) {
    return compare(arguments[1], arguments[2], arguments[3], count > 4 ? atoi(arguments[4]) : 1);
  }
  fprintf(stderr, "witness_test FILE INPUTS WITNESS [RUNS] | --field COUNT | --mutate FILE COUNT [SEED]\n");
  return 2;
}

#endif
