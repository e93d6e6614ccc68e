/* What the files of tui/transcript share: the items, and rows counted from one to another. */
#ifndef TUI_TRANSCRIPT_ROWS_H
#define TUI_TRANSCRIPT_ROWS_H

#include <stdint.h>

#include "tui/transcript_item.h"

#define NO_ITEM SIZE_MAX

/* A row of the transcript: that of an item, its label counted. */
struct place {
    size_t item, row;
};

struct transcript {
    const struct theme *theme;
    struct item *items;
    size_t n, cap;
    bool following;
    struct place top; /* first row shown, where not following */
    /* What was at the top before the rows were made anew, which holds while the top is still
     * anchor_top. */
    struct {
        struct place top;
        size_t item, place;
        bool at_label;
    } anchor;
    int width, page;
    struct place last; /* row last drawn */
    size_t below;

    size_t selected; /* item; NO_ITEM */
    long code;       /* of its code blocks; -1: all of it */

    struct str query;
    unsigned search;   /* counts searches, so that matches are known to be of the last */
    struct place match; /* the one gone to: its item, and which of the item's; NO_ITEM: none */
};

bool place_before(struct place a, struct place b);
/* Rows of an item with its label and the empty row behind; exact once it has rows. */
size_t rows_of_item(const struct transcript *t, size_t i);
void rows_up(struct transcript *t, struct place *at, size_t n);
void rows_down(struct transcript *t, struct place *at, size_t n);
/* The top that shows the end. */
struct place rows_last_top(struct transcript *t);
/* Scrolls no further than needed to show n rows from there on, or as many as fit. */
void rows_show(struct transcript *t, struct place from, size_t n);
/* Has the rows of an item. */
struct item *rows_make(struct transcript *t, size_t i);
/* Has the matches of an item that has rows. */
void search_item(struct transcript *t, struct item *item);

#endif
