/* The best logits by way of the compact copy are those of the whole head, bit for bit, for random
 * and for structured weights and activations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/head.h"

enum { ROWS = 20011, THREADS = 2, BEST = 4, QUESTIONS = 24 };

/* What the weights are like. */
enum form { RANDOM, MEAN_ROW, LOUD_COLUMNS, LOW_RANK, LOUD_ROWS, FORMS };
static const char *const form_names[] = {"random", "mean row", "loud columns", "low rank",
                                         "loud rows"};

struct fixture {
    struct compute compute;
    void *scratch[THREADS];
    size_t cols;
    float *weights; /* [ROWS][cols] */
    struct tensor w;
    struct q8 q8;
    float *x, *whole, *best; /* [STEP_TOKENS][…] */
};

static uint32_t random_state = 1;

/* About normal, of variance 1. */
static float random_normal(void)
{
    float sum = 0;
    for (int i = 0; i < 12; i++) {
        random_state = random_state * 1664525u + 1013904223u;
        sum += (float)(random_state >> 8) * 0x1p-24f;
    }
    return sum - 6;
}

static void fill_weights(struct fixture *f, enum form form)
{
    enum { RANK = 8 };
    size_t cols = f->cols;
    float *base = malloc(RANK * cols * sizeof *base);
    assert_non_null(base);
    for (size_t i = 0; i < RANK * cols; i++)
        base[i] = random_normal();
    for (size_t r = 0; r < ROWS; r++) {
        float *w = f->weights + r * cols, loud = form == LOUD_ROWS ? expf(0.3f * random_normal()) : 1;
        for (size_t i = 0; i < cols; i++) {
            w[i] = loud * random_normal();
            if (form == MEAN_ROW)
                w[i] += 3 * base[i];
            if (form == LOUD_COLUMNS && i % 37 == 0)
                w[i] *= 20;
        }
        for (size_t k = 0; form == LOW_RANK && k < RANK; k++) {
            float a = random_normal();
            for (size_t i = 0; i < cols; i++)
                w[i] += a * base[k * cols + i];
        }
    }
    free(base);
}

static struct fixture *fixture_new(const struct kernels *k, size_t cols)
{
    struct err err = {0};
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->cols = cols;
    size_t bytes = matmul_scratch_bytes(k, cols);
    for (int i = 0; i < THREADS; i++)
        assert_non_null(f->scratch[i] = malloc(bytes));
    f->compute = (struct compute){.k = k, .scratch = f->scratch, .scratch_bytes = bytes};
    assert_non_null(f->compute.pool = pool_new(THREADS, &err));
    assert_true(q8_init(&f->q8, STEP_TOKENS, cols, &err));
    f->weights = malloc(ROWS * cols * sizeof(float));
    f->x = malloc(STEP_TOKENS * cols * sizeof(float));
    f->whole = malloc(STEP_TOKENS * (size_t)ROWS * sizeof(float));
    f->best = malloc(STEP_TOKENS * (size_t)ROWS * sizeof(float));
    assert_true(f->weights && f->x && f->whole && f->best);
    return f;
}

static void fixture_free(struct fixture *f)
{
    q8_done(&f->q8);
    pool_free(f->compute.pool);
    for (int i = 0; i < THREADS; i++)
        free(f->scratch[i]);
    free(f->weights);
    free(f->x);
    free(f->whole);
    free(f->best);
    free(f);
}

static void *quantise(struct fixture *f, enum weight_type type)
{
    size_t row_bytes = type_row_bytes(type, f->cols);
    uint8_t *data = malloc(ROWS * row_bytes);
    assert_non_null(data);
    for (size_t r = 0; r < ROWS; r++)
        quantize_row(type, f->weights + r * f->cols, data + r * row_bytes, f->cols);
    f->w = (struct tensor){data, type, ROWS, f->cols, row_bytes};
    return data;
}

/* Activations that look at some rows, or at none; and with a channel that is louder than all. */
static void fill_question(struct fixture *f, size_t number, float *x)
{
    for (size_t i = 0; i < f->cols; i++)
        x[i] = random_normal();
    if (number % 3 == 1)
        for (size_t i = 0; i < f->cols; i++)
            x[i] += 0.3f * f->weights[(number * 811 % ROWS) * f->cols + i];
    if (number % 4 == 3)
        x[number * 7 % f->cols] = 40;
}

/* The best are the same, and nothing but them is another number than the whole head's. */
static void check_best(const struct fixture *f, size_t token, size_t n_best, const char *what)
{
    struct candidate expected[BEST], got[BEST];
    const float *whole = f->whole + token * ROWS, *best = f->best + token * ROWS;
    best_of(whole, ROWS, n_best, expected);
    best_of(best, ROWS, n_best, got);
    for (size_t i = 0; i < n_best; i++)
        if (got[i].id != expected[i].id || got[i].logit != expected[i].logit)
            fail_msg("%s %s: number %zu of the best is row %d, not %d", f->compute.k->name, what, i,
                     (int)got[i].id, (int)expected[i].id);
    for (size_t r = 0; r < ROWS; r++)
        if (best[r] != whole[r] && best[r] != -INFINITY)
            fail_msg("%s %s: row %zu is %g, not %g", f->compute.k->name, what, r, (double)best[r],
                     (double)whole[r]);
}

/* Returns how many of the questions were answered without the whole head. */
static size_t ask(struct fixture *f, const struct head *h, struct head_search *s, size_t n_tokens,
                  const char *what)
{
    size_t n_found = 0;
    for (size_t q = 0; q < QUESTIONS; q += n_tokens) {
        size_t n_best = q % 5 == 0 ? 1 : BEST;
        for (size_t t = 0; t < n_tokens; t++)
            fill_question(f, q + t, f->x + t * f->cols);
        struct activations a = activations_of(f->x, n_tokens, f->cols, &f->q8);
        matmul(&f->compute, &f->w, 0, &a, f->whole, ROWS);
        a = activations_of(f->x, n_tokens, f->cols, &f->q8);
        if (!head_search(h, &f->compute, s, &a, n_best, f->best, ROWS))
            continue;
        n_found += n_tokens;
        for (size_t t = 0; t < n_tokens; t++)
            check_best(f, t, n_best, what);
    }
    return n_found;
}

static void check_head(struct fixture *f, enum weight_type type, const char *what)
{
    struct err err;
    struct head_search s;
    void *data = quantise(f, type);
    struct head *h = head_new(&f->w, ROWS, f->compute.k, &err);
    assert_non_null(h);
    head_set_least(h, 0);
    assert_true(head_bytes(h) > 0);
    assert_true(head_search_init(&s, h, &err));
    assert_true(head_complete(h, &f->compute));
    size_t n_found = 0;
    for (size_t n = 1; n <= STEP_TOKENS; n++)
        n_found += ask(f, h, &s, n, what);
    if (getenv("HEAD_TELL"))
        print_message("%s %s %s: %zu of %d, last %g of %d rows\n", f->compute.k->name,
                      type_traits_get(type)->name, what, n_found, STEP_TOKENS * QUESTIONS,
                      s.n_computed, ROWS);
    assert_true(n_found > QUESTIONS);
    head_search_done(&s);
    head_free(h);
    free(data);
}

static const char *const set_names[] = {"avx512", "avx2", "neon", "scalar"};

static void test_best_rows(void **state)
{
    (void)state;
    static const enum weight_type types[] = {TYPE_Q8_0, TYPE_Q6_K, TYPE_F16, TYPE_BF16, TYPE_Q4_0};
    const struct kernels *fastest = kernels_get(NULL);
    struct fixture *f = fixture_new(fastest, 512);
    for (int form = 0; form < FORMS; form++) {
        fill_weights(f, (enum form)form);
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (form == RANDOM || i == (size_t)form % 2)
                check_head(f, types[i], form_names[form]);
    }
    fixture_free(f);
}

/* Columns that fill no whole blocks. */
static void test_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof set_names / sizeof *set_names; i++) {
        const struct kernels *k = kernels_get(set_names[i]);
        if (!k)
            continue;
        struct fixture *f = fixture_new(k, 416);
        fill_weights(f, RANDOM);
        check_head(f, TYPE_Q8_0, "416 columns");
        fixture_free(f);
    }
}

/* Nothing in, nothing out: the whole head is asked for. */
static void test_nonsense(void **state)
{
    (void)state;
    struct err err;
    struct head_search s;
    struct fixture *f = fixture_new(kernels_get(NULL), 256);
    for (size_t i = 0; i < ROWS * f->cols; i++)
        f->weights[i] = i % 1000 ? random_normal() : NAN;
    void *data = quantise(f, TYPE_F32);
    struct head *h = head_new(&f->w, ROWS, f->compute.k, &err);
    head_set_least(h, 0);
    assert_true(head_search_init(&s, h, &err) && head_complete(h, &f->compute));
    for (size_t i = 0; i < f->cols; i++)
        f->x[i] = i == 5 ? INFINITY : 1;
    struct activations a = activations_of(f->x, 1, f->cols, &f->q8);
    assert_false(head_search(h, &f->compute, &s, &a, BEST, f->best, ROWS));
    head_search_done(&s);
    head_free(h);
    free(data);
    fixture_free(f);
}

static void test_worth(void **state)
{
    (void)state;
    struct err err;
    struct tensor w = {NULL, TYPE_Q8_0, 1 << 18, 640, type_row_bytes(TYPE_Q8_0, 640)};
    const struct kernels *k = kernels_get(NULL);
    struct head *h = head_new(&w, w.rows, k, &err);
    assert_true(head_bytes(h) > 0 && head_bytes(h) < w.rows * w.row_bytes / 3);
    head_free(h);
    h = head_new(&w, w.rows, k + 1, &err); /* the same, exact */
    assert_int_equal(head_bytes(h), 0);
    head_free(h);
    h = head_new(&w, 1 << 14, k, &err);
    assert_int_equal(head_bytes(h), 0);
    assert_false(head_step(h, NULL));
    assert_false(head_complete(h, NULL));
    head_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_rows),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_worth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
