// Scanning: a filter over all outputs, then the few that may be hits.

#include "bytes.hpp"
#include "jubjub_constants.hpp"
#include "kernels.hpp"
#include "memory.hpp"

namespace sero {
namespace {

/// Outputs a task takes: some milliseconds with IFMA, tens without.
constexpr size_t PIECE = 512;

/// What a task holds of its outputs; wiped at its end.
struct Piece {
  uint8_t maybe[PIECE];
  uint8_t alive[PIECE];
  uint8_t fits[PIECE];
  uint32_t place[PIECE];
  uint8_t candidates[PIECE * SERO_SCAN_OUTPUT_BYTES];
  uint8_t secrets[PIECE][SERO_JUBJUB_BYTES];
};

void scan_piece(const JubjubKernels& kernel, const uint8_t* view_key, const uint8_t* outputs, size_t count,
                bool is_audit, uint8_t* hits, uint8_t* secrets) {
  if (is_audit) {
    kernel.share_secrets(view_key, outputs, count, hits, secrets);
    return;
  }
  Piece piece;
  kernel.filter(view_key, outputs, count, piece.maybe);
  size_t candidates = 0;
  for (size_t i = 0; i < count; i++) {
    if (piece.maybe[i] == 0) continue;
    std::memcpy(piece.candidates + SERO_SCAN_OUTPUT_BYTES * candidates, outputs + SERO_SCAN_OUTPUT_BYTES * i,
                SERO_SCAN_OUTPUT_BYTES);
    piece.place[candidates++] = static_cast<uint32_t>(i);
  }
  std::memset(hits, 0, count);
  std::memset(secrets, 0, SERO_JUBJUB_BYTES * count);
  kernel.share_secrets(view_key, piece.candidates, candidates, piece.alive, piece.secrets[0]);
  kernel.match_tags(piece.secrets[0], piece.candidates, candidates, piece.fits);
  for (size_t i = 0; i < candidates; i++) {
    if (piece.alive[i] == 0 || piece.fits[i] == 0) continue;
    hits[piece.place[i]] = 1;
    std::memcpy(secrets + SERO_JUBJUB_BYTES * piece.place[i], piece.secrets[i], SERO_JUBJUB_BYTES);
  }
  sero_wipe(&piece, sizeof piece);
}

}  // namespace
}  // namespace sero

extern "C" {

sero_status sero_scan(const uint8_t view_key[32], const uint8_t* outputs, size_t count, int32_t audit,
                      uint8_t* hits, uint8_t* secrets, const sero_parallel* parallel,
                      const volatile int32_t* cancelled) {
  using namespace sero;
  if (is_all_zeros(view_key, 32) || !is_below_words(view_key, jubjub_constants::ORDER)) {
    return SERO_VIEW_KEY_NOT_CANONICAL;
  }
  const JubjubKernels& kernel = kernels().jubjub;
  return for_pieces(count, PIECE, parallel, cancelled, [&](size_t from, size_t to) {
    scan_piece(kernel, view_key, outputs + SERO_SCAN_OUTPUT_BYTES * from, to - from, audit != 0, hits + from,
               secrets + SERO_JUBJUB_BYTES * from);
  });
}

}
