/* What is wrong in facet.conf, told when the screen opens: one mistake above the status line,
 * several in a list. What is right in it holds. */
#ifndef TUI_MISTAKES_H
#define TUI_MISTAKES_H

#include "tui/app.h"

/* Reads [keys], too, which takes effect with this. */
void mistakes_tell(struct app *app, const struct options *options);

#endif
