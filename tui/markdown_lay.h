/* What the files of tui/markdown share: a document on its way to rows. */
#ifndef TUI_MARKDOWN_LAY_H
#define TUI_MARKDOWN_LAY_H

#include <cmark-gfm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/markdown.h"
#include "tui/surface.h"

enum { MAX_LEVELS = 16 };

/* A quote or list item around a block: what it puts before the first row, and before the others,
 * as bytes of the text. */
struct lay_level {
    size_t marker, rest, end; /* [marker, rest) and [rest, end) */
    int cells;
    bool used; /* the marker is shown already */
};

struct lay {
    struct markdown *m;
    int width;
    struct lay_level levels[MAX_LEVELS];
    int depth;                          /* may be more than MAX_LEVELS: those are not shown */
    int quotes, lists;                  /* of the levels */
    int numbers[MAX_LEVELS];            /* of the next item of each list */
    struct flow_runs line, first, rest; /* scratch */
};

/* The runs that stand before the next row and those after it; the markers count as shown. */
void lay_prefixes(struct lay *l);
/* Begins a row with them. */
void lay_row(struct lay *l, size_t place);
/* Cells that they leave. */
int lay_room(const struct lay *l);
/* Begins content in the text; its bytes never follow other content. */
size_t lay_begin(struct lay *l);
/* Puts what stands in a block into the text, and its runs into l->line. */
void lay_inlines(struct lay *l, cmark_node *block, uint8_t tone);
/* Lays out the blocks of a document that stand before `stop`; NULL: all. */
void lay_blocks(struct markdown *m, cmark_node *document, cmark_node *stop, int width);
void lay_table(struct lay *l, cmark_node *table);

#endif
