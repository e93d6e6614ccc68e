/* Sessions of conversations, kept on disk (kept.h): one that is opened again goes on from where it
 * was left, as if it had never been closed. Told by the conversation's number in the history and by
 * the model; what a session holds counts only as far as the next prompt begins with it, so a wrong
 * one costs nothing. */
#ifndef CHAT_KEPT_SESSIONS_H
#define CHAT_KEPT_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/kept.h"
#include "engine/facet.h"

/* Nothing happens if there is none; the session is empty if it is of no use. */
void kept_session_load(const struct kept *kept, const struct facet_model *model,
                       int64_t conversation, struct facet_session *session);
void kept_session_save(const struct kept *kept, const struct facet_model *model,
                       int64_t conversation, struct facet_session *session);
/* Removes the conversation's, of all models. */
void kept_session_drop(const struct kept *kept, int64_t conversation);

#endif
