/* Short text that is drawn wrapped: what is told, what is listed. */
#ifndef TUI_WRAPPED_H
#define TUI_WRAPPED_H

#include "tui/surface.h"

/* Draws the text wrapped into where, from its row `first` on. Returns all the rows it has at that
 * width. s NULL: draws nothing. */
int wrapped_draw(struct surface *s, struct rect where, int first, const char *text,
                 struct style style);

#endif
