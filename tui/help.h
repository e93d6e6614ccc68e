/* F1: the keys, from their table, and the slash commands, from theirs. */
#ifndef TUI_HELP_H
#define TUI_HELP_H

#include "tui/surface.h"
#include "tui/theme.h"

/* Draws from row `top` of the list on. Returns the rows of the whole list. */
int help_draw(const struct theme *theme, struct surface *s, struct rect where, int top);

#endif
