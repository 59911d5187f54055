// Sums of lists of points (column_sums.hpp, batch_add.hpp) against blst's complete additions, over every set of
// kernels. Every array is a block of exactly the size that the interface states, so that a sanitizer sees what is
// read or written beyond.
//   columns_test             tasks of up to 4,096 points, as proofs have them; exits 1 where a sum is another
//   columns_test elements    tasks of up to so many points, 256 or more
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "blst.h"
#include "kernels.hpp"
#include "sero_prover.h"

namespace {

using sero::Kernels;
using sero::MultiExpKernels;
using sero::SumTask;

uint64_t state = 0xc011;
uint64_t draw() {
  state += 0x9e3779b97f4a7c15ull;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}
uint32_t below(size_t bound) { return static_cast<uint32_t>(draw() % bound); }

struct G1 {
  using Affine = blst_p1_affine;
  using Point = blst_p1;
  static const char* name() { return "G1"; }
  static const MultiExpKernels& of(const Kernels& k) { return k.g1; }
  static const Affine& generator() { return BLS12_381_G1; }
  static void add(Point* o, const Affine* a) { blst_p1_add_or_double_affine(o, o, a); }
  static void twice(Point* o) { blst_p1_double(o, o); }
  static void affine(Affine* o, const Point* a) { blst_p1_to_affine(o, a); }
  static bool equal(const Point* a, const Point* b) { return blst_p1_is_equal(a, b); }
  static void negate(Point* p) { blst_p1_cneg(p, true); }
};

struct G2 {
  using Affine = blst_p2_affine;
  using Point = blst_p2;
  static const char* name() { return "G2"; }
  static const MultiExpKernels& of(const Kernels& k) { return k.g2; }
  static const Affine& generator() { return BLS12_381_G2; }
  static void add(Point* o, const Affine* a) { blst_p2_add_or_double_affine(o, o, a); }
  static void twice(Point* o) { blst_p2_double(o, o); }
  static void affine(Affine* o, const Point* a) { blst_p2_to_affine(o, a); }
  static bool equal(const Point* a, const Point* b) { return blst_p2_is_equal(a, b); }
  static void negate(Point* p) { blst_p2_cneg(p, true); }
};

/// Memory of exactly `count` elements, aligned as the kernels ask.
template <class T>
struct Exact {
  T* at;
  explicit Exact(size_t count) {
    void* memory = nullptr;
    if (posix_memalign(&memory, 64, count * sizeof(T)) != 0) std::abort();
    at = static_cast<T*>(memory);
  }
  explicit Exact(const std::vector<T>& from) : Exact(from.size()) {
    if (!from.empty()) std::memcpy(at, from.data(), from.size() * sizeof(T));
  }
  Exact(const Exact&) = delete;
  ~Exact() { std::free(at); }
};

/// How long list `i` of a task of `elements` points is. Lists longer than 64 are cut into pieces.
struct Shape {
  const char* name;
  uint32_t (*length)(size_t i, uint32_t elements);
};

const Shape SHAPES[] = {
    {"empty lists", [](size_t, uint32_t) { return 0u; }},
    {"lists of 1", [](size_t, uint32_t) { return 1u; }},
    {"lists of 2", [](size_t, uint32_t) { return 2u; }},
    {"lists of 0 to 2", [](size_t, uint32_t) { return below(3); }},
    {"lists of 0 to 19", [](size_t, uint32_t) { return below(20); }},
    {"lists of 0 to 129", [](size_t, uint32_t) { return below(130); }},
    {"lists of 63 to 65", [](size_t, uint32_t) { return 63 + below(3); }},
    {"lists of 127 to 129", [](size_t, uint32_t) { return 127 + below(3); }},
    {"lists of 128", [](size_t, uint32_t) { return 128u; }},
    {"each list longer by 1", [](size_t i, uint32_t) { return static_cast<uint32_t>(i % 131); }},
    {"one list of 64 to eight of 1", [](size_t i, uint32_t) { return i % 9 == 0 ? 64u : 1u; }},
    {"few long lists, many short", [](size_t, uint32_t) { return below(5) == 0 ? below(300) : below(4); }},
    {"the whole task", [](size_t, uint32_t elements) { return elements; }},
    {"the whole task but one", [](size_t i, uint32_t elements) { return i == 0 ? elements - 1 : 1u; }},
};

constexpr size_t SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES;

/// Which points a list has: references to a table of `points` points.
struct Filling {
  const char* name;
  void (*fill)(uint32_t* refs, uint32_t length, size_t points);
};

void fill_different(uint32_t* refs, uint32_t length, size_t points) {
  const uint32_t first = below(points);
  for (uint32_t i = 0; i < length; i++) refs[i] = static_cast<uint32_t>((first + i) % points << 1) | below(2);
}

/// The point at place `i` of a list is one with that at an earlier place, or its own.
using Partner = uint32_t (*)(uint32_t i, uint32_t length);
uint32_t neighbour(uint32_t i, uint32_t) { return i & ~1u; }
/// a b b a: sums that meet in the second round.
uint32_t mirrored(uint32_t i, uint32_t) { return (i & 2) != 0 ? i ^ 3 : i; }
/// Sums that meet in a list's last round, or when its pieces are added up.
uint32_t half(uint32_t i, uint32_t length) { return i >= length / 2 ? i - length / 2 : i; }
uint32_t first(uint32_t, uint32_t) { return 0; }

template <Partner PARTNER, uint32_t SIGN>
void fill_from(uint32_t* refs, uint32_t length, size_t points) {
  fill_different(refs, length, points);
  for (uint32_t i = 0; i < length; i++) {
    const uint32_t earlier = PARTNER(i, length);
    if (earlier < i) refs[i] = refs[earlier] ^ SIGN;
  }
}

const Filling FILLINGS[] = {
    {"different points", fill_different},
    {"any points",
     [](uint32_t* refs, uint32_t length, size_t points) {
       for (uint32_t i = 0; i < length; i++) refs[i] = below(2 * points);
     }},
    {"points of few",
     [](uint32_t* refs, uint32_t length, size_t) {
       for (uint32_t i = 0; i < length; i++) refs[i] = below(6);
     }},
    {"equal neighbours", fill_from<neighbour, 0>},
    {"opposite neighbours", fill_from<neighbour, 1>},
    {"equal pairs", fill_from<mirrored, 0>},
    {"opposite pairs", fill_from<mirrored, 1>},
    {"equal halves", fill_from<half, 0>},
    {"opposite halves", fill_from<half, 1>},
    {"one point", fill_from<first, 0>},
    {"one point, then its opposite", fill_from<first, 1>},
    {"all of these", nullptr},
};

/// References of consecutive lists.
struct Task {
  std::vector<uint32_t> lengths, refs;

  void append(uint32_t length, const Filling& filling, size_t points) {
    lengths.push_back(length);
    const size_t begun = refs.size();
    refs.resize(begun + length);
    const size_t any = below(sizeof FILLINGS / sizeof *FILLINGS - 1);
    (filling.fill == nullptr ? FILLINGS[any] : filling).fill(refs.data() + begun, length, points);
  }
};

Task task_of(const Shape& shape, const Filling& filling, uint32_t elements, size_t points) {
  Task task;
  while (task.lengths.size() < elements) {
    const uint32_t length = shape.length(task.lengths.size(), elements);
    if (task.refs.size() + length > elements) break;
    task.append(length, filling, points);
  }
  return task;
}

/// A task as kernels take it, and what they write to.
struct Arrays {
  Exact<uint32_t> refs, lengths;
  Exact<uint8_t> out;
  Arrays(const Task& of, size_t row) : refs(of.refs), lengths(of.lengths), out(of.lengths.size() * row) {}
  SumTask given(const Task& of) const { return {refs.at, lengths.at, of.lengths.size(), of.refs.size(), out.at}; }
};

int failures = 0;

template <class G>
struct Comparison {
  const Kernels& kernels;
  const MultiExpKernels& group;
  size_t points;
  Exact<uint8_t> table;
  /// By reference: points and their opposites.
  std::vector<typename G::Affine> terms;
  size_t calls = 0, tasks = 0, lists = 0, terms_added = 0;

  Comparison(const Kernels& k, size_t count)
      : kernels(k), group(G::of(k)), points(count), table(count * G::of(k).row_bytes), terms(2 * count) {
    Exact<typename G::Affine> file(count);
    typename G::Point p;
    std::memset(&p, 0, sizeof p);
    for (size_t i = 0; i < count; i++) {
      // No sum or difference of different ones is another such.
      G::twice(&p);
      G::add(&p, &G::generator());
      typename G::Point opposite = p;
      G::negate(&opposite);
      G::affine(&terms[2 * i], &p);
      G::affine(&terms[2 * i + 1], &opposite);
      file.at[i] = terms[2 * i];
    }
    group.expand(reinterpret_cast<const uint8_t*>(file.at), count, 1, 1, 0, count, table.at);
  }

  /// A row as a point: the sum over the one bucket that it is.
  typename G::Point point_of(const uint8_t* row) const {
    Exact<uint8_t> work(3 * group.row_bytes), lists(group.reduce_workspace(2));
    std::memcpy(work.at, row, group.row_bytes);
    typename G::Point out;
    group.reduce(work.at, 0, lists.at, &out);
    return out;
  }

  /// Adds tasks of at most `elements` points each up in one call.
  void compare(const std::vector<Task>& together, size_t elements, const char* shape, const char* filling) {
    std::vector<std::unique_ptr<Arrays>> arrays;
    const Exact<SumTask> given(together.size());
    for (size_t i = 0; i < together.size(); i++) {
      arrays.push_back(std::make_unique<Arrays>(together[i], group.row_bytes));
      given.at[i] = arrays[i]->given(together[i]);
    }
    const Exact<uint8_t> workspace(group.sum_workspace(elements));
    group.sum(table.at, given.at, together.size(), workspace.at, elements);
    size_t wrong = 0;
    for (size_t t = 0; t < together.size(); t++) {
      const uint32_t* ref = together[t].refs.data();
      for (size_t i = 0; i < together[t].lengths.size(); i++) {
        typename G::Point expected;
        std::memset(&expected, 0, sizeof expected);
        for (uint32_t k = 0; k < together[t].lengths[i]; k++) G::add(&expected, &terms[*ref++]);
        const typename G::Point found = point_of(arrays[t]->out.at + i * group.row_bytes);
        if (!G::equal(&expected, &found)) wrong++;
      }
      lists += together[t].lengths.size();
      terms_added += together[t].refs.size();
    }
    calls++;
    tasks += together.size();
    if (wrong == 0) return;
    failures++;
    std::printf("%s %s %s, %s, %zu tasks in room for %zu points each: %zu sums WRONG\n", kernels.name, G::name(),
                shape, filling, together.size(), elements, wrong);
  }
};

template <class G>
void suite(const Kernels& kernels, uint32_t elements) {
  Comparison<G> comparison(kernels, elements);
  for (const Filling& filling : FILLINGS) {
    for (const Shape& shape : SHAPES) {
      // One task in as much room as it has points; then more than go together, the last ones of different points.
      const size_t points = comparison.points;
      std::vector<Task> tasks = {task_of(shape, filling, elements / 8 + below(elements / 8), points)};
      comparison.compare(tasks, tasks[0].refs.size(), shape.name, filling.name);
      tasks.push_back(task_of(shape, filling, elements, points));
      for (int i = 0; i < 4; i++) tasks.push_back(task_of(shape, filling, 1 + below(100), points));
      tasks.push_back(task_of(shape, FILLINGS[0], elements / 4, points));
      tasks.push_back(task_of(SHAPES[below(SHAPE_COUNT)], FILLINGS[0], 1 + below(elements / 4), points));
      comparison.compare(tasks, elements, shape.name, filling.name);
    }
    // One list of every length: by itself, then all.
    std::vector<Task> singles;
    for (uint32_t length = 0; length <= 200; length++) {
      Task task;
      task.append(length, filling, comparison.points);
      comparison.compare({task}, length, "a single list", filling.name);
      singles.push_back(task);
    }
    comparison.compare(singles, 200, "single lists", filling.name);
  }
  std::printf("%s %s: %zu calls, %zu tasks, %zu lists, %zu points\n", kernels.name, G::name(), comparison.calls,
              comparison.tasks, comparison.lists, comparison.terms_added);
}

}  // namespace

int main(int argc, char** argv) {
  const uint32_t elements = argc > 1 ? static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 4096;
  if (elements < 256) return 1;
  sero_force_portable(0);
  const Kernels& best = sero::kernels();
  suite<G1>(best, elements);
  suite<G2>(best, elements);
  sero_force_portable(1);
  const Kernels& portable = sero::kernels();
  if (&portable != &best) {
    suite<G1>(portable, elements);
    suite<G2>(portable, elements);
  }
  std::printf(failures == 0 ? "lists of points: every sum is blst's\n" : "lists of points: %d calls failed\n",
              failures);
  return failures == 0 ? 0 : 1;
}
