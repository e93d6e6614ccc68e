/* The conversation as a file of its own. */
#ifndef CHAT_SAVE_H
#define CHAT_SAVE_H

#include "base/err.h"
#include "chat/chat.h"

/* Writes it to a new file, for its owner alone, in the form that the name ends with
 * (history/export.h); or, where the path ends with a slash, to conversation.md in that new folder,
 * with its pictures beside it. store may be NULL. */
bool conversation_save(const struct chat *chat, struct store *store, const char *path,
                       struct err *err);

#endif
