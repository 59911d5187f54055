// What the project's bench needs from below JavaScript; every command prints one line of JSON.
//
//   bench fields                nanoseconds of a field multiplication, one lane, in each kernel: the physical floor
//   bench msm POINTS RUNS       multi-exponentiations in G1 over random points with 2 threads, in turn: the prover's (a table of
//                               four copies), the same without copies, and blst's own Pippenger; milliseconds
//
// and, only in the build that counts, the field multiplications of one call in each kernel, on one thread:
//
//   bench-count prove ZKEY WTNS     a proof
//   bench-count msm POINTS          the multi-exponentiation of `bench msm` with copies
//   bench-count verify COUNT        COUNT proofs of 15 public inputs: 1 is sero_verify, more are a batch
//   bench-count scan FILE           outputs, 34 bytes each, after a view key of 32
//   bench-count signatures FILE     RedJubjub signatures, 128 bytes each, as a batch
//   bench-count nodes COUNT         nodes of the note tree hashed
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
#include "verify_support.hpp"

namespace sero {
uint64_t multiplications[2];
}
extern "C" uint64_t blst_half_multiplications[2];
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

struct Inputs {
  std::vector<blst_p1_affine> points;
  std::vector<uint8_t> scalars;
};

Inputs random_inputs(size_t count) {
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
  return {points, scalars};
}

int multi_exps(size_t count, int runs) {
  const auto [points, scalars] = random_inputs(count);
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

/// Runs `work` in each kernel, the portable one first: it prepares, and hands what is to be counted to what it is given.
template <class Work>
bool count_in_kernels(const Work& work) {
  std::printf("{");
  for (const int is_portable : {1, 0}) {
    sero_force_portable(is_portable);
    if (is_portable == 0 && !has_ifma()) break;
    uint64_t lanes[2] = {}, blst[2] = {};
    const bool done = work([&](const auto& counted) {
      sero::multiplications[0] = sero::multiplications[1] = 0;
      blst_half_multiplications[0] = blst_half_multiplications[1] = 0;
      const bool is_right = counted();
      for (int field = 0; field < 2; field++) {
        // What the portable kernel multiplies it multiplies by blst.
        lanes[field] = is_portable == 1 ? 0 : sero::multiplications[field];
        blst[field] = blst_half_multiplications[field] / 2;
      }
      return is_right;
    });
    if (!done) return false;
    const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%s\"%s\":{\"fq\":%llu,\"fr\":%llu,\"blstFq\":%llu,\"blstFr\":%llu}", is_portable == 1 ? "" : ",",
                sero_kernels_name(), number(lanes[0]), number(lanes[1]), number(blst[0]), number(blst[1]));
  }
  std::printf("}\n");
  return true;
}

bool count_prove(const char* zkey_path, const char* wtns_path) {
  const std::vector<uint8_t> zkey = read(zkey_path), wtns = read(wtns_path);
  const uint8_t* values;
  size_t value_count;
  if (sero_read_wtns(wtns.data(), wtns.size(), &values, &value_count) != SERO_OK) return false;
  return count_in_kernels([&](const auto& counted) {
    sero_proving_key* key;
    if (sero_proving_key_new(zkey.data(), zkey.size(), 4, nullptr, nullptr, &key) != SERO_OK) return false;
    uint8_t seed[SERO_BLINDING_BYTES], proof[SERO_PROOF_BYTES];
    std::memset(seed, 7, sizeof seed);
    const bool done =
        counted([&] { return sero_prove(key, values, value_count, seed, nullptr, nullptr, proof) == SERO_OK; });
    sero_proving_key_free(key);
    return done;
  });
}

bool count_multi_exp(size_t count) {
  const Inputs inputs = random_inputs(count);
  sero_pool* pool = sero_pool_new(1);
  const sero::Parallel alone = sero_pool_parallel(pool);
  const bool done = count_in_kernels([&](const auto& counted) {
    Table fixed(inputs.points, 13, 4, alone);
    blst_p1 sum;
    const sero::MultiExp one = {&fixed.table, inputs.scalars.data(), 0, fixed.table.windows.sets, &sum};
    return counted([&] {
      sero::multi_exp(&one, 1, alone, nullptr);
      return true;
    });
  });
  sero_pool_free(pool);
  return done;
}

bool count_verify(size_t count) {
  constexpr size_t INPUTS = 15;
  harness::Source source{1};
  const harness::KnownKey key = harness::known_key(&source, INPUTS);
  std::vector<harness::Statement> statements;
  for (size_t i = 0; i < count; i++) statements.push_back(harness::simulate(&source, key));
  std::vector<sero_proof_item> items;
  for (const auto& one : statements) items.push_back({key.vk, one.inputs.data(), INPUTS, one.proof.data()});
  std::vector<sero_status> verdicts(count, SERO_PROOF_INVALID);
  const uint8_t seed[SERO_SEED_BYTES] = {1};
  return count_in_kernels([&](const auto& counted) {
    return counted([&] {
      if (count == 1) return sero_verify(key.vk, items[0].inputs, INPUTS, items[0].proof) == SERO_OK;
      if (sero_verify_batch(items.data(), count, seed, nullptr, nullptr, verdicts.data()) != SERO_OK) return false;
      return std::all_of(verdicts.begin(), verdicts.end(), [](sero_status one) { return one == SERO_OK; });
    });
  });
}

bool count_scan(const char* path) {
  const std::vector<uint8_t> file = read(path);
  if (file.size() < SERO_FIELD_BYTES) return false;
  const size_t count = (file.size() - SERO_FIELD_BYTES) / SERO_SCAN_OUTPUT_BYTES;
  std::vector<uint8_t> hits(count), secrets(SERO_FIELD_BYTES * count);
  return count_in_kernels([&](const auto& counted) {
    return counted([&] {
      return sero_scan(file.data(), file.data() + SERO_FIELD_BYTES, count, 0, hits.data(), secrets.data(), nullptr,
                       nullptr) == SERO_OK;
    });
  });
}

bool count_signatures(const char* path) {
  const std::vector<uint8_t> items = read(path);
  std::vector<uint8_t> valid(items.size() / SERO_SIGNED_BYTES);
  const uint8_t seed[SERO_SEED_BYTES] = {1};
  return count_in_kernels([&](const auto& counted) {
    return counted([&] {
      if (sero_redjubjub_verify_batch(items.data(), valid.size(), seed, valid.data(), nullptr, nullptr) != SERO_OK)
        return false;
      return std::all_of(valid.begin(), valid.end(), [](uint8_t one) { return one == 1; });
    });
  });
}

bool count_nodes(size_t count) {
  const std::vector<uint8_t> tuples(SERO_TUPLE_BYTES * count);
  std::vector<uint8_t> out(SERO_FIELD_BYTES * count);
  return count_in_kernels([&](const auto& counted) {
    return counted(
        [&] { return sero_hash_nodes(tuples.data(), count, out.data(), nullptr, nullptr, nullptr) == SERO_OK; });
  });
}

int count(const std::string& what, const char* first, const char* second) {
  const size_t number = std::strtoul(first, nullptr, 10);
  bool done = false;
  if (what == "prove" && second != nullptr) done = count_prove(first, second);
  if (what == "msm") done = count_multi_exp(number);
  if (what == "verify" && number > 0) done = count_verify(number);
  if (what == "scan") done = count_scan(first);
  if (what == "signatures") done = count_signatures(first);
  if (what == "nodes") done = count_nodes(number);
  return done ? 0 : 1;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "fields") return fields();
  if (command == "msm" && argc == 4) return multi_exps(std::strtoul(argv[2], nullptr, 10), std::atoi(argv[3]));
#if defined(SERO_COUNT)
  if (argc >= 3) return count(command, argv[2], argc > 3 ? argv[3] : nullptr);
#endif
  std::fprintf(stderr, "bench fields | msm POINTS RUNS; bench-count: see the source\n");
  return 2;
}
