/* The whole screen: every pane in its place on the surface. */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "tui/app.h"

void screen_draw(struct app *app);

#endif
