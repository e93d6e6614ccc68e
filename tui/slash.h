/* Slash commands in the full screen. */
#ifndef TUI_SLASH_H
#define TUI_SLASH_H

#include <stdbool.h>

#include "tui/app.h"

/* Carries out a line that command_is. False, and the reason told: the line stays. */
bool slash_run(struct app *app, const char *line);

#endif
