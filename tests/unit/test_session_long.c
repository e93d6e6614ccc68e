/* Prompts longer than what is attended to in F32 (text_attend_bf16.c): what the fastest kernels
 * make of them is near what they make of them over a cache of F32, where attention is not rounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/facet.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

enum { IDS = 1700, PICTURE = 1290, SOFT = 16 };

static char why[FACET_ERROR_BYTES];

struct fixture {
    char *folder, *path, *mmproj;
    struct facet_model *model;
    struct facet_model_info info;
    float *soft;
    int32_t ids[IDS]; /* a picture among them */
};

static struct facet_session *open_session(const struct fixture *f, uint32_t n_batch,
                                          enum facet_cache_type cache)
{
    struct facet_session_options options = {.n_ctx = 2048, .n_batch = n_batch, .cache = cache};
    struct facet_session *s = facet_session_open(f->model, &options, why);
    if (!s)
        fail_msg("%s", why);
    return s;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct tiny text = tiny_default;
    struct err err;
    text.type = TYPE_Q8_0;
    text.window = 400;
    text.n_ctx = 2048;
    f->folder = scratch_new();
    f->path = scratch_path(f->folder, "tiny.gguf");
    f->mmproj = scratch_path(f->folder, "mmproj.gguf");
    if (!tiny_pair(&text, &tiny_default, f->path, f->mmproj, &err))
        return -1;
    const struct facet_model_options options = {.mmproj = f->mmproj, .n_threads = 2};
    f->model = facet_model_open(f->path, &options, why);
    if (!f->model)
        return -1;
    facet_model_get_info(f->model, &f->info);
    struct facet_special_ids special;
    facet_model_get_special(f->model, &special);
    uint32_t random = 12345;
    for (size_t i = 0; i < IDS; i++) {
        random = random * 1664525u + 1013904223u;
        f->ids[i] = i ? (int32_t)(600 + (random >> 16) % 1000) : 2;
        if (i >= PICTURE && i < PICTURE + SOFT)
            f->ids[i] = special.image_soft;
    }
    f->soft = calloc((size_t)SOFT * f->info.n_embd, sizeof *f->soft);
    for (size_t i = 0; i < (size_t)SOFT * f->info.n_embd; i++)
        f->soft[i] = sinf((float)i * 1.3f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    facet_model_close(f->model);
    free(f->soft);
    free(f->path);
    free(f->mmproj);
    scratch_free(f->folder);
    free(f);
    return 0;
}

static struct facet_prompt prompt_of(const struct fixture *f, size_t n)
{
    static const float *softs[1];
    softs[0] = f->soft;
    return (struct facet_prompt){f->ids, n, softs, n > PICTURE};
}

/* Root of the mean square of the differences, over the standard deviation. */
static double distance(const struct fixture *f, const float *got, const float *want)
{
    double difference = 0, sum = 0, squares = 0, n = f->info.n_vocab;
    for (size_t i = 0; i < f->info.n_vocab; i++) {
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        sum += want[i];
        squares += (double)want[i] * want[i];
    }
    return sqrt(difference / n) / sqrt(squares / n - sum / n * (sum / n));
}

static void expect(const struct fixture *f, uint32_t n_batch, size_t n, const float *want)
{
    struct facet_session *s = open_session(f, n_batch, FACET_CACHE_F16);
    struct facet_prompt prompt = prompt_of(f, n);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    double d = distance(f, facet_session_logits(s), want);
    if (!(d < 5e-2))
        fail_msg("%zu positions in chunks of %u: %g of the deviation", n, n_batch, d);
    facet_session_close(s);
}

/* In a picture, right behind it, and where it has left the window. */
static void rounded_attention_is_near(void **state)
{
    const struct fixture *f = *state;
    static const size_t lengths[] = {1200, PICTURE + SOFT, PICTURE + SOFT + 1, IDS};
    static const uint32_t batches[] = {40, 130, 512};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct facet_session *s = open_session(f, 512, FACET_CACHE_F32);
        struct facet_prompt prompt = prompt_of(f, lengths[i]);
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
            expect(f, batches[b], lengths[i], facet_session_logits(s));
        facet_session_close(s);
    }
}

/* The same for any number of threads, and twice. */
static void rounded_attention_is_repeated(void **state)
{
    const struct fixture *f = *state;
    float *first = NULL;
    struct facet_prompt prompt = prompt_of(f, IDS);
    for (unsigned threads = 1; threads <= 3; threads++) {
        const struct facet_model_options options = {.mmproj = f->mmproj, .n_threads = threads};
        const struct facet_session_options session = {.n_ctx = 2048};
        struct facet_model *model = facet_model_open(f->path, &options, why);
        struct facet_session *s = facet_session_open(model, &session, why);
        assert_non_null(s);
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        const size_t bytes = f->info.n_vocab * sizeof *first;
        if (first)
            assert_memory_equal(first, facet_session_logits(s), bytes);
        else
            first = memcpy(malloc(bytes), facet_session_logits(s), bytes);
        facet_session_close(s);
        facet_model_close(model);
    }
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounded_attention_is_near),
        cmocka_unit_test(rounded_attention_is_repeated),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
