#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/transcript_rows.h"

enum {
    MAX_QUERY = 200, /* characters */
    CONTEXT_ROWS = 3
};

/* What is looked for, character by character. */
struct needle {
    uint32_t list[MAX_QUERY];
    size_t n;
    bool any_case;
};

static uint32_t lower(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
}

static void make_needle(struct needle *needle, const struct str *query)
{
    *needle = (struct needle){.any_case = true};
    for (size_t i = 0; i < query->len && needle->n < MAX_QUERY;) {
        uint32_t cp;
        i += utf8_next(query->data + i, query->len - i, &cp, NULL);
        needle->list[needle->n++] = cp;
        needle->any_case = needle->any_case && lower(cp) == cp;
    }
}

/* Bytes of a match at the start of s; 0 if there is none. */
static size_t match_length(const struct needle *needle, const char *s, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < needle->n; i++) {
        uint32_t cp;
        if (at == n)
            return 0;
        at += utf8_next(s + at, n - at, &cp, NULL);
        bool line_break = cp == '\n' && needle->list[i] == ' ';
        if (!line_break && (needle->any_case ? lower(cp) : cp) != needle->list[i])
            return 0;
    }
    return at;
}

static void add_match(struct item *item, size_t start, size_t end)
{
    if (item->n_matches == item->cap_matches) {
        item->cap_matches = item->cap_matches ? 2 * item->cap_matches : 8;
        item->matches = mem_grow(item->matches, item->cap_matches, sizeof *item->matches);
    }
    item->matches[item->n_matches++] = (struct match){start, end};
}

/* Finds up to `limit` matches in text, and adds them to the item if it is one. */
static size_t find(const struct needle *needle, const char *text, size_t n, struct item *item,
                   size_t limit)
{
    size_t found = 0;
    bool plain = needle->list[0] < 0x80; /* most bytes can be passed over */
    for (size_t i = 0; i < n && found < limit;) {
        unsigned char c = (unsigned char)text[i];
        bool may = !plain || needle->any_case || c == needle->list[0];
        if (plain && needle->any_case)
            may = c >= 0x80 || lower(c) == needle->list[0];
        size_t length = may ? match_length(needle, text + i, n - i) : 0;
        if (length) {
            found++;
            if (item)
                add_match(item, i, i + length);
        }
        i += length ? length : utf8_next(text + i, n - i, &(uint32_t){0}, NULL);
    }
    return found;
}

static bool is_searched(const struct transcript *t, const struct item *item)
{
    return item->search == t->search && item->searched_bytes == item->text.len &&
           item->searched_width == t->width;
}

/* Nothing is found in it so far. */
static void begin_item(const struct transcript *t, struct item *item)
{
    item->n_matches = 0;
    item->search = t->search;
    item->searched_bytes = item->text.len;
    item->searched_width = t->width;
}

static void search_item_for(struct transcript *t, struct item *item, const struct needle *needle)
{
    size_t n;
    const char *text = item_shown(item, &n);
    begin_item(t, item);
    find(needle, text, n, item, SIZE_MAX);
}

void search_item(struct transcript *t, struct item *item)
{
    struct needle needle;
    if (is_searched(t, item))
        return;
    make_needle(&needle, &t->query);
    search_item_for(t, item, &needle);
}

/* Only items whose source has the text are laid out. Marks in the middle of a word ("un**likely**")
 * are no hindrance where the item is on the screen. */
static void search_all(struct transcript *t)
{
    struct needle needle;
    make_needle(&needle, &t->query);
    for (size_t i = 0; i < t->n; i++) {
        struct item *item = &t->items[i];
        if (is_searched(t, item))
            continue;
        if (item->has_rows || find(&needle, str_text(&item->text), item->text.len, NULL, 1)) {
            bool had_rows = item->has_rows;
            search_item_for(t, rows_make(t, i), &needle);
            if (!had_rows)
                item_release(item);
        } else {
            begin_item(t, item);
        }
    }
}

static size_t row_of_offset(const struct item *item, size_t offset)
{
    const struct flow *f = &item->laid.flow;
    for (size_t r = 0; r < f->n_rows; r++)
        for (size_t i = 0; i < f->rows[r].n_runs; i++) {
            const struct flow_run *run = &f->runs.list[f->rows[r].first_run + i];
            if (offset >= run->start && offset < run->end)
                return r;
        }
    return 0;
}

static struct place match_place(struct transcript *t, struct place match)
{
    struct item *item = rows_make(t, match.item);
    size_t row = row_of_offset(item, item->matches[match.row].start);
    return (struct place){match.item, item_has_label(item) + row};
}

/* With some rows around it, where the pane has them. */
static void go_to_match(struct transcript *t, struct place match)
{
    struct place from = match_place(t, match);
    size_t around = t->page > 3 * CONTEXT_ROWS ? CONTEXT_ROWS : 0;
    t->match = match;
    rows_up(t, &from, around);
    rows_show(t, from, 2 * around + 1);
}

void transcript_search(struct transcript *t, const char *query)
{
    struct place from = t->top;
    str_clear(&t->query);
    str_puts(&t->query, query);
    t->search++;
    t->match = (struct place){NO_ITEM, 0};
    if (!*query)
        return;
    search_all(t);
    for (size_t i = from.item; i < t->n; i++)
        for (size_t k = 0; k < t->items[i].n_matches; k++)
            if (!place_before(match_place(t, (struct place){i, k}), from)) {
                go_to_match(t, (struct place){i, k});
                return;
            }
    transcript_search_step(t, -1);
}

void transcript_search_step(struct transcript *t, int step)
{
    struct place at = t->match.item < t->n ? t->match : (struct place){t->top.item, 0};
    if (t->query.len == 0 || t->n == 0)
        return;
    search_all(t);
    bool fresh = t->match.item >= t->n;
    if (!fresh && step > 0 && at.row + 1 < t->items[at.item].n_matches) {
        go_to_match(t, (struct place){at.item, at.row + 1});
    } else if (!fresh && step < 0 && at.row > 0) {
        go_to_match(t, (struct place){at.item, at.row - 1});
    } else {
        for (size_t i = 1; i <= t->n; i++) {
            size_t item = (at.item + (step > 0 ? i : t->n - i)) % t->n;
            size_t n = t->items[item].n_matches;
            if (n == 0)
                continue;
            go_to_match(t, (struct place){item, step > 0 ? 0 : n - 1});
            return;
        }
    }
}

void transcript_search_count(const struct transcript *t, size_t *k, size_t *n)
{
    *k = *n = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->query.len == 0 || t->items[i].search != t->search)
            continue;
        if (i == t->match.item)
            *k = *n + t->match.row + 1;
        *n += t->items[i].n_matches;
    }
}
