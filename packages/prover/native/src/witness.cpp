// Computes witnesses: the instructions of a circuit file one after the other, over the scalar field.

#include "witness.hpp"

#include "memory.hpp"

namespace sero::witness {
namespace {

/// What one computation works with; wiped when it is done.
struct Run {
  const sero_circuit& circuit;
  Fr* slots;
  /// Divisions that wait for the end of their run: numerator, factor, and the product of the factors before
  /// it.
  Fr *numerators, *factors, *products;
  uint32_t* targets;
  uint32_t waiting;
};

/// a, b or c of an equation without the subject.
Fr evaluate(const Run& run, const List& list, uint32_t base) {
  const Term* term = run.circuit.terms + list.first;
  const Term* end = term + list.count;
  const Fr* at = run.slots + base;
  if (list.count == 0) return zero();
  if (list.count == 1 && term->coefficient == PLUS_ONE) return at[term->offset];
  if (list.count == 1 && term->coefficient == MINUS_ONE) return neg(at[term->offset]);
  Sum sum;
  clear(sum);
  for (; term < end; term++) {
    if (term->offset == CONSTANT) {
      add_value(sum, run.circuit.coefficients[term->coefficient]);
    } else if (term->coefficient == PLUS_ONE) {
      add_value(sum, at[term->offset]);
    } else if (term->coefficient == MINUS_ONE) {
      add_value(sum, neg(at[term->offset]));
    } else {
      add_product(sum, run.circuit.coefficients[term->coefficient], at[term->offset]);
    }
  }
  return reduce(sum);
}

Fr second(const Run& run, const Pattern& pattern, uint32_t base, const Fr& a) {
  if (pattern.second == Second::OWN) return evaluate(run, pattern.b, base);
  return pattern.second == Second::SAME ? a : neg(a);
}

/// A B - C without the subject, or C - A B.
Fr remainder(const Run& run, const Pattern& pattern, uint32_t base, bool is_negated) {
  const Fr c = evaluate(run, pattern.c, base);
  if (pattern.a.count == 0) return is_negated ? c : neg(c);
  const Fr a = evaluate(run, pattern.a, base);
  const Fr product = mul(a, second(run, pattern, base, a));
  if (pattern.c.count == 0 && !is_negated) return product;
  return is_negated ? sub(c, product) : sub(product, c);
}

void solve(Run& run, const Pattern& pattern, uint32_t base) {
  Fr value = remainder(run, pattern, base, pattern.scale == MINUS_ONE);
  if (pattern.scale != PLUS_ONE && pattern.scale != MINUS_ONE) {
    value = mul(value, run.circuit.inverses[pattern.scale]);
  }
  run.slots[base + pattern.subject] = value;
}

/// subject = (rest of C - A' B') / (a B' + b A' - c), where A' and B' are without the subject and a, b and c
/// its coefficients: one of a and b is 0.
void divide(Run& run, const Pattern& pattern, uint32_t base) {
  const Fr* coefficients = run.circuit.coefficients;
  const Fr a = evaluate(run, pattern.a, base);
  const Fr b = second(run, pattern, base, a);
  Fr factor = zero();
  if (pattern.a.subject != NO_COEFFICIENT) factor = mul(coefficients[pattern.a.subject], b);
  if (pattern.b.subject != NO_COEFFICIENT) factor = mul(coefficients[pattern.b.subject], a);
  if (pattern.c.subject != NO_COEFFICIENT) factor = sub(factor, coefficients[pattern.c.subject]);
  run.numerators[run.waiting] = sub(evaluate(run, pattern.c, base), mul(a, b));
  run.factors[run.waiting] = factor;
  run.targets[run.waiting] = base + pattern.subject;
  run.waiting++;
}

/// Inverts the factors of a run together (Montgomery's trick). Returns the number of a division that has no
/// quotient, from the first of the run on, or -1.
int64_t finish_divisions(Run& run) {
  Fr product = one();
  int64_t broken = -1;
  for (uint32_t i = 0; i < run.waiting; i++) {
    run.products[i] = product;
    if (!is_zero(run.factors[i])) {
      product = mul(product, run.factors[i]);
    } else if (!is_zero(run.numerators[i]) && broken < 0) {
      broken = i;
    }
  }
  if (broken >= 0) return broken;
  Fr inverted = inverse(product);
  for (uint32_t i = run.waiting; i-- > 0;) {
    Fr quotient = zero();
    if (!is_zero(run.factors[i])) {
      quotient = mul(mul(inverted, run.products[i]), run.numerators[i]);
      inverted = mul(inverted, run.factors[i]);
    }
    run.slots[run.targets[i]] = quotient;
  }
  run.waiting = 0;
  return -1;
}

/// False where the value has a binary digit for which there is no slot.
bool split(Run& run, const Pattern& pattern, uint32_t base) {
  uint8_t bytes[32];
  to_bytes(bytes, run.slots[base + pattern.subject]);
  const Term* term = run.circuit.terms + pattern.c.first;
  for (const Term* end = term + pattern.c.count; term < end; term++) {
    const uint32_t bit = term->coefficient;
    run.slots[base + term->offset] = (bytes[bit / 8] >> (bit % 8) & 1) != 0 ? one() : zero();
    bytes[bit / 8] &= (uint8_t)~(1u << (bit % 8));
  }
  uint8_t rest = 0;
  for (uint8_t byte : bytes) rest |= byte;
  sero_wipe(bytes, sizeof bytes);
  return rest == 0;
}

/// Returns the number of the first instruction whose equation does not hold, or -1.
int64_t execute(Run& run) {
  const sero_circuit& circuit = run.circuit;
  for (uint32_t i = 0; i < circuit.instructions; i++) {
    const uint32_t base = circuit.steps[i].base;
    const Pattern& pattern = circuit.patterns[circuit.steps[i].pattern];
    switch (pattern.kind) {
      case Kind::SOLVE:
        solve(run, pattern, base);
        break;
      case Kind::CHECK:
        if (!is_zero(remainder(run, pattern, base, false))) return i;
        break;
      case Kind::DIVIDE:
        divide(run, pattern, base);
        break;
      case Kind::DIVIDE_LAST: {
        divide(run, pattern, base);
        const uint32_t first = i + 1 - run.waiting;
        const int64_t broken = finish_divisions(run);
        if (broken >= 0) return first + broken;
        break;
      }
      case Kind::DIGITS:
        if (!split(run, pattern, base)) return i;
        break;
      case Kind::INVERT: {
        const Fr& source = run.slots[base + pattern.subject];
        run.slots[base + pattern.inverse] = is_zero(source) ? zero() : inverse(source);
        break;
      }
    }
  }
  return -1;
}

bool load_inputs(Run& run, const uint8_t* inputs) {
  run.slots[0] = one();
  for (uint32_t i = 0; i < run.circuit.inputs; i++) {
    if (!from_bytes(run.slots[run.circuit.input_slots[i]], inputs + 32 * (size_t)i)) return false;
  }
  return true;
}

sero_status compute(Run& run, const uint8_t* inputs, uint8_t* witness, uint32_t* broken) {
  if (!load_inputs(run, inputs)) return SERO_INPUT_NOT_CANONICAL;
  const int64_t at = execute(run);
  if (at >= 0) {
    if (broken != nullptr) *broken = (uint32_t)at;
    return SERO_WITNESS_REJECTED;
  }
  for (uint32_t i = 0; i < run.circuit.wires; i++) {
    to_bytes(witness + 32 * (size_t)i, run.slots[run.circuit.wire_slots[i]]);
  }
  return SERO_OK;
}

}  // namespace
}  // namespace sero::witness

size_t sero_circuit_inputs(const sero_circuit* circuit) { return circuit->inputs; }
size_t sero_circuit_wires(const sero_circuit* circuit) { return circuit->wires; }
size_t sero_circuit_memory(const sero_circuit* circuit) { return circuit->memory; }

sero_status sero_witness(const sero_circuit* circuit, const uint8_t* inputs, size_t inputs_length,
                         uint8_t* witness, size_t witness_length, uint32_t* broken) {
  using sero::witness::Fr;
  memset(witness, 0, witness_length);
  if (inputs_length != 32 * (size_t)circuit->inputs) return SERO_LENGTH;
  if (witness_length != 32 * (size_t)circuit->wires) return SERO_LENGTH;
  const size_t elements = (size_t)circuit->slots + 3 * (size_t)circuit->run;
  const size_t size = elements * sizeof(Fr) + circuit->run * sizeof(uint32_t);
  Fr* memory = (Fr*)sero_alloc(size);
  if (memory == nullptr) return SERO_NO_MEMORY;
  Fr* divisions = memory + circuit->slots;
  sero::witness::Run run = {*circuit,
                            memory,
                            divisions,
                            divisions + circuit->run,
                            divisions + 2 * circuit->run,
                            (uint32_t*)(memory + elements),
                            0};
  const sero_status status = sero::witness::compute(run, inputs, witness, broken);
  sero_wipe(memory, size);
  sero_free(memory);
  return status;
}
