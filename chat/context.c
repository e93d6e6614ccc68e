#include "chat/context.h"

#include <stdlib.h>

#include "base/mem.h"
#include "chat/template.h"

/* Where the turn of message i begins: at the user's last message up to there. */
static size_t turn_start(const struct messages *ms, size_t i)
{
    while (i > 0 && ms->list[i].role != ROLE_USER)
        i--;
    return i;
}

static size_t turn_end(const struct messages *ms, size_t start)
{
    size_t end = start + 1;
    while (end < ms->n && ms->list[end].role != ROLE_USER)
        end++;
    return end;
}

bool context_weigh(const struct facet_model *model, const struct messages *ms,
                   struct context_share *shares, struct err *err)
{
    struct prompt prompt;
    struct messages all = *ms;
    all.list = mem_new(ms->n + 1, sizeof *all.list);
    for (size_t i = 0; i < ms->n; i++) {
        all.list[i] = ms->list[i]; /* borrowed */
        all.list[i].dropped = false;
    }
    bool ok = prompt_render(&prompt, model, &all, PROMPT_CLOSED, err);
    for (size_t i = 0; ok && i < ms->n; i++) {
        const struct prompt_mark *mark = &prompt.marks[i];
        shares[i].images = mark[1].n_image_ids - mark[0].n_image_ids;
        shares[i].text = mark[1].n_ids - mark[0].n_ids - shares[i].images;
    }
    if (ok)
        prompt_done(&prompt);
    free(all.list);
    return ok;
}

enum context_state context_state(const struct messages *ms, size_t i)
{
    const struct message *m = &ms->list[turn_start(ms, i)];
    return m->dropped ? CONTEXT_DROPPED : m->pinned ? CONTEXT_PINNED : CONTEXT_TOLD;
}

void context_set_state(struct messages *ms, size_t i, enum context_state state)
{
    size_t start = turn_start(ms, i), end = turn_end(ms, start);
    for (size_t k = start; k < end; k++) {
        ms->list[k].dropped = state == CONTEXT_DROPPED;
        ms->list[k].pinned = state == CONTEXT_PINNED;
    }
}

size_t context_drop(struct messages *ms, const struct context_share *shares, size_t need)
{
    size_t freed = 0, last = ms->n ? turn_start(ms, ms->n - 1) : 0;
    for (size_t i = 0; i < last && freed < need; i = turn_end(ms, i)) {
        if (ms->list[i].role != ROLE_USER || context_state(ms, i) != CONTEXT_TOLD)
            continue;
        context_set_state(ms, i, CONTEXT_DROPPED);
        for (size_t k = i; k < turn_end(ms, i); k++)
            freed += shares[k].text + shares[k].images;
    }
    return freed;
}
