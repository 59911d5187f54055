// A proving key kept ready in a file beside its .zkey: making one ready takes seconds, reading it again some milliseconds.
//
// The image is this machine's own cache: it begins with a hash of the .zkey and the names of what made it, and with
// a checksum; anything that does not fit, and the key is made ready from the .zkey again and the image replaced.
//
// What somebody plants who can write the image, but not the .zkey. The image holds tables of points and where their
// scalars come from; every point of A, B and C that stands for itself, and the verifying key, are taken from the .zkey at
// each open. A proof begins with u A and u^-1 B + t delta, with u and t uniform and delta genuine: whatever the planted points
// make of A and B, these two are uniform, since A and B are looked at before: where A is 0 or one of them lies outside its group
// there is no proof. It is handed out only where the genuine verifying key accepts it, and its first two points and the
// public inputs leave one third that it accepts. So a proof that is handed out says no more about the witness than any other does; what
// is not is overwritten (prove.cpp). What remains: whether proving fails, and how long it takes, may depend on
// the witness, as the planter likes. Indices are checked, so that nothing beyond the key's memory is reached.
//
// It is read, not mapped: a mapped file can be cut short by others.

#include "key_image.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>

#include "blst.h"
#include "blst_aux.h"
#include "memory.hpp"
#include "proving_key.hpp"

namespace sero {
namespace {

constexpr char MAGIC[8] = {'S', 'E', 'R', 'O', 'K', 'E', 'Y', '5'};
constexpr size_t MAX_FILE = size_t{1} << 32;
/// Bytes of a .zkey that are hashed at a time.
constexpr size_t PIECE = size_t{256} << 10;

/// Seconds after which a file that is being written beside an image is what a dead process left.
constexpr time_t MAX_WRITING = 600;
/// What such a file's name ends with.
constexpr const char* PART = ".part";

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

/// The hash of a file, fed piece by piece so that it need not be in memory: h = SHA-256(h, SHA-256(piece)), at first
/// zeros. Pieces are PIECE bytes, the last one what is left; the size comes in at the end, so that no file is another's
/// beginning.
struct FileHash {
  uint8_t chain[64] = {};
  uint64_t size = 0;

  void add(const uint8_t* piece, size_t length) {
    blst_sha256(chain + 32, piece, length);
    blst_sha256(chain, chain, sizeof chain);
    size += length;
  }
  void finish(uint8_t out[32]) {
    std::memcpy(chain + 32, &size, sizeof size);
    std::memset(chain + 32 + sizeof size, 0, 32 - sizeof size);
    blst_sha256(out, chain, sizeof chain);
  }
};

bool hash_file(std::FILE* file, uint8_t out[32]) {
  std::rewind(file);
  uint8_t* piece = static_cast<uint8_t*>(sero_alloc(PIECE));
  bool is_read = piece != nullptr;
  FileHash hash;
  for (size_t length = PIECE; is_read && length == PIECE;) {
    length = std::fread(piece, 1, PIECE, file);
    is_read = std::ferror(file) == 0 && hash.size <= MAX_FILE;
    if (length > 0) hash.add(piece, length);
  }
  hash.finish(out);
  sero_free(piece);
  return is_read;
}

void hash_bytes(const FileBytes& file, uint8_t out[32]) {
  FileHash hash;
  for (size_t at = 0; at < file.size; at += PIECE) {
    hash.add(file.data + at, file.size - at < PIECE ? file.size - at : PIECE);
  }
  hash.finish(out);
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

/// What a .zkey begins with, read from the file alone.
struct HeadBytes {
  FileBytes section[ZKEY_IC + 1];
  ZkeyHead head;
};

bool read_some(std::FILE* file, size_t size, FileBytes* out) {
  if (out->data != nullptr) return false;
  out->size = size;
  out->data = static_cast<uint8_t*>(sero_alloc(size));
  return out->data != nullptr && std::fread(out->data, 1, size, file) == size;
}

/// Sections may come in any order: others are stepped over. Anything odd is left to read_zkey to refuse.
bool read_head(std::FILE* file, HeadBytes* out) {
  constexpr size_t MAX_SECTION = (SERO_MAX_PUBLIC_INPUTS + 1) * size_t{96};
  constexpr uint32_t MAX_SECTIONS = 64;
  uint8_t intro[12];
  std::rewind(file);
  if (std::fread(intro, 1, sizeof intro, file) != sizeof intro || std::memcmp(intro, "zkey", 4) != 0) return false;
  uint32_t count, type;
  uint64_t length;
  std::memcpy(&count, intro + 8, sizeof count);
  if (count > MAX_SECTIONS) return false;
  for (uint32_t i = 0; i < count; i++) {
    if (std::fread(intro, 1, sizeof intro, file) != sizeof intro) return false;
    std::memcpy(&type, intro, sizeof type);
    std::memcpy(&length, intro + 4, sizeof length);
    const bool is_wanted = type >= ZKEY_PROTOCOL && type <= ZKEY_IC;
    if (is_wanted && (length > MAX_SECTION || !read_some(file, static_cast<size_t>(length), &out->section[type]))) {
      return false;
    }
    if (!is_wanted && (length > MAX_FILE || std::fseek(file, static_cast<long>(length), SEEK_CUR) != 0)) return false;
  }
  const FileBytes* s = out->section;
  return read_zkey_head({s[ZKEY_PROTOCOL].data, s[ZKEY_PROTOCOL].size}, {s[ZKEY_HEADER].data, s[ZKEY_HEADER].size},
                        {s[ZKEY_IC].data, s[ZKEY_IC].size}, &out->head) == SERO_OK;
}

ImageHeader expected_header(const uint8_t* zkey_hash, uint32_t copies, const Kernels& chosen) {
  ImageHeader header;
  std::memset(static_cast<void*>(&header), 0, sizeof header);
  std::memcpy(header.magic, MAGIC, sizeof MAGIC);
  std::strncpy(header.kernels, chosen.name, sizeof header.kernels - 1);
  std::memcpy(header.zkey_hash, zkey_hash, 32);
  header.copies = copies;
  header.header_bytes = sizeof header;
  return header;
}

/// Everything up to the shape is what this build, this processor and this key make it.
bool is_of(const ImageHeader& found, const ImageHeader& expected) {
  return std::memcmp(&found, &expected, offsetof(ImageHeader, shape)) == 0;
}

/// The tables of an image. SERO_OK, or anything else where it does not fit.
sero_status read_tables(std::FILE* file, const ImageHeader& expected, const ZkeyHead& head, const Kernels& chosen,
                        sero_proving_key* key) {
  ImageHeader header;
  if (std::fread(static_cast<void*>(&header), 1, sizeof header, file) != sizeof header || !is_of(header, expected)) {
    return SERO_ZKEY_MALFORMED;
  }
  const KeyShape& shape = header.shape;
  if (shape.wires != head.wires || shape.public_inputs != head.public_inputs ||
      shape.domain_power != head.domain_power) {
    return SERO_ZKEY_MALFORMED;
  }
  const sero_status shaped = set_shape(shape, chosen, key);
  if (shaped != SERO_OK) return shaped;
  if (key->memory_bytes != header.block_bytes || key->memory_bytes > MAX_FILE) return SERO_ZKEY_MALFORMED;
  key->memory = static_cast<uint8_t*>(sero_alloc(key->memory_bytes));
  if (key->memory == nullptr) return SERO_NO_MEMORY;
  if (std::fread(key->memory, 1, key->memory_bytes, file) != key->memory_bytes || std::fgetc(file) != EOF ||
      header.checksum != image_checksum(header, key->memory)) {
    return SERO_ZKEY_MALFORMED;
  }
  place_arrays(key);
  if (!are_indices_valid(*key)) return SERO_ZKEY_MALFORMED;
  return SERO_OK;
}

/// The key of a .zkey by its image; null where that does not fit, or where the .zkey is none.
sero_proving_key* read_image(const char* path, const ImageHeader& expected, const ZkeyHead& head, const Kernels& chosen) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return nullptr;
  sero_proving_key* key = empty_key();
  const bool is_read = key != nullptr && read_tables(file, expected, head, chosen, key) == SERO_OK &&
                       set_head(head, serial(), nullptr, key) == SERO_OK;
  std::fclose(file);
  if (is_read) return key;
  sero_proving_key_free(key);
  return nullptr;
}

bool ends_with(const std::string& text, const char* end) {
  const size_t length = std::strlen(end);
  return text.size() >= length && text.compare(text.size() - length, length, end) == 0;
}

/// Removes what processes that died while writing left beside an image.
void remove_old_parts(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = (slash == std::string::npos ? path : path.substr(slash + 1)) + ".";
  DIR* entries = opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries)) {
    const std::string found = entry->d_name;
    if (found.compare(0, name.size(), name) != 0 || !ends_with(found, PART)) continue;
    const std::string part = folder + "/" + found;
    struct stat about;
    if (lstat(part.c_str(), &about) == 0 && std::time(nullptr) - about.st_mtime > MAX_WRITING) {
      std::remove(part.c_str());
    }
  }
  closedir(entries);
}

/// Written beside and renamed; that it cannot be written costs time at the next start and nothing else.
void write_image(const char* path, ImageHeader header, const sero_proving_key& key) {
  remove_old_parts(path);
  header.shape = shape_of(key);
  header.block_bytes = key.memory_bytes;
  header.checksum = image_checksum(header, key.memory);
  // A name of this thread's own: others may be writing the same image.
  const std::string beside = std::string(path) + "." + std::to_string(getpid()) + "-" +
                             std::to_string(reinterpret_cast<uintptr_t>(&header)) + PART;
  std::remove(beside.c_str());
  std::FILE* file = std::fopen(beside.c_str(), "wbx");
  if (file == nullptr) return;
  bool ok = std::fwrite(static_cast<const void*>(&header), 1, sizeof header, file) == sizeof header &&
            std::fwrite(key.memory, 1, key.memory_bytes, file) == key.memory_bytes;
  ok = std::fclose(file) == 0 && ok;
  if (!ok || std::rename(beside.c_str(), path) != 0) std::remove(beside.c_str());
}

}  // namespace

uint64_t image_checksum(ImageHeader header, const uint8_t* block) {
  header.checksum = 0;
  const uint64_t sum = checksum_of(reinterpret_cast<const uint8_t*>(&header), sizeof header, 1);
  return checksum_of(block, header.block_bytes, sum);
}

}  // namespace sero

extern "C" sero_status sero_proving_key_open(const char* path, const char* image, uint32_t copies,
                                             const sero_parallel* parallel, const volatile int32_t* cancelled,
                                             sero_proving_key** out) {
  *out = nullptr;
  // One set throughout: which one is asked for may change meanwhile.
  const sero::Kernels& chosen = sero::kernels();
  uint8_t hash[32];
  if (image != nullptr) {
    std::FILE* file = std::fopen(path, "rb");
    if (file == nullptr) return SERO_FILE_UNREADABLE;
    sero::HeadBytes begins;
    const bool has_head = sero::read_head(file, &begins);
    const bool is_read = sero::hash_file(file, hash);
    std::fclose(file);
    if (!is_read) return SERO_FILE_UNREADABLE;
    if (has_head) *out = sero::read_image(image, sero::expected_header(hash, copies, chosen), begins.head, chosen);
    if (*out != nullptr) return SERO_OK;
  }
  sero::FileBytes file;
  if (!sero::read_file(path, &file)) return SERO_FILE_UNREADABLE;
  const sero_status status = sero::make_key({file.data, file.size}, copies, chosen, parallel, cancelled, out);
  if (status != SERO_OK || image == nullptr) return status;
  // Of the bytes that the key was made from: the file may be another one by now.
  sero::hash_bytes(file, hash);
  sero::write_image(image, sero::expected_header(hash, copies, chosen), **out);
  return SERO_OK;
}
