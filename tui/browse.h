/* Going from one conversation to another. Each call tells the user what went wrong, and returns
 * false then. */
#ifndef TUI_BROWSE_H
#define TUI_BROWSE_H

#include <stdint.h>

#include "tui/app.h"

/* At the start: the conversation that was last spoken in, unless another system prompt is wanted. */
void browse_resume(struct app *app);
bool browse_open(struct app *app, int64_t conversation);
bool browse_new(struct app *app);
/* The focus goes to the conversations pane. */
bool browse_conversations(struct app *app);
/* What the keys of the conversations pane do with the one that is selected; false for an action
 * that is none of theirs. */
bool browse_act(struct app *app, enum action action);
/* The conversation that is open: another title; ACTION_ARCHIVE or ACTION_DELETE_CONVERSATION, and a
 * new one. */
bool browse_rename(struct app *app, const char *title);
bool browse_put_away(struct app *app, enum action action);
/* The pane is brought up to the history; the second where only the open conversation was written
 * to. */
void browse_refresh(struct app *app);
void browse_touch(struct app *app);

#endif
