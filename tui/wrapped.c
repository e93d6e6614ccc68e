#include "tui/wrapped.h"

#include <string.h>

#include "tui/flow.h"

static void draw_row(struct surface *s, struct rect where, const struct flow *flow, int r,
                     const char *text, struct style style)
{
    const struct flow_row *row = &flow->rows[r];
    int col = where.col;
    for (size_t i = row->first_run; i < row->first_run + row->n_runs; i++) {
        const struct flow_run *run = &flow->runs.list[i];
        col = surface_put(s, where.row, col, where.col + where.cols, text + run->start,
                          run->end - run->start, style);
    }
}

int wrapped_draw(struct surface *s, struct rect where, int first, const char *text,
                 struct style style)
{
    struct flow flow = {.rows = NULL};
    flow_plain(&flow, text, strlen(text), where.cols);
    int n = (int)flow.n_rows, end = first + where.rows;
    for (int r = first; s && r < n && r < end; r++, where.row++)
        draw_row(s, where, &flow, r, text, style);
    flow_done(&flow);
    return n;
}
