/* What is drawn for a grapheme cluster: safe for any terminal, and as wide as the terminal thinks.
 *
 * utf8_cluster says where a character ends; how wide it is, terminals judge by wcwidth of its
 * parts. So parts that terminals disagree about (joined emoji, skin tones, presentation selectors)
 * are left out, and the width is the sum of what is left; unless the terminal was asked how wide it
 * draws that kind. Controls, C1 and bidi overrides become marks. */
#ifndef TUI_GLYPH_H
#define TUI_GLYPH_H

#include <stdbool.h>
#include <stddef.h>

enum { GLYPH_BYTES = 28, GLYPH_TAB_CELLS = 4 };

struct glyph {
    char text[GLYPH_BYTES]; /* UTF-8 with a NUL; of printable characters alone */
    int cells;              /* 0: nothing is drawn */
    bool mark;              /* stands for something that must not reach the terminal */
};

/* What terminals disagree about. */
enum glyph_kind {
    GLYPH_JOINED,    /* emoji joined to one */
    GLYPH_TONED,     /* an emoji with a skin tone */
    GLYPH_CHOSEN,    /* a character that a selector makes an emoji */
    GLYPH_FLAG,      /* two regional indicators */
    GLYPH_COMBINED,  /* a letter and a mark over it */
    GLYPH_AMBIGUOUS, /* one column in Western terminals, two in Eastern ones */
    GLYPH_KINDS
};
/* One of each kind, to be measured. */
const char *glyph_sample(enum glyph_kind kind);
/* The terminal draws the sample of each kind in so many cells. Before anything is laid out. */
void glyph_learn(const int cells[GLYPH_KINDS]);
/* Blocks and lines take a cell each, as pictures made of them need. */
bool glyph_has_blocks(void);

/* The glyph at the start of s[0..n), n ≥ 1; returns the bytes it covers. Needs a UTF-8 locale. */
size_t glyph_next(const char *s, size_t n, struct glyph *glyph);
/* Cells of s[0..n). */
size_t glyph_cells(const char *s, size_t n);
/* Bytes of the longest start of s[0..n) that fits into `cells`. */
size_t glyph_fit(const char *s, size_t n, size_t cells);

#endif
