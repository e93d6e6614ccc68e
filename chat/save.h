/* A conversation as Markdown. */
#ifndef CHAT_SAVE_H
#define CHAT_SAVE_H

#include "base/err.h"
#include "chat/message.h"

/* Writes the file anew: a heading for each message, its text as it is, pictures as links to their
 * paths. */
bool messages_save(const struct messages *ms, const char *path, struct err *err);

#endif
