/* Which pane has the keyboard, and how wide the side one is. */
#ifndef TUI_PANES_H
#define TUI_PANES_H

#include "tui/app.h"

/* To the next of those that can be seen (step 1), or the one before (-1), around the ends. */
void panes_focus_next(struct app *app, int step);
void panes_focus_left(struct app *app);
void panes_focus_right(struct app *app);
/* Columns that the conversations pane wants on a screen so wide. */
int panes_side_cols(const struct app *app, int cols);
/* By so many columns; remembered. */
void panes_widen(struct app *app, int by);

#endif
