/* What the keys of reading do with the transcript and with what is selected in it. */
#ifndef TUI_READING_H
#define TUI_READING_H

#include <stdbool.h>

#include "base/str.h"
#include "tui/app.h"

/* False for an action that is not of reading. What changes the conversation acts on the message
 * whose number transcript_get_selected tells. */
bool reading_act(struct app *app, enum action action);
/* Esc: ends the search, else the shading, else the selection; false if there is none of them. */
bool reading_step_back(struct app *app);
/* "r again · y copy · c continue", from the keys as they are bound. */
void reading_hints(struct str *out);
/* Draws the prompt that is open, with how many matches there are while it searches. */
void reading_draw_prompt(const struct app *app, struct surface *s, struct rect where);

#endif
