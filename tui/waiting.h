/* The pictures that wait to be sent, a line each below the input, with what they will cost. */
#ifndef TUI_WAITING_H
#define TUI_WAITING_H

#include "tui/app.h"

/* Rows wanted: few, whatever there are. */
int waiting_rows(const struct app *app);
/* Of several, the last row tells what all cost together. */
void waiting_draw(const struct app *app, struct surface *s, struct rect where);

#endif
