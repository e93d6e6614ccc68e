/* What the vocabulary is made from: all that is said in samples, a line each. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "train/sample.h"
#include "train/steps.h"

/* SentencePiece reads lines, and pieces do not reach across them anyway. */
static void put(FILE *file, const char *text)
{
    fputs(text, file);
    fputc('\n', file);
}

static void put_sample(FILE *file, const struct sample *s)
{
    if (s->system)
        put(file, s->system);
    for (size_t i = 0; i < s->n_exchanges; i++) {
        put(file, s->exchanges[i].user);
        put(file, s->exchanges[i].model);
    }
}

/* So that each is a piece. */
static void put_visible_ascii(FILE *file)
{
    for (int c = '!'; c <= '~'; c++)
        fputc(c, file);
    fputc('\n', file);
}

static bool put_samples(FILE *file, uint64_t seed, uint64_t n, struct err *err)
{
    for (uint64_t i = 0; i < n; i++) {
        struct sample s = {0};
        bool ok = sample_make(&s, SPLIT_TRAIN, seed, i, err);
        if (ok)
            put_sample(file, &s);
        sample_done(&s);
        if (!ok)
            return false;
    }
    return true;
}

bool step_corpus(int argc, char **argv, struct err *err)
{
    const char *out = step_text(argc, argv, "out", NULL);
    FILE *file = out ? fopen(out, "w") : NULL;
    if (!file)
        return err_set(err, "%s: %s", out ? out : "out=FILE", out ? strerror(errno) : "is needed");
    put_visible_ascii(file);
    bool ok = put_samples(file, (uint64_t)step_number(argc, argv, "seed", 0),
                          (uint64_t)step_number(argc, argv, "n", 20000), err);
    bool failed = ferror(file);
    if (fclose(file) || failed)
        return ok && err_set(err, "%s: %s", out, strerror(errno));
    return ok;
}
