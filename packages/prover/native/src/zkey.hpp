// Reading iden3's binary files: .zkey (a proving key) and .wtns (a witness), as snarkjs writes them.
//
// A file is a magic of four bytes, a version, a number of sections; each section a type (u32), a length (u64) and its
// bytes; all integers little-endian. Points of a .zkey are affine, in Montgomery form with R = 2^384.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../include/sero_prover.h"

namespace sero {

/// Bytes of a file, not owned.
struct Span {
  const uint8_t* data;
  size_t size;
};

/// What a .zkey begins with: sizes, and the points that stand for themselves.
struct ZkeyHead {
  uint32_t wires;
  uint32_t public_inputs;
  uint32_t domain_power;
  /// alpha1, beta1, beta2, gamma2, delta1, delta2 in a file's form.
  const uint8_t *alpha1, *beta1, *beta2, *gamma2, *delta1, *delta2;
  /// public_inputs + 1 points.
  const uint8_t* ic;

  size_t domain() const { return size_t{1} << domain_power; }
  size_t private_wires() const { return wires - public_inputs - 1; }
};

struct Zkey : ZkeyHead {
  /// 44 bytes each: matrix (0 is A, 1 is B), row, wire, value times R^2 with R = 2^256.
  const uint8_t* entries;
  uint32_t entry_count;
  /// Points of every wire in A, B (both groups), of the private wires in C, of the domain in H.
  const uint8_t *a, *b1, *b2, *c, *h;
};

constexpr size_t ZKEY_ENTRY_BYTES = 44;

/// The types of the sections that make up a ZkeyHead: the protocol, the sizes and six points, the points of IC.
enum ZkeySection : uint32_t { ZKEY_PROTOCOL = 1, ZKEY_HEADER = 2, ZKEY_IC = 3 };

/// SERO_OK or SERO_ZKEY_MALFORMED: lengths and moduli are checked, points are not looked at.
sero_status read_zkey_head(Span protocol, Span header, Span ic, ZkeyHead* out);

/// SERO_OK or SERO_ZKEY_MALFORMED: every length, modulus and index is checked, points are not looked at.
sero_status read_zkey(Span file, Zkey* out);

/// The values of a .wtns: 32 bytes each. SERO_OK or SERO_WITNESS_MALFORMED; that values are below r is not looked at.
sero_status read_wtns(Span file, const uint8_t** values, size_t* count);

}  // namespace sero
