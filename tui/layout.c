#include "tui/layout.h"

enum {
    MAX_TEXT_COLS = 100, /* longer lines tire the eye */
    RULE_FROM_ROWS = 14,
    OVER_COLS = 34,
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

static bool has_sides(int cols, const struct layout_wish *wish)
{
    return cols >= LAYOUT_WIDE_COLS && (wish->left_cols || wish->right_cols);
}

int layout_text_cols(int cols, const struct layout_wish *wish)
{
    if (has_sides(cols, wish))
        return cols - 2;
    return min(MAX_TEXT_COLS, cols >= LAYOUT_NARROW_COLS ? cols - 2 : cols);
}

/* A side pane takes a quarter of the screen at most. */
static int side_cols(int cols, int wanted)
{
    return wanted ? min(max(wanted, LAYOUT_MIN_SIDE_COLS), cols / 4) : 0;
}

/* Left and right of the transcript, each with a rule between and a column's margin around. */
static void put_sides(struct layout *l, int cols, const struct layout_wish *wish)
{
    int rows = l->transcript.rows, start = 1, end = cols - 1;
    int left = side_cols(cols, wish->left_cols), right = side_cols(cols, wish->right_cols);
    if (left) {
        l->left = (struct rect){0, 1, rows, left};
        l->left_rule = left + 2;
        start = left + 4;
    }
    if (right) {
        l->right = (struct rect){0, cols - 1 - right, rows, right};
        l->right_rule = cols - 3 - right;
        end = cols - 4 - right;
    }
    int width = min(MAX_TEXT_COLS, end - start);
    l->transcript.col = start + (end - start - width) / 2;
    l->transcript.cols = width;
}

static void put_over(struct layout *l, int cols)
{
    bool narrow = cols < LAYOUT_NARROW_COLS;
    l->left = l->transcript;
    if (narrow)
        return;
    l->left = (struct rect){0, 1, l->transcript.rows, OVER_COLS};
    l->left_rule = OVER_COLS + 2;
}

struct layout layout_make(int rows, int cols, const struct layout_wish *wish)
{
    int width = layout_text_cols(cols, wish), left = (cols - width) / 2;
    bool rule = rows >= RULE_FROM_ROWS;
    int input = max(1, min(wish->input_rows, layout_max_input_rows(rows)));
    int spare = rows - 1 - input - rule; /* what the transcript and the info lines share */
    int info = max(0, min(wish->info_rows, spare / 2));
    struct layout l = {.rule = rule ? spare - info : -1, .left_rule = -1, .right_rule = -1};
    l.transcript = (struct rect){0, left, max(0, spare - info), width};
    l.input = (struct rect){l.transcript.rows + rule, left, input, width};
    l.info = (struct rect){l.input.row + input, left, info, width};
    l.status = (struct rect){rows - 1, left, 1, width};
    if (has_sides(cols, wish))
        put_sides(&l, cols, wish);
    else if (wish->left_over)
        put_over(&l, cols);
    return l;
}
