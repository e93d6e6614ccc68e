/* What keys, pastes and the mouse do. */
#ifndef TUI_ACTIONS_H
#define TUI_ACTIONS_H

#include "tui/app.h"

void actions_key(struct app *app, uint32_t key);
/* What a key would do that is bound to the action. */
void actions_do(struct app *app, enum action action);
void actions_mouse(struct app *app, const struct term_event *event);
void actions_paste(struct app *app, const char *text, size_t n);

#endif
