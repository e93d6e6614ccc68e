#include "cli/inspect_engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/args.h"
#include "cli/ids.h"
#include "cli/json.h"
#include "cli/models.h"
#include "cli/planes.h"
#include "engine/facet.h"

_Static_assert((int)ERR_TEXT_BYTES >= (int)FACET_ERROR_BYTES, "an engine error must fit");

/* A model, a session, and what is asked of them. */
struct bench {
    struct facet_model *model;
    struct facet_session *session;
    struct facet_model_info info;
    struct ids ids;
    float **soft; /* n_images pictures, encoded */
    size_t n_images;
};

static void bench_done(struct bench *b)
{
    for (size_t i = 0; i < b->n_images; i++)
        free(b->soft[i]);
    free(b->soft);
    ids_done(&b->ids);
    facet_session_close(b->session);
    facet_model_close(b->model);
}

static bool bench_open(struct bench *b, const struct args *args, size_t n_ctx, struct err *err)
{
    b->model = models_open(&args->options, MODELS_WHOLE, err);
    if (!b->model)
        return false;
    facet_model_get_info(b->model, &b->info);
    if (n_ctx < b->info.n_soft_tokens)
        n_ctx =
            b->info.n_soft_tokens; /* a session of a model with a tower has room for one picture */
    if (n_ctx > UINT32_MAX)
        return err_set(err, "a context of %zu tokens is too long", n_ctx);
    struct facet_session_options options = {.n_ctx = (uint32_t)n_ctx, .cache = args->options.cache};
    b->session = facet_session_open(b->model, &options, err->text);
    return b->session != NULL;
}

static bool needs_vision(const struct bench *b, struct err *err)
{
    return b->info.has_vision ||
           err_set(err, "%s: has no vision tower, and no projector file was found", b->info.name);
}

static const char *needs_output(const struct args *args, struct err *err)
{
    const char *output = args_value(args, "output");
    if (!output)
        err_set(err, "facet %s needs -o FILE", args->verb->name);
    return output;
}

static float *encode(struct bench *b, const char *path, struct err *err)
{
    float *planes = planes_load(path, b->info.image_size, err);
    float *soft = planes ? mem_try((size_t)b->info.n_soft_tokens * b->info.n_embd, sizeof *soft,
                                   "soft tokens", err)
                         : NULL;
    if (soft && facet_session_encode_image(b->session, planes, soft, err->text) != FACET_OK) {
        free(soft);
        soft = NULL;
    }
    free(planes);
    return soft;
}

static int run_embed(struct args *args, struct err *err)
{
    const char *output = needs_output(args, err);
    if (!output)
        return EXIT_USAGE;
    struct bench b = {0};
    bool ok = bench_open(&b, args, 0, err) && needs_vision(&b, err);
    float *soft = ok ? encode(&b, args->operands[0], err) : NULL;
    ok = soft && floats_write(output, soft, (size_t)b.info.n_soft_tokens * b.info.n_embd, err);
    free(soft);
    bench_done(&b);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static bool write_patches(struct bench *b, const float *planes, const char *output, struct err *err)
{
    uint32_t n, width;
    if (facet_session_encode_patches(b->session, planes, NULL, &n, &width, err->text) != FACET_OK)
        return false;
    float *patches = mem_try((size_t)n * width, sizeof *patches, "patch states", err);
    bool ok = patches &&
              facet_session_encode_patches(b->session, planes, patches, &n, &width, err->text) ==
                  FACET_OK &&
              floats_write(output, patches, (size_t)n * width, err);
    free(patches);
    return ok;
}

static int run_patches(struct args *args, struct err *err)
{
    const char *output = needs_output(args, err);
    if (!output)
        return EXIT_USAGE;
    struct bench b = {0};
    bool ok = bench_open(&b, args, 0, err) && needs_vision(&b, err);
    float *planes = ok ? planes_load(args->operands[0], b.info.image_size, err) : NULL;
    ok = planes && write_patches(&b, planes, output, err);
    free(planes);
    bench_done(&b);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static bool encode_images(struct bench *b, const struct args *args, struct err *err)
{
    const char *path;
    for (size_t i = 0; (path = args_nth(args, "image", i)); i++) {
        if (!needs_vision(b, err))
            return false;
        float *soft = encode(b, path, err);
        if (!soft)
            return false;
        b->soft = mem_grow(b->soft, b->n_images + 1, sizeof *b->soft);
        b->soft[b->n_images++] = soft;
    }
    return true;
}

/* Ids, model, session and pictures of `logits` and `greedy`; `more` positions behind the ids. */
static int prepare(struct bench *b, const struct args *args, size_t more, struct err *err)
{
    const char *list = args_value(args, "ids");
    if (!list || !ids_parse(&b->ids, list, err) || b->ids.n == 0) {
        if (!list || b->ids.n == 0)
            err_set(err, "facet %s needs --ids 2,105,...", args->verb->name);
        return EXIT_USAGE;
    }
    bool ok = bench_open(b, args, b->ids.n + more, err) && encode_images(b, args, err);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static struct facet_prompt prompt_of(const struct bench *b)
{
    return (struct facet_prompt){b->ids.list, b->ids.n, (const float *const *)b->soft, b->n_images};
}

static bool write_logits(struct bench *b, const char *output, struct err *err)
{
    size_t n;
    if (!size_mul(b->ids.n, b->info.n_vocab, &n))
        return err_set(err, "too many logits");
    float *logits = mem_try(n, sizeof *logits, "the logits of all positions", err);
    struct facet_prompt prompt = prompt_of(b);
    bool ok = logits &&
              facet_session_prompt_logits(b->session, &prompt, logits, err->text) == FACET_OK &&
              floats_write(output, logits, n, err);
    free(logits);
    return ok;
}

static int run_logits(struct args *args, struct err *err)
{
    const char *output = needs_output(args, err);
    if (!output)
        return EXIT_USAGE;
    struct bench b = {0};
    int code = prepare(&b, args, 0, err);
    if (code == EXIT_DONE && !write_logits(&b, output, err))
        code = EXIT_FAILED;
    bench_done(&b);
    return code;
}

/* The best token each time, whatever it is: <end_of_turn> does not end it. */
static bool continue_greedily(struct bench *b, size_t n, struct ids *out, struct err *err)
{
    struct facet_prompt prompt = prompt_of(b);
    if (facet_session_prompt(b->session, &prompt, NULL, err->text) != FACET_OK)
        return false;
    struct facet_sampling sampling = facet_sampling_default;
    sampling.temperature = 0;
    sampling.allow_image_tokens = true;
    struct facet_sampler *sampler = facet_sampler_new(b->model, &sampling, err->text);
    bool ok = sampler != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        struct facet_token token;
        ok = facet_sampler_draw(sampler, b->session, -1, &token, err->text) == FACET_OK;
        if (ok)
            ids_push(out, token.id);
        if (ok && i + 1 < n)
            ok = facet_session_append(b->session, token.id, err->text) == FACET_OK;
    }
    facet_sampler_free(sampler);
    return ok;
}

static int run_greedy(struct args *args, struct err *err)
{
    size_t n = args->options.max_tokens > 0 ? args->options.max_tokens : 16;
    struct bench b = {0};
    struct ids out = {0};
    int code = prepare(&b, args, n, err);
    if (code == EXIT_DONE && !continue_greedily(&b, n, &out, err))
        code = EXIT_FAILED;
    if (code == EXIT_DONE)
        json_print(stdout, ids_json(out.list, out.n));
    ids_done(&out);
    bench_done(&b);
    return code;
}

static const struct flag output_flag[] = {
    {"output", 'o', "OUT.f32", "where to write; needed"},
};

const struct verb verb_inspect_embed = {
    .name = "inspect embed",
    .operands = "IMAGE|planes.f32",
    .summary = "the soft tokens of a picture, row by row as 32-bit floats",
    .details = "The picture is squashed whole to what the tower takes. A file that ends in .f32 "
               "holds planes\n"
               "(red, green, blue) of that size, 32-bit floats in [-1, 1].",
    .options = TAKES_MODEL,
    .flags = output_flag,
    .n_flags = 1,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_embed,
};

const struct verb verb_inspect_patches = {
    .name = "inspect patches",
    .operands = "IMAGE|planes.f32",
    .summary = "the vision tower's states after its last norm, before pooling",
    .options = TAKES_MODEL,
    .flags = output_flag,
    .n_flags = 1,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_patches,
};

static const struct flag logits_flags[] = {
    {"image", 'i', "IMAGE|planes.f32",
     "a picture, squashed whole; its place is a run of <image_soft_token>; may be repeated"},
    {"ids", 0, "ID,ID,...", "the prompt's tokens, with <bos>; needed"},
    {"output", 'o', "OUT.f32", "where to write; needed"},
};

const struct verb verb_inspect_logits = {
    .name = "inspect logits",
    .operands = "",
    .summary = "the logits of every position, as 32-bit floats",
    .options = TAKES_MODEL | TAKES(cache),
    .flags = logits_flags,
    .n_flags = 3,
    .run = run_logits,
};

const struct verb verb_inspect_greedy = {
    .name = "inspect greedy",
    .operands = "",
    .summary = "the ids of the best continuation, as JSON",
    .details = "-n says how many (16). <end_of_turn> does not end it.",
    .options = TAKES_MODEL | TAKES(cache) | TAKES(max_tokens),
    .flags = logits_flags,
    .n_flags = 2,
    .run = run_greedy,
};
