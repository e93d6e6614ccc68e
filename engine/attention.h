/* Attention of a tile of queries over blocks of keys, with an online softmax: the scores of one
 * block exist at a time. Text and vision share it.
 *
 *   m' = max(m, max_j s_j)
 *   p_j = exp(s_j − m')
 *   l' = l·exp(m − m') + Σ p_j
 *   o' = o·exp(m − m') + Σ p_j v_j
 *
 * (Milakov & Gimelshein 2018, "Online normalizer calculation for softmax"; Dao et al. 2022,
 * FlashAttention) */
#ifndef ENGINE_ATTENTION_H
#define ENGINE_ATTENTION_H

#include <stddef.h>

#include "engine/kernels/kernels.h"

enum { ATTENTION_MAX_QUERIES = 64, ATTENTION_MAX_KEYS = 128 };

struct attention_tile {
    const struct kernels *k;
    size_t n_queries; /* ≤ ATTENTION_MAX_QUERIES */
    size_t head_dim;
    const float *q; /* [n_queries] rows ldq apart, already scaled */
    size_t ldq;
    float *out; /* [n_queries] rows ldo apart; the running sum, the result after attention_end */
    size_t ldo;
    float max[ATTENTION_MAX_QUERIES], sum[ATTENTION_MAX_QUERIES];
    float scores[ATTENTION_MAX_QUERIES * ATTENTION_MAX_KEYS];
};

/* k, n_queries, head_dim, q, ldq, out and ldo are set. */
void attention_begin(struct attention_tile *t);
/* scores = Q · Kᵀ for n_keys ≤ ATTENTION_MAX_KEYS keys: rows of head_dim, or columns (Kᵀ as it lies
 * in memory, which saves the sums across a vector where heads are short), ld floats apart. */
void attention_score_rows(struct attention_tile *t, const float *keys, size_t ld, size_t n_keys);
void attention_score_columns(struct attention_tile *t, const float *keys, size_t ld, size_t n_keys);
/* The same for keys as the cache has them, and few queries. */
void attention_score_cached(struct attention_tile *t, enum cache_type type,
                            const struct cache_rows *keys);
/* Adds the n_keys values, rows ld floats apart, as the scores weigh them. Query r sees keys from[r]
 * up to, not including, to[r] of this block (0 ≤ from ≤ to ≤ n_keys); from NULL: all see all. */
void attention_block(struct attention_tile *t, const float *values, size_t ld, size_t n_keys,
                     const int *from, const int *to);
/* The same for values as the cache has them; from is not NULL. */
void attention_block_cached(struct attention_tile *t, enum cache_type type,
                            const struct cache_rows *values, const int *from, const int *to);
/* Divides by the sums. Every query has seen a key. */
void attention_end(struct attention_tile *t);

#endif
