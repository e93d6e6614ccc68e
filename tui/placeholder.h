/* Cells that kitty draws a part of a picture in: a character of their own, with the row and the
 * column of the part as marks over it, in the colour that is the picture's number. They move and
 * are kept like any other text, which programs between facet and the terminal know how to do. */
#ifndef TUI_PLACEHOLDER_H
#define TUI_PLACEHOLDER_H

#include "base/str.h"
#include "tui/surface.h"

/* Numbers that every program passes on as they are: colours that are nobody's name. */
enum { PLACEHOLDER_FIRST_ID = 16, PLACEHOLDER_IDS = 240 };

/* Fills the cells; cursor and colours are left anyhow. */
void placeholder_put(struct str *out, unsigned id, struct rect where);

#endif
