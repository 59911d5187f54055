// BLAKE2b-512 (RFC 7693) of messages of at most one block, with a personalisation, in every lane at once.
// To be included after a field header.
#pragma once

#include "lanes.hpp"

namespace sero {
namespace SERO_KERNEL {

constexpr size_t BLAKE2B_BLOCK_WORDS = 16;

namespace blake2b_constants {

static constexpr uint64_t IV[8] = {0x6a09e667f3bcc908ull, 0xbb67ae8584caa73bull, 0x3c6ef372fe94f82bull,
                                   0xa54ff53a5f1d36f1ull, 0x510e527fade682d1ull, 0x9b05688c2b3e6c1full,
                                   0x1f83d9abfb41bd6bull, 0x5be0cd19137e2179ull};

static constexpr uint8_t SIGMA[10][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                          {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                          {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                          {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                          {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                          {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                          {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                          {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                          {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                          {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

}  // namespace blake2b_constants

template <int BITS>
SERO_INLINE Words rotated_right(Words x) {
  return (x >> BITS) | (x << (64 - BITS));
}

SERO_INLINE void blake2b_mix(Words* v, int a, int b, int c, int d, Words x, Words y) {
  v[a] = v[a] + v[b] + x;
  v[d] = rotated_right<32>(v[d] ^ v[a]);
  v[c] = v[c] + v[d];
  v[b] = rotated_right<24>(v[b] ^ v[c]);
  v[a] = v[a] + v[b] + y;
  v[d] = rotated_right<16>(v[d] ^ v[a]);
  v[c] = v[c] + v[d];
  v[b] = rotated_right<63>(v[b] ^ v[c]);
}

/// digest = BLAKE2b-512 of the first `length` bytes of the block, the rest of which is zeros.
///
/// personal  8 bytes, little-endian; the other 8 of the personalisation, if any, in `personal_high`
SERO_NOINLINE void blake2b_block(Words digest[8], const Words block[BLAKE2B_BLOCK_WORDS], uint64_t length,
                                 uint64_t personal, uint64_t personal_high) {
  using blake2b_constants::IV;
  // Digest length 64, no key, fan-out and depth 1.
  const uint64_t parameters[8] = {0x01010040, 0, 0, 0, 0, 0, personal, personal_high};
  Words v[16];
  for (int i = 0; i < 8; i++) {
    v[i] = same_word(IV[i] ^ parameters[i]);
    digest[i] = v[i];
    v[i + 8] = same_word(IV[i]);
  }
  v[12] ^= same_word(length);
  // The last block.
  v[14] = ~v[14];
  for (int round = 0; round < 12; round++) {
    const uint8_t* s = blake2b_constants::SIGMA[round % 10];
    blake2b_mix(v, 0, 4, 8, 12, block[s[0]], block[s[1]]);
    blake2b_mix(v, 1, 5, 9, 13, block[s[2]], block[s[3]]);
    blake2b_mix(v, 2, 6, 10, 14, block[s[4]], block[s[5]]);
    blake2b_mix(v, 3, 7, 11, 15, block[s[6]], block[s[7]]);
    blake2b_mix(v, 0, 5, 10, 15, block[s[8]], block[s[9]]);
    blake2b_mix(v, 1, 6, 11, 12, block[s[10]], block[s[11]]);
    blake2b_mix(v, 2, 7, 8, 13, block[s[12]], block[s[13]]);
    blake2b_mix(v, 3, 4, 9, 14, block[s[14]], block[s[15]]);
  }
  for (int i = 0; i < 8; i++) digest[i] ^= v[i] ^ v[i + 8];
}

/// JubjubKernels::hash_blocks.
SERO_NOINLINE void blake2b_blocks(const char* personal, const uint8_t* messages, size_t length, size_t count,
                                  uint8_t* digests) {
  uint8_t padded[16] = {};
  for (size_t i = 0; i < sizeof padded && personal[i] != 0; i++) {
    padded[i] = static_cast<uint8_t>(personal[i]);
  }
  for (size_t at = 0; at < count; at += LANES) {
    const size_t here = count - at < LANES ? count - at : LANES;
    uint8_t bytes[LANES][8 * BLAKE2B_BLOCK_WORDS] = {};
    for (size_t lane = 0; lane < here; lane++) {
      std::memcpy(bytes[lane], messages + length * (at + lane), length);
    }
    Words block[BLAKE2B_BLOCK_WORDS];
    for (size_t k = 0; k < BLAKE2B_BLOCK_WORDS; k++) {
      block[k] = gather_words(bytes[0] + 8 * k, sizeof bytes[0]);
    }
    Words digest[8];
    blake2b_block(digest, block, length, load64(padded), load64(padded + 8));
    for (int k = 0; k < 8; k++) {
      uint64_t words[LANES];
      std::memcpy(words, &digest[k], sizeof words);
      for (size_t lane = 0; lane < here; lane++) {
        std::memcpy(digests + 64 * (at + lane) + 8 * k, &words[lane], 8);
      }
    }
  }
}

}  // namespace SERO_KERNEL
}  // namespace sero
