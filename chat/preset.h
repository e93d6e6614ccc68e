/* Presets: options under a name, in files (named.h) of facet.conf's form without sections. What a
 * preset does not name stays as it is. */
#ifndef CHAT_PRESET_H
#define CHAT_PRESET_H

#include "base/str.h"
#include "chat/chat.h"

/* Sets what it names. False with file and line of the first mistake; what is right in it holds. */
bool preset_apply(struct options *o, const char *name, struct err *err);
/* The same in a conversation, where nothing changes if there is a mistake. Options that cannot
 * change any more are left, and their names put into `left`. Not while busy. */
bool preset_use(struct chat *chat, const char *name, struct str *left, struct err *err);

#endif
