#include "proving_key.hpp"

#include <cstring>
#include <new>

#include "memory.hpp"

namespace sero {
namespace {

constexpr size_t G1 = 96, G2 = 192;

uint32_t u32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, 4);
  return value;
}

bool is_infinity(const uint8_t* point, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    if (point[i] != 0) return false;
  }
  return true;
}

/// A list of points of a file, of which those that are not infinity go to a table.
struct Source {
  const uint8_t* points;
  size_t count;
  List list;
};

/// The lists of a part.
struct Sources {
  Source source[2];
  size_t point_bytes;

  size_t finite_count() const {
    size_t count = 0;
    for (const Source& s : source) {
      for (size_t i = 0; i < s.count; i++) count += is_infinity(s.points + i * point_bytes, point_bytes) ? 0 : 1;
    }
    return count;
  }
};

Sources sources_of(const Zkey& zkey, int part) {
  if (part == PART_A) return {{{zkey.a, zkey.wires, LIST_WITNESS}}, G1};
  if (part == PART_B2) return {{{zkey.b2, zkey.wires, LIST_WITNESS}}, G2};
  return {{{zkey.c, zkey.private_wires(), LIST_PRIVATE}, {zkey.h, zkey.domain(), LIST_QUOTIENT}}, G1};
}

/// Places of a table that are looked at for a value. Honest ones are found after a few; what is not found stands twice, which costs
/// room and some time and changes no result.
constexpr int MAX_PROBES = 64;

uint64_t hash_of(const uint8_t* x, size_t bytes) {
  // FNV-1a over words. Anybody can make values that collide here: what searches a table gives up after MAX_PROBES.
  uint64_t hash = 0xcbf29ce484222325ull, word;
  for (size_t i = 0; i < bytes; i += 8) {
    std::memcpy(&word, x + i, 8);
    hash = (hash ^ word) * 0x100000001b3ull;
    hash ^= hash >> 29;
  }
  return hash;
}

/// Collects a part's finite points, each x once, and where their scalars come from. `slots`: 2^slot_power numbers, more than twice
/// the points. Returns how many points there are.
size_t collect(const Sources& sources, uint32_t* slots, unsigned slot_power, uint8_t* points, Use* uses) {
  const size_t bytes = sources.point_bytes, half = bytes / 2;
  std::memset(slots, 0xff, sizeof(uint32_t) << slot_power);
  size_t rows = 0, used = 0;
  for (const Source& source : sources.source) {
    for (size_t i = 0; i < source.count; i++) {
      const uint8_t* point = source.points + i * bytes;
      if (is_infinity(point, bytes)) continue;
      size_t slot = hash_of(point, half) >> (64 - slot_power);
      int probes = 0;
      while (probes < MAX_PROBES && slots[slot] != UINT32_MAX &&
             std::memcmp(points + slots[slot] * bytes, point, half) != 0) {
        slot = (slot + 1) & ((size_t{1} << slot_power) - 1);
        probes++;
      }
      uint32_t row = static_cast<uint32_t>(rows);
      if (probes < MAX_PROBES && slots[slot] != UINT32_MAX) {
        row = slots[slot];
      } else {
        if (probes < MAX_PROBES) slots[slot] = row;
        std::memcpy(points + rows++ * bytes, point, bytes);
      }
      // On the curve the same x leaves y and -y.
      const uint8_t is_negative = std::memcmp(points + row * bytes + half, point + half, half) != 0 ? 1 : 0;
      uses[used++] = {row, static_cast<uint32_t>(i), source.list, is_negative, 0};
    }
  }
  return rows;
}

/// y of the use's point is the opposite of y of its row, in every part of the coordinate.
bool is_opposite(const Sources& sources, const Use& use, const uint8_t* points) {
  const size_t bytes = sources.point_bytes;
  for (const Source& source : sources.source) {
    if (source.count == 0 || source.list != use.list) continue;
    for (size_t at = bytes / 2; at < bytes; at += 48) {
      blst_fp own, other;
      std::memcpy(&own, points + use.row * bytes + at, 48);
      std::memcpy(&other, source.points + use.scalar * bytes + at, 48);
      blst_fp_cneg(&own, &own, true);
      if (std::memcmp(&own, &other, 48) != 0) return false;
    }
  }
  return true;
}

/// The different coefficients of a .zkey, and which one each of its entries has.
struct Coefficients {
  uint8_t* values = nullptr;
  uint32_t* numbers = nullptr;
  uint32_t count = 0;
  ~Coefficients() {
    sero_free(values);
    sero_free(numbers);
  }
};

sero_status collect_coefficients(const Zkey& zkey, Coefficients* out) {
  constexpr size_t BYTES = sizeof(blst_fr);
  unsigned slot_power = 4;
  while ((size_t{1} << slot_power) < 2 * size_t{zkey.entry_count} + 1) slot_power++;
  out->values = static_cast<uint8_t*>(sero_alloc(zkey.entry_count * BYTES));
  out->numbers = static_cast<uint32_t*>(sero_alloc(zkey.entry_count * sizeof(uint32_t)));
  uint32_t* slots = static_cast<uint32_t*>(sero_alloc(sizeof(uint32_t) << slot_power));
  if (out->values == nullptr || out->numbers == nullptr || slots == nullptr) {
    sero_free(slots);
    return SERO_NO_MEMORY;
  }
  std::memset(slots, 0xff, sizeof(uint32_t) << slot_power);
  for (uint32_t i = 0; i < zkey.entry_count; i++) {
    const uint8_t* value = zkey.entries + size_t{i} * ZKEY_ENTRY_BYTES + 12;
    size_t slot = hash_of(value, BYTES) >> (64 - slot_power);
    int probes = 0;
    while (probes < MAX_PROBES && slots[slot] != UINT32_MAX &&
           std::memcmp(out->values + slots[slot] * BYTES, value, BYTES) != 0) {
      slot = (slot + 1) & ((size_t{1} << slot_power) - 1);
      probes++;
    }
    if (probes < MAX_PROBES && slots[slot] != UINT32_MAX) {
      out->numbers[i] = slots[slot];
      continue;
    }
    if (probes < MAX_PROBES) slots[slot] = out->count;
    out->numbers[i] = out->count;
    std::memcpy(out->values + out->count++ * BYTES, value, BYTES);
  }
  sero_free(slots);
  return SERO_OK;
}

/// Rows of one matrix: how many terms each has, then where they go.
void build_rows(const Zkey& zkey, const Coefficients& coefficients, ProvingKey* key) {
  const size_t rows = 2 * key->domain();
  std::memset(key->row_start, 0, (rows + 1) * 4);
  const auto row_of = [&](const uint8_t* entry) { return u32(entry) * key->domain() + u32(entry + 4); };
  for (uint32_t i = 0; i < zkey.entry_count; i++) {
    key->row_start[row_of(zkey.entries + size_t{i} * ZKEY_ENTRY_BYTES) + 1]++;
  }
  for (size_t r = 0; r < rows; r++) key->row_start[r + 1] += key->row_start[r];
  // While terms are placed, entry r + 1 runs from where row r begins to where it ends.
  for (size_t r = rows; r > 0; r--) key->row_start[r] = key->row_start[r - 1];
  for (uint32_t i = 0; i < zkey.entry_count; i++) {
    const uint8_t* entry = zkey.entries + size_t{i} * ZKEY_ENTRY_BYTES;
    Term* term = &key->terms[key->row_start[row_of(entry) + 1]++];
    *term = {u32(entry + 8), coefficients.numbers[i]};
  }
  if (coefficients.count > 0) std::memcpy(key->coefficients, coefficients.values, coefficients.count * sizeof(blst_fr));
}

bool are_coefficients_canonical(const Zkey& zkey) {
  for (uint32_t i = 0; i < zkey.entry_count; i++) {
    blst_scalar scalar;
    blst_scalar_from_lendian(&scalar, zkey.entries + size_t{i} * ZKEY_ENTRY_BYTES + 12);
    if (!blst_scalar_fr_check(&scalar)) return false;
  }
  return true;
}

/// Sizes and places of everything in the key's block; with a null block only its size, which a machine of 32 bits may lack.
uint64_t lay_out(ProvingKey* key, uint8_t* block) {
  uint64_t used = 0;
  const auto take = [&](uint64_t bytes) {
    uint8_t* piece = block == nullptr ? nullptr : block + used;
    used += (bytes + 63) / 64 * 64;
    return piece;
  };
  for (int part = 0; part < PARTS; part++) {
    key->table[part].rows = take(key->table[part].bytes());
    key->uses[part] = reinterpret_cast<Use*>(take(key->use_count[part] * sizeof(Use)));
  }
  key->row_start = reinterpret_cast<uint32_t*>(take((2 * key->domain() + 1) * 4));
  key->terms = reinterpret_cast<Term*>(take(uint64_t{key->term_count} * sizeof(Term)));
  key->coefficients = reinterpret_cast<blst_fr*>(take(uint64_t{key->coefficient_count} * sizeof(blst_fr)));
  key->transform_tables = take(key->kernels->transform.tables_bytes(key->domain_power));
  return used;
}

/// Checks every finite point of a list: coordinates below q, on the curve, in the subgroup.
sero_status check_points(int32_t group, const uint8_t* points, size_t count, const Parallel& parallel,
                         const volatile int32_t* cancelled) {
  size_t bad = 0;
  const sero_status status = sero_group_check(group, points, count, &bad, &parallel, cancelled);
  if (status != SERO_OK) return status;
  if (bad != count) return SERO_ZKEY_MALFORMED;
  return SERO_OK;
}

/// Checks the points of B in the first group: no proof here needs them, but a key that others cannot use is refused here too.
sero_status check_unused(const Zkey& zkey, const Parallel& parallel, const volatile int32_t* cancelled) {
  uint8_t* finite = static_cast<uint8_t*>(sero_alloc(zkey.wires * G1));
  if (finite == nullptr) return SERO_NO_MEMORY;
  size_t count = 0;
  for (size_t i = 0; i < zkey.wires; i++) {
    const uint8_t* point = zkey.b1 + i * G1;
    if (!is_infinity(point, G1)) std::memcpy(finite + G1 * count++, point, G1);
  }
  const sero_status status = check_points(1, finite, count, parallel, cancelled);
  sero_free(finite);
  return status;
}

/// A part's points before they are put into a table, and where their scalars come from.
struct Collected {
  uint8_t* points = nullptr;
  Use* uses = nullptr;
  size_t point_count = 0;
  size_t use_count = 0;
  ~Collected() {
    sero_free(points);
    sero_free(uses);
  }
};

sero_status collect_part(const Zkey& zkey, int part, const Parallel& parallel, const volatile int32_t* cancelled,
                         Collected* out) {
  const Sources sources = sources_of(zkey, part);
  out->use_count = sources.finite_count();
  unsigned slot_power = 4;
  while ((size_t{1} << slot_power) < 2 * out->use_count + 1) slot_power++;
  out->points = static_cast<uint8_t*>(sero_alloc(out->use_count * sources.point_bytes));
  out->uses = static_cast<Use*>(sero_alloc(out->use_count * sizeof(Use)));
  uint32_t* slots = static_cast<uint32_t*>(sero_alloc(sizeof(uint32_t) << slot_power));
  if (out->points == nullptr || out->uses == nullptr || slots == nullptr) {
    sero_free(slots);
    return SERO_NO_MEMORY;
  }
  out->point_count = collect(sources, slots, slot_power, out->points, out->uses);
  sero_free(slots);
  // The opposite of a point is checked with the point; anything else with its x is neither.
  for (size_t i = 0; i < out->use_count; i++) {
    if (out->uses[i].is_negative && !is_opposite(sources, out->uses[i], out->points)) return SERO_ZKEY_MALFORMED;
  }
  return check_points(part == PART_B2 ? 2 : 1, out->points, out->point_count, parallel, cancelled);
}

/// Windows for a table of `count` points in `copies` copies: the number of additions, those of reducing buckets included, is
/// near its least.
Windows windows_for(size_t count, unsigned copies) {
  unsigned best = 4;
  size_t least = SIZE_MAX;
  for (unsigned window = 4; window < MAX_WINDOW; window++) {
    const Windows w = Windows::of(window, copies);
    const size_t additions = w.digits * count + w.sets * (size_t{2} << (window - 1));
    if (additions < least) {
      least = additions;
      best = window;
    }
  }
  return Windows::of(best, copies);
}

/// The verifying key in a .zkey, compressed as sero_vk_new takes it. Null where there is no memory.
uint8_t* verifying_key_bytes(const ZkeyHead& zkey, size_t* length) {
  *length = 48 + 3 * 96 + (size_t{zkey.public_inputs} + 1) * 48;
  uint8_t* bytes = static_cast<uint8_t*>(sero_alloc(*length));
  if (bytes == nullptr) return nullptr;
  blst_p1_affine g1;
  blst_p2_affine g2;
  std::memcpy(&g1, zkey.alpha1, G1);
  blst_p1_affine_compress(bytes, &g1);
  uint8_t* at = bytes + 48;
  const uint8_t* const in_g2[3] = {zkey.beta2, zkey.gamma2, zkey.delta2};
  for (const uint8_t* point : in_g2) {
    std::memcpy(&g2, point, G2);
    blst_p2_affine_compress(at, &g2);
    at += 96;
  }
  for (size_t i = 0; i <= zkey.public_inputs; i++) {
    std::memcpy(&g1, zkey.ic + i * G1, G1);
    blst_p1_affine_compress(at, &g1);
    at += 48;
  }
  return bytes;
}

sero_status open_key(const Zkey& zkey, unsigned copies, const Kernels& chosen, const Parallel& parallel,
                     const volatile int32_t* cancelled, sero_proving_key* key) {
  KeyShape shape;
  std::memset(static_cast<void*>(&shape), 0, sizeof shape);
  shape.wires = zkey.wires;
  shape.public_inputs = zkey.public_inputs;
  shape.domain_power = zkey.domain_power;
  shape.term_count = zkey.entry_count;
  if (!are_coefficients_canonical(zkey)) return SERO_ZKEY_MALFORMED;
  Coefficients coefficients;
  const sero_status listed = collect_coefficients(zkey, &coefficients);
  if (listed != SERO_OK) return listed;
  shape.coefficient_count = coefficients.count;
  const sero_status head = set_head(zkey, parallel, cancelled, key);
  if (head != SERO_OK) return head;
  const sero_status unused = check_unused(zkey, parallel, cancelled);
  if (unused != SERO_OK) return unused;

  Collected collected[PARTS];
  for (int part = 0; part < PARTS; part++) {
    const sero_status status = collect_part(zkey, part, parallel, cancelled, &collected[part]);
    if (status != SERO_OK) return status;
    shape.point_count[part] = collected[part].point_count;
    shape.use_count[part] = collected[part].use_count;
    shape.windows[part] = windows_for(collected[part].point_count, copies);
  }
  const sero_status shaped = set_shape(shape, chosen, key);
  if (shaped != SERO_OK) return shaped;
  key->memory = static_cast<uint8_t*>(sero_alloc(key->memory_bytes));
  if (key->memory == nullptr) return SERO_NO_MEMORY;
  // Gaps between arrays go to the image too.
  std::memset(key->memory, 0, key->memory_bytes);
  place_arrays(key);
  for (int part = 0; part < PARTS; part++) {
    std::memcpy(key->uses[part], collected[part].uses, collected[part].use_count * sizeof(Use));
    const sero_status status = fill_table(key->table[part], collected[part].points, parallel, cancelled);
    if (status != SERO_OK) return status;
  }
  build_rows(zkey, coefficients, key);
  key->kernels->transform.make_tables(key->domain_power, key->transform_tables);
  return SERO_OK;
}

}  // namespace

sero_proving_key* empty_key() {
  sero_proving_key* key = new (std::nothrow) sero_proving_key;
  if (key != nullptr) std::memset(static_cast<void*>(key), 0, sizeof *key);
  return key;
}

KeyShape shape_of(const ProvingKey& key) { return key; }

sero_status set_head(const ZkeyHead& head, const Parallel& parallel, const volatile int32_t* cancelled,
                     sero_proving_key* key) {
  struct Points {
    int32_t group;
    const uint8_t* points;
    size_t count;
  };
  const Points all[7] = {{1, head.alpha1, 1}, {1, head.beta1, 1},  {1, head.delta1, 1}, {2, head.beta2, 1},
                         {2, head.gamma2, 1}, {2, head.delta2, 1}, {1, head.ic, size_t{head.public_inputs} + 1}};
  for (const Points& one : all) {
    const sero_status status = check_points(one.group, one.points, one.count, parallel, cancelled);
    if (status != SERO_OK) return status;
  }
  std::memcpy(&key->alpha1, head.alpha1, G1);
  std::memcpy(&key->beta2, head.beta2, G2);
  std::memcpy(&key->delta2, head.delta2, G2);
  size_t length = 0, at = 0;
  uint8_t* bytes = verifying_key_bytes(head, &length);
  if (bytes == nullptr) return SERO_NO_MEMORY;
  const sero_status made = sero_vk_new(bytes, length, &key->verifying_key, &at);
  sero_free(bytes);
  return made == SERO_OK || made == SERO_NO_MEMORY ? made : SERO_ZKEY_MALFORMED;
}

sero_status set_shape(const KeyShape& shape, const Kernels& chosen, ProvingKey* key) {
  constexpr uint64_t MOST = uint64_t{1} << 28;
  // Vectors of the domain and their tables, 216 bytes an element, are sizes of this machine.
  constexpr uint32_t MAX_DOMAIN_POWER = sizeof(size_t) < 8 ? 24 : 28;
  static_cast<KeyShape&>(*key) = shape;
  // A vector must fill a block of lanes.
  key->kernels = shape.domain_power < 3 ? &KERNELS_PORTABLE : &chosen;
  if (shape.domain_power < 1 || shape.public_inputs >= shape.wires) return SERO_ZKEY_MALFORMED;
  if (shape.domain_power > MAX_DOMAIN_POWER) return SERO_NO_MEMORY;
  if (shape.wires > MOST || shape.term_count > MOST) return SERO_NO_MEMORY;
  if (shape.coefficient_count > shape.term_count) return SERO_ZKEY_MALFORMED;
  for (int part = 0; part < PARTS; part++) {
    const Windows& w = shape.windows[part];
    if (w.window < MIN_WINDOW || w.window >= MAX_WINDOW || w.copies < 1) return SERO_ZKEY_MALFORMED;
    const Windows expected = Windows::of(w.window, w.copies);
    if (std::memcmp(&w, &expected, sizeof w) != 0) return SERO_ZKEY_MALFORMED;
    if (shape.point_count[part] > MOST || shape.use_count[part] > MOST) return SERO_NO_MEMORY;
    const MultiExpKernels& group = part == PART_B2 ? key->kernels->g2 : key->kernels->g1;
    key->table[part] = {&group, w, static_cast<size_t>(shape.point_count[part]), nullptr};
  }
  const uint64_t bytes = lay_out(key, nullptr);
  if (bytes > SIZE_MAX / 2) return SERO_NO_MEMORY;
  key->memory_bytes = static_cast<size_t>(bytes);
  return SERO_OK;
}

void place_arrays(ProvingKey* key) { lay_out(key, key->memory); }

bool are_indices_valid(const ProvingKey& key) {
  const uint64_t lists[3] = {key.wires, key.wires - key.public_inputs - 1, key.domain()};
  for (int part = 0; part < PARTS; part++) {
    // Rows are first used in their order: what gathers scalars writes each before it adds to it.
    uint64_t used = 0;
    for (uint64_t i = 0; i < key.use_count[part]; i++) {
      const Use& use = key.uses[part][i];
      if (use.row > used || use.row >= key.point_count[part] || use.is_negative > 1) return false;
      if (use.list > LIST_QUOTIENT || use.scalar >= lists[use.list]) return false;
      if (use.row == used) used++;
    }
    if (used != key.point_count[part]) return false;
  }
  const size_t rows = 2 * key.domain();
  if (key.row_start[0] != 0 || key.row_start[rows] != key.term_count) return false;
  for (size_t r = 0; r < rows; r++) {
    if (key.row_start[r] > key.row_start[r + 1]) return false;
  }
  for (uint32_t t = 0; t < key.term_count; t++) {
    if (key.terms[t].wire >= key.wires || key.terms[t].coefficient >= key.coefficient_count) return false;
  }
  return true;
}

sero_status make_key(Span zkey, uint32_t copies, const Kernels& chosen, const sero_parallel* parallel,
                     const volatile int32_t* cancelled, sero_proving_key** out) {
  *out = nullptr;
  Zkey file;
  const sero_status read = read_zkey(zkey, &file);
  if (read != SERO_OK) return read;
  if (copies == 0) copies = 1;
  sero_proving_key* key = empty_key();
  if (key == nullptr) return SERO_NO_MEMORY;
  const sero_status status =
      open_key(file, copies, chosen, parallel == nullptr ? serial() : *parallel, cancelled, key);
  if (status != SERO_OK) {
    sero_proving_key_free(key);
    return status;
  }
  *out = key;
  return SERO_OK;
}

}  // namespace sero

extern "C" {

sero_status sero_proving_key_new(const uint8_t* zkey, size_t length, uint32_t copies, const sero_parallel* parallel,
                                 const volatile int32_t* cancelled, sero_proving_key** out) {
  return sero::make_key({zkey, length}, copies, sero::kernels(), parallel, cancelled, out);
}

void sero_proving_key_free(sero_proving_key* key) {
  if (key == nullptr) return;
  sero_vk_free(key->verifying_key);
  sero_free(key->memory);
  delete key;
}

size_t sero_proving_key_wires(const sero_proving_key* key) { return key->wires; }
size_t sero_proving_key_inputs(const sero_proving_key* key) { return key->public_inputs; }
size_t sero_proving_key_memory(const sero_proving_key* key) { return key->memory_bytes; }

}  // extern "C"
