#include "engine/attention.h"

#include <math.h>
#include <string.h>

void attention_begin(struct attention_tile *t)
{
    for (size_t r = 0; r < t->n_queries; r++) {
        t->max[r] = -INFINITY;
        t->sum[r] = 0;
        memset(t->out + r * t->ldo, 0, t->head_dim * sizeof(float));
    }
}

/* Turns the scores of query r into weights, and what was summed so far into their scale. Keys
 * outside [from, to) get weight 0. */
static void soften(struct attention_tile *t, size_t r, size_t n_keys, size_t from, size_t to)
{
    float *s = t->scores + r * ATTENTION_MAX_KEYS;
    memset(s, 0, from * sizeof(float));
    memset(s + to, 0, (n_keys - to) * sizeof(float));
    if (from == to)
        return;
    float max = t->k->max(s + from, to - from);
    if (max > t->max[r]) {
        float shrink = expf(t->max[r] - max); /* 0 for the first block */
        t->sum[r] *= shrink;
        t->k->scale(t->out + r * t->ldo, shrink, t->head_dim);
        t->max[r] = max;
    }
    t->sum[r] += t->k->exp_sum(s + from, t->max[r], to - from);
}

void attention_score_rows(struct attention_tile *t, const float *keys, size_t ld, size_t n_keys)
{
    t->k->gemm_nt(t->n_queries, n_keys, t->head_dim, t->q, t->ldq, keys, ld, t->scores,
                  ATTENTION_MAX_KEYS);
}

void attention_score_columns(struct attention_tile *t, const float *keys, size_t ld, size_t n_keys)
{
    memset(t->scores, 0, t->n_queries * ATTENTION_MAX_KEYS * sizeof *t->scores);
    t->k->gemm_nn_add(t->n_queries, n_keys, t->head_dim, t->q, t->ldq, keys, ld, t->scores,
                      ATTENTION_MAX_KEYS);
}

void attention_score_cached(struct attention_tile *t, enum cache_type type,
                            const struct cache_rows *keys)
{
    t->k->cache_dot[type](keys, t->q, t->n_queries, t->ldq, t->scores, ATTENTION_MAX_KEYS);
}

void attention_block(struct attention_tile *t, const float *values, size_t ld, size_t n_keys,
                     const int *from, const int *to)
{
    for (size_t r = 0; r < t->n_queries; r++)
        soften(t, r, n_keys, from ? (size_t)from[r] : 0, from ? (size_t)to[r] : n_keys);
    t->k->gemm_nn_add(t->n_queries, t->head_dim, n_keys, t->scores, ATTENTION_MAX_KEYS, values, ld,
                      t->out, t->ldo);
}

void attention_block_cached(struct attention_tile *t, enum cache_type type,
                            const struct cache_rows *values, const int *from, const int *to)
{
    for (size_t r = 0; r < t->n_queries; r++)
        soften(t, r, values->n_rows, (size_t)from[r], (size_t)to[r]);
    t->k->cache_add[type](values, t->scores, t->n_queries, ATTENTION_MAX_KEYS, t->out, t->ldo);
}

void attention_end(struct attention_tile *t)
{
    for (size_t r = 0; r < t->n_queries; r++)
        t->k->scale(t->out + r * t->ldo, 1.0f / t->sum[r], t->head_dim);
}
