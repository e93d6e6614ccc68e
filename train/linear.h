/* y = x · Wᵀ for rows x [n][cols], W [rows][cols], and what comes back through it. */
#ifndef TRAIN_LINEAR_H
#define TRAIN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/kernels/blas.h"

static inline void linear_forward(const float *x, const float *w, size_t n, size_t rows,
                                  size_t cols, float *y)
{
    blas_get()->gemm(false, true, n, rows, cols, x, cols, w, cols, 0, y, rows);
}

/* dx = dy · W, added where `add` */
static inline void linear_backward_x(const float *dy, const float *w, size_t n, size_t rows,
                                     size_t cols, bool add, float *dx)
{
    blas_get()->gemm(false, false, n, cols, rows, dy, rows, w, cols, add, dx, cols);
}

/* dW += dyᵀ · x */
static inline void linear_backward_w(const float *dy, const float *x, size_t n, size_t rows,
                                     size_t cols, float *dw)
{
    blas_get()->gemm(true, false, rows, cols, n, dy, rows, x, cols, 1, dw, cols);
}

#endif
