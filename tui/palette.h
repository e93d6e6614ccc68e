/* The palette: every command and every key's action, to be found by what it does. */
#ifndef TUI_PALETTE_H
#define TUI_PALETTE_H

#include "tui/app.h"

void palette_open(struct app *app);

#endif
