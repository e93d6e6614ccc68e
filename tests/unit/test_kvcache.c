/* The KV cache beside a plain array that keeps every row: thousands of random chunks, abandoned
 * chunks, checkpoints and rewinds; after each the rows that a forward pass may read must be the
 * array's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kvcache.h"

enum { N_LAYERS = 4, N_HEADS = 2, HEAD_DIM = 32, MAX_CTX = 2500, ROW_FLOATS = N_HEADS * HEAD_DIM };
enum { MAX_ROW_BYTES = ROW_FLOATS * 4, STEPS = 3000 };

/* What the cache should hold: a row of each position and layer, keys in front of values. */
struct array {
    struct kvcache_shape shape;
    size_t length, checkpoint, head_bytes;
    uint8_t (*rows)[N_LAYERS][2][MAX_ROW_BYTES]; /* [n_ctx] */
};

static uint32_t state;

static uint32_t draw(uint32_t n)
{
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(state >> 8) * n >> 24);
}

/* Every second layer is global, so a local one comes first and a global one last. */
static bool is_global(const void *user, size_t layer)
{
    (void)user;
    return layer % 2 == 1;
}

static struct kvcache_shape shape_of(size_t window, size_t n_ctx, enum cache_type type)
{
    return (struct kvcache_shape){.n_layers = N_LAYERS,
                                  .is_global = is_global,
                                  .window = window,
                                  .n_ctx = n_ctx,
                                  .n_kv_heads = N_HEADS,
                                  .head_dim = HEAD_DIM,
                                  .type = type};
}

static void array_init(struct array *a, struct kvcache_shape shape)
{
    *a = (struct array){.shape = shape, .head_bytes = kvcache_head_bytes(shape.type, HEAD_DIM)};
    a->rows = malloc(shape.n_ctx * sizeof *a->rows);
}

static struct kvcache *cache_new(const struct array *a)
{
    struct err err;
    struct kvcache *c = kvcache_new(&a->shape, kernels_scalar(), &err);
    if (!c)
        fail_msg("%s", err.text);
    return c;
}

static void store_row(const struct array *a, uint8_t *to, const float *row)
{
    for (size_t h = 0; h < N_HEADS; h++)
        kernels_scalar()->cache_store[a->shape.type](row + h * HEAD_DIM, to + h * a->head_bytes,
                                                     HEAD_DIM);
}

static float *random_rows(size_t n)
{
    float *rows = malloc((n * ROW_FLOATS + 1) * sizeof *rows);
    for (size_t i = 0; i < n * ROW_FLOATS; i++)
        rows[i] = (float)draw(2001) / 1000.0f - 1.0f;
    return rows;
}

static void expect_rows(const struct array *a, const struct kvcache *c, size_t layer, size_t from,
                        size_t to)
{
    for (size_t h = 0; h < N_HEADS; h++) {
        struct kv_span span;
        for (size_t at = from; at < to; at += span.n) {
            span = kvcache_span(c, layer, h, at, to);
            assert_true(span.n > 0 && span.n <= to - at);
            for (size_t i = 0; i < span.n; i++) {
                const uint8_t(*row)[MAX_ROW_BYTES] = a->rows[at + i][layer];
                size_t offset = h * a->head_bytes, bytes = a->head_bytes;
                assert_memory_equal(span.keys + i * bytes, row[0] + offset, bytes);
                assert_memory_equal(span.values + i * bytes, row[1] + offset, bytes);
            }
        }
    }
}

/* The first position that position n sees. */
static size_t sees_from(const struct array *a, size_t layer, size_t n)
{
    return is_global(NULL, layer) || n < a->shape.window ? 0 : n + 1 - a->shape.window;
}

/* A chunk of n positions through the first n_layers layers. A short one can be looked at by its
 * first position when all are stored. */
static void store_chunk(struct array *a, struct kvcache *c, size_t n, size_t n_layers)
{
    struct err err;
    if (!kvcache_begin(c, n, &err))
        fail_msg("%s", err.text);
    for (size_t l = 0; l < n_layers; l++) {
        float *keys = random_rows(n), *values = random_rows(n);
        kvcache_store(c, l, keys, values);
        for (size_t i = 0; i < n; i++) {
            store_row(a, a->rows[a->length + i][l][0], keys + i * ROW_FLOATS);
            store_row(a, a->rows[a->length + i][l][1], values + i * ROW_FLOATS);
        }
        if (n <= KVCACHE_SPARE)
            expect_rows(a, c, l, sees_from(a, l, a->length), a->length + n);
        free(keys);
        free(values);
    }
}

/* What a query at some position sees is there, if kvcache.h says or promises so. */
static void expect_seen(const struct array *a, const struct kvcache *c)
{
    size_t p = draw((uint32_t)a->length);
    if (p > a->checkpoint && kvcache_reachable(c, p) == p)
        assert_true(kvcache_sees(c, p));
    if (kvcache_sees(c, p))
        for (size_t l = 0; l < N_LAYERS; l++)
            expect_rows(a, c, l, sees_from(a, l, p), p + 1);
}

/* The rows, and what kvcache.h promises of the places that can be gone back to. */
static void expect(const struct array *a, const struct kvcache *c)
{
    assert_int_equal(kvcache_length(c), a->length);
    assert_int_equal(kvcache_checkpointed(c), a->checkpoint);
    for (size_t l = 0; l < N_LAYERS; l++)
        expect_rows(a, c, l, sees_from(a, l, a->length), a->length);
    assert_int_equal(kvcache_reachable(c, a->length), a->length);
    assert_int_equal(kvcache_reachable(c, a->checkpoint), a->checkpoint);
    if (a->length < a->checkpoint + a->shape.window && a->length > a->checkpoint)
        assert_int_equal(kvcache_reachable(c, a->checkpoint + 1), a->checkpoint + 1);
    if (a->length > 0)
        expect_seen(a, c);
}

static void go_back(struct array *a, struct kvcache *c, size_t n)
{
    size_t to = kvcache_reachable(c, n);
    assert_true(to <= n);
    assert_true(n < a->checkpoint || to >= a->checkpoint);
    kvcache_rewind(c, to);
    a->length = to;
    if (a->checkpoint > to)
        a->checkpoint = to;
}

static size_t chunk_size(const struct array *a)
{
    size_t most = a->shape.n_ctx - a->length,
           n = draw(3) ? 1 + draw(KVCACHE_SPARE) : 1 + draw(3 * (uint32_t)a->shape.window + 5);
    return n < most ? n : most;
}

/* A short chunk of which the last positions were guessed; some of them prove right. */
static void store_guessed(struct array *a, struct kvcache *c)
{
    size_t most = a->shape.n_ctx - a->length, n = 1 + draw(KVCACHE_SPARE);
    n = n < most ? n : most;
    size_t n_held = draw((uint32_t)n), n_right = draw((uint32_t)n_held + 1);
    size_t places[3], reached[3];
    for (size_t i = 0; i < 3; i++) {
        places[i] = draw((uint32_t)a->length + 1);
        reached[i] = kvcache_reachable(c, places[i]);
    }
    store_chunk(a, c, n, N_LAYERS);
    kvcache_end(c);
    kvcache_hold_back(c, n);
    for (size_t i = 0; i < 3; i++) /* as if it had not been */
        assert_int_equal(kvcache_reachable(c, places[i]), reached[i]);
    for (size_t i = 0; i < n - n_held + n_right; i++) {
        kvcache_admit(c);
        a->length++;
        expect(a, c);
    }
    assert_int_equal(kvcache_held_back(c), n_held - n_right);
    if (a->length == a->shape.n_ctx)
        go_back(a, c, draw((uint32_t)a->length));
}

static void step(struct array *a, struct kvcache *c)
{
    switch (draw(9)) {
    case 0:
        kvcache_checkpoint(c);
        a->checkpoint = a->length;
        break;
    case 1:
        go_back(a, c, draw((uint32_t)a->length + 1));
        break;
    case 2: {
        size_t n = chunk_size(a), length = a->length;
        store_chunk(a, c, n, draw(N_LAYERS));
        go_back(a, c, length);
        assert_true(n > KVCACHE_SPARE || a->length == length);
        break;
    }
    case 3:
        store_guessed(a, c);
        break;
    default: {
        size_t n = chunk_size(a);
        store_chunk(a, c, n, N_LAYERS);
        kvcache_end(c);
        a->length += n;
        if (a->length == a->shape.n_ctx)
            go_back(a, c, draw((uint32_t)a->length));
    }
    }
}

static void holds_what_an_array_holds(void **unused)
{
    (void)unused;
    static const struct {
        size_t window, n_ctx;
    } sizes[] = {{1, 40},   {2, 9},   {7, 100},  {24, 24},
                 {24, 300}, {64, 40}, {100, 99}, {16, MAX_CTX}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (enum cache_type type = 0; type < CACHE_TYPE_COUNT; type++) {
            struct array a;
            state = (uint32_t)(i * CACHE_TYPE_COUNT + type + 1);
            array_init(&a, shape_of(sizes[i].window, sizes[i].n_ctx, type));
            struct kvcache *c = cache_new(&a);
            for (int s = 0; s < STEPS; s++) {
                step(&a, c);
                expect(&a, c);
            }
            kvcache_free(c);
            free(a.rows);
        }
}

static bool put(void *file, void *bytes, size_t n)
{
    return fwrite(bytes, 1, n, file) == n;
}

static bool get(void *file, void *bytes, size_t n)
{
    return fread(bytes, 1, n, file) == n;
}

/* Another one that takes its place. */
static void replace_by_written(const struct array *a, struct kvcache **c)
{
    FILE *file = tmpfile();
    struct kvcache *to = cache_new(a);
    struct err err;
    assert_true(kvcache_write(*c, put, file));
    rewind(file);
    assert_true(kvcache_read(to, get, file, kvcache_length(*c), &err));
    fclose(file);
    kvcache_free(*c);
    *c = to;
}

/* A cache that is written and read again and again is as one that is not. */
static void a_read_cache_goes_on(void **unused)
{
    (void)unused;
    enum { ROUNDS = 200 };
    static const size_t windows[] = {1, 7, 24, 310};
    struct array a;
    for (size_t i = 0; i < 4 * CACHE_TYPE_COUNT; i++) {
        state = (uint32_t)i + 7;
        array_init(&a, shape_of(windows[i % 4], 300, (enum cache_type)(i / 4)));
        struct kvcache *c = cache_new(&a);
        for (int s = 0; s < ROUNDS; s++) {
            step(&a, c);
            replace_by_written(&a, &c);
            expect(&a, c);
        }
        kvcache_free(c);
        free(a.rows);
    }
}

static void a_written_cache_reads_back(void **unused)
{
    (void)unused;
    struct array a;
    state = 99;
    array_init(&a, shape_of(24, 300, CACHE_F16));
    for (size_t n = 0; n <= 300; n += 23) {
        struct kvcache *from = cache_new(&a), *to = cache_new(&a);
        struct err err;
        a.length = a.checkpoint = 0;
        store_chunk(&a, from, n, N_LAYERS);
        kvcache_end(from);
        kvcache_checkpoint(from);
        a.length = a.checkpoint = n;
        FILE *file = tmpfile();
        assert_true(kvcache_write(from, put, file));
        rewind(file);
        assert_true(kvcache_read(to, get, file, n, &err));
        expect(&a, to);
        for (size_t back = 0; back < 3 && a.length > 0; back++) {
            go_back(&a, to, a.length - 1);
            expect(&a, to);
        }
        rewind(file);
        assert_int_equal(kvcache_read(to, get, file, n + 1, &err), false);
        assert_int_equal(kvcache_length(to), 0);
        fclose(file);
        kvcache_free(from);
        kvcache_free(to);
    }
    free(a.rows);
}

static void a_full_context_takes_no_more(void **unused)
{
    (void)unused;
    struct array a;
    struct err err;
    array_init(&a, shape_of(24, 30, CACHE_F32));
    struct kvcache *c = cache_new(&a);
    assert_false(kvcache_begin(c, 31, &err));
    store_chunk(&a, c, 30, N_LAYERS);
    kvcache_end(c);
    assert_false(kvcache_begin(c, 1, &err));
    assert_true(kvcache_begin(c, 0, &err));
    kvcache_free(c);
    free(a.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_an_array_holds),
        cmocka_unit_test(a_read_cache_goes_on),
        cmocka_unit_test(a_written_cache_reads_back),
        cmocka_unit_test(a_full_context_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
