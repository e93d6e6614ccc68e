/* Attention of the text decoder. A short segment, a step of one or a few tokens, is bound by
 * reading the cache: its rows are stored first, then spans of keys are divided among the threads,
 * each reading rows of one head as they lie, and the spans' results merged. A long one is bound by
 * arithmetic: its queries are divided into tiles, and blocks of keys converted to F32 for each. */
#include <math.h>
#include <string.h>

#include "engine/attention.h"
#include "engine/text_chunk.h"

enum {
    /* Positions whose queries and keys one task rotates. */
    TOKENS_PER_TASK = 8,
    /* Keys that are converted to F32 at once: with their values 128 KB at 256 a head, in the
       second-level cache. */
    KEYS_PER_BLOCK = 64,
    /* Keys of a task of a short segment: 128 KB and as much of values, in F16 at 256 a head. */
    SPAN_KEYS = 256,
};

/* A tile's queries and results, a block's keys and values. */
size_t text_scratch_bytes(const struct model *m, const struct kernels *k)
{
    const size_t plain =
        (2 * ATTENTION_MAX_QUERIES + 2 * KEYS_PER_BLOCK) * m->text.head_dim * sizeof(float);
    const size_t rounded = text_rounds_attention(m, k) ? text_attend_bf16_bytes(m, k) : 0;
    return plain > rounded ? plain : rounded;
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
    for (size_t i = task * TOKENS_PER_TASK; i < c->n && i < (task + 1) * TOKENS_PER_TASK; i++) {
        const float *cos = p->cos[c->w->is_global] + i * (hd / 2);
        const float *sin = p->sin[c->w->is_global] + i * (hd / 2);
        for (size_t head = 0; head < t->n_heads; head++) {
            float *q = p->q + (i * t->n_heads + head) * hd;
            k->rms_norm(q, c->w->q_norm.data, t->rms_eps, q, hd);
            k->rope(q, cos, sin, hd);
            k->scale(q, t->attention_scale, hd);
        }
        for (size_t head = 0; head < t->n_kv_heads; head++) {
            float *key = p->k + (i * t->n_kv_heads + head) * hd;
            k->rms_norm(key, c->w->k_norm.data, t->rms_eps, key, hd);
            k->rope(key, cos, sin, hd);
        }
    }
}

/* ---- Tiles ---- */

/* Positions that a tile holds: its rows are these times the query heads of one key head. */
static size_t tile_tokens(const struct text_params *t, size_t n_rows)
{
    size_t group = t->n_heads / t->n_kv_heads;
    return group < n_rows ? n_rows / group : 1;
}

/* Local layers look at W positions, the row's own included. */
size_t text_sees_from(const struct chunk *c, size_t i)
{
    size_t position = c->inputs[i].position, window = c->p->model->text.window;
    return c->w->is_global || position < window ? 0 : position - window + 1;
}

size_t text_n_tiles(const struct chunk *c, size_t n_rows)
{
    const struct text_params *t = &c->p->model->text;
    size_t tokens = tile_tokens(t, n_rows);
    return (c->n + tokens - 1) / tokens * t->n_kv_heads;
}

/* Its rows from tile->first up to `end` at most. */
static void limit_tile(const struct chunk *c, struct text_tile *tile, size_t end, size_t n_rows)
{
    const struct text_params *t = &c->p->model->text;
    size_t tokens = tile_tokens(t, n_rows), rest = end - tile->first;
    tile->group = t->n_heads / t->n_kv_heads;
    tile->n = rest < tokens ? rest : tokens;
}

void text_tile_begin(const struct chunk *c, struct text_tile *tile, size_t task, size_t n_rows)
{
    const struct text_params *t = &c->p->model->text;
    tile->kv_head = task % t->n_kv_heads;
    tile->first = task / t->n_kv_heads * tile_tokens(t, n_rows);
    limit_tile(c, tile, c->n, n_rows);
}

size_t text_tile_end(const struct chunk *c, const struct text_tile *tile)
{
    size_t end = 0;
    for (size_t i = 0; i < tile->n; i++)
        if (c->inputs[tile->first + i].sees > end)
            end = c->inputs[tile->first + i].sees;
    return end;
}

void text_see_block(const struct chunk *c, struct text_tile *tile, size_t at, size_t n_keys)
{
    for (size_t i = 0; i < tile->n; i++) {
        size_t from = text_sees_from(c, tile->first + i), to = c->inputs[tile->first + i].sees;
        from = from > at ? from - at : 0;
        to = to > at ? to - at : 0;
        to = to < n_keys ? to : n_keys;
        for (size_t h = 0; h < tile->group; h++) {
            tile->from[i * tile->group + h] = (int)(from < to ? from : to);
            tile->to[i * tile->group + h] = (int)to;
        }
    }
}

/* Converts n rows of one head of the cache to F32, rows head_dim apart. */
static void load_rows(const struct chunk *c, const uint8_t *rows, size_t n, float *out)
{
    size_t hd = c->p->model->text.head_dim;
    enum cache_type type = kvcache_type(c->segments->cache);
    size_t bytes = kvcache_head_bytes(type, hd);
    for (size_t i = 0; i < n; i++)
        c->p->compute->k->cache_load[type](rows + i * bytes, out + i * hd, hd);
}

size_t text_rows_at(const struct chunk *c, const struct text_tile *tile, size_t at, size_t end,
                    size_t n_keys, struct text_rows *rows)
{
    const struct text_pass *p = c->p;
    const size_t hd = p->model->text.head_dim, start = c->inputs[0].position;
    const size_t n = end - at < n_keys ? end - at : n_keys;
    *rows = (struct text_rows){.apart = p->model->text.n_kv_heads * hd};
    if (at >= start) {
        const size_t offset = (at - start) * rows->apart + tile->kv_head * hd;
        rows->keys = p->k + offset;
        rows->values = p->v + offset;
        return n;
    }
    const struct kvcache *cache = c->segments->cache;
    const struct kv_span span =
        kvcache_span(cache, c->layer, tile->kv_head, at, at + n < start ? at + n : start);
    rows->cached = span.keys;
    rows->cached_values = span.values;
    rows->apart = kvcache_head_bytes(kvcache_type(cache), hd);
    return span.n;
}

/* The chunk's own keys are attended to as they are; those of the cache are converted in blocks.
 * memory: KEYS_PER_BLOCK keys and values. */
static size_t attend_block(const struct chunk *c, struct text_tile *tile, struct attention_tile *a,
                           size_t at, size_t end, float *memory)
{
    struct text_rows rows;
    const size_t n = text_rows_at(c, tile, at, end, KEYS_PER_BLOCK, &rows);
    if (rows.cached) {
        float *values = memory + KEYS_PER_BLOCK * a->head_dim;
        load_rows(c, rows.cached, n, memory);
        load_rows(c, rows.cached_values, n, values);
        rows = (struct text_rows){.keys = memory, .values = values, .apart = a->head_dim};
    }
    text_see_block(c, tile, at, n);
    attention_score_rows(a, rows.keys, rows.apart, n);
    attention_block(a, rows.values, rows.apart, n, tile->from, tile->to);
    return n;
}

static void attend_keys(const struct chunk *c, struct text_tile *tile, struct attention_tile *a,
                        float *memory)
{
    size_t end = text_tile_end(c, tile);
    for (size_t at = text_sees_from(c, tile->first); at < end;)
        at += attend_block(c, tile, a, at, end, memory);
}

/* Between the chunk's rows [token][head] and a tile's, close together. */
static void copy_tile(const struct chunk *c, const struct text_tile *tile, float *rows,
                      float *packed, bool pack)
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

/* The tile's queries, packed, and its results are in the thread's scratch. */
static struct attention_tile tile_begin(const struct chunk *c, const struct text_tile *tile,
                                        unsigned thread)
{
    const struct text_params *t = &c->p->model->text;
    float *q = c->p->compute->scratch[thread];
    struct attention_tile a = {.k = c->p->compute->k,
                               .n_queries = tile->n * tile->group,
                               .head_dim = t->head_dim,
                               .q = q,
                               .ldq = t->head_dim,
                               .out = q + ATTENTION_MAX_QUERIES * t->head_dim,
                               .ldo = t->head_dim};
    copy_tile(c, tile, c->p->q, q, true);
    attention_begin(&a);
    return a;
}

static void tile_task(void *job, size_t task, unsigned thread)
{
    const struct chunk *c = job;
    const struct text_params *t = &c->p->model->text;
    struct text_tile tile;
    text_tile_begin(c, &tile, task, ATTENTION_MAX_QUERIES);
    struct attention_tile a = tile_begin(c, &tile, thread);
    attend_keys(c, &tile, &a, a.out + ATTENTION_MAX_QUERIES * t->head_dim);
    attention_end(&a);
    copy_tile(c, &tile, c->p->attended, a.out, false);
}

static void attend_long(struct chunk *c)
{
    if (text_attends_bf16(c)) {
        text_attend_bf16(c);
        return;
    }
    pool_run(c->p->compute->pool, text_n_tiles(c, ATTENTION_MAX_QUERIES), tile_task, c,
             c->p->compute->stop);
}

/* ---- Short segments ---- */

/* A short segment's rows of the chunk, and the spans of keys that they see. */
struct part {
    size_t first, n;
    size_t first_span, n_spans;
    size_t first_task; /* n_spans × n_kv_heads tasks from there on */
};

struct short_job {
    struct chunk *c;
    struct part parts[TEXT_SHORT_ROWS]; /* of the chunk's segments */
};

/* What a row's head makes of one span: the sum of values [head_dim], the largest score, and the sum
 * of the weights. */
static size_t partial_floats(const struct text_params *t)
{
    return t->head_dim + 2;
}

size_t text_partial_floats(const struct model *m, size_t n_ctx)
{
    size_t spans = n_ctx / SPAN_KEYS + 1;
    return spans * TEXT_SHORT_ROWS * m->text.n_heads * partial_floats(&m->text);
}

/* span: counted from the first that the row's segment sees; row: of the chunk. */
static float *partial_of(const struct chunk *c, size_t span, size_t row, size_t head)
{
    const struct text_params *t = &c->p->model->text;
    return c->p->partial + ((span * TEXT_SHORT_ROWS + row) * t->n_heads + head) * partial_floats(t);
}

/* One run of keys that lie close together; returns how many. */
static size_t attend_run(const struct chunk *c, const struct kvcache *cache, struct text_tile *tile,
                         struct attention_tile *a, size_t at, size_t end)
{
    struct kv_span span = kvcache_span(cache, c->layer, tile->kv_head, at, end);
    enum cache_type type = kvcache_type(cache);
    struct cache_rows rows = {span.keys, kvcache_head_bytes(type, a->head_dim), span.n,
                              a->head_dim};
    text_see_block(c, tile, at, span.n);
    attention_score_cached(a, type, &rows);
    rows.rows = span.values;
    attention_block_cached(a, type, &rows, tile->from, tile->to);
    return span.n;
}

/* The keys of a span. Blocks are counted from position 0, so that a row is summed in the same order
 * whichever rows are beside it. */
static void attend_span(const struct chunk *c, const struct kvcache *cache, struct text_tile *tile,
                        struct attention_tile *a, size_t span)
{
    size_t from = text_sees_from(c, tile->first), to = c->inputs[tile->first + tile->n - 1].sees;
    for (size_t at = span * SPAN_KEYS, end = at + SPAN_KEYS; at < end; at += ATTENTION_MAX_KEYS) {
        size_t key = at > from ? at : from,
               last = at + ATTENTION_MAX_KEYS < to ? at + ATTENTION_MAX_KEYS : to;
        while (key < last)
            key += attend_run(c, cache, tile, a, key, last);
    }
}

static void put_partials(const struct chunk *c, const struct text_tile *tile,
                         const struct attention_tile *a, size_t span)
{
    for (size_t r = 0; r < a->n_queries; r++) {
        size_t head = tile->kv_head * tile->group + r % tile->group;
        float *partial = partial_of(c, span, tile->first + r / tile->group, head);
        memcpy(partial, a->out + r * a->ldo, a->head_dim * sizeof *partial);
        partial[a->head_dim] = a->max[r];
        partial[a->head_dim + 1] = a->sum[r];
    }
}

/* The part that a task belongs to. */
static size_t part_at(const struct short_job *job, size_t task)
{
    size_t i = job->c->n_segments - 1;
    while (job->parts[i].first_task > task)
        i--;
    return i;
}

static void span_task(void *arg, size_t task, unsigned thread)
{
    const struct short_job *job = arg;
    const struct chunk *c = job->c;
    size_t segment = part_at(job, task), n_kv_heads = c->p->model->text.n_kv_heads;
    const struct part *part = &job->parts[segment];
    size_t span = (task - part->first_task) / n_kv_heads, end = part->first + part->n;
    struct text_tile tile = {.first = part->first, .kv_head = task % n_kv_heads};
    for (; tile.first < end; tile.first += tile.n) {
        limit_tile(c, &tile, end, ATTENTION_MAX_QUERIES);
        struct attention_tile a = tile_begin(c, &tile, thread);
        attend_span(c, c->segments[segment].cache, &tile, &a, part->first_span + span);
        put_partials(c, &tile, &a, span);
    }
}

/* Σ of the spans' results in their order, each times e^(its largest score − the largest of all). */
static void merge_task(void *arg, size_t task, unsigned thread)
{
    (void)thread;
    const struct short_job *job = arg;
    const struct chunk *c = job->c;
    const struct kernels *k = c->p->compute->k;
    size_t hd = c->p->model->text.head_dim, n_heads = c->p->model->text.n_heads;
    size_t row = task / n_heads, head = task % n_heads, part = 0;
    while (row >= job->parts[part].first + job->parts[part].n)
        part++;
    float *out = c->p->attended + task * hd, max = -INFINITY, sum = 0;
    for (size_t s = 0; s < job->parts[part].n_spans; s++)
        max = fmaxf(max, partial_of(c, s, row, head)[hd]);
    memset(out, 0, hd * sizeof *out);
    for (size_t s = 0; s < job->parts[part].n_spans; s++) {
        const float *partial = partial_of(c, s, row, head);
        float weight = expf(partial[hd] - max);
        k->add_scaled(out, partial, weight, hd);
        sum += weight * partial[hd + 1];
    }
    k->scale(out, 1 / sum, hd);
}

static void attend_short(struct chunk *c)
{
    const struct text_params *t = &c->p->model->text;
    const struct compute *compute = c->p->compute;
    struct short_job job = {.c = c};
    size_t n_tasks = 0;
    for (size_t s = 0, row = 0; s < c->n_segments; row += c->segments[s++].n) {
        size_t last = row + c->segments[s].n - 1;
        struct part *part = &job.parts[s];
        *part =
            (struct part){row, c->segments[s].n, text_sees_from(c, row) / SPAN_KEYS, 0, n_tasks};
        part->n_spans = (c->inputs[last].sees - 1) / SPAN_KEYS + 1 - part->first_span;
        n_tasks += part->n_spans * t->n_kv_heads;
    }
    pool_run(compute->pool, n_tasks, span_task, &job, compute->stop);
    pool_run(compute->pool, c->n * t->n_heads, merge_task, &job, compute->stop);
}

/* ---- All ---- */

static void store(const struct chunk *c)
{
    size_t floats = (size_t)c->p->model->text.n_kv_heads * c->p->model->text.head_dim, row = 0;
    for (size_t s = 0; s < c->n_segments; row += c->segments[s++].n)
        kvcache_store(c->segments[s].cache, c->layer, c->p->k + row * floats,
                      c->p->v + row * floats);
}

void text_attend(struct chunk *c)
{
    const struct compute *compute = c->p->compute;
    pool_run(compute->pool, (c->n + TOKENS_PER_TASK - 1) / TOKENS_PER_TASK, heads_task, c,
             compute->stop);
    if (c->p->watch) {
        if (c->w->is_global)
            text_watch(c);
        attend_short(c);
    } else if (c->segments->n <= KVCACHE_SPARE) {
        store(c);
        attend_short(c);
    } else {
        attend_long(c);
        store(c);
    }
}
