#include "tui/conversations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "history/store.h"

enum { DAY_BYTES = 64, HEAD_ROWS = 2 };

struct entry {
    int64_t id, updated;
    char *title; /* owned */
};

struct conversations {
    const struct theme *theme;
    struct entry *list;
    size_t n;
    size_t selected;
    int64_t open;
    int top;          /* rows scrolled away */
    int64_t *drawn;   /* what stands in each row below the head; [page] */
    int page;
};

struct conversations *conversations_new(const struct theme *theme)
{
    struct conversations *c = mem_new(1, sizeof *c);
    c->theme = theme;
    return c;
}

static void forget(struct conversations *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->list[i].title);
    c->n = 0;
}

void conversations_free(struct conversations *c)
{
    if (!c)
        return;
    forget(c);
    free(c->list);
    free(c->drawn);
    free(c);
}

static bool add(void *user, const struct store_conversation *stored)
{
    struct conversations *c = user;
    c->list = mem_grow(c->list, c->n + 1, sizeof *c->list);
    c->list[c->n++] = (struct entry){stored->id, stored->updated, mem_copy(stored->title)};
    return true;
}

static size_t index_of(const struct conversations *c, int64_t id)
{
    size_t i = 0;
    while (i < c->n && c->list[i].id != id)
        i++;
    return i;
}

static void select_id(struct conversations *c, int64_t id)
{
    size_t i = index_of(c, id);
    if (i < c->n)
        c->selected = i;
}

bool conversations_load(struct conversations *c, struct store *store, struct err *err)
{
    int64_t selected = conversations_selected(c);
    forget(c);
    bool ok = !store || store_list(store, add, c, err);
    if (c->selected >= c->n)
        c->selected = c->n ? c->n - 1 : 0;
    select_id(c, selected);
    return ok;
}

/* To the front of the list; what stood there moves down. */
static bool renew(void *user, const struct store_conversation *stored)
{
    struct conversations *c = user;
    size_t at = index_of(c, stored->id);
    if (at == c->n)
        add(c, stored);
    free(c->list[at].title);
    memmove(c->list + 1, c->list, at * sizeof *c->list);
    c->list[0] = (struct entry){stored->id, stored->updated, mem_copy(stored->title)};
    return true;
}

bool conversations_touch(struct conversations *c, struct store *store, int64_t id,
                         struct err *err)
{
    int64_t selected = conversations_selected(c);
    bool ok = store_get(store, id, renew, c, err);
    select_id(c, selected);
    return ok;
}

void conversations_set_open(struct conversations *c, int64_t id)
{
    c->open = id;
    select_id(c, id);
}

int64_t conversations_selected(const struct conversations *c)
{
    return c->n ? c->list[c->selected].id : 0;
}

const char *conversations_title(const struct conversations *c, int64_t id)
{
    size_t i = index_of(c, id);
    return i < c->n ? c->list[i].title : NULL;
}

int64_t conversations_at(const struct conversations *c, int row)
{
    row -= HEAD_ROWS;
    return row >= 0 && row < c->page ? c->drawn[row] : 0;
}

static void move(struct conversations *c, long by)
{
    long to = (long)c->selected + by, last = (long)c->n - 1;
    c->selected = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
}

bool conversations_act(struct conversations *c, enum action action)
{
    long page = c->page > 2 ? c->page - 2 : 1;
    switch (action) {
    case ACTION_ROW_UP:
        return move(c, -1), true;
    case ACTION_ROW_DOWN:
        return move(c, 1), true;
    case ACTION_PAGE_UP:
        return move(c, -page), true;
    case ACTION_PAGE_DOWN:
        return move(c, page), true;
    case ACTION_TOP:
        return move(c, -(long)c->n), true;
    case ACTION_BOTTOM:
        return move(c, (long)c->n), true;
    default:
        return false;
    }
}

/* ---- Drawing -------------------------------------------------------------------------------- */

/* Days since 1 January 1970 by the calendar here. */
static long day_of(const struct tm *tm)
{
    struct tm noon = {.tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday,
                      .tm_hour = 12};
    return (long)(timegm(&noon) / 86400);
}

/* "Today", "Yesterday", "2 November", "2 November 2024". */
static long name_day(int64_t when, char name[DAY_BYTES])
{
    time_t at = (time_t)when, now = time(NULL);
    struct tm then, today;
    localtime_r(&at, &then);
    localtime_r(&now, &today);
    long day = day_of(&then), ago = day_of(&today) - day;
    if (ago == 0 || ago == 1)
        snprintf(name, DAY_BYTES, "%s", ago ? "Yesterday" : "Today");
    else
        strftime(name, DAY_BYTES, then.tm_year == today.tm_year ? "%-d %B" : "%-d %B %Y", &then);
    return day;
}

/* A row of the pane while it is drawn, or of the list while it is only counted. */
struct pen {
    struct conversations *c;
    struct surface *s; /* NULL: counting */
    struct rect where;
    int row; /* of the list */
    bool focused;
};

static int place(const struct pen *p)
{
    int at = p->row - p->c->top;
    return p->s && at >= 0 && at < p->where.rows ? at : -1;
}

static void draw_day(struct pen *p, const char *name)
{
    p->row += p->row > 0;
    int at = place(p);
    if (at >= 0)
        surface_puts(p->s, p->where.row + at, p->where.col, p->where.col + p->where.cols, name,
                     p->c->theme->tones[TONE_MUTED]);
    p->row++;
}

static void draw_entry(struct pen *p, size_t i)
{
    const struct conversations *c = p->c;
    const struct entry *e = &c->list[i];
    bool selected = p->focused && i == c->selected, open = e->id == c->open;
    int at = place(p), col = p->where.col, end = col + p->where.cols;
    p->row++;
    if (at < 0)
        return;
    struct style style = c->theme->tones[selected ? TONE_SELECTED : open ? TONE_ACCENT : TONE_TEXT];
    c->drawn[at] = e->id;
    if (selected)
        surface_fill(p->s, p->where.row + at, col, end, " ", style);
    if (open)
        surface_puts(p->s, p->where.row + at, col, end, "▸", style);
    surface_puts_cut(p->s, p->where.row + at, col + 2, end, e->title, style);
}

/* Walks over all rows; returns the row of the selection. */
static int walk(struct pen *p)
{
    char name[DAY_BYTES];
    long day = 0;
    int selected = 0;
    for (size_t i = 0; i < p->c->n; i++) {
        long this_day = name_day(p->c->list[i].updated, name);
        if (i == 0 || this_day != day)
            draw_day(p, name);
        day = this_day;
        if (i == p->c->selected)
            selected = p->row;
        draw_entry(p, i);
    }
    return selected;
}

void conversations_draw(struct conversations *c, struct surface *s, struct rect where,
                        bool focused)
{
    static const char title[] = "Conversations";
    int end = where.col + where.cols;
    surface_puts(s, where.row, where.col, end, title,
                 c->theme->tones[focused ? TONE_ACCENT : TONE_HEADING]);
    where.row += HEAD_ROWS;
    where.rows -= HEAD_ROWS;
    c->page = where.rows > 0 ? where.rows : 1;
    c->drawn = mem_grow(c->drawn, (size_t)c->page, sizeof *c->drawn);
    memset(c->drawn, 0, (size_t)c->page * sizeof *c->drawn);
    if (!c->n)
        surface_puts(s, where.row, where.col, end, "none yet", c->theme->tones[TONE_MUTED]);
    struct pen pen = {.c = c, .where = where, .focused = focused};
    int selected = walk(&pen);
    if (selected < c->top + 1) /* the day above it, too */
        c->top = selected > 1 ? selected - 1 : 0;
    if (selected >= c->top + c->page)
        c->top = selected - c->page + 1;
    pen.s = s;
    pen.row = 0;
    walk(&pen);
}
