// Files and planted key images for the tests of proving keys.
#pragma once

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../src/key_image.hpp"
#include "verify_support.hpp"

namespace harness {

inline Bytes read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline blst_p1_affine g1_of(const blst_fr& value) {
  blst_scalar scalar;
  blst_scalar_from_fr(&scalar, &value);
  blst_p1 point;
  blst_p1_affine out;
  blst_p1_mult(&point, blst_p1_generator(), scalar.b, 256);
  blst_p1_to_affine(&out, &point);
  return out;
}

/// An image with the header of a genuine one, so that it is taken for the key, but for its shape and what goes with it.
inline Bytes image_of(const Bytes& genuine, const sero::ProvingKey& key) {
  sero::ImageHeader header;
  std::memcpy(static_cast<void*>(&header), genuine.data(), sizeof header);
  header.shape = sero::shape_of(key);
  header.block_bytes = key.memory_bytes;
  header.checksum = sero::image_checksum(header, key.memory);
  Bytes out(sizeof header + key.memory_bytes);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, key.memory, key.memory_bytes);
  return out;
}

/// A damaged image with the checksum that it needs; false where its sizes leave none.
inline bool set_checksum(Bytes* image) {
  sero::ImageHeader header;
  if (image->size() < sizeof header) return false;
  std::memcpy(static_cast<void*>(&header), image->data(), sizeof header);
  if (header.block_bytes != image->size() - sizeof header) return false;
  header.checksum = sero::image_checksum(header, image->data() + sizeof header);
  std::memcpy(image->data(), &header, sizeof header);
  return true;
}

}  // namespace harness
