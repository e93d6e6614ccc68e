/* The conversations pane: what is in the history, newest first, by day. */
#ifndef TUI_CONVERSATIONS_H
#define TUI_CONVERSATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tui/keys.h"
#include "tui/surface.h"
#include "tui/theme.h"

struct conversations;
struct store; /* history/store.h */

struct conversations *conversations_new(const struct theme *theme);
void conversations_free(struct conversations *c);

/* Reads the list anew; the selection stays on its conversation. Some milliseconds for thousands. */
bool conversations_load(struct conversations *c, struct store *store, struct err *err);
/* Reads this one alone anew, which was spoken in: it becomes the newest. */
bool conversations_touch(struct conversations *c, struct store *store, int64_t id,
                         struct err *err);
/* The one that is on the screen; 0: none of them. The selection goes there. */
void conversations_set_open(struct conversations *c, int64_t id);

/* Moves the selection; false for an action that is none of its own. */
bool conversations_act(struct conversations *c, enum action action);
/* 0: the list is empty. */
int64_t conversations_selected(const struct conversations *c);
/* The conversation drawn in that row of the pane; 0: none. */
int64_t conversations_at(const struct conversations *c, int row);
/* Borrowed until the next load; NULL if there is no such. */
const char *conversations_title(const struct conversations *c, int64_t id);

void conversations_draw(struct conversations *c, struct surface *s, struct rect where,
                        bool focused);

#endif
