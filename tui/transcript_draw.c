#include <stdio.h>

#include "tui/transcript_rows.h"

enum { KEEP_ITEMS = 16, BRANCH_BYTES = 64 };

struct drawing {
    const struct transcript *t;
    struct surface *s;
    struct rect where;
    bool focused;
    const char *hints;
};

static struct style run_style(const struct transcript *t, const struct item *item,
                              const struct flow_run *run)
{
    uint8_t tone = run->tone;
    if (tone == TONE_TEXT && item->kind == ITEM_NOTE)
        tone = TONE_MUTED;
    if (tone == TONE_TEXT && item->kind == ITEM_ERROR)
        tone = TONE_ERROR;
    struct style style = t->theme->tones[tone];
    style.attrs |= run->attrs;
    return style;
}

/* The first match that ends behind an offset. */
static size_t match_behind(const struct item *item, size_t offset)
{
    size_t low = 0, high = item->n_matches;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (item->matches[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A run, what was searched for in it marked. */
static int draw_run(const struct drawing *d, const struct item *item, const struct flow_run *run,
                    int at, int col)
{
    const struct transcript *t = d->t;
    size_t n;
    const char *text = item_shown(item, &n);
    struct style plain = run_style(t, item, run), found = t->theme->tones[TONE_MATCH];
    int end = d->where.col + d->where.cols;
    size_t k = t->query.len ? match_behind(item, run->start) : item->n_matches;
    for (size_t i = run->start; i < run->end;) {
        const struct match *m = k < item->n_matches ? &item->matches[k] : NULL;
        bool in_match = m && m->start <= i;
        size_t stop = in_match ? min(m->end, run->end) : m ? min(m->start, run->end) : run->end;
        bool current = in_match && t->match.row == k && t->match.item == (size_t)(item - t->items);
        struct style style = in_match ? found : plain;
        style.attrs |= current ? ATTR_UNDERLINE : 0;
        col = surface_put(d->s, at, col, end, text + i, stop - i, style);
        k += in_match;
        i = stop;
    }
    return col;
}

static void draw_row(const struct drawing *d, const struct item *item, size_t r, int at)
{
    const struct flow_row *row = &item->laid.flow.rows[r];
    int col = d->where.col;
    for (size_t i = 0; i < row->n_runs; i++)
        col = draw_run(d, item, &item->laid.flow.runs.list[row->first_run + i], at, col);
}

static void draw_label(const struct drawing *d, const struct item *item, bool selected, int at)
{
    const struct style *tones = d->t->theme->tones;
    bool user = item->kind == ITEM_USER;
    int end = d->where.col + d->where.cols;
    int col = surface_puts(d->s, at, d->where.col, end, user ? "You" : "Gemma",
                           tones[selected ? TONE_SELECTED : user ? TONE_USER : TONE_MODEL]);
    if (item->n_branches > 1) {
        char text[BRANCH_BYTES];
        snprintf(text, sizeof text, "  ‹ %zu/%zu ›", item->branch, item->n_branches);
        col = surface_puts(d->s, at, col, end, text, tones[TONE_MUTED]);
    }
    if (item->interrupted)
        col = surface_puts(d->s, at, col, end, "  interrupted", tones[TONE_WARNING]);
    if (item->growing && item->text.len == 0)
        col = surface_puts(d->s, at, col, end, "  …", tones[TONE_MUTED]);
    if (item->aside)
        surface_puts_right(d->s, at, col + 2, end, item->aside, tones[TONE_MUTED]);
}

/* A bar in the margin; where there is none, the first column is turned over. */
static void mark_row(const struct drawing *d, int at)
{
    if (d->where.col > 0)
        surface_puts(d->s, at, d->where.col - 1, d->where.col, "▌",
                     d->t->theme->tones[TONE_ACCENT]);
    else if (d->where.cols > 0)
        surface_at(d->s, at, 0)->style.attrs |= ATTR_REVERSE;
}

static bool is_selected_row(const struct drawing *d, size_t i, size_t text_row)
{
    const struct item *item = &d->t->items[i];
    if (i != d->t->selected || !d->focused)
        return false;
    if (d->t->code < 0)
        return true;
    if ((size_t)d->t->code >= item->laid.n_codes)
        return false;
    const struct markdown_code *code = &item->laid.codes[d->t->code];
    return text_row >= code->first_row && text_row < code->end_row;
}

static void draw_item_row(const struct drawing *d, struct place place, int at)
{
    const struct item *item = &d->t->items[place.item];
    bool label = item_has_label(item), selected = place.item == d->t->selected && d->focused;
    size_t r = place.row - label;
    if (label && place.row == 0) {
        draw_label(d, item, selected && d->t->code < 0, at);
    } else if (r < item->laid.flow.n_rows) {
        draw_row(d, item, r, at);
        if (is_selected_row(d, place.item, r) && (d->t->code >= 0 || d->where.col > 0))
            mark_row(d, at);
    } else if (selected && d->hints) {
        surface_puts(d->s, at, d->where.col, d->where.col + d->where.cols, d->hints,
                     d->t->theme->tones[TONE_MUTED]);
    }
}

/* ---- Places --------------------------------------------------------------------------------- */

static void set_anchor(struct transcript *t)
{
    struct item *item = rows_make(t, t->top.item);
    size_t label = item_has_label(item), n = item->laid.flow.n_rows;
    size_t r = t->top.row < label ? 0 : t->top.row - label;
    t->anchor.item = t->top.item;
    t->anchor.at_label = t->top.row < label || n == 0;
    t->anchor.place = n ? item->laid.flow.rows[r < n ? r : n - 1].start : 0;
}

/* What is read stays at the top when rows are made for another width. */
static void set_width(struct transcript *t, int width)
{
    if (t->width == width)
        return;
    bool keep = t->width > 0 && !t->following && t->top.item < t->n;
    bool moved = t->anchor.item == NO_ITEM || place_before(t->top, t->anchor.top) ||
                 place_before(t->anchor.top, t->top);
    if (keep && moved)
        set_anchor(t);
    t->width = width;
    if (!keep)
        return;
    struct item *item = rows_make(t, t->anchor.item);
    t->top.item = t->anchor.item;
    t->top.row = t->anchor.at_label ? 0
                                    : item_has_label(item) + item_row_at(item, t->anchor.place);
    t->anchor.top = t->top;
}

/* An answer may have fewer rows than before, once it is complete. */
static void settle_top(struct transcript *t)
{
    struct place end = rows_last_top(t);
    if (t->following || !place_before(t->top, end)) {
        t->following = true;
        t->top = end;
        return;
    }
    rows_make(t, t->top.item);
    size_t rows = rows_of_item(t, t->top.item);
    if (t->top.row >= rows)
        t->top.row = rows - 1;
}

static void release_far(struct transcript *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].has_rows && !t->items[i].growing &&
            (i + KEEP_ITEMS < t->top.item || i > t->last.item + KEEP_ITEMS))
            item_release(&t->items[i]);
}

static void draw_rows(struct drawing *d, struct transcript *t)
{
    struct place at = t->top;
    for (int r = 0; r < d->where.rows && at.item < t->n; r++) {
        struct item *item = rows_make(t, at.item);
        if (t->query.len)
            search_item(t, item);
        draw_item_row(d, at, d->where.row + r);
        t->last = at;
        if (++at.row >= rows_of_item(t, at.item))
            at = (struct place){at.item + 1, 0};
    }
    t->below = 0;
    for (size_t i = at.item; i < t->n; i++)
        t->below += rows_of_item(t, i) - (i == at.item ? at.row : 0);
}

void transcript_draw(struct transcript *t, struct surface *s, struct rect where, bool focused,
                     const char *hints)
{
    struct drawing d = {t, s, where, focused, hints};
    t->page = where.rows;
    set_width(t, where.cols);
    settle_top(t);
    for (int r = 0; focused && where.col > 0 && r < where.rows; r++)
        surface_puts(s, where.row + r, where.col - 1, where.col, "▏",
                     t->theme->tones[TONE_ACCENT]);
    draw_rows(&d, t);
    release_far(t);
}
