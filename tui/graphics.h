/* Pictures in pixels, for terminals that can show them: what is sent to draw and to erase one. */
#ifndef TUI_GRAPHICS_H
#define TUI_GRAPHICS_H

#include "base/str.h"
#include "image/image.h"
#include "tui/surface.h"

/* How pictures are shown. */
enum pictures {
    PICTURES_OFF,
    PICTURES_SYMBOLS,
    PICTURES_KITTY,
    PICTURES_SIXEL,
    PICTURES_PLACED, /* by kitty's protocol through tmux, which moves the cells they stand in */
};

/* What the environment says alone, before the terminal was asked: $FACET_PICTURES ("off",
 * "symbols", "kitty", "sixel") settles it, *settled. Symbols where nothing is known. */
enum pictures graphics_guess(bool *settled);
/* Within tmux: it is to let questions through to the terminal that it runs in. */
bool graphics_in_tmux(void);
/* Puts what tmux lets through, where it is allowed to ("allow-passthrough"). */
void graphics_put_through(struct str *out, const char *bytes, size_t n);
/* "P>|kitty(0.26.5)": a terminal's name for itself, between ESC and ESC \. PICTURES_OFF: it is none
 * that is known for what it can show here. (To ask in kitty's protocol would show on terminals that
 * do not know it.) */
enum pictures graphics_of_name(const char *name);
/* "?62;4;22": the terminal's attributes, between ESC [ and c, with sixel's among them. */
bool graphics_has_sixel(const char *attributes);

/* Bytes that draw the picture over cells of so many pixels; cursor and colours are left anyhow. */
void graphics_draw(struct str *out, enum pictures kind, const struct image *image,
                   struct rect where, int cell_width, int cell_height);
/* Nothing for sixel: cells written over it erase it. */
void graphics_erase(struct str *out, enum pictures kind);

#endif
