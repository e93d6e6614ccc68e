/* Forward and backward of what stands between the matrix products: rows [n][d] of F32.
 *
 * y, dy: an operation's output and the loss's derivative by it; x, dx: its input's. A backward adds
 * to dx where it says so, always adds to derivatives by weights, and takes what forward kept. */
#ifndef TRAIN_OPS_H
#define TRAIN_OPS_H

#include <stddef.h>

/* y = x / √(mean x² + eps) · w;  inverse[n] keeps the roots' reciprocals. */
void rms_forward(const float *x, const float *w, float eps, size_t n, size_t d, float *y,
                 float *inverse);
/* dx = …, not added. dx may be dy. */
void rms_backward(const float *dy, const float *x, const float *w, const float *inverse, size_t n,
                  size_t d, float *dx, float *dw);

/* y = (x − mean) / √(variance + eps) · w + b; keeps[n][2]: mean and reciprocal root. */
void layer_norm_forward(const float *x, const float *w, const float *b, float eps, size_t n,
                        size_t d, float *y, float *keeps);
/* dx += … */
void layer_norm_backward(const float *dy, const float *x, const float *w, const float *keeps,
                         size_t n, size_t d, float *dx, float *dw, float *db);

/* y = gelu(x), the one with tanh. */
void gelu_forward(const float *x, size_t n, float *y);
void gelu_backward(float *dy, const float *x, size_t n); /* dy becomes dx */
/* y = gelu(gate) · up */
void geglu_forward(const float *gate, const float *up, size_t n, float *y);
/* gate and up become the derivatives by themselves. */
void geglu_backward(const float *dy, float *gate, float *up, size_t n);

void add_to(float *x, const float *y, size_t n);            /* x += y */
void add_bias(float *x, const float *b, size_t n, size_t d); /* each row */
void add_rows(float *sum, const float *x, size_t n, size_t d); /* sum[d] += Σ rows */

/* Turns pairs (i, i + half) of a row of 2·half by the angles of position p in cosines and sines
 * [p][half]; sign −1 turns back. */
void turn(float *x, const float *cosine, const float *sine, size_t half, float sign);

/* x[n] becomes its softmax; returns the logarithm of the sum of powers that it was divided by. */
float softmax(float *x, size_t n);

#endif
