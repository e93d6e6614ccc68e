/* What a conversation is called until someone gives it another name. */
#ifndef CHAT_TITLE_H
#define CHAT_TITLE_H

#include "chat/message.h"

/* The first words of the user's first message, as one line; the first picture's name where there
 * are none. free() it. */
char *title_of(const struct messages *ms);

#endif
