/* Pictures in pixels, for terminals that can show them: what is sent to draw and to erase one. */
#ifndef TUI_GRAPHICS_H
#define TUI_GRAPHICS_H

#include "base/str.h"
#include "image/image.h"

/* How pictures are shown. */
enum pictures { PICTURES_OFF, PICTURES_SYMBOLS, PICTURES_KITTY, PICTURES_SIXEL };

/* What the environment says alone, before the terminal was asked: $FACET_PICTURES ("off",
 * "symbols", "kitty", "sixel") settles it, *settled. Symbols where nothing is known, and within
 * tmux and screen, which show them at the wrong place. */
enum pictures graphics_guess(bool *settled);
/* "P>|kitty(0.26.5)": a terminal's name for itself, between ESC and ESC \, of those that know
 * kitty's protocol. (To ask in that protocol would show on terminals that do not.) */
bool graphics_knows_kitty(const char *name);
/* "?62;4;22": the terminal's attributes, between ESC [ and c, with sixel's among them. */
bool graphics_has_sixel(const char *attributes);

/* Bytes that draw the picture over cols×rows cells of so many pixels, from the cursor on; the
 * cursor may move. */
void graphics_draw(struct str *out, enum pictures kind, const struct image *image, int cols,
                   int rows, int cell_width, int cell_height);
/* Nothing for sixel: cells written over it erase it. */
const char *graphics_erase(enum pictures kind);

#endif
