/* Sessions beside each other: filled, copied, and several that step together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/facet.h"
#include "tests/unit/tiny_session.h"

static char why[FACET_ERROR_BYTES];

/* Random rows stand where those of a prompt would: answers behind them are numbers, another depth's
 * are others, and the room left is respected. */
static void a_filled_session_goes_on(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *s = tiny_session_open(f->model, 7, FACET_CACHE_F16);
    float first[2];
    for (int i = 0; i < 2; i++) {
        size_t n = i ? 90 : 30;
        assert_int_equal(facet_session_rewind(s, 0, why), FACET_OK);
        assert_int_equal(facet_session_fill(s, n, why), FACET_OK);
        assert_int_equal(facet_session_length(s), n);
        assert_null(facet_session_logits(s));
        assert_int_equal(facet_session_append(s, f->ids[1], why), FACET_OK);
        first[i] = facet_session_logits(s)[1];
        assert_true(isfinite(first[i]));
    }
    assert_true(first[0] != first[1]);
    assert_int_equal(facet_session_fill(s, 1 << 20, why), FACET_FAILED);
    assert_non_null(strstr(why, "the context holds"));
    assert_int_equal(facet_session_length(s), 91);
    facet_session_close(s);
}

static struct facet_session *session_beside(const struct facet_model *model,
                                            struct facet_session *beside)
{
    struct facet_session_options options = {.n_ctx = 256, .beside = beside};
    struct facet_session *s = facet_session_open(model, &options, why);
    if (!s)
        fail_msg("%s", why);
    return s;
}

/* Sequence i of several: a prompt that begins at another place, then tokens of its own. */
static struct facet_prompt prompt_of(const struct tiny_session *f, size_t i)
{
    return (struct facet_prompt){.ids = f->ids + 3 * i, .n_ids = 5 + 11 * i};
}

static int32_t token_of(const struct tiny_session *f, size_t i, size_t step)
{
    return f->ids[(7 * i + step) % TINY_SESSION_IDS];
}

/* Sequences in groups that change from step to step have the logits, to the last bit, that each has
 * alone. */
static void sequences_together_are_as_alone(void **state)
{
    enum { N = 5, N_STEPS = 40 };
    const struct tiny_session *f = *state;
    static const char *const kernels[] = {"exact", NULL};
    for (size_t k = 0; k < 2; k++) {
        struct facet_model *model = tiny_session_model(f, kernels[k], 2);
        struct facet_session *s[N], *alone = tiny_session_open(model, 0, FACET_CACHE_DEFAULT);
        float *logits = malloc((size_t)N * N_STEPS * f->info.n_vocab * sizeof *logits);
        for (size_t i = 0; i < N; i++) {
            struct facet_prompt prompt = prompt_of(f, i);
            s[i] = session_beside(model, i ? s[0] : NULL);
            assert_int_equal(facet_session_prompt(s[i], &prompt, NULL, why), FACET_OK);
        }
        for (size_t step = 0; step < N_STEPS; step++)
            for (size_t first = 0, n; first < N; first += n) {
                int32_t ids[N];
                n = 1 + (step + first) % (N - first);
                for (size_t i = 0; i < n; i++)
                    ids[i] = token_of(f, first + i, step);
                assert_int_equal(facet_sessions_append(s + first, ids, n, why), FACET_OK);
                for (size_t i = first; i < first + n; i++)
                    memcpy(logits + (i * N_STEPS + step) * f->info.n_vocab,
                           facet_session_logits(s[i]), f->info.n_vocab * sizeof *logits);
            }
        for (size_t i = 0; i < N; i++) {
            struct facet_prompt prompt = prompt_of(f, i);
            assert_int_equal(facet_session_prompt(alone, &prompt, NULL, why), FACET_OK);
            for (size_t step = 0; step < N_STEPS; step++) {
                int32_t id = token_of(f, i, step);
                assert_int_equal(facet_sessions_append(&alone, &id, 1, why), FACET_OK);
                assert_memory_equal(facet_session_logits(alone),
                                    logits + (i * N_STEPS + step) * f->info.n_vocab,
                                    f->info.n_vocab * sizeof *logits);
            }
            facet_session_close(s[i]);
        }
        facet_session_close(alone);
        facet_model_close(model);
        free(logits);
    }
}

static void what_is_kept_can_be_copied(void **state)
{
    const struct tiny_session *f = *state;
    size_t kept = 0;
    for (size_t n = 30; n < TINY_SESSION_IDS; n += 29) {
        struct facet_session *from = tiny_session_open(f->model, 0, FACET_CACHE_DEFAULT);
        struct facet_session *to = session_beside(f->model, from);
        struct facet_prompt prompt = tiny_session_image_prompt(f, n),
                            whole = tiny_session_image_prompt(f, TINY_SESSION_IDS);
        assert_int_equal(facet_session_copy(to, from, why), FACET_FAILED);
        assert_int_equal(facet_session_prompt(from, &prompt, NULL, why), FACET_OK);
        facet_session_keep(from);
        for (size_t i = 0; i < 40; i++)
            assert_int_equal(facet_session_append(from, f->ids[i], why), FACET_OK);
        assert_int_equal(facet_session_copy(to, from, why), FACET_OK);
        assert_int_equal(facet_session_length(to), n);
        assert_int_equal(facet_session_prompt(to, &whole, &kept, why), FACET_OK);
        assert_int_equal(kept, n);
        tiny_session_expect_logits(f, to, &whole, 1e-3);
        for (size_t i = 0; i < 30; i++) { /* again and again from there on */
            assert_int_equal(facet_session_append(from, f->ids[i], why), FACET_OK);
            if (i % 15 < 14)
                continue;
            assert_int_equal(facet_session_prompt(from, &whole, &kept, why), FACET_OK);
            assert_true(kept >= n);
            tiny_session_expect_logits(f, from, &whole, 1e-3);
        }
        facet_session_close(from);
        facet_session_close(to);
    }
}

static void sessions_that_cannot_be_together_are_refused(void **state)
{
    const struct tiny_session *f = *state;
    struct facet_session *a = tiny_session_open(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_session *b = tiny_session_open(f->model, 0, FACET_CACHE_DEFAULT);
    struct facet_session *apart[] = {a, b}, *twice[] = {a, a}, *beside[] = {a, NULL};
    struct facet_session_options longer = {.n_ctx = 300, .beside = a};
    struct facet_prompt prompt = tiny_session_text_prompt(f, 9);
    int32_t ids[2] = {f->ids[1], f->ids[2]};
    assert_int_equal(facet_session_prompt(a, &prompt, NULL, why), FACET_OK);
    assert_int_equal(facet_sessions_append(apart, ids, 2, why), FACET_FAILED);
    assert_int_equal(facet_sessions_append(twice, ids, 2, why), FACET_FAILED);
    assert_int_equal(facet_sessions_append(apart, ids, 0, why), FACET_OK);
    assert_null(facet_session_open(f->model, &longer, why));
    beside[1] = session_beside(f->model, a);
    ids[1] = f->soft_id;
    assert_int_equal(facet_sessions_append(beside, ids, 2, why), FACET_FAILED);
    assert_int_equal(facet_session_length(a), 9);
    assert_non_null(facet_session_logits(a));
    ids[1] = f->ids[2];
    assert_int_equal(facet_sessions_append(beside, ids, 2, why), FACET_OK);
    assert_int_equal(facet_session_length(beside[1]), 1);
    facet_session_cancel(a);
    assert_int_equal(facet_sessions_append(beside, ids, 2, why), FACET_CANCELLED);
    assert_int_equal(facet_session_length(a), 10);
    assert_int_equal(facet_session_length(beside[1]), 1);
    facet_session_close(a);
    facet_session_close(b);
    facet_session_close(beside[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filled_session_goes_on),
        cmocka_unit_test(sequences_together_are_as_alone),
        cmocka_unit_test(what_is_kept_can_be_copied),
        cmocka_unit_test(sessions_that_cannot_be_together_are_refused),
    };
    return cmocka_run_group_tests(tests, tiny_session_set_up, tiny_session_tear_down);
}
