#include "cli/bench_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/args.h"

enum {
    DEPTH = 16,
    PROMPT_TOKENS = 512,
    SEQUENCES = 8,
    DECODE_TOKENS = 16,
    ROUNDS = 3,
    MAX_TOKENS = 1 << 20,
    MAX_ROUNDS = 1000,
};

static bool take_size(struct sizes *to, const char *flag, const char *text, struct err *err)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value < 1 || value > MAX_TOKENS)
        return err_set(err, "--%s takes numbers from 1 to %d, not \"%s\"", flag, MAX_TOKENS, text);
    to->all = mem_grow(to->all, to->n + 1, sizeof *to->all);
    to->all[to->n++] = value;
    return true;
}

static bool take_job(bool does[BENCH_JOB_COUNT], const char *text, struct err *err)
{
    for (int job = 0; job < BENCH_JOB_COUNT; job++)
        if (strcmp(text, bench_job_names[job]) == 0)
            return does[job] = true;
    return err_set(err, "--jobs takes decode, prefill, vision, batch, not \"%s\"", text);
}

/* A word of a flag's list, into what it is for. */
static bool take_word(struct bench_plan *p, const char *flag, const char *word, struct err *err)
{
    if (strcmp(flag, "jobs") == 0)
        return take_job(p->does, word, err);
    return take_size(strcmp(flag, "depth") == 0 ? &p->depths : &p->prompts, flag, word, err);
}

/* A flag that may be repeated, or hold several words: 128,512. */
static bool read_list(struct bench_plan *p, const struct args *args, const char *flag,
                      struct err *err)
{
    const char *list;
    for (size_t i = 0; (list = args_nth(args, flag, i)); i++) {
        char *copy = mem_copy(list), *rest = copy;
        bool ok = true;
        for (char *word; ok && (word = strsep(&rest, ","));)
            ok = take_word(p, flag, word, err);
        free(copy);
        if (!ok)
            return false;
    }
    return true;
}

static void set_default(struct sizes *s, size_t value)
{
    if (s->n > 0)
        return;
    s->all = mem_new(1, sizeof *s->all);
    s->all[s->n++] = value;
}

/* A shape that there is, with a tower if that is to be measured. */
static bool check_shape(const struct bench_plan *p, struct err *err)
{
    struct facet_model_options text_only = {.text_only = true};
    uint64_t whole = facet_shape_bytes(p->shape, NULL, err->text);
    if (p->does[BENCH_VISION] && whole > 0 &&
        whole == facet_shape_bytes(p->shape, &text_only, err->text))
        return err_set(err, "shape \"%s\": this size has no vision tower", p->shape);
    return whole > 0;
}

bool bench_plan_read(struct bench_plan *p, const struct args *args, struct err *err)
{
    *p = (struct bench_plan){.shape = args_value(args, "shape"),
                             .sequences = SEQUENCES,
                             .tokens = DECODE_TOKENS,
                             .rounds = ROUNDS};
    if (!args_count(args, "tokens", (size_t[]){1, MAX_TOKENS}, &p->tokens, err) ||
        !args_count(args, "rounds", (size_t[]){1, MAX_ROUNDS}, &p->rounds, err) ||
        !args_count(args, "batch", (size_t[]){1, FACET_MAX_TOGETHER}, &p->sequences, err) ||
        !read_list(p, args, "prompt-tokens", err) || !read_list(p, args, "depth", err) ||
        !read_list(p, args, "jobs", err))
        return false;
    if (!args_value(args, "jobs"))
        p->does[BENCH_DECODE] = p->does[BENCH_PREFILL] = true;
    p->does[BENCH_VISION] |= args_has(args, "vision");
    p->does[BENCH_BATCH] |= args_has(args, "batch");
    set_default(&p->prompts, PROMPT_TOKENS);
    set_default(&p->depths, DEPTH);
    return !p->shape || check_shape(p, err);
}

void bench_plan_done(struct bench_plan *p)
{
    free(p->prompts.all);
    free(p->depths.all);
}

size_t bench_plan_positions(const struct bench_plan *p)
{
    size_t most = 0;
    if (p->does[BENCH_DECODE] || p->does[BENCH_BATCH])
        for (size_t i = 0; i < p->depths.n; i++)
            most = p->depths.all[i] > most ? p->depths.all[i] : most;
    most += p->tokens * p->rounds;
    if (p->does[BENCH_PREFILL])
        for (size_t i = 0; i < p->prompts.n; i++)
            most = p->prompts.all[i] > most ? p->prompts.all[i] : most;
    return most;
}
