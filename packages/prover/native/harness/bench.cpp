// What the project's bench needs from below JavaScript; every command prints one line of JSON.
//
//   bench fields                nanoseconds of a field multiplication, one lane, in each kernel: the physical floor
//   bench msm POINTS RUNS       multi-exponentiations in G1 over random points with 2 threads, in turn: the prover's (a table of
//                               four copies), the same without copies, and blst's own Pippenger; milliseconds
//   bench count ZKEY WTNS       field multiplications of one proof in each kernel (only in the build that counts)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../src/memory.hpp"
#include "../src/pippenger.hpp"

#if defined(SERO_COUNT)
namespace sero {
uint64_t multiplications[2];
}
#endif

namespace sero {
namespace portable {
void time_fields(double* fq, double* fr);
}
namespace ifma {
void time_fields(double* fq, double* fr);
}
}  // namespace sero

namespace {

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool has_ifma() { return std::string(sero_kernels_name()) == "ifma"; }

int fields() {
  double fq, fr;
  sero::portable::time_fields(&fq, &fr);
  std::printf("{\"portable\":{\"fq\":%.3f,\"fr\":%.3f}", fq, fr);
#if defined(SERO_HAS_IFMA)
  if (has_ifma()) {
    sero::ifma::time_fields(&fq, &fr);
    std::printf(",\"ifma\":{\"fq\":%.3f,\"fr\":%.3f}", fq, fr);
  }
#endif
  std::printf("}\n");
  return 0;
}

void print_list(const char* name, const std::vector<double>& values, const char* end) {
  std::printf("\"%s\":[", name);
  for (size_t i = 0; i < values.size(); i++) std::printf("%s%.4f", i == 0 ? "" : ",", values[i]);
  std::printf("]%s", end);
}

struct Table {
  sero::PointTable table;
  Table(const std::vector<blst_p1_affine>& points, unsigned window, unsigned copies, const sero::Parallel& parallel) {
    table = {&sero::kernels().g1, sero::Windows::of(window, copies), points.size(), nullptr};
    table.rows = static_cast<uint8_t*>(sero_alloc(table.bytes()));
    sero::fill_table(table, reinterpret_cast<const uint8_t*>(points.data()), parallel, nullptr);
  }
  ~Table() { sero_free(table.rows); }
};

/// Half the points a thread, as a program on blst would.
void blst_two_threads(const std::vector<blst_p1_affine>& points, const std::vector<uint8_t>& scalars, blst_p1* out) {
  const size_t half = points.size() / 2;
  blst_p1 sums[2];
  const auto work = [&](int side) {
    const size_t from = side == 0 ? 0 : half, count = side == 0 ? half : points.size() - half;
    std::vector<limb_t> scratch(blst_p1s_mult_pippenger_scratch_sizeof(count) / sizeof(limb_t));
    const blst_p1_affine* p[2] = {points.data() + from, nullptr};
    const uint8_t* s[2] = {scalars.data() + 32 * from, nullptr};
    blst_p1s_mult_pippenger(&sums[side], p, count, s, 255, scratch.data());
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  blst_p1_add_or_double(out, &sums[0], &sums[1]);
}

int multi_exps(size_t count, int runs) {
  std::mt19937_64 random(20);
  std::vector<blst_p1_affine> points(count);
  std::vector<uint8_t> scalars(32 * count);
  const auto draw = [&](uint8_t* out) {
    for (int i = 0; i < 4; i++) {
      const uint64_t word = random();
      std::memcpy(out + 8 * i, &word, 8);
    }
    out[31] &= 0x3f;
  };
  for (size_t i = 0; i < count; i++) {
    uint8_t scalar[32];
    blst_p1 point;
    draw(scalar);
    blst_p1_mult(&point, blst_p1_generator(), scalar, 255);
    blst_p1_to_affine(&points[i], &point);
    draw(scalars.data() + 32 * i);
  }
  sero_pool* pool = sero_pool_new(2);
  const sero::Parallel parallel = sero_pool_parallel(pool);
  const unsigned window = count >= 1 << 15 ? 13 : 12;
  Table fixed(points, 13, 4, parallel), plain(points, window, 1, parallel);
  std::vector<double> ours, without, blst;
  blst_p1 a, b, c;
  for (int run = -1; run < runs; run++) {
    const double t0 = now();
    const sero::MultiExp first = {&fixed.table, scalars.data(), 0, fixed.table.windows.sets, &a};
    sero::multi_exp(&first, 1, parallel, nullptr);
    const double t1 = now();
    const sero::MultiExp second = {&plain.table, scalars.data(), 0, plain.table.windows.sets, &b};
    sero::multi_exp(&second, 1, parallel, nullptr);
    const double t2 = now();
    blst_two_threads(points, scalars, &c);
    const double t3 = now();
    if (!blst_p1_is_equal(&a, &c) || !blst_p1_is_equal(&b, &c)) {
      std::fprintf(stderr, "the sums differ\n");
      return 1;
    }
    if (run < 0) continue;
    ours.push_back(t1 - t0);
    without.push_back(t2 - t1);
    blst.push_back(t3 - t2);
  }
  std::printf("{");
  print_list("ours", ours, ",");
  print_list("withoutCopies", without, ",");
  print_list("blst", blst, "}\n");
  sero_pool_free(pool);
  return 0;
}

#if defined(SERO_COUNT)
std::vector<uint8_t> read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int count(const char* zkey_path, const char* wtns_path) {
  const std::vector<uint8_t> zkey = read(zkey_path), wtns = read(wtns_path);
  const uint8_t* values;
  size_t value_count;
  if (sero_read_wtns(wtns.data(), wtns.size(), &values, &value_count) != SERO_OK) return 1;
  std::printf("{");
  for (const int is_portable : {1, 0}) {
    sero_force_portable(is_portable);
    if (is_portable == 0 && !has_ifma()) break;
    sero_proving_key* key;
    if (sero_proving_key_new(zkey.data(), zkey.size(), 4, nullptr, nullptr, &key) != SERO_OK) return 1;
    uint8_t seed[SERO_BLINDING_BYTES], proof[SERO_PROOF_BYTES];
    for (uint8_t& byte : seed) byte = 7;
    sero::multiplications[0] = sero::multiplications[1] = 0;
    if (sero_prove(key, values, value_count, seed, nullptr, nullptr, proof) != SERO_OK) return 1;
    std::printf("%s\"%s\":{\"fq\":%llu,\"fr\":%llu}", is_portable == 1 ? "" : ",", sero_kernels_name(),
                static_cast<unsigned long long>(sero::multiplications[0]),
                static_cast<unsigned long long>(sero::multiplications[1]));
    sero_proving_key_free(key);
  }
  std::printf("}\n");
  return 0;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "fields") return fields();
  if (command == "msm" && argc == 4) return multi_exps(std::strtoul(argv[2], nullptr, 10), std::atoi(argv[3]));
#if defined(SERO_COUNT)
  if (command == "count" && argc == 4) return count(argv[2], argv[3]);
#endif
  std::fprintf(stderr, "bench fields | msm POINTS RUNS | count ZKEY WTNS\n");
  return 2;
}
