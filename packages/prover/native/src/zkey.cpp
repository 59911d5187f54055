#include "zkey.hpp"

#include <cstring>

#include "field/params.hpp"

namespace sero {
namespace {

constexpr uint32_t GROTH16 = 1;
constexpr uint32_t MAX_SECTIONS = 64;
constexpr size_t FQ_BYTES = 48, FR_BYTES = 32, G1 = 96, G2 = 192;

uint32_t u32(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 | static_cast<uint32_t>(at[2]) << 16 |
         static_cast<uint32_t>(at[3]) << 24;
}
uint64_t u64(const uint8_t* at) { return u32(at) | static_cast<uint64_t>(u32(at + 4)) << 32; }

/// The sections of a file by type; types above the last that matter are skipped.
struct Sections {
  Span section[MAX_SECTIONS];
};

bool read_sections(Span file, const char* magic, Sections* out) {
  std::memset(out, 0, sizeof *out);
  if (file.size < 12 || std::memcmp(file.data, magic, 4) != 0) return false;
  const uint32_t count = u32(file.data + 8);
  size_t at = 12;
  for (uint32_t i = 0; i < count; i++) {
    if (file.size - at < 12) return false;
    const uint32_t type = u32(file.data + at);
    const uint64_t length = u64(file.data + at + 4);
    at += 12;
    if (length > file.size - at) return false;
    if (type < MAX_SECTIONS) {
      if (out->section[type].data != nullptr) return false;
      out->section[type] = {file.data + at, static_cast<size_t>(length)};
    }
    at += static_cast<size_t>(length);
  }
  return at == file.size;
}

template <class P>
bool is_modulus(const uint8_t* at) {
  for (int i = 0; i < P::WORDS; i++) {
    if (u64(at + 8 * i) != P::P64[i]) return false;
  }
  return true;
}

bool has_size(const Span& section, uint64_t size) { return section.data != nullptr && section.size == size; }

/// k where n = 2^k, else -1.
int power_of_two(uint32_t n) {
  for (int k = 0; k < 32; k++) {
    if (n == uint32_t{1} << k) return k;
  }
  return -1;
}

bool read_header(Span header, ZkeyHead* out) {
  constexpr size_t FIELDS = 4 + FQ_BYTES + 4 + FR_BYTES + 12;
  if (!has_size(header, FIELDS + 3 * G1 + 3 * G2)) return false;
  const uint8_t* at = header.data;
  if (u32(at) != FQ_BYTES || !is_modulus<FqParams>(at + 4)) return false;
  at += 4 + FQ_BYTES;
  if (u32(at) != FR_BYTES || !is_modulus<FrParams>(at + 4)) return false;
  at += 4 + FR_BYTES;
  out->wires = u32(at);
  out->public_inputs = u32(at + 4);
  const int power = power_of_two(u32(at + 8));
  // The coset needs a root of unity of twice the domain's order.
  if (power < 1 || power >= 32) return false;
  out->domain_power = static_cast<uint32_t>(power);
  if (out->public_inputs >= out->wires) return false;
  out->alpha1 = header.data + FIELDS;
  out->beta1 = out->alpha1 + G1;
  out->beta2 = out->beta1 + G1;
  out->gamma2 = out->beta2 + G2;
  out->delta1 = out->gamma2 + G2;
  out->delta2 = out->delta1 + G1;
  return true;
}

}  // namespace

sero_status read_zkey_head(Span protocol, Span header, Span ic, ZkeyHead* out) {
  if (!has_size(protocol, 4) || u32(protocol.data) != GROTH16) return SERO_ZKEY_MALFORMED;
  if (!read_header(header, out)) return SERO_ZKEY_MALFORMED;
  if (!has_size(ic, (uint64_t{out->public_inputs} + 1) * G1)) return SERO_ZKEY_MALFORMED;
  out->ic = ic.data;
  return SERO_OK;
}

sero_status read_zkey(Span file, Zkey* out) {
  Sections s;
  if (!read_sections(file, "zkey", &s)) return SERO_ZKEY_MALFORMED;
  const Span* section = s.section;
  const sero_status head = read_zkey_head(section[ZKEY_PROTOCOL], section[ZKEY_HEADER], section[ZKEY_IC], out);
  if (head != SERO_OK) return head;
  const uint64_t wires = out->wires;
  const bool sizes = section[4].size >= 4 && has_size(section[5], wires * G1) && has_size(section[6], wires * G1) &&
                     has_size(section[7], wires * G2) && has_size(section[8], out->private_wires() * uint64_t{G1}) &&
                     has_size(section[9], uint64_t{out->domain()} * G1);
  if (!sizes) return SERO_ZKEY_MALFORMED;
  out->entry_count = u32(section[4].data);
  if (!has_size(section[4], 4 + uint64_t{out->entry_count} * ZKEY_ENTRY_BYTES)) return SERO_ZKEY_MALFORMED;
  out->entries = section[4].data + 4;
  for (uint32_t i = 0; i < out->entry_count; i++) {
    const uint8_t* entry = out->entries + size_t{i} * ZKEY_ENTRY_BYTES;
    if (u32(entry) > 1 || u32(entry + 4) >= out->domain() || u32(entry + 8) >= out->wires) {
      return SERO_ZKEY_MALFORMED;
    }
  }
  out->a = section[5].data;
  out->b1 = section[6].data;
  out->b2 = section[7].data;
  out->c = section[8].data;
  out->h = section[9].data;
  return SERO_OK;
}

sero_status read_wtns(Span file, const uint8_t** values, size_t* count) {
  Sections s;
  if (!read_sections(file, "wtns", &s)) return SERO_WITNESS_MALFORMED;
  const Span head = s.section[1], body = s.section[2];
  if (!has_size(head, 4 + FR_BYTES + 4) || u32(head.data) != FR_BYTES || !is_modulus<FrParams>(head.data + 4)) {
    return SERO_WITNESS_MALFORMED;
  }
  *count = u32(head.data + 4 + FR_BYTES);
  if (!has_size(body, uint64_t{*count} * FR_BYTES)) return SERO_WITNESS_MALFORMED;
  *values = body.data;
  return SERO_OK;
}

}  // namespace sero
