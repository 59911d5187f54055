// The two fields of BLS12-381 as numbers. q is the modulus of the base field of G1 (381 bits), r the order of the
// groups and the modulus of the scalar field (255 bits), which is also the base field of Jubjub.
// draft-irtf-cfrg-pairing-friendly-curves-11, section 4.2.1. Words are little-endian.
#pragma once

#include <cstdint>

// What the harness counts multiplications with; nothing in what is shipped.
#if defined(SERO_COUNT)
namespace sero {
/// Multiplications and squares so far, lane by lane: of the base field, of the scalar field.
extern uint64_t multiplications[2];
}  // namespace sero
#define SERO_COUNTED(P, lanes) (sero::multiplications[P::WORDS == 4] += (lanes))
#else
#define SERO_COUNTED(P, lanes) ((void)0)
#endif

namespace sero {

/// The base field of G1: p = q.
struct FqParams {
  static constexpr int LIMBS = 8;   // of 52 bits
  static constexpr int WORDS = 6;   // of 64 bits
  static constexpr uint64_t INV52 = 0x3fffcfffcfffdull;  // -p^-1 mod 2^52
  // p
  static constexpr uint64_t P64[6] = {
      0xb9feffffffffaaabull, 0x1eabfffeb153ffffull, 0x6730d2a0f6b0f624ull, 0x64774b84f38512bfull,
      0x4b1ba7b6434bacd7ull, 0x1a0111ea397fe69aull};
  // p
  static constexpr uint64_t P[8] = {
      0xeffffffffaaabull, 0xfeb153ffffb9full, 0x6b0f6241eabffull, 0x12bf6730d2a0full, 0x764774b84f385ull,
      0x1ba7b6434bacdull, 0x1ea397fe69a4bull, 0x1a011ull};
  // 16 p: what a subtraction adds
  static constexpr uint64_t SUB[8] = {
      0xffffffffaaab0ull, 0xeb153ffffb9feull, 0xb0f6241eabfffull, 0x2bf6730d2a0f6ull, 0x64774b84f3851ull,
      0xba7b6434bacd7ull, 0xea397fe69a4b1ull, 0x1a0111ull};
  // 2^416 mod p: one in Montgomery form
  static constexpr uint64_t ONE[8] = {
      0x6480ea8e9b9afull, 0x65766c8fe444full, 0x8b540fea96f7dull, 0x3b2ee82efd422ull, 0xa6723e5f0ade5ull,
      0xff6eb6fdd4230ull, 0xe06ef23c24a25ull, 0x14c8eull};
  // 2^832 mod p: takes a canonical value to Montgomery form
  static constexpr uint64_t R2[8] = {
      0xa5bf4cb89af51ull, 0x3afbba7ca31a2ull, 0x2646160ec71f1ull, 0xa84d710465903ull, 0x3480a4a188311ull,
      0x98e5907ad91f5ull, 0x2075d74507266ull, 0x8746ull};
  // 2^448 mod p: takes a value from Montgomery form with R = 2^384
  static constexpr uint64_t FROM_R64[8] = {
      0x7fde37dba9366ull, 0x4e27525bc342bull, 0x1f5b1e9778489ull, 0xb872b2b91b9dcull, 0xb206f497dfcafull,
      0x4137cc89a9b0bull, 0xd9d20d7e39959ull, 0x411cull};
  // 2^800 mod p: takes a value to Montgomery form with R = 2^384
  static constexpr uint64_t TO_R64[8] = {
      0x551039a1d2c25ull, 0xc857a984373dcull, 0x3331128e8da66ull, 0xba38b82e8f651ull, 0xbb197b6252a29ull,
      0xcbe4f4e32928cull, 0x80ef81f158c5dull, 0xe91full};
};

/// The scalar field: p = r.
struct FrParams {
  static constexpr int LIMBS = 5;   // of 52 bits
  static constexpr int WORDS = 4;   // of 64 bits
  static constexpr uint64_t INV52 = 0xffffeffffffffull;  // -p^-1 mod 2^52
  // p
  static constexpr uint64_t P64[4] = {
      0xffffffff00000001ull, 0x53bda402fffe5bfeull, 0x3339d80809a1d805ull, 0x73eda753299d7d48ull};
  // p
  static constexpr uint64_t P[5] = {
      0xfffff00000001ull, 0x2fffe5bfefffull, 0x9a1d80553bda4ull, 0x7d483339d8080ull, 0x73eda753299dull};
  // 2 p: what a subtraction adds
  static constexpr uint64_t SUB[5] = {
      0xffffe00000002ull, 0x5fffcb7fdfffull, 0x343b00aa77b48ull, 0xfa906673b0101ull, 0xe7db4ea6533aull};
  // 2^260 mod p: one in Montgomery form
  static constexpr uint64_t ONE[5] = {
      0x22ffffffddull, 0x9700396c23000ull, 0xedf77458d1293ull, 0xdf20ff1776e6aull, 0x26821fa14f77ull};
  // 2^520 mod p: takes a canonical value to Montgomery form
  static constexpr uint64_t R2[5] = {
      0x99103f29c6cf0ull, 0x57927663d999eull, 0xa1c0ed631138bull, 0x3c829f7715f1bull, 0x9ff646cc027ull};
  // 2^264 mod p: takes a value from Montgomery form with R = 2^256
  static constexpr uint64_t FROM_R64[5] = {
      0x234fffffdcbull, 0x61039ef635000ull, 0xdce3c3e2e7505ull, 0x7fa6f1563642bull, 0x247db575276aull};
  // 2^516 mod p: takes a value to Montgomery form with R = 2^256
  static constexpr uint64_t TO_R64[5] = {
      0xe99103f29c6cfull, 0xb57927663d999ull, 0xba1c0ed631138ull, 0x73c829f7715f1ull, 0x9ff646cc02ull};
};

}  // namespace sero
