/* The full screen: transcript, input, status over a chat. Returns when the user leaves. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/options.h"

struct store; /* history/store.h */

/* How it is entered, and how it was left. */
struct tui_visit {
    int64_t conversation; /* to begin with; 0: the last one; below: a new one. Then the one that it
                             was left in, 0 if none is kept */
    const char *unkept;   /* why nothing is kept though it should be, to be told; else NULL */
};

/* store may be NULL: nothing is kept. False if it could not start, or the terminal was lost. */
bool tui_run(const struct options *options, struct store *store, struct tui_visit *visit,
             struct err *err);

#endif
