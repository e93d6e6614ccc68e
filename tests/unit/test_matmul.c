/* What matmul promises of few tokens, for every weight type and kernel set: a step's tokens have
 * the result of each alone, panels' do not depend on how many there are, and neither on threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/matmul.h"

enum { ROWS = 150, COLS = 768, TOKENS = 41, THREADS = 2 };

static const char *const set_names[] = {"scalar", "avx2", "avx512", "neon", "exact"};

struct fixture {
    struct compute compute;
    void *scratch[THREADS];
    struct tensor w;
    struct q8 q8;
    float x[TOKENS * COLS], alone[TOKENS * ROWS], got[TOKENS * (ROWS + 3)];
};

static uint32_t random_state = 1;

static float random_float(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (float)(int32_t)random_state * 0x1p-31f;
}

static struct fixture *fixture_new(const struct kernels *k)
{
    struct err err = {0};
    struct fixture *f = calloc(1, sizeof *f);
    size_t bytes = matmul_scratch_bytes(k, COLS);
    assert_non_null(f);
    for (int i = 0; i < THREADS; i++)
        assert_non_null(f->scratch[i] = malloc(bytes));
    f->compute = (struct compute){.k = k, .scratch = f->scratch, .scratch_bytes = bytes};
    assert_true(q8_init(&f->q8, TOKENS, COLS, &err));
    for (size_t i = 0; i < TOKENS * COLS; i++)
        f->x[i] = random_float();
    return f;
}

static void fixture_free(struct fixture *f)
{
    q8_done(&f->q8);
    for (int i = 0; i < THREADS; i++)
        free(f->scratch[i]);
    free(f);
}

/* Weights of a type: `data` is freed by the caller. */
static void *random_weights(struct fixture *f, enum weight_type type)
{
    size_t row_bytes = type_row_bytes(type, COLS);
    uint8_t *data = malloc(ROWS * row_bytes);
    float row[COLS];
    assert_non_null(data);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < COLS; i++)
            row[i] = random_float() + 0.2f;
        quantize_row(type, row, data + r * row_bytes, COLS);
    }
    f->w = (struct tensor){data, type, ROWS, COLS, row_bytes};
    return data;
}

static void multiply(struct fixture *f, size_t first, size_t n, bool as_panel, float *y, size_t ldy)
{
    struct activations a = activations_of(f->x + first * COLS, n, COLS, &f->q8);
    a.as_panel = as_panel;
    matmul(&f->compute, &f->w, 0, &a, y, ldy);
}

static void check_rows(const struct fixture *f, size_t first, size_t n, const char *what)
{
    for (size_t t = 0; t < n; t++)
        if (memcmp(f->got + t * (ROWS + 3), f->alone + (first + t) * ROWS, ROWS * sizeof(float)))
            fail_msg("%s %s: token %zu of %zu %s differs from itself alone", f->compute.k->name,
                     type_traits_get(f->w.type)->name, t, n, what);
}

/* Numbers of tokens: all that a step may have, then about as many as a batch has. */
static void check_type(struct fixture *f, bool as_panel)
{
    static const size_t counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 32, 33, TOKENS};
    for (size_t t = 0; t < TOKENS; t++)
        multiply(f, t, 1, as_panel, f->alone + t * ROWS, 0);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        size_t n = counts[i], first = (TOKENS - n) / 2;
        if (!as_panel && n > STEP_TOKENS)
            break;
        multiply(f, first, n, as_panel, f->got, ROWS + 3);
        check_rows(f, first, n, as_panel ? "in panels" : "of a step");
    }
}

/* Some rows of one token of several, as a step has them: `alone` is that. */
static void check_some_rows(struct fixture *f)
{
    struct activations a = activations_of(f->x, STEP_TOKENS, COLS, &f->q8);
    for (size_t n = 1; n < ROWS; n += 1 + n / 3) {
        uint32_t rows[ROWS];
        float y[ROWS];
        const size_t token = n % STEP_TOKENS;
        for (size_t i = 0; i < n; i++)
            rows[i] = (uint32_t)((i * 37 + n) % ROWS);
        matmul_rows(&f->compute, &f->w, rows, n, &a, token, y);
        for (size_t i = 0; i < n; i++)
            if (memcmp(&y[i], &f->alone[token * ROWS + rows[i]], sizeof *y))
                fail_msg("%s %s: row %u of %zu differs", f->compute.k->name,
                         type_traits_get(f->w.type)->name, (unsigned)rows[i], n);
    }
}

static void check_set(const struct kernels *k, unsigned threads)
{
    struct err err = {0};
    struct fixture *f = fixture_new(k);
    assert_non_null(f->compute.pool = pool_new(threads, &err));
    for (uint32_t type = 0; type < TYPE_COUNT; type++) {
        if (!type_traits_get(type)->name)
            continue;
        void *data = random_weights(f, (enum weight_type)type);
        check_type(f, false);
        if (matmul_is_by_rows(k, (enum weight_type)type))
            check_some_rows(f);
        check_type(f, true);
        free(data);
    }
    pool_free(f->compute.pool);
    fixture_free(f);
}

static void test_tokens_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof set_names / sizeof *set_names; i++) {
        const struct kernels *k = kernels_get(set_names[i]);
        for (unsigned threads = 1; k && threads <= THREADS; threads++)
            check_set(k, threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tokens_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
