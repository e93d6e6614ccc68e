/* Attention that is watched: text.h, struct text_watch. The weights never exist in the pass itself,
 * so scores are computed again, first of all keys for the sums of the softmax, then of those that
 * are watched. One task for each key head, which alone adds to its row of the mass: the result does
 * not depend on threads. */
#include <math.h>

#include "engine/attention.h"
#include "engine/text_chunk.h"

/* The query heads of a row that share a key head. */
struct group {
    size_t row, kv_head, n;
    float max[ATTENTION_MAX_QUERIES];
    double sum[ATTENTION_MAX_QUERIES]; /* Σ e^(score − max) over all keys */
    float scores[ATTENTION_MAX_QUERIES * ATTENTION_MAX_KEYS];
};

/* Scores of keys from `at` on, as many as are returned. */
static size_t score_run(const struct chunk *c, struct group *g, size_t at, size_t end)
{
    const struct text_params *t = &c->p->model->text;
    const struct kvcache *cache = c->segments->cache;
    enum cache_type type = kvcache_type(cache);
    if (end - at > ATTENTION_MAX_KEYS)
        end = at + ATTENTION_MAX_KEYS;
    struct kv_span span = kvcache_span(cache, c->layer, g->kv_head, at, end);
    struct cache_rows keys = {span.keys, kvcache_head_bytes(type, t->head_dim), span.n,
                              t->head_dim};
    const float *q = c->p->q + (g->row * t->n_heads + g->kv_head * g->n) * t->head_dim;
    c->p->compute->k->cache_dot[type](&keys, q, g->n, t->head_dim, g->scores, ATTENTION_MAX_KEYS);
    return span.n;
}

static void add_sum(struct group *g, size_t head, size_t n_keys)
{
    const float *scores = g->scores + head * ATTENTION_MAX_KEYS;
    float max = g->max[head];
    for (size_t i = 0; i < n_keys; i++)
        max = fmaxf(max, scores[i]);
    g->sum[head] *= exp((double)g->max[head] - max); /* 0 for the first keys */
    g->max[head] = max;
    for (size_t i = 0; i < n_keys; i++)
        g->sum[head] += expf(scores[i] - max);
}

static void watch_group(const struct chunk *c, struct group *g, double *mass)
{
    const struct text_watch *w = c->p->watch;
    size_t sees = c->inputs[g->row].sees, n;
    size_t end = w->first + w->n < sees ? w->first + w->n : sees;
    for (size_t h = 0; h < g->n; h++) {
        g->max[h] = -INFINITY;
        g->sum[h] = 0;
    }
    for (size_t at = 0; at < sees; at += n) {
        n = score_run(c, g, at, sees);
        for (size_t h = 0; h < g->n; h++)
            add_sum(g, h, n);
    }
    for (size_t at = w->first; at < end; at += n) {
        n = score_run(c, g, at, end);
        for (size_t h = 0; h < g->n; h++)
            for (size_t i = 0; i < n; i++)
                mass[at - w->first + i] +=
                    expf(g->scores[h * ATTENTION_MAX_KEYS + i] - g->max[h]) / g->sum[h];
    }
}

static void head_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    const struct text_params *t = &c->p->model->text;
    struct group g = {.kv_head = task, .n = t->n_heads / t->n_kv_heads};
    for (g.row = 0; g.row < c->n; g.row++)
        watch_group(c, &g, c->p->watch->mass + task * c->p->watch->n);
}

void text_watch(struct chunk *c)
{
    const struct compute *compute = c->p->compute;
    pool_run(compute->pool, c->p->model->text.n_kv_heads, head_task, c, compute->stop);
}
