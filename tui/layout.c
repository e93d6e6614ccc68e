#include "tui/layout.h"

enum {
    MAX_TEXT_COLS = 100, /* longer lines tire the eye */
    RULE_FROM_ROWS = 14,
    MARGIN_FROM_COLS = 60,
};

static int min(int a, int b)
{
    return a < b ? a : b;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

int layout_max_input_rows(int rows)
{
    return max(1, rows / 3);
}

int layout_text_cols(int cols)
{
    return min(MAX_TEXT_COLS, cols >= MARGIN_FROM_COLS ? cols - 2 : cols);
}

struct layout layout_make(int rows, int cols, int input_rows, int info_rows)
{
    int width = layout_text_cols(cols), left = (cols - width) / 2;
    bool rule = rows >= RULE_FROM_ROWS;
    int input = max(1, min(input_rows, layout_max_input_rows(rows)));
    int spare = rows - 1 - input - rule; /* what the transcript and the info lines share */
    int info = max(0, min(info_rows, spare / 2));
    struct layout l = {.rule = rule ? spare - info : -1};
    l.transcript = (struct rect){0, left, max(0, spare - info), width};
    l.input = (struct rect){l.transcript.rows + rule, left, input, width};
    l.info = (struct rect){l.input.row + input, left, info, width};
    l.status = (struct rect){rows - 1, left, 1, width};
    return l;
}
