// What is compiled once for each kind of processor: functions over lanes, behind pointers.
//
// The same headers make every set, each in a namespace of its own (SERO_KERNEL), so that no symbol of a set for a newer
// processor can be linked in place of another's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jubjub_kernels.hpp"
#include "pairing_kernels.hpp"
#include "multiply_kernels.hpp"

namespace sero {

/// Windows of a multi-exponentiation have at least so many bits: with fewer, or with scalars of r and more, a scalar and half of every
/// window together do not fit their digits. And fewer than MAX_WINDOW.
constexpr unsigned MIN_WINDOW = 3;
constexpr unsigned MAX_WINDOW = 17;

/// A run of buckets of one table: `references` in all, `lengths[i]` of them in bucket i, whose sum goes to row i of `out`,
/// infinity where it has none. Lengths are overwritten.
struct SumTask {
  const uint32_t* refs;
  uint32_t* lengths;
  size_t segments;
  size_t references;
  uint8_t* out;
};

/// The work of multi-exponentiations in one group (multi_exp.hpp). Tables and buckets are rows of `row_bytes` a point,
/// aligned to 64; references are index << 1 | negative.
struct MultiExpKernels {
  size_t row_bytes;
  size_t file_bytes;
  /// Bytes of the workspace of `sum` for tasks of `elements` references, and of `reduce` for 2^power =
  /// elements / 2 buckets.
  size_t (*sum_workspace)(size_t elements);
  size_t (*reduce_workspace)(size_t elements);
  void (*expand)(const uint8_t* points, size_t count, unsigned copies, unsigned shift, size_t from, size_t to,
                 uint8_t* table);
  /// Tasks over one table, each of at most `elements` references: the more, the fewer inversions.
  void (*sum)(const uint8_t* table, const SumTask* tasks, size_t count, void* workspace, size_t elements);
  /// `out` is a blst_p1 or blst_p2.
  void (*reduce)(uint8_t* work, unsigned power, void* workspace, void* out);
  /// One addition of anything to anything: for what does not fit a batch.
  void (*add)(const uint8_t* rows, uint32_t left, uint32_t right, uint8_t* out);
};

/// Polynomials over the scalar field (transform.hpp). A vector of n = 2^power elements lies in blocks of lanes.
struct TransformKernels {
  /// Bytes of a vector and of the tables for 2^power elements.
  size_t (*vector_bytes)(unsigned power);
  size_t (*tables_bytes)(unsigned power);
  void (*make_tables)(unsigned power, void* tables);
  /// Values on the domain (n elements in Montgomery form, R = 2^256) to values on its odd coset, in `vector`.
  void (*to_coset)(unsigned power, const void* tables, const uint8_t* values, void* vector);
  /// a b - c in elements [from, to) of the vectors, canonical, 32 bytes each at out + 32 from. Both are multiples of 8.
  void (*quotient)(const void* a, const void* b, const void* c, size_t from, size_t to, uint8_t* out);
};

struct Kernels {
  const char* name;
  MultiExpKernels g1;
  MultiExpKernels g2;
  TransformKernels transform;
  PoseidonKernels poseidon;
  JubjubKernels jubjub;
  PairingKernels pairing;
  MultiplyKernels multiply;
};

// Constant expressions, each in its unit: the compiler fills them, so that loading the library runs none of a set's
// instructions, which the processor may lack.
extern const Kernels KERNELS_PORTABLE;
#if defined(SERO_HAS_IFMA)
extern const Kernels KERNELS_IFMA;
#endif

/// The best set that this processor runs, or the portable one where that is asked for.
const Kernels& kernels();

}  // namespace sero
