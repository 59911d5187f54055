// Keys whose secrets the harness knows, and proofs made from the secrets: valid ones need no circuit
// (Groth16, eprint 2016/260, section 3.2: the simulator).
#pragma once

#include <blst.h>

#include <cstdint>
#include <vector>

#include "../include/sero_prover.h"

namespace harness {

using Bytes = std::vector<uint8_t>;

/// A deterministic source (SplitMix64): a seed replays the run.
struct Source {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
};

inline blst_fr random_fr(Source* source) {
  uint64_t words[4] = {source->next(), source->next(), source->next(), source->next() >> 2};
  blst_fr out;
  blst_fr_from_uint64(&out, words);
  return out;
}

inline void append_fr(Bytes* out, const blst_fr& value) {
  blst_scalar scalar;
  blst_scalar_from_fr(&scalar, &value);
  out->insert(out->end(), scalar.b, scalar.b + 32);
}

inline void append_g1(Bytes* out, const blst_fr& value) {
  blst_scalar scalar;
  blst_scalar_from_fr(&scalar, &value);
  blst_p1 point;
  blst_p1_mult(&point, blst_p1_generator(), scalar.b, 256);
  uint8_t bytes[48];
  blst_p1_compress(bytes, &point);
  out->insert(out->end(), bytes, bytes + 48);
}

inline void append_g2(Bytes* out, const blst_fr& value) {
  blst_scalar scalar;
  blst_scalar_from_fr(&scalar, &value);
  blst_p2 point;
  blst_p2_mult(&point, blst_p2_generator(), scalar.b, 256);
  uint8_t bytes[96];
  blst_p2_compress(bytes, &point);
  out->insert(out->end(), bytes, bytes + 96);
}

struct KnownKey {
  blst_fr alpha;
  blst_fr beta;
  blst_fr gamma;
  blst_fr delta;
  std::vector<blst_fr> ic;
  Bytes points;
  sero_vk* vk = nullptr;
};

/// A key with random secrets, those of the IC points as `change` leaves them; `vk` is null where it is refused.
template <class Change>
KnownKey known_key(Source* source, size_t inputs, const Change& change) {
  KnownKey key;
  key.alpha = random_fr(source);
  key.beta = random_fr(source);
  key.gamma = random_fr(source);
  key.delta = random_fr(source);
  append_g1(&key.points, key.alpha);
  append_g2(&key.points, key.beta);
  append_g2(&key.points, key.gamma);
  append_g2(&key.points, key.delta);
  for (size_t i = 0; i <= inputs; i++) key.ic.push_back(random_fr(source));
  change(&key.ic);
  for (const blst_fr& ic : key.ic) append_g1(&key.points, ic);
  size_t at;
  sero_vk_new(key.points.data(), key.points.size(), &key.vk, &at);
  return key;
}

inline KnownKey known_key(Source* source, size_t inputs) {
  return known_key(source, inputs, [](std::vector<blst_fr>*) {});
}

struct Statement {
  Bytes inputs;
  Bytes proof;
};

/// A valid proof of the inputs; `error` is added to C's logarithm and makes it false.
inline Statement simulate(Source* source, const KnownKey& key, const std::vector<blst_fr>& inputs,
                          const blst_fr& error = {}) {
  Statement out;
  blst_fr x = key.ic[0];
  for (size_t i = 1; i < key.ic.size(); i++) {
    append_fr(&out.inputs, inputs[i - 1]);
    blst_fr term;
    blst_fr_mul(&term, &inputs[i - 1], &key.ic[i]);
    blst_fr_add(&x, &x, &term);
  }
  const blst_fr a = random_fr(source);
  const blst_fr b = random_fr(source);
  blst_fr c;
  blst_fr term;
  blst_fr_mul(&c, &a, &b);
  blst_fr_mul(&term, &key.alpha, &key.beta);
  blst_fr_sub(&c, &c, &term);
  blst_fr_mul(&term, &x, &key.gamma);
  blst_fr_sub(&c, &c, &term);
  blst_fr_inverse(&term, &key.delta);
  blst_fr_mul(&c, &c, &term);
  blst_fr_add(&c, &c, &error);
  append_g1(&out.proof, a);
  append_g2(&out.proof, b);
  append_g1(&out.proof, c);
  return out;
}

/// The same of random inputs.
inline Statement simulate(Source* source, const KnownKey& key, const blst_fr& error = {}) {
  std::vector<blst_fr> inputs;
  for (size_t i = 1; i < key.ic.size(); i++) inputs.push_back(random_fr(source));
  return simulate(source, key, inputs, error);
}

}  // namespace harness
