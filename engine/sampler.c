#include "engine/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/best.h"
#include "engine/constraint.h"

struct facet_sampler {
    struct facet_sampling sampling;
    const struct kernels *k;
    size_t n_vocab;
    uint64_t state;               /* of the random numbers */
    float *logits;                /* [n_vocab] changed copy */
    struct candidate *candidates; /* [n_vocab] */
    int32_t *banned;
    size_t n_banned;
    struct constraint *constraint; /* NULL: none */
};

struct facet_sampler *sampler_new(const struct facet_sampling *sampling, const struct kernels *k,
                                  size_t n_vocab, const int32_t *banned, size_t n_banned,
                                  struct err *err)
{
    struct facet_sampler *s = mem_try(1, sizeof *s, "sampler", err);
    if (!s)
        return NULL;
    *s = (struct facet_sampler){
        .sampling = *sampling, .k = k, .n_vocab = n_vocab, .state = sampling->seed};
    s->logits = mem_try(n_vocab, sizeof *s->logits, "sampler", err);
    s->candidates = mem_try(n_vocab, sizeof *s->candidates, "sampler", err);
    s->banned = mem_try(n_banned, sizeof *s->banned, "sampler", err);
    if (!s->logits || !s->candidates || !s->banned) {
        facet_sampler_free(s);
        return NULL;
    }
    for (size_t i = 0; i < n_banned; i++)
        if (banned[i] >= 0 && (size_t)banned[i] < n_vocab)
            s->banned[s->n_banned++] = banned[i];
    return s;
}

void facet_sampler_free(struct facet_sampler *s)
{
    if (!s)
        return;
    free(s->logits);
    free(s->candidates);
    free(s->banned);
    constraint_free(s->constraint);
    free(s);
}

enum facet_status facet_sampler_follow(struct facet_sampler *s, const struct facet_grammar *grammar,
                                       const char *text, size_t n_bytes, char *error)
{
    struct err err = {""};
    struct constraint *c = grammar ? constraint_new(grammar, text, n_bytes, &err) : NULL;
    if (grammar && !c) {
        if (error)
            memcpy(error, err.text, sizeof err.text);
        return FACET_FAILED;
    }
    constraint_free(s->constraint);
    s->constraint = c;
    return FACET_OK;
}

/* SplitMix64 (Steele, Lea & Flood 2014), as a number in [0, 1). */
static double next_random(struct facet_sampler *s)
{
    uint64_t z = s->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 11) * 0x1p-53;
}

static size_t last_of(const struct facet_sampling *sampling)
{
    return sampling->repetition_last ? sampling->repetition_last : 64;
}

/* What a penalty lowers, and what is banned, makes room for others; a penalty below 1 raises what may
 * have been anywhere. */
uint32_t facet_sampling_best(const struct facet_sampling *sampling)
{
    float penalty = sampling->repetition_penalty;
    size_t k = sampling->temperature <= 0 ? 1 : sampling->top_k;
    if (k == 0 || !(penalty >= 1))
        return 0;
    size_t n = k + SAMPLER_BANNED + (penalty > 1 ? last_of(sampling) : 0);
    return n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* From the unchanged logits, so that a token counts once, however often it stands there. */
static void penalise(struct facet_sampler *s, const float *logits, const int32_t *recent, size_t n)
{
    float penalty = s->sampling.repetition_penalty;
    size_t last = last_of(&s->sampling);
    if (penalty == 1.0f)
        return;
    for (size_t i = n > last ? n - last : 0; i < n; i++) {
        if (recent[i] < 0 || (size_t)recent[i] >= s->n_vocab)
            continue;
        float logit = logits[recent[i]];
        s->logits[recent[i]] = logit > 0 ? logit / penalty : logit * penalty;
    }
}

/* Of the n best, those that may be drawn. */
static size_t keep_allowed(struct facet_sampler *s, size_t n, size_t most)
{
    struct candidate *c = s->candidates;
    size_t n_kept = 0;
    for (size_t i = 0; i < n && n_kept < most && c[i].logit > -INFINITY; i++)
        if (constraint_allows(s->constraint, c[i].id))
            c[n_kept++] = c[i];
    return n_kept;
}

/* The k best, best first. Under a grammar most of the best may often be drawn, so that only these
 * need to be tried; where few may, all are. */
static size_t best_allowed(struct facet_sampler *s, size_t k)
{
    enum { SPARE = 64 };
    size_t n = 0;
    if (!s->constraint)
        return best_of(s->logits, s->n_vocab, k, s->candidates);
    if (k > 0)
        n = keep_allowed(s, best_of(s->logits, s->n_vocab, k + SPARE, s->candidates), k);
    if (k > 0 && n == k)
        return n;
    const uint64_t *allowed = constraint_allowed(s->constraint);
    for (size_t id = 0; id < s->n_vocab; id++)
        if (!(allowed[id / 64] >> (id % 64) & 1))
            s->logits[id] = -INFINITY;
    n = best_of(s->logits, s->n_vocab, k, s->candidates);
    while (n > 0 && s->candidates[n - 1].logit == -INFINITY)
        n--;
    return n;
}

/* Draws among the n best, best first, of changed logits. */
static int32_t draw(struct facet_sampler *s, size_t n)
{
    const struct candidate *c = s->candidates;
    const struct facet_sampling *how = &s->sampling;
    if (how->temperature <= 0 || n == 1)
        return c[0].id;
    float *p = s->logits; /* no longer needed as logits */
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p[i] = expf((c[i].logit - c[0].logit) / how->temperature);
    double kept = 0, upto = how->top_p < 1 ? how->top_p * sum : INFINITY;
    size_t n_kept = 0;
    while (n_kept < n && (n_kept == 0 || (kept < upto && p[n_kept] >= how->min_p * p[0])))
        kept += p[n_kept++];
    double at = next_random(s) * kept;
    for (size_t i = 0; i + 1 < n_kept; i++)
        if ((at -= p[i]) < 0)
            return c[i].id;
    return c[n_kept - 1].id;
}

/* Natural logarithm of Σ exp(logits). */
static float log_sum(struct facet_sampler *s, const float *logits)
{
    float max = s->k->max(logits, s->n_vocab);
    memcpy(s->logits, logits, s->n_vocab * sizeof *logits);
    return max + logf(s->k->exp_sum(s->logits, max, s->n_vocab));
}

bool sampler_can_draw(const struct facet_sampler *s, size_t n_best, int n_alternatives)
{
    size_t wanted = s->constraint ? 0 : facet_sampling_best(&s->sampling);
    return n_alternatives < 0 && wanted > 0 && wanted <= n_best;
}

static void tell_likelihood(struct facet_sampler *s, const float *logits, int n_alternatives,
                            struct facet_token *token)
{
    float total = log_sum(s, logits);
    token->logprob = logits[token->id] - total;
    if (n_alternatives == 0)
        return;
    size_t n =
        n_alternatives < FACET_MAX_ALTERNATIVES ? (size_t)n_alternatives : FACET_MAX_ALTERNATIVES;
    token->n_alternatives = (uint32_t)best_of(logits, s->n_vocab, n, s->candidates);
    for (size_t i = 0; i < token->n_alternatives; i++) {
        token->alternatives[i].id = s->candidates[i].id;
        token->alternatives[i].logprob = s->candidates[i].logit - total;
    }
}

bool sampler_draw(struct facet_sampler *s, const float *logits, const int32_t *recent,
                  size_t n_recent, int n_alternatives, struct facet_token *token, struct err *err)
{
    *token = (struct facet_token){0};
    memcpy(s->logits, logits, s->n_vocab * sizeof *logits);
    penalise(s, logits, recent, n_recent);
    for (size_t i = 0; i < s->n_banned; i++)
        s->logits[s->banned[i]] = -INFINITY;
    size_t n = best_allowed(s, s->sampling.temperature <= 0 ? 1 : s->sampling.top_k);
    if (s->constraint && constraint_failed(s->constraint, err))
        return false;
    if (n == 0)
        return err_set(err, "no token of the vocabulary may follow");
    token->id = draw(s, n);
    if (s->constraint)
        constraint_take(s->constraint, token->id);
    if (n_alternatives >= 0)
        tell_likelihood(s, logits, n_alternatives, token);
    return true;
}
