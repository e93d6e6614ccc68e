#include "cli/bench_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { WARM_TOKENS = 16 };
static const double CEILING_S = 0.25; /* a figure */

/* ---- Progress ------------------------------------------------------------------------------- */

void bench_show(struct bench *b, const char *what)
{
    snprintf(b->doing, sizeof b->doing, "%s", what);
    b->progress.next_s = b->progress.terminal ? 0 : b->progress.next_s;
    progress_show(&b->progress, what, 0, 0, -1);
}

void bench_see(void *user, const char *what, size_t done, size_t total)
{
    struct bench *b = user;
    (void)what;
    progress_show(&b->progress, b->doing, done, total, -1);
}

/* ---- What goes in --------------------------------------------------------------------------- */

/* Numbers that look drawn, the same each time. */
static uint32_t scramble(size_t i)
{
    return (uint32_t)(((uint64_t)i + 1) * 0x9e3779b97f4a7c15u >> 33);
}

static int32_t some_id(const struct bench *b, size_t i)
{
    struct facet_special_ids special;
    facet_model_get_special(b->model, &special);
    int32_t id = (int32_t)(scramble(i) % b->results.info.n_vocab);
    return id == special.image_soft ? id - 1 : id;
}

static void make_ids(struct bench *b)
{
    size_t n = WARM_TOKENS;
    for (size_t i = 0; i < b->plan.prompts.n; i++)
        n = b->plan.prompts.all[i] > n ? b->plan.prompts.all[i] : n;
    b->ids = mem_new(n, sizeof *b->ids);
    for (size_t i = 0; i < n; i++)
        b->ids[i] = some_id(b, i);
}

static bool make_picture(struct bench *b, struct err *err)
{
    const struct facet_model_info *info = &b->results.info;
    size_t n = 3 * (size_t)info->image_size * info->image_size;
    b->planes = mem_try(n, sizeof *b->planes, "picture", err);
    b->soft =
        mem_try((size_t)info->n_soft_tokens * info->n_embd, sizeof *b->soft, "soft tokens", err);
    for (size_t i = 0; b->planes && i < n; i++)
        b->planes[i] = (float)(scramble(i) % 256) / 127.5f - 1;
    return b->planes && b->soft;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static void take_better(struct facet_ceilings *best, const struct facet_ceilings *other)
{
    if (other->read_bytes > best->read_bytes)
        best->read_bytes = other->read_bytes;
    for (int a = 0; a < FACET_ARITHMETIC_COUNT; a++)
        if (other->ops[a] > best->ops[a])
            best->ops[a] = other->ops[a];
}

static bool measure_ceilings(struct bench *b, struct err *err)
{
    bench_show(b, "what the machine can do");
    if (facet_measure_ceilings(b->model, CEILING_S, &b->ceilings, err->text) != FACET_OK)
        return false;
    take_better(&b->results.ceilings, &b->ceilings);
    return true;
}

static struct facet_ceilings mean_of(const struct facet_ceilings *a, const struct facet_ceilings *b)
{
    struct facet_ceilings mean = {.read_bytes = (a->read_bytes + b->read_bytes) / 2};
    for (int i = 0; i < FACET_ARITHMETIC_COUNT; i++)
        mean.ops[i] = (a->ops[i] + b->ops[i]) / 2;
    return mean;
}

static int by_share(const void *a, const void *b)
{
    double x = ((const struct round *)a)->share, y = ((const struct round *)b)->share;
    return (x > y) - (x < y);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts values[n]. */
static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_size);
    return (values[n / 2] + values[(n - 1) / 2]) / 2;
}

/* A prompt of the first n ids, nothing of it held before. Negative on failure, as all of these. */
static double run_prompt(struct bench *b, size_t n, struct err *err)
{
    struct facet_prompt prompt = {.ids = b->ids, .n_ids = n};
    if (facet_session_rewind(b->sessions[0], 0, err->text) != FACET_OK)
        return -1;
    double start = clock_s();
    bool ok = facet_session_prompt(b->sessions[0], &prompt, NULL, err->text) == FACET_OK;
    return ok ? clock_s() - start : -1;
}

/* One more position of each of the first n sessions. */
static bool step(struct bench *b, size_t n, size_t at, struct err *err)
{
    int32_t ids[FACET_MAX_TOGETHER];
    for (size_t i = 0; i < n; i++)
        ids[i] = some_id(b, at + i);
    enum facet_status status = n == 1 ? facet_session_append(b->sessions[0], ids[0], err->text)
                                      : facet_sessions_append(b->sessions, ids, n, err->text);
    return status == FACET_OK;
}

/* The median of a round's steps, behind what the sessions hold. */
static double run_decode(struct bench *b, size_t n_sessions, struct err *err)
{
    for (size_t i = 0; i < b->plan.tokens; i++) {
        double start = clock_s();
        if (!step(b, n_sessions, facet_session_length(b->sessions[0]), err))
            return -1;
        b->tokens_s[i] = clock_s() - start;
        bench_see(b, NULL, i + 1, b->plan.tokens);
    }
    return median(b->tokens_s, b->plan.tokens);
}

static double run_picture(struct bench *b, struct err *err)
{
    double start = clock_s();
    bool ok = facet_session_encode_image(b->sessions[0], b->planes, b->soft, err->text) == FACET_OK;
    return ok ? clock_s() - start : -1;
}

static double run_job(struct bench *b, const struct figure *f, struct err *err)
{
    switch (f->job) {
    case BENCH_PREFILL:
        return run_prompt(b, f->n, err);
    case BENCH_VISION:
        return run_picture(b, err);
    default:
        return run_decode(b, f->sequences, err);
    }
}

/* A batch reads the weights once, and each sequence's cache. */
static struct facet_work work_of(const struct bench *b, const struct figure *f)
{
    static const enum facet_job jobs[] = {FACET_DECODE, FACET_PREFILL, FACET_IMAGE, FACET_DECODE};
    struct facet_work work = facet_session_work(b->sessions[0], jobs[f->job], f->n);
    if (f->job == BENCH_BATCH) {
        double weights = facet_session_work(b->sessions[0], FACET_DECODE, 0).bytes;
        work.bytes = weights + (double)f->sequences * (work.bytes - weights);
        work.ops *= (double)f->sequences;
    }
    return work;
}

static void add_figure(struct bench *b, struct figure *f)
{
    size_t n = b->plan.rounds;
    double *seconds = mem_new(n, sizeof *seconds);
    for (size_t i = 0; i < n; i++)
        seconds[i] = b->rounds[i].seconds;
    f->seconds = median(seconds, n);
    free(seconds);
    qsort(b->rounds, n, sizeof *b->rounds, by_share);
    f->share = b->rounds[n / 2].share;
    f->ceilings = b->rounds[n / 2].ceilings;
    struct bench_results *r = &b->results;
    r->figures = mem_grow(r->figures, r->n_figures + 1, sizeof *r->figures);
    r->figures[r->n_figures++] = *f;
}

static bool do_round(struct bench *b, struct figure *f, struct round *round, struct err *err)
{
    struct facet_ceilings before = b->ceilings;
    round->seconds = run_job(b, f, err);
    f->work = work_of(b, f);
    size_t resident = mem_resident();
    if (resident > b->results.resident_bytes)
        b->results.resident_bytes = resident;
    if (round->seconds < 0 || !measure_ceilings(b, err))
        return false;
    round->ceilings = mean_of(&before, &b->ceilings);
    round->share = floor_of(f->job, &f->work, &round->ceilings).seconds / round->seconds;
    return true;
}

static bool measure_job(struct bench *b, struct figure f, struct err *err)
{
    for (size_t i = 0; i < b->plan.rounds; i++) {
        char what[96];
        snprintf(what, sizeof what, "%s (%zu), round %zu of %zu:", bench_job_names[f.job], f.n,
                 i + 1, b->plan.rounds);
        bench_show(b, what);
        if (!do_round(b, &f, &b->rounds[i], err))
            return false;
    }
    add_figure(b, &f);
    return true;
}

/* All n sessions hold `depth` positions. */
static bool fill(struct bench *b, size_t n, size_t depth, struct err *err)
{
    bench_show(b, "filling the context");
    for (size_t i = 0; i < n; i++)
        if (facet_session_rewind(b->sessions[i], 0, err->text) != FACET_OK ||
            facet_session_fill(b->sessions[i], depth, err->text) != FACET_OK)
            return false;
    return true;
}

static bool measure_decode(struct bench *b, enum bench_job job, size_t n, struct err *err)
{
    const struct sizes *depths = &b->plan.depths;
    for (size_t i = 0; i < depths->n; i++)
        if (!fill(b, n, depths->all[i], err) ||
            !measure_job(b, (struct figure){.job = job, .n = depths->all[i], .sequences = n}, err))
            return false;
    return true;
}

bool bench_measure(struct bench *b, struct err *err)
{
    const struct bench_plan *p = &b->plan;
    make_ids(b);
    bench_show(b, "warming up:");
    facet_session_prepare(b->sessions[0]);
    if (run_prompt(b, WARM_TOKENS, err) < 0 || !measure_ceilings(b, err) ||
        (p->does[BENCH_DECODE] && !measure_decode(b, BENCH_DECODE, 1, err)))
        return false;
    for (size_t i = 0; p->does[BENCH_PREFILL] && i < p->prompts.n; i++)
        if (!measure_job(
                b, (struct figure){.job = BENCH_PREFILL, .n = p->prompts.all[i], .sequences = 1},
                err))
            return false;
    if (p->does[BENCH_VISION] &&
        !(make_picture(b, err) &&
          measure_job(b, (struct figure){.job = BENCH_VISION, .n = 1, .sequences = 1}, err)))
        return false;
    return !p->does[BENCH_BATCH] || measure_decode(b, BENCH_BATCH, p->sequences, err);
}
