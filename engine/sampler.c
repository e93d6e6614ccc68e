#include "engine/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct candidate {
    int32_t id;
    float logit;
};

struct facet_sampler {
    struct facet_sampling sampling;
    const struct kernels *k;
    size_t n_vocab;
    uint64_t state;               /* of the random numbers */
    float *logits;                /* [n_vocab] changed copy */
    struct candidate *candidates; /* [n_vocab] */
    int32_t *banned;
    size_t n_banned;
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
    free(s);
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

/* Better first; among equals the lower id, so that ties do not depend on the order of a sort. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
    return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static int by_logit(const void *a, const void *b)
{
    return is_better(a, b) ? -1 : 1;
}

/* Restores the heap (worst candidate on top) below i. */
static void sift(struct candidate *heap, size_t n, size_t i)
{
    for (;;) {
        size_t worst = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (is_better(&heap[worst], &heap[child]))
                worst = child;
        if (worst == i)
            return;
        struct candidate swap = heap[i];
        heap[i] = heap[worst];
        heap[worst] = swap;
        i = worst;
    }
}

/* out = the k best of n logits, best first; returns how many. One pass, a heap of the best so far.
 */
static size_t best(const float *logits, size_t n, size_t k, struct candidate *out)
{
    if (k == 0 || k > n)
        k = n;
    for (size_t i = 0; i < k; i++)
        out[i] = (struct candidate){(int32_t)i, logits[i]};
    for (size_t i = k / 2; i-- > 0;)
        sift(out, k, i);
    for (size_t i = k; i < n; i++) {
        struct candidate c = {(int32_t)i, logits[i]};
        if (c.logit > out[0].logit) {
            out[0] = c;
            sift(out, k, 0);
        }
    }
    qsort(out, k, sizeof *out, by_logit);
    return k;
}

/* From the unchanged logits, so that a token counts once, however often it stands there. */
static void penalise(struct facet_sampler *s, const float *logits, const int32_t *recent, size_t n)
{
    float penalty = s->sampling.repetition_penalty;
    size_t last = s->sampling.repetition_last ? s->sampling.repetition_last : 64;
    if (penalty == 1.0f)
        return;
    for (size_t i = n > last ? n - last : 0; i < n; i++) {
        if (recent[i] < 0 || (size_t)recent[i] >= s->n_vocab)
            continue;
        float logit = logits[recent[i]];
        s->logits[recent[i]] = logit > 0 ? logit / penalty : logit * penalty;
    }
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

void sampler_draw(struct facet_sampler *s, const float *logits, const int32_t *recent,
                  size_t n_recent, int n_alternatives, struct facet_token *token)
{
    *token = (struct facet_token){0};
    memcpy(s->logits, logits, s->n_vocab * sizeof *logits);
    penalise(s, logits, recent, n_recent);
    for (size_t i = 0; i < s->n_banned; i++)
        s->logits[s->banned[i]] = -INFINITY;
    size_t k = s->sampling.temperature <= 0 ? 1 : s->sampling.top_k;
    token->id = draw(s, best(s->logits, s->n_vocab, k, s->candidates));
    if (n_alternatives < 0)
        return;
    float total = log_sum(s, logits);
    token->logprob = logits[token->id] - total;
    if (n_alternatives == 0)
        return;
    size_t n =
        n_alternatives < FACET_MAX_ALTERNATIVES ? (size_t)n_alternatives : FACET_MAX_ALTERNATIVES;
    token->n_alternatives = (uint32_t)best(logits, s->n_vocab, n, s->candidates);
    for (size_t i = 0; i < token->n_alternatives; i++) {
        token->alternatives[i].id = s->candidates[i].id;
        token->alternatives[i].logprob = s->candidates[i].logit - total;
    }
}
