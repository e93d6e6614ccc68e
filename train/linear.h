/* y = x · Wᵀ for rows x [n][cols], W [rows][cols], and what comes back through it.
 *
 * In F32 by OpenBLAS, or, once that is chosen, with all factors rounded to BF16 and sums in F32, by
 * the engine's kernels where the processor multiplies BF16; then k is even where b is turned. */
#ifndef TRAIN_LINEAR_H
#define TRAIN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "train/arena.h"

/* For the whole process, before it computes; returns whether BF16 is what is used. */
bool linear_choose(bool rounds);

/* A factor of a product: a matrix whose rows lie `ld` numbers apart, or, turned, whose transpose's
 * do. */
struct factor {
    const float *x;
    size_t ld;
    bool turned;
};

/* out [m][n], rows ld apart, = or, with `add`, += a [m][k] · b [k][n]. The arena gives memory to
 * work in, which it has back on return; so it does below. */
void linear_multiply(struct arena *arena, size_t m, size_t n, size_t k, struct factor a,
                     struct factor b, bool add, float *out, size_t ld);

void linear_forward(struct arena *arena, const float *x, const float *w, size_t n, size_t rows,
                    size_t cols, float *y);
/* dx = dy · W, added where `add` */
void linear_backward_x(struct arena *arena, const float *dy, const float *w, size_t n, size_t rows,
                       size_t cols, bool add, float *dx);
/* dW += dyᵀ · x */
void linear_backward_w(struct arena *arena, const float *dy, const float *x, size_t n, size_t rows,
                       size_t cols, float *dw);

#endif
