/* Y = X · Wᵀ for weights of any type: the one place that chooses between integer and float
 * products, between one token and many, and between own kernels and BLAS. */
#ifndef ENGINE_MATMUL_H
#define ENGINE_MATMUL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/kernels/kernels.h"
#include "engine/model.h"
#include "engine/pool.h"

/* What a forward pass computes with. Scratch is one block for each thread. */
struct compute {
    const struct kernels *k;
    struct pool *pool;
    const atomic_bool *stop; /* once true, work is skipped and results are garbage */
    void **scratch;          /* pool_threads pointers to scratch_bytes */
    size_t scratch_bytes;
};

/* Scratch that matmul wants for each thread, for weights of up to max_cols columns. */
size_t matmul_scratch_bytes(const struct kernels *k, size_t max_cols);

/* Up to this many tokens are multiplied with the rows of weights as one alone is, and each with the
 * same result, bit for bit; the weights are read once for all. More go through panels, or give the
 * bits that panels do. */
enum { STEP_TOKENS = 4 };

/* The left side: rows of F32, and the same as int8 once a quantised weight has asked for it. */
struct activations {
    const float *x; /* [n_tokens][n], rows close together */
    size_t n_tokens, n;
    struct q8 q8; /* memory for n_tokens rows, of q8_init */
    bool has_q8;  /* q8 holds x; clear it when x changes */
    /* Panels however few the tokens: a token's result is the same beside any number of others, but
     * not the same as that of STEP_TOKENS or fewer without this. */
    bool as_panel;
};
/* Memory for up to n_tokens × n values, n rounded up to 32. */
bool q8_init(struct q8 *q8, size_t n_tokens, size_t n, struct err *err);
void q8_done(struct q8 *q8);
size_t q8_bytes(size_t n_tokens, size_t n);
/* Points at new values; q8 memory is shared by all activations of a pass. */
struct activations activations_of(const float *x, size_t n_tokens, size_t n,
                                  const struct q8 *memory);

/* y[t][r] = Σ_i x[t][i] · w[r][i], rows of y ldy floats apart; the first n_rows rows of w (0: all).
 */
void matmul(const struct compute *c, const struct tensor *w, size_t n_rows, struct activations *a,
            float *y, size_t ldy);

/* Whether matmul_rows can be had for weights of a type. */
bool matmul_is_by_rows(const struct kernels *k, enum weight_type type);
/* y[i] = row rows[i] of w · token, of the activations: the bits that matmul gives for that row and
 * token, which are as in a step. */
void matmul_rows(const struct compute *c, const struct tensor *w, const uint32_t *rows, size_t n,
                 struct activations *a, size_t token, float *y);

/* The same with F32 arithmetic whatever the weights are: for the vision tower. */
void matmul_float(const struct compute *c, const struct tensor *w, size_t n_rows, const float *x,
                  size_t n_tokens, float *y, size_t ldy);

/* The same with BF16 arithmetic: how says where activations come from and go to, and what becomes
 * of them; bias, y and sum are those of row 0. The weights' columns are even in number. */
void matmul_bf16(const struct compute *c, const struct tensor *w, const struct bf16_product *how);

#endif
