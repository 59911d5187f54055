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
    sero_proving_key_free(key);
  }
  if (failures == 0) std::printf("prove_test: passed\n");
  return failures == 0 ? 0 : 1;
}
