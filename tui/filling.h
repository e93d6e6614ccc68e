/* What fills the context: a list to leave turns out or pin them, and what to do when it is full. */
#ifndef TUI_FILLING_H
#define TUI_FILLING_H

#include "tui/app.h"

/* False if it cannot be told yet; the user knows why. */
bool filling_open(struct app *app);
/* The prompt lacked so many positions; what was to be sent is in the input again. */
void filling_prompt_full(struct app *app, size_t lacking);
/* The answer came to the end of the context. */
void filling_answer_full(struct app *app);

#endif
