/* What was sent, by whichever front end: $XDG_STATE_HOME/facet/sent, one message a line (a line
 * break is \n in it, a backslash \\), the last thousand, readable by their owner alone. Several
 * facets may write at once. */
#ifndef CHAT_SENT_H
#define CHAT_SENT_H

#include <stdbool.h>

#include "base/err.h"

enum { SENT_MAX = 1000, SENT_MAX_BYTES = 65536 };

/* Calls `each` for every message, oldest first; the text is borrowed for the call. No file yet is
 * fine. */
bool sent_read(void (*each)(void *user, const char *text), void *user, struct err *err);
/* Puts one behind them, unless it is empty, longer than SENT_MAX_BYTES or the same as the last. */
bool sent_add(const char *text, struct err *err);

#endif
