// Points of Jubjub in batches: decoding, and whether they are fit to be keys.

#include "bytes.hpp"
#include "kernels.hpp"

namespace sero {
namespace {

/// Points a task decodes.
constexpr size_t PIECE = 256;

sero_status verdict_of(PointKind kind) {
  switch (kind) {
    case PointKind::MALFORMED:
      return SERO_JUBJUB_NOT_CANONICAL;
    case PointKind::IDENTITY:
      return SERO_JUBJUB_IDENTITY;
    case PointKind::SMALL_ORDER:
      return SERO_JUBJUB_SMALL_ORDER;
    case PointKind::STRAY:
      return SERO_JUBJUB_NOT_IN_SUBGROUP;
    case PointKind::PRIME:
      return SERO_OK;
  }
  return SERO_JUBJUB_NOT_CANONICAL;
}

}  // namespace
}  // namespace sero

extern "C" {

sero_status sero_check_points(const uint8_t* encodings, size_t count, sero_status* verdicts, uint8_t* affine,
                              const sero_parallel* parallel, const volatile int32_t* cancelled) {
  using namespace sero;
  const JubjubKernels& kernel = kernels().jubjub;
  return for_pieces(count, PIECE, parallel, cancelled, [&](size_t from, size_t to) {
    PointKind kinds[PIECE];
    kernel.decode(encodings + SERO_JUBJUB_BYTES * from, SERO_JUBJUB_BYTES, to - from, 1, kinds,
                  affine == nullptr ? nullptr : affine + SERO_JUBJUB_AFFINE_BYTES * from);
    for (size_t i = from; i < to; i++) verdicts[i] = verdict_of(kinds[i - from]);
  });
}

}
