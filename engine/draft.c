#include "engine/draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/tokenizer.h"

/* Rows that sizes of one vocabulary differ by at most: those of Gemma 3's larger models are padded
 * to 262208, and have a token for pictures. */
enum { MOST_PADDING = 64 };

struct draft {
    struct facet_session *session;
    int32_t *ids; /* [n_ctx] what it has to hold */
};

static bool is_same_piece(const struct tokenizer *a, const struct tokenizer *b, int32_t id)
{
    size_t n_a = 0, n_b = 0;
    const char *in_a = tokenizer_piece(a, id, &n_a), *in_b = tokenizer_piece(b, id, &n_b);
    return !in_a || !in_b || (n_a == n_b && memcmp(in_a, in_b, n_a) == 0);
}

bool draft_fits(const struct facet_model *model, const struct facet_model *draft, struct err *err)
{
    const struct tokenizer *a = model->m->tokenizer, *b = draft->m->tokenizer;
    size_t rows_a = model->m->text.n_vocab, rows_b = draft->m->text.n_vocab;
    size_t n = rows_a < rows_b ? rows_a : rows_b, i = 0;
    while (a && b && i < n && is_same_piece(a, b, (int32_t)i))
        i++;
    if (rows_a - n > MOST_PADDING || rows_b - n > MOST_PADDING)
        return err_set(err, "%s: cannot draft for %s: its vocabulary has %zu tokens, that one %zu",
                       draft->m->path, model->m->path, rows_b, rows_a);
    if (a && b && i < n)
        return err_set(err, "%s: cannot draft for %s: they differ in token %zu", draft->m->path,
                       model->m->path, i);
    return (!a == !b) || err_set(err, "%s: cannot draft for %s: one of them has no tokenizer",
                                 draft->m->path, model->m->path);
}

static struct facet_session_options options_of(uint32_t n_ctx)
{
    return (struct facet_session_options){.n_ctx = n_ctx, .n_best = 1};
}

size_t draft_bytes(const struct facet_model *draft, uint32_t n_ctx)
{
    struct facet_session_options options = options_of(n_ctx);
    return facet_session_bytes(draft, &options) + n_ctx * sizeof(int32_t);
}

struct draft *draft_new(const struct facet_model *model, uint32_t n_ctx, struct err *err)
{
    struct facet_session_options options = options_of(n_ctx);
    struct draft *d = mem_try(1, sizeof *d, "draft", err);
    if (!d)
        return NULL;
    d->ids = mem_try(n_ctx, sizeof *d->ids, "draft", err);
    if (d->ids && (d->session = facet_session_open(model, &options, err->text)))
        return d;
    draft_free(d);
    return NULL;
}

void draft_free(struct draft *d)
{
    if (!d)
        return;
    facet_session_close(d->session);
    free(d->ids);
    free(d);
}

void draft_cancel(struct draft *d)
{
    facet_session_cancel(d->session);
}

void draft_resume(struct draft *d)
{
    facet_session_resume(d->session);
}

/* What s holds, but for pictures and what the draft has no embedding for. */
static size_t text_of(struct draft *d, const struct facet_session *s)
{
    size_t n = 0;
    int32_t soft = session_soft_id(s);
    for (size_t i = 0; i < s->n_ids; i++)
        if ((soft < 0 || s->ids[i] != soft) && session_is_token(d->session, s->ids[i]))
            d->ids[n++] = s->ids[i];
    return n;
}

bool draft_follow(struct draft *d, const struct facet_session *s, size_t *n_computed)
{
    struct facet_prompt prompt = {.ids = d->ids, .n_ids = text_of(d, s)};
    size_t n_kept;
    if (prompt.n_ids == 0 || session_follow(d->session, &prompt, &n_kept, NULL) != FACET_OK)
        return false;
    *n_computed = prompt.n_ids - n_kept;
    return true;
}

static int32_t best(const struct facet_session *s)
{
    const float *logits = facet_session_logits(s);
    size_t n = s->model->m->text.n_vocab, i = 0;
    float max = s->model->k->max(logits, n);
    while (i + 1 < n && logits[i] != max)
        i++;
    return (int32_t)i;
}

size_t draft_guess(struct draft *d, const struct facet_session *s, size_t most, int32_t *ids)
{
    for (size_t n = 0; n < most; n++) {
        ids[n] = best(d->session);
        bool last = n + 1 == most;
        if (!session_can_follow(s, ids[n]))
            return n;
        if (!last && facet_session_append(d->session, ids[n], NULL) != FACET_OK)
            return n + 1;
    }
    return most;
}
