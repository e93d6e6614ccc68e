#include "chat/revise.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_SHARE = 4 /* of the context */ };

/* The messages; NULL and an error while they may not be looked at, or where there is none. */
static const struct messages *said(const struct chat *chat, struct err *err)
{
    if (chat_is_busy(chat)) {
        err_set(err, "an answer is under way");
        return NULL;
    }
    const struct messages *ms = chat_messages(chat);
    if (ms->n && ms->list[ms->n - 1].role != ROLE_SYSTEM)
        return ms;
    err_set(err, "nothing was said yet");
    return NULL;
}

bool revise_question(const struct chat *chat, size_t *index, struct err *err)
{
    const struct messages *ms = said(chat, err);
    if (!ms)
        return false;
    for (*index = ms->n - 1; *index > 0 && ms->list[*index].role != ROLE_USER;)
        --*index;
    return true;
}

bool revise_delete(struct chat *chat, struct err *err)
{
    size_t index;
    return revise_question(chat, &index, err) && chat_delete(chat, index, err);
}

bool revise_fork(struct chat *chat, struct err *err)
{
    const struct messages *ms = said(chat, err);
    return ms && chat_fork(chat, ms->n - 1, err);
}

bool revise_branch(struct chat *chat, const char *which, size_t *index, struct err *err)
{
    const struct messages *ms = said(chat, err);
    if (!ms)
        return false;
    *index = ms->n - 1;
    while (*index > 0 && ms->list[*index].n_variants < 2)
        --*index;
    const struct message *m = &ms->list[*index];
    if (m->n_variants < 2)
        return err_set(err, "nothing else was said anywhere in this conversation");
    char *end = NULL;
    unsigned long n = *which ? strtoul(which, &end, 10) : m->variant % m->n_variants + 1;
    if ((end && *end) || n < 1 || n > m->n_variants)
        return err_set(err, "there is no %s: %zu were said there", which, m->n_variants);
    return n == m->variant || chat_branch(chat, *index, (int)n - (int)m->variant, err);
}

static bool make_room(struct chat *chat, struct err *err)
{
    size_t used, total;
    chat_context(chat, &used, &total);
    return chat_make_room(chat, 1, total / ROOM_SHARE, err);
}

bool revise_told(struct chat *chat, const char *what, struct err *err)
{
    static const char *const words[] = {
        [CONTEXT_TOLD] = "tell", [CONTEXT_DROPPED] = "drop", [CONTEXT_PINNED] = "pin"};
    enum { N_STATES = sizeof words / sizeof *words };
    const struct messages *ms = said(chat, err);
    if (!ms)
        return false;
    if (strcmp(what, "room") == 0)
        return make_room(chat, err);
    size_t n_word = strcspn(what, " "), state = 0;
    while (state < N_STATES &&
           (strlen(words[state]) != n_word || strncmp(what, words[state], n_word) != 0))
        state++;
    if (state == N_STATES)
        return err_set(err, "/context takes drop N, pin N, tell N or room");
    const char *number = what + n_word + strspn(what + n_word, " ");
    char *end;
    unsigned long n = strtoul(number, &end, 10);
    if (*end || n < 1 || n > ms->n)
        return err_set(err, "there is no message \"%s\": they are numbered from 1 to %zu", number,
                       ms->n);
    return chat_set_told(chat, n - 1, (enum context_state)state, err);
}
