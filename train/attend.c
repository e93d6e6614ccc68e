#include "train/attend.h"

#include <string.h>

#include "train/linear.h"
#include "train/ops.h"

static struct sight sight_of(const struct head *h, size_t i)
{
    return h->sight ? h->sight[i] : (struct sight){0, (uint32_t)h->n};
}

/* p [n][n] = softmax(scale · q kᵀ) */
static void weigh(const struct head *h, struct arena *arena, float *p)
{
    const size_t n = h->n;
    linear_multiply(arena, n, n, h->dim, (struct factor){h->q, h->ld_q, false},
                    (struct factor){h->k, h->ld_kv, true}, false, p, n);
    for (size_t i = 0; i < n; i++) {
        float *row = p + i * n;
        const struct sight s = sight_of(h, i);
        for (size_t j = s.first; j < s.end; j++)
            row[j] *= h->scale;
        softmax(row + s.first, s.end - s.first);
        memset(row, 0, s.first * sizeof *row);
        memset(row + s.end, 0, (n - s.end) * sizeof *row);
    }
}

void head_forward(const struct head *h, struct arena *arena, float *out)
{
    const struct arena then = *arena;
    const size_t n = h->n;
    float *p = arena_take(arena, n * n);
    weigh(h, arena, p);
    linear_multiply(arena, n, h->dim, n, (struct factor){p, n, false},
                    (struct factor){h->v, h->ld_kv, false}, false, out, h->ld_q);
    arena_return(arena, &then);
}

/* p becomes scale · p (dp − Σ p dp), the derivative by q kᵀ; hidden keys have p = 0. */
static void scores_backward(const struct head *h, const float *dp, float *p)
{
    const size_t n = h->n;
    for (size_t i = 0; i < n; i++, p += n, dp += n) {
        float sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += p[j] * dp[j];
        for (size_t j = 0; j < n; j++)
            p[j] *= h->scale * (dp[j] - sum);
    }
}

void head_backward(const struct head *h, struct arena *arena, const float *d_out, float *dq,
                   float *dk, float *dv)
{
    const struct arena then = *arena;
    const size_t n = h->n, dim = h->dim;
    const struct factor d = {d_out, h->ld_q, false};
    float *p = arena_take(arena, n * n), *dp = arena_take(arena, n * n);
    weigh(h, arena, p);
    linear_multiply(arena, n, dim, n, (struct factor){p, n, true}, d, true, dv, h->ld_kv);
    linear_multiply(arena, n, n, dim, d, (struct factor){h->v, h->ld_kv, true}, false, dp, n);
    scores_backward(h, dp, p);
    linear_multiply(arena, n, dim, n, (struct factor){p, n, false},
                    (struct factor){h->k, h->ld_kv, false}, false, dq, h->ld_q);
    linear_multiply(arena, n, dim, n, (struct factor){p, n, true},
                    (struct factor){h->q, h->ld_q, false}, true, dk, h->ld_kv);
    arena_return(arena, &then);
}
