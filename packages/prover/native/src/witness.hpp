// A circuit file made ready to compute witnesses (packages/circuits/src/circuit-file.ts has the format).
#pragma once

#include "../include/sero_prover.h"
#include "witness_field.hpp"

namespace sero::witness {

enum class Kind : uint32_t { SOLVE = 0, CHECK, DIVIDE, DIVIDE_LAST, DIGITS, INVERT };
constexpr uint32_t KINDS = 6;

/// A term of a combination: a slot, by its distance from the base, and a coefficient, by its code.
struct Term {
  int32_t offset;
  uint32_t coefficient;
};

/// In the place of a term's offset: the constant 1.
constexpr int32_t CONSTANT = INT32_MIN;
/// In the place of a coefficient's code: 1 and -1, for which nothing is multiplied.
constexpr uint32_t PLUS_ONE = UINT32_MAX;
constexpr uint32_t MINUS_ONE = UINT32_MAX - 1;
/// In the place of the code of a coefficient that is 0.
constexpr uint32_t NO_COEFFICIENT = UINT32_MAX - 2;

/// How B follows from A.
enum class Second : uint32_t { OWN = 0, SAME, NEGATED };

/// A run of terms, the subject's taken out, and the subject's coefficient in it. In a digits' C the
/// coefficient of each term is the number of its bit.
struct List {
  uint32_t first;
  uint32_t count;
  uint32_t subject;
};

/// Instructions that differ by their base alone.
struct Pattern {
  Kind kind;
  Second second;
  List a, b, c;
  /// From the base; for DIGITS and INVERT the slot that is known.
  int32_t subject;
  /// INVERT: the slot that is computed.
  int32_t inverse;
  /// The least and the greatest offset: what the base of an instruction is checked against.
  int32_t low, high;
  /// SOLVE: the place of 1 over the subject's coefficient among the circuit's inverses, or PLUS_ONE or
  /// MINUS_ONE.
  uint32_t scale;
};

struct Instruction {
  uint32_t pattern;
  uint32_t base;
};

}  // namespace sero::witness

struct sero_circuit {
  uint32_t wires, slots, inputs, instructions;
  /// Divisions of the longest run.
  uint32_t run;
  /// Slots of the inputs and of the wires.
  uint32_t *input_slots, *wire_slots;
  /// In Montgomery form: each coefficient, its negative behind it.
  sero::witness::Fr* coefficients;
  sero::witness::Fr* inverses;
  sero::witness::Term* terms;
  sero::witness::Pattern* patterns;
  sero::witness::Instruction* steps;
  /// Bytes.
  size_t memory;
};
