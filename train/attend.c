#include "train/attend.h"

#include <string.h>

#include "engine/kernels/blas.h"
#include "train/ops.h"

static struct sight sight_of(const struct head *h, size_t i)
{
    return h->sight ? h->sight[i] : (struct sight){0, (uint32_t)h->n};
}

void head_forward(const struct head *h, float *out)
{
    const struct blas *blas = blas_get();
    const size_t n = h->n;
    blas->gemm(false, true, n, n, h->dim, h->q, h->ld_q, h->k, h->ld_kv, 0, h->p, n);
    for (size_t i = 0; i < n; i++) {
        float *row = h->p + i * n;
        const struct sight s = sight_of(h, i);
        for (size_t j = s.first; j < s.end; j++)
            row[j] *= h->scale;
        softmax(row + s.first, s.end - s.first);
        memset(row, 0, s.first * sizeof *row);
        memset(row + s.end, 0, (n - s.end) * sizeof *row);
    }
    blas->gemm(false, false, n, h->dim, n, h->p, n, h->v, h->ld_kv, 0, out, h->ld_q);
}

/* p becomes scale · p (dp − Σ p dp), the derivative by q kᵀ; hidden keys have p = 0. */
static void scores_backward(const struct head *h, const float *dp)
{
    const size_t n = h->n;
    for (size_t i = 0; i < n; i++) {
        float *p = h->p + i * n, sum = 0;
        const float *d = dp + i * n;
        for (size_t j = 0; j < n; j++)
            sum += p[j] * d[j];
        for (size_t j = 0; j < n; j++)
            p[j] *= h->scale * (d[j] - sum);
    }
}

void head_backward(const struct head *h, const float *d_out, float *dp, float *dq, float *dk,
                   float *dv)
{
    const struct blas *blas = blas_get();
    const size_t n = h->n;
    blas->gemm(true, false, n, h->dim, n, h->p, n, d_out, h->ld_q, 1, dv, h->ld_kv);
    blas->gemm(false, true, n, n, h->dim, d_out, h->ld_q, h->v, h->ld_kv, 0, dp, n);
    scores_backward(h, dp);
    blas->gemm(false, false, n, h->dim, n, h->p, n, h->k, h->ld_kv, 0, dq, h->ld_q);
    blas->gemm(true, false, n, h->dim, n, h->p, n, h->q, h->ld_q, 1, dk, h->ld_kv);
}
