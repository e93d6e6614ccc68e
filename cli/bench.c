#include "cli/bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/args.h"
#include "cli/bench_report.h"
#include "cli/models.h"
#include "cli/progress.h"
#include "engine/facet.h"

enum {
    SHORT_CONTEXT = 16,
    PROMPT_TOKENS = 512,
    DECODE_TOKENS = 16,
    ROUNDS = 3,
    MAX_TOKENS = 1 << 20,
    MAX_ROUNDS = 1000,
};
static const double CEILING_S = 0.25; /* a figure */

/* What was asked for. */
struct plan {
    const char *shape; /* NULL: a model file */
    size_t *prompts, n_prompts;
    size_t context; /* 0: short only */
    size_t tokens, rounds;
    bool vision;
};

/* A job done once; the ceilings are the means of right before and right after. */
struct round {
    double seconds, share;
    struct facet_ceilings ceilings;
};

struct bench {
    struct plan plan;
    struct facet_model *model;
    struct facet_session *session;
    struct bench_results results;
    struct facet_ceilings ceilings; /* as last measured */
    struct progress progress;
    char doing[96];
    int32_t *ids;     /* as many as the longest prompt has */
    double *tokens_s; /* [plan.tokens] of a round of decoding */
    struct round *rounds;
    float *planes, *soft;
};

/* ---- The plan ------------------------------------------------------------------------------- */

static bool count_of(const char *flag, const char *text, size_t *out, struct err *err)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value < 1 || value > MAX_TOKENS)
        return err_set(err, "--%s takes numbers from 1 to %d, not \"%s\"", flag, MAX_TOKENS, text);
    *out = value;
    return true;
}

/* --prompt-tokens may be repeated, or hold several numbers: 128,512. */
static bool read_prompts(struct plan *p, const struct args *args, struct err *err)
{
    const char *list;
    for (size_t i = 0; (list = args_nth(args, "prompt-tokens", i)); i++) {
        char *copy = mem_copy(list), *rest = copy;
        bool ok = true;
        for (char *word; ok && (word = strsep(&rest, ","));) {
            p->prompts = mem_grow(p->prompts, p->n_prompts + 1, sizeof *p->prompts);
            ok = count_of("prompt-tokens", word, &p->prompts[p->n_prompts++], err);
        }
        free(copy);
        if (!ok)
            return false;
    }
    if (p->n_prompts == 0) {
        p->prompts = mem_new(1, sizeof *p->prompts);
        p->prompts[p->n_prompts++] = PROMPT_TOKENS;
    }
    return true;
}

/* A shape that there is, with a tower if that is to be measured. */
static bool check_shape(const struct plan *p, struct err *err)
{
    struct facet_model_options text_only = {.text_only = true};
    uint64_t whole = facet_shape_bytes(p->shape, NULL, err->text);
    if (p->vision && whole > 0 && whole == facet_shape_bytes(p->shape, &text_only, err->text))
        return err_set(err, "shape \"%s\": this size has no vision tower", p->shape);
    return whole > 0;
}

static bool read_plan(struct plan *p, const struct args *args, struct err *err)
{
    *p = (struct plan){.shape = args_value(args, "shape"),
                       .tokens = DECODE_TOKENS,
                       .rounds = ROUNDS,
                       .vision = args_has(args, "vision")};
    return args_count(args, "context", (size_t[]){1, MAX_TOKENS}, &p->context, err) &&
           args_count(args, "tokens", (size_t[]){1, MAX_TOKENS}, &p->tokens, err) &&
           args_count(args, "rounds", (size_t[]){1, MAX_ROUNDS}, &p->rounds, err) &&
           read_prompts(p, args, err) && (!p->shape || check_shape(p, err));
}

/* Positions that the longest job holds. */
static size_t longest(const struct plan *p)
{
    size_t n = (p->context > SHORT_CONTEXT ? p->context : SHORT_CONTEXT) + p->tokens * p->rounds;
    for (size_t i = 0; i < p->n_prompts; i++)
        n = p->prompts[i] > n ? p->prompts[i] : n;
    return n;
}

/* ---- Setting up ----------------------------------------------------------------------------- */

static void show(struct bench *b, const char *what)
{
    snprintf(b->doing, sizeof b->doing, "%s", what);
    b->progress.next_s = b->progress.terminal ? 0 : b->progress.next_s;
    progress_show(&b->progress, what, 0, 0, -1);
}

static void see(void *user, const char *what, size_t done, size_t total)
{
    struct bench *b = user;
    (void)what;
    progress_show(&b->progress, b->doing, done, total, -1);
}

static bool open_model(struct bench *b, const struct args *args, struct err *err)
{
    const struct options *o = &args->options;
    struct facet_model_options how = {.vision_precision = o->vision_precision,
                                      .n_threads = (unsigned)o->threads,
                                      .text_only = !b->plan.vision};
    show(b, "opening the model");
    b->model = b->plan.shape ? facet_model_open_shape(b->plan.shape, &how, err->text)
                             : models_open(o, false, err);
    if (!b->model)
        return false;
    facet_model_get_info(b->model, &b->results.info);
    return !b->plan.vision || b->results.info.has_vision ||
           err_set(err, "%s: has no vision tower to measure", b->results.info.name);
}

static bool open_session(struct bench *b, const struct args *args, struct err *err)
{
    struct bench_results *r = &b->results;
    size_t needed = longest(&b->plan);
    r->n_ctx = args->options.ctx > needed ? args->options.ctx : needed;
    struct facet_session_options how = {.n_ctx = (uint32_t)r->n_ctx,
                                        .cache = args->options.cache,
                                        .progress = see,
                                        .progress_user = b};
    r->session_bytes = facet_session_bytes(b->model, &how);
    if (r->session_bytes > mem_available())
        return err_set(err,
                       "%s: %zu tokens of context take %.1f GB, and %.1f GB of memory are free",
                       r->info.name, r->n_ctx, (double)r->session_bytes * 1e-9,
                       (double)mem_available() * 1e-9);
    b->session = facet_session_open(b->model, &how, err->text);
    return b->session != NULL;
}

/* Numbers that look drawn, the same each time. */
static uint32_t scramble(size_t i)
{
    return (uint32_t)(((uint64_t)i + 1) * 0x9e3779b97f4a7c15u >> 33);
}

static void make_ids(struct bench *b)
{
    size_t n = longest(&b->plan);
    struct facet_special_ids special;
    facet_model_get_special(b->model, &special);
    b->ids = mem_new(n, sizeof *b->ids);
    for (size_t i = 0; i < n; i++) {
        b->ids[i] = (int32_t)(scramble(i) % b->results.info.n_vocab);
        if (b->ids[i] == special.image_soft)
            b->ids[i]--;
    }
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

static void bench_done(struct bench *b)
{
    progress_clear(&b->progress);
    facet_session_close(b->session);
    facet_model_close(b->model);
    free(b->plan.prompts);
    free(b->results.figures);
    free(b->ids);
    free(b->tokens_s);
    free(b->rounds);
    free(b->planes);
    free(b->soft);
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
    show(b, "what the machine can do");
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
    if (facet_session_rewind(b->session, 0, err->text) != FACET_OK)
        return -1;
    double start = clock_s();
    bool ok = facet_session_prompt(b->session, &prompt, NULL, err->text) == FACET_OK;
    return ok ? clock_s() - start : -1;
}

static double run_decode(struct bench *b, struct err *err)
{
    for (size_t i = 0; i < b->plan.tokens; i++) {
        double start = clock_s();
        int32_t id = b->ids[facet_session_length(b->session)];
        if (facet_session_append(b->session, id, err->text) != FACET_OK)
            return -1;
        b->tokens_s[i] = clock_s() - start;
        see(b, NULL, i + 1, b->plan.tokens);
    }
    return median(b->tokens_s, b->plan.tokens);
}

static double run_picture(struct bench *b, struct err *err)
{
    double start = clock_s();
    bool ok = facet_session_encode_image(b->session, b->planes, b->soft, err->text) == FACET_OK;
    return ok ? clock_s() - start : -1;
}

static double run_job(struct bench *b, enum facet_job job, size_t n, struct err *err)
{
    switch (job) {
    case FACET_PREFILL:
        return run_prompt(b, n, err);
    case FACET_DECODE:
        return run_decode(b, err);
    default:
        return run_picture(b, err);
    }
}

static void add_figure(struct bench *b, struct figure *f, size_t n_rounds)
{
    double *seconds = mem_new(n_rounds, sizeof *seconds);
    for (size_t i = 0; i < n_rounds; i++)
        seconds[i] = b->rounds[i].seconds;
    f->seconds = median(seconds, n_rounds);
    free(seconds);
    qsort(b->rounds, n_rounds, sizeof *b->rounds, by_share);
    f->share = b->rounds[n_rounds / 2].share;
    f->ceilings = b->rounds[n_rounds / 2].ceilings;
    struct bench_results *r = &b->results;
    r->figures = mem_grow(r->figures, r->n_figures + 1, sizeof *r->figures);
    r->figures[r->n_figures++] = *f;
}

/* n: tokens of the prompt, positions before the decode, or one picture. */
static bool measure_job(struct bench *b, enum facet_job job, size_t n, size_t n_rounds,
                        struct err *err)
{
    static const char *const names[] = {"decode", "prompt", "picture"};
    struct figure f = {.job = job, .n = n, .work = facet_session_work(b->session, job, n)};
    for (size_t i = 0; i < n_rounds; i++) {
        struct facet_ceilings before = b->ceilings;
        char what[96];
        snprintf(what, sizeof what, "%s (%zu), round %zu of %zu:", names[job], n, i + 1, n_rounds);
        show(b, what);
        struct round *round = &b->rounds[i];
        round->seconds = run_job(b, job, n, err);
        if (round->seconds < 0 || !measure_ceilings(b, err))
            return false;
        round->ceilings = mean_of(&before, &b->ceilings);
        round->share = floor_of(job, &f.work, &round->ceilings).seconds / round->seconds;
    }
    add_figure(b, &f, n_rounds);
    return true;
}

static bool measure(struct bench *b, struct err *err)
{
    const struct plan *p = &b->plan;
    show(b, "warming up:");
    if (run_prompt(b, SHORT_CONTEXT, err) < 0 || !measure_ceilings(b, err) ||
        !measure_job(b, FACET_DECODE, SHORT_CONTEXT, p->rounds, err))
        return false;
    for (size_t i = 0; i < p->n_prompts; i++)
        if (!measure_job(b, FACET_PREFILL, p->prompts[i], p->rounds, err))
            return false;
    if (p->context && !(measure_job(b, FACET_PREFILL, p->context, 1, err) &&
                        measure_job(b, FACET_DECODE, p->context, p->rounds, err)))
        return false;
    return !p->vision || (make_picture(b, err) && measure_job(b, FACET_IMAGE, 1, p->rounds, err));
}

static int run(struct args *args, struct err *err)
{
    struct bench b = {0};
    if (!read_plan(&b.plan, args, err)) {
        bench_done(&b);
        return EXIT_USAGE;
    }
    progress_init(&b.progress, args->options.quiet);
    b.tokens_s = mem_new(b.plan.tokens, sizeof *b.tokens_s);
    b.rounds = mem_new(b.plan.rounds, sizeof *b.rounds);
    bool ok = open_model(&b, args, err) && open_session(&b, args, err);
    if (ok) {
        make_ids(&b);
        ok = measure(&b, err);
    }
    progress_clear(&b.progress);
    if (ok && args_has(args, "json"))
        bench_print_json(&b.results);
    else if (ok)
        bench_print_table(&b.results);
    bench_done(&b);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static const struct flag flags[] = {
    {"shape", 0, "SIZE:TYPE",
     "a size without a file, such as 4b:q4_0; its weights are made in memory"},
    {"vision", 0, NULL, "the vision tower too"},
    {"prompt-tokens", 0, "N,...", "lengths of the prompts to be computed (512)"},
    {"context", 0, "N", "decode behind N tokens, too"},
    {"tokens", 0, "N", "how many tokens a round decodes (16)"},
    {"rounds", 0, "N", "how often each is done (3)"},
    {"json", 0, NULL, "one JSON object"},
};

const struct verb verb_bench = {
    .name = "bench",
    .operands = "",
    .summary = "the speed and memory of a model on this machine, downloaded or not",
    .details = "Figures are medians. The ceiling is the speed that the machine allows: reading the "
               "weights once, or\n"
               "doing nothing but the operations, at the rates measured right before and after.\n"
               "Sizes: 270m 1b 4b 12b 27b.\nTypes: f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q2_k q3_k "
               "q4_k_m q5_k_m q6_k iq4_nl iq4_xs.",
    .options = TAKES_MODEL | TAKES(ctx) | TAKES(cache) | TAKES(quiet),
    .flags = flags,
    .n_flags = sizeof flags / sizeof *flags,
    .run = run,
};
