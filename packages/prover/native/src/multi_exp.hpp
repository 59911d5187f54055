// Multi-exponentiation, sum_i [k_i] P_i, over fixed points: Pippenger's buckets, added up by affine additions in batches.
//
// Method. With window c, k + sum_j 2^(c-1+cj) is cut into W digits of c bits; each less 2^(c-1) gives signed digits
// without carries. A table holds T copies of the points, copy s multiplied by 2^(c S s), S = ceil(W / T), so that digit
// k + S s of a scalar goes, for copy s, to the same set of 2^(c-1) buckets k: S sets in place of W, which is what the
// points' being fixed buys (Brickell, Gordon, McCurley, Wilson, EUROCRYPT '92; Pippenger, FOCS 1976). The points of a
// bucket, sorted there, are added pairwise, round after round: all pairs of a round are independent, so one inversion
// serves thousands of additions (Montgomery's trick), and an affine addition costs 5 multiplications and a square in place
// of 11 (mixed Jacobian). sum_b b B_b of a set is brought down by halving: with i = b - 1, the odd i of each level weigh
// 2^level, and neighbours are added to make the next level: two affine additions a bucket, again in batches.
//
// Exceptions. A pair of equal points, of opposite ones, or with infinity has no affine sum of the plain formula. Infinity
// never enters a table. A zero difference of x makes the batch's product zero, which is seen at the inversion; then the
// batch is done again, and so are the later ones of its piece of work, with every pair looked at: those without a plain
// sum go through blst's complete addition. Infinity is a point whose row of y is all zeros: no point of odd order has
// y = 0, and coordinates of others are never written as zeros.
//
// Included after a field header and fq2.hpp.
#pragma once

#include "kernels.hpp"

namespace sero {
namespace SERO_KERNEL {

template <class F>
struct Curve;

template <>
struct Curve<Fq> {
  using Affine = blst_p1_affine;
  using Point = blst_p1;
  static void add(Point* out, const Point* a, const Affine* b) { blst_p1_add_or_double_affine(out, a, b); }
  static void from_affine(Point* out, const Affine* a) { blst_p1_from_affine(out, a); }
  static void to_affine(Affine* out, const Point* a) { blst_p1_to_affine(out, a); }
  static void twice(Point* out, const Point* a) { blst_p1_double(out, a); }
  static bool is_infinity(const Point* a) { return blst_p1_is_inf(a); }
  static void negate(Point* a) { blst_p1_cneg(a, true); }
};

template <>
struct Curve<Fq2> {
  using Affine = blst_p2_affine;
  using Point = blst_p2;
  static void add(Point* out, const Point* a, const Affine* b) { blst_p2_add_or_double_affine(out, a, b); }
  static void from_affine(Point* out, const Affine* a) { blst_p2_from_affine(out, a); }
  static void to_affine(Affine* out, const Point* a) { blst_p2_to_affine(out, a); }
  static void twice(Point* out, const Point* a) { blst_p2_double(out, a); }
  static bool is_infinity(const Point* a) { return blst_p2_is_inf(a); }
  static void negate(Point* a) { blst_p2_cneg(a, true); }
};

template <class F>
static bool is_infinity_row(const uint8_t* row) {
  uint64_t any = 0, word;
  for (size_t i = ROW_POINT_BYTES<F> / 2; i < ROW_POINT_BYTES<F>; i += 8) {
    std::memcpy(&word, row + i, 8);
    any |= word;
  }
  return any == 0;
}

/// One point of a table, or infinity, in blst's form; false for infinity.
template <class F>
static bool row_to_affine(const uint8_t* row, typename Curve<F>::Affine* out) {
  if (is_infinity_row<F>(row)) return false;
  const uint8_t* rows[LANES];
  for (int k = 0; k < LANES; k++) rows[k] = row;
  typename Curve<F>::Affine lanes[LANES];
  uint8_t* base = reinterpret_cast<uint8_t*>(lanes);
  store_file_coordinate(base, strided(sizeof lanes[0]), 0, load_coordinate<F>(rows, 0));
  store_file_coordinate(base, strided(sizeof lanes[0]), 1, load_coordinate<F>(rows, 1));
  *out = lanes[0];
  return true;
}

template <class F>
static void affine_to_row(const typename Curve<F>::Affine& point, uint8_t* row) {
  typename Curve<F>::Affine lanes[LANES];
  alignas(64) uint8_t spare[ROW_POINT_BYTES<F>];
  uint8_t* rows[LANES];
  for (int k = 0; k < LANES; k++) {
    lanes[k] = point;
    rows[k] = k == 0 ? row : spare;
  }
  const uint8_t* base = reinterpret_cast<const uint8_t*>(lanes);
  store_coordinate(rows, 0, load_file_coordinate<F>(base, strided(sizeof lanes[0]), 0));
  store_coordinate(rows, 1, load_file_coordinate<F>(base, strided(sizeof lanes[0]), 1));
}

/// What a group of additions keeps between the two passes of Montgomery's trick.
template <class F>
struct PairScratch {
  F difference;
  F prefix;
  /// Lanes whose pairs have no plain sum.
  Mask special;
};

/// One addition of points that may be anything, infinity among them.
template <class F>
static void add_one(const uint8_t* points, uint32_t left, uint32_t right, uint8_t* out) {
  using C = Curve<F>;
  typename C::Affine affine;
  typename C::Point sum;
  std::memset(&sum, 0, sizeof sum);
  const uint32_t refs[2] = {left, right};
  for (const uint32_t ref : refs) {
    if (!row_to_affine<F>(points + (ref >> 1) * ROW_POINT_BYTES<F>, &affine)) continue;
    typename C::Point term;
    C::from_affine(&term, &affine);
    if (ref & 1) C::negate(&term);
    C::to_affine(&affine, &term);
    if (C::is_infinity(&sum)) {
      sum = term;
    } else {
      C::add(&sum, &sum, &affine);
    }
  }
  if (C::is_infinity(&sum)) {
    std::memset(out, 0, ROW_POINT_BYTES<F>);
    return;
  }
  C::to_affine(&affine, &sum);
  affine_to_row<F>(affine, out);
}

/// Points that are used soon: lines of the cache are filled with them while others are added. Tables are far larger than the
/// cache, and a burst of reads at the beginning of a task would wait for memory.
struct Ahead {
  const uint8_t* points;
  const uint32_t* refs;
  size_t count;
};

/// As many points as a pass over a group of pairs takes: so that two passes over half of a task's pairs are enough for the next.
template <class F>
SERO_INLINE void prefetch_ahead(Ahead* ahead) {
  if (ahead->count < LANES) return;
  for (size_t k = 0; k < LANES; k++) {
    const uint8_t* at = ahead->points + (ahead->refs[k] >> 1) * ROW_POINT_BYTES<F>;
    for (size_t line = 0; line < ROW_POINT_BYTES<F>; line += 64) __builtin_prefetch(at + line, 0, 2);
  }
  ahead->refs += LANES;
  ahead->count -= LANES;
}

/// The points of a group of pairs, ahead of their use.
template <class F, int PART>
SERO_INLINE void prefetch_pairs(const uint8_t* points, const uint32_t* refs, size_t pairs) {
  constexpr size_t HALF = ROW_POINT_BYTES<F> / 2;
  for (size_t k = 0; k < 2 * pairs; k++) {
    const uint8_t* at = points + (refs[k] >> 1) * ROW_POINT_BYTES<F> + PART * HALF;
    for (size_t line = 0; line < HALF; line += 64) __builtin_prefetch(at + line);
  }
}

/// out[slots[i]] = points[refs[2i] >> 1] + points[refs[2i + 1] >> 1], each negated where its reference is odd. `scratch` holds
/// an element for each LANES pairs. Without care no point may be infinity, and where a pair has equal x the answer is
/// false and nothing is written; with care it is always true.
template <class F>
static bool add_pairs(const uint8_t* points, const uint32_t* refs, size_t pairs, uint8_t* out, const uint32_t* slots,
                      PairScratch<F>* scratch, bool with_care, Ahead* later) {
  using T = CoordinateTraits<F>;
  constexpr size_t BYTES = ROW_POINT_BYTES<F>;
  const size_t groups = (pairs + LANES - 1) / LANES;
  if (groups == 0) return true;
  Ahead ahead = *later;
  const uint8_t *left[LANES], *right[LANES];
  const auto gather = [&](size_t group) {
    for (int k = 0; k < LANES; k++) {
      size_t i = group * LANES + k;
      if (i >= pairs) i = pairs - 1;
      left[k] = points + (refs[2 * i] >> 1) * BYTES;
      right[k] = points + (refs[2 * i + 1] >> 1) * BYTES;
    }
  };

  F product = T::one();
  for (size_t g = 0; g < groups; g++) {
    const size_t next = (g + 2) * LANES;
    if (next + LANES <= pairs) prefetch_pairs<F, 0>(points, refs + 2 * next, LANES);
    prefetch_ahead<F>(&ahead);
    gather(g);
    F difference = sub_loose(load_coordinate<F>(right, 0), load_coordinate<F>(left, 0));
    const size_t active = pairs - g * LANES;
    if (active < LANES) difference = select(static_cast<Mask>(0xff << active), difference, T::one());
    scratch[g].special = 0;
    if (with_care) {
      Mask special = is_zero(difference);
      for (int k = 0; k < LANES; k++) {
        if (is_infinity_row<F>(left[k]) || is_infinity_row<F>(right[k])) special |= static_cast<Mask>(1 << k);
      }
      difference = select(special, difference, T::one());
      scratch[g].special = special;
    }
    scratch[g].difference = difference;
    scratch[g].prefix = product;
    product = mul(product, difference);
  }
  F inverse;
  if (!invert(product, &inverse)) return false;

  alignas(64) uint8_t spare[BYTES];
  for (size_t g = groups; g-- > 0;) {
    if (g >= 2) prefetch_pairs<F, 1>(points, refs + 2 * (g - 2) * LANES, LANES);
    prefetch_ahead<F>(&ahead);
    gather(g);
    uint8_t* to[LANES];
    uint32_t left_sign = 0, differing_sign = 0;
    for (int k = 0; k < LANES; k++) {
      const size_t i = g * LANES + k;
      const size_t pair = i < pairs ? i : pairs - 1;
      to[k] = i < pairs ? out + slots[i] * BYTES : spare;
      left_sign |= (refs[2 * pair] & 1) << k;
      differing_sign |= ((refs[2 * pair] ^ refs[2 * pair + 1]) & 1) << k;
    }
    const F reciprocal = mul(inverse, scratch[g].prefix);
    inverse = mul(inverse, scratch[g].difference);
    // With s the sign of the left point: s (L + R) = |L| + s R, so one relative sign is enough until the end.
    const F x1 = load_coordinate<F>(left, 0), y1 = load_coordinate<F>(left, 1);
    const F y2 = load_coordinate<F>(right, 1);
    const F slope = mul(signed_difference(static_cast<Mask>(differing_sign), y2, y1), reciprocal);
    const F x3 = chord_x(sqr(slope), x1, scratch[g].difference);
    const F y3 = sub_tight_signed(static_cast<Mask>(left_sign), mul(slope, sub_loose(x1, x3)), y1);
    store_coordinate(to, 0, x3);
    store_coordinate(to, 1, y3);
    for (int k = 0; scratch[g].special >> k; k++) {
      const size_t i = g * LANES + k;
      if (((scratch[g].special >> k) & 1) && i < pairs) add_one<F>(points, refs[2 * i], refs[2 * i + 1], to[k]);
    }
  }
  *later = ahead;
  return true;
}

/// The pairs of one round, and where their sums go.
struct Round {
  uint32_t* refs;
  uint32_t* slots;
  size_t pairs;

  void add(uint32_t left, uint32_t right, size_t slot) {
    refs[2 * pairs] = left;
    refs[2 * pairs + 1] = right;
    slots[pairs++] = static_cast<uint32_t>(slot);
  }
};

template <class F>
static void run_round(const Round& round, const uint8_t* points, uint8_t* out, PairScratch<F>* scratch,
                      bool* with_care, Ahead* later) {
  if (!*with_care && add_pairs<F>(points, round.refs, round.pairs, out, round.slots, scratch, false, later)) return;
  *with_care = true;
  add_pairs<F>(points, round.refs, round.pairs, out, round.slots, scratch, true, later);
}

/// out = one point of a table, negated where `ref` is odd.
template <class F>
static void copy_point(const uint8_t* points, uint32_t ref, uint8_t* out) {
  const uint8_t* from = points + (ref >> 1) * ROW_POINT_BYTES<F>;
  if ((ref & 1) == 0) {
    std::memcpy(out, from, ROW_POINT_BYTES<F>);
    return;
  }
  alignas(64) uint8_t spare[ROW_POINT_BYTES<F>];
  const uint8_t* rows[LANES];
  uint8_t* to[LANES];
  for (int k = 0; k < LANES; k++) {
    rows[k] = from;
    to[k] = k == 0 ? out : spare;
  }
  store_coordinate(to, 0, load_coordinate<F>(rows, 0));
  store_coordinate(to, 1, sub_tight(CoordinateTraits<F>::zero(), load_coordinate<F>(rows, 1)));
}

/// Memory for sum_segments and reduce_buckets, cut from one block.
template <class F>
struct Workspace {
  uint8_t* points[2];
  PairScratch<F>* scratch;
  uint32_t* refs;
  uint32_t* slots;

  /// Bytes for rounds over at most `elements` points, and with buffers for what the rounds make.
  static size_t lists_bytes(size_t elements) {
    return (elements / 2 / LANES + 2) * sizeof(PairScratch<F>) + (2 * elements + 3) * 4 + 4 * 64;
  }
  static size_t bytes(size_t elements) {
    return 2 * (elements + 1) * ROW_POINT_BYTES<F> + lists_bytes(elements) + 2 * 64;
  }

  static Workspace over(void* block, size_t elements, bool has_buffers) {
    uint8_t* at = static_cast<uint8_t*>(block);
    const auto cut = [&at](size_t bytes) {
      uint8_t* piece = at;
      at += (bytes + 63) / 64 * 64;
      return piece;
    };
    Workspace w;
    for (uint8_t*& buffer : w.points) buffer = has_buffers ? cut((elements + 1) * ROW_POINT_BYTES<F>) : nullptr;
    w.scratch = reinterpret_cast<PairScratch<F>*>(cut((elements / 2 / LANES + 2) * sizeof(PairScratch<F>)));
    w.refs = reinterpret_cast<uint32_t*>(cut((elements + 1) * 4));
    w.slots = reinterpret_cast<uint32_t*>(cut((elements / 2 + 1) * 4));
    return w;
  }
};

/// The sums of consecutive segments of references: `out` gets a point a segment, infinity for an empty one. The lengths'
/// sum and their number are at most what the workspace was made for; lengths are overwritten. `later` are references to the same
/// table that the next call is likely to have: the first round reads the table, the others what the caches hold.
template <class F>
static void sum_segments(const uint8_t* table, const uint32_t* refs, uint32_t* lengths, size_t segments, uint8_t* out,
                         const uint32_t* later, size_t later_count, const Workspace<F>& work) {
  constexpr size_t BYTES = ROW_POINT_BYTES<F>;
  const uint8_t* points = table;
  Ahead none = {table, nullptr, 0}, ahead = {table, later, later_count};
  bool with_care = false;
  for (int turn = 0;; turn ^= 1) {
    // After the first round the points lie in order, none to be negated.
    const auto ref = [&](size_t i) { return points == table ? refs[i] : static_cast<uint32_t>(i << 1); };
    uint8_t* next = work.points[turn];
    Round round = {work.refs, work.slots, 0};
    size_t at = 0, slot = 0;
    bool is_last = true;
    for (size_t s = 0; s < segments; s++) {
      const uint32_t length = lengths[s];
      for (uint32_t i = 0; i + 1 < length; i += 2) round.add(ref(at + i), ref(at + i + 1), slot++);
      if (length & 1) copy_point<F>(points, ref(at + length - 1), next + slot++ * BYTES);
      at += length;
      lengths[s] = (length + 1) / 2;
      if (lengths[s] > 1) is_last = false;
    }
    run_round<F>(round, points, next, work.scratch, &with_care, points == table ? &none : &ahead);
    points = next;
    if (is_last) break;
  }
  size_t slot = 0;
  for (size_t s = 0; s < segments; s++) {
    if (lengths[s] == 0) {
      std::memset(out + s * BYTES, 0, BYTES);
    } else {
      std::memcpy(out + s * BYTES, points + slot++ * BYTES, BYTES);
    }
  }
}

/// sum_i (i + 1) B_i over 2^power buckets, power below MAX_WINDOW. `work` holds the buckets at its beginning and has room for
/// 3 * 2^power points; `lists` are for 2 * 2^power elements.
///
/// Level j has 2^(power-j) points X_j; X_(j+1) adds neighbours of X_j, and those of odd index weigh 2^j: list j. A round
/// halves every list there is and the level, in one batch.
template <class F>
static void reduce_buckets(uint8_t* work, unsigned power, const Workspace<F>& lists, typename Curve<F>::Point* out) {
  using C = Curve<F>;
  constexpr size_t BYTES = ROW_POINT_BYTES<F>;
  struct List {
    size_t first, step, length;
  };
  List list[MAX_WINDOW];
  List level = {0, 1, size_t{1} << power};
  size_t free_slot = level.length;
  bool with_care = false;
  // Round j makes list j; lists of length above 1 go on to be halved.
  for (unsigned turn = 0;; turn++) {
    if (turn < power) list[turn] = {level.first + level.step, 2 * level.step, level.length / 2};
    Round round = {lists.refs, lists.slots, 0};
    const auto halve = [&](List* l) {
      const List to = {free_slot, 1, l->length / 2};
      for (size_t i = 0; i < to.length; i++) {
        const size_t left = l->first + 2 * i * l->step, right = left + l->step, slot = free_slot++;
        const bool has_left = !is_infinity_row<F>(work + left * BYTES);
        const bool has_right = !is_infinity_row<F>(work + right * BYTES);
        if (has_left && has_right) {
          round.add(static_cast<uint32_t>(left << 1), static_cast<uint32_t>(right << 1), slot);
        } else {
          std::memcpy(work + slot * BYTES, work + (has_left ? left : right) * BYTES, BYTES);
        }
      }
      *l = to;
    };
    bool is_done = true;
    for (unsigned j = 0; j <= turn && j < power; j++) {
      if (list[j].length > 1) {
        halve(&list[j]);
        is_done = false;
      }
    }
    if (level.length > 1) {
      halve(&level);
      is_done = false;
    }
    if (is_done) break;
    Ahead none = {work, nullptr, 0};
    run_round<F>(round, work, work, lists.scratch, &with_care, &none);
  }
  // sum_i (i + 1) B_i = sum_i B_i + sum_j 2^j (list j).
  std::memset(out, 0, sizeof *out);
  typename C::Affine affine;
  const auto add_row = [&](size_t slot) {
    if (!row_to_affine<F>(work + slot * BYTES, &affine)) return;
    C::add(out, out, &affine);
  };
  for (unsigned j = power; j-- > 0;) {
    C::twice(out, out);
    add_row(list[j].first);
  }
  add_row(level.first);
}

/// Points `from` to `to` of `count` in a file's form to the table's copies: copy s at index s * count + i is
/// [2^(s shift)] P_i. No point is infinity.
template <class F>
static void expand_points(const uint8_t* points, size_t count, unsigned copies, unsigned shift, size_t from, size_t to,
                          uint8_t* table) {
  using T = CoordinateTraits<F>;
  constexpr size_t BYTES = ROW_POINT_BYTES<F>, GROUPS = 32;
  struct Group {
    F x, y, z, prefix;
  };
  alignas(64) Group group[GROUPS];
  alignas(64) uint8_t spare[BYTES];
  for (size_t first = from; first < to; first += GROUPS * LANES) {
    const size_t groups = ((to - first < GROUPS * LANES ? to - first : GROUPS * LANES) + LANES - 1) / LANES;
    const auto index = [&](size_t g, int k) {
      const size_t i = first + g * LANES + k;
      return i < to ? i : to - 1;
    };
    for (size_t g = 0; g < groups; g++) {
      uint64_t offset[LANES];
      for (int k = 0; k < LANES; k++) offset[k] = index(g, k) * FILE_POINT_BYTES<F>;
      group[g].x = load_file_coordinate<F>(points, offsets(offset), 0);
      group[g].y = load_file_coordinate<F>(points, offsets(offset), 1);
    }
    for (unsigned copy = 0;; copy++) {
      for (size_t g = 0; g < groups; g++) {
        uint8_t* rows[LANES];
        for (int k = 0; k < LANES; k++) {
          const bool is_own = first + g * LANES + k < to;
          rows[k] = is_own ? table + (copy * count + index(g, k)) * BYTES : spare;
        }
        store_coordinate(rows, 0, group[g].x);
        store_coordinate(rows, 1, group[g].y);
      }
      if (copy + 1 == copies) break;
      F product = T::one();
      for (size_t g = 0; g < groups; g++) {
        F x = group[g].x, y = group[g].y, z = T::one();
        // Jacobian doubling for a = 0 (dbl-2009-l of the Explicit-Formulas Database, with S = 4 X Y^2).
        for (unsigned i = 0; i < shift; i++) {
          const F yy = sqr(y), xx = sqr(x), xyy = mul(x, yy);
          const F m = add_tight(add_tight(xx, xx), xx);
          const F twice = add_tight(xyy, xyy), s = add_tight(twice, twice);
          const F yyyy = sqr(yy), four = add_tight(add_tight(yyyy, yyyy), add_tight(yyyy, yyyy));
          const F yz = mul(y, z);
          x = sub2_tight(sqr(m), s, s);
          y = sub2_tight(mul(m, sub_tight(s, x)), four, four);
          z = add_tight(yz, yz);
        }
        group[g] = {x, y, z, product};
        product = mul(product, z);
      }
      F inverse;
      // Points of odd order have no zero z. Were a key's points of even order, sums would be wrong, not unsafe.
      if (!invert(product, &inverse)) inverse = T::one();
      for (size_t g = groups; g-- > 0;) {
        const F reciprocal = mul(inverse, group[g].prefix), square = sqr(reciprocal);
        inverse = mul(inverse, group[g].z);
        group[g].x = mul(group[g].x, square);
        group[g].y = mul(group[g].y, mul(square, reciprocal));
      }
    }
  }
}

/// The functions of one group as `Kernels` lists them.
template <class F>
struct MultiExpKernel {
  static void sum(const uint8_t* table, const uint32_t* refs, uint32_t* lengths, size_t segments, uint8_t* out,
                  const uint32_t* later, size_t later_count, void* workspace, size_t elements) {
    sum_segments<F>(table, refs, lengths, segments, out, later, later_count,
                    Workspace<F>::over(workspace, elements, true));
  }
  static void reduce(uint8_t* work, unsigned power, void* workspace, void* out) {
    reduce_buckets<F>(work, power, Workspace<F>::over(workspace, size_t{2} << power, false),
                      static_cast<typename Curve<F>::Point*>(out));
  }
  static constexpr MultiExpKernels table() {
    return {ROW_POINT_BYTES<F>, FILE_POINT_BYTES<F>, Workspace<F>::bytes, Workspace<F>::lists_bytes,
            expand_points<F>,   sum,                 reduce,              add_one<F>};
  }
};

}  // namespace SERO_KERNEL
}  // namespace sero
