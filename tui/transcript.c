#include "tui/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/flow.h"

struct item {
    enum item_kind kind;
    struct str text;
    char *aside; /* owned; NULL: none */
    struct attachment **pictures;
    size_t n_pictures;
    bool growing, interrupted;
    struct flow flow;
    int width;   /* that the flow was made for; 0: not yet */
    size_t laid; /* bytes of text that it covers */
};

/* A place in the text that stays where it is when rows are made anew. */
struct anchor {
    size_t item, row, offset;
};

struct transcript {
    const struct theme *theme;
    struct item *items;
    size_t n, cap;
    bool following;
    size_t top; /* first row shown, where not following */
    struct anchor anchor; /* what was at the top before the rows were made anew ... */
    size_t anchor_top;    /* ... which holds while the top is still this */
    int width, page;
    size_t total; /* rows, when last laid out */
};

struct transcript *transcript_new(const struct theme *theme)
{
    struct transcript *t = mem_new(1, sizeof *t);
    t->theme = theme;
    t->following = true;
    return t;
}

static void item_done(struct item *item)
{
    str_done(&item->text);
    free(item->aside);
    for (size_t i = 0; i < item->n_pictures; i++)
        attachment_release(item->pictures[i]);
    free(item->pictures);
    flow_done(&item->flow);
}

void transcript_clear(struct transcript *t)
{
    for (size_t i = 0; i < t->n; i++)
        item_done(&t->items[i]);
    t->n = 0;
    t->top = 0;
    t->following = true;
}

void transcript_free(struct transcript *t)
{
    if (!t)
        return;
    transcript_clear(t);
    free(t->items);
    free(t);
}

bool transcript_is_empty(const struct transcript *t)
{
    return t->n == 0;
}

void transcript_add(struct transcript *t, enum item_kind kind, const char *text, const char *aside)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->items = mem_grow(t->items, t->cap, sizeof *t->items);
    }
    struct item *item = &t->items[t->n++];
    *item = (struct item){.kind = kind, .aside = mem_copy(aside)};
    str_puts(&item->text, text);
    t->following = true;
}

void transcript_add_picture(struct transcript *t, struct attachment *picture)
{
    struct item *item = &t->items[t->n - 1];
    item->pictures = mem_grow(item->pictures, item->n_pictures + 1, sizeof(struct attachment *));
    item->pictures[item->n_pictures++] = attachment_keep(picture);
}

/* Notes may follow the answer under way. */
static struct item *last_answer(const struct transcript *t)
{
    for (size_t i = t->n; i > 0; i--)
        if (t->items[i - 1].kind == ITEM_MODEL)
            return &t->items[i - 1];
    return NULL;
}

void transcript_append(struct transcript *t, const char *text, size_t n)
{
    struct item *item = last_answer(t);
    if (!item)
        return;
    str_put(&item->text, text, n);
    item->growing = true;
}

void transcript_finish(struct transcript *t, const char *aside, bool interrupted)
{
    struct item *item = last_answer(t);
    if (!item)
        return;
    if (aside) {
        free(item->aside);
        item->aside = mem_copy(aside);
    }
    item->growing = false;
    item->interrupted = interrupted;
    item->width = 0; /* emphasis that stayed open is plain text after all */
}

void transcript_drop_answer(struct transcript *t)
{
    struct item *item = last_answer(t);
    if (!item)
        return;
    item_done(item);
    memmove(item, item + 1, (size_t)(t->items + t->n - (item + 1)) * sizeof *item);
    t->n--;
}

bool transcript_answer_is_empty(const struct transcript *t)
{
    const struct item *item = last_answer(t);
    return !item || item->text.len == 0;
}

void transcript_reopen(struct transcript *t)
{
    struct item *item = last_answer(t);
    if (!item)
        return;
    item->growing = true;
    item->interrupted = false;
    t->following = true;
}

/* ---- Rows ----------------------------------------------------------------------------------- */

static bool has_label(const struct item *item)
{
    return item->kind == ITEM_USER || item->kind == ITEM_MODEL;
}

/* Label, text, and an empty row behind. */
static size_t item_rows(const struct item *item)
{
    return has_label(item) + item->flow.n_rows + 1;
}

static void lay_item(struct item *item, int width)
{
    struct flow_format format = {width, item->kind == ITEM_MODEL, item->growing};
    if (item->width != width)
        flow_reset(&item->flow);
    else if (item->laid == item->text.len)
        return;
    flow_update(&item->flow, str_text(&item->text), item->text.len, &format);
    item->width = width;
    item->laid = item->text.len;
}

static struct anchor find_anchor(const struct transcript *t)
{
    struct anchor a = {.row = t->top};
    while (a.item < t->n && a.row >= item_rows(&t->items[a.item]))
        a.row -= item_rows(&t->items[a.item++]);
    if (a.item == t->n)
        return a;
    const struct item *item = &t->items[a.item];
    size_t row = a.row - (a.row && has_label(item));
    a.offset = a.row && row < item->flow.n_rows ? item->flow.rows[row].start : 0;
    return a;
}

static size_t anchor_row(const struct transcript *t, const struct anchor *a)
{
    size_t top = 0;
    for (size_t i = 0; i < a->item && i < t->n; i++)
        top += item_rows(&t->items[i]);
    if (a->item >= t->n || a->row == 0)
        return top;
    const struct item *item = &t->items[a->item];
    size_t row = 0;
    while (row + 1 < item->flow.n_rows && item->flow.rows[row + 1].start <= a->offset)
        row++;
    return top + has_label(item) + row;
}

static void lay(struct transcript *t, int width)
{
    bool rewrap = t->width && t->width != width && !t->following;
    if (rewrap && (t->top == 0 || t->top != t->anchor_top))
        t->anchor = find_anchor(t);
    t->total = 0;
    for (size_t i = 0; i < t->n; i++) {
        lay_item(&t->items[i], width);
        t->total += item_rows(&t->items[i]);
    }
    if (t->total)
        t->total--; /* nothing follows the last item */
    if (rewrap)
        t->top = t->anchor_top = anchor_row(t, &t->anchor);
    t->width = width;
}

static size_t last_top(const struct transcript *t)
{
    return t->total > (size_t)t->page ? t->total - (size_t)t->page : 0;
}

void transcript_scroll(struct transcript *t, long rows)
{
    size_t top = t->following ? last_top(t) : t->top;
    if (rows < 0)
        top = top > (size_t)-rows ? top - (size_t)-rows : 0;
    else
        top += (size_t)rows;
    t->following = top >= last_top(t);
    t->top = top;
}

void transcript_to_start(struct transcript *t)
{
    t->top = 0;
    t->following = last_top(t) == 0;
}

void transcript_to_end(struct transcript *t)
{
    t->following = true;
}

int transcript_page(const struct transcript *t)
{
    return t->page;
}

size_t transcript_below(const struct transcript *t)
{
    size_t end = t->top + (size_t)t->page;
    return t->following || end >= t->total ? 0 : t->total - end;
}

struct attachment *const *transcript_pictures(const struct transcript *t, size_t *n)
{
    const struct item *found = NULL;
    size_t at = 0, end = t->top + (size_t)t->page;
    for (size_t i = 0; i < t->n; i++) {
        if (found && !t->following && at >= end)
            break;
        if (t->items[i].n_pictures)
            found = &t->items[i];
        at += item_rows(&t->items[i]);
    }
    *n = found ? found->n_pictures : 0;
    return found ? found->pictures : NULL;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static struct style run_style(const struct theme *theme, enum item_kind kind, uint8_t look)
{
    struct style style = theme->tones[TONE_TEXT];
    if (kind == ITEM_NOTE || look & LOOK_MUTED)
        style = theme->tones[TONE_MUTED];
    if (kind == ITEM_ERROR)
        style = theme->tones[TONE_ERROR];
    if (look & LOOK_HEADING)
        style = theme->tones[TONE_HEADING];
    if (look & LOOK_CODE)
        style = theme->tones[TONE_CODE];
    if (look & LOOK_BOLD)
        style.attrs |= ATTR_BOLD;
    if (look & LOOK_ITALIC)
        style.attrs |= ATTR_ITALIC;
    return style;
}

static void draw_mark(const struct transcript *t, struct surface *s, const struct flow_row *row,
                      int at, struct rect where)
{
    static const char *const marks[] = {[MARK_BULLET] = "•", [MARK_QUOTE] = "▎", [MARK_CODE] = "│"};
    const struct style *tones = t->theme->tones;
    if (row->mark == MARK_RULE)
        surface_fill(s, at, where.col, where.col + where.cols, "─", tones[TONE_RULE]);
    else if (row->mark != MARK_NONE && row->indent >= 2)
        surface_puts(s, at, where.col + row->indent - 2, where.col + where.cols, marks[row->mark],
                     tones[row->mark == MARK_BULLET ? TONE_MUTED : TONE_RULE]);
}

static void draw_row(const struct transcript *t, struct surface *s, const struct item *item,
                     size_t r, int at, struct rect where)
{
    const struct flow_row *row = &item->flow.rows[r];
    draw_mark(t, s, row, at, where);
    int col = where.col + row->indent, end = where.col + where.cols;
    for (size_t i = 0; i < row->n_runs; i++) {
        const struct flow_run *run = &item->flow.runs.list[row->first_run + i];
        col = surface_put(s, at, col, end, str_text(&item->text) + run->start,
                          run->end - run->start, run_style(t->theme, item->kind, run->look));
    }
}

static void draw_label(const struct transcript *t, struct surface *s, const struct item *item,
                       int at, struct rect where)
{
    const struct style *tones = t->theme->tones;
    bool user = item->kind == ITEM_USER;
    int end = where.col + where.cols;
    int col = surface_puts(s, at, where.col, end, user ? "You" : "Gemma",
                           tones[user ? TONE_USER : TONE_MODEL]);
    if (item->interrupted)
        col = surface_puts(s, at, col, end, "  interrupted", tones[TONE_WARNING]);
    if (item->growing && item->text.len == 0)
        col = surface_puts(s, at, col, end, "  …", tones[TONE_MUTED]);
    if (item->aside)
        surface_puts_right(s, at, col + 2, end, item->aside, tones[TONE_MUTED]);
}

static void draw_item(const struct transcript *t, struct surface *s, const struct item *item,
                      long from, struct rect where)
{
    bool label = has_label(item);
    for (size_t r = 0; r < item_rows(item) - 1; r++) {
        long at = from + (long)r;
        if (at < 0 || at >= where.rows)
            continue;
        if (label && r == 0)
            draw_label(t, s, item, where.row + (int)at, where);
        else
            draw_row(t, s, item, r - label, where.row + (int)at, where);
    }
}

void transcript_draw(struct transcript *t, struct surface *s, struct rect where, bool focused)
{
    int bar = where.col > 0 ? where.col - 1 : -1;
    t->page = where.rows;
    lay(t, where.cols);
    if (t->following || t->top >= last_top(t)) {
        t->following = true;
        t->top = last_top(t);
    }
    long at = -(long)t->top;
    for (size_t i = 0; i < t->n && at < where.rows; i++) {
        long rows = (long)item_rows(&t->items[i]);
        if (at + rows > 0)
            draw_item(t, s, &t->items[i], at, where);
        at += rows;
    }
    for (int r = 0; focused && bar >= 0 && r < where.rows; r++)
        surface_puts(s, where.row + r, bar, bar + 1, "▏", t->theme->tones[TONE_ACCENT]);
}
