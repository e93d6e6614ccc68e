#include "engine/kvcache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

/* Positions by which a global layer's memory grows. */
enum { GROW_POSITIONS = 1024 };

struct rows {
    uint8_t *keys, *values;
};

struct layer {
    bool is_global;
    struct rows kept;   /* ring of W rows; global: reserved for n_ctx rows */
    struct rows shadow; /* rows of the ring that were replaced since the checkpoint, by slot */
    size_t written; /* a ring holds positions [written − W, written); those from the length on are
                       void */
};

struct kvcache {
    const struct kernels *k;
    enum cache_type type;
    size_t n_layers, n_ctx, n_kv_heads, head_dim;
    size_t window;    /* rows of a ring: W, or the context if that is shorter */
    size_t row_bytes; /* all heads */
    size_t length, chunk, checkpoint;
    size_t available; /* positions for which global layers have memory */
    struct layer *layers;
};

size_t kvcache_head_bytes(enum cache_type type, size_t head_dim)
{
    switch (type) {
    case CACHE_F32:
        return head_dim * 4;
    case CACHE_F16:
        return head_dim * 2;
    default:
        return type_row_bytes(TYPE_Q8_0, head_dim);
    }
}

static size_t row_bytes_of(const struct kvcache_shape *s)
{
    return s->n_kv_heads * kvcache_head_bytes(s->type, s->head_dim);
}

static size_t ring_rows(const struct kvcache_shape *s)
{
    return s->window < s->n_ctx ? s->window : s->n_ctx;
}

size_t kvcache_bytes(const struct kvcache_shape *s)
{
    size_t rows = 0;
    for (size_t l = 0; l < s->n_layers; l++)
        rows += s->is_global(s->user, l) ? 2 * s->n_ctx : 4 * ring_rows(s);
    return rows * row_bytes_of(s);
}

/* Address space without memory behind it. */
static uint8_t *reserve(size_t bytes, struct err *err)
{
    void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED)
        return p;
    err_set(err, "KV cache: no room for %zu MiB", bytes >> 20);
    return NULL;
}

static bool rows_init(struct rows *r, size_t n, size_t row_bytes, struct err *err)
{
    r->keys = mem_try(n, row_bytes, "KV cache", err);
    r->values = mem_try(n, row_bytes, "KV cache", err);
    return r->keys && r->values;
}

static void rows_done(struct rows *r)
{
    free(r->keys);
    free(r->values);
}

static bool layer_init(struct kvcache *c, struct layer *l, struct err *err)
{
    if (!l->is_global)
        return rows_init(&l->kept, c->window, c->row_bytes, err) &&
               rows_init(&l->shadow, c->window, c->row_bytes, err);
    l->kept.keys = reserve(c->n_ctx * c->row_bytes, err);
    l->kept.values = reserve(c->n_ctx * c->row_bytes, err);
    return l->kept.keys && l->kept.values;
}

struct kvcache *kvcache_new(const struct kvcache_shape *s, const struct kernels *k, struct err *err)
{
    struct kvcache *c = mem_try(1, sizeof *c, "KV cache", err);
    if (!c)
        return NULL;
    *c = (struct kvcache){.k = k,
                          .type = s->type,
                          .n_layers = s->n_layers,
                          .n_ctx = s->n_ctx,
                          .n_kv_heads = s->n_kv_heads,
                          .head_dim = s->head_dim,
                          .window = ring_rows(s),
                          .row_bytes = row_bytes_of(s)};
    c->layers = mem_try(s->n_layers, sizeof *c->layers, "KV cache", err);
    bool ok = c->layers != NULL;
    for (size_t l = 0; ok && l < s->n_layers; l++) {
        c->layers[l].is_global = s->is_global(s->user, l);
        ok = layer_init(c, &c->layers[l], err);
    }
    if (ok)
        return c;
    kvcache_free(c);
    return NULL;
}

static void layer_done(const struct kvcache *c, struct layer *l)
{
    if (l->is_global) {
        if (l->kept.keys)
            munmap(l->kept.keys, c->n_ctx * c->row_bytes);
        if (l->kept.values)
            munmap(l->kept.values, c->n_ctx * c->row_bytes);
        return;
    }
    rows_done(&l->kept);
    rows_done(&l->shadow);
}

void kvcache_free(struct kvcache *c)
{
    if (!c)
        return;
    for (size_t l = 0; c->layers && l < c->n_layers; l++)
        layer_done(c, &c->layers[l]);
    free(c->layers);
    free(c);
}

size_t kvcache_length(const struct kvcache *c)
{
    return c->length;
}

enum cache_type kvcache_type(const struct kvcache *c)
{
    return c->type;
}

/* Memory for the first n positions of every global layer. */
static bool make_available(struct kvcache *c, size_t n, struct err *err)
{
    if (n <= c->available)
        return true;
    n = (n + GROW_POSITIONS - 1) / GROW_POSITIONS * GROW_POSITIONS;
    if (n > c->n_ctx)
        n = c->n_ctx;
    for (size_t l = 0; l < c->n_layers; l++) {
        struct rows *r = &c->layers[l].kept;
        if (c->layers[l].is_global &&
            (mprotect(r->keys, n * c->row_bytes, PROT_READ | PROT_WRITE) != 0 ||
             mprotect(r->values, n * c->row_bytes, PROT_READ | PROT_WRITE) != 0))
            return err_set(err, "KV cache: no memory for %zu positions", n);
    }
    c->available = n;
    return true;
}

bool kvcache_begin(struct kvcache *c, size_t n, struct err *err)
{
    if (n > c->n_ctx - c->length)
        return err_set(err, "the context of %zu positions is full", c->n_ctx);
    if (!make_available(c, c->length + n, err))
        return false;
    c->chunk = n;
    return true;
}

/* Puts a position's rows into slot `row`. */
static void put_row(const struct kvcache *c, const struct rows *to, size_t row, const float *keys,
                    const float *values)
{
    size_t head_bytes = c->row_bytes / c->n_kv_heads;
    for (size_t h = 0; h < c->n_kv_heads; h++) {
        size_t offset = row * c->row_bytes + h * head_bytes;
        c->k->cache_store[c->type](keys + h * c->head_dim, to->keys + offset, c->head_dim);
        c->k->cache_store[c->type](values + h * c->head_dim, to->values + offset, c->head_dim);
    }
}

static void copy_row(const struct kvcache *c, const struct rows *to, size_t to_row,
                     const struct rows *from, size_t from_row)
{
    memcpy(to->keys + to_row * c->row_bytes, from->keys + from_row * c->row_bytes, c->row_bytes);
    memcpy(to->values + to_row * c->row_bytes, from->values + from_row * c->row_bytes,
           c->row_bytes);
}

/* Whether the slot holds a position from before the checkpoint: the last one congruent to it that
 * was written. */
static bool holds_checkpointed(const struct kvcache *c, const struct layer *l, size_t slot)
{
    if (slot >= l->written)
        return false;
    size_t position = l->written - 1 - (l->written - 1 - slot) % c->window;
    return position < c->checkpoint;
}

void kvcache_store(struct kvcache *c, size_t layer, const float *keys, const float *values)
{
    struct layer *l = &c->layers[layer];
    size_t end = c->length + c->chunk, floats = c->n_kv_heads * c->head_dim;
    bool skip = !l->is_global && c->chunk > c->window; /* the ring holds the last ones only */
    for (size_t p = skip ? end - c->window : c->length; p < end; p++) {
        size_t slot = l->is_global ? p : p % c->window, i = p - c->length;
        if (!l->is_global && holds_checkpointed(c, l, slot))
            copy_row(c, &l->shadow, slot, &l->kept, slot);
        put_row(c, &l->kept, slot, keys + i * floats, values + i * floats);
    }
    l->written = end;
}

void kvcache_end(struct kvcache *c)
{
    c->length += c->chunk;
    c->chunk = 0;
}

struct kv_span kvcache_span(const struct kvcache *c, size_t layer, size_t at)
{
    const struct layer *l = &c->layers[layer];
    size_t row = l->is_global ? at : at % c->window, n = c->length - at;
    if (!l->is_global && n > c->window - row)
        n = c->window - row;
    return (struct kv_span){l->kept.keys + row * c->row_bytes, l->kept.values + row * c->row_bytes,
                            at, n};
}

void kvcache_checkpoint(struct kvcache *c)
{
    c->checkpoint = c->length;
}

size_t kvcache_checkpointed(const struct kvcache *c)
{
    return c->checkpoint;
}

/* The furthest that any ring was written: beyond the length if a chunk was abandoned. */
static size_t written(const struct kvcache *c)
{
    size_t most = c->length;
    for (size_t l = 0; l < c->n_layers; l++)
        if (!c->layers[l].is_global && c->layers[l].written > most)
            most = c->layers[l].written;
    return most;
}

/* With n positions held, the first whose row the next one sees in a local layer. */
static size_t oldest_wanted(const struct kvcache *c, size_t n)
{
    return n < c->window ? 0 : n + 1 - c->window;
}

/* A ring written up to w holds rows [w − W, w), and with its shadow (c − W, c) too, c the
 * checkpoint. Position n wants rows (n − W, n). */
size_t kvcache_reachable(const struct kvcache *c, size_t n)
{
    size_t w = written(c);
    if (n > c->length)
        n = c->length;
    if (w <= c->window || n + 1 >= w)
        return n;
    if (n >= c->checkpoint)
        return w <= c->checkpoint + c->window ? n : c->checkpoint;
    /* below W no ring had replaced a row at the checkpoint, not even for a position taken back */
    return c->checkpoint < c->window ? n : 0;
}

void kvcache_rewind(struct kvcache *c, size_t n)
{
    for (size_t i = 0; i < c->n_layers; i++) {
        struct layer *l = &c->layers[i];
        if (l->is_global || l->written <= n + 1)
            continue;
        for (size_t p = oldest_wanted(c, n); p < n && p + c->window < l->written; p++)
            copy_row(c, &l->kept, p % c->window, &l->shadow, p % c->window);
        l->written = n + 1; /* slot n mod W: void, and row n − W is not there */
    }
    c->length = n;
    c->chunk = 0;
    if (c->checkpoint > n)
        c->checkpoint = n;
}

/* Calls fn with each contiguous run of stored rows, layer by layer, positions ascending. */
static bool each_run(const struct kvcache *c, bool (*fn)(void *user, uint8_t *bytes, size_t n),
                     void *user)
{
    for (size_t i = 0; i < c->n_layers; i++) {
        const struct layer *l = &c->layers[i];
        size_t at = l->is_global ? 0 : oldest_wanted(c, c->length);
        while (at < c->length) {
            size_t row = l->is_global ? at : at % c->window;
            size_t n = c->length - at;
            if (!l->is_global && n > c->window - row)
                n = c->window - row;
            if (!fn(user, l->kept.keys + row * c->row_bytes, n * c->row_bytes) ||
                !fn(user, l->kept.values + row * c->row_bytes, n * c->row_bytes))
                return false;
            at += n;
        }
    }
    return true;
}

static bool write_run(void *out, uint8_t *bytes, size_t n)
{
    return fwrite(bytes, 1, n, out) == n;
}

static bool read_run(void *in, uint8_t *bytes, size_t n)
{
    return fread(bytes, 1, n, in) == n;
}

bool kvcache_write(const struct kvcache *c, FILE *out)
{
    return each_run(c, write_run, out);
}

bool kvcache_read(struct kvcache *c, FILE *in, size_t length, struct err *err)
{
    if (length > c->n_ctx)
        return err_set(err, "holds %zu positions, the context %zu", length, c->n_ctx);
    if (!make_available(c, length, err))
        return false;
    c->length = c->checkpoint = length;
    c->chunk = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        c->layers[l].written = length + 1;
    if (each_run(c, read_run, in))
        return true;
    kvcache_rewind(c, 0);
    return err_set(err, "is cut off");
}
