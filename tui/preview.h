/* Pictures drawn with characters: blocks in the terminal's colours, or letters where there are
 * none. */
#ifndef TUI_PREVIEW_H
#define TUI_PREVIEW_H

#include "image/image.h"
#include "tui/surface.h"
#include "tui/theme.h"

/* A picture in cells, kept until it or its size changes. Zero to start. */
struct preview {
    struct cell *cells; /* [rows][cols]; owned */
    int rows, cols, n_colors;
    uint64_t serial; /* of the picture */
};

void preview_done(struct preview *p);
/* The largest part of `where`, at its top and in its middle, that has the proportions of
 * width×height pixels. Cells count as twice as high as wide. */
struct rect preview_fit(struct rect where, uint32_t width, uint32_t height);
/* Fills `where`. serial: another one for another picture, never 0. */
void preview_draw(struct preview *p, struct surface *s, struct rect where,
                  const struct image *image, uint64_t serial, int n_colors);

/* Marks over a picture of width×height pixels that fills `where`: the lines around each part (of
 * several, without those at the picture's own edge), and its number from 1 in its middle. */
void preview_mark(struct surface *s, struct rect where, uint32_t width, uint32_t height,
                  const struct crop *parts, size_t n, const struct theme *theme);
/* The same in the pixels of a picture that may be smaller than width×height. */
void preview_mark_pixels(struct image *image, uint32_t width, uint32_t height,
                         const struct crop *parts, size_t n);

#endif
