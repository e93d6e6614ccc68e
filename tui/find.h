/* Finding words in all conversations of the history, while they are typed. */
#ifndef TUI_FIND_H
#define TUI_FIND_H

#include "tui/app.h"

struct find;

/* False, and said, if there is no history. text: to begin with; may be "". */
bool find_open(struct app *app, const char *text);
void find_done(struct app *app);

#endif
