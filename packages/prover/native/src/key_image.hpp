// The file that keeps a proving key ready (key_image.cpp): this header, then the key's block.
#pragma once

#include <cstdint>

#include "proving_key.hpp"

namespace sero {

struct ImageHeader {
  char magic[8];
  char kernels[16];
  uint8_t zkey_hash[32];
  uint32_t copies;
  uint32_t header_bytes;
  KeyShape shape;
  uint64_t block_bytes;
  uint64_t checksum;
};

/// Of the header, but for `checksum` itself, and the block. Finds accidents, not attackers.
uint64_t image_checksum(ImageHeader header, const uint8_t* block);

}  // namespace sero
