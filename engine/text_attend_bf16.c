/* Attention of long segments where products of BF16 are fast: 128 queries at once, over blocks of
 * keys and values rounded to BF16 for each. Sums and the softmax are F32. */
#include <string.h>

#include "engine/text_chunk.h"

enum {
    /* With their values 120 KB at 256 a head, in the second-level cache beside the queries and
       their sums. */
    KEYS_PER_BLOCK = 120,
    /* In front of so many positions attention is a small part of all the work, and stays F32. */
    FIRST_POSITION = 1024,
};

bool text_rounds_attention(const struct model *m, const struct kernels *k)
{
    const struct text_params *t = &m->text;
    return k->bf16 && k->bf16->fast && t->head_dim % 2 == 0 &&
           t->n_heads / t->n_kv_heads <= BF16_QUERIES &&
           type_traits_get(m->tw.layers[0].q.type)->quantised;
}

bool text_attends_bf16(const struct chunk *c)
{
    return c->inputs[0].position >= FIRST_POSITION &&
           kvcache_type(c->segments->cache) != CACHE_F32 &&
           text_rounds_attention(c->p->model, c->p->compute->k);
}

static size_t up_to_64(size_t n)
{
    return (n + 63) / 64 * 64;
}

/* Of a thread's scratch. */
struct memory {
    uint8_t *attention;
    bf16 *queries, *keys, *values; /* [BF16_QUERIES], [KEYS_PER_BLOCK] of head_dim; as pairs */
    float *out;                    /* [BF16_QUERIES][head_dim] */
    float *rows;                   /* [2][head_dim] */
};

size_t text_attend_bf16_bytes(const struct model *m, const struct kernels *k)
{
    const size_t hd = m->text.head_dim;
    return 64 + up_to_64(k->bf16->attend_bytes(hd)) +
           (BF16_QUERIES + 2 * KEYS_PER_BLOCK) * hd * sizeof(bf16) +
           (BF16_QUERIES + 2) * hd * sizeof(float);
}

static struct memory memory_of(const struct chunk *c, unsigned thread)
{
    const struct compute *compute = c->p->compute;
    const size_t hd = c->p->model->text.head_dim;
    struct memory m = {.attention = (void *)up_to_64((uintptr_t)compute->scratch[thread])};
    m.queries = (bf16 *)(m.attention + up_to_64(compute->k->bf16->attend_bytes(hd)));
    m.keys = m.queries + BF16_QUERIES * hd;
    m.values = m.keys + KEYS_PER_BLOCK * hd;
    m.out = (float *)(m.values + KEYS_PER_BLOCK * hd);
    m.rows = m.out + BF16_QUERIES * hd;
    return m;
}

/* Row i as F32: of `plain`, or of what is cached, through memory. */
static const float *row_at(const struct chunk *c, const float *plain, const uint8_t *cached,
                           size_t apart, size_t i, float *memory)
{
    if (plain)
        return plain + i * apart;
    enum cache_type type = kvcache_type(c->segments->cache);
    c->p->compute->k->cache_load[type](cached + i * apart, memory, c->p->model->text.head_dim);
    return memory;
}

/* The keys from `at` on that lie together, KEYS_PER_BLOCK and up to `end` at most; returns how
 * many. */
static size_t load_block(const struct chunk *c, const struct text_tile *tile,
                         const struct memory *m, size_t at, size_t end)
{
    const struct bf16_kernels *k = c->p->compute->k->bf16;
    const size_t hd = c->p->model->text.head_dim;
    struct text_rows r;
    const size_t n = text_rows_at(c, tile, at, end, KEYS_PER_BLOCK, &r);
    for (size_t i = 0; i < n; i++)
        k->round(row_at(c, r.keys, r.cached, r.apart, i, m->rows), m->keys + i * hd, hd);
    for (size_t i = 0; i < n; i += 2) {
        const float *a = row_at(c, r.values, r.cached_values, r.apart, i, m->rows);
        const float *b =
            i + 1 < n ? row_at(c, r.values, r.cached_values, r.apart, i + 1, m->rows + hd) : NULL;
        k->pair(a, b, m->values + i * hd, hd);
    }
    return n;
}

/* Row i of the tile, of p->q or p->attended. */
static float *row_of(const struct chunk *c, const struct text_tile *tile, float *rows, size_t i)
{
    const struct text_params *t = &c->p->model->text;
    const size_t head = tile->kv_head * tile->group + i % tile->group;
    return rows + ((tile->first + i / tile->group) * t->n_heads + head) * t->head_dim;
}

static void tile_task(void *job, size_t task, unsigned thread)
{
    const struct chunk *c = job;
    const struct text_params *t = &c->p->model->text;
    const struct bf16_kernels *k = c->p->compute->k->bf16;
    const struct memory m = memory_of(c, thread);
    struct text_tile tile;
    text_tile_begin(c, &tile, task, BF16_QUERIES);
    const struct bf16_attention a = {.n_queries = tile.n * tile.group,
                                     .head_dim = t->head_dim,
                                     .scale = 1.4426950409f, /* log2(e); queries are scaled */
                                     .q = m.queries,
                                     .ldq = t->head_dim,
                                     .wide = m.out,
                                     .ldo = t->head_dim,
                                     .scratch = m.attention};
    for (size_t i = 0; i < a.n_queries; i++)
        k->round(row_of(c, &tile, c->p->q, i), m.queries + i * t->head_dim, t->head_dim);
    k->attend_begin(&a);
    const size_t end = text_tile_end(c, &tile);
    for (size_t at = text_sees_from(c, tile.first), n; at < end; at += n) {
        n = load_block(c, &tile, &m, at, end);
        text_see_block(c, &tile, at, n);
        k->attend_keys(&a,
                       &(struct bf16_keys){n, m.keys, t->head_dim, m.values, tile.from, tile.to});
    }
    k->attend_end(&a);
    for (size_t i = 0; i < a.n_queries; i++)
        memcpy(row_of(c, &tile, c->p->attended, i), m.out + i * t->head_dim,
               t->head_dim * sizeof *m.out);
}

void text_attend_bf16(struct chunk *c)
{
    pool_run(c->p->compute->pool, text_n_tiles(c, BF16_QUERIES), tile_task, c, c->p->compute->stop);
}
