// A proving key kept ready in a file beside its .zkey: making one ready takes seconds, reading it again some milliseconds.
//
// The image is this machine's own cache: it begins with the SHA-256 of the .zkey and the names of what made it, and ends with
// a checksum; anything that does not fit, and the key is made ready from the .zkey again and the image replaced. Whoever can
// write it could as well replace the .zkey; indices are checked all the same, so that it cannot reach beyond its memory,
// and every proof is verified before it is handed out.
//
// It is read, not mapped: a mapped file can be cut short by others.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "blst.h"
#include "blst_aux.h"
#include "memory.hpp"
#include "proving_key.hpp"

namespace sero {
namespace {

constexpr char MAGIC[8] = {'S', 'E', 'R', 'O', 'K', 'E', 'Y', '1'};
constexpr size_t MAX_FILE = size_t{1} << 32;

struct ImageHeader {
  char magic[8];
  char kernels[16];
  uint8_t zkey_hash[32];
  uint32_t copies;
  uint32_t header_bytes;
  KeyShape shape;
  uint64_t verifying_key_bytes;
  uint64_t block_bytes;
  uint64_t checksum;
};

/// Bytes of a file, owned.
struct FileBytes {
  uint8_t* data = nullptr;
  size_t size = 0;
  ~FileBytes() { sero_free(data); }
};

bool read_file(const char* path, FileBytes* out) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  bool is_read = false;
  long size = 0;
  if (std::fseek(file, 0, SEEK_END) == 0 && (size = std::ftell(file)) >= 0 && std::fseek(file, 0, SEEK_SET) == 0 &&
      static_cast<size_t>(size) <= MAX_FILE) {
    out->size = static_cast<size_t>(size);
    out->data = static_cast<uint8_t*>(sero_alloc(out->size));
    is_read = out->data != nullptr && std::fread(out->data, 1, out->size, file) == out->size;
  }
  std::fclose(file);
  return is_read;
}

/// Four independent multiplicative lanes (after FNV), for speed; finds accidents, not attackers.
uint64_t checksum_of(const uint8_t* bytes, size_t size, uint64_t start) {
  uint64_t lane[4] = {start, start ^ 1, start ^ 2, start ^ 3}, word[4];
  constexpr uint64_t PRIME = 0x9e3779b97f4a7c15ull;
  size_t at = 0;
  for (; at + 32 <= size; at += 32) {
    std::memcpy(word, bytes + at, 32);
    for (int i = 0; i < 4; i++) {
      lane[i] = (lane[i] ^ word[i]) * PRIME;
      lane[i] ^= lane[i] >> 29;
    }
  }
  for (; at < size; at++) lane[0] = (lane[0] ^ bytes[at]) * PRIME;
  return lane[0] ^ (lane[1] * 3) ^ (lane[2] * 5) ^ (lane[3] * 7) ^ size;
}

uint64_t image_checksum(ImageHeader header, const uint8_t* verifying_key, const uint8_t* block) {
  header.checksum = 0;
  uint64_t sum = checksum_of(reinterpret_cast<const uint8_t*>(&header), sizeof header, 1);
  sum = checksum_of(verifying_key, header.verifying_key_bytes, sum);
  return checksum_of(block, header.block_bytes, sum);
}

ImageHeader expected_header(const uint8_t* zkey_hash, uint32_t copies) {
  ImageHeader header;
  std::memset(static_cast<void*>(&header), 0, sizeof header);
  std::memcpy(header.magic, MAGIC, sizeof MAGIC);
  std::strncpy(header.kernels, kernels().name, sizeof header.kernels - 1);
  std::memcpy(header.zkey_hash, zkey_hash, 32);
  header.copies = copies;
  header.header_bytes = sizeof header;
  return header;
}

/// Everything up to the shape is what this build, this processor and this key make it.
bool is_of(const ImageHeader& found, const ImageHeader& expected) {
  return std::memcmp(&found, &expected, offsetof(ImageHeader, shape)) == 0;
}

/// True where the image was read into `key`.
bool read_image(const char* path, const ImageHeader& expected, sero_proving_key* key) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  ImageHeader header;
  bool ok = std::fread(static_cast<void*>(&header), 1, sizeof header, file) == sizeof header && is_of(header, expected);
  uint8_t* verifying_key = nullptr;
  ok = ok && header.verifying_key_bytes <= SERO_MAX_PUBLIC_INPUTS * size_t{48} + 400 && set_shape(header.shape, key) &&
       key->memory_bytes == header.block_bytes && header.block_bytes <= MAX_FILE;
  if (ok) {
    verifying_key = static_cast<uint8_t*>(sero_alloc(header.verifying_key_bytes));
    key->memory = static_cast<uint8_t*>(sero_alloc(key->memory_bytes));
    ok = verifying_key != nullptr && key->memory != nullptr &&
         std::fread(verifying_key, 1, header.verifying_key_bytes, file) == header.verifying_key_bytes &&
         std::fread(key->memory, 1, key->memory_bytes, file) == key->memory_bytes &&
         std::fgetc(file) == EOF && header.checksum == image_checksum(header, verifying_key, key->memory);
  }
  std::fclose(file);
  if (ok) {
    place_arrays(key);
    size_t at;
    ok = are_indices_valid(*key) &&
         sero_vk_new(verifying_key, header.verifying_key_bytes, &key->verifying_key, &at) == SERO_OK;
  }
  sero_free(verifying_key);
  return ok;
}

/// Written beside and renamed; that it cannot be written costs time at the next start and nothing else.
void write_image(const char* path, ImageHeader header, const Zkey& zkey, const sero_proving_key& key) {
  size_t length = 0;
  uint8_t* verifying_key = verifying_key_bytes(zkey, &length);
  if (verifying_key == nullptr) return;
  header.shape = shape_of(key);
  header.verifying_key_bytes = length;
  header.block_bytes = key.memory_bytes;
  header.checksum = image_checksum(header, verifying_key, key.memory);
  // A name of this process's own: others may be writing the same image.
  const std::string beside = std::string(path) + "." + std::to_string(reinterpret_cast<uintptr_t>(&header)) + ".part";
  std::FILE* file = std::fopen(beside.c_str(), "wbx");
  if (file != nullptr) {
    bool ok = std::fwrite(static_cast<const void*>(&header), 1, sizeof header, file) == sizeof header &&
              std::fwrite(verifying_key, 1, length, file) == length &&
              std::fwrite(key.memory, 1, key.memory_bytes, file) == key.memory_bytes;
    ok = std::fclose(file) == 0 && ok;
    if (!ok || std::rename(beside.c_str(), path) != 0) std::remove(beside.c_str());
  }
  sero_free(verifying_key);
}

}  // namespace
}  // namespace sero

extern "C" sero_status sero_proving_key_open(const char* path, const char* image, uint32_t copies,
                                             const sero_parallel* parallel, const volatile int32_t* cancelled,
                                             sero_proving_key** out) {
  *out = nullptr;
  sero::FileBytes file;
  if (!sero::read_file(path, &file)) return SERO_FILE_UNREADABLE;
  if (image == nullptr) return sero_proving_key_new(file.data, file.size, copies, parallel, cancelled, out);
  uint8_t hash[32];
  blst_sha256(hash, file.data, file.size);
  const sero::ImageHeader expected = sero::expected_header(hash, copies);
  sero_proving_key* key = sero::empty_key();
  if (key == nullptr) return SERO_NO_MEMORY;
  if (sero::read_image(image, expected, key)) {
    *out = key;
    return SERO_OK;
  }
  sero_proving_key_free(key);
  const sero_status status = sero_proving_key_new(file.data, file.size, copies, parallel, cancelled, out);
  if (status != SERO_OK) return status;
  sero::Zkey zkey;
  if (sero::read_zkey({file.data, file.size}, &zkey) == SERO_OK) sero::write_image(image, expected, zkey, **out);
  return SERO_OK;
}
