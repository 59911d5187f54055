// Number-theoretic transforms over the scalar field, as Groth16 needs them: from values on a domain of n = 2^power roots of
// unity to values on its odd coset, that is, at g w^i with g = w_(2n), a primitive root of unity of order 2n.
//
// The way back to coefficients is decimation in frequency (natural order in, bits of the index reversed out), the way
// forth decimation in time (reversed in, natural out), so that nothing is ever permuted; between them coefficient i is
// multiplied by g^i / n (Gentleman and Sande 1966; Cooley and Tukey 1965).
//
// Element e lies in lane e mod LANES of block e / LANES. Stages with half below LANES work inside a block.
// Included after a field header.
#pragma once

#include "kernels.hpp"
#include "roots.hpp"

namespace sero {
namespace SERO_KERNEL {

/// Tables for one power: for each stage, half = LANES and more, the twiddles of a half's blocks; for the stages below
/// one block each; both directions; then the factors g^i / n by reversed index.
struct TransformTables {
  Fr* backward;
  Fr* forward;
  Fr* coset;

  static size_t stage_blocks(unsigned power) {
    size_t blocks = 0;
    for (unsigned s = 0; s < power; s++) blocks += blocks_of(s);
    return blocks;
  }
  /// Blocks of twiddles of the stage with half = 2^s.
  static size_t blocks_of(unsigned s) {
    const size_t half = size_t{1} << s;
    return half < LANES ? 1 : half / LANES;
  }
  static size_t bytes(unsigned power) {
    return (2 * stage_blocks(power) + ((size_t{1} << power) + LANES - 1) / LANES) * sizeof(Fr);
  }
  static TransformTables over(unsigned power, void* memory) {
    Fr* at = static_cast<Fr*>(memory);
    const size_t blocks = stage_blocks(power);
    return {at, at + blocks, at + 2 * blocks};
  }
};

/// Canonical words of `a`, 32 bytes.
SERO_INLINE void canonical_bytes(const blst_fr& a, uint8_t* out) {
  uint64_t words[4];
  blst_uint64_from_fr(words, &a);
  std::memcpy(out, words, 32);
}

static void make_transform_tables(unsigned power, void* memory) {
  const TransformTables tables = TransformTables::over(power, memory);
  alignas(64) uint8_t row[32 * LANES];
  size_t at = 0;
  for (unsigned s = 0; s < power; s++) {
    const size_t half = size_t{1} << s;
    const blst_fr root = root_of_unity(s + 1);
    blst_fr inverse_root, w, v;
    blst_fr_eucl_inverse(&inverse_root, &root);
    for (int way = 0; way < 2; way++) {
      const bool is_forward = way == 1;
      w = fr_one();
      for (size_t block = 0; block < TransformTables::blocks_of(s); block++) {
        for (size_t k = 0; k < LANES; k++) {
          // Below LANES a block holds several butterflies: their upper lanes carry the twiddle, their lower ones 1.
          if (half >= LANES) {
            canonical_bytes(w, row + 32 * k);
            blst_fr_mul(&w, &w, is_forward ? &root : &inverse_root);
          } else {
            v = fr_one();
            if (k & half) {
              for (size_t i = 0; i < (k & (half - 1)); i++) blst_fr_mul(&v, &v, is_forward ? &root : &inverse_root);
            }
            canonical_bytes(v, row + 32 * k);
          }
        }
        (is_forward ? tables.forward : tables.backward)[at + block] = load_canonical<FrParams>(row, 32);
      }
    }
    at += TransformTables::blocks_of(s);
  }
  const size_t n = size_t{1} << power;
  const blst_fr g = root_of_unity(power + 1);
  blst_fr n_inverse, factor;
  const uint64_t n_words[4] = {n, 0, 0, 0};
  blst_fr_from_uint64(&n_inverse, n_words);
  blst_fr_eucl_inverse(&n_inverse, &n_inverse);
  // g^i by index, then each block picks its own by reversed index: powers of g by bits.
  blst_fr bit_power[32];
  bit_power[0] = g;
  for (unsigned b = 1; b < power; b++) blst_fr_sqr(&bit_power[b], &bit_power[b - 1]);
  for (size_t block = 0; block < (n + LANES - 1) / LANES; block++) {
    for (size_t k = 0; k < LANES; k++) {
      factor = n_inverse;
      const size_t e = block * LANES + k;
      for (unsigned b = 0; b < power; b++) {
        if ((e >> (power - 1 - b)) & 1) blst_fr_mul(&factor, &factor, &bit_power[b]);
      }
      canonical_bytes(factor, row + 32 * k);
    }
    tables.coset[block] = load_canonical<FrParams>(row, 32);
  }
}

/// Values on the domain, in Montgomery form with R = 2^256, to values on the odd coset.
static void transform_to_coset(unsigned power, const void* memory, const uint8_t* values, void* vector) {
  const TransformTables tables = TransformTables::over(power, const_cast<void*>(memory));
  Fr* x = static_cast<Fr*>(vector);
  const size_t blocks = (size_t{1} << power) / LANES;
  for (size_t b = 0; b < blocks; b++) x[b] = load_r64<FrParams>(values + 32 * LANES * b, strided(32));

  size_t at = TransformTables::stage_blocks(power);
  for (unsigned s = power; s-- > 0;) {
    at -= TransformTables::blocks_of(s);
    const Fr* twiddle = tables.backward + at;
    const size_t half = size_t{1} << s;
    if (half >= LANES) {
      const size_t step = half / LANES;
      for (size_t first = 0; first < blocks; first += 2 * step) {
        for (size_t i = first; i < first + step; i++) {
          const Fr u = x[i], v = x[i + step];
          x[i] = add_tight(u, v);
          x[i + step] = mul(sub_wide(u, v), twiddle[i - first]);
        }
      }
    } else {
      for (size_t b = 0; b < blocks; b++) {
        // Lower lanes: u + v. Upper lanes, holding v: (u - v) w.
        const Fr other = swap_lanes(x[b], static_cast<int>(half));
        x[b] = mul(add(other, negate_wide_if(upper_lanes(static_cast<int>(half)), x[b])), twiddle[0]);
      }
    }
  }
  for (size_t b = 0; b < blocks; b++) x[b] = mul(x[b], tables.coset[b]);
  at = 0;
  for (unsigned s = 0; s < power; s++) {
    const Fr* twiddle = tables.forward + at;
    at += TransformTables::blocks_of(s);
    const size_t half = size_t{1} << s;
    if (half >= LANES) {
      const size_t step = half / LANES;
      for (size_t first = 0; first < blocks; first += 2 * step) {
        for (size_t i = first; i < first + step; i++) {
          const Fr u = x[i], v = mul(x[i + step], twiddle[i - first]);
          x[i] = add_tight(u, v);
          x[i + step] = sub_tight(u, v);
        }
      }
    } else {
      for (size_t b = 0; b < blocks; b++) {
        const Fr own = mul(x[b], twiddle[0]);
        const Fr other = swap_lanes(own, static_cast<int>(half));
        x[b] = add_tight(other, negate_if(upper_lanes(static_cast<int>(half)), own));
      }
    }
  }
}

static void transform_quotient(const void* a, const void* b, const void* c, size_t from, size_t to, uint8_t* out) {
  const Fr *x = static_cast<const Fr*>(a), *y = static_cast<const Fr*>(b), *z = static_cast<const Fr*>(c);
  for (size_t i = from / LANES; i < to / LANES; i++) {
    store_canonical(out + 32 * LANES * i, 32, sub_wide(mul(x[i], y[i]), z[i]));
  }
}

static size_t transform_vector_bytes(unsigned power) { return (size_t{1} << power) / LANES * sizeof(Fr); }

static constexpr TransformKernels transform_kernels() {
  return {transform_vector_bytes, TransformTables::bytes, make_transform_tables, transform_to_coset,
          transform_quotient};
}

}  // namespace SERO_KERNEL
}  // namespace sero
