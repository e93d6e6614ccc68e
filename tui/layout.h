/* Where the panes lie. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include "tui/surface.h"

struct layout {
    struct rect transcript, input, info, status; /* info.rows may be 0 */
    int rule;                                    /* row of the rule above the input; -1: none */
};

/* input_rows, info_rows: how many those panes would like; they get what the screen has. */
struct layout layout_make(int rows, int cols, int input_rows, int info_rows);
/* Rows that the input may grow to on such a screen. */
int layout_max_input_rows(int rows);
/* Columns of the input pane on a screen so wide. */
int layout_text_cols(int cols);

#endif
