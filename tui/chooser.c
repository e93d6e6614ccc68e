#include "tui/chooser.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/entry.h"
#include "tui/fuzzy.h"

struct row {
    char *text, *aside; /* owned */
    int64_t value;
    int score; /* 0: hidden */
};

struct chooser {
    const struct theme *theme;
    const char *title, *empty;
    struct chooser_hooks hooks;
    struct entry typed;
    struct row *rows;
    size_t n, cap;
    size_t *shown; /* rows in the order in which they are seen; [cap] */
    size_t n_shown, marked, top;
    int page;
};

struct chooser *chooser_new(const struct theme *theme, const char *title, const char *empty,
                            const struct chooser_hooks *hooks)
{
    struct chooser *c = mem_new(1, sizeof *c);
    *c = (struct chooser){
        .theme = theme, .title = title, .empty = empty, .hooks = *hooks, .page = 1};
    return c;
}

void chooser_clear(struct chooser *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->rows[i].text);
        free(c->rows[i].aside);
    }
    c->n = c->n_shown = c->marked = c->top = 0;
}

void chooser_free(struct chooser *c)
{
    if (!c)
        return;
    chooser_clear(c);
    free(c->rows);
    free(c->shown);
    entry_done(&c->typed);
    free(c);
}

void chooser_add(struct chooser *c, const char *text, const char *aside, int64_t value)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 32;
        c->rows = mem_grow(c->rows, c->cap, sizeof *c->rows);
        c->shown = mem_grow(c->shown, c->cap, sizeof *c->shown);
    }
    c->shown[c->n_shown++] = c->n;
    c->rows[c->n++] = (struct row){.text = mem_copy(text),
                                   .aside = mem_copy(aside ? aside : ""),
                                   .value = value,
                                   .score = 1};
}

const char *chooser_typed(const struct chooser *c)
{
    return str_text(&c->typed.text);
}

/* ---- What is seen, and what is marked ------------------------------------------------------- */

static void tell_marked(struct chooser *c)
{
    if (c->n_shown && c->hooks.marked)
        c->hooks.marked(c->hooks.user, c->rows[c->shown[c->marked]].value);
}

void chooser_mark(struct chooser *c, int64_t value)
{
    for (size_t i = 0; i < c->n_shown; i++)
        if (c->rows[c->shown[i]].value == value)
            c->marked = i;
}

/* Best first, rows of the same score as they were added: insertion keeps them so. */
static void narrow(struct chooser *c)
{
    struct str all = {0};
    c->n_shown = 0;
    for (size_t i = 0; i < c->n; i++) {
        str_clear(&all);
        str_printf(&all, "%s %s", c->rows[i].text, c->rows[i].aside);
        c->rows[i].score = fuzzy_score(str_text(&all), chooser_typed(c));
        if (!c->rows[i].score)
            continue;
        size_t at = c->n_shown++;
        for (; at && c->rows[c->shown[at - 1]].score < c->rows[i].score; at--)
            c->shown[at] = c->shown[at - 1];
        c->shown[at] = i;
    }
    str_done(&all);
}

static void typed(struct chooser *c)
{
    if (c->hooks.typed)
        c->hooks.typed(c->hooks.user, c, chooser_typed(c));
    else
        narrow(c);
    c->marked = c->top = 0;
    tell_marked(c);
}

static void move(struct chooser *c, long by)
{
    long last = (long)c->n_shown - 1, to = (long)c->marked + by;
    c->marked = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
    tell_marked(c);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

void chooser_paste(struct chooser *c, const char *text, size_t n)
{
    entry_insert(&c->typed, text, n);
    typed(c);
}

enum chosen chooser_key(struct chooser *c, enum action action, uint32_t key)
{
    switch (action) {
    case ACTION_ROW_UP:
        move(c, -1);
        break;
    case ACTION_ROW_DOWN:
        move(c, 1);
        break;
    case ACTION_PAGE_UP:
        move(c, -c->page);
        break;
    case ACTION_PAGE_DOWN:
        move(c, c->page);
        break;
    case ACTION_TOP:
        move(c, -(long)c->n_shown);
        break;
    case ACTION_BOTTOM:
        move(c, (long)c->n_shown);
        break;
    case ACTION_TAKE:
        return c->n_shown ? CHOSEN : CHOSEN_NOT_YET;
    case ACTION_CANCEL:
    case ACTION_INTERRUPT:
        return CHOSEN_NOTHING;
    default:
        if (action == ACTION_NONE && entry_key(&c->typed, key))
            typed(c);
    }
    return CHOSEN_NOT_YET;
}

void chooser_finish(struct chooser *c, enum chosen chosen)
{
    struct chooser_hooks hooks = c->hooks;
    bool taken = chosen == CHOSEN && c->n_shown;
    int64_t value = taken ? c->rows[c->shown[c->marked]].value : 0;
    chooser_free(c);
    if (taken && hooks.taken)
        hooks.taken(hooks.user, value);
    else if (!taken && hooks.left)
        hooks.left(hooks.user);
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static void draw_row(const struct chooser *c, struct surface *s, const struct row *row, bool marked,
                     struct rect where)
{
    const struct style *tones = c->theme->tones;
    struct style text = tones[marked ? TONE_SELECTED : TONE_TEXT];
    struct style aside = tones[marked ? TONE_SELECTED : TONE_MUTED];
    int end = where.col + where.cols;
    surface_fill(s, where.row, where.col, end, " ", text);
    int room = where.cols - 2, beside = (int)glyph_cells(row->aside, strlen(row->aside));
    if (beside > room / 2)
        beside = room / 2;
    int col = surface_puts_cut(s, where.row, where.col + 1, end - 1 - (beside ? beside + 2 : 0),
                               row->text, text);
    surface_puts_right(s, where.row, col + 2, end - 1, row->aside, aside);
}

static void draw_head(const struct chooser *c, struct surface *s, struct rect where)
{
    const struct style *tones = c->theme->tones;
    int end = where.col + where.cols;
    int col = surface_puts(s, where.row, where.col, end, c->title, tones[TONE_HEADING]);
    struct str count = {0};
    if (c->n)
        str_printf(&count, c->n_shown < c->n ? "%zu of %zu" : "%zu", c->n_shown, c->n);
    surface_puts_right(s, where.row, col + 2, end, str_text(&count), tones[TONE_MUTED]);
    str_done(&count);
    col = surface_puts(s, where.row + 1, where.col, end, "> ", tones[TONE_ACCENT]);
    entry_draw(&c->typed, s, where.row + 1, col, end - 1, tones[TONE_TEXT]);
}

/* Returns the columns that it took of the list's. */
static int draw_beside(const struct chooser *c, struct surface *s, struct rect list)
{
    enum { FROM_COLS = 50, SHARE = 3 };
    struct rect side = list;
    if (!c->hooks.beside || !c->n_shown || list.cols < FROM_COLS)
        return 0;
    side.cols = list.cols / SHARE;
    side.col += list.cols - side.cols;
    return c->hooks.beside(c->hooks.user, c->rows[c->shown[c->marked]].value, s, side)
               ? side.cols + 1
               : 0;
}

void chooser_draw(struct chooser *c, struct surface *s, struct rect where)
{
    enum { HEAD_ROWS = 2 };
    if (where.rows <= HEAD_ROWS)
        return;
    draw_head(c, s, where);
    where.cols -= draw_beside(c, s, (struct rect){where.row + HEAD_ROWS, where.col,
                                                  where.rows - HEAD_ROWS, where.cols});
    c->page = where.rows - HEAD_ROWS;
    if (c->marked < c->top)
        c->top = c->marked;
    if (c->marked >= c->top + (size_t)c->page)
        c->top = c->marked - (size_t)c->page + 1;
    where.row += HEAD_ROWS;
    where.rows = 1;
    for (size_t i = c->top; i < c->n_shown && i < c->top + (size_t)c->page; i++, where.row++)
        draw_row(c, s, &c->rows[c->shown[i]], i == c->marked, where);
    if (!c->n_shown)
        surface_puts(s, where.row, where.col + 1, where.col + where.cols, c->empty,
                     c->theme->tones[TONE_MUTED]);
}
