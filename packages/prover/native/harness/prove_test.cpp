// How a proof is blinded (src/prove.cpp), with seeds that a test may choose.
//
//   prove_test [ZKEY WTNS]

#include <cstdlib>

#include "../src/memory.hpp"
#include "zkey_support.hpp"

namespace {

using harness::Bytes;

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  failures++;
  std::printf("FAILED: %s (%s)\n", what, sero_kernels_name());
}

struct Circuit {
  const sero_proving_key* key;
  const uint8_t* values;
  size_t count;
};

/// A proof's points; `u` and `t` are the lowest bytes of the two halves of the seed.
struct Made {
  sero_status status;
  Bytes proof;

  Made(const Circuit& circuit, uint8_t u, uint8_t t) : proof(SERO_PROOF_BYTES, 0xee) {
    uint8_t seed[SERO_BLINDING_BYTES] = {};
    seed[0] = u;
    seed[64] = t;
    status = sero_prove(circuit.key, circuit.values, circuit.count, seed, nullptr, nullptr, proof.data());
  }
  Bytes a() const { return Bytes(proof.begin(), proof.begin() + 48); }
  Bytes b() const { return Bytes(proof.begin() + 48, proof.begin() + 144); }
  Bytes c() const { return Bytes(proof.begin() + 144, proof.end()); }
};

blst_p1_affine point_of(const Bytes& compressed) {
  blst_p1_affine point;
  expect(blst_p1_uncompress(&point, compressed.data()) == BLST_SUCCESS, "a point of the first group");
  return point;
}

Bytes sum_of(const blst_p1& left, const blst_p1& right) {
  blst_p1 sum;
  blst_p1_add_or_double(&sum, &left, &right);
  Bytes out(48);
  blst_p1_compress(out.data(), &sum);
  return out;
}

void test_blinding(const Circuit& circuit) {
  const Made one(circuit, 1, 3), again(circuit, 1, 3), other_t(circuit, 1, 4), twice(circuit, 2, 3);
  for (const Made* made : {&one, &again, &other_t, &twice}) expect(made->status == SERO_OK, "every seed gives a proof");
  expect(one.proof == again.proof, "a seed gives one proof");
  expect(one.a() == other_t.a(), "A depends on u alone");
  expect(one.b() != other_t.b() && one.c() != other_t.c(), "B and C depend on t");
  expect(one.a() != twice.a() && one.b() != twice.b() && one.c() != twice.c(), "all points depend on u");
  // With A' = u A: 2 A'(1) = A'(2), and C'(u, t) = C + t u A.
  blst_p1 a, c;
  const blst_p1_affine a_affine = point_of(one.a()), c_affine = point_of(one.c());
  blst_p1_from_affine(&a, &a_affine);
  blst_p1_from_affine(&c, &c_affine);
  expect(sum_of(a, a) == twice.a(), "A is blinded by a factor");
  expect(sum_of(c, a) == other_t.c(), "C takes t A on");
}

/// The scalars' modulus, little-endian.
constexpr uint64_t R[4] = {0xffffffff00000001ull, 0x53bda402fffe5bfeull, 0x3339d80809a1d805ull, 0x73eda753299d7d48ull};

void test_zero_scalars(const Circuit& circuit) {
  for (size_t half : {size_t{0}, size_t{64}}) {
    uint8_t seed[SERO_BLINDING_BYTES], proof[SERO_PROOF_BYTES];
    for (size_t i = 0; i < sizeof seed; i++) seed[i] = static_cast<uint8_t>(i + 1);
    std::memset(seed + half, 0, 64);
    std::memcpy(seed + half, R, sizeof R);
    expect(sero_prove(circuit.key, circuit.values, circuit.count, seed, nullptr, nullptr, proof) == SERO_RANDOMNESS_BROKEN,
           "a half that is 0 modulo r is refused");
  }
}

void test_randomness(const Circuit& circuit) {
  const Made none(circuit, 0, 0), no_u(circuit, 0, 1), no_t(circuit, 1, 0);
  for (const Made* made : {&none, &no_u, &no_t}) {
    expect(made->status == SERO_RANDOMNESS_BROKEN, "a source that gives zeros is refused");
    expect(made->proof == Bytes(SERO_PROOF_BYTES, 0xee), "and nothing is written");
  }
}

/// What proving_key.cpp's hash is before the last word, and the word that makes it `target`.
uint64_t mixed(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x100000001b3ull;
  return hash ^ (hash >> 29);
}

uint64_t word_for(uint64_t hash, uint64_t target) {
  uint64_t product = target, inverse = 1;
  for (int i = 0; i < 3; i++) product = target ^ (product >> 29);
  for (int i = 0; i < 6; i++) inverse *= 2 - 0x100000001b3ull * inverse;
  return hash ^ (product * inverse);
}

/// Coefficients below r that all have one hash.
std::vector<blst_fr> colliding(size_t count) {
  std::vector<blst_fr> out;
  for (uint64_t i = 1; out.size() < count; i++) {
    blst_fr value = {{i, 2 * i + 1, 3 * i + 2, 0}};
    uint64_t hash = 0xcbf29ce484222325ull;
    for (int k = 0; k < 3; k++) hash = mixed(hash, value.l[k]);
    value.l[3] = word_for(hash, 1);
    if (value.l[3] < R[3]) out.push_back(value);
  }
  return out;
}

/// Adds to a .zkey entries of one row and wire that cancel each other: of each value two, and two of its opposite.
Bytes with_entries(const Bytes& zkey, const std::vector<blst_fr>& values) {
  Bytes out(zkey.begin(), zkey.begin() + 12);
  for (size_t at = 12; at < zkey.size();) {
    uint32_t type;
    uint64_t length;
    std::memcpy(&type, &zkey[at], 4);
    std::memcpy(&length, &zkey[at + 4], 8);
    Bytes section(zkey.begin() + static_cast<long>(at), zkey.begin() + static_cast<long>(at + 12 + length));
    at += section.size();
    if (type == 4) {
      uint32_t count;
      std::memcpy(&count, &section[12], 4);
      const auto add = [&](const blst_fr& value) {
        section.resize(section.size() + 12);
        const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&value);
        section.insert(section.end(), bytes, bytes + sizeof value);
        count++;
      };
      for (const blst_fr& value : values) {
        blst_fr opposite;
        blst_fr_cneg(&opposite, &value, true);
        for (const blst_fr& one : {value, opposite, value, opposite}) add(one);
      }
      length = section.size() - 12;
      std::memcpy(&section[4], &length, 8);
      std::memcpy(&section[12], &count, 4);
    }
    out.insert(out.end(), section.begin(), section.end());
  }
  return out;
}

/// Values made to collide would take the square of their number of steps to tell apart.
void test_collisions(const Bytes& zkey, const Circuit& circuit) {
  const Bytes hostile = with_entries(zkey, colliding(1000));
  sero_proving_key* key = nullptr;
  expect(sero_proving_key_new(hostile.data(), hostile.size(), 2, nullptr, nullptr, &key) == SERO_OK, "the key is one");
  if (key == nullptr) return;
  expect(key->coefficient_count > 2500, "what is not found after a few steps stands twice");
  expect(Made({key, circuit.values, circuit.count}, 1, 3).proof == Made(circuit, 1, 3).proof,
         "values that cancel each other change no proof");
  sero_proving_key_free(key);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string fixtures = "../src/fixtures/product-chain";
  const Bytes zkey = harness::read_bytes(argc == 3 ? argv[1] : fixtures + ".zkey");
  const Bytes wtns = harness::read_bytes(argc == 3 ? argv[2] : fixtures + ".wtns");
  for (int32_t is_portable : {0, 1}) {
    sero_force_portable(is_portable);
    sero_proving_key* key = nullptr;
    Circuit circuit = {nullptr, nullptr, 0};
    expect(sero_proving_key_new(zkey.data(), zkey.size(), 2, nullptr, nullptr, &key) == SERO_OK, "the key is one");
    expect(sero_read_wtns(wtns.data(), wtns.size(), &circuit.values, &circuit.count) == SERO_OK, "a witness");
    if (failures > 0) return 1;
    circuit.key = key;
    test_blinding(circuit);
    test_randomness(circuit);
    test_zero_scalars(circuit);
    test_collisions(zkey, circuit);
    sero_proving_key_free(key);
  }
  if (failures == 0) std::printf("prove_test: passed\n");
  return failures == 0 ? 0 : 1;
}
