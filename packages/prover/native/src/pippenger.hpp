// Multi-exponentiations over tables of fixed points: cutting scalars into digits, sorting, and spreading the kernels' work
// over threads. multi_exp.hpp has the method.
#pragma once

#include <cstddef>
#include <cstdint>

#include "blst.h"
#include "kernels.hpp"
#include "parallel.hpp"

namespace sero {

/// How scalars are cut: digit j has `window` bits, digit k + sets * s is looked up in copy s.
struct Windows {
  unsigned window;
  unsigned digits;
  unsigned copies;
  unsigned sets;

  /// `copies` is at least 1 and as asked, or fewer where fewer do.
  static Windows of(unsigned window, unsigned copies);
};

/// Fixed points of one group, made ready by a set of kernels. No point is infinity.
struct PointTable {
  const MultiExpKernels* group;
  Windows windows;
  size_t count;
  /// copies * count rows, aligned to 64.
  uint8_t* rows;

  /// May be more than a machine of 32 bits can hold.
  uint64_t bytes() const { return uint64_t{windows.copies} * count * group->row_bytes; }
};

/// Fills a table whose rows are allocated from points in a file's form (multi_exp.hpp, expand_points).
sero_status fill_table(const PointTable& table, const uint8_t* points, const Parallel& parallel,
                       const volatile int32_t* cancelled);

/// One multi-exponentiation. `scalars`: 32 bytes each, little-endian, below r, one for each point of the table.
///
/// Only the digits that go to sets [first_set, end_set) count: results over ranges that make up all sets add up to the
/// whole, so that machines that share no memory can share the work.
struct MultiExp {
  const PointTable* table;
  const uint8_t* scalars;
  unsigned first_set;
  unsigned end_set;
  /// A blst_p1 or a blst_p2, as the table's group is.
  void* result;
};

/// Computes several together, so that threads stay busy. Everything that depends on scalars is wiped.
sero_status multi_exp(const MultiExp* jobs, size_t count, const Parallel& parallel, const volatile int32_t* cancelled);

}  // namespace sero
