// Points in bulk: what setups and ceremonies are made of (see sero_prover.h), over blst.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "blst.h"
#include "blst_aux.h"
#include "../include/sero_prover.h"
#include "kernels.hpp"
#include "memory.hpp"
#include "parallel.hpp"

namespace sero {
namespace {

constexpr size_t SCALAR_BYTES = 32;
constexpr size_t SCALAR_BITS = 255;
/// r - 1 = 2^32 t, t odd: roots of unity exist up to this power of two.
constexpr uint32_t TWO_ADICITY = 32;

/// Memory of one task, wiped when it goes: scalars are taken for secrets.
class Memory {
 public:
  explicit Memory(size_t size) : memory_(sero_alloc(size)), size_(size) {}
  ~Memory() {
    if (memory_ != nullptr) sero_wipe(memory_, size_);
    sero_free(memory_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void* data() const { return memory_; }

 private:
  void* memory_;
  size_t size_;
};

// --- the two groups behind one set of names ---

struct G1 {
  using Field = blst_fp;
  using Affine = blst_p1_affine;
  using Point = blst_p1;
  static constexpr size_t FIELD_BYTES = 48;
  static void mul(Field& out, const Field& a, const Field& b) { blst_fp_mul(&out, &a, &b); }
  static void sqr(Field& out, const Field& a) { blst_fp_sqr(&out, &a); }
  static void add(Field& out, const Field& a, const Field& b) { blst_fp_add(&out, &a, &b); }
  static void sub(Field& out, const Field& a, const Field& b) { blst_fp_sub(&out, &a, &b); }
  static void neg(Field& out, const Field& a) { blst_fp_cneg(&out, &a, true); }
  static void inverse(Field& out, const Field& a) { blst_fp_inverse(&out, &a); }
  static void one(Field& out) { std::memcpy(&out, &blst_p1_generator()->z, sizeof out); }
  static void add_mixed(Point& out, const Point& a, const Affine& b) { blst_p1_add_or_double_affine(&out, &a, &b); }
  static void add_points(Point& out, const Point& a, const Point& b) { blst_p1_add_or_double(&out, &a, &b); }
  static void double_point(Point& out, const Point& a) { blst_p1_double(&out, &a); }
  static void multiply(Point& out, const Point& a, const uint8_t* scalar, size_t bits) {
    blst_p1_mult(&out, &a, scalar, bits);
  }
  static void multiply_many(const Affine* points, const blst_scalar* scalars, size_t count, Point* out) {
    kernels().multiply.g1(reinterpret_cast<const uint8_t*>(points), scalars->b, count, out);
  }
  static void from_affine(Point& out, const Affine& a) { blst_p1_from_affine(&out, &a); }
  static void to_affine(Affine& out, const Point& a) { blst_p1_to_affine(&out, &a); }
  static void all_to_affine(Affine* out, const Point* points, size_t count) {
    const Point* const list[2] = {points, nullptr};
    blst_p1s_to_affine(out, list, count);
  }
  static bool is_infinity(const Point& a) { return blst_p1_is_inf(&a); }
  static bool on_curve(const Affine& a) { return blst_p1_affine_on_curve(&a); }
  static void in_group(const Affine* points, size_t count, uint8_t* is_in) {
    kernels().multiply.in_g1(reinterpret_cast<const uint8_t*>(points), count, is_in);
  }
  static void compress(uint8_t* out, const Affine& a) { blst_p1_affine_compress(out, &a); }
  static void serialize(uint8_t* out, const Affine& a) { blst_p1_affine_serialize(out, &a); }
  static const Affine& generator() { return *blst_p1_affine_generator(); }
  static size_t pippenger_scratch(size_t count) { return blst_p1s_mult_pippenger_scratch_sizeof(count); }
  static void pippenger(Point& out, const Affine* points, size_t count, const uint8_t* scalars, size_t bits,
                        limb_t* scratch) {
    const Affine* const list[2] = {points, nullptr};
    const uint8_t* const scalar_list[2] = {scalars, nullptr};
    blst_p1s_mult_pippenger(&out, list, count, scalar_list, bits, scratch);
  }
};

struct G2 {
  using Field = blst_fp2;
  using Affine = blst_p2_affine;
  using Point = blst_p2;
  static constexpr size_t FIELD_BYTES = 96;
  static void mul(Field& out, const Field& a, const Field& b) { blst_fp2_mul(&out, &a, &b); }
  static void sqr(Field& out, const Field& a) { blst_fp2_sqr(&out, &a); }
  static void add(Field& out, const Field& a, const Field& b) { blst_fp2_add(&out, &a, &b); }
  static void sub(Field& out, const Field& a, const Field& b) { blst_fp2_sub(&out, &a, &b); }
  static void neg(Field& out, const Field& a) { blst_fp2_cneg(&out, &a, true); }
  static void inverse(Field& out, const Field& a) { blst_fp2_inverse(&out, &a); }
  static void one(Field& out) { std::memcpy(&out, &blst_p2_generator()->z, sizeof out); }
  static void add_mixed(Point& out, const Point& a, const Affine& b) { blst_p2_add_or_double_affine(&out, &a, &b); }
  static void add_points(Point& out, const Point& a, const Point& b) { blst_p2_add_or_double(&out, &a, &b); }
  static void double_point(Point& out, const Point& a) { blst_p2_double(&out, &a); }
  static void multiply(Point& out, const Point& a, const uint8_t* scalar, size_t bits) {
    blst_p2_mult(&out, &a, scalar, bits);
  }
  static void multiply_many(const Affine* points, const blst_scalar* scalars, size_t count, Point* out) {
    kernels().multiply.g2(reinterpret_cast<const uint8_t*>(points), scalars->b, count, out);
  }
  static void from_affine(Point& out, const Affine& a) { blst_p2_from_affine(&out, &a); }
  static void to_affine(Affine& out, const Point& a) { blst_p2_to_affine(&out, &a); }
  static void all_to_affine(Affine* out, const Point* points, size_t count) {
    const Point* const list[2] = {points, nullptr};
    blst_p2s_to_affine(out, list, count);
  }
  static bool is_infinity(const Point& a) { return blst_p2_is_inf(&a); }
  static bool on_curve(const Affine& a) { return blst_p2_affine_on_curve(&a); }
  static void in_group(const Affine* points, size_t count, uint8_t* is_in) {
    kernels().multiply.in_g2(reinterpret_cast<const uint8_t*>(points), count, is_in);
  }
  static void compress(uint8_t* out, const Affine& a) { blst_p2_affine_compress(out, &a); }
  static void serialize(uint8_t* out, const Affine& a) { blst_p2_affine_serialize(out, &a); }
  static const Affine& generator() { return *blst_p2_affine_generator(); }
  static size_t pippenger_scratch(size_t count) { return blst_p2s_mult_pippenger_scratch_sizeof(count); }
  static void pippenger(Point& out, const Affine* points, size_t count, const uint8_t* scalars, size_t bits,
                        limb_t* scratch) {
    const Affine* const list[2] = {points, nullptr};
    const uint8_t* const scalar_list[2] = {scalars, nullptr};
    blst_p2s_mult_pippenger(&out, list, count, scalar_list, bits, scratch);
  }
};

static_assert(sizeof(blst_p1_affine) == 96 && sizeof(blst_p2_affine) == 192, "points are packed");
static_assert(sizeof(blst_fp2) == 2 * sizeof(blst_fp), "c0 before c1");

template <class T>
bool is_zero(const T& value) {
  uint64_t words[sizeof(T) / 8], any = 0;
  std::memcpy(words, &value, sizeof words);
  for (uint64_t word : words) any |= word;
  return any == 0;
}

template <class T>
bool is_equal(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

/// Reads a packed point, which need not be aligned.
template <class C>
typename C::Affine point_at(const uint8_t* points, size_t index) {
  typename C::Affine point;
  std::memcpy(&point, points + index * sizeof point, sizeof point);
  return point;
}

// --- scalars ---

bool is_canonical(const uint8_t* scalar) {
  blst_scalar value;
  std::memcpy(value.b, scalar, SCALAR_BYTES);
  const bool is_below = blst_scalar_fr_check(&value) || is_zero(value);
  sero_wipe(&value, sizeof value);
  return is_below;
}

blst_fr to_fr(const uint8_t* scalar) {
  blst_scalar value;
  blst_fr out;
  std::memcpy(value.b, scalar, SCALAR_BYTES);
  blst_fr_from_scalar(&out, &value);
  sero_wipe(&value, sizeof value);
  return out;
}

blst_scalar to_scalar(const blst_fr& value) {
  blst_scalar out;
  blst_scalar_from_fr(&out, &value);
  return out;
}

blst_fr fr_of(uint64_t value) {
  const uint64_t words[4] = {value, 0, 0, 0};
  blst_fr out;
  blst_fr_from_uint64(&out, words);
  return out;
}

blst_fr fr_power(blst_fr base, uint64_t exponent) {
  blst_fr out = fr_of(1);
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) blst_fr_mul(&out, &out, &base);
    blst_fr_sqr(&base, &base);
  }
  sero_wipe(&base, sizeof base);
  return out;
}

/// w^-1 for the root of unity w of order 2^power that is a power of 5, the smallest non-residue.
blst_fr inverse_root(uint32_t power) {
  // 5^t, t = (r - 1) / 2^32
  const uint64_t t[4] = {0xfffe5bfeffffffffull, 0x09a1d80553bda402ull, 0x299d7d483339d808ull, 0x73eda753ull};
  blst_fr root = fr_of(1), base = fr_of(5);
  for (uint32_t bit = 0; bit < 256; bit++) {
    if ((t[bit / 64] >> (bit % 64)) & 1) blst_fr_mul(&root, &root, &base);
    blst_fr_sqr(&base, &base);
  }
  for (uint32_t i = TWO_ADICITY; i > power; i--) blst_fr_sqr(&root, &root);
  blst_fr_inverse(&root, &root);
  return root;
}

size_t bit_length(const uint8_t* scalar, size_t bytes) {
  size_t top = bytes;
  while (top > 0 && scalar[top - 1] == 0) top--;
  if (top == 0) return 0;
  size_t bits = 8 * (top - 1);
  for (uint8_t rest = scalar[top - 1]; rest != 0; rest >>= 1) bits++;
  return bits;
}

// --- sharing work ---

template <class Work>
sero_status in_chunks(size_t count, size_t chunk, const Parallel& parallel, const volatile int32_t* cancelled,
                      Work&& work) {
  struct Context {
    Work& work;
    size_t count, chunk;
    const volatile int32_t* cancelled;
    int32_t failed;
  } context = {work, count, chunk, cancelled, 0};
  parallel.run(
      parallel.self, (count + chunk - 1) / chunk,
      [](void* opaque, size_t index) {
        Context& c = *static_cast<Context*>(opaque);
        if (is_set(&c.failed) || is_set(c.cancelled)) return;
        const size_t from = index * c.chunk;
        const size_t to = from + c.chunk < c.count ? from + c.chunk : c.count;
        if (!c.work(from, to)) __atomic_store_n(&c.failed, 1, __ATOMIC_RELAXED);
      },
      &context);
  if (is_set(cancelled)) return SERO_CANCELLED;
  return is_set(&context.failed) ? SERO_NO_MEMORY : SERO_OK;
}

/// Points per task: one inversion is shared by so many, and buffers of this many stay in the cache.
constexpr size_t CHUNK = 256;

// --- many affine additions with one inversion (Montgomery's trick) ---

/// What becomes of one sum of two affine points.
enum class Step : uint8_t { Nothing, Copy, Infinity, Slope };

template <class C>
struct Scratch {
  typename C::Field denominators[CHUNK];
  typename C::Field prefixes[CHUNK];
  Step steps[CHUNK];
};

/// Replaces `count` non-zero values by their inverses; `prefixes` is scratch.
template <class C>
void invert_all(typename C::Field* values, typename C::Field* prefixes, size_t count) {
  typename C::Field product;
  C::one(product);
  for (size_t i = 0; i < count; i++) {
    prefixes[i] = product;
    C::mul(product, product, values[i]);
  }
  C::inverse(product, product);
  for (size_t i = count; i-- > 0;) {
    const typename C::Field value = values[i];
    C::mul(values[i], product, prefixes[i]);
    C::mul(product, product, value);
  }
}

/// Numerator and denominator of the slope of a + b, or which simpler case it is.
template <class C>
Step slope_case(const typename C::Affine& a, const typename C::Affine& b, typename C::Field& denominator) {
  if (is_zero(b)) return Step::Nothing;
  if (is_zero(a)) return Step::Copy;
  C::sub(denominator, b.x, a.x);
  if (!is_zero(denominator)) return Step::Slope;
  if (!is_equal(a.y, b.y) || is_zero(a.y)) return Step::Infinity;
  C::add(denominator, a.y, a.y);
  return Step::Slope;
}

/// sum = a + b by the slope's inverse denominator. `sum` may be a or b.
template <class C>
void add_by_slope(typename C::Affine& sum, const typename C::Affine& a, const typename C::Affine& b,
                  const typename C::Field& inverse) {
  typename C::Field slope, x;
  if (is_equal(a.x, b.x)) {
    C::sqr(x, a.x);
    C::add(slope, x, x);
    C::add(slope, slope, x);
  } else {
    C::sub(slope, b.y, a.y);
  }
  C::mul(slope, slope, inverse);
  C::sqr(x, slope);
  C::sub(x, x, a.x);
  C::sub(x, x, b.x);
  typename C::Field y;
  C::sub(y, a.x, x);
  C::mul(y, y, slope);
  C::sub(sum.y, y, a.y);
  sum.x = x;
}

/// sums[i] += *addends[i] for i < count <= CHUNK; a null addend is infinity.
template <class C>
void add_each(typename C::Affine* sums, const typename C::Affine* const* addends, size_t count, Scratch<C>& scratch) {
  size_t slopes = 0;
  for (size_t i = 0; i < count; i++) {
    scratch.steps[i] = addends[i] == nullptr
                           ? Step::Nothing
                           : slope_case<C>(sums[i], *addends[i], scratch.denominators[slopes]);
    if (scratch.steps[i] == Step::Slope) slopes++;
  }
  if (slopes > 0) invert_all<C>(scratch.denominators, scratch.prefixes, slopes);
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    switch (scratch.steps[i]) {
      case Step::Nothing: break;
      case Step::Copy: sums[i] = *addends[i]; break;
      case Step::Infinity: std::memset(&sums[i], 0, sizeof sums[i]); break;
      case Step::Slope: add_by_slope<C>(sums[i], sums[i], *addends[i], scratch.denominators[at++]); break;
    }
  }
}

/// Jacobian to affine; infinity, which blst's own batch does not take, becomes zeros. count <= CHUNK.
template <class C>
void to_affine_each(typename C::Affine* out, const typename C::Point* points, size_t count, Scratch<C>& scratch) {
  size_t finite = 0;
  for (size_t i = 0; i < count; i++) {
    if (!is_zero(points[i].z)) scratch.denominators[finite++] = points[i].z;
  }
  if (finite > 0) invert_all<C>(scratch.denominators, scratch.prefixes, finite);
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    if (is_zero(points[i].z)) {
      std::memset(&out[i], 0, sizeof out[i]);
      continue;
    }
    const typename C::Field& inverse = scratch.denominators[at++];
    typename C::Field square;
    C::sqr(square, inverse);
    C::mul(out[i].x, points[i].x, square);
    C::mul(square, square, inverse);
    C::mul(out[i].y, points[i].y, square);
  }
}

// --- multiples of the generator ---

/// Signed digits of a scalar in base 2^window, lowest first: from -2^(window - 1) to 2^(window - 1).
void signed_digits(const uint8_t* scalar, uint32_t window, uint32_t count, int32_t* digits) {
  uint8_t padded[SCALAR_BYTES + 4] = {};
  std::memcpy(padded, scalar, SCALAR_BYTES);
  int32_t carry = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t bit = i * window;
    uint32_t word = 0;
    if (bit / 8 < SCALAR_BYTES) std::memcpy(&word, padded + bit / 8, sizeof word);
    const int32_t digit = static_cast<int32_t>((word >> (bit % 8)) & ((1u << window) - 1)) + carry;
    carry = digit > (1 << (window - 1)) ? 1 : 0;
    digits[i] = digit - (carry << window);
  }
  sero_wipe(padded, sizeof padded);
}

/// 2^window digits a place cost 2^(window - 1) additions to prepare, and each scalar one addition a place.
uint32_t window_for(size_t count) {
  if (count >= 8192) return 11;
  if (count >= 512) return 8;
  return 4;
}

constexpr uint32_t MAX_PLACES = 64;

template <class C>
sero_status multiply_generator(const uint8_t* scalars, size_t count, uint8_t* out, const Parallel& parallel,
                               const volatile int32_t* cancelled) {
  const uint32_t window = window_for(count);
  // One bit more than a scalar has, for the last carry.
  const uint32_t places = (255 + 1 + window - 1) / window;
  const size_t row = size_t{1} << (window - 1);
  Memory table_memory(places * row * sizeof(typename C::Affine));
  auto* table = static_cast<typename C::Affine*>(table_memory.data());
  if (table == nullptr) return SERO_NO_MEMORY;

  typename C::Point bases[MAX_PLACES];
  C::from_affine(bases[0], C::generator());
  for (uint32_t place = 1; place < places; place++) {
    bases[place] = bases[place - 1];
    for (uint32_t i = 0; i < window; i++) C::double_point(bases[place], bases[place]);
  }
  sero_status status = in_chunks(places, 1, parallel, cancelled, [&](size_t place, size_t) {
    Memory multiples_memory(row * sizeof(typename C::Point));
    auto* multiples = static_cast<typename C::Point*>(multiples_memory.data());
    if (multiples == nullptr) return false;
    typename C::Affine base;
    C::to_affine(base, bases[place]);
    multiples[0] = bases[place];
    for (size_t i = 1; i < row; i++) C::add_mixed(multiples[i], multiples[i - 1], base);
    C::all_to_affine(table + place * row, multiples, row);
    return true;
  });
  if (status != SERO_OK) return status;

  return in_chunks(count, CHUNK, parallel, cancelled, [&](size_t from, size_t to) {
    struct Work {
      Scratch<C> scratch;
      typename C::Affine sums[CHUNK];
      typename C::Affine negated[CHUNK];
      const typename C::Affine* addends[CHUNK];
      int32_t digits[CHUNK][MAX_PLACES];
    };
    Memory memory(sizeof(Work));
    auto* work = static_cast<Work*>(memory.data());
    if (work == nullptr) return false;
    const size_t n = to - from;
    for (size_t i = 0; i < n; i++) signed_digits(scalars + (from + i) * SCALAR_BYTES, window, places, work->digits[i]);
    std::memset(work->sums, 0, sizeof work->sums);
    for (uint32_t place = 0; place < places; place++) {
      for (size_t i = 0; i < n; i++) {
        const int32_t digit = work->digits[i][place];
        work->addends[i] = nullptr;
        if (digit > 0) work->addends[i] = table + place * row + (digit - 1);
        if (digit < 0) {
          const typename C::Affine& entry = table[place * row + (-digit - 1)];
          work->negated[i].x = entry.x;
          C::neg(work->negated[i].y, entry.y);
          work->addends[i] = &work->negated[i];
        }
      }
      add_each<C>(work->sums, work->addends, n, work->scratch);
    }
    std::memcpy(out + from * sizeof(typename C::Affine), work->sums, n * sizeof(typename C::Affine));
    return true;
  });
}

// --- multiples of many points ---

/// products[i] = [scalars[i]] points[i]. The kernels leave Z = 0 where they say nothing: those are computed again.
template <class C>
void multiply_to_points(const typename C::Affine* points, const blst_scalar* scalars, size_t count,
                        typename C::Point* products) {
  C::multiply_many(points, scalars, count, products);
  for (size_t i = 0; i < count; i++) {
    if (!is_zero(products[i].z)) continue;
    typename C::Point point;
    C::from_affine(point, points[i]);
    C::multiply(products[i], point, scalars[i].b, SCALAR_BITS);
  }
}

/// out[i] = [scalars[i]] points[i] for i < count <= CHUNK.
template <class C>
void multiply_chunk(const typename C::Affine* points, const blst_scalar* scalars, typename C::Affine* out,
                    size_t count, Scratch<C>& scratch, typename C::Point* products) {
  multiply_to_points<C>(points, scalars, count, products);
  to_affine_each<C>(out, products, count, scratch);
}

template <class C>
struct MultiplyWork {
  Scratch<C> scratch;
  typename C::Affine points[CHUNK];
  typename C::Point products[CHUNK];
  blst_scalar scalars[CHUNK];
};

template <class C>
sero_status multiply_each(const uint8_t* points, const uint8_t* scalars, size_t count, uint8_t* out,
                          const Parallel& parallel, const volatile int32_t* cancelled) {
  return in_chunks(count, CHUNK, parallel, cancelled, [&](size_t from, size_t to) {
    Memory memory(sizeof(MultiplyWork<C>));
    auto* work = static_cast<MultiplyWork<C>*>(memory.data());
    if (work == nullptr) return false;
    const size_t n = to - from, size = sizeof(typename C::Affine);
    std::memcpy(work->points, points + from * size, n * size);
    std::memcpy(work->scalars, scalars + from * SCALAR_BYTES, n * SCALAR_BYTES);
    multiply_chunk<C>(work->points, work->scalars, work->points, n, work->scratch, work->products);
    std::memcpy(out + from * size, work->points, n * size);
    return true;
  });
}

template <class C>
sero_status multiply_powers(const uint8_t* points, size_t count, const uint8_t* first, const uint8_t* factor,
                            uint8_t* out, const Parallel& parallel, const volatile int32_t* cancelled) {
  blst_fr start = to_fr(first), step = to_fr(factor);
  const sero_status status = in_chunks(count, CHUNK, parallel, cancelled, [&](size_t from, size_t to) {
    Memory memory(sizeof(MultiplyWork<C>));
    auto* work = static_cast<MultiplyWork<C>*>(memory.data());
    if (work == nullptr) return false;
    const size_t n = to - from, size = sizeof(typename C::Affine);
    std::memcpy(work->points, points + from * size, n * size);
    blst_fr scalar = fr_power(step, from);
    blst_fr_mul(&scalar, &scalar, &start);
    for (size_t i = 0; i < n; i++) {
      work->scalars[i] = to_scalar(scalar);
      blst_fr_mul(&scalar, &scalar, &step);
    }
    multiply_chunk<C>(work->points, work->scalars, work->points, n, work->scratch, work->products);
    std::memcpy(out + from * size, work->points, n * size);
    sero_wipe(&scalar, sizeof scalar);
    return true;
  });
  sero_wipe(&start, sizeof start);
  sero_wipe(&step, sizeof step);
  return status;
}

// --- Lagrange form ---

uint32_t reverse_bits(uint32_t value, uint32_t bits) {
  uint32_t out = 0;
  for (uint32_t i = 0; i < bits; i++) out |= ((value >> i) & 1) << (bits - 1 - i);
  return out;
}

/// a, b := a + b, a - b for i < count <= CHUNK: both sums share a denominator.
template <class C>
void add_and_subtract(typename C::Affine* a, typename C::Affine* b, size_t count, Scratch<C>& scratch) {
  size_t slopes = 0;
  for (size_t i = 0; i < count; i++) {
    typename C::Field& denominator = scratch.denominators[slopes];
    C::sub(denominator, b[i].x, a[i].x);
    const bool plain = !is_zero(a[i]) && !is_zero(b[i]) && !is_zero(denominator);
    scratch.steps[i] = plain ? Step::Slope : Step::Nothing;
    if (plain) slopes++;
  }
  if (slopes > 0) invert_all<C>(scratch.denominators, scratch.prefixes, slopes);
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    typename C::Affine minus = b[i];
    if (!is_zero(minus)) C::neg(minus.y, minus.y);
    if (scratch.steps[i] == Step::Slope) {
      const typename C::Field& inverse = scratch.denominators[at++];
      const typename C::Affine left = a[i];
      add_by_slope<C>(a[i], left, b[i], inverse);
      add_by_slope<C>(b[i], left, minus, inverse);
    } else {
      typename C::Point left, sum;
      C::from_affine(left, a[i]);
      C::add_mixed(sum, left, b[i]);
      C::to_affine(a[i], sum);
      C::add_mixed(sum, left, minus);
      C::to_affine(b[i], sum);
    }
  }
}

/// Decimation in time (Cooley and Tukey, 1965) over points in bit-reversed order. The last stage brings in 1/n.
template <class C>
sero_status lagrange(const uint8_t* points, uint32_t power, uint8_t* out, const Parallel& parallel,
                     const volatile int32_t* cancelled) {
  using Affine = typename C::Affine;
  const size_t n = size_t{1} << power;
  Memory values_memory(n * sizeof(Affine));
  auto* values = static_cast<Affine*>(values_memory.data());
  if (values == nullptr) return SERO_NO_MEMORY;
  for (size_t i = 0; i < n; i++) values[reverse_bits(static_cast<uint32_t>(i), power)] = point_at<C>(points, i);

  for (uint32_t stage = 1; stage <= power; stage++) {
    const size_t half = size_t{1} << (stage - 1);
    const blst_fr root = inverse_root(stage);
    const bool last = stage == power;
    blst_fr scale = fr_of(n);
    blst_fr_inverse(&scale, &scale);
    const sero_status status = in_chunks(n / 2, CHUNK / 2, parallel, cancelled, [&](size_t from, size_t to) {
      struct Work {
        MultiplyWork<C> multiply;
        Affine left[CHUNK], right[CHUNK];
        uint32_t places[CHUNK];
      };
      Memory memory(sizeof(Work));
      auto* work = static_cast<Work*>(memory.data());
      if (work == nullptr) return false;
      const size_t count = to - from;
      // Butterfly i joins position (i / half) * 2 half + i % half and the one half further.
      blst_fr twiddle = fr_power(root, from & (half - 1));
      size_t multiplied = 0;
      for (size_t i = 0; i < count; i++) {
        const size_t within = (from + i) & (half - 1);
        const size_t at = ((from + i) - within) * 2 + within;
        if (within == 0) twiddle = fr_of(1);
        work->left[i] = values[at];
        work->right[i] = values[at + half];
        blst_fr factor = twiddle;
        if (last) {
          blst_fr_mul(&factor, &factor, &scale);
          work->multiply.scalars[multiplied] = to_scalar(scale);
          work->multiply.points[multiplied] = work->left[i];
          work->places[multiplied++] = static_cast<uint32_t>(2 * i);
        }
        if (last || within != 0) {
          work->multiply.scalars[multiplied] = to_scalar(factor);
          work->multiply.points[multiplied] = work->right[i];
          work->places[multiplied++] = static_cast<uint32_t>(2 * i + 1);
        }
        blst_fr_mul(&twiddle, &twiddle, &root);
      }
      multiply_chunk<C>(work->multiply.points, work->multiply.scalars, work->multiply.points, multiplied,
                        work->multiply.scratch, work->multiply.products);
      for (size_t i = 0; i < multiplied; i++) {
        Affine* side = (work->places[i] & 1) ? work->right : work->left;
        side[work->places[i] / 2] = work->multiply.points[i];
      }
      add_and_subtract<C>(work->left, work->right, count, work->multiply.scratch);
      for (size_t i = 0; i < count; i++) {
        const size_t within = (from + i) & (half - 1);
        const size_t at = ((from + i) - within) * 2 + within;
        values[at] = work->left[i];
        values[at + half] = work->right[i];
      }
      return true;
    });
    if (status != SERO_OK) return status;
  }
  std::memcpy(out, values, n * sizeof(Affine));
  return SERO_OK;
}

// --- sums ---

/// The shorter of s and r - s: most coefficients of a circuit are small or the negative of something small.
bool shorter(const uint8_t* scalar, blst_scalar& out) {
  blst_fr value = to_fr(scalar);
  blst_fr_cneg(&value, &value, true);
  out = to_scalar(value);
  sero_wipe(&value, sizeof value);
  if (bit_length(out.b, SCALAR_BYTES) < bit_length(scalar, SCALAR_BYTES)) return true;
  std::memcpy(out.b, scalar, SCALAR_BYTES);
  return false;
}

/// Coefficients up to this length are multiplied with one by one: the kernels take the same time for all.
constexpr size_t SHORT_BITS = 32;

template <class C>
sero_status combine_rows(const uint8_t* bases, const uint32_t* row_starts, size_t rows, const uint32_t* indices,
                         const uint8_t* coefficients, uint8_t* out, const Parallel& parallel,
                         const volatile int32_t* cancelled) {
  return in_chunks(rows, CHUNK / 4, parallel, cancelled, [&](size_t from, size_t to) {
    struct Work {
      Scratch<C> scratch;
      typename C::Point sums[CHUNK], products[CHUNK];
      typename C::Affine results[CHUNK], points[CHUNK];
      blst_scalar scalars[CHUNK];
      size_t rows[CHUNK];
    };
    Memory memory(sizeof(Work));
    auto* work = static_cast<Work*>(memory.data());
    if (work == nullptr) return false;
    std::memset(work->sums, 0, sizeof work->sums);
    blst_scalar scalar;
    // Terms with long coefficients wait until the kernels have many of them.
    size_t waiting = 0;
    const auto add_waiting = [&]() {
      multiply_to_points<C>(work->points, work->scalars, waiting, work->products);
      for (size_t i = 0; i < waiting; i++) {
        C::add_points(work->sums[work->rows[i]], work->sums[work->rows[i]], work->products[i]);
      }
      waiting = 0;
    };
    for (size_t row = from; row < to; row++) {
      typename C::Point& sum = work->sums[row - from];
      for (uint32_t term = row_starts[row]; term < row_starts[row + 1]; term++) {
        typename C::Affine base = point_at<C>(bases, indices[term]);
        if (is_zero(base)) continue;
        if (shorter(coefficients + size_t{term} * SCALAR_BYTES, scalar)) C::neg(base.y, base.y);
        const size_t bits = bit_length(scalar.b, SCALAR_BYTES);
        if (bits == 0) continue;
        if (bits == 1) {
          C::add_mixed(sum, sum, base);
        } else if (bits <= SHORT_BITS) {
          typename C::Point point;
          C::from_affine(point, base);
          C::multiply(point, point, scalar.b, bits);
          C::add_points(sum, sum, point);
        } else {
          work->points[waiting] = base;
          work->scalars[waiting] = scalar;
          work->rows[waiting++] = row - from;
          if (waiting == CHUNK) add_waiting();
        }
      }
    }
    add_waiting();
    to_affine_each<C>(work->results, work->sums, to - from, work->scratch);
    const size_t size = sizeof(typename C::Affine);
    std::memcpy(out + from * size, work->results, (to - from) * size);
    sero_wipe(&scalar, sizeof scalar);
    return true;
  });
}

template <class C>
sero_status multi_exp(const uint8_t* points, const uint8_t* scalars, size_t scalar_bytes, size_t count, uint8_t* out,
                      const Parallel& parallel, const volatile int32_t* cancelled) {
  using Affine = typename C::Affine;
  // Parts of this size keep Pippenger's windows wide and still leave work for every thread.
  const size_t part = count / 8 > 4096 ? count / 8 + 1 : 4096;
  const size_t parts = count == 0 ? 0 : (count + part - 1) / part;
  typename C::Point sums[9];
  if (parts > 9) return SERO_GROUP_ARGUMENT;
  const sero_status status = in_chunks(count, part, parallel, cancelled, [&](size_t from, size_t to) {
    // Pippenger's buckets do not take infinity, and the points may lie anywhere in a file.
    const size_t n = to - from;
    Memory points_memory(n * sizeof(Affine)), scalars_memory(n * scalar_bytes), scratch(C::pippenger_scratch(n));
    auto* finite = static_cast<Affine*>(points_memory.data());
    auto* packed = static_cast<uint8_t*>(scalars_memory.data());
    if (finite == nullptr || packed == nullptr || scratch.data() == nullptr) return false;
    size_t kept = 0;
    for (size_t i = from; i < to; i++) {
      const Affine point = point_at<C>(points, i);
      if (is_zero(point)) continue;
      finite[kept] = point;
      std::memcpy(packed + kept * scalar_bytes, scalars + i * scalar_bytes, scalar_bytes);
      kept++;
    }
    typename C::Point& sum = sums[from / part];
    std::memset(&sum, 0, sizeof sum);
    const size_t bits = scalar_bytes == SCALAR_BYTES ? 255 : 8 * scalar_bytes;
    if (kept > 0) C::pippenger(sum, finite, kept, packed, bits, static_cast<limb_t*>(scratch.data()));
    return true;
  });
  if (status != SERO_OK) return status;
  typename C::Point total;
  std::memset(&total, 0, sizeof total);
  for (size_t i = 0; i < parts; i++) C::add_points(total, total, sums[i]);
  Affine result;
  std::memset(&result, 0, sizeof result);
  if (!C::is_infinity(total)) C::to_affine(result, total);
  std::memcpy(out, &result, sizeof result);
  return SERO_OK;
}

template <class C>
sero_status subtract(const uint8_t* left, const uint8_t* right, size_t count, uint8_t* out, const Parallel& parallel,
                     const volatile int32_t* cancelled) {
  return in_chunks(count, CHUNK, parallel, cancelled, [&](size_t from, size_t to) {
    struct Work {
      Scratch<C> scratch;
      typename C::Affine sums[CHUNK], negated[CHUNK];
      const typename C::Affine* addends[CHUNK];
    };
    Memory memory(sizeof(Work));
    auto* work = static_cast<Work*>(memory.data());
    if (work == nullptr) return false;
    const size_t n = to - from, size = sizeof(typename C::Affine);
    std::memcpy(work->sums, left + from * size, n * size);
    std::memcpy(work->negated, right + from * size, n * size);
    for (size_t i = 0; i < n; i++) {
      if (!is_zero(work->negated[i])) C::neg(work->negated[i].y, work->negated[i].y);
      work->addends[i] = &work->negated[i];
    }
    add_each<C>(work->sums, work->addends, n, work->scratch);
    std::memcpy(out + from * size, work->sums, n * size);
    return true;
  });
}

// --- what comes from outside ---

/// True where the coordinate's words, as they lie in memory, are a number below q.
bool is_reduced(const blst_fp& value) {
  static const uint64_t q[6] = {0xb9feffffffffaaabull, 0x1eabfffeb153ffffull, 0x6730d2a0f6b0f624ull,
                                0x64774b84f38512bfull, 0x4b1ba7b6434bacd7ull, 0x1a0111ea397fe69aull};
  for (int i = 5; i >= 0; i--) {
    if (value.l[i] != q[i]) return value.l[i] < q[i];
  }
  return false;
}

bool is_reduced(const blst_fp2& value) { return is_reduced(value.fp[0]) && is_reduced(value.fp[1]); }

template <class C>
sero_status check(const uint8_t* points, size_t count, size_t* first_bad, const Parallel& parallel,
                  const volatile int32_t* cancelled) {
  const size_t chunks = (count + CHUNK - 1) / CHUNK;
  Memory memory(chunks * sizeof(size_t) + 1);
  auto* found = static_cast<size_t*>(memory.data());
  if (found == nullptr) return SERO_NO_MEMORY;
  const sero_status status = in_chunks(count, CHUNK, parallel, cancelled, [&](size_t from, size_t to) {
    typename C::Affine on_curve[CHUNK];
    uint8_t is_in[CHUNK];
    size_t i = from;
    for (; i < to; i++) {
      const typename C::Affine point = point_at<C>(points, i);
      if (is_zero(point) || !is_reduced(point.x) || !is_reduced(point.y) || !C::on_curve(point)) break;
      on_curve[i - from] = point;
    }
    C::in_group(on_curve, i - from, is_in);
    for (size_t k = 0; k < i - from; k++) {
      if (is_in[k] == 0) i = from + k;
    }
    found[from / CHUNK] = i < to ? i : count;
    return true;
  });
  if (status != SERO_OK) return status;
  *first_bad = count;
  for (size_t i = chunks; i-- > 0;) {
    if (found[i] != count) *first_bad = found[i];
  }
  return SERO_OK;
}

template <class C>
sero_status encode(const uint8_t* points, size_t count, bool compressed, uint8_t* out, const Parallel& parallel,
                   const volatile int32_t* cancelled) {
  const size_t size = compressed ? C::FIELD_BYTES : 2 * C::FIELD_BYTES;
  return in_chunks(count, CHUNK, parallel, cancelled, [&](size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
      const typename C::Affine point = point_at<C>(points, i);
      uint8_t* at = out + i * size;
      if (is_zero(point)) {
        std::memset(at, 0, size);
        if (compressed) at[0] = 0x40;
      } else if (compressed) {
        C::compress(at, point);
        // ZCash's flags are compressed 0x80, infinity 0x40, larger root 0x20.
        const bool larger = (at[0] & 0x20) != 0;
        at[0] = static_cast<uint8_t>((at[0] & 0x1f) | (larger ? 0x80 : 0));
      } else {
        C::serialize(at, point);
      }
    }
    return true;
  });
}

bool all_canonical(const uint8_t* scalars, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!is_canonical(scalars + i * SCALAR_BYTES)) return false;
  }
  return true;
}

}  // namespace
}  // namespace sero

using namespace sero;

/// Calls the template for the group, or refuses it; `parallel` becomes a reference.
#define FOR_GROUP(name, ...)                                                    \
  do {                                                                          \
    const Parallel threads = parallel != nullptr ? *parallel : serial();        \
    if (group == 1) return name<G1>(__VA_ARGS__, threads, cancelled);           \
    if (group == 2) return name<G2>(__VA_ARGS__, threads, cancelled);           \
    return SERO_GROUP_ARGUMENT;                                                 \
  } while (false)

extern "C" {

sero_status sero_group_multiply_generator(int32_t group, const uint8_t* scalars, size_t count, uint8_t* out,
                                          const sero_parallel* parallel, const volatile int32_t* cancelled) {
  if (!all_canonical(scalars, count)) return SERO_SCALAR_NOT_CANONICAL;
  FOR_GROUP(multiply_generator, scalars, count, out);
}

sero_status sero_group_multiply_each(int32_t group, const uint8_t* points, const uint8_t* scalars, size_t count,
                                     uint8_t* out, const sero_parallel* parallel,
                                     const volatile int32_t* cancelled) {
  if (!all_canonical(scalars, count)) return SERO_SCALAR_NOT_CANONICAL;
  FOR_GROUP(multiply_each, points, scalars, count, out);
}

sero_status sero_group_multiply_powers(int32_t group, const uint8_t* points, size_t count, const uint8_t* first,
                                       const uint8_t* factor, uint8_t* out, const sero_parallel* parallel,
                                       const volatile int32_t* cancelled) {
  if (!is_canonical(first) || !is_canonical(factor)) return SERO_SCALAR_NOT_CANONICAL;
  FOR_GROUP(multiply_powers, points, count, first, factor, out);
}

sero_status sero_group_lagrange(int32_t group, const uint8_t* points, uint32_t power, uint8_t* out,
                                const sero_parallel* parallel, const volatile int32_t* cancelled) {
  if (power >= TWO_ADICITY) return SERO_GROUP_ARGUMENT;
  FOR_GROUP(lagrange, points, power, out);
}

sero_status sero_group_combine_rows(int32_t group, const uint8_t* bases, size_t base_count,
                                    const uint32_t* row_starts, size_t rows, const uint32_t* indices,
                                    const uint8_t* coefficients, size_t terms, uint8_t* out,
                                    const sero_parallel* parallel, const volatile int32_t* cancelled) {
  if (row_starts[0] != 0 || row_starts[rows] != terms) return SERO_GROUP_ARGUMENT;
  for (size_t row = 0; row < rows; row++) {
    if (row_starts[row] > row_starts[row + 1]) return SERO_GROUP_ARGUMENT;
  }
  for (size_t term = 0; term < terms; term++) {
    if (indices[term] >= base_count) return SERO_GROUP_ARGUMENT;
  }
  if (!all_canonical(coefficients, terms)) return SERO_SCALAR_NOT_CANONICAL;
  FOR_GROUP(combine_rows, bases, row_starts, rows, indices, coefficients, out);
}

sero_status sero_group_multi_exp(int32_t group, const uint8_t* points, const uint8_t* scalars, size_t scalar_bytes,
                                 size_t count, uint8_t* out, const sero_parallel* parallel,
                                 const volatile int32_t* cancelled) {
  if (scalar_bytes == 0 || scalar_bytes > SCALAR_BYTES) return SERO_GROUP_ARGUMENT;
  if (scalar_bytes == SCALAR_BYTES && !all_canonical(scalars, count)) return SERO_SCALAR_NOT_CANONICAL;
  FOR_GROUP(multi_exp, points, scalars, scalar_bytes, count, out);
}

sero_status sero_group_subtract(int32_t group, const uint8_t* left, const uint8_t* right, size_t count, uint8_t* out,
                                const sero_parallel* parallel, const volatile int32_t* cancelled) {
  FOR_GROUP(subtract, left, right, count, out);
}

sero_status sero_group_check(int32_t group, const uint8_t* points, size_t count, size_t* first_bad,
                             const sero_parallel* parallel, const volatile int32_t* cancelled) {
  FOR_GROUP(check, points, count, first_bad);
}

sero_status sero_group_encode(int32_t group, const uint8_t* points, size_t count, int32_t compressed, uint8_t* out,
                              const sero_parallel* parallel, const volatile int32_t* cancelled) {
  FOR_GROUP(encode, points, count, compressed != 0, out);
}

sero_status sero_pairing_product_is_one(const uint8_t* left, const uint8_t* right, size_t count, int32_t* is_one) {
  blst_fp12 product = *blst_fp12_one();
  for (size_t i = 0; i < count; i++) {
    const blst_p1_affine p = point_at<G1>(left, i);
    const blst_p2_affine q = point_at<G2>(right, i);
    if (is_zero(p) || is_zero(q)) continue;
    blst_fp12 value;
    blst_miller_loop(&value, &q, &p);
    blst_fp12_mul(&product, &product, &value);
  }
  blst_final_exp(&product, &product);
  *is_one = blst_fp12_is_one(&product) ? 1 : 0;
  return SERO_OK;
}

}  // extern "C"
