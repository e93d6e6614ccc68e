#include "cli/bench.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/args.h"
#include "cli/bench_run.h"
#include "cli/models.h"

static bool open_model(struct bench *b, const struct args *args, struct err *err)
{
    const struct options *o = &args->options;
    bool vision = b->plan.does[BENCH_VISION];
    struct facet_model_options how = {.vision_precision = o->vision_precision,
                                      .n_threads = (unsigned)o->threads,
                                      .text_only = !vision};
    bench_show(b, "opening the model");
    b->model = b->plan.shape ? facet_model_open_shape(b->plan.shape, &how, err->text)
                             : models_open(o, vision ? MODELS_WHOLE : MODELS_TEXT, err);
    if (!b->model)
        return false;
    facet_model_get_info(b->model, &b->results.info);
    return !vision || b->results.info.has_vision ||
           err_set(err, "%s: has no vision tower to measure", b->results.info.name);
}

static bool open_session(struct bench *b, size_t i, const struct facet_session_options *how,
                         struct err *err)
{
    struct bench_results *r = &b->results;
    size_t bytes = facet_session_bytes(b->model, how);
    if (bytes > mem_available())
        return err_set(
            err, "%s: %zu tokens of context take %.1f GB, and %.1f GB of memory are free",
            r->info.name, r->n_ctx, (double)bytes * 1e-9, (double)mem_available() * 1e-9);
    r->session_bytes += bytes;
    b->sessions[i] = facet_session_open(b->model, how, err->text);
    return b->sessions[i] != NULL;
}

/* Those of a batch share their scratch memory. */
static bool open_sessions(struct bench *b, const struct args *args, struct err *err)
{
    struct bench_results *r = &b->results;
    size_t needed = bench_plan_positions(&b->plan);
    r->n_ctx = args->options.ctx > needed ? args->options.ctx : needed;
    r->n_sessions = b->plan.does[BENCH_BATCH] ? b->plan.sequences : 1;
    struct facet_session_options how = {.n_ctx = (uint32_t)r->n_ctx,
                                        .cache = args->options.cache,
                                        .n_best = options_best(&args->options, b->model),
                                        .progress = bench_see,
                                        .progress_user = b};
    bool ok = true;
    for (size_t i = 0; ok && i < r->n_sessions; i++) {
        how.beside = b->sessions[0];
        ok = open_session(b, i, &how, err);
    }
    return ok;
}

static void bench_done(struct bench *b)
{
    progress_clear(&b->progress);
    for (size_t i = 0; b->sessions && i < b->plan.sequences; i++)
        facet_session_close(b->sessions[i]);
    facet_model_close(b->model);
    bench_plan_done(&b->plan);
    free(b->sessions);
    free(b->results.figures);
    free(b->ids);
    free(b->tokens_s);
    free(b->rounds);
    free(b->planes);
    free(b->soft);
}

static int run(struct args *args, struct err *err)
{
    struct bench b = {0};
    if (!bench_plan_read(&b.plan, args, err)) {
        bench_done(&b);
        return EXIT_USAGE;
    }
    progress_init(&b.progress, args->options.quiet);
    b.tokens_s = mem_new(b.plan.tokens, sizeof *b.tokens_s);
    b.rounds = mem_new(b.plan.rounds, sizeof *b.rounds);
    b.sessions = mem_new(b.plan.sequences, sizeof *b.sessions);
    bool ok = open_model(&b, args, err) && open_sessions(&b, args, err) && bench_measure(&b, err);
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
    {"jobs", 0, "JOB,...", "which of decode, prefill, vision, batch (decode,prefill)"},
    {"vision", 0, NULL, "the vision tower too"},
    {"batch", 0, "N", "decode N sequences together, too"},
    {"prompt-tokens", 0, "N,...", "lengths of the prompts to be computed (512)"},
    {"depth", 0, "N,...", "how many tokens stand before those decoded (16)"},
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
    .options = TAKES_MODEL | TAKES(ctx) | TAKES(cache) | TAKES(full_head) | TAKES(quiet),
    .flags = flags,
    .n_flags = sizeof flags / sizeof *flags,
    .run = run,
};
