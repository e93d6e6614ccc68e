#include "engine/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/attention.h"

enum {
    /* Positions that one task norms, rotates or multiplies elementwise. */
    TOKENS_PER_TASK = 8,
    /* Keys that are converted to F32 at once: with their values 128 KB at 256 a head, in the
       second-level cache. */
    KEYS_PER_BLOCK = 64,
};

struct sizes {
    size_t d, ff, q, kv, half;
};

static struct sizes sizes_of(const struct model *m)
{
    const struct text_params *t = &m->text;
    return (struct sizes){t->n_embd, t->n_ff, (size_t)t->n_heads * t->head_dim,
                          (size_t)t->n_kv_heads * t->head_dim, t->head_dim / 2};
}

static size_t widest(const struct sizes *s)
{
    size_t most = s->d > s->ff ? s->d : s->ff;
    return most > s->q ? most : s->q;
}

size_t text_pass_bytes(const struct model *m, size_t n_batch)
{
    struct sizes s = sizes_of(m);
    size_t floats = 2 * s.d + 2 * s.q + 2 * s.kv + 2 * s.ff + 4 * s.half;
    return n_batch * floats * sizeof(float) + q8_bytes(n_batch, widest(&s));
}

/* A tile's queries and results, a block's keys and values. */
size_t text_scratch_bytes(const struct model *m)
{
    return (2 * ATTENTION_MAX_QUERIES + 2 * KEYS_PER_BLOCK) * m->text.head_dim * sizeof(float);
}

static bool floats(float **to, size_t rows, size_t cols, struct err *err)
{
    *to = mem_try(rows, cols * sizeof(float), "text pass", err);
    return *to != NULL;
}

static bool init_rope(struct text_pass *p, struct err *err)
{
    const struct text_params *t = &p->model->text;
    size_t half = t->head_dim / 2;
    for (int g = 0; g < 2; g++) {
        if (!floats(&p->frequency[g], 1, half, err) || !floats(&p->cos[g], p->n_batch, half, err) ||
            !floats(&p->sin[g], p->n_batch, half, err))
            return false;
        double base = g ? t->rope_base_global : t->rope_base_local;
        double factor = g ? t->rope_factor_global : 1;
        for (size_t i = 0; i < half; i++)
            p->frequency[g][i] = (float)(pow(base, -2.0 * (double)i / t->head_dim) / factor);
    }
    return true;
}

bool text_pass_init(struct text_pass *p, const struct model *m, const struct compute *c,
                    struct kvcache *cache, size_t n_batch, struct err *err)
{
    *p = (struct text_pass){.model = m, .compute = c, .cache = cache, .n_batch = n_batch};
    struct sizes s = sizes_of(m);
    if (floats(&p->x, n_batch, s.d, err) && floats(&p->h, n_batch, s.d, err) &&
        floats(&p->q, n_batch, s.q, err) && floats(&p->attended, n_batch, s.q, err) &&
        floats(&p->k, n_batch, s.kv, err) && floats(&p->v, n_batch, s.kv, err) &&
        floats(&p->gate, n_batch, s.ff, err) && floats(&p->up, n_batch, s.ff, err) &&
        init_rope(p, err) && q8_init(&p->q8, n_batch, widest(&s), err))
        return true;
    text_pass_done(p);
    return false;
}

void text_pass_done(struct text_pass *p)
{
    float *all[] = {
        p->x,  p->h,      p->q,      p->k,      p->v,      p->attended,     p->gate,
        p->up, p->cos[0], p->cos[1], p->sin[0], p->sin[1], p->frequency[0], p->frequency[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    q8_done(&p->q8);
    *p = (struct text_pass){0};
}

/* What the tasks of one chunk see. */
struct chunk {
    struct text_pass *p;
    const struct text_input *inputs;
    size_t n, start; /* positions start … start + n − 1 */
    size_t layer;
    const struct text_layer *w;
    const struct tensor *norm, *next_norm; /* for norm_add */
};

static void each_tokens(struct chunk *c, pool_fn *fn)
{
    const struct compute *compute = c->p->compute;
    pool_run(compute->pool, (c->n + TOKENS_PER_TASK - 1) / TOKENS_PER_TASK, fn, c, compute->stop);
}

/* The positions, counted from the chunk's first, that a task stands for. */
static size_t task_end(const struct chunk *c, size_t task)
{
    size_t end = (task + 1) * TOKENS_PER_TASK;
    return end < c->n ? end : c->n;
}

static void rms_norm(const struct text_pass *p, const float *x, const struct tensor *weight,
                     float *out)
{
    p->compute->k->rms_norm(x, weight->data, p->model->text.rms_eps, out, weight->cols);
}

/* x = embeddings; the rotation of each position; h = norm(x) for the first layer. */
static void embed_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    const struct tensor *embed = &p->model->tw.embed;
    size_t d = p->model->text.n_embd, half = p->model->text.head_dim / 2;
    for (size_t i = task * TOKENS_PER_TASK; i < task_end(c, task); i++) {
        float *x = p->x + i * d;
        if (c->inputs[i].soft) {
            memcpy(x, c->inputs[i].soft, d * sizeof *x);
        } else {
            const uint8_t *row =
                (const uint8_t *)embed->data + (size_t)c->inputs[i].id * embed->row_bytes;
            p->compute->k->dequantize[embed->type](row, x, d);
            p->compute->k->scale(x, p->model->text.embed_scale, d);
        }
        for (int g = 0; g < 2; g++)
            for (size_t j = 0; j < half; j++) {
                float angle = (float)(c->start + i) * p->frequency[g][j];
                p->cos[g][i * half + j] = cosf(angle);
                p->sin[g][i * half + j] = sinf(angle);
            }
        rms_norm(p, x, c->next_norm, p->h + i * d);
    }
}

/* Norms and rotates queries and keys. */
static void heads_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    const struct text_params *t = &p->model->text;
    const struct kernels *k = p->compute->k;
    size_t hd = t->head_dim;
    for (size_t i = task * TOKENS_PER_TASK; i < task_end(c, task); i++) {
        const float *cos = p->cos[c->w->is_global] + i * (hd / 2);
        const float *sin = p->sin[c->w->is_global] + i * (hd / 2);
        for (size_t head = 0; head < t->n_heads; head++) {
            float *q = p->q + (i * t->n_heads + head) * hd;
            rms_norm(p, q, &c->w->q_norm, q);
            k->rope(q, cos, sin, hd);
            k->scale(q, t->attention_scale, hd);
        }
        for (size_t head = 0; head < t->n_kv_heads; head++) {
            float *key = p->k + (i * t->n_kv_heads + head) * hd;
            rms_norm(p, key, &c->w->k_norm, key);
            k->rope(key, cos, sin, hd);
        }
    }
}

/* Positions that a tile holds: its rows are these times the query heads of one key head. */
static size_t tile_tokens(const struct text_params *t)
{
    size_t group = t->n_heads / t->n_kv_heads;
    return group < ATTENTION_MAX_QUERIES ? ATTENTION_MAX_QUERIES / group : 1;
}

/* The first position that query i of the chunk sees: local layers look at W positions, its own
 * included. */
static size_t sees_from(const struct chunk *c, size_t i)
{
    size_t position = c->start + i, window = c->p->model->text.window;
    return c->w->is_global || position < window ? 0 : position - window + 1;
}

/* The rows of a tile: positions first … first + n − 1 of the chunk, for the heads that share a key
 * head. */
struct tile {
    size_t first, n, group, kv_head;
    int from[ATTENTION_MAX_QUERIES], to[ATTENTION_MAX_QUERIES];
};

/* What each row sees of keys at … at + n_keys − 1, as offsets into them. */
static void see_block(const struct chunk *c, struct tile *tile, size_t at, size_t n_keys)
{
    for (size_t i = 0; i < tile->n; i++) {
        size_t from = sees_from(c, tile->first + i), to = c->inputs[tile->first + i].sees;
        from = from > at ? from - at : 0;
        to = to > at ? to - at : 0;
        to = to < n_keys ? to : n_keys;
        for (size_t h = 0; h < tile->group; h++) {
            tile->from[i * tile->group + h] = (int)(from < to ? from : to);
            tile->to[i * tile->group + h] = (int)to;
        }
    }
}

/* Converts one head of n rows of the cache to F32, rows head_dim apart. */
static void load_rows(const struct text_pass *p, const uint8_t *rows, size_t kv_head, size_t n,
                      float *out)
{
    const struct text_params *t = &p->model->text;
    enum cache_type type = kvcache_type(p->cache);
    size_t bytes = kvcache_head_bytes(type, t->head_dim);
    for (size_t i = 0; i < n; i++)
        p->compute->k->cache_load[type](rows + (i * t->n_kv_heads + kv_head) * bytes,
                                        out + i * t->head_dim, t->head_dim);
}

/* The chunk's own keys are still F32, and attended to as they are; those of the cache are converted
 * in blocks. memory: KEYS_PER_BLOCK keys and values. */
static size_t attend_block(const struct chunk *c, struct tile *tile, struct attention_tile *a,
                           size_t at, size_t end, float *memory)
{
    const struct text_pass *p = c->p;
    const float *keys = memory, *values = memory + KEYS_PER_BLOCK * a->head_dim;
    size_t n = end - at < KEYS_PER_BLOCK ? end - at : KEYS_PER_BLOCK, ld = a->head_dim;
    if (at >= c->start) {
        ld = p->model->text.n_kv_heads * a->head_dim;
        size_t offset = (at - c->start) * ld + tile->kv_head * a->head_dim;
        keys = p->k + offset;
        values = p->v + offset;
    } else {
        struct kv_span span = kvcache_span(p->cache, c->layer, at);
        n = n < span.n ? n : span.n;
        load_rows(p, span.keys, tile->kv_head, n, memory);
        load_rows(p, span.values, tile->kv_head, n, memory + KEYS_PER_BLOCK * a->head_dim);
    }
    see_block(c, tile, at, n);
    attention_score_rows(a, keys, ld, n);
    attention_block(a, values, ld, n, tile->from, tile->to);
    return n;
}

static void attend_keys(const struct chunk *c, struct tile *tile, struct attention_tile *a,
                        float *memory)
{
    size_t end = 0;
    for (size_t i = 0; i < tile->n; i++)
        if (c->inputs[tile->first + i].sees > end)
            end = c->inputs[tile->first + i].sees;
    for (size_t at = sees_from(c, tile->first); at < end;)
        at += attend_block(c, tile, a, at, end, memory);
}

/* Between the chunk's rows [token][head] and a tile's, close together. */
static void copy_tile(const struct chunk *c, const struct tile *tile, float *rows, float *packed,
                      bool pack)
{
    const struct text_params *t = &c->p->model->text;
    size_t bytes = tile->group * t->head_dim * sizeof(float);
    for (size_t i = 0; i < tile->n; i++) {
        float *row =
            rows + ((tile->first + i) * t->n_heads + tile->kv_head * tile->group) * t->head_dim;
        float *other = packed + i * tile->group * t->head_dim;
        memcpy(pack ? other : row, pack ? row : other, bytes);
    }
}

static void attend_task(void *job, size_t task, unsigned thread)
{
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    const struct text_params *t = &p->model->text;
    size_t tokens = tile_tokens(t);
    struct tile tile = {.kv_head = task % t->n_kv_heads,
                        .first = task / t->n_kv_heads * tokens,
                        .group = t->n_heads / t->n_kv_heads};
    tile.n = c->n - tile.first < tokens ? c->n - tile.first : tokens;
    float *q = p->compute->scratch[thread];
    float *out = q + ATTENTION_MAX_QUERIES * t->head_dim;
    struct attention_tile a = {.k = p->compute->k,
                               .n_queries = tile.n * tile.group,
                               .head_dim = t->head_dim,
                               .q = q,
                               .ldq = t->head_dim,
                               .out = out,
                               .ldo = t->head_dim};
    copy_tile(c, &tile, p->q, q, true);
    attention_begin(&a);
    attend_keys(c, &tile, &a, out + ATTENTION_MAX_QUERIES * t->head_dim);
    attention_end(&a);
    copy_tile(c, &tile, p->attended, out, false);
}

static void attend(struct chunk *c)
{
    const struct text_params *t = &c->p->model->text;
    size_t tiles = (c->n + tile_tokens(t) - 1) / tile_tokens(t);
    pool_run(c->p->compute->pool, tiles * t->n_kv_heads, attend_task, c, c->p->compute->stop);
    kvcache_store(c->p->cache, c->layer, c->p->k, c->p->v);
}

/* x += norm(h); h = next_norm(x). */
static void norm_add_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    size_t d = p->model->text.n_embd;
    for (size_t i = task * TOKENS_PER_TASK; i < task_end(c, task); i++) {
        float *x = p->x + i * d, *h = p->h + i * d;
        rms_norm(p, h, c->norm, h);
        p->compute->k->add(x, h, d);
        rms_norm(p, x, c->next_norm, h);
    }
}

static void norm_add(struct chunk *c, const struct tensor *norm, const struct tensor *next_norm)
{
    c->norm = norm;
    c->next_norm = next_norm;
    each_tokens(c, norm_add_task);
}

static void gelu_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    size_t ff = p->model->text.n_ff;
    for (size_t i = task * TOKENS_PER_TASK; i < task_end(c, task); i++)
        p->compute->k->gelu_mul(p->gate + i * ff, p->up + i * ff, ff);
}

/* h holds norm(x) for this layer, and for the next one (or the head) afterwards. */
static void layer_forward(struct chunk *c, const struct tensor *next_norm)
{
    struct text_pass *p = c->p;
    const struct compute *compute = p->compute;
    struct sizes s = sizes_of(p->model);
    struct activations a = activations_of(p->h, c->n, s.d, &p->q8);
    matmul(compute, &c->w->q, 0, &a, p->q, s.q);
    matmul(compute, &c->w->k, 0, &a, p->k, s.kv);
    matmul(compute, &c->w->v, 0, &a, p->v, s.kv);
    each_tokens(c, heads_task);
    attend(c);
    a = activations_of(p->attended, c->n, s.q, &p->q8);
    matmul(compute, &c->w->o, 0, &a, p->h, s.d);
    norm_add(c, &c->w->post_attn_norm, &c->w->ffn_norm);
    a = activations_of(p->h, c->n, s.d, &p->q8);
    matmul(compute, &c->w->gate, 0, &a, p->gate, s.ff);
    matmul(compute, &c->w->up, 0, &a, p->up, s.ff);
    each_tokens(c, gelu_task);
    a = activations_of(p->gate, c->n, s.ff, &p->q8);
    matmul(compute, &c->w->down, 0, &a, p->h, s.d);
    norm_add(c, &c->w->post_ffn_norm, next_norm);
}

static bool stopped(const struct text_pass *p)
{
    return p->compute->stop && atomic_load(p->compute->stop);
}

bool text_forward(struct text_pass *p, const struct text_input *inputs, size_t n, struct err *err)
{
    if (!kvcache_begin(p->cache, n, err))
        return false;
    const struct text_layer *layers = p->model->tw.layers;
    size_t n_layers = p->model->text.n_layers;
    struct chunk c = {.p = p,
                      .inputs = inputs,
                      .n = n,
                      .start = kvcache_length(p->cache),
                      .next_norm = &layers[0].attn_norm};
    each_tokens(&c, embed_task);
    for (size_t l = 0; l < n_layers && !stopped(p); l++) {
        c.layer = l;
        c.w = &layers[l];
        layer_forward(&c, l + 1 < n_layers ? &layers[l + 1].attn_norm : &p->model->tw.norm);
    }
    if (!stopped(p))
        kvcache_end(p->cache);
    return true;
}

void text_logits(struct text_pass *p, size_t first, size_t n, float *out)
{
    size_t d = p->model->text.n_embd, n_vocab = p->model->text.n_vocab;
    struct activations a = activations_of(p->h + first * d, n, d, &p->q8);
    matmul(p->compute, &p->model->tw.head, n_vocab, &a, out, n_vocab);
}
