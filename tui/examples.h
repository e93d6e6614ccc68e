/* Questions to try, about pictures that ship with facet and about facet itself. */
#ifndef TUI_EXAMPLES_H
#define TUI_EXAMPLES_H

#include "tui/app.h"

/* Puts one into the input, a picture and a question, each time the next; over the last one, if that
 * stands there as it was put. Tells why, where that cannot be. */
void examples_next(struct app *app);
/* Says how to try one, and lists them where there is room. Returns the rows that it took: none
 * where the pictures are not installed. */
int examples_draw(const struct app *app, struct surface *s, struct rect where);

#endif
