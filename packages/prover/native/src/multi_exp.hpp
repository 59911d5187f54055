// Multi-exponentiation, sum_i [k_i] P_i, over fixed points: Pippenger's buckets, added up by affine additions in
// batches.
//
// Method. With window c, k + sum_j 2^(c-1+cj) is cut into W digits of c bits; each less 2^(c-1) gives signed digits
// without carries. A table holds T copies of the points, copy s multiplied by 2^(c S s), S = ceil(W / T), so that digit
// k + S s of a scalar goes, for copy s, to the same set of 2^(c-1) buckets k: S sets in place of W, which is what the
// points' being fixed buys (Brickell, Gordon, McCurley, Wilson, EUROCRYPT '92; Pippenger, FOCS 1976). The points of a
// bucket are added pairwise, round after round, in batches (batch_add.hpp): many buckets side by side, one a lane
// (column_sums.hpp), or pair by pair where lanes are few or two points do not add by the plain formula. sum_b b B_b of a
// set is brought down by halving: with i = b - 1, the odd i of each level weigh 2^level, and neighbours are added to make
// the next level: two affine additions a bucket, again in batches.
//
// Included after a field header and fq2.hpp.
#pragma once

#include "batch_add.hpp"
#include "column_sums.hpp"

namespace sero {
namespace SERO_KERNEL {

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

/// Memory for sum_by_rows and reduce_buckets, cut from one block.
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

/// The sums of consecutive segments of references, pair by pair: `out` gets a point a segment, infinity for an empty
/// one. The lengths' sum is at most what the workspace was made for; lengths are overwritten.
template <class F>
static void sum_by_rows(const uint8_t* table, const uint32_t* refs, uint32_t* lengths, size_t segments, uint8_t* out,
                        const Workspace<F>& work) {
  constexpr size_t BYTES = ROW_POINT_BYTES<F>;
  const uint8_t* points = table;
  Ahead none = {table, nullptr, 0};
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
    run_round<F>(round, points, next, work.scratch, &with_care, &none);
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

/// What sum_tasks needs at once: rows for the pieces of large segments of each task, and the memory of columns or, after
/// them, of rows.
template <class F>
struct SumWorkspace {
  /// A segment of more than PIECE points is cut into at most twice as many pieces as fill it.
  static size_t extra_rows(size_t elements) { return 2 * elements / PIECE + 2; }
  static size_t extra_bytes(size_t elements) {
    return (extra_rows(elements) * (2 * ROW_POINT_BYTES<F> + 3 * sizeof(uint32_t)) + 63) / 64 * 64;
  }
  static size_t bytes(size_t elements) {
    ColumnWorkspace<F> none;
    const size_t columns = ColumnWorkspace<F>::cut(nullptr, elements, &none), rows = Workspace<F>::bytes(elements);
    return TOGETHER<F> * extra_bytes(elements) + (columns > rows ? columns : rows);
  }
};

/// The segments of a task that are cut, and rows for their pieces.
template <class F>
struct LargeSegments {
  uint8_t *rows, *merged;
  uint32_t *owners, *lengths, *refs;
  size_t count;

  LargeSegments(uint8_t* memory, size_t elements) : rows(memory), count(0) {
    const size_t extras = SumWorkspace<F>::extra_rows(elements);
    merged = rows + extras * ROW_POINT_BYTES<F>;
    owners = reinterpret_cast<uint32_t*>(merged + extras * ROW_POINT_BYTES<F>);
    lengths = owners + extras;
    refs = lengths + extras;
  }

  /// Adds the pieces up. `work` is for as many elements as the task's.
  void merge(uint8_t* out, const Workspace<F>& work) {
    if (count == 0) return;
    sum_by_rows<F>(rows, refs, lengths, count, merged, work);
    for (size_t i = 0; i < count; i++) {
      std::memcpy(out + owners[i] * ROW_POINT_BYTES<F>, merged + i * ROW_POINT_BYTES<F>, ROW_POINT_BYTES<F>);
    }
  }
};

/// Cuts a task into pieces; returns how many.
template <class F>
static size_t cut_task(const SumTask& task, Piece* pieces, LargeSegments<F>* large) {
  constexpr size_t BYTES = ROW_POINT_BYTES<F>;
  size_t made = 0, cut = 0;
  const uint32_t* at = task.refs;
  for (size_t s = 0; s < task.segments; s++) {
    uint32_t left = task.lengths[s];
    if (left == 0) std::memset(task.out + s * BYTES, 0, BYTES);
    const bool is_cut = left > PIECE;
    if (is_cut) {
      large->owners[large->count] = static_cast<uint32_t>(s);
      large->lengths[large->count++] = (left + PIECE - 1) / PIECE;
    }
    while (left > 0) {
      const uint32_t length = left < PIECE ? left : PIECE;
      large->refs[cut] = static_cast<uint32_t>(cut << 1);
      pieces[made++] = {at, length, is_cut ? large->rows + cut++ * BYTES : task.out + s * BYTES};
      at += length;
      left -= length;
    }
  }
  return made;
}

/// The sums of at most TOGETHER tasks by columns; false, with some of them written, where two points of a pair have the
/// same x. `later` is what follows the last task.
template <class F>
static bool sum_by_columns(const uint8_t* table, const SumTask* tasks, size_t count, const Ahead& later,
                           uint8_t* memory, size_t elements) {
  const size_t extra = SumWorkspace<F>::extra_bytes(elements);
  uint8_t* shared = memory + TOGETHER<F> * extra;
  ColumnWorkspace<F> work;
  ColumnWorkspace<F>::cut(shared, elements, &work);
  Stack stacks[TOGETHER<F>];
  size_t large[TOGETHER<F>];
  uint32_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    LargeSegments<F> own(memory + i * extra, elements);
    const size_t pieces = cut_task<F>(tasks[i], work.pieces, &own);
    large[i] = own.count;
    sort_pieces(work.pieces, pieces, work.sorted[i]);
    stacks[i] = {work.sorted[i], pieces, work.columns[i], columns_of(pieces)};
    Ahead next = {table, nullptr, 0};
    if (i + 1 < count) next = {table, tasks[i + 1].refs, tasks[i + 1].references};
    if (!begin_columns<F>(table, &stacks[i], &kept, work, &next)) return false;
  }
  Ahead ahead = later;
  if (!end_columns<F>(table, stacks, count, work, &ahead)) return false;
  for (size_t i = 0; i < count; i++) {
    LargeSegments<F> own(memory + i * extra, elements);
    own.count = large[i];
    own.merge(tasks[i].out, Workspace<F>::over(shared, elements, true));
  }
  return true;
}

/// The sums of tasks over one table, each of at most `elements` references.
template <class F>
static void sum_tasks(const uint8_t* table, const SumTask* tasks, size_t count, uint8_t* memory, size_t elements) {
  const auto by_rows = [&](const SumTask* from, size_t some) {
    const Workspace<F> rows = Workspace<F>::over(memory, elements, true);
    for (size_t i = 0; i < some; i++) {
      sum_by_rows<F>(table, from[i].refs, from[i].lengths, from[i].segments, from[i].out, rows);
    }
  };
  // With few lanes there is little to transpose, and columns only move points about: of two lanes neither way is
  // faster, with one a proof takes a twelfth longer by columns.
  if (LANES < 8) return by_rows(tasks, count);
  for (size_t from = 0; from < count; from += TOGETHER<F>) {
    const size_t some = count - from < TOGETHER<F> ? count - from : TOGETHER<F>, end = from + some;
    Ahead later = {table, nullptr, 0};
    if (end < count) later = {table, tasks[end].refs, tasks[end].references};
    if (!sum_by_columns<F>(table, tasks + from, some, later, memory, elements)) by_rows(tasks + from, some);
  }
}

/// sum_i (i + 1) B_i over 2^power buckets, power below MAX_WINDOW. `work` holds the buckets at its beginning and has
/// room for 3 * 2^power points; `lists` are for 2 * 2^power elements.
///
/// Level j has 2^(power-j) points X_j; X_(j+1) adds neighbours of X_j, and those of odd index weigh 2^j: list j. A
/// round halves every list there is and the level, in one batch.
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
  static void sum(const uint8_t* table, const SumTask* tasks, size_t count, void* workspace, size_t elements) {
    sum_tasks<F>(table, tasks, count, static_cast<uint8_t*>(workspace), elements);
  }
  static void reduce(uint8_t* work, unsigned power, void* workspace, void* out) {
    reduce_buckets<F>(work, power, Workspace<F>::over(workspace, size_t{2} << power, false),
                      static_cast<typename Curve<F>::Point*>(out));
  }
  static constexpr MultiExpKernels table() {
    return {ROW_POINT_BYTES<F>, FILE_POINT_BYTES<F>, SumWorkspace<F>::bytes, Workspace<F>::lists_bytes,
            expand_points<F>,   sum,                 reduce,              add_one<F>};
  }
};

}  // namespace SERO_KERNEL
}  // namespace sero
