/* The sampler against what its rules say, on small distributions that can be reckoned by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/sampler.h"

enum { N = 8, DRAWS = 20000 };

/* Probabilities .4 .2 .15 .1 .08 .04 .02 .01, shuffled. */
static const float probabilities[N] = {0.1f, 0.4f, 0.02f, 0.2f, 0.04f, 0.15f, 0.01f, 0.08f};

static void logits_of(float logits[N])
{
    for (int i = 0; i < N; i++)
        logits[i] = logf(probabilities[i]) + 3.0f;
}

static void frequencies(const struct facet_sampling *how, const int32_t *banned, size_t n_banned,
                        double out[N])
{
    float logits[N];
    logits_of(logits);
    struct facet_sampler *s = sampler_new(how, kernels_get(NULL), N, banned, n_banned, NULL);
    assert_non_null(s);
    memset(out, 0, N * sizeof *out);
    for (int i = 0; i < DRAWS; i++) {
        struct facet_token token;
        assert_true(sampler_draw(s, logits, NULL, 0, -1, &token, NULL));
        out[token.id] += 1.0 / DRAWS;
    }
    facet_sampler_free(s);
}

static void expect(const double got[N], const double want[N])
{
    for (int i = 0; i < N; i++) /* five standard deviations of a frequency */
        assert_true(fabs(got[i] - want[i]) <= 1e-9 + 5 * sqrt(want[i] * (1 - want[i]) / DRAWS));
}

static const struct facet_sampling plain = {
    .temperature = 1, .top_p = 1, .repetition_penalty = 1, .seed = 5};

static void draws_follow_the_probabilities(void **state)
{
    (void)state;
    double got[N], want[N];
    for (int i = 0; i < N; i++)
        want[i] = probabilities[i];
    frequencies(&plain, NULL, 0, got);
    expect(got, want);
}

static void temperature_sharpens(void **state)
{
    (void)state;
    struct facet_sampling how = plain;
    how.temperature = 0.5f;
    double got[N], want[N], sum = 0;
    for (int i = 0; i < N; i++)
        sum += want[i] = pow(probabilities[i], 2);
    for (int i = 0; i < N; i++)
        want[i] /= sum;
    frequencies(&how, NULL, 0, got);
    expect(got, want);
}

static void top_k_top_p_min_p_cut(void **state)
{
    (void)state;
    static const struct {
        uint32_t top_k;
        float top_p, min_p;
        double want[N];
    } cases[] = {
        {2, 1, 0, {0, 0.4 / 0.6, 0, 0.2 / 0.6}},
        {0, 0.5f, 0, {0, 0.4 / 0.6, 0, 0.2 / 0.6}},                   /* .4 < .5 ≤ .6 */
        {0, 1, 0.3f, {0, 0.4 / 0.75, 0, 0.2 / 0.75, 0, 0.15 / 0.75}}, /* ≥ .12 */
        {0, 0.01f, 0, {0, 1}},                                        /* never none */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facet_sampling how = plain;
        how.top_k = cases[i].top_k;
        how.top_p = cases[i].top_p;
        how.min_p = cases[i].min_p;
        double got[N];
        frequencies(&how, NULL, 0, got);
        expect(got, cases[i].want);
    }
}

static void banned_ids_are_never_drawn(void **state)
{
    (void)state;
    static const int32_t banned[] = {1, 3, -1, N + 7};
    double got[N];
    frequencies(&plain, banned, 4, got);
    assert_true(got[1] == 0 && got[3] == 0 && got[5] > 0.3);
    struct facet_sampling greedy = plain;
    greedy.temperature = 0;
    frequencies(&greedy, banned, 4, got);
    assert_true(fabs(got[5] - 1) < 1e-9);
}

static void repetition_penalty_divides_and_multiplies(void **state)
{
    (void)state;
    const float logits[N] = {2, 1.9f, -1, -3, -4, -4, -4, -4};
    const int32_t recent[] = {0, -1, 0, 2};
    struct facet_sampling how = plain;
    how.temperature = 0;
    how.repetition_penalty = 1.5f;
    struct facet_sampler *s = sampler_new(&how, kernels_get(NULL), N, NULL, 0, NULL);
    struct facet_token token;
    assert_true(sampler_draw(s, logits, recent, 4, -1, &token, NULL));
    /* 2 / 1.5 < 1.9, once only */
    assert_int_equal(token.id, 1);
    facet_sampler_free(s);
    how.repetition_last = 1; /* only the 2 is looked at */
    s = sampler_new(&how, kernels_get(NULL), N, NULL, 0, NULL);
    assert_true(sampler_draw(s, logits, recent, 4, -1, &token, NULL));
    assert_int_equal(token.id, 0);
    facet_sampler_free(s);
}

static void logprobs_and_alternatives(void **state)
{
    (void)state;
    float logits[N];
    logits_of(logits);
    struct facet_sampling how = plain;
    how.temperature = 0;
    struct facet_sampler *s = sampler_new(&how, kernels_get(NULL), N, NULL, 0, NULL);
    struct facet_token token;
    assert_true(sampler_draw(s, logits, NULL, 0, 3, &token, NULL));
    assert_int_equal(token.n_alternatives, 3);
    static const int32_t want[] = {1, 3, 5};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(token.alternatives[i].id, want[i]);
        assert_true(fabsf(token.alternatives[i].logprob - logf(probabilities[want[i]])) < 1e-5f);
    }
    assert_true(fabsf(token.logprob - logf(0.4f)) < 1e-5f);
    assert_true(sampler_draw(s, logits, NULL, 0, 1000, &token, NULL)); /* more than there are */
    assert_int_equal(token.n_alternatives, N);
    facet_sampler_free(s);
}

static void the_same_seed_draws_the_same(void **state)
{
    (void)state;
    float logits[N];
    logits_of(logits);
    struct facet_sampler *a = sampler_new(&plain, kernels_get(NULL), N, NULL, 0, NULL);
    struct facet_sampler *b = sampler_new(&plain, kernels_get(NULL), N, NULL, 0, NULL);
    struct facet_sampling other = plain;
    other.seed = 6;
    struct facet_sampler *c = sampler_new(&other, kernels_get(NULL), N, NULL, 0, NULL);
    int differs = 0;
    for (int i = 0; i < 200; i++) {
        struct facet_token x, y, z;
        assert_true(sampler_draw(a, logits, NULL, 0, -1, &x, NULL));
        assert_true(sampler_draw(b, logits, NULL, 0, -1, &y, NULL));
        assert_true(sampler_draw(c, logits, NULL, 0, -1, &z, NULL));
        assert_int_equal(x.id, y.id);
        differs += x.id != z.id;
    }
    assert_true(differs > 50);
    facet_sampler_free(a);
    facet_sampler_free(b);
    facet_sampler_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_follow_the_probabilities),
        cmocka_unit_test(temperature_sharpens),
        cmocka_unit_test(top_k_top_p_min_p_cut),
        cmocka_unit_test(banned_ids_are_never_drawn),
        cmocka_unit_test(repetition_penalty_divides_and_multiplies),
        cmocka_unit_test(logprobs_and_alternatives),
        cmocka_unit_test(the_same_seed_draws_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
