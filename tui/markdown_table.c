#include <cmark-gfm-core-extensions.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/glyph.h"
#include "tui/markdown_lay.h"
#include "tui/theme.h"

enum {
    BORDER_CELLS = 3,   /* "│ " before a column and " " behind */
    NARROWEST_CELLS = 6 /* of a column whose content is wider: else records are read better */
};

struct table_cell {
    size_t start, end; /* of the text */
    struct flow_runs runs;
    int cells; /* of its longest line ... */
    int word;  /* ... and word */
};

struct table {
    struct lay *lay;
    struct table_cell *cells; /* [rows][cols], the head first */
    size_t rows, cols;
    const uint8_t *align;  /* 'l', 'c', 'r', 0 */
    int *widths;           /* of the columns */
    int *words;            /* what they should not be narrowed below */
    struct flow *wrapped;  /* the cells of one row */
    size_t spaces, rule;   /* in the text: as many of each as a row has cells */
    size_t bar, colon, joint;
    size_t first_place;
};

/* Cells of the longest part between any of some characters. */
static int longest_part(const char *text, size_t n, const char *between)
{
    int longest = 0;
    for (size_t i = 0; i <= n;) {
        size_t end = i;
        while (end < n && !strchr(between, text[end]))
            end++;
        int cells = (int)glyph_cells(text + i, end - i);
        longest = cells > longest ? cells : longest;
        i = end + 1;
    }
    return longest;
}

static void read_cell(struct table *t, struct table_cell *cell, cmark_node *node, bool head)
{
    struct lay *l = t->lay;
    cell->start = lay_begin(l);
    if (node)
        lay_inlines(l, node, head ? TONE_HEADING : l->quotes ? TONE_QUOTE : TONE_TEXT);
    else
        l->line.n = 0;
    cell->end = l->m->text.len;
    const char *text = l->m->text.data + cell->start;
    cell->cells = longest_part(text, cell->end - cell->start, "\n");
    cell->word = longest_part(text, cell->end - cell->start, " \n");
    cell->runs = l->line; /* taken over */
    l->line = (struct flow_runs){0};
}

static void read_table(struct table *t, cmark_node *node)
{
    size_t row = 0;
    t->cols = cmark_gfm_extensions_get_table_columns(node);
    t->align = cmark_gfm_extensions_get_table_alignments(node);
    for (cmark_node *r = cmark_node_first_child(node); r; r = cmark_node_next(r))
        t->rows++;
    t->cells = mem_new(t->rows * t->cols + 1, sizeof *t->cells);
    for (cmark_node *r = cmark_node_first_child(node); r; r = cmark_node_next(r), row++) {
        cmark_node *c = cmark_node_first_child(r);
        for (size_t col = 0; col < t->cols; col++) {
            read_cell(t, &t->cells[row * t->cols + col], c, row == 0);
            c = c ? cmark_node_next(c) : NULL;
        }
    }
}

static size_t put_many(struct lay *l, const char *text, int n)
{
    size_t start = l->m->text.len;
    for (int i = 0; i < n; i++)
        str_puts(&l->m->text, text);
    return start;
}

static void put_drawings(struct table *t)
{
    struct lay *l = t->lay;
    lay_begin(l);
    t->spaces = put_many(l, " ", l->width + BORDER_CELLS);
    t->rule = put_many(l, "─", l->width + BORDER_CELLS);
    t->bar = put_many(l, "│", 1);
    t->joint = put_many(l, "├┼┤", 1);
    t->colon = put_many(l, ": ", 1);
    lay_begin(l);
}

/* ---- Widths --------------------------------------------------------------------------------- */

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int capped(const struct table *t, size_t col, int cap)
{
    return max(t->widths[col] < cap ? t->widths[col] : cap, t->words[col]);
}

static int sum_capped(const struct table *t, int cap)
{
    int sum = 0;
    for (size_t c = 0; c < t->cols; c++)
        sum += capped(t, c, cap);
    return sum;
}

static void measure_columns(struct table *t)
{
    t->widths = mem_new(t->cols + 1, sizeof *t->widths);
    t->words = mem_new(t->cols + 1, sizeof *t->words);
    for (size_t i = 0; i < t->rows * t->cols; i++) {
        size_t c = i % t->cols;
        t->widths[c] = max(t->widths[c], t->cells[i].cells);
        t->words[c] = max(t->words[c], t->cells[i].word);
    }
}

/* Makes the columns fit, the widest narrowed first, through words only where it must be. False if
 * they would be too narrow to read. */
static bool fit_columns(struct table *t, int room)
{
    int cap = 1;
    measure_columns(t);
    room -= BORDER_CELLS * (int)t->cols + 1;
    if (sum_capped(t, cap) > room) {
        memset(t->words, 0, t->cols * sizeof *t->words);
        cap = NARROWEST_CELLS;
    }
    if (sum_capped(t, cap) > room)
        return false;
    while (cap < room && sum_capped(t, cap + 1) <= room)
        cap++;
    int left = room - sum_capped(t, cap);
    for (size_t c = 0; c < t->cols; c++) {
        int width = capped(t, c, cap);
        t->widths[c] = width + (t->widths[c] > width && left-- > 0);
    }
    return true;
}

/* ---- Rows ----------------------------------------------------------------------------------- */

static size_t place_of(const struct table *t, const struct table_cell *cell)
{
    return t->first_place + (cell->start - t->cells[0].start);
}

static void put_spaces(struct table *t, int n)
{
    if (n > 0)
        flow_put(&t->lay->m->flow, t->spaces, t->spaces + (size_t)n, TONE_TEXT, 0);
}

static void put_bar(struct table *t)
{
    flow_put(&t->lay->m->flow, t->bar, t->bar + strlen("│"), TONE_RULE, 0);
}

/* One row of a wrapped cell, without the spaces at its end. */
static struct flow_runs row_of_cell(const struct table *t, const struct flow *f, size_t row)
{
    struct flow_runs runs = {NULL, 0, 0};
    if (row >= f->n_rows)
        return runs;
    runs.list = f->runs.list + f->rows[row].first_run;
    runs.n = f->rows[row].n_runs;
    while (runs.n) {
        struct flow_run *last = &runs.list[runs.n - 1];
        while (last->end > last->start && t->lay->m->text.data[last->end - 1] == ' ')
            last->end--;
        if (last->end > last->start)
            break;
        runs.n--;
    }
    return runs;
}

static void put_cell(struct table *t, size_t col, size_t row)
{
    struct flow_runs runs = row_of_cell(t, &t->wrapped[col], row);
    int cells = 0;
    for (size_t i = 0; i < runs.n; i++)
        cells += (int)glyph_cells(t->lay->m->text.data + runs.list[i].start,
                                  runs.list[i].end - runs.list[i].start);
    int spare = t->widths[col] - cells;
    int left = t->align[col] == 'r' ? spare : t->align[col] == 'c' ? spare / 2 : 0;
    put_bar(t);
    put_spaces(t, 1 + left);
    flow_put_runs(&t->lay->m->flow, &runs);
    put_spaces(t, spare - left + 1);
}

static void lay_cells(struct table *t, struct table_cell *cells)
{
    size_t height = 1;
    for (size_t c = 0; c < t->cols; c++) {
        struct flow_line line = {.text = t->lay->m->text.data,
                                 .runs = &cells[c].runs,
                                 .start = cells[c].start,
                                 .end = cells[c].end,
                                 .width = t->widths[c]};
        flow_cut(&t->wrapped[c], 0, 0);
        flow_wrap(&t->wrapped[c], &line);
        height = t->wrapped[c].n_rows > height ? t->wrapped[c].n_rows : height;
    }
    for (size_t row = 0; row < height; row++) {
        lay_row(t->lay, place_of(t, cells));
        for (size_t c = 0; c < t->cols; c++)
            put_cell(t, c, row);
        put_bar(t);
    }
}

static void lay_rule_below_head(struct table *t)
{
    const size_t n = strlen("─");
    lay_row(t->lay, place_of(t, &t->cells[t->cols - 1]));
    for (size_t c = 0; c <= t->cols; c++) {
        size_t joint = t->joint + n * (c == 0 ? 0 : c == t->cols ? 2 : 1);
        flow_put(&t->lay->m->flow, joint, joint + n, TONE_RULE, 0);
        if (c < t->cols)
            flow_put(&t->lay->m->flow, t->rule, t->rule + n * (size_t)(t->widths[c] + 2),
                     TONE_RULE, 0);
    }
}

static void lay_grid(struct table *t)
{
    t->wrapped = mem_new(t->cols + 1, sizeof *t->wrapped);
    for (size_t row = 0; row < t->rows; row++) {
        lay_cells(t, &t->cells[row * t->cols]);
        if (row == 0)
            lay_rule_below_head(t);
    }
    for (size_t c = 0; c < t->cols; c++)
        flow_done(&t->wrapped[c]);
    free(t->wrapped);
}

/* ---- Records -------------------------------------------------------------------------------- */

/* "Head: content", the content on rows of its own where the head is long. */
static void lay_field(struct table *t, const struct table_cell *head, struct table_cell *cell)
{
    struct lay *l = t->lay;
    bool beside = head->cells + 2 <= lay_room(l) / 2;
    struct flow_line line = {.text = l->m->text.data,
                             .start = cell->start,
                             .end = cell->end,
                             .runs = &cell->runs,
                             .first = &l->first,
                             .rest = &l->rest,
                             .place = place_of(t, cell),
                             .width = l->width};
    lay_prefixes(l);
    for (size_t i = 0; i < head->runs.n; i++)
        flow_add(&l->first, head->runs.list[i].start, head->runs.list[i].end,
                 head->runs.list[i].tone, head->runs.list[i].attrs);
    flow_add(&l->first, t->colon, t->colon + 2, TONE_MUTED, 0);
    if (!beside) {
        flow_row(&l->m->flow, line.place);
        flow_put_runs(&l->m->flow, &l->first);
        line.first = &l->rest;
    }
    flow_add(&l->rest, t->spaces, t->spaces + 2, TONE_TEXT, 0);
    flow_wrap(&l->m->flow, &line);
}

static void lay_records(struct table *t)
{
    for (size_t c = 0; t->rows == 1 && c < t->cols; c++) {
        size_t end = t->cells[c].end;
        lay_field(t, &t->cells[c], &(struct table_cell){.start = end, .end = end});
    }
    for (size_t row = 1; row < t->rows; row++) {
        if (row > 1)
            lay_row(t->lay, place_of(t, &t->cells[row * t->cols]));
        for (size_t c = 0; c < t->cols; c++)
            lay_field(t, &t->cells[c], &t->cells[row * t->cols + c]);
    }
}

void lay_table(struct lay *l, cmark_node *node)
{
    struct table t = {.lay = l, .first_place = l->m->place};
    read_table(&t, node);
    if (t.rows * t.cols > 0) {
        l->m->place += l->m->text.len - t.cells[0].start;
        put_drawings(&t);
        if (fit_columns(&t, lay_room(l)))
            lay_grid(&t);
        else
            lay_records(&t);
    }
    for (size_t i = 0; i < t.rows * t.cols; i++)
        flow_runs_done(&t.cells[i].runs);
    free(t.cells);
    free(t.widths);
    free(t.words);
}
