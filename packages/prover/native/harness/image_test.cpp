// Proving keys from hostile files: points of a .zkey that are none, and planted images.
//
//   image_test [ZKEY WTNS]

#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include <cstdlib>
#include <ctime>

#include "../src/memory.hpp"
#include "zkey_support.hpp"

namespace {

using harness::Bytes;

constexpr uint32_t COPIES = 2;

int failures = 0;

void expect(bool holds, const char* what, const char* of = "") {
  if (holds) return;
  failures++;
  std::printf("FAILED: %s %s (%s)\n", what, of, sero_kernels_name());
}

struct Files {
  std::string zkey, image;
  Bytes wtns;
  const uint8_t* values;
  size_t count;
};

sero_status open_key(const Files& files, sero_proving_key** out) {
  return sero_proving_key_open(files.zkey.c_str(), files.image.c_str(), COPIES, nullptr, nullptr, out);
}

sero_status prove(const Files& files, const sero_proving_key* key, uint8_t* proof, uint8_t first = 1) {
  uint8_t seed[SERO_BLINDING_BYTES];
  for (size_t i = 0; i < sizeof seed; i++) seed[i] = static_cast<uint8_t>(7 * i + first);
  std::memset(proof, 0xee, SERO_PROOF_BYTES);
  return sero_prove(key, files.values, files.count, seed, nullptr, nullptr, proof);
}

bool are_zeros(const uint8_t* bytes, size_t length) {
  uint8_t any = 0;
  for (size_t i = 0; i < length; i++) any |= bytes[i];
  return any == 0;
}

struct PlantedPart {
  /// In a file's form.
  Bytes points;
  std::vector<sero::Use> uses;

  template <class Point>
  void add(const Point& point, uint32_t scalar, sero::List list) {
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&point);
    points.insert(points.end(), bytes, bytes + sizeof point);
    uses.push_back({static_cast<uint32_t>(uses.size()), scalar, list, 0, 0});
  }
};
using PlantedParts = PlantedPart[sero::PARTS];

/// An image that holds these points.
Bytes image_with(const Bytes& genuine, const sero_proving_key& good, const PlantedParts& part) {
  sero::KeyShape shape = sero::shape_of(good);
  for (int p = 0; p < sero::PARTS; p++) {
    shape.point_count[p] = shape.use_count[p] = part[p].uses.size();
    shape.windows[p] = sero::Windows::of(4, 1);
  }
  sero_proving_key* key = sero::empty_key();
  expect(sero::set_shape(shape, sero::kernels(), key) == SERO_OK, "the planted shape is one");
  key->memory = static_cast<uint8_t*>(sero_alloc(key->memory_bytes));
  std::memset(key->memory, 0, key->memory_bytes);
  sero::place_arrays(key);
  for (int p = 0; p < sero::PARTS; p++) {
    if (part[p].uses.empty()) continue;
    std::memcpy(key->uses[p], part[p].uses.data(), part[p].uses.size() * sizeof(sero::Use));
    sero::fill_table(key->table[p], part[p].points.data(), sero::serial(), nullptr);
  }
  std::memcpy(key->row_start, good.row_start, (2 * good.domain() + 1) * 4);
  std::memcpy(key->terms, good.terms, good.term_count * sizeof(sero::Term));
  std::memcpy(key->coefficients, good.coefficients, good.coefficient_count * sizeof(blst_fr));
  key->kernels->transform.make_tables(key->domain_power, key->transform_tables);
  const Bytes out = harness::image_of(genuine, *key);
  sero_proving_key_free(key);
  return out;
}

/// What an attacker plants who knows the logarithms of his points: A holds one wire alone, and C makes the equation hold under a
/// verifying key of his own, which a key that trusts its image would check against.
Bytes planted_image(const Bytes& genuine, const sero_proving_key& good, uint32_t wire) {
  harness::Source source{77};
  const blst_fr beta = harness::random_fr(&source), gamma = harness::random_fr(&source);
  blst_fr delta = harness::random_fr(&source), term;
  blst_fr_inverse(&delta, &delta);
  PlantedParts part;
  part[sero::PART_A].add(*blst_p1_affine_generator(), wire, sero::LIST_WITNESS);
  blst_fr_mul(&term, &beta, &delta);
  part[sero::PART_C].add(harness::g1_of(term), wire, sero::LIST_WITNESS);
  for (uint32_t i = 0; i <= good.public_inputs; i++) {
    blst_fr x = harness::random_fr(&source);
    blst_fr_mul(&term, &x, &gamma);
    blst_fr_mul(&term, &term, &delta);
    blst_fr_cneg(&term, &term, true);
    part[sero::PART_C].add(harness::g1_of(term), i, sero::LIST_WITNESS);
  }
  return image_with(genuine, good, part);
}

/// What makes A infinity, for which no blinding by a factor hides anything: A holds -alpha alone, with the constant wire.
Bytes image_without_a(const Bytes& genuine, const sero_proving_key& good) {
  blst_p1 opposite;
  blst_p1_from_affine(&opposite, &good.alpha1);
  blst_p1_cneg(&opposite, true);
  blst_p1_affine planted;
  blst_p1_to_affine(&planted, &opposite);
  PlantedParts part;
  part[sero::PART_A].add(planted, 0, sero::LIST_WITNESS);
  return image_with(genuine, good, part);
}

/// The genuine points, and one more in A, with the constant wire.
Bytes image_with_one_more(const Bytes& genuine, const sero_proving_key& good, const Bytes& file,
                          const blst_p1_affine& point) {
  sero::Zkey zkey;
  expect(sero::read_zkey({file.data(), file.size()}, &zkey) == SERO_OK, "the .zkey is one");
  const struct {
    sero::Part part;
    const uint8_t* points;
    size_t count;
    sero::List list;
  } lists[] = {{sero::PART_A, zkey.a, zkey.wires, sero::LIST_WITNESS},
               {sero::PART_B2, zkey.b2, zkey.wires, sero::LIST_WITNESS},
               {sero::PART_C, zkey.c, zkey.private_wires(), sero::LIST_PRIVATE},
               {sero::PART_C, zkey.h, zkey.domain(), sero::LIST_QUOTIENT}};
  PlantedParts part;
  for (const auto& list : lists) {
    for (size_t i = 0; i < list.count; i++) {
      const auto add = [&](auto point) {
        std::memcpy(&point, list.points + i * sizeof point, sizeof point);
        if (!are_zeros(reinterpret_cast<const uint8_t*>(&point), sizeof point)) {
          part[list.part].add(point, static_cast<uint32_t>(i), list.list);
        }
      };
      if (list.part == sero::PART_B2) {
        add(blst_p2_affine());
      } else {
        add(blst_p1_affine());
      }
    }
  }
  part[sero::PART_A].add(point, 0, sero::LIST_WITNESS);
  return image_with(genuine, good, part);
}

/// (0, 2), of order 3: a third of all factors make a genuine proof of what it is added to.
blst_p1_affine point_of_order_3() {
  const uint64_t two[6] = {2};
  blst_p1_affine point;
  std::memset(&point, 0, sizeof point);
  blst_fp_from_uint64(&point.y, two);
  expect(blst_p1_affine_on_curve(&point) && !blst_p1_affine_in_g1(&point), "a point outside of the subgroup");
  return point;
}

/// (25 x, 125 y) of the generator, on another curve, where blst's check of the subgroup finds nothing wrong.
blst_p1_affine point_off_the_curve() {
  const uint64_t five[6] = {5};
  blst_p1_affine point = *blst_p1_affine_generator();
  blst_fp factor;
  blst_fp_from_uint64(&factor, five);
  for (int i = 0; i < 2; i++) blst_fp_mul(&point.x, &point.x, &factor);
  for (int i = 0; i < 3; i++) blst_fp_mul(&point.y, &point.y, &factor);
  expect(!blst_p1_affine_on_curve(&point) && blst_p1_affine_in_g1(&point), "a point off the curve");
  return point;
}

void test_one_more(const Files& files, const blst_p1_affine& point) {
  std::remove(files.image.c_str());
  uint8_t proof[SERO_PROOF_BYTES];
  sero_proving_key *good = nullptr, *key = nullptr;
  expect(open_key(files, &good) == SERO_OK, "the key opens");
  if (good == nullptr) return;
  const Bytes genuine = harness::read_bytes(files.image);
  harness::write_bytes(files.image, image_with_one_more(genuine, *good, harness::read_bytes(files.zkey), point));
  expect(open_key(files, &key) == SERO_OK, "the key opens with the planted image");
  for (uint8_t seed = 1; key != nullptr && seed <= 24; seed++) {
    expect(prove(files, key, proof, seed) == SERO_PROVE_FAILED, "a point outside of the subgroup makes no proof");
    expect(are_zeros(proof, sizeof proof), "nor anything else that is handed out");
  }
  sero_proving_key_free(key);
  sero_proving_key_free(good);
}

void test_planted(const Files& files) {
  std::remove(files.image.c_str());
  uint8_t proof[SERO_PROOF_BYTES];
  sero_proving_key* good = nullptr;
  expect(open_key(files, &good) == SERO_OK, "the key opens");
  if (good == nullptr) return;
  const Bytes genuine = harness::read_bytes(files.image);
  for (uint32_t wire = 0; wire <= good->wires; wire++) {
    const Bytes planted =
        wire < good->wires ? planted_image(genuine, *good, wire) : image_without_a(genuine, *good);
    harness::write_bytes(files.image, planted);
    sero_proving_key* key = nullptr;
    expect(open_key(files, &key) == SERO_OK, "the key opens with the planted image");
    if (key == nullptr) continue;
    expect(key->memory_bytes + sizeof(sero::ImageHeader) == planted.size(), "the planted image is what is read");
    expect(prove(files, key, proof) == SERO_PROVE_FAILED, "a planted image makes no proof");
    expect(are_zeros(proof, sizeof proof), "nor anything else that is handed out");
    sero_proving_key_free(key);
  }
  harness::write_bytes(files.image, genuine);
  sero_proving_key* again = nullptr;
  expect(open_key(files, &again) == SERO_OK && prove(files, again, proof) == SERO_OK, "the genuine image proves");
  expect(again->memory_bytes == good->memory_bytes &&
             std::memcmp(again->memory, good->memory, good->memory_bytes) == 0,
         "and is the key that it was made of");
  sero_proving_key_free(again);
  sero_proving_key_free(good);
}

/// q in words, and a point of each curve outside of the subgroup, as a .zkey holds it.
constexpr uint64_t Q[6] = {0xb9feffffffffaaabull, 0x1eabfffeb153ffffull, 0x6730d2a0f6b0f624ull,
                           0x64774b84f38512bfull, 0x4b1ba7b6434bacd7ull, 0x1a0111ea397fe69aull};

void outside_g1(uint8_t* out) {
  uint8_t bytes[48] = {0x80};
  blst_p1_affine point;
  for (uint8_t x = 1;; x++) {
    bytes[47] = x;
    if (blst_p1_uncompress(&point, bytes) == BLST_SUCCESS && !blst_p1_affine_in_g1(&point)) break;
  }
  std::memcpy(out, &point, sizeof point);
}

void outside_g2(uint8_t* out) {
  uint8_t bytes[96] = {0x80};
  blst_p2_affine point;
  for (uint8_t x = 1;; x++) {
    bytes[95] = x;
    if (blst_p2_uncompress(&point, bytes) == BLST_SUCCESS && !blst_p2_affine_in_g2(&point)) break;
  }
  std::memcpy(out, &point, sizeof point);
}

void test_points(const Files& files) {
  const Bytes whole = harness::read_bytes(files.zkey);
  sero::Zkey zkey;
  expect(sero::read_zkey({whole.data(), whole.size()}, &zkey) == SERO_OK, "the .zkey is one");
  const size_t last = 96 * size_t{zkey.public_inputs};
  const uint8_t* b1 = zkey.b1;
  while (are_zeros(b1, 96)) b1 += 96;
  const struct {
    const char* name;
    const uint8_t* at;
    size_t bytes;
  } points[] = {{"alpha1", zkey.alpha1, 96},      {"beta1", zkey.beta1, 96},   {"delta1", zkey.delta1, 96},
                {"beta2", zkey.beta2, 192},       {"gamma2", zkey.gamma2, 192}, {"delta2", zkey.delta2, 192},
                {"the first of IC", zkey.ic, 96}, {"the last of IC", zkey.ic + last, 96}, {"one of B1", b1, 96}};
  for (const auto& point : points) {
    const size_t place = static_cast<size_t>(point.at - whole.data());
    const auto refused = [&](const char* what, void (*damage)(uint8_t* at, size_t bytes)) {
      Bytes damaged = whole;
      damage(damaged.data() + place, point.bytes);
      sero_proving_key* key = nullptr;
      expect(sero_proving_key_new(damaged.data(), damaged.size(), 1, nullptr, nullptr, &key) == SERO_ZKEY_MALFORMED,
             what, point.name);
      sero_proving_key_free(key);
    };
    refused("refuses off the curve:", [](uint8_t* at, size_t bytes) { at[bytes / 2] ^= 1; });
    // The lists of wires have it where a wire does not occur.
    if (point.at != b1) {
      refused("refuses infinity:", [](uint8_t* at, size_t bytes) { std::memset(at, 0, bytes); });
    }
    refused("refuses outside of the subgroup:", [](uint8_t* at, size_t bytes) {
      if (bytes == 96) {
        outside_g1(at);
      } else {
        outside_g2(at);
      }
    });
    refused("refuses a second form of", [](uint8_t* at, size_t) {
      unsigned __int128 carry = 0;
      for (int i = 0; i < 6; i++) {
        uint64_t word;
        std::memcpy(&word, at + 8 * i, 8);
        carry += static_cast<unsigned __int128>(word) + Q[i];
        word = static_cast<uint64_t>(carry);
        carry >>= 64;
        std::memcpy(at + 8 * i, &word, 8);
      }
    });
  }
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

void test_left_parts(const Files& files) {
  std::remove(files.image.c_str());
  const std::string old = files.image + ".1-2.part", young = files.image + ".3-4.part", other = files.zkey + ".1.part";
  for (const std::string& path : {old, young, other}) harness::write_bytes(path, {1});
  const struct utimbuf day_ago = {std::time(nullptr) - 86400, std::time(nullptr) - 86400};
  utime(old.c_str(), &day_ago);
  utime(other.c_str(), &day_ago);
  sero_proving_key* key = nullptr;
  expect(open_key(files, &key) == SERO_OK && exists(files.image), "the image is written");
  sero_proving_key_free(key);
  expect(!exists(old), "what a dead process left goes");
  expect(exists(young), "what may still be written stays");
  expect(exists(other), "what is another's stays");
  std::remove(young.c_str());
  std::remove(other.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string fixtures = "../src/fixtures/product-chain";
  const std::string zkey = argc == 3 ? argv[1] : fixtures + ".zkey";
  const char* temporary = std::getenv("TMPDIR");
  std::string folder = std::string(temporary == nullptr ? P_tmpdir : temporary) + "/sero-image-test-XXXXXX";
  if (mkdtemp(&folder[0]) == nullptr) return 2;
  Files files = {folder + "/key.zkey", folder + "/key.image", {}, nullptr, 0};
  harness::write_bytes(files.zkey, harness::read_bytes(zkey));
  files.wtns = harness::read_bytes(argc == 3 ? argv[2] : fixtures + ".wtns");
  expect(sero_read_wtns(files.wtns.data(), files.wtns.size(), &files.values, &files.count) == SERO_OK, "a witness");
  for (int32_t is_portable : {0, 1}) {
    sero_force_portable(is_portable);
    test_planted(files);
    test_one_more(files, point_of_order_3());
    test_one_more(files, point_off_the_curve());
    test_points(files);
    test_left_parts(files);
  }
  for (const std::string& path : {files.zkey, files.image, folder}) std::remove(path.c_str());
  if (failures == 0) std::printf("image_test: passed\n");
  return failures == 0 ? 0 : 1;
}
