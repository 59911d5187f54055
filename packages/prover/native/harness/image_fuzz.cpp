// Fuzzing of key images: libFuzzer's entry.
//
// An input is a list of changes to a genuine image, 7 bytes each: a place (its first byte says in what, the next four where), how
// (one byte) and a value. The checksum is then computed again, so that all that stands behind it is reached. What is looked for
// beside memory: whatever the image holds, a proof that is handed out is one.
//
// SERO_ZKEY and SERO_WTNS name the files; without them the package's own are taken, from the folder of the Makefile.
#include <unistd.h>

#include <cstdlib>

#include "zkey_support.hpp"

namespace {

using harness::Bytes;

constexpr size_t CHANGE = 7;
constexpr uint32_t COPIES = 2;

void expect(bool holds) {
  if (!holds) abort();
}

std::string file_of(const char* variable, const char* otherwise) {
  const char* named = std::getenv(variable);
  return named == nullptr ? otherwise : named;
}

struct Target {
  std::string zkey = file_of("SERO_ZKEY", "../src/fixtures/product-chain.zkey");
  Bytes wtns = harness::read_bytes(file_of("SERO_WTNS", "../src/fixtures/product-chain.wtns"));
  const uint8_t* values = nullptr;
  size_t count = 0;
  std::string path;
  Bytes image;
  /// Beginnings of what an image holds, as offsets in it: the shape, then every array, then its end.
  std::vector<size_t> pieces;

  Target() {
    std::string folder = P_tmpdir "/sero-image-fuzz-XXXXXX";
    expect(mkdtemp(&folder[0]) != nullptr);
    path = folder + "/image";
    expect(sero_read_wtns(wtns.data(), wtns.size(), &values, &count) == SERO_OK);
    sero_proving_key* key = nullptr;
    expect(sero_proving_key_open(zkey.c_str(), path.c_str(), COPIES, nullptr, nullptr, &key) == SERO_OK);
    image = harness::read_bytes(path);
    const auto at = [&](const void* array) {
      return sizeof(sero::ImageHeader) + static_cast<size_t>(static_cast<const uint8_t*>(array) - key->memory);
    };
    pieces.push_back(offsetof(sero::ImageHeader, shape));
    for (int part = 0; part < sero::PARTS; part++) {
      pieces.push_back(at(key->table[part].rows));
      pieces.push_back(at(key->uses[part]));
    }
    for (const void* array : {static_cast<const void*>(key->row_start), static_cast<const void*>(key->terms),
                              static_cast<const void*>(key->coefficients),
                              static_cast<const void*>(key->transform_tables)}) {
      pieces.push_back(at(array));
    }
    pieces.push_back(image.size());
    sero_proving_key_free(key);
  }
};

void change(Bytes* image, const std::vector<size_t>& pieces, const uint8_t* with) {
  const size_t piece = with[0] % (pieces.size() - 1);
  uint32_t place;
  std::memcpy(&place, with + 1, sizeof place);
  uint8_t& byte = (*image)[pieces[piece] + place % (pieces[piece + 1] - pieces[piece])];
  byte = static_cast<uint8_t>(with[5] % 2 == 0 ? with[6] : byte + with[6]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Target target;
  Bytes image = target.image;
  for (size_t at = 0; at + CHANGE <= size && at < 16 * CHANGE; at += CHANGE) {
    change(&image, target.pieces, data + at);
  }
  if (!harness::set_checksum(&image)) return 0;
  harness::write_bytes(target.path, image);
  sero_proving_key* key = nullptr;
  // A genuine .zkey opens, by its image or without.
  expect(sero_proving_key_open(target.zkey.c_str(), target.path.c_str(), COPIES, nullptr, nullptr, &key) == SERO_OK);
  uint8_t seed[SERO_BLINDING_BYTES], proof[SERO_PROOF_BYTES];
  std::memset(seed, 3, sizeof seed);
  const sero_status proved = sero_prove(key, target.values, target.count, seed, nullptr, nullptr, proof);
  expect(proved == SERO_OK || proved == SERO_PROVE_FAILED);
  if (proved == SERO_OK) {
    expect(sero_verify(key->verifying_key, target.values + 32, key->public_inputs, proof) == SERO_OK);
  } else {
    for (uint8_t byte : proof) expect(byte == 0);
  }
  sero_proving_key_free(key);
  return 0;
}
