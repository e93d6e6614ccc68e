/* A grid of cells that panes draw on. The terminal is brought up to it by term_show. */
#ifndef TUI_SURFACE_H
#define TUI_SURFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/glyph.h"

struct image; /* image/image.h */

enum {
    ATTR_BOLD = 1,
    ATTR_ITALIC = 2,
    ATTR_UNDERLINE = 4,
    ATTR_REVERSE = 8,
    ATTR_DIM = 16,
    ATTR_GRAPHIC = 128, /* lies under a graphic */
};

struct style {
    int32_t fg, bg; /* color.h; -1: the terminal's own, or the theme's ground */
    uint8_t attrs;
};

struct cell {
    char text[GLYPH_BYTES]; /* a glyph, in the first of the cells that it takes */
    uint8_t cells;          /* 0: covered by the glyph to the left */
    struct style style;
};

struct rect {
    int row, col, rows, cols;
};

/* A picture in pixels over cells. Whatever is drawn over one of them hides the whole of it. */
struct graphic {
    struct rect where;
    const struct image *image; /* borrowed until the surface was shown; as large as it likes */
    uint64_t serial;           /* another one for another picture; 0: there is none */
};

/* Zero to start. */
struct surface {
    int rows, cols;
    struct cell *cells;         /* [rows][cols]; owned */
    int cursor_row, cursor_col; /* row -1: hidden */
    struct graphic graphic;
};

void surface_resize(struct surface *s, int rows, int cols);
void surface_done(struct surface *s);
/* Blanks all, hides the cursor. */
void surface_clear(struct surface *s);
struct cell *surface_at(const struct surface *s, int row, int col);

/* Draws text from (row, col) on, up to column `end` (not included): a glyph that does not fit whole
 * is not drawn. What lies outside the surface is clipped. Returns the column behind the last. */
int surface_put(struct surface *s, int row, int col, int end, const char *text, size_t n,
                struct style style);
int surface_puts(struct surface *s, int row, int col, int end, const char *text,
                 struct style style);
/* The same; where not all of it fits, "…" ends it. */
int surface_puts_cut(struct surface *s, int row, int col, int end, const char *text,
                     struct style style);
/* As surface_puts, ending before column `end`, cut from the right if it is longer than
 * end - col. */
void surface_puts_right(struct surface *s, int row, int col, int end, const char *text,
                        struct style style);
/* Repeats a glyph of one cell over columns [col, end). */
void surface_fill(struct surface *s, int row, int col, int end, const char *glyph,
                  struct style style);

bool style_equal(struct style a, struct style b);
/* Puts the graphic there, which lies within the surface, in the place of another. */
void surface_put_graphic(struct surface *s, const struct graphic *graphic);
/* False if there is none, or something is drawn over it. */
bool surface_shows_graphic(const struct surface *s);

bool cell_equal(const struct cell *a, const struct cell *b);

#endif
