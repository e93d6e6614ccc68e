/* What was said last, changed as commands ask for it; /context's words, too. All of it fails while
 * an answer is under way, and where there is nothing to change. */
#ifndef CHAT_REVISE_H
#define CHAT_REVISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "chat/chat.h"

/* Where the last question stands among chat_messages. */
bool revise_question(const struct chat *chat, size_t *index, struct err *err);
/* Deletes it with its answer. */
bool revise_delete(struct chat *chat, struct err *err);
/* Goes on in a new conversation that begins with all that is seen. */
bool revise_fork(struct chat *chat, struct err *err);
/* Where something else was said last: shows number "N" of it, or (which "") the next, behind the
 * last the first. *index: where. */
bool revise_branch(struct chat *chat, const char *which, size_t *index, struct err *err);
/* "drop N", "pin N", "tell N": whether the model is told of the turn of message N, from 1; "room":
 * the oldest turns are dropped until a quarter of the context is free. */
bool revise_told(struct chat *chat, const char *what, struct err *err);

#endif
