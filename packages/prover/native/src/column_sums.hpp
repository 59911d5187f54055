// Sums of many short lists of points, a list a lane: LANES lists of nearly equal length make a column, whose points
// lie position by position, so that after the first round nothing is gathered, transposed or copied one by one.
//
// Lists are sorted by length, and longer ones than PIECE cut, so that lanes seldom wait for each other.
//
// Each round costs an inversion however few pairs it has. So several tasks go together: the first two rounds, three quarters
// of the work, task by task while its points are in the cache, the others in common. Included after batch_add.hpp.
#pragma once

#include "batch_add.hpp"

namespace sero {
namespace SERO_KERNEL {

/// Lists longer than this are added up in pieces.
constexpr uint32_t PIECE = 64;

/// Part of a bucket: `length` references, 1 to PIECE of them, and the row where their sum goes.
struct Piece {
  const uint32_t* refs;
  uint32_t length;
  uint8_t* to;
};

/// A point in each lane.
template <class F>
struct LanePoint {
  F x, y;
};

/// Where a column's points begin, and how many its longest list has; pieces [LANES c, LANES (c + 1)) are its lists.
struct Column {
  uint32_t first;
  uint32_t length;
};

/// The most tasks that go together.
template <class F>
constexpr size_t TOGETHER = CoordinateTraits<F>::PARTS == 1 ? 4 : 2;

/// The columns of a task.
struct Stack {
  /// Sorted, the longest first.
  Piece* pieces;
  size_t count;
  Column* columns;
  /// The columns whose lists have more than one point.
  size_t open;
};

/// Columns of `count` pieces.
SERO_INLINE size_t columns_of(size_t count) { return (count + LANES - 1) / LANES; }
/// At most so many positions have columns that hold `elements` points in all: sorted, a column is no longer than the
/// shortest list of the one before.
SERO_INLINE size_t positions_of(size_t elements) { return elements / LANES + PIECE + 1; }

/// Pairs of references; the last one of a lane may have no right point.
template <class F>
struct GatheredPairs {
  const uint8_t* table;
  const uint32_t* refs;
  /// Lanes without a right point, and where sums go, by group.
  const Mask* single;
  const uint32_t* to;
  size_t groups;
  LanePoint<F>* out;

  SERO_MEMBER const uint8_t* point(size_t g, int k, int side) const {
    return table + (refs[2 * (g * LANES + k) + side] >> 1) * ROW_POINT_BYTES<F>;
  }
  SERO_MEMBER void fetch_first(size_t g) const {
    if (g + 2 < groups) prefetch_pairs<F, 0>(table, refs + 2 * (g + 2) * LANES, LANES);
  }
  SERO_MEMBER void fetch_second(size_t g) const {
    if (g >= 2) prefetch_pairs<F, 1>(table, refs + 2 * (g - 2) * LANES, LANES);
  }
  SERO_MEMBER Mask differences(size_t g, F* difference) const {
    const uint8_t *left[LANES], *right[LANES];
    for (int k = 0; k < LANES; k++) {
      left[k] = point(g, k, 0);
      right[k] = point(g, k, 1);
    }
    *difference = sub_loose(load_coordinate<F>(right, 0), load_coordinate<F>(left, 0));
    if (single[g] != 0) *difference = select(single[g], *difference, CoordinateTraits<F>::one());
    return single[g];
  }
  SERO_MEMBER Signs load(size_t g, F* x1, F* y1, F* y2) const {
    const uint8_t *left[LANES], *right[LANES];
    uint32_t left_sign = 0, differing_sign = 0;
    for (int k = 0; k < LANES; k++) {
      left[k] = point(g, k, 0);
      right[k] = point(g, k, 1);
      const uint32_t* pair = refs + 2 * (g * LANES + k);
      left_sign |= (pair[0] & 1) << k;
      differing_sign |= ((pair[0] ^ pair[1]) & 1) << k;
    }
    *x1 = load_coordinate<F>(left, 0);
    *y1 = load_coordinate<F>(left, 1);
    *y2 = load_coordinate<F>(right, 1);
    return {static_cast<Mask>(left_sign), static_cast<Mask>(differing_sign)};
  }
  SERO_MEMBER void store(size_t g, Mask exempt, Signs signs, const F& x1, const F& y1, const F& x3, const F& y3) const {
    LanePoint<F>* sum = out + to[g];
    *sum = {x3, y3};
    if (exempt == 0) return;
    const F opposite = sub_tight(CoordinateTraits<F>::zero(), y1);
    *sum = {select(exempt, x3, x1), select(exempt, y3, select(signs.left, y1, opposite))};
  }
};

/// Neighbours in columns; positions 2j and 2j + 1 make position j.
template <class F>
struct ColumnPairs {
  const LanePoint<F>* points;
  const uint32_t* from;
  const Mask* single;
  const uint32_t* to;
  LanePoint<F>* out;

  SERO_MEMBER void fetch_first(size_t) const {}
  SERO_MEMBER void fetch_second(size_t) const {}
  SERO_MEMBER Mask differences(size_t g, F* difference) const {
    const LanePoint<F>* pair = points + from[g];
    *difference = sub_loose(pair[1].x, pair[0].x);
    if (single[g] != 0) *difference = select(single[g], *difference, CoordinateTraits<F>::one());
    return single[g];
  }
  SERO_MEMBER Signs load(size_t g, F* x1, F* y1, F* y2) const {
    const LanePoint<F>* pair = points + from[g];
    *x1 = pair[0].x;
    *y1 = pair[0].y;
    *y2 = pair[1].y;
    return {0, 0};
  }
  SERO_MEMBER void store(size_t g, Mask exempt, Signs, const F& x1, const F& y1, const F& x3, const F& y3) const {
    LanePoint<F>* sum = out + to[g];
    *sum = {x3, y3};
    if (exempt != 0) *sum = {select(exempt, x3, x1), select(exempt, y3, y1)};
  }
};

/// Memory for add_columns over tasks of at most `elements` points each, cut from one block.
template <class F>
struct ColumnWorkspace {
  /// The first round of a task writes to points[0], where each column still has a position at least. After the second no column holds
  /// more than half of what it held at first, and the tasks' points stand one after the other in points[1]; from there on each
  /// round has fewer.
  LanePoint<F>* points[2];
  PairScratch<F>* scratch;
  uint32_t* refs;
  uint32_t* from;
  uint32_t* to;
  Mask* single;
  Column* columns[TOGETHER<F>];
  Piece* sorted[TOGETHER<F>];
  /// The pieces of one task, before they are sorted.
  Piece* pieces;

  /// Null as a block: only counts.
  static size_t cut(uint8_t* block, size_t elements, ColumnWorkspace* w) {
    const size_t positions = positions_of(elements), half = positions / 2 + 1;
    const size_t common = TOGETHER<F> * half, groups = common / 2 + half;
    size_t used = 0;
    const auto take = [&](auto** piece, size_t count) {
      void* at = block == nullptr ? nullptr : block + used;
      std::memcpy(piece, &at, sizeof at);
      used += (count * sizeof **piece + 63) / 64 * 64;
    };
    take(&w->points[0], common > positions ? common : positions);
    take(&w->points[1], common);
    take(&w->scratch, groups);
    take(&w->refs, 2 * LANES * groups);
    take(&w->from, groups);
    take(&w->to, groups);
    take(&w->single, groups);
    for (size_t i = 0; i < TOGETHER<F>; i++) {
      take(&w->columns[i], columns_of(elements));
      take(&w->sorted[i], elements);
    }
    take(&w->pieces, elements);
    return used;
  }
};

/// The lanes of a column that have no point at `position`.
SERO_INLINE Mask lanes_without(const Piece* pieces, size_t count, size_t column, uint32_t position) {
  uint32_t lanes = 0;
  for (int k = 0; k < LANES; k++) {
    const size_t i = column * LANES + k;
    if (i >= count || pieces[i].length <= position) lanes |= 1u << k;
  }
  return static_cast<Mask>(lanes);
}

/// One point of a table in each lane: position `position` of a column's lists, or their last one.
template <class F>
SERO_INLINE LanePoint<F> gather_position(const uint8_t* table, const Piece* pieces, size_t count, size_t column,
                                         uint32_t position) {
  const uint8_t* rows[LANES];
  uint32_t negative = 0;
  for (int k = 0; k < LANES; k++) {
    const size_t i = column * LANES + k;
    const Piece& piece = pieces[i < count ? i : count - 1];
    const uint32_t ref = piece.refs[position < piece.length ? position : piece.length - 1];
    rows[k] = table + (ref >> 1) * ROW_POINT_BYTES<F>;
    negative |= (ref & 1) << k;
  }
  const F y = load_coordinate<F>(rows, 1);
  const F opposite = sub_tight(CoordinateTraits<F>::zero(), y);
  return {load_coordinate<F>(rows, 0), select(static_cast<Mask>(negative), y, opposite)};
}

/// Writes the sums of columns whose lists have one point left.
template <class F>
static void store_column(const LanePoint<F>& sum, const Piece* pieces, size_t count, size_t column) {
  alignas(64) uint8_t spare[ROW_POINT_BYTES<F>];
  uint8_t* rows[LANES];
  for (int k = 0; k < LANES; k++) {
    const size_t i = column * LANES + k;
    rows[k] = i < count ? pieces[i].to : spare;
  }
  store_coordinate(rows, 0, sum.x);
  store_coordinate(rows, 1, sum.y);
}

/// One round over stacks: what stands at `points`, or in the table in the first round, is halved and written to `out` from
/// position `made` on. Sums of pieces that are done go to their rows. False, with some sums written, where two points of a pair
/// have the same x; else `made` is where the points of columns that are not done end.
template <class F>
static bool halve(const uint8_t* table, const LanePoint<F>* points, Stack* stacks, size_t stack_count,
                  LanePoint<F>* out, uint32_t* made, const ColumnWorkspace<F>& work, Ahead* ahead) {
  const bool is_first = points == nullptr;
  size_t groups = 0;
  uint32_t next = *made;
  for (Stack* stack = stacks; stack < stacks + stack_count; stack++) {
    Piece* pieces = stack->pieces;
    const size_t count = stack->count;
    for (size_t c = 0; c < stack->open; c++) {
      Column* column = &stack->columns[c];
      const uint32_t first = next;
      for (uint32_t j = 0; j + 1 < column->length; j += 2) {
        work.single[groups] = lanes_without(pieces, count, c, j + 1);
        work.to[groups] = next++;
        if (is_first) {
          for (int k = 0; k < LANES; k++) {
            const size_t i = c * LANES + k;
            const Piece& piece = pieces[i < count ? i : count - 1];
            uint32_t* pair = work.refs + 2 * (groups * LANES + k);
            const uint32_t last = piece.length - 1;
            pair[0] = piece.refs[j < last ? j : last];
            pair[1] = piece.refs[j + 1 < last ? j + 1 : last];
          }
        } else {
          work.from[groups] = column->first + j;
        }
        groups++;
      }
      if (column->length & 1) {
        const uint32_t last = column->length - 1;
        out[next++] = is_first ? gather_position<F>(table, pieces, count, c, last) : points[column->first + last];
      }
      *column = {first, (column->length + 1) / 2};
      for (size_t i = c * LANES; i < (c + 1) * LANES && i < count; i++) pieces[i].length = (pieces[i].length + 1) / 2;
    }
  }
  if (is_first) {
    const GatheredPairs<F> pairs = {table, work.refs, work.single, work.to, groups, out};
    if (!add_batch<F>(pairs, groups, work.scratch, ahead)) return false;
  } else {
    const ColumnPairs<F> pairs = {points, work.from, work.single, work.to, out};
    if (!add_batch<F>(pairs, groups, work.scratch, ahead)) return false;
  }
  for (Stack* stack = stacks; stack < stacks + stack_count; stack++) {
    for (; stack->open > 0 && stack->columns[stack->open - 1].length == 1; stack->open--) {
      const uint32_t at = stack->columns[stack->open - 1].first;
      store_column(out[at], stack->pieces, stack->count, stack->open - 1);
      if (stack + 1 == stacks + stack_count) next = at;
    }
  }
  *made = next;
  return true;
}

/// The first rounds of one task. Its pieces are sorted, the longest first, and their lengths are overwritten; what is left of its
/// columns stands in work.points[1] from `*kept` on, which moves on. False as for halve.
template <class F>
static bool begin_columns(const uint8_t* table, Stack* stack, uint32_t* kept, const ColumnWorkspace<F>& work,
                          Ahead* ahead) {
  for (size_t c = 0; c < stack->open; c++) stack->columns[c] = {0, stack->pieces[c * LANES].length};
  Ahead none = {table, nullptr, 0};
  uint32_t made = 0;
  return halve<F>(table, nullptr, stack, 1, work.points[0], &made, work, &none) &&
         halve<F>(table, work.points[0], stack, 1, work.points[1], kept, work, ahead);
}

/// The other rounds of all tasks. False as for halve.
template <class F>
static bool end_columns(const uint8_t* table, Stack* stacks, size_t count, const ColumnWorkspace<F>& work,
                        Ahead* ahead) {
  const auto is_open = [&] {
    for (size_t i = 0; i < count; i++) {
      if (stacks[i].open > 0) return true;
    }
    return false;
  };
  for (int turn = 0; is_open(); turn ^= 1) {
    uint32_t made = 0;
    if (!halve<F>(table, work.points[turn ^ 1], stacks, count, work.points[turn], &made, work, ahead)) return false;
  }
  return true;
}

/// Sorts by length, the longest first.
SERO_INLINE void sort_pieces(const Piece* pieces, size_t count, Piece* sorted) {
  uint32_t at[PIECE + 1] = {0};
  for (size_t i = 0; i < count; i++) at[PIECE - pieces[i].length]++;
  uint32_t sum = 0;
  for (uint32_t& start : at) {
    const uint32_t length = start;
    start = sum;
    sum += length;
  }
  for (size_t i = 0; i < count; i++) sorted[at[PIECE - pieces[i].length]++] = pieces[i];
}

}  // namespace SERO_KERNEL
}  // namespace sero
