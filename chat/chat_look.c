/* chat.h: where an answer looked. */
#include <stdlib.h>
#include <string.h>

#include "chat/chat_state.h"

void chat_forget_look(struct chat *chat)
{
    free(chat->looked.share);
    chat->looked = (struct chat_looked){0};
    look_done(&chat->look);
}

/* Makes ready what the worker is to find out. */
static bool prepare(struct chat *chat, size_t message, size_t first, size_t n_bytes,
                    const struct attachment *picture, struct err *err)
{
    const struct messages *ms = &chat->tree.path;
    if (message >= ms->n || ms->list[message].role != ROLE_MODEL || ms->list[message].dropped)
        return err_set(err, "only of an answer it can be told where it looked");
    chat_forget_look(chat);
    char *text = message_text(&ms->list[message], 1);
    size_t length = strlen(text);
    chat->look = (struct look){.message = message,
                               .text = text,
                               .first = first,
                               .end = n_bytes < length ? first + n_bytes : length,
                               .picture = attachment_keep((struct attachment *)picture)};
    return (first < length && n_bytes > 0) || err_set(err, "the answer has no such words");
}

bool chat_look(struct chat *chat, size_t message, size_t first, size_t n_bytes,
               const struct attachment *picture, struct err *err)
{
    if (!chat_is_idle(chat, err) || !prepare(chat, message, first, n_bytes, picture, err) ||
        !chat_claim(chat, err))
        return false;
    chat_start(chat, JOB_LOOK);
    return true;
}

void chat_conclude_look(struct chat *chat, const struct outcome *o)
{
    struct chat_event looked = {.kind = CHAT_LOOKED, .reason = o->reason};
    const char *why = o->failed                     ? o->err.text
                      : o->reason == CHAT_CANCELLED ? "stopped"
                                                    : NULL;
    events_put(&chat->events, &looked, why, why ? strlen(why) : 0);
}

const struct chat_looked *chat_looked(const struct chat *chat)
{
    return &chat->looked;
}
