/* The best logits by way of the compact copy are those of the whole head, bit for bit, for random
 * and for structured weights and activations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/head.h"
#include "tests/support/scratch.h"
#include "tests/support/stride.h"
#include "tests/support/tiny.h"

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
                w[i] *= 3;
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
    if (n_found < QUESTIONS / 3)
        fail_msg("%s %s: %zu answered", f->compute.k->name, what, n_found);
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
            if (form == RANDOM ? i % STRIDE == 0 : i == (size_t)form % 2)
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

/* ---- Sessions ---- */

enum { N_WORDS = 60, VOCABULARY = 60000 };

static char why[FACET_ERROR_BYTES];

/* A model whose head has a copy. */
static struct facet_model *open_model(const char *path)
{
    struct facet_model_options options = {.n_threads = THREADS};
    struct facet_model *model = facet_model_open(path, &options, why);
    if (!model)
        fail_msg("%s", why);
    head_set_least(model->head, 0);
    return model;
}

static char *write_model(const char *folder)
{
    struct tiny t = tiny_default;
    struct err err;
    t.n_vocab = VOCABULARY;
    t.n_layers = 2;
    t.type = TYPE_Q8_0;
    char *path = scratch_path(folder, "model.gguf");
    struct gguf_writer *w = tiny_text(&t);
    assert_true(gguf_writer_save(w, path, &err));
    gguf_writer_free(w);
    return path;
}

struct text {
    const struct facet_model *model;
    struct facet_sampling sampling;
    bool best_only, lookup, prepared;
    int32_t ids[N_WORDS];
    size_t n_partial; /* tokens whose logits were not all there */
};

static bool is_partial(const struct facet_session *s)
{
    const float *logits = facet_session_logits(s);
    for (size_t i = 0; i < VOCABULARY; i++)
        if (logits[i] == -INFINITY)
            return true;
    return false;
}

static void *draw_text(void *arg)
{
    struct text *t = arg;
    char error[FACET_ERROR_BYTES] = "";
    struct facet_session_options options = {
        .n_ctx = 128,
        .lookup = t->lookup,
        .n_best = t->best_only ? facet_sampling_best(&t->sampling) : 0};
    struct facet_session *s = facet_session_open(t->model, &options, error);
    struct facet_sampler *sampler = facet_sampler_new(t->model, &t->sampling, error);
    const int32_t ids[] = {2, 700, 701, 702, 700, 701};
    struct facet_prompt prompt = {.ids = ids, .n_ids = sizeof ids / sizeof *ids};
    struct facet_token token;
    bool ok = s && sampler && facet_session_prompt(s, &prompt, NULL, error) == FACET_OK;
    if (ok && t->prepared)
        facet_session_prepare(s);
    for (size_t i = 0; ok && i < N_WORDS; i++) {
        ok = facet_sampler_draw(sampler, s, -1, &token, error) == FACET_OK &&
             facet_session_append(s, t->ids[i] = token.id, error) == FACET_OK;
        t->n_partial += ok && is_partial(s);
    }
    facet_sampler_free(sampler);
    facet_session_close(s);
    return ok ? t : NULL;
}

/* The same text with the best logits alone, with guesses or without, at any time of the copy. */
static void test_texts(void **state)
{
    (void)state;
    char *folder = scratch_new(), *path = write_model(folder);
    struct facet_model *model = open_model(path);
    size_t n_partial = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct text all = {.model = model, .sampling = facet_sampling_default};
        all.sampling.seed = seed;
        all.sampling.top_k = 1 + (uint32_t)seed % 4;
        all.sampling.temperature = seed % 5 == 4 ? 0 : 1.5f;
        all.sampling.repetition_penalty = seed % 6 == 5 ? 1.3f : 1;
        all.sampling.repetition_last = 8;
        struct text best = all;
        best.best_only = true;
        best.lookup = seed % 2;
        best.prepared = seed > 2;
        assert_non_null(draw_text(&all));
        assert_non_null(draw_text(&best));
        assert_memory_equal(all.ids, best.ids, sizeof all.ids);
        assert_int_equal(all.n_partial, 0);
        n_partial += best.n_partial;
    }
    assert_true(n_partial > 4 * N_WORDS);
    facet_model_close(model);
    free(path);
    scratch_free(folder);
}

/* Two sessions on two threads while the copy is made. */
static void test_threads(void **state)
{
    (void)state;
    char *folder = scratch_new(), *path = write_model(folder);
    struct facet_model *model = open_model(path);
    struct text texts[2];
    pthread_t threads[2];
    void *done[2];
    for (int i = 0; i < 2; i++) {
        texts[i] = (struct text){.model = model, .sampling = facet_sampling_default, .best_only = true};
        texts[i].sampling.top_k = 2;
        assert_int_equal(pthread_create(&threads[i], NULL, draw_text, &texts[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], &done[i]), 0);
    assert_true(done[0] && done[1]);
    assert_memory_equal(texts[0].ids, texts[1].ids, sizeof texts[0].ids);
    assert_true(texts[0].n_partial + texts[1].n_partial > 0);
    facet_model_close(model);
    free(path);
    scratch_free(folder);
}

/* What wants all logits is refused where they are not there; prompts have all of them. */
static void test_refused(void **state)
{
    (void)state;
    char *folder = scratch_new(), *path = write_model(folder);
    struct facet_model *model = open_model(path);
    struct facet_sampling few = facet_sampling_default, all = few;
    few.top_k = 2;
    all.top_k = 0;
    assert_int_equal(facet_sampling_best(&all), 0);
    assert_int_equal(facet_sampling_best(&few), 8);
    few.repetition_penalty = 0.9f;
    assert_int_equal(facet_sampling_best(&few), 0);
    few.repetition_penalty = 1;
    struct facet_session_options options = {.n_ctx = 64, .n_best = facet_sampling_best(&few)}, none = options;
    none.n_best = 0;
    assert_int_equal(facet_session_bytes(model, &options) - facet_session_bytes(model, &none),
                     head_bytes(model->head));
    struct facet_session *s = facet_session_open(model, &options, why);
    struct facet_sampler *of_all = facet_sampler_new(model, &all, why);
    struct facet_sampler *of_few = facet_sampler_new(model, &few, why);
    const int32_t ids[] = {2, 700, 701};
    struct facet_prompt prompt = {.ids = ids, .n_ids = 3};
    struct facet_token token;
    facet_session_prepare(s);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_false(is_partial(s));
    assert_int_equal(facet_sampler_draw(of_all, s, 3, &token, why), FACET_OK);
    assert_int_equal(facet_session_append(s, 702, why), FACET_OK);
    assert_true(is_partial(s));
    assert_int_equal(facet_sampler_draw(of_few, s, -1, &token, why), FACET_OK);
    assert_int_equal(facet_sampler_draw(of_few, s, 0, &token, why), FACET_FAILED);
    assert_int_equal(facet_sampler_draw(of_all, s, -1, &token, why), FACET_FAILED);
    facet_session_set_best(s, 0);
    assert_int_equal(facet_session_append(s, 703, why), FACET_OK);
    assert_false(is_partial(s));
    assert_int_equal(facet_sampler_draw(of_all, s, 3, &token, why), FACET_OK);
    facet_sampler_free(of_all);
    facet_sampler_free(of_few);
    facet_session_close(s);
    facet_model_close(model);
    free(path);
    scratch_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef __SANITIZE_THREAD__ /* forty times slower, and they share nothing */
        cmocka_unit_test(test_best_rows),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_texts),
#endif
        cmocka_unit_test(test_worth),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_refused),
    };
    /* used by no list with ThreadSanitizer */
    (void)test_best_rows, (void)test_sets, (void)test_nonsense, (void)test_texts;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
