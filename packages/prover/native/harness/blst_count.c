/*
 * What blst's C code calls instead of its assembly in the program that counts: the linker wraps the functions that
 * multiply (--wrap). Counted are half multiplications, because lazy reduction makes a product and its reduction
 * apart: of the base field, of the scalar field.
 */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t limb_t;

uint64_t blst_half_multiplications[2];

#define COUNTED(name, halves, field, parameters, arguments) \
  void __real_##name parameters;                            \
  void __wrap_##name parameters;                            \
  void __wrap_##name parameters {                           \
    blst_half_multiplications[field] += (halves);           \
    __real_##name arguments;                                \
  }

#define BINARY(name, halves, field)                                                                  \
  COUNTED(name, halves, field, (limb_t * out, const limb_t* a, const limb_t* b, const limb_t* p, limb_t n0), \
          (out, a, b, p, n0))
#define UNARY(name, halves, field) \
  COUNTED(name, halves, field, (limb_t * out, const limb_t* a, const limb_t* p, limb_t n0), (out, a, p, n0))

BINARY(mul_mont_384, 2, 0)
UNARY(sqr_mont_384, 2, 0)
UNARY(redc_mont_384, 1, 0)
/* Three products and two reductions; two squares by two products. */
BINARY(mul_mont_384x, 5, 0)
UNARY(sqr_mont_384x, 4, 0)
BINARY(mul_mont_sparse_256, 2, 1)
UNARY(sqr_mont_sparse_256, 2, 1)
UNARY(redc_mont_256, 1, 1)
/* Without reductions. */
COUNTED(mul_382x, 3, 0, (limb_t * out, const limb_t* a, const limb_t* b, const limb_t* p), (out, a, b, p))
COUNTED(sqr_382x, 2, 0, (limb_t * out, const limb_t* a, const limb_t* p), (out, a, p))
COUNTED(sqr_n_mul_mont_383, 2 * (count + 1), 0,
        (limb_t * out, const limb_t* a, size_t count, const limb_t* p, limb_t n0, const limb_t* b),
        (out, a, count, p, n0, b))
