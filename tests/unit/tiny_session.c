#include "tests/unit/tiny_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

static char why[FACET_ERROR_BYTES];

struct facet_model *tiny_session_model(const struct tiny_session *f, const char *kernels,
                                       unsigned threads)
{
    struct facet_model_options options = {
        .mmproj = f->mmproj, .kernels = kernels, .n_threads = threads};
    struct facet_model *model = facet_model_open(f->path, &options, why);
    if (!model)
        fail_msg("%s", why);
    return model;
}

struct facet_session *tiny_session_open(const struct facet_model *model, uint32_t n_batch,
                                        enum facet_cache_type cache)
{
    struct facet_session_options options = {.n_ctx = 256, .n_batch = n_batch, .cache = cache};
    struct facet_session *s = facet_session_open(model, &options, why);
    if (!s)
        fail_msg("%s", why);
    return s;
}

static void fill_ids(struct tiny_session *f)
{
    uint32_t state = 12345;
    for (int i = 0; i < TINY_SESSION_IDS; i++) {
        state = state * 1664525u + 1013904223u;
        f->ids[i] = i ? (int32_t)(600 + (state >> 16) % 1000) : 2;
        bool picture =
            (i >= 9 && i < 9 + TINY_SESSION_SOFT) || (i >= 40 && i < 40 + TINY_SESSION_SOFT);
        f->with_images[i] = picture ? f->soft_id : f->ids[i];
    }
}

static void encode_images(struct tiny_session *f)
{
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_DEFAULT);
    size_t n = 3 * (size_t)f->info.image_size * f->info.image_size;
    float *planes = malloc(n * sizeof *planes);
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < n; i++)
            planes[i] = sinf((float)i * (0.001f + 0.01f * (float)k));
        f->soft[k] = malloc((size_t)TINY_SESSION_SOFT * f->info.n_embd * sizeof(float));
        assert_int_equal(facet_session_encode_image(s, planes, f->soft[k], why), FACET_OK);
    }
    free(planes);
    facet_session_close(s);
}

int tiny_session_set_up(void **state)
{
    struct tiny_session *f = calloc(1, sizeof *f);
    f->folder = scratch_new();
    f->path = scratch_path(f->folder, "tiny.gguf");
    f->mmproj = scratch_path(f->folder, "mmproj.gguf");
    struct err err;
    if (!tiny_pair(&tiny_default, &tiny_default, f->path, f->mmproj, &err))
        return -1;
    f->model = tiny_session_model(f, "exact", 2);
    facet_model_get_info(f->model, &f->info);
    struct facet_special_ids special;
    facet_model_get_special(f->model, &special);
    f->soft_id = special.image_soft;
    assert_int_equal(f->info.n_soft_tokens, TINY_SESSION_SOFT);
    assert_true(f->info.window * 3 < TINY_SESSION_IDS);
    fill_ids(f);
    encode_images(f);
    *state = f;
    return 0;
}

int tiny_session_tear_down(void **state)
{
    struct tiny_session *f = *state;
    facet_model_close(f->model);
    free(f->soft[0]);
    free(f->soft[1]);
    free(f->path);
    free(f->mmproj);
    scratch_free(f->folder);
    free(f);
    return 0;
}

struct facet_prompt tiny_session_text_prompt(const struct tiny_session *f, size_t n)
{
    return (struct facet_prompt){.ids = f->ids, .n_ids = n};
}

struct facet_prompt tiny_session_image_prompt(const struct tiny_session *f, size_t n)
{
    size_t n_images = n >= 40 + TINY_SESSION_SOFT ? 2 : n >= 9 + TINY_SESSION_SOFT ? 1 : 0;
    return (struct facet_prompt){f->with_images, n, (const float *const *)f->soft, n_images};
}

/* The last logits of a prompt, computed at once in a session of its own. free() them. */
static float *reference(const struct tiny_session *f, const struct facet_prompt *prompt)
{
    struct facet_session *s = tiny_session_open(f->model, 256, FACET_CACHE_DEFAULT);
    assert_int_equal(facet_session_prompt(s, prompt, NULL, why), FACET_OK);
    float *copy = malloc(f->info.n_vocab * sizeof *copy);
    memcpy(copy, facet_session_logits(s), f->info.n_vocab * sizeof *copy);
    facet_session_close(s);
    return copy;
}

/* Largest difference over the standard deviation. */
double tiny_session_distance(const struct tiny_session *f, const float *got, const float *want)
{
    double largest = 0, sum = 0, squares = 0, n = f->info.n_vocab;
    for (uint32_t i = 0; i < f->info.n_vocab; i++) {
        largest = fmax(largest, fabs((double)got[i] - want[i]));
        sum += want[i];
        squares += (double)want[i] * want[i];
    }
    return largest / sqrt(squares / n - sum / n * (sum / n));
}

void tiny_session_expect_logits(const struct tiny_session *f, const struct facet_session *s,
                                const struct facet_prompt *prompt, double most)
{
    float *want = reference(f, prompt);
    assert_non_null(facet_session_logits(s));
    double d = tiny_session_distance(f, facet_session_logits(s), want);
    if (!(d <= most))
        fail_msg("logits after %zu positions are %g from the reference", prompt->n_ids, d);
    free(want);
}

void tiny_session_answer(struct facet_session *s, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(facet_session_append(s, 700 + i, why), FACET_OK);
}
