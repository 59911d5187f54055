/*
 * The C interface of the native prover: Groth16 over BLS12-381, scanning, hashing, setups.
 *
 * Everything that crosses it is bytes: field elements are 32 bytes, little-endian, canonical (checked); points are
 * in the form that the function names. Nothing aborts or throws: malformed input gives a status. Functions keep no
 * state, and may run at the same time on any threads, unless they say otherwise. Handles are immutable once made.
 */
#ifndef SERO_PROVER_H
#define SERO_PROVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0 where all is well, else one of the codes below. A code never takes another meaning. */
typedef int32_t sero_status;

enum sero_status_code {
  SERO_OK = 0,
  SERO_NO_MEMORY = 1,
  /* The caller's flag was set while the work was running. */
  SERO_CANCELLED = 2,
  /* The caller's bytes do not have the length that the function names. */
  SERO_LENGTH = 3,
  /* What should be fresh randomness is all zeros. */
  SERO_RANDOMNESS_BROKEN = 4,

  /* Why a point was refused; the names are those of the TypeScript codes ("point-not-canonical", ...). */
  SERO_POINT_NOT_CANONICAL = 101,
  SERO_POINT_AT_INFINITY = 102,
  SERO_POINT_NOT_ON_CURVE = 103,
  SERO_POINT_NOT_IN_SUBGROUP = 104,

  /* Why a proof was refused, beside its points. */
  SERO_PUBLIC_INPUT_COUNT = 110,
  SERO_PUBLIC_INPUT_NOT_CANONICAL = 111,
  SERO_PROOF_INVALID = 112,

  /* Why a verifying key was refused, beside its points. */
  SERO_KEY_IC_COUNT = 120,
  SERO_KEY_GAMMA_EQUALS_DELTA = 121,
  SERO_KEY_POINTS_RELATED = 122,
  SERO_KEY_GENERATOR = 123,
  SERO_KEY_IC_REPEATED = 124
};

/*
 * The number of this interface: another one with each change of a function that is here, or of the addon's. What was
 * built tells the number that it was built for, so that callers of other sources leave it alone.
 */
enum { SERO_INTERFACE = 1 };
int32_t sero_interface(void);

/*
 * How work is spread over threads. `run` calls task(context, index) once for each index below `tasks`, in any order
 * and on any thread, and returns when all have returned.
 */
typedef struct sero_parallel {
  void (*run)(void* self, size_t tasks, void (*task)(void* context, size_t index), void* context);
  void* self;
} sero_parallel;

/* -- Threads and kernels (pool.cpp, kernels.cpp) ---------------------------------------------------------------- */

typedef struct sero_pool sero_pool;

/*
 * A pool in which `threads` threads work, the caller's among them, or fewer where the system starts no more; several
 * callers may use it at once. Not in WebAssembly. Null where there is no memory.
 */
sero_pool* sero_pool_new(size_t threads);
/* Null is allowed. No call that uses the pool may be running. */
void sero_pool_free(sero_pool* pool);
sero_parallel sero_pool_parallel(sero_pool* pool);

/* Which code runs on this processor: "ifma" (x86-64 with AVX-512 IFMA), "portable" or "wasm". A static string. */
const char* sero_kernels_name(void);
/* 1: the portable code from now on, also where the processor can do better; 0: the best. Results are the same. */
void sero_force_portable(int32_t is_forced);

/* -- Verification (verify.cpp) ------------------------------------------------------------------------------- */

enum {
  SERO_G1_COMPRESSED = 48,
  SERO_G2_COMPRESSED = 96,
  SERO_PROOF_BYTES = 192,
  SERO_SEED_BYTES = 32,
  SERO_MAX_PUBLIC_INPUTS = 1024,
  SERO_MAX_BATCH = 65536
};

/* A verifying key that passed every check, with what verification needs of it precomputed. */
typedef struct sero_vk sero_vk;

/*
 * Checks a verifying key and prepares it: alpha 48 | beta 96 | gamma 96 | delta 96 | IC_0 .. IC_n, 48 bytes each, all
 * compressed as in ZCash. `length` fixes n.
 *
 * On SERO_POINT_* and SERO_KEY_IC_REPEATED `*at` says which point: 0 to 3 for alpha to delta, 4 + i for IC_i.
 * The handle goes to `*out` and back through sero_vk_free.
 *
 * Returns SERO_OK, SERO_LENGTH, SERO_KEY_*, SERO_POINT_* or SERO_NO_MEMORY.
 */
sero_status sero_vk_new(const uint8_t* points, size_t length, sero_vk** out, size_t* at);
/* Null is allowed. No call that uses the handle may be running. */
void sero_vk_free(sero_vk* vk);
/* How many public inputs the key's circuit has. */
size_t sero_vk_inputs(const sero_vk* vk);
/* The bytes of memory that the handle holds. */
size_t sero_vk_memory(const sero_vk* vk);

/*
 * Checks one proof (A 48 | B 96 | C 48, compressed) for `input_count` public inputs of 32 bytes each.
 * Deterministic; on the calling thread.
 *
 * Returns SERO_OK where it holds; the first fault in this order where it does not: SERO_PUBLIC_INPUT_COUNT,
 * SERO_PUBLIC_INPUT_NOT_CANONICAL, SERO_POINT_* of A, then C, then B, SERO_PROOF_INVALID; or SERO_NO_MEMORY.
 */
sero_status sero_verify(const sero_vk* vk, const uint8_t* inputs, size_t input_count,
                        const uint8_t proof[SERO_PROOF_BYTES]);

/* A proof and what it is checked against, as in sero_verify. */
typedef struct sero_proof_item {
  const sero_vk* vk;
  const uint8_t* inputs;
  size_t input_count;
  const uint8_t* proof;
} sero_proof_item;

/*
 * Checks proofs under any mix of keys together and writes for each the status that sero_verify would return (a false
 * one passes with a chance below 2^-127).
 *
 * seed       32 bytes of the operating system's randomness, drawn for this call after the items are fixed, and never
 *            used again: who could foresee it could make false proofs cancel out
 * parallel   null: on the calling thread
 * cancelled  null, or a flag that another thread sets to anything but 0, atomically
 *
 * Returns SERO_OK, then every verdict is written; or SERO_CANCELLED, SERO_NO_MEMORY, SERO_RANDOMNESS_BROKEN,
 * SERO_LENGTH (more than SERO_MAX_BATCH items), then the verdicts are unspecified.
 */
sero_status sero_verify_batch(const sero_proof_item* items, size_t count, const uint8_t seed[SERO_SEED_BYTES],
                              const sero_parallel* parallel, const volatile int32_t* cancelled,
                              sero_status* verdicts);

/* -- Witnesses (witness_load.cpp, witness.cpp) ------------------------------------------------------------- */

enum {
  /* The bytes are no circuit file (packages/circuits/src/circuit-file.ts has the format). */
  SERO_CIRCUIT_MALFORMED = 200,
  /* An input is not below the modulus. */
  SERO_INPUT_NOT_CANONICAL = 201,
  /* The inputs break a constraint. */
  SERO_WITNESS_REJECTED = 202
};

/* A circuit file made ready to compute witnesses: immutable, for any number of threads at once. */
typedef struct sero_circuit sero_circuit;

/*
 * Loads a circuit file; its bytes are not needed afterwards. Everything that they say is checked: no file makes
 * the functions below leave their memory or run without end. Its constraints, for setups, are not looked at.
 *
 * Returns SERO_OK, SERO_CIRCUIT_MALFORMED or SERO_NO_MEMORY.
 */
sero_status sero_circuit_new(const uint8_t* file, size_t length, sero_circuit** out);
/* Null is allowed. No call that uses the handle may be running. */
void sero_circuit_free(sero_circuit* circuit);
/* Field elements that sero_witness takes. */
size_t sero_circuit_inputs(const sero_circuit* circuit);
/* Field elements that sero_witness gives. */
size_t sero_circuit_wires(const sero_circuit* circuit);
/* The bytes of memory that the handle holds. */
size_t sero_circuit_memory(const sero_circuit* circuit);

/*
 * Computes the witness on the calling thread: some milliseconds. Inputs and wires are 32 bytes each, packed, the
 * inputs in the order in which the file names them. Every equation of the file holds in what it gives: those that
 * a wire is computed from by construction, all others are checked. Working memory is wiped; `inputs` and
 * `witness` are the caller's to wipe.
 *
 * inputs_length   32 sero_circuit_inputs
 * witness_length  32 sero_circuit_wires
 * broken          null, or on SERO_WITNESS_REJECTED gets the number of the first instruction of the file whose
 *                 equation does not hold
 *
 * Returns SERO_OK, SERO_LENGTH, SERO_INPUT_NOT_CANONICAL, SERO_WITNESS_REJECTED or SERO_NO_MEMORY; `witness` is all
 * zeros unless it is SERO_OK.
 */
sero_status sero_witness(const sero_circuit* circuit, const uint8_t* inputs, size_t inputs_length,
                         uint8_t* witness, size_t witness_length, uint32_t* broken);

/* -- Points in bulk: setups and ceremonies (group.cpp) ------------------------------------------------------- */

/*
 * A point here is affine, its coordinates in Montgomery form with R = 2^384, little-endian: 96 bytes in G1, 192 in G2
 * (c0 before c1), as in .zkey and .ptau files. Infinity is all zeros. A scalar is 32 bytes, little-endian, below r.
 *
 * Only sero_group_check asks whether points are on the curve and in the subgroup: once, where they come from outside.
 * For points that are not, results mean nothing; memory stays safe. Scalars are taken for secrets: copies are wiped.
 *
 * group      1 or 2
 * parallel   null: on the calling thread
 * cancelled  null, or a flag that another thread sets to anything but 0, atomically
 *
 * All return SERO_OK, SERO_NO_MEMORY, SERO_CANCELLED, or a code below; `out` is unspecified unless it is SERO_OK.
 */
enum {
  /* The group is neither 1 nor 2, or a size is out of its range. */
  SERO_GROUP_ARGUMENT = 500,
  /* A scalar is not below r. */
  SERO_SCALAR_NOT_CANONICAL = 501
};

/* out[i] = [scalars[i]] generator. */
sero_status sero_group_multiply_generator(int32_t group, const uint8_t* scalars, size_t count, uint8_t* out,
                                          const sero_parallel* parallel, const volatile int32_t* cancelled);

/* out[i] = [scalars[i]] points[i]. `out` may be `points`. */
sero_status sero_group_multiply_each(int32_t group, const uint8_t* points, const uint8_t* scalars, size_t count,
                                     uint8_t* out, const sero_parallel* parallel,
                                     const volatile int32_t* cancelled);

/* out[i] = [first * factor^i] points[i]. `out` may be `points`. */
sero_status sero_group_multiply_powers(int32_t group, const uint8_t* points, size_t count, const uint8_t* first,
                                       const uint8_t* factor, uint8_t* out, const sero_parallel* parallel,
                                       const volatile int32_t* cancelled);

/*
 * From points [tau^i] to the values of the Lagrange polynomials of the domain of 2^power roots of unity at tau:
 * out[j] = 1/n sum_i [w^(-ij)] points[i], n = 2^power, w = 5^((r-1)/n). power < 32. `out` may be `points`.
 */
sero_status sero_group_lagrange(int32_t group, const uint8_t* points, uint32_t power, uint8_t* out,
                                const sero_parallel* parallel, const volatile int32_t* cancelled);

/*
 * out[row] = sum over the terms t in [row_starts[row], row_starts[row + 1]) of [coefficients[t]] bases[indices[t]].
 * `row_starts` holds rows + 1 numbers that do not fall, from 0 to the number of terms; SERO_GROUP_ARGUMENT where they
 * are not such or an index is not below base_count.
 */
sero_status sero_group_combine_rows(int32_t group, const uint8_t* bases, size_t base_count,
                                    const uint32_t* row_starts, size_t rows, const uint32_t* indices,
                                    const uint8_t* coefficients, size_t terms, uint8_t* out,
                                    const sero_parallel* parallel, const volatile int32_t* cancelled);

/* out = sum_i [scalars[i]] points[i]; scalars of `scalar_bytes` each, 1 to 32. */
sero_status sero_group_multi_exp(int32_t group, const uint8_t* points, const uint8_t* scalars, size_t scalar_bytes,
                                 size_t count, uint8_t* out, const sero_parallel* parallel,
                                 const volatile int32_t* cancelled);

/* out[i] = left[i] - right[i]. `out` may be either. */
sero_status sero_group_subtract(int32_t group, const uint8_t* left, const uint8_t* right, size_t count, uint8_t* out,
                                const sero_parallel* parallel, const volatile int32_t* cancelled);

/*
 * Looks for the first point that is infinity, has a coordinate that is not below q, or lies off the curve or outside
 * the subgroup: `*first_bad` becomes its index, `count` where there is none.
 */
sero_status sero_group_check(int32_t group, const uint8_t* points, size_t count, size_t* first_bad,
                             const sero_parallel* parallel, const volatile int32_t* cancelled);

/*
 * Points as the transcripts of ceremonies hash them, big-endian, c1 before c0: both coordinates, infinity all zeros;
 * or, compressed not 0, x alone with the top bit set where y is the larger root, infinity 0x40 and zeros. (snarkjs'
 * forms; the latter is not ZCash's.)
 */
sero_status sero_group_encode(int32_t group, const uint8_t* points, size_t count, int32_t compressed, uint8_t* out,
                              const sero_parallel* parallel, const volatile int32_t* cancelled);

/* `*is_one` becomes 1 where the product of the pairings e(left[i], right[i]) is one, else 0. Infinity is allowed. */
sero_status sero_pairing_product_is_one(const uint8_t* left, const uint8_t* right, size_t count, int32_t* is_one);

/* -- Proving (zkey.cpp, proving_key.cpp, prove.cpp) ------------------------------------------------------------- */

enum {
  /* Not a Groth16 .zkey over BLS12-381, cut short, or with a point that is not what it should be. */
  SERO_ZKEY_MALFORMED = 700,
  /* Not a .wtns over its scalar field, a value that is not below r, or a first value that is not 1. */
  SERO_WITNESS_MALFORMED = 701,
  /* The witness has another number of values than the key has wires. */
  SERO_WITNESS_LENGTH = 702,
  /* The proof that was made does not verify: the witness does not satisfy the circuit. */
  SERO_PROVE_FAILED = 703,
  SERO_FILE_UNREADABLE = 704
};

enum {
  /* Randomness of a proof: 64 bytes for each of its two blinding scalars. */
  SERO_BLINDING_BYTES = 128,
  /* A partial sum, in the form that sero_prove_finish takes. */
  SERO_SUM_BYTES = 288,
  /* Parts of a proof that are multi-exponentiations. */
  SERO_PROVE_PARTS = 3
};

/* A proving key made ready: immutable, used by any number of threads at once. */
typedef struct sero_proving_key sero_proving_key;

/*
 * Reads a .zkey (iden3's binary format, Groth16, BLS12-381) and makes it ready. Every length, index, coefficient and point is
 * checked: coordinates below q, on the curve, in the subgroup; those that stand for themselves are not infinity; the key's verifying
 * key as sero_vk_new does.
 *
 * copies  how many shifted copies of the points to keep, at least 1: more are faster and larger (each about 128 bytes a
 *         point of G1 and 256 of G2 on "ifma", 96 and 192 elsewhere)
 *
 * Returns SERO_OK, SERO_ZKEY_MALFORMED, SERO_NO_MEMORY or SERO_CANCELLED.
 */
sero_status sero_proving_key_new(const uint8_t* zkey, size_t length, uint32_t copies, const sero_parallel* parallel,
                                 const volatile int32_t* cancelled, sero_proving_key** out);
/*
 * The same from a file. Where `image` is not null it names a file of this machine's own in which the ready key is kept, and from
 * which it is taken, in milliseconds, as long as it fits the .zkey, the processor and this library; the verifying key and the points
 * that stand for themselves are taken from the .zkey each time. That the image cannot be written is no fault. Not in WebAssembly.
 * Also SERO_FILE_UNREADABLE.
 */
sero_status sero_proving_key_open(const char* path, const char* image, uint32_t copies, const sero_parallel* parallel,
                                  const volatile int32_t* cancelled, sero_proving_key** out);
/* Null is allowed. No call that uses the handle may be running. */
void sero_proving_key_free(sero_proving_key* key);
/* Values of a witness, the constant 1 among them. */
size_t sero_proving_key_wires(const sero_proving_key* key);
size_t sero_proving_key_inputs(const sero_proving_key* key);
size_t sero_proving_key_memory(const sero_proving_key* key);

/* The values of a .wtns file, 32 bytes each, inside `file`. Returns SERO_OK or SERO_WITNESS_MALFORMED. */
sero_status sero_read_wtns(const uint8_t* file, size_t length, const uint8_t** values, size_t* count);

/*
 * Proves. `witness`: `count` values, 32 bytes each, little-endian, canonical, the first one 1, the public inputs next.
 * `seed`: fresh randomness of the operating system, used for this proof alone. The proof is checked before it is handed out.
 *
 * Returns SERO_OK, SERO_WITNESS_*, SERO_RANDOMNESS_BROKEN, SERO_NO_MEMORY, SERO_CANCELLED or SERO_PROVE_FAILED; `proof` then
 * holds zeros, or what it held.
 */
sero_status sero_prove(const sero_proving_key* key, const uint8_t* witness, size_t count,
                       const uint8_t seed[SERO_BLINDING_BYTES], const sero_parallel* parallel,
                       const volatile int32_t* cancelled, uint8_t proof[SERO_PROOF_BYTES]);

/*
 * The same in steps, for machines that share no memory: scalars once; then sums, each over a range of a part's sets, by
 * anyone who has the key and the scalars; then the proof from sums whose ranges make up all sets of all parts.
 * Sums and scalars are secret.
 */
size_t sero_prove_scalars_bytes(const sero_proving_key* key);
sero_status sero_prove_scalars(const sero_proving_key* key, const uint8_t* witness, size_t count,
                               const sero_parallel* parallel, const volatile int32_t* cancelled, uint8_t* scalars);
/* How many sets a part has; 0 where there is no such part. */
size_t sero_prove_sets(const sero_proving_key* key, uint32_t part);
/* `out`: SERO_SUM_BYTES. Also SERO_LENGTH where part or range do not exist. */
sero_status sero_prove_sum(const sero_proving_key* key, uint32_t part, size_t first_set, size_t end_set,
                           const uint8_t* scalars, const sero_parallel* parallel, const volatile int32_t* cancelled,
                           uint8_t* out);
/* `parts[i]` names the part of sum i. `public_inputs`: those of the witness. `seed` as for sero_prove. */
sero_status sero_prove_finish(const sero_proving_key* key, const uint8_t* sums, size_t sum_count,
                              const uint32_t* parts, const uint8_t* public_inputs,
                              const uint8_t seed[SERO_BLINDING_BYTES], uint8_t proof[SERO_PROOF_BYTES]);

/* -- Jubjub: scanning, points, signatures; Poseidon (scan.cpp, jubjub.cpp, redjubjub.cpp, poseidon.cpp) -------- */

/*
 * Jubjub is the twisted Edwards curve over BLS12-381's scalar field of the Zcash protocol, section 5.4.9.3; a point is
 * 32 bytes: v little-endian, the low bit of u in the top bit; decoding is strict (ZIP 216). Field elements are 32
 * bytes, little-endian, below r.
 *
 * In all of these:
 * parallel   null: on the calling thread
 * cancelled  null, or a flag that another thread sets to anything but 0, atomically; then SERO_CANCELLED, and what is written is
 *            unspecified
 * They return SERO_OK, SERO_NO_MEMORY, SERO_CANCELLED, or what they name themselves. No data and a count of 0 are
 * allowed.
 */
enum {
  /* A field element is not below r; `*at` is its place among those given. */
  SERO_FIELD_NOT_CANONICAL = 600,
  /* A view key is 0 or not below the order of Jubjub's subgroup. */
  SERO_VIEW_KEY_NOT_CANONICAL = 601,
  /* 32 bytes that are no point: v is not below the modulus, not on the curve, or u is 0 and the sign bit is set. */
  SERO_JUBJUB_NOT_CANONICAL = 602,
  SERO_JUBJUB_IDENTITY = 603,
  /* Its order divides 8, and it is not the identity. */
  SERO_JUBJUB_SMALL_ORDER = 604,
  /* On the curve, of none of the orders above, and outside the subgroup of prime order. */
  SERO_JUBJUB_NOT_IN_SUBGROUP = 605
};

enum {
  SERO_FIELD_BYTES = 32,
  SERO_TUPLE_BYTES = 128,
  SERO_JUBJUB_BYTES = 32,
  SERO_JUBJUB_AFFINE_BYTES = 64,
  SERO_SCAN_OUTPUT_BYTES = 34,
  SERO_TRACE_BYTES = 64,
  SERO_SIGNED_BYTES = 128
};

/*
 * H_node of `count` tuples of four field elements (the note tree's inner nodes): Poseidon of width 5, domain tag 1.
 * `out` gets one element a tuple. Also SERO_FIELD_NOT_CANONICAL; `at` may be null.
 */
sero_status sero_hash_nodes(const uint8_t* tuples, size_t count, uint8_t* out, size_t* at,
                            const sero_parallel* parallel, const volatile int32_t* cancelled);

/*
 * What spent notes' traces say to the trace key of their account: d = TRACE - H_trace(tk, zpk, NIL), H_trace being
 * Poseidon of width 4, domain tag 7. An entry is NIL || TRACE, 64 bytes. `opened[i]` becomes d where d < 2^53, else
 * UINT64_MAX: a trace of another account. Also SERO_FIELD_NOT_CANONICAL, `*at` 0 for tk, 1 for zpk, 2 + 2 i for NIL_i,
 * 3 + 2 i for TRACE_i; `at` may be null.
 */
sero_status sero_open_traces(const uint8_t trace_key[SERO_FIELD_BYTES], const uint8_t zpk[SERO_FIELD_BYTES],
                             const uint8_t* entries, size_t count, uint64_t* opened, size_t* at,
                             const sero_parallel* parallel, const volatile int32_t* cancelled);

/*
 * Finds the outputs that may belong to a view key vsk: an output is VPKr || tag, 34 bytes; it is a hit where VPKr
 * decodes, S = [8 vsk]VPKr is not the identity, and tag is the first two bytes of BLAKE2b-512 of S || VPKr with the
 * personalisation "SERO_tag". `hits[i]` becomes 1 or 0; 32 bytes of `secrets` an output become S of a hit, else zeros.
 * With `audit` not 0 tags are ignored. Also SERO_VIEW_KEY_NOT_CANONICAL.
 *
 * Time and memory accesses do not depend on vsk but for outputs whose tag fits (README, "Scanning").
 */
sero_status sero_scan(const uint8_t view_key[32], const uint8_t* outputs, size_t count, int32_t audit, uint8_t* hits,
                      uint8_t* secrets, const sero_parallel* parallel, const volatile int32_t* cancelled);

/*
 * Decodes points and says of each whether it is fit to be a key: `verdicts[i]` becomes SERO_OK for a point of prime
 * order, or SERO_JUBJUB_*. `affine`, if not null, gets u || v of each point that decodes, field elements, and zeros
 * for the others.
 */
sero_status sero_check_points(const uint8_t* encodings, size_t count, sero_status* verdicts, uint8_t* affine,
                              const sero_parallel* parallel, const volatile int32_t* cancelled);

/*
 * RedJubjub over the base G_s: an item is rk 32 | message 32 | R 32 | s 32. `valid[i]` becomes 1 where rk is fit to be
 * a key, the message is a field element, R decodes, s is below the order and [8](R + [c]rk - [s]G_s) is the identity,
 * c = BLAKE2b-512 of R || rk || message, personalisation "SERO_RedJ_C", modulo the order; else 0. Checked together: a
 * false signature passes with a chance below 2^-120.
 *
 * seed  32 bytes of the operating system's randomness, drawn for this call after the items are fixed, and never used
 *       again. Also SERO_RANDOMNESS_BROKEN.
 */
sero_status sero_redjubjub_verify_batch(const uint8_t* items, size_t count, const uint8_t seed[SERO_SEED_BYTES],
                                        uint8_t* valid, const sero_parallel* parallel,
                                        const volatile int32_t* cancelled);

#ifdef __cplusplus
}
#endif

#endif
