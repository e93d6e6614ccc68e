#include "engine/kvcache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    /* Positions by which a global layer's memory grows. */
    GROW_POSITIONS = 1024,
    /* Rows of a ring besides its window: for a chunk that is stored before its queries look, and as
       many that can be taken back, whatever was stored behind them. */
    EXTRA_ROWS = 2 * KVCACHE_SPARE,
};

struct rows {
    uint8_t *keys, *values;
};

struct layer {
    bool is_global;
    struct rows kept;   /* ring; global: address space for all rows */
    struct rows shadow; /* rows of the ring that were replaced since the checkpoint, by slot */
    size_t written;     /* a ring of R rows holds positions [written − R, written); those from the
                           length on are void */
};

struct kvcache {
    const struct kernels *k;
    enum cache_type type;
    size_t n_layers, n_ctx, n_kv_heads, head_dim;
    size_t window;     /* W, or the context if that is shorter */
    size_t ring;       /* R: rows of a ring, window + EXTRA_ROWS */
    size_t reserved;   /* rows of a head that a global layer has addresses for: whole pages */
    size_t head_bytes; /* a row of one head */
    size_t length, chunk, checkpoint;
    size_t checkpoint_from; /* from there to the checkpoint rows stay, if only in shadows */
    size_t held_back; /* rows behind the length that can be admitted */
    size_t passed;    /* rings may have been written up to there before the last rewind */
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

static size_t window_of(const struct kvcache_shape *s)
{
    return s->window < s->n_ctx ? s->window : s->n_ctx;
}

size_t kvcache_bytes(const struct kvcache_shape *s)
{
    size_t rows = 0;
    for (size_t l = 0; l < s->n_layers; l++)
        rows += s->is_global(s->user, l) ? 2 * s->n_ctx : 4 * (window_of(s) + EXTRA_ROWS);
    return rows * s->n_kv_heads * kvcache_head_bytes(s->type, s->head_dim);
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

/* A ring's, or its shadow's. */
static bool rows_init(const struct kvcache *c, struct rows *r, struct err *err)
{
    r->keys = mem_try(c->ring, c->n_kv_heads * c->head_bytes, "KV cache", err);
    r->values = mem_try(c->ring, c->n_kv_heads * c->head_bytes, "KV cache", err);
    return r->keys && r->values;
}

static void rows_done(struct rows *r)
{
    free(r->keys);
    free(r->values);
}

static size_t reserved_bytes(const struct kvcache *c)
{
    return c->n_kv_heads * c->reserved * c->head_bytes;
}

static bool layer_init(const struct kvcache *c, struct layer *l, struct err *err)
{
    if (!l->is_global)
        return rows_init(c, &l->kept, err) && rows_init(c, &l->shadow, err);
    l->kept.keys = reserve(reserved_bytes(c), err);
    l->kept.values = reserve(reserved_bytes(c), err);
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
                          .window = window_of(s),
                          .ring = window_of(s) + EXTRA_ROWS,
                          .head_bytes = kvcache_head_bytes(s->type, s->head_dim)};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    c->reserved = (s->n_ctx + page - 1) / page * page;
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
            munmap(l->kept.keys, reserved_bytes(c));
        if (l->kept.values)
            munmap(l->kept.values, reserved_bytes(c));
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

/* Memory for the first n rows of each head. */
static bool commit(const struct kvcache *c, uint8_t *rows, size_t n)
{
    for (size_t h = 0; h < c->n_kv_heads; h++)
        if (mprotect(rows + h * c->reserved * c->head_bytes, n * c->head_bytes,
                     PROT_READ | PROT_WRITE) != 0)
            return false;
    return true;
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
        const struct rows *r = &c->layers[l].kept;
        if (c->layers[l].is_global && (!commit(c, r->keys, n) || !commit(c, r->values, n)))
            return err_set(err, "KV cache: no memory for %zu positions", n);
    }
    c->available = n;
    return true;
}

bool kvcache_begin(struct kvcache *c, size_t n, struct err *err)
{
    c->held_back = 0;
    if (n > c->n_ctx - c->length)
        return err_set(err, "the context of %zu positions is full", c->n_ctx);
    if (!make_available(c, c->length + n, err))
        return false;
    c->chunk = n;
    return true;
}

/* Bytes from a layer's first row to that one. */
static size_t offset_of(const struct kvcache *c, const struct layer *l, size_t head, size_t row)
{
    return (head * (l->is_global ? c->reserved : c->ring) + row) * c->head_bytes;
}

/* Puts a position's rows into slot `row`. */
static void put_row(const struct kvcache *c, const struct layer *l, size_t row, const float *keys,
                    const float *values)
{
    for (size_t h = 0; h < c->n_kv_heads; h++) {
        size_t offset = offset_of(c, l, h, row);
        c->k->cache_store[c->type](keys + h * c->head_dim, l->kept.keys + offset, c->head_dim);
        c->k->cache_store[c->type](values + h * c->head_dim, l->kept.values + offset, c->head_dim);
    }
}

/* A slot of a ring to the same slot of another. */
static void copy_slot(const struct kvcache *c, const struct rows *to, const struct rows *from,
                      size_t slot)
{
    for (size_t h = 0; h < c->n_kv_heads; h++) {
        size_t offset = (h * c->ring + slot) * c->head_bytes;
        memcpy(to->keys + offset, from->keys + offset, c->head_bytes);
        memcpy(to->values + offset, from->values + offset, c->head_bytes);
    }
}

/* Whether the slot holds a position from before the checkpoint: the last one congruent to it that
 * was written. */
static bool holds_checkpointed(const struct kvcache *c, const struct layer *l, size_t slot)
{
    if (slot >= l->written)
        return false;
    size_t position = l->written - 1 - (l->written - 1 - slot) % c->ring;
    return position < c->checkpoint;
}

void kvcache_store(struct kvcache *c, size_t layer, const float *keys, const float *values)
{
    struct layer *l = &c->layers[layer];
    size_t end = c->length + c->chunk, floats = c->n_kv_heads * c->head_dim;
    bool skip = !l->is_global && c->chunk > c->ring; /* the ring holds the last ones only */
    for (size_t p = skip ? end - c->ring : c->length; p < end; p++) {
        size_t slot = l->is_global ? p : p % c->ring, i = p - c->length;
        if (!l->is_global && holds_checkpointed(c, l, slot))
            copy_slot(c, &l->shadow, &l->kept, slot);
        put_row(c, l, slot, keys + i * floats, values + i * floats);
    }
    if (l->written < end) /* or rows that were taken back lie beyond it */
        l->written = end;
}

void kvcache_end(struct kvcache *c)
{
    c->length += c->chunk;
    c->chunk = 0;
}

void kvcache_hold_back(struct kvcache *c, size_t n)
{
    c->length -= n;
    c->held_back = n;
}

size_t kvcache_held_back(const struct kvcache *c)
{
    return c->held_back;
}

void kvcache_admit(struct kvcache *c)
{
    c->length++;
    c->held_back--;
}

/* The first position whose row a layer has not replaced. */
static size_t oldest_kept(const struct kvcache *c, const struct layer *l)
{
    return !l->is_global && l->written > c->ring ? l->written - c->ring : 0;
}

struct kv_span kvcache_span(const struct kvcache *c, size_t layer, size_t head, size_t at,
                            size_t end)
{
    const struct layer *l = &c->layers[layer];
    const struct rows *rows = &l->kept;
    size_t row = l->is_global ? at : at % c->ring, n = end - at;
    if (at < oldest_kept(c, l)) {
        rows = &l->shadow;
        n = oldest_kept(c, l) - at < n ? oldest_kept(c, l) - at : n;
    }
    if (!l->is_global && n > c->ring - row)
        n = c->ring - row;
    size_t offset = offset_of(c, l, head, row);
    return (struct kv_span){rows->keys + offset, rows->values + offset, n};
}

/* The first position whose row no layer has replaced. */
static size_t oldest_of_all(const struct kvcache *c)
{
    size_t oldest = 0;
    for (size_t i = 0; i < c->n_layers; i++)
        if (oldest_kept(c, &c->layers[i]) > oldest)
            oldest = oldest_kept(c, &c->layers[i]);
    return oldest;
}

void kvcache_checkpoint(struct kvcache *c)
{
    c->checkpoint = c->length;
    c->checkpoint_from = oldest_of_all(c);
}

size_t kvcache_checkpointed(const struct kvcache *c)
{
    return c->checkpoint;
}

/* How far any ring may be written: as if every step had stored KVCACHE_SPARE rows, so that it does
 * not depend on how positions were grouped or guessed; further if a long chunk was abandoned. */
static size_t written(const struct kvcache *c)
{
    size_t most = c->length + KVCACHE_SPARE;
    if (c->passed > most)
        most = c->passed;
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

/* Position p sees rows (p − W, p]. */
bool kvcache_sees(const struct kvcache *c, size_t position)
{
    size_t from = oldest_wanted(c, position), replaced = oldest_of_all(c);
    if (replaced > position + 1)
        replaced = position + 1; /* of those that are seen */
    return from >= replaced || (from >= c->checkpoint_from && replaced <= c->checkpoint);
}

/* A ring written up to w holds rows [w − R, w), and with its shadow (c − W, c) too, c the
 * checkpoint. Position n wants rows (n − W, n). */
size_t kvcache_reachable(const struct kvcache *c, size_t n)
{
    size_t w = written(c);
    if (n > c->length)
        n = c->length;
    if (w <= c->ring || n + 1 + EXTRA_ROWS >= w)
        return n;
    if (n >= c->checkpoint)
        return w <= c->checkpoint + c->ring ? n : c->checkpoint;
    /* below W no ring had replaced a row that is wanted at the checkpoint */
    return c->checkpoint < c->window ? n : 0;
}

void kvcache_rewind(struct kvcache *c, size_t n)
{
    size_t most = n + 1 + EXTRA_ROWS, w = written(c); /* most: rows up to n − W are not there */
    for (size_t i = 0; i < c->n_layers; i++) {
        struct layer *l = &c->layers[i];
        if (l->is_global || l->written <= most)
            continue;
        for (size_t p = oldest_wanted(c, n); p < n && p + c->ring < l->written; p++)
            copy_slot(c, &l->kept, &l->shadow, p % c->ring);
        l->written = most; /* those slots are void */
    }
    c->passed = w < most ? w : most;
    c->length = n;
    c->chunk = c->held_back = 0;
    if (c->checkpoint > n) {
        c->checkpoint = n;
        c->checkpoint_from = oldest_wanted(c, n);
    }
}

/* The length is n from now on, and nothing else can be gone back to. */
static void set_length(struct kvcache *c, size_t n)
{
    c->length = c->checkpoint = n;
    c->checkpoint_from = oldest_wanted(c, n);
    c->chunk = c->held_back = 0;
    c->passed = n + 1 + EXTRA_ROWS;
    for (size_t l = 0; l < c->n_layers; l++)
        c->layers[l].written = c->passed;
}

/* One head's rows of a layer, of positions that a next one, n, sees; what a ring replaced from its
 * shadow. */
static void copy_head(struct kvcache *to, const struct kvcache *from, size_t layer, size_t head,
                      size_t n)
{
    const struct layer *source = &from->layers[layer], *target = &to->layers[layer];
    size_t bytes = from->head_bytes;
    if (source->is_global) {
        memcpy(target->kept.keys + offset_of(to, target, head, 0),
               source->kept.keys + offset_of(from, source, head, 0), n * bytes);
        memcpy(target->kept.values + offset_of(to, target, head, 0),
               source->kept.values + offset_of(from, source, head, 0), n * bytes);
        return;
    }
    for (size_t p = oldest_wanted(from, n); p < n; p++) {
        bool replaced = p + from->ring < source->written;
        const struct rows *rows = replaced ? &source->shadow : &source->kept;
        size_t offset = offset_of(from, source, head, p % from->ring);
        size_t at = offset_of(to, target, head, p % to->ring);
        memcpy(target->kept.keys + at, rows->keys + offset, bytes);
        memcpy(target->kept.values + at, rows->values + offset, bytes);
    }
}

bool kvcache_copy(struct kvcache *to, const struct kvcache *from, struct err *err)
{
    size_t n = from->checkpoint;
    set_length(to, 0);
    if (n > to->n_ctx)
        return err_set(err, "%zu positions do not fit in a context of %zu", n, to->n_ctx);
    if (!make_available(to, n, err))
        return false;
    for (size_t l = 0; l < from->n_layers; l++)
        for (size_t h = 0; h < from->n_kv_heads; h++)
            copy_head(to, from, l, h, n);
    set_length(to, n);
    return true;
}

/* ---- Files ---- */

struct marks {
    uint64_t length, checkpoint, passed;
};

/* Calls fn with each contiguous run of rows of positions [from, to), head by head. */
static bool each_run_of(const struct kvcache *c, const struct layer *l, const struct rows *rows,
                        size_t from, size_t to, kvcache_run_fn *fn, void *user)
{
    for (size_t h = 0; h < c->n_kv_heads; h++)
        for (size_t at = from, n; at < to; at += n) {
            size_t row = l->is_global ? at : at % c->ring;
            n = l->is_global || to - at < c->ring - row ? to - at : c->ring - row;
            size_t offset = offset_of(c, l, h, row), bytes = n * c->head_bytes;
            if (!fn(user, rows->keys + offset, bytes) || !fn(user, rows->values + offset, bytes))
                return false;
        }
    return true;
}

/* All that rewinding and going on may want: what rings hold, and of their shadows what they have
 * replaced. */
static bool each_run(const struct kvcache *c, kvcache_run_fn *fn, void *user)
{
    for (const struct layer *l = c->layers; l < c->layers + c->n_layers; l++) {
        size_t first = !l->is_global && l->written > c->ring ? l->written - c->ring : 0;
        size_t replaced = first < c->checkpoint ? first : c->checkpoint;
        if (!each_run_of(c, l, &l->kept, first, c->length, fn, user) ||
            (!l->is_global &&
             !each_run_of(c, l, &l->shadow, oldest_wanted(c, c->checkpoint), replaced, fn, user)))
            return false;
    }
    return true;
}

bool kvcache_write(const struct kvcache *c, kvcache_run_fn *put, void *user)
{
    struct marks marks = {c->length, c->checkpoint, c->passed};
    bool ok = put(user, &marks, sizeof marks);
    for (size_t l = 0; ok && l < c->n_layers; l++) {
        uint64_t rows = c->layers[l].written;
        ok = put(user, &rows, sizeof rows);
    }
    return ok && each_run(c, put, user);
}

/* As far as a ring can be written beside a length. */
static bool is_beside(uint64_t rows, uint64_t length)
{
    return rows >= length && rows - length <= 1 + EXTRA_ROWS;
}

static bool read_marks(struct kvcache *c, kvcache_run_fn *get, void *user, size_t length)
{
    struct marks marks;
    if (!get(user, &marks, sizeof marks) || marks.length != length || marks.checkpoint > length ||
        (marks.passed > length && !is_beside(marks.passed, length)))
        return false;
    c->checkpoint = marks.checkpoint;
    c->checkpoint_from = oldest_wanted(c, c->checkpoint);
    c->passed = marks.passed;
    for (size_t l = 0; l < c->n_layers; l++) {
        uint64_t rows;
        if (!get(user, &rows, sizeof rows))
            return false;
        c->layers[l].written = rows;
        if (!c->layers[l].is_global && !is_beside(rows, length))
            return false;
    }
    return true;
}

bool kvcache_read(struct kvcache *c, kvcache_run_fn *get, void *user, size_t length,
                  struct err *err)
{
    if (length > c->n_ctx)
        return err_set(err, "holds %zu positions, the context %zu", length, c->n_ctx);
    if (!make_available(c, length, err))
        return false;
    set_length(c, length);
    if (read_marks(c, get, user, length) && each_run(c, get, user))
        return true;
    set_length(c, 0);
    return err_set(err, "is cut off or damaged");
}
