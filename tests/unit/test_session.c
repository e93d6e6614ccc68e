/* Sessions on small random models: chunks, windows, going back, prefixes, pictures, cancelling.
 * What any path computes is compared with one prompt in one chunk, exact kernels, F32 cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/facet.h"
#include "tests/support/stride.h"
#include "tests/unit/tiny_session.h"

static char why[FACET_ERROR_BYTES];

static void chunks_of_any_size_agree(void **state)
{
    const struct tiny_session *f = *state;
    static const uint32_t batches[] = {1, 2, 7, 16, 17, 24, 25, 64, 200};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        struct facet_session *s = tiny_session_open(f->model, batches[i], FACET_CACHE_DEFAULT);
        struct facet_prompt text = tiny_session_text_prompt(f, TINY_SESSION_IDS),
                            images = tiny_session_image_prompt(f, TINY_SESSION_IDS);
        assert_int_equal(facet_session_prompt(s, &text, NULL, why), FACET_OK);
        tiny_session_expect_logits(f, s, &text, 1e-4);
        assert_int_equal(facet_session_prompt(s, &images, NULL, why), FACET_OK);
        tiny_session_expect_logits(f, s, &images, 1e-4);
        facet_session_close(s);
    }
}

static void token_by_token_agrees_in_every_cache(void **state)
{
    const struct tiny_session *f = *state;
    static const struct {
        enum facet_cache_type type;
        double most;
    } caches[] = {{FACET_CACHE_F32, 1e-4}, {FACET_CACHE_F16, 2e-2}, {FACET_CACHE_Q8_0, 0.2}};
    for (size_t i = 0; i < 3; i++) {
        struct facet_session *s = tiny_session_open(f->model, 0, caches[i].type);
        struct facet_prompt first = tiny_session_text_prompt(f, 1),
                            all = tiny_session_text_prompt(f, TINY_SESSION_IDS);
        assert_int_equal(facet_session_prompt(s, &first, NULL, why), FACET_OK);
        for (int t = 1; t < TINY_SESSION_IDS; t++)
            assert_int_equal(facet_session_append(s, f->ids[t], why), FACET_OK);
        tiny_session_expect_logits(f, s, &all, caches[i].most);
        facet_session_close(s);
    }
}

static void kernels_and_threads_agree(void **state)
{
    const struct tiny_session *f = *state;
    static const char *const kernels[] = {"scalar", "avx2", "avx512", "neon"};
    struct facet_prompt prompt = tiny_session_image_prompt(f, TINY_SESSION_IDS);
    for (size_t i = 0; i < 4; i++) {
        float *one = NULL;
        for (unsigned threads = 1; threads <= 3; threads++) {
            struct facet_model_options options = {
                .mmproj = f->mmproj, .kernels = kernels[i], .n_threads = threads};
            struct facet_model *model = facet_model_open(f->path, &options, why);
            if (!model)
                break; /* not for this processor */
            struct facet_session *s = tiny_session_open(model, 0, FACET_CACHE_DEFAULT);
            assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
            tiny_session_expect_logits(f, s, &prompt, 2e-2);
            if (one)
                assert_memory_equal(one, facet_session_logits(s), f->info.n_vocab * sizeof *one);
            else
                one = memcpy(malloc(f->info.n_vocab * sizeof *one), facet_session_logits(s),
                             f->info.n_vocab * sizeof *one);
            facet_session_close(s);
            facet_model_close(model);
        }
        free(one);
    }
}

static void rewind_goes_anywhere(void **state)
{
    const struct tiny_session *f = *state;
    static const size_t places[] = {89, 88, 70, 60, 57, 56, 50, 40, 25, 24, 10, 9, 3, 1, 0};
    for (size_t checkpoint = 30; checkpoint <= 80; checkpoint += 25)
        for (size_t i = 0; i < sizeof places / sizeof *places; i += STRIDE) {
            struct facet_session *s = tiny_session_open(f->model, 20, FACET_CACHE_F32);
            struct facet_prompt prompt = tiny_session_image_prompt(
                                    f, checkpoint == 55 ? 57 : checkpoint),
                                all = tiny_session_image_prompt(f, TINY_SESSION_IDS);
            assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
            for (size_t t = prompt.n_ids; t < TINY_SESSION_IDS && f->with_images[t] != f->soft_id;
                 t++)
                assert_int_equal(facet_session_append(s, f->with_images[t], why), FACET_OK);
            size_t n = places[i] < facet_session_length(s) ? places[i] : facet_session_length(s);
            assert_int_equal(facet_session_rewind(s, n, why), FACET_OK);
            bool inside =
                (n > 9 && n < 9 + TINY_SESSION_SOFT) || (n > 40 && n < 40 + TINY_SESSION_SOFT);
            assert_int_equal(facet_session_length(s), !inside ? n : n < 40 ? 9 : 40);
            assert_null(facet_session_logits(s));
            assert_int_equal(facet_session_prompt(s, &all, NULL, why), FACET_OK);
            tiny_session_expect_logits(f, s, &all, 1e-4);
            facet_session_close(s);
        }
}

static void prompts_keep_their_common_prefix(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 20, FACET_CACHE_F32);
    size_t kept;
    struct facet_prompt prompt = tiny_session_image_prompt(f, 60),
                        longer = tiny_session_image_prompt(f, 80);
    assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
    assert_int_equal(kept, 0);
    for (int t = 60; t < 70; t++)
        assert_int_equal(facet_session_append(s, f->with_images[t], why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &longer, &kept, why), FACET_OK); /* the next turn */
    assert_int_equal(kept, 70);
    tiny_session_expect_logits(f, s, &longer, 1e-4);
    assert_int_equal(facet_session_prompt(s, &longer, &kept, why), FACET_OK); /* another answer */
    assert_int_equal(kept, 80);
    tiny_session_expect_logits(f, s, &longer, 1e-4);

    const float *swapped[2] = {f->soft[0], f->soft[0]}; /* another second picture */
    struct facet_prompt other = {f->with_images, 80, swapped, 2};
    assert_int_equal(facet_session_prompt(s, &other, &kept, why), FACET_OK);
    assert_true(kept <= 40);
    tiny_session_expect_logits(f, s, &other, 1e-4);
    facet_session_close(s);
}

/* 70 tokens are nearly three windows: the rings have moved on far beyond the prompt. */
static void an_answer_can_be_dropped(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt prompt = tiny_session_text_prompt(f, 60);
    size_t kept;
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    for (int round = 0; round < 3; round++) {
        tiny_session_answer(s, 70);
        assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
        assert_int_equal(kept, 60);
        tiny_session_expect_logits(f, s, &prompt, 1e-4);
    }
    tiny_session_answer(s, 70);
    assert_int_equal(facet_session_rewind(s, 60, why), FACET_OK);
    int32_t edited[61];
    memcpy(edited, f->ids, 60 * sizeof *edited);
    edited[60] = 1234;
    struct facet_prompt longer = {.ids = edited, .n_ids = 61};
    assert_int_equal(facet_session_prompt(s, &longer, &kept, why), FACET_OK);
    assert_int_equal(kept, 60);
    tiny_session_expect_logits(f, s, &longer, 1e-4);
    facet_session_close(s);
}

/* Many questions about one text: its positions are computed for the first two only. */
static void a_shared_beginning_is_computed_once(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 16, FACET_CACHE_F32);
    for (int32_t item = 0; item < 5; item++) {
        int32_t ids[TINY_SESSION_IDS + 30];
        memcpy(ids, f->ids, sizeof f->ids);
        for (int32_t i = 0; i < 30; i++)
            ids[TINY_SESSION_IDS + i] = 600 + item * 40 + i;
        struct facet_prompt prompt = {.ids = ids, .n_ids = TINY_SESSION_IDS + 30};
        size_t kept;
        assert_int_equal(facet_session_prompt(s, &prompt, &kept, why), FACET_OK);
        assert_int_equal(kept, item < 2 ? 0 : TINY_SESSION_IDS);
        tiny_session_expect_logits(f, s, &prompt, 1e-4);
        tiny_session_answer(s, 20);
    }
    facet_session_close(s);
}

static void stale_checkpoint_logits_are_not_used(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt longer = tiny_session_text_prompt(f, 20),
                        shorter = tiny_session_text_prompt(f, 12);
    assert_int_equal(facet_session_prompt(s, &longer, NULL, why), FACET_OK);
    assert_int_equal(facet_session_rewind(s, 12, why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &shorter, NULL, why), FACET_OK);
    tiny_session_expect_logits(f, s, &shorter, 1e-4);
    facet_session_close(s);
}

static void wrong_prompts_are_refused(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_DEFAULT);
    int32_t long_ids[300] = {2}, strange[] = {2, 5000}, part[8] = {2, f->soft_id, f->soft_id, 600};
    const struct facet_prompt wrong[] = {
        {.ids = long_ids, .n_ids = 300},
        {.ids = strange, .n_ids = 2},
        {.ids = f->ids, .n_ids = 0},
        {part, 4, (const float *const *)f->soft, 1},
        {f->with_images, 60, (const float *const *)f->soft, 1},
        {f->ids, 60, (const float *const *)f->soft, 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        why[0] = 0;
        assert_int_equal(facet_session_prompt(s, &wrong[i], NULL, why), FACET_FAILED);
        assert_true(strlen(why) > 10);
    }
    struct facet_prompt fine = tiny_session_text_prompt(f, 20);
    assert_int_equal(facet_session_prompt(s, &fine, NULL, why), FACET_OK);
    assert_int_equal(facet_session_append(s, -1, why), FACET_FAILED);
    for (int i = 20; i < 256; i++)
        assert_int_equal(facet_session_append(s, 700, why), FACET_OK);
    assert_int_equal(facet_session_append(s, 700, why), FACET_FAILED);
    facet_session_close(s);
}

static void *cancel_soon(void *s)
{
    struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};
    nanosleep(&pause, NULL);
    facet_session_cancel(s);
    return NULL;
}

/* However a prompt is broken off, the session computes the right thing afterwards. */
static void a_cancelled_session_recovers(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 16, FACET_CACHE_F32);
    struct facet_prompt first = tiny_session_image_prompt(f, 57),
                        all = tiny_session_image_prompt(f, TINY_SESSION_IDS);
    int cancelled = 0;
    for (int round = 0; round < 20; round++) {
        facet_session_resume(s);
        assert_int_equal(facet_session_prompt(s, &first, NULL, why), FACET_OK);
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, s);
        enum facet_status status = FACET_OK;
        for (int i = 0; i < 1000 && status == FACET_OK; i++) {
            status = facet_session_prompt(s, i % 2 ? &first : &all, NULL, why);
            cancelled += status == FACET_CANCELLED;
        }
        pthread_join(thread, NULL);
        facet_session_resume(s);
        assert_int_equal(facet_session_prompt(s, &all, NULL, why), FACET_OK);
        tiny_session_expect_logits(f, s, &all, 1e-4);
    }
    assert_true(cancelled > 0);
    facet_session_close(s);
}

/* It is for text alone then. */
static void a_context_may_be_shorter_than_a_picture(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session_options options = {.n_ctx = f->info.n_soft_tokens - 1};
    struct facet_session *s = facet_session_open(f->model, &options, why);
    assert_non_null(s);
    struct facet_prompt text = tiny_session_text_prompt(f, options.n_ctx),
                        picture = tiny_session_image_prompt(f, 57);
    assert_int_equal(facet_session_prompt(s, &picture, NULL, why), FACET_FAILED);
    assert_non_null(strstr(why, "the context holds"));
    assert_int_equal(facet_session_prompt(s, &text, NULL, why), FACET_OK);
    tiny_session_expect_logits(f, s, &text, 1e-3);
    facet_session_close(s);
}

static void a_soft_token_cannot_be_appended(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_prompt prompt = tiny_session_text_prompt(f, 20);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_append(s, f->soft_id, why), FACET_FAILED);
    assert_int_equal(facet_session_length(s), 20);
    facet_session_close(s);
}

static void a_vocabulary_makes_no_session(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_model_options options = {.vocabulary_only = true};
    struct facet_model *model = facet_model_open(f->path, &options, why);
    assert_non_null(model);
    assert_int_equal(facet_session_bytes(model, NULL), 0);
    assert_null(facet_session_open(model, NULL, why));
    assert_non_null(strstr(why, "vocabulary"));
    facet_model_close(model);
}

struct seen {
    size_t done, total, calls;
};

static void see(void *user, const char *what, size_t done, size_t total)
{
    struct seen *seen = user;
    (void)what;
    if (seen->calls++)
        assert_int_equal(total, seen->total);
    assert_true(done > seen->done && done <= total);
    seen->done = done;
    seen->total = total;
}

/* The second prompt is computed in two steps, with a checkpoint between them. */
static void progress_only_rises(void **state)
{
    const struct tiny_session *f = *state;
    struct seen seen = {0};
    struct facet_session_options options = {
        .n_ctx = 256, .n_batch = 16, .progress = see, .progress_user = &seen};
    struct facet_session *s = facet_session_open(f->model, &options, why);
    int32_t ids[TINY_SESSION_IDS + 30];
    for (int32_t item = 0; item < 2; item++) {
        memcpy(ids, f->ids, sizeof f->ids);
        for (int32_t i = 0; i < 30; i++)
            ids[TINY_SESSION_IDS + i] = 600 + item * 40 + i;
        struct facet_prompt prompt = {.ids = ids, .n_ids = TINY_SESSION_IDS + 30};
        seen = (struct seen){0};
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        assert_int_equal(seen.done, TINY_SESSION_IDS + 30);
    }
    seen = (struct seen){0};
    tiny_session_answer(s, 3);
    assert_int_equal(seen.calls, 0);
    facet_session_close(s);
}

struct canceller {
    struct facet_session *session;
    size_t at, done, total;
};

static void cancel_at(void *user, const char *what, size_t done, size_t total)
{
    struct canceller *c = user;
    (void)what;
    c->done = done;
    c->total = total;
    if (done == c->at)
        facet_session_cancel(c->session);
}

static void a_cancelled_picture_is_not_told_to_be_done(void **state)
{
    const struct tiny_session *f = *state;
    struct canceller c = {0};
    struct facet_session_options options = {
        .n_ctx = 256, .progress = cancel_at, .progress_user = &c};
    c.session = facet_session_open(f->model, &options, why);
    size_t n = 3 * (size_t)f->info.image_size * f->info.image_size;
    float *planes = calloc(n, sizeof *planes),
          *soft = calloc((size_t)TINY_SESSION_SOFT * f->info.n_embd, sizeof *soft);
    for (c.at = 0; c.at < 3; c.at++) {
        facet_session_resume(c.session);
        assert_int_equal(facet_session_encode_image(c.session, planes, soft, why), FACET_CANCELLED);
        assert_int_equal(c.done, c.at);
    }
    facet_session_resume(c.session);
    c.at = 1000;
    assert_int_equal(facet_session_encode_image(c.session, planes, soft, why), FACET_OK);
    assert_int_equal(c.done, c.total);
    free(planes);
    free(soft);
    facet_session_close(c.session);
}

/* What was said before the cancel stays, however long ago the prompt's rows left the windows. */
static void a_cancelled_answer_is_kept(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_F32);
    struct facet_prompt prompt = tiny_session_text_prompt(f, 30);
    int cancelled = 0;
    for (int round = 0; round < 40; round += STRIDE) {
        facet_session_resume(s);
        assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
        tiny_session_answer(s, 60);
        pthread_t thread;
        pthread_create(&thread, NULL, cancel_soon, s);
        size_t length = 0;
        enum facet_status status = FACET_OK;
        while (status == FACET_OK && (length = facet_session_length(s)) < 256)
            status = facet_session_append(s, 800, why);
        pthread_join(thread, NULL);
        if (status == FACET_OK)
            continue;
        cancelled++;
        assert_true(facet_session_length(s) >= length);
    }
    assert_true(cancelled > 0);
    facet_session_close(s);
}

static void the_size_told_grows_with_the_context(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session_options small = {.n_ctx = 1024}, large = {.n_ctx = 4096};
    size_t a = facet_session_bytes(f->model, &small), b = facet_session_bytes(f->model, &large);
    /* one of seven layers is global: a key and a value of 64 numbers in F32, and 4 bytes for the
     * id; for each 256 positions what 4 heads of 16 rows make of them */
    size_t position = 2 * 64 * 4 + 4, span = 16 * 4 * (64 + 2) * 4;
    assert_int_equal(b - a, (4096 - 1024) * position + (4096 - 1024) / 256 * span);
}

static void next_stops_at_the_end_of_a_turn(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_sampler *sampler = facet_sampler_new(f->model, &facet_sampling_default, why);
    struct facet_prompt prompt = tiny_session_text_prompt(f, 20);
    struct facet_token token;
    assert_int_equal(facet_session_next(s, sampler, 0, &token, why),
                     FACET_FAILED); /* nothing to draw from */
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_next(s, sampler, 4, &token, why), FACET_OK);
    assert_int_equal(facet_session_length(s), token.is_end ? 20 : 21);
    assert_int_equal(token.n_alternatives, 4);
    assert_true(token.alternatives[0].logprob >= token.alternatives[3].logprob);
    facet_sampler_free(sampler);
    facet_session_close(s);
}

/* Without a tower, <image_soft_token> is a row of the embedding like any other. */
static void a_text_model_takes_every_id(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_model_options options = {.text_only = true, .kernels = "exact"};
    struct facet_model *model = facet_model_open(f->path, &options, why);
    struct facet_session *s = tiny_session_open(model, 0, FACET_CACHE_DEFAULT);
    const int32_t ids[] = {2, f->soft_id, f->soft_id, 600};
    struct facet_prompt prompt = {.ids = ids, .n_ids = 4};
    struct facet_prompt pictured = {f->with_images, TINY_SESSION_IDS, (const float *const *)f->soft,
                                    2};
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_append(s, f->soft_id, why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_session_prompt(s, &pictured, NULL, why), FACET_FAILED);
    assert_non_null(strstr(why, "no vision tower"));
    facet_session_close(s);
    facet_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_of_any_size_agree),
        cmocka_unit_test(token_by_token_agrees_in_every_cache),
        cmocka_unit_test(kernels_and_threads_agree),
        cmocka_unit_test(rewind_goes_anywhere),
        cmocka_unit_test(prompts_keep_their_common_prefix),
        cmocka_unit_test(an_answer_can_be_dropped),
        cmocka_unit_test(a_shared_beginning_is_computed_once),
        cmocka_unit_test(stale_checkpoint_logits_are_not_used),
        cmocka_unit_test(wrong_prompts_are_refused),
        cmocka_unit_test(a_cancelled_session_recovers),
        cmocka_unit_test(a_context_may_be_shorter_than_a_picture),
        cmocka_unit_test(a_soft_token_cannot_be_appended),
        cmocka_unit_test(a_vocabulary_makes_no_session),
        cmocka_unit_test(progress_only_rises),
        cmocka_unit_test(a_cancelled_picture_is_not_told_to_be_done),
        cmocka_unit_test(a_cancelled_answer_is_kept),
        cmocka_unit_test(the_size_told_grows_with_the_context),
        cmocka_unit_test(a_text_model_takes_every_id),
        cmocka_unit_test(next_stops_at_the_end_of_a_turn),
    };
    return cmocka_run_group_tests(tests, tiny_session_set_up, tiny_session_tear_down);
}
