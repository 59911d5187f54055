// Nanoseconds of one multiplication in one lane, four independent ones at a time: compiled once for each kind of lanes.
#if defined(SERO_TIME_IFMA)
#define SERO_KERNEL ifma
#include "../src/field/ifma.hpp"
#else
#define SERO_KERNEL portable
#include "../src/field/portable.hpp"
#endif

#include <ctime>

namespace sero {
namespace SERO_KERNEL {

static double processor_time() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

template <class P>
static double time_of() {
  constexpr int ROUNDS = 20000;
  Field<P> x[4];
  for (Field<P>& e : x) e = one<P>();
  double least = 1e18;
  for (int repetition = 0; repetition < 50; repetition++) {
    const double start = processor_time();
    for (int i = 0; i < ROUNDS; i++) {
      for (Field<P>& e : x) e = mul(e, e);
      __asm__ volatile("" : : "r"(x) : "memory");
    }
    const double each = (processor_time() - start) / (4.0 * ROUNDS * LANES);
    if (each < least) least = each;
  }
  return least;
}

void time_fields(double* fq, double* fr) {
  *fq = time_of<FqParams>();
  *fr = time_of<FrParams>();
}

}  // namespace SERO_KERNEL
}  // namespace sero
