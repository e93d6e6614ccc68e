/* Markdown in rows. A text that grows costs its last block: what stands before is laid out once. */
#ifndef TUI_MARKDOWN_H
#define TUI_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "tui/flow.h"

/* A code block: its rows, and its code in the text of the rows. */
struct markdown_code {
    size_t first_row, end_row;
    size_t start, end;
};

/* Zero to start. */
struct markdown {
    struct str text; /* what the runs of the rows point into: what is shown, without its marks */
    struct flow flow;
    struct markdown_code *codes;
    size_t n_codes, cap_codes;
    size_t place; /* bytes of content laid out, which are as many at any width */
    /* The state behind the last block that nothing can change any more. */
    struct markdown_point {
        size_t offset; /* in the source */
        size_t text, n_rows, n_runs, n_codes, place;
    } done;
    size_t scanned; /* bytes of the source that are known to be whole lines */
    bool whole;     /* it may define links, for blocks before too: always laid out from its start */
};

void markdown_done(struct markdown *m);
/* Forgets all: for another width, or when the source did not just grow. */
void markdown_reset(struct markdown *m);
/* Brings the rows up to the source, which begins with what it was at the last call. growing: more
 * will follow, so emphasis, links and tables that are still open are shown as what they will be. */
void markdown_update(struct markdown *m, const char *source, size_t n, int width, bool growing);

#endif
