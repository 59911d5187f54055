// Loads a circuit file and checks that its program can run: every term is in bounds, every slot is computed
// once and before it is used, every wire and input has a slot.

#include "memory.hpp"
#include "witness.hpp"

namespace sero::witness {
namespace {

constexpr uint8_t MAGIC[] = {0x73, 0x65, 0x72, 0x6f, 1};
constexpr size_t HASH_BYTES = 32;
constexpr size_t ELEMENT_BYTES = 32;
constexpr uint32_t MAX_SLOTS = 1u << 22;
constexpr uint32_t MAX_TERMS = 1u << 26;
constexpr uint32_t MAX_BIT = 253;

// Half the modulus: coefficients are given by the smaller of themselves and their negatives.
constexpr uint64_t HALF_MODULUS[4] = {0x7fffffff80000000ull, 0xa9ded2017fff2dffull, 0x199cec0404d0ec02ull,
                                      0x39f6d3a994cebea4ull};

/// A list that grows; what it holds is freed with it unless it is released.
template <typename T>
struct Growing {
  T* data = nullptr;
  uint32_t size = 0, capacity = 0;

  ~Growing() { sero_free(data); }

  bool push(const T& value) {
    if (size == capacity) {
      const uint32_t wanted = capacity == 0 ? 256 : 2 * capacity;
      T* moved = (T*)sero_alloc((size_t)wanted * sizeof(T));
      if (moved == nullptr) return false;
      if (size > 0) memcpy(moved, data, (size_t)size * sizeof(T));
      sero_free(data);
      data = moved;
      capacity = wanted;
    }
    data[size++] = value;
    return true;
  }

  size_t bytes() const { return (size_t)capacity * sizeof(T); }

  T* release() {
    T* out = data;
    data = nullptr;
    return out;
  }
};

/// Reads the file; after the first fault everything reads as 0.
struct Reader {
  const uint8_t* at;
  const uint8_t* end;
  bool failed = false;

  uint32_t fail() {
    failed = true;
    at = end;
    return 0;
  }

  uint32_t uint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (at == end) return fail();
      const uint8_t next = *at++;
      value |= (uint64_t)(next & 0x7f) << shift;
      if (next < 0x80) return value <= UINT32_MAX ? (uint32_t)value : fail();
    }
    return fail();
  }

  /// A count of things that take at least one byte each.
  uint32_t count() {
    const uint32_t value = uint();
    return value <= (size_t)(end - at) ? value : fail();
  }

  int64_t signed_int() {
    const uint32_t code = uint();
    return code % 2 == 0 ? code / 2 : -(int64_t)(code / 2) - 1;
  }

  const uint8_t* bytes(size_t length) {
    if (length > (size_t)(end - at)) {
      fail();
      return nullptr;
    }
    at += length;
    return at - length;
  }
};

uint64_t word(const uint8_t* bytes) {
  uint64_t out = 0;
  for (int i = 7; i >= 0; i--) out = out << 8 | bytes[i];
  return out;
}

/// In [1, (r - 1)/2].
bool is_coefficient(const uint8_t bytes[ELEMENT_BYTES]) {
  uint64_t any = 0;
  for (int i = 0; i < 4; i++) any |= word(bytes + 8 * i);
  if (any == 0) return false;
  for (int i = 3; i >= 0; i--) {
    if (word(bytes + 8 * i) != HALF_MODULUS[i]) return word(bytes + 8 * i) < HALF_MODULUS[i];
  }
  return true;
}

struct Loader {
  Reader from;
  sero_status status = SERO_OK;
  uint32_t slots = 0;
  Growing<uint32_t> input_slots, wire_slots;
  Growing<Fr> coefficients, inverses;
  /// The number of the bit where a coefficient (not its negative) is a power of two, else more than MAX_BIT.
  Growing<uint32_t> bits;
  Growing<Term> terms;
  Growing<Pattern> patterns;
  Growing<Instruction> instructions;
  Growing<uint8_t> known;
  uint32_t longest_run = 0;

  bool malformed() {
    if (status == SERO_OK) status = SERO_CIRCUIT_MALFORMED;
    return false;
  }
  bool no_memory() {
    status = SERO_NO_MEMORY;
    return false;
  }

  bool load();
  bool read_slots(Growing<uint32_t>& out, uint32_t count, uint32_t& last);
  bool read_inputs();
  bool read_coefficients();
  bool read_pattern();
  bool read_list(List& out, uint32_t count, int64_t& offset, Pattern& pattern);
  bool take_subject(Pattern& pattern, uint32_t first, uint32_t counted_b, uint32_t place);
  bool remove_term(List& list, int32_t offset);
  bool digits(Pattern& pattern, uint32_t sign_code);
  bool scale_of(Pattern& pattern, uint32_t code);
  bool read_instructions();
  bool settle(int64_t slot);
  bool are_known(const List& list, uint32_t base) const;
  bool step(const Pattern& pattern, uint32_t base, uint32_t& run);
};

bool Loader::read_slots(Growing<uint32_t>& out, uint32_t count, uint32_t& last) {
  for (uint32_t i = 0; i < count; i++) {
    const int64_t slot = last + 1 + from.signed_int();
    if (from.failed || slot <= 0 || slot >= slots) return malformed();
    last = (uint32_t)slot;
    if (!out.push(last)) return no_memory();
  }
  return true;
}

bool Loader::read_inputs() {
  uint32_t last = 0;
  for (uint32_t left = from.count(); left > 0; left--) {
    from.bytes(from.count());
    if (!read_slots(input_slots, from.count(), last)) return false;
  }
  return !from.failed || malformed();
}

bool Loader::read_coefficients() {
  for (uint32_t left = from.count(); left > 0; left--) {
    const uint8_t* bytes = from.bytes(ELEMENT_BYTES);
    if (bytes == nullptr || !is_coefficient(bytes)) return malformed();
    Fr value = zero();
    from_bytes(value, bytes);
    if (!coefficients.push(value) || !coefficients.push(neg(value))) return no_memory();
    uint32_t found = 0, bit = MAX_BIT + 1;
    for (uint32_t i = 0; i < 8 * ELEMENT_BYTES; i++) {
      if ((bytes[i / 8] >> i % 8 & 1) == 0) continue;
      found++;
      bit = i;
    }
    if (!bits.push(found == 1 ? bit : MAX_BIT + 1)) return no_memory();
  }
  return !from.failed || malformed();
}

/// Terms with their codes as the file has them.
bool Loader::read_list(List& out, uint32_t count, int64_t& offset, Pattern& pattern) {
  out = {terms.size, count, NO_COEFFICIENT};
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t code = from.uint();
    const uint32_t place = from.uint();
    if (from.failed || code >= coefficients.size) return malformed();
    int32_t at = CONSTANT;
    if (place != 0) {
      offset += place % 2 == 1 ? place / 2 : -(int64_t)(place / 2);
      if (offset <= -(int64_t)MAX_SLOTS || offset >= (int64_t)MAX_SLOTS) return malformed();
      at = (int32_t)offset;
      if (at < pattern.low) pattern.low = at;
      if (at > pattern.high) pattern.high = at;
    }
    if (terms.size == MAX_TERMS) return malformed();
    if (!terms.push({at, code})) return no_memory();
  }
  return true;
}

/// Takes the term at an offset out of a list; the order of the others does not matter. False where there is
/// none.
bool Loader::remove_term(List& list, int32_t offset) {
  for (uint32_t i = list.first; i < list.first + list.count; i++) {
    if (terms.data[i].offset != offset) continue;
    list.subject = terms.data[i].coefficient;
    terms.data[i] = terms.data[list.first + list.count - 1];
    list.count--;
    return true;
  }
  return false;
}

/// Each other term is the subject's digit of the bit that its coefficient says.
bool Loader::digits(Pattern& pattern, uint32_t sign_code) {
  if (pattern.a.count != 0 || pattern.b.count != 0 || bits.data[sign_code / 2] != 0) return malformed();
  uint8_t seen[MAX_BIT + 1] = {0};
  for (uint32_t i = pattern.c.first; i < pattern.c.first + pattern.c.count; i++) {
    Term& term = terms.data[i];
    const uint32_t bit = bits.data[term.coefficient / 2];
    const bool is_opposite = term.coefficient % 2 != sign_code % 2;
    if (term.offset == CONSTANT || !is_opposite || bit > MAX_BIT || seen[bit] != 0) return malformed();
    seen[bit] = 1;
    term.coefficient = bit;
  }
  return true;
}

bool Loader::scale_of(Pattern& pattern, uint32_t code) {
  if (bits.data[code / 2] == 0) {
    pattern.scale = code % 2 == 0 ? PLUS_ONE : MINUS_ONE;
    return true;
  }
  pattern.scale = inverses.size;
  return inverses.push(inverse(coefficients.data[code])) || no_memory();
}

/// Finds the subject among the terms and takes it out of the lists.
bool Loader::take_subject(Pattern& pattern, uint32_t first, uint32_t counted_b, uint32_t place) {
  const bool is_division = pattern.kind == Kind::DIVIDE || pattern.kind == Kind::DIVIDE_LAST;
  uint32_t at = is_division ? place : pattern.c.first - first + place;
  if (is_division && at >= pattern.a.count) {
    // The terms of a B that is a copy are counted, but not there; what is in A and B is no subject.
    at -= pattern.a.count;
    if (at < counted_b && pattern.second != Second::OWN) return malformed();
    at = at < counted_b ? pattern.b.first - first + at : pattern.c.first - first + (at - counted_b);
  }
  if (at >= terms.size - first) return malformed();
  const Term subject = terms.data[first + at];
  if (subject.offset == CONSTANT) return malformed();
  pattern.subject = subject.offset;
  if (!is_division) {
    remove_term(pattern.c, subject.offset);
    return pattern.kind == Kind::DIGITS ? digits(pattern, subject.coefficient)
                                        : scale_of(pattern, subject.coefficient);
  }
  const bool in_a = remove_term(pattern.a, subject.offset);
  const bool in_b = pattern.second == Second::OWN && remove_term(pattern.b, subject.offset);
  remove_term(pattern.c, subject.offset);
  if (in_a && (in_b || pattern.second != Second::OWN)) return malformed();
  return true;
}

bool Loader::read_pattern() {
  Pattern pattern = {};
  const uint32_t kind = from.uint();
  if (kind >= KINDS) return malformed();
  pattern.kind = (Kind)kind;
  const uint32_t first = terms.size;
  int64_t offset = 0;
  if (!read_list(pattern.a, from.count(), offset, pattern)) return false;
  const uint32_t second = from.uint();
  if (second > (uint32_t)Second::NEGATED) return malformed();
  pattern.second = (Second)second;
  const uint32_t own = pattern.second == Second::OWN ? from.count() : 0;
  if (!read_list(pattern.b, own, offset, pattern)) return false;
  const uint32_t counted_b = pattern.second == Second::OWN ? pattern.b.count : pattern.a.count;
  if (!read_list(pattern.c, from.count(), offset, pattern)) return false;
  if (from.failed) return malformed();

  if (pattern.kind == Kind::INVERT) {
    if (pattern.a.count != 1 || pattern.b.count != 1 || pattern.c.count != 0) return malformed();
    const Term source = terms.data[pattern.a.first], target = terms.data[pattern.b.first];
    if (source.offset == CONSTANT || target.offset == CONSTANT) return malformed();
    if (source.coefficient % 2 != 0 || bits.data[source.coefficient / 2] != 0) return malformed();
    if (target.coefficient % 2 != 0 || bits.data[target.coefficient / 2] != 0) return malformed();
    pattern.subject = source.offset;
    pattern.inverse = target.offset;
  } else if (pattern.kind != Kind::CHECK) {
    if (!take_subject(pattern, first, counted_b, from.uint()) || from.failed) return malformed();
  }
  if (pattern.kind != Kind::DIGITS) {
    for (uint32_t i = first; i < terms.size; i++) {
      Term& term = terms.data[i];
      if (term.offset == CONSTANT || bits.data[term.coefficient / 2] != 0) continue;
      term.coefficient = term.coefficient % 2 == 0 ? PLUS_ONE : MINUS_ONE;
    }
  }
  return patterns.push(pattern) || no_memory();
}

bool Loader::settle(int64_t slot) {
  if (known.data[slot] != 0) return malformed();
  known.data[slot] = 1;
  return true;
}

bool Loader::are_known(const List& list, uint32_t base) const {
  for (uint32_t i = list.first; i < list.first + list.count; i++) {
    const int32_t offset = terms.data[i].offset;
    if (offset != CONSTANT && known.data[(int64_t)base + offset] != 1) return false;
  }
  return true;
}

/// Follows what is known through an instruction. Slots that a run of divisions computes are known when it has
/// ended.
bool Loader::step(const Pattern& pattern, uint32_t base, uint32_t& run) {
  const int64_t subject = (int64_t)base + pattern.subject;
  const bool is_division = pattern.kind == Kind::DIVIDE || pattern.kind == Kind::DIVIDE_LAST;
  if (run > 0 && !is_division) return malformed();
  if (pattern.kind != Kind::CHECK && subject == 0) return malformed();
  if (pattern.kind == Kind::INVERT) {
    return known.data[subject] == 1 ? settle((int64_t)base + pattern.inverse) : malformed();
  }
  if (pattern.kind == Kind::DIGITS) {
    if (known.data[subject] != 1) return malformed();
    for (uint32_t i = pattern.c.first; i < pattern.c.first + pattern.c.count; i++) {
      if (!settle((int64_t)base + terms.data[i].offset)) return false;
    }
    return true;
  }
  const bool are_all_known =
      are_known(pattern.a, base) && are_known(pattern.b, base) && are_known(pattern.c, base);
  if (!are_all_known) return malformed();
  if (pattern.kind == Kind::CHECK) return true;
  if (!settle(subject)) return false;
  if (!is_division) return true;
  known.data[subject] = 2;
  run++;
  if (run > longest_run) longest_run = run;
  if (pattern.kind == Kind::DIVIDE) return true;
  for (uint32_t i = instructions.size - run + 1; i <= instructions.size; i++) {
    const Instruction& one = i < instructions.size ? instructions.data[i] : Instruction{0, 0};
    const int64_t slot =
        i < instructions.size ? (int64_t)one.base + patterns.data[one.pattern].subject : subject;
    known.data[slot] = 1;
  }
  run = 0;
  return true;
}

bool Loader::read_instructions() {
  for (uint32_t i = 0; i < slots; i++) {
    if (!known.push(i == 0)) return no_memory();
  }
  for (uint32_t i = 0; i < input_slots.size; i++) {
    if (!settle(input_slots.data[i])) return false;
  }
  int64_t base = 0;
  uint64_t work = 0;
  uint32_t run = 0;
  for (uint32_t left = from.count(); left > 0; left--) {
    const uint32_t number = from.uint();
    base += from.signed_int();
    if (from.failed || number >= patterns.size || base < 0 || base >= slots) return malformed();
    const Pattern& pattern = patterns.data[number];
    if (base + pattern.low < 0 || base + pattern.high >= slots) return malformed();
    work += 1ull + pattern.a.count + pattern.b.count + pattern.c.count;
    if (work > MAX_TERMS || !step(pattern, (uint32_t)base, run)) return malformed();
    if (!instructions.push({number, (uint32_t)base})) return no_memory();
  }
  if (from.failed || run > 0) return malformed();
  for (uint32_t i = 0; i < wire_slots.size; i++) {
    if (known.data[wire_slots.data[i]] != 1) return malformed();
  }
  return true;
}

bool Loader::load() {
  const uint8_t* magic = from.bytes(sizeof MAGIC);
  if (magic == nullptr || memcmp(magic, MAGIC, sizeof MAGIC) != 0) return malformed();
  from.bytes(HASH_BYTES);
  const uint32_t wires = from.count();
  const uint32_t public_inputs = from.uint();
  slots = from.uint();
  if (from.failed || wires == 0 || public_inputs >= wires) return malformed();
  if (slots == 0 || slots > MAX_SLOTS) return malformed();
  if (!read_inputs()) return false;
  uint32_t last = 0;
  if (!wire_slots.push(0)) return no_memory();
  if (!read_slots(wire_slots, wires - 1, last)) return false;
  const uint32_t length = from.uint();
  const uint8_t* program = from.bytes(length);
  // The constraints are for setups; here they only have to be there.
  from.bytes(from.uint());
  if (from.failed || from.at != from.end) return malformed();
  from = {program, program + length};
  if (!read_coefficients()) return false;
  for (uint32_t left = from.count(); left > 0; left--) {
    if (!read_pattern()) return false;
  }
  if (!read_instructions()) return false;
  return from.at == from.end || malformed();
}

}  // namespace
}  // namespace sero::witness

sero_status sero_circuit_new(const uint8_t* file, size_t length, sero_circuit** out) {
  *out = nullptr;
  sero::witness::Loader loader = {};
  loader.from = {file, file + length};
  if (!loader.load()) return loader.status;
  sero_circuit* circuit = (sero_circuit*)sero_alloc(sizeof(sero_circuit));
  if (circuit == nullptr) return SERO_NO_MEMORY;
  circuit->memory = sizeof(sero_circuit) + loader.input_slots.bytes() + loader.wire_slots.bytes() +
                    loader.coefficients.bytes() + loader.inverses.bytes() + loader.terms.bytes() +
                    loader.patterns.bytes() + loader.instructions.bytes();
  circuit->wires = loader.wire_slots.size;
  circuit->slots = loader.slots;
  circuit->inputs = loader.input_slots.size;
  circuit->instructions = loader.instructions.size;
  circuit->run = loader.longest_run;
  circuit->input_slots = loader.input_slots.release();
  circuit->wire_slots = loader.wire_slots.release();
  circuit->coefficients = loader.coefficients.release();
  circuit->inverses = loader.inverses.release();
  circuit->terms = loader.terms.release();
  circuit->patterns = loader.patterns.release();
  circuit->steps = loader.instructions.release();
  *out = circuit;
  return SERO_OK;
}

void sero_circuit_free(sero_circuit* circuit) {
  if (circuit == nullptr) return;
  sero_free(circuit->input_slots);
  sero_free(circuit->wire_slots);
  sero_free(circuit->coefficients);
  sero_free(circuit->inverses);
  sero_free(circuit->terms);
  sero_free(circuit->patterns);
  sero_free(circuit->steps);
  sero_free(circuit);
}
