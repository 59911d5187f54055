// Multi-exponentiations against blst's Pippenger, over every set of kernels, on random and on hostile inputs:
//   multi_exp_test            the comparisons; exits 1 where one fails
//   multi_exp_test short      the same ones over fewer points, for valgrind
//   multi_exp_test time n     G1 and G2 with n random points: ns a call on 1 and 2 threads, beside blst
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../src/memory.hpp"
#include "../src/pippenger.hpp"

namespace {

using sero::Kernels;
using sero::MultiExp;
using sero::MultiExpKernels;
using sero::PointTable;
using sero::Windows;

uint64_t state = 0x5e20;
uint64_t draw() {
  state += 0x9e3779b97f4a7c15ull;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

void draw_scalar(uint8_t* out) {
  for (int i = 0; i < 4; i++) {
    const uint64_t word = draw();
    std::memcpy(out + 8 * i, &word, 8);
  }
  out[31] &= 0x3f;
}

/// How many points the comparisons have.
struct Sizes {
  /// Random points and scalars: so few that lanes are left over, one by one, and by blst's Pippenger.
  size_t random[5];
  size_t hostile;
  /// More than a task adds up.
  size_t bucket;
  /// Of the scalars that points are made of.
  size_t bits;
};
constexpr Sizes ALL = {{1, 7, 8, 100, 1000}, 200, 20000, 255};
constexpr Sizes SHORT = {{1, 7, 8, 30, 601}, 24, 4200, 64};

struct G1 {
  using Affine = blst_p1_affine;
  using Point = blst_p1;
  static const char* name() { return "G1"; }
  static const MultiExpKernels& of(const Kernels& k) { return k.g1; }
  static Point generator() { return *blst_p1_generator(); }
  static void add(Point* o, const Point* a, const Point* b) { blst_p1_add_or_double(o, a, b); }
  static void affine(Affine* o, const Point* a) { blst_p1_to_affine(o, a); }
  static void point(Point* o, const Affine* a) { blst_p1_from_affine(o, a); }
  static bool equal(const Point* a, const Point* b) { return blst_p1_is_equal(a, b); }
  static void multiply(Point* o, const Point* p, const uint8_t* s, size_t bits) { blst_p1_mult(o, p, s, bits); }
  static void negate(Point* p) { blst_p1_cneg(p, true); }
  static void reference(Point* o, const std::vector<Affine>& p, const std::vector<uint8_t>& s) {
    std::vector<limb_t> scratch(blst_p1s_mult_pippenger_scratch_sizeof(p.size()) / sizeof(limb_t));
    const Affine* points[2] = {p.data(), nullptr};
    const uint8_t* scalars[2] = {s.data(), nullptr};
    blst_p1s_mult_pippenger(o, points, p.size(), scalars, 255, scratch.data());
  }
};

struct G2 {
  using Affine = blst_p2_affine;
  using Point = blst_p2;
  static const char* name() { return "G2"; }
  static const MultiExpKernels& of(const Kernels& k) { return k.g2; }
  static Point generator() { return *blst_p2_generator(); }
  static void add(Point* o, const Point* a, const Point* b) { blst_p2_add_or_double(o, a, b); }
  static void affine(Affine* o, const Point* a) { blst_p2_to_affine(o, a); }
  static void point(Point* o, const Affine* a) { blst_p2_from_affine(o, a); }
  static bool equal(const Point* a, const Point* b) { return blst_p2_is_equal(a, b); }
  static void multiply(Point* o, const Point* p, const uint8_t* s, size_t bits) { blst_p2_mult(o, p, s, bits); }
  static void negate(Point* p) { blst_p2_cneg(p, true); }
  static void reference(Point* o, const std::vector<Affine>& p, const std::vector<uint8_t>& s) {
    std::vector<limb_t> scratch(blst_p2s_mult_pippenger_scratch_sizeof(p.size()) / sizeof(limb_t));
    const Affine* points[2] = {p.data(), nullptr};
    const uint8_t* scalars[2] = {s.data(), nullptr};
    blst_p2s_mult_pippenger(o, points, p.size(), scalars, 255, scratch.data());
  }
};

/// Points whose sums do not coincide by chance of their making, as those of a key.
template <class G>
std::vector<typename G::Affine> points_of(size_t n, size_t bits = ALL.bits) {
  std::vector<typename G::Affine> out(n);
  for (auto& a : out) {
    uint8_t s[32];
    draw_scalar(s);
    typename G::Point p = G::generator();
    G::multiply(&p, &p, s, bits);
    G::affine(&a, &p);
  }
  return out;
}

template <class G>
struct Table {
  PointTable table;
  Table(const Kernels& k, const std::vector<typename G::Affine>& points, unsigned window, unsigned copies,
        const sero::Parallel& parallel) {
    table = {&G::of(k), Windows::of(window, copies), points.size(), nullptr};
    table.rows = static_cast<uint8_t*>(sero_alloc(table.bytes()));
    sero::fill_table(table, reinterpret_cast<const uint8_t*>(points.data()), parallel, nullptr);
  }
  ~Table() { sero_free(table.rows); }
};

int failures = 0;

template <class G>
void compare(const Kernels& k, const char* what, const std::vector<typename G::Affine>& points,
             const std::vector<uint8_t>& scalars, unsigned window, unsigned copies, const sero::Parallel& parallel) {
  Table<G> t(k, points, window, copies, parallel);
  typename G::Point expected, found;
  // One by one: blst's Pippenger is not made for equal points.
  std::memset(&expected, 0, sizeof expected);
  if (points.size() > 600) {
    G::reference(&expected, points, scalars);
  } else {
    for (size_t i = 0; i < points.size(); i++) {
      typename G::Point p;
      G::point(&p, &points[i]);
      G::multiply(&p, &p, scalars.data() + 32 * i, 255);
      G::add(&expected, &expected, &p);
    }
  }
  // Cut into two ranges of sets, which add up.
  const unsigned sets = t.table.windows.sets, middle = sets / 2;
  typename G::Point part;
  const MultiExp jobs[2] = {{&t.table, scalars.data(), 0, middle, &part}, {&t.table, scalars.data(), middle, sets, &found}};
  bool ok = sero::multi_exp(jobs, 2, parallel, nullptr) == SERO_OK;
  G::add(&found, &found, &part);
  ok = ok && G::equal(&expected, &found);
  if (!ok) failures++;
  std::printf("%s %s %s, %zu points, window %u, %u copies: %s\n", k.name, G::name(), what, points.size(), window,
              copies, ok ? "ok" : "WRONG");
}

template <class G>
void suite(const Kernels& k, const Sizes& sizes, const sero::Parallel& parallel) {
  const unsigned choices[][2] = {{4, 1}, {8, 2}, {9, 64}, {13, 4}};
  for (const auto& choice : choices) {
    for (const size_t n : sizes.random) {
      auto points = points_of<G>(n, sizes.bits);
      std::vector<uint8_t> scalars(32 * n);
      for (size_t i = 0; i < n; i++) draw_scalar(scalars.data() + 32 * i);
      compare<G>(k, "random", points, scalars, choice[0], choice[1], parallel);
    }
    const size_t n = sizes.hostile;
    auto points = points_of<G>(n, sizes.bits);
    std::vector<uint8_t> scalars(32 * n, 0);
    compare<G>(k, "all zero", points, scalars, choice[0], choice[1], parallel);
    for (size_t i = 0; i < n; i++) scalars[32 * i] = 1;
    compare<G>(k, "all one", points, scalars, choice[0], choice[1], parallel);
    std::vector<typename G::Affine> same(n, points[0]);
    compare<G>(k, "equal points, all one", same, scalars, choice[0], choice[1], parallel);
    for (size_t i = 0; i < n; i++) draw_scalar(scalars.data() + 32 * (i & ~size_t{1}));
    compare<G>(k, "equal points", same, scalars, choice[0], choice[1], parallel);
    for (size_t i = 1; i < n; i += 2) {
      typename G::Point p;
      G::point(&p, &points[i - 1]);
      G::negate(&p);
      G::affine(&points[i], &p);
      std::memcpy(scalars.data() + 32 * i, scalars.data() + 32 * (i - 1), 32);
    }
    compare<G>(k, "opposite points, equal scalars", points, scalars, choice[0], choice[1], parallel);
    // r - 1, the largest scalar.
    const uint64_t largest[4] = {0xffffffff00000000ull, 0x53bda402fffe5bfeull, 0x3339d80809a1d805ull,
                                 0x73eda753299d7d48ull};
    for (size_t i = 0; i < n; i++) std::memcpy(scalars.data() + 32 * i, largest, 32);
    compare<G>(k, "largest scalars", points_of<G>(n, sizes.bits), scalars, choice[0], choice[1], parallel);
  }
  // A bucket that is larger than a task.
  const size_t n = sizes.bucket;
  std::vector<uint8_t> scalars(32 * n, 0);
  for (size_t i = 0; i < n; i++) scalars[32 * i] = 5;
  compare<G>(k, "one large bucket", points_of<G>(n, sizes.bits), scalars, 10, 2, parallel);
}

double now() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class G>
void time_one(const Kernels& k, size_t n, const sero::Parallel& one, const sero::Parallel& two) {
  const auto points = points_of<G>(n);
  std::vector<uint8_t> scalars(32 * n);
  for (size_t i = 0; i < n; i++) draw_scalar(scalars.data() + 32 * i);
  typename G::Point found;
  const unsigned choices[][2] = {{10, 1}, {11, 1}, {12, 1}, {12, 4}, {13, 4}, {14, 4}, {13, 20}};
  for (const auto& choice : choices) {
    const double begun = now();
    Table<G> t(k, points, choice[0], choice[1], two);
    const double made = now() - begun;
    const MultiExp job = {&t.table, scalars.data(), 0, t.table.windows.sets, &found};
    double best[2] = {1e18, 1e18};
    for (int rep = 0; rep < 5; rep++) {
      for (int way = 0; way < 2; way++) {
        const double start = now();
        sero::multi_exp(&job, 1, way == 0 ? one : two, nullptr);
        const double took = now() - start;
        if (took < best[way]) best[way] = took;
      }
    }
    std::printf("%s %s %zu points, window %u, copies %u (%.1f MB, made in %.0f ms): %.2f ms, 2 threads %.2f ms\n", k.name,
                G::name(), n, choice[0], choice[1], t.table.bytes() / 1e6, made / 1e6, best[0] / 1e6, best[1] / 1e6);
  }
  const double start = now();
  G::reference(&found, points, scalars);
  std::printf("blst %s %zu points: %.2f ms\n", G::name(), n, (now() - start) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  sero_pool* pool = sero_pool_new(2);
  const sero::Parallel one = sero::serial(), two = sero_pool_parallel(pool);
  const Sizes& sizes = argc == 2 && std::string(argv[1]) == "short" ? SHORT : ALL;
  const Kernels* last = nullptr;
  for (const int portable : {0, 1}) {
    sero_force_portable(portable);
    const Kernels& k = sero::kernels();
    // Where the portable set is the best one.
    if (&k == last) break;
    last = &k;
    if (argc == 3 && std::string(argv[1]) == "time") {
      const size_t n = std::strtoul(argv[2], nullptr, 10);
      time_one<G1>(k, n, one, two);
      time_one<G2>(k, n, one, two);
    } else {
      suite<G1>(k, sizes, two);
      suite<G2>(k, sizes, two);
    }
  }
  sero_pool_free(pool);
  if (failures > 0) std::printf("%d comparisons failed\n", failures);
  return failures == 0 ? 0 : 1;
}
