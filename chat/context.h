/* What of the context each message takes, and which of them the model is still told when not all
 * find room. A turn is a message of the user and the answer to it: they go together. */
#ifndef CHAT_CONTEXT_H
#define CHAT_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "chat/message.h"
#include "engine/facet.h"

struct context_share {
    size_t text, images; /* positions, as the prompt has them; of a dropped message: as it would */
};

/* Fills shares[0..ms->n). The system text counts with the first message. */
bool context_weigh(const struct facet_model *model, const struct messages *ms,
                   struct context_share *shares, struct err *err);

enum context_state { CONTEXT_TOLD, CONTEXT_DROPPED, CONTEXT_PINNED };
/* Of the turn that message i belongs to. */
enum context_state context_state(const struct messages *ms, size_t i);
void context_set_state(struct messages *ms, size_t i, enum context_state state);

/* Drops the oldest turns that are not pinned, never the last one, until `need` positions are free.
 * Returns how many were freed: less than asked for where there was no more. */
size_t context_drop(struct messages *ms, const struct context_share *shares, size_t need);

#endif
