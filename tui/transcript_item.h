/* One item of the transcript and its rows, which can be forgotten and made again. */
#ifndef TUI_TRANSCRIPT_ITEM_H
#define TUI_TRANSCRIPT_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "tui/markdown.h"
#include "tui/transcript.h"

struct match {
    size_t start, end; /* of what its rows show */
};

struct item {
    enum item_kind kind;
    struct str text;
    size_t n_lines;
    char *aside; /* owned; NULL: none */
    struct attachment **pictures; /* own references */
    size_t n_pictures;
    bool growing, interrupted;
    size_t branch, n_branches;
    struct markdown laid; /* one that is not Markdown has its flow alone */
    struct flow_runs written; /* any: its text is shown as it was written, looking like this */
    bool is_json;         /* laid as such: an answer that follows a schema, as a rule */
    bool has_rows;        /* laid holds them */
    int width;            /* that n_rows is for; 0: not yet known */
    size_t bytes, n_rows; /* of the text, and the rows that so much of it makes */
    struct match *matches;
    size_t n_matches, cap_matches;
    unsigned search;       /* whose matches those are */
    size_t searched_bytes; /* of the text, laid out for that width */
    int searched_width;
};

void item_done(struct item *item);
void item_add_text(struct item *item, const char *text, size_t n);
/* Shows it as it was written, looking as `runs` say (copied; they may end before or behind the
 * text); NULL: formatted. */
void item_set_written(struct item *item, const struct flow_runs *runs);
/* The rows have to be made anew. */
void item_spoil(struct item *item);
/* Lets go of the rows; how many there are is still known. */
void item_release(struct item *item);
/* Has the rows for that width. */
void item_lay(struct item *item, int width);
/* Rows of the text: reckoned if they were never made. */
size_t item_text_rows(const struct item *item, int width);
bool item_has_label(const struct item *item);
/* What the runs of its rows point into. */
const char *item_shown(const struct item *item, size_t *n);
/* The row of its text that a place is in. */
size_t item_row_at(const struct item *item, size_t place);

#endif
