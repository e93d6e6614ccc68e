/* The full screen: transcript, input, status over a chat. Returns when the user leaves. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include <stdbool.h>

#include "base/err.h"
#include "chat/options.h"

struct store; /* history/store.h */

/* store may be NULL: nothing is kept; unkept: why not, where something should be, to be told; NULL:
 * it should not. False if it could not start, or the terminal was lost. */
bool tui_run(const struct options *options, struct store *store, const char *unkept,
             struct err *err);

#endif
