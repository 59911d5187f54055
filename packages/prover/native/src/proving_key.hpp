// A .zkey made ready for proving: its points in tables, its matrices by rows, the transforms' tables.
#pragma once

#include <cstddef>
#include <cstdint>

#include "blst.h"
#include "pippenger.hpp"
#include "zkey.hpp"

namespace sero {

/// The multi-exponentiations of a proof: A's, B's in the second group, and what the witness and the quotient give for C. B in the
/// first group is not needed (prove.cpp).
enum Part { PART_A = 0, PART_C = 1, PART_B2 = 2, PARTS = 3 };

/// One term of a row: the coefficient's number in the key's list of them. A circuit has few different ones.
struct Term {
  uint32_t wire;
  uint32_t coefficient;
};

/// Scalar `scalar` of what a list of the .zkey goes with is added to, or taken from, that of point `row` of a part's table. Points
/// that a key holds twice, or with their opposites, stand once in the table: equal columns of a circuit make such, and their
/// scalars are often equal too, so that they would meet in every bucket.
struct Use {
  uint32_t row;
  uint32_t scalar;
  uint8_t list;
  /// 0 or 1.
  uint8_t is_negative;
  /// Zero: what is written to an image has no gaps that hold whatever memory held before.
  uint16_t unused;
};

/// What the scalars of a use are: values of the witness, of its private part, or of the quotient.
enum List : uint8_t { LIST_WITNESS = 0, LIST_PRIVATE = 1, LIST_QUOTIENT = 2 };

/// What fixes the size and the place of everything in a key's block.
struct KeyShape {
  uint32_t wires;
  uint32_t public_inputs;
  uint32_t domain_power;
  uint32_t term_count;
  uint32_t coefficient_count;
  uint64_t point_count[PARTS];
  uint64_t use_count[PARTS];
  Windows windows[PARTS];
};

struct ProvingKey : KeyShape {
  /// Points of the .zkey that no image holds (key_image.cpp says why).
  blst_p1_affine alpha1;
  blst_p2_affine beta2, delta2;
  const Kernels* kernels;
  /// One block that holds all that follows.
  uint8_t* memory;
  size_t memory_bytes;
  PointTable table[PARTS];
  /// Where the scalars of a part come from.
  Use* uses[PARTS];
  /// By row: where the terms of A's row begin, then those of B's; the last entry is their number.
  uint32_t* row_start;
  Term* terms;
  /// Times R^2, R = 2^256, so that a product with a plain value is in Montgomery form.
  blst_fr* coefficients;
  void* transform_tables;

  size_t domain() const { return size_t{1} << domain_power; }
};

}  // namespace sero

/// The handle of the C interface.
struct sero_proving_key : sero::ProvingKey {
  /// Checks the proofs that were made, before they are handed out.
  sero_vk* verifying_key;
};

namespace sero {

/// A key with nothing in it; null where there is no memory.
sero_proving_key* empty_key();
KeyShape shape_of(const ProvingKey& key);
/// Checks the points of a .zkey's head, takes them on, and makes the verifying key. SERO_OK, SERO_ZKEY_MALFORMED,
/// SERO_NO_MEMORY or SERO_CANCELLED.
sero_status set_head(const ZkeyHead& head, const Parallel& parallel, const volatile int32_t* cancelled,
                     sero_proving_key* key);
/// Takes a shape on for a set of kernels, and says in `memory_bytes` how large the block is. SERO_ZKEY_MALFORMED for a shape
/// that no key has, SERO_NO_MEMORY for one that no memory of this machine holds.
sero_status set_shape(const KeyShape& shape, const Kernels& chosen, ProvingKey* key);
/// Sets the pointers into the block.
void place_arrays(ProvingKey* key);
/// No index in the block leads out of it, and every point has a scalar.
bool are_indices_valid(const ProvingKey& key);
/// sero_proving_key_new for a set of kernels.
sero_status make_key(Span zkey, uint32_t copies, const Kernels& chosen, const sero_parallel* parallel,
                     const volatile int32_t* cancelled, sero_proving_key** out);

}  // namespace sero
