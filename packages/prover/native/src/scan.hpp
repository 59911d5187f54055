// Scanning in every lane at once: S = [8 vsk]VPKr for many VPKr and one vsk, and the tags that follow from
// it. To be included after a field header.
//
// The Montgomery ladder (Montgomery 1987; Costello and Smith, eprint 2017/212) works on x = (1 + v) / (1 - v)
// of the curve B y^2 = x^3 + A x^2 + x alone. It takes the same steps for every vsk, reads no tables, and
// needs no square root: it gives the v of S for any v that is given, be it on the curve or not. So the filter
// hashes both points S that have that v, and only the outputs whose tag fits one of them, the wallet's own
// and one other in 2^15, are decoded and get the sign of S, by Okeya and Sakurai's recovery of y.
#pragma once

#include "blake2b.hpp"
#include "jubjub.hpp"
#include "ladder.hpp"
#include "memory.hpp"

namespace sero {
namespace SERO_KERNEL {
namespace jubjub {

constexpr size_t OUTPUT_BYTES = 34;

/// v = (x - z) / (x + z); the lanes with z = 0, the identity, or x + z = 0, no point of prime order, are
/// dead.
SERO_INLINE Fr result_denominator(const LadderResult& r, Mask* dead) {
  const Fr sum = product_of(add(r.x, r.z), one<FrParams>());
  *dead = either(zeros_of(r.z), zeros_of(sum));
  return select(*dead, sum, one<FrParams>());
}

/// The tag of S || VPKr: two bytes, little-endian.
SERO_INLINE void scan_tags(const Words* secret, const Words* vpkr, uint64_t* tags) {
  constexpr uint64_t SERO_TAG = 0x6761745f4f524553ull;  // "SERO_tag"
  Words block[BLAKE2B_BLOCK_WORDS] = {};
  for (int k = 0; k < 4; k++) {
    block[k] = secret[k];
    block[4 + k] = vpkr[k];
  }
  Words digest[8];
  blake2b_block(digest, block, 64, SERO_TAG, 0);
  std::memcpy(tags, &digest[0], 8 * LANES);
  for (int lane = 0; lane < LANES; lane++) tags[lane] &= 0xffff;
}

/// Copies of LANES outputs; lanes beyond `here` repeat the first.
struct OutputLanes {
  uint8_t byte[LANES][OUTPUT_BYTES + 6];

  uint64_t tag(int lane) const { return byte[lane][32] | static_cast<uint64_t>(byte[lane][33]) << 8; }
};

SERO_INLINE void load_outputs(const uint8_t* outputs, size_t here, OutputLanes* out) {
  for (size_t lane = 0; lane < LANES; lane++) {
    std::memcpy(out->byte[lane], outputs + OUTPUT_BYTES * (lane < here ? lane : 0), OUTPUT_BYTES);
  }
}

SERO_INLINE void load_vpkr(const OutputLanes& lanes, Words* words) {
  for (int k = 0; k < 4; k++) words[k] = gather_words(lanes.byte[0] + 8 * k, sizeof lanes.byte[0]);
}

/// All that a chunk computes; wiped at its end.
struct FilterChunk {
  Fr denominator[VECTORS];
  Fr v[VECTORS];
  Ladder ladder;
  LadderResult result;
};

/// JubjubKernels::filter.
SERO_NOINLINE void filter_outputs(const uint8_t* view_key, const uint8_t* outputs, size_t count,
                                  uint8_t* maybe) {
  const Fr unit = one<FrParams>();
  FilterChunk work;
  Mask live[VECTORS];
  OutputLanes lanes;
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t chunk = count - start < CHUNK ? count - start : CHUNK;
    const size_t vectors = (chunk + LANES - 1) / LANES;
    const uint8_t* const source = outputs + OUTPUT_BYTES * start;
    for (size_t k = 0; k < vectors; k++) {
      const size_t here = chunk - LANES * k < LANES ? chunk - LANES * k : LANES;
      const Encoding encoding = load_encodings(source + OUTPUT_BYTES * LANES * k, OUTPUT_BYTES, here);
      const Mask infinite = zeros_of(sub(encoding.v, unit));
      live[k] = except(encoding.canonical, infinite);
      work.v[k] = encoding.v;
      work.denominator[k] = select(infinite, sub(unit, encoding.v), unit);
    }
    invert_all(work.denominator, vectors);
    for (size_t k = 0; k < vectors; k++) {
      run_ladder(&work.ladder, product_of(add(unit, work.v[k]), work.denominator[k]), view_key, false);
      work.result = ladder_result(work.ladder);
      Mask dead;
      work.denominator[k] = result_denominator(work.result, &dead);
      work.v[k] = sub(work.result.x, work.result.z);
      live[k] = except(live[k], dead);
    }
    invert_all(work.denominator, vectors);
    for (size_t k = 0; k < vectors; k++) {
      const size_t here = chunk - LANES * k < LANES ? chunk - LANES * k : LANES;
      LaneBytes bytes = canonical_bytes(product_of(work.v[k], work.denominator[k]));
      load_outputs(source + OUTPUT_BYTES * LANES * k, here, &lanes);
      Words secret[4], vpkr[4];
      uint64_t tags[2][LANES];
      for (int w = 0; w < 4; w++) secret[w] = gather_words(bytes.byte[0] + 8 * w, 32);
      load_vpkr(lanes, vpkr);
      scan_tags(secret, vpkr, tags[0]);
      secret[3] |= same_word(uint64_t{1} << 63);
      scan_tags(secret, vpkr, tags[1]);
      for (size_t lane = 0; lane < here; lane++) {
        const uint64_t tag = lanes.tag(static_cast<int>(lane));
        const bool fits = tags[0][lane] == tag || tags[1][lane] == tag;
        maybe[start + LANES * k + lane] = fits && has_lane(live[k], static_cast<int>(lane)) ? 1 : 0;
      }
      sero_wipe(&bytes, sizeof bytes);
      sero_wipe(secret, sizeof secret);
    }
  }
  sero_wipe(&work, sizeof work);
}

struct SecretChunk {
  Encoding encoding[VECTORS];
  Fr inverse[VECTORS];
  /// S: u = u / denominator, v = v / denominator.
  Fr u[VECTORS];
  Fr v[VECTORS];
  Ladder ladder;
  LadderResult result;
};

/// u and v of S over one denominator, from P = (x, y), [k]P and [k + 1]P. Okeya and Sakurai, CHES 2001;
/// Costello and Smith, algorithm 5. The recovered Y is scaled by the u of P, since y = x / u.
SERO_INLINE void recover_secret(const Fr& x, const Fr& u, const LadderResult& r, const Fr& live_sum,
                                Mask dead, SecretChunk* work, size_t k) {
  const Fr unit = one<FrParams>();
  const Fr xz = product_of(x, r.z);
  const Fr twice_a_z = product_of(constant_of(jubjub_constants::TWICE_A), r.z);
  const Fr apart = product_of(square_of(sub(r.x, xz)), r.next_x);
  // Below 6p, times what is below 4p.
  const Fr sums = product_of(add(add(r.x, xz), twice_a_z), add(product_of(x, r.x), r.z));
  const Fr y = product_of(sub(product_of(sub(sums, product_of(twice_a_z, r.z)), r.next_z), apart), u);
  const Fr scale = product_of(product_of(constant_of(jubjub_constants::TWICE_B), xz), r.next_z);
  // Where [k + 1]P is the identity, S is -P.
  const Mask opposite = zeros_of(r.next_z);
  const Fr numerator = select(opposite, product_of(scale, r.x), product_of(neg(u), unit));
  const Fr below = select(either(opposite, dead), y, unit);
  work->inverse[k] = product_of(below, live_sum);
  work->u[k] = product_of(numerator, live_sum);
  work->v[k] = product_of(sub(r.x, r.z), below);
}

/// JubjubKernels::share_secrets.
SERO_NOINLINE void share_secrets(const uint8_t* view_key, const uint8_t* outputs, size_t count,
                                 uint8_t* alive, uint8_t* secrets) {
  RootTables tables;
  load_root_tables(&tables);
  const CurveConstants curve = curve_constants();
  const Fr& unit = curve.one_;
  SecretChunk work;
  Mask live[VECTORS];
  for (size_t start = 0; start < count; start += CHUNK) {
    const size_t chunk = count - start < CHUNK ? count - start : CHUNK;
    const size_t vectors = (chunk + LANES - 1) / LANES;
    const uint8_t* const source = outputs + OUTPUT_BYTES * start;
    for (size_t k = 0; k < vectors; k++) {
      const size_t here = chunk - LANES * k < LANES ? chunk - LANES * k : LANES;
      Encoding encoding = load_encodings(source + OUTPUT_BYTES * LANES * k, OUTPUT_BYTES, here);
      // The identity has no x; nothing is shared with it.
      const Mask infinite = zeros_of(sub(encoding.v, unit));
      encoding.canonical = except(encoding.canonical, infinite);
      const Fr m = select(infinite, sub(unit, encoding.v), unit);
      work.inverse[k] = product_of(m, curve_denominator(encoding.v, curve));
      work.u[k] = m;
      work.encoding[k] = encoding;
    }
    invert_all(work.inverse, vectors);
    for (size_t k = 0; k < vectors; k++) {
      const Fr& v = work.encoding[k].v;
      const Fr x = product_of(product_of(add(unit, v), curve_denominator(v, curve)), work.inverse[k]);
      Mask valid, dead;
      const Fr u = recover_u(work.encoding[k], product_of(work.inverse[k], work.u[k]), curve, tables, &valid);
      run_ladder(&work.ladder, x, view_key, true);
      work.result = ladder_result(work.ladder);
      const Fr sum = result_denominator(work.result, &dead);
      live[k] = except(valid, dead);
      recover_secret(x, u, work.result, sum, except(ALL_LANES, live[k]), &work, k);
    }
    invert_all(work.inverse, vectors);
    for (size_t k = 0; k < vectors; k++) {
      LaneBytes v_bytes = canonical_bytes(product_of(work.v[k], work.inverse[k]));
      LaneBytes u_bytes = canonical_bytes(product_of(work.u[k], work.inverse[k]));
      for (size_t lane = 0; lane < LANES && LANES * k + lane < chunk; lane++) {
        const size_t at = start + LANES * k + lane;
        const bool is_live = has_lane(live[k], static_cast<int>(lane));
        alive[at] = is_live ? 1 : 0;
        uint8_t* const out = secrets + 32 * at;
        if (is_live) {
          std::memcpy(out, v_bytes.byte[lane], 32);
          out[31] = static_cast<uint8_t>(out[31] | u_bytes.byte[lane][0] << 7);
        } else {
          std::memset(out, 0, 32);
        }
      }
      sero_wipe(&v_bytes, sizeof v_bytes);
      sero_wipe(&u_bytes, sizeof u_bytes);
    }
  }
  sero_wipe(&work, sizeof work);
}

/// JubjubKernels::match_tags.
SERO_NOINLINE void match_tags(const uint8_t* secrets, const uint8_t* outputs, size_t count, uint8_t* fits) {
  OutputLanes lanes;
  LaneBytes bytes;
  for (size_t at = 0; at < count; at += LANES) {
    const size_t here = count - at < LANES ? count - at : LANES;
    load_outputs(outputs + OUTPUT_BYTES * at, here, &lanes);
    for (size_t lane = 0; lane < LANES; lane++) {
      std::memcpy(bytes.byte[lane], secrets + 32 * (at + (lane < here ? lane : 0)), 32);
    }
    Words secret[4], vpkr[4];
    uint64_t tags[LANES];
    for (int w = 0; w < 4; w++) secret[w] = gather_words(bytes.byte[0] + 8 * w, 32);
    load_vpkr(lanes, vpkr);
    scan_tags(secret, vpkr, tags);
    for (size_t lane = 0; lane < here; lane++) {
      fits[at + lane] = tags[lane] == lanes.tag(static_cast<int>(lane)) ? 1 : 0;
    }
    sero_wipe(secret, sizeof secret);
  }
  sero_wipe(&bytes, sizeof bytes);
}

}  // namespace jubjub
}  // namespace SERO_KERNEL
}  // namespace sero
