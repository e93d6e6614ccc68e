/* Where the panes lie. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

#include "tui/surface.h"

enum {
    LAYOUT_WIDE_COLS = 100,  /* from here on there are panes at the sides */
    LAYOUT_NARROW_COLS = 60, /* below, only one pane is seen at a time */
    LAYOUT_MIN_SIDE_COLS = 16,
    LAYOUT_MAX_SIDE_COLS = 60,
};

/* What the panes would like; they get what the screen has. */
struct layout_wish {
    int input_rows, info_rows;
    int left_cols, right_cols; /* of the panes at the sides; 0: not wanted */
    bool left_over; /* where there is no room at the side, the left pane lies over the transcript */
};

struct layout {
    struct rect left, transcript, right, input, info, status; /* rows may be 0 */
    int rule;                 /* row of the rule above the input; -1: none */
    int left_rule, right_rule; /* columns of the rules between the panes; -1: none */
};

struct layout layout_make(int rows, int cols, const struct layout_wish *wish);
/* Rows that the input may grow to on such a screen. */
int layout_max_input_rows(int rows);
/* Columns of the input pane on a screen so wide. */
int layout_text_cols(int cols, const struct layout_wish *wish);

#endif
