#include "tui/transcript_rows.h"

bool place_before(struct place a, struct place b)
{
    return a.item < b.item || (a.item == b.item && a.row < b.row);
}

struct item *rows_make(struct transcript *t, size_t i)
{
    item_lay(&t->items[i], t->width > 0 ? t->width : 1);
    return &t->items[i];
}

size_t rows_of_item(const struct transcript *t, size_t i)
{
    const struct item *item = &t->items[i];
    bool behind = i + 1 < t->n || i == t->selected; /* nothing follows the last but hints */
    return item_has_label(item) + item_text_rows(item, t->width) + behind;
}

void rows_up(struct transcript *t, struct place *at, size_t n)
{
    while (n > at->row && at->item > 0) {
        n -= at->row + 1;
        rows_make(t, --at->item);
        size_t rows = rows_of_item(t, at->item);
        at->row = rows ? rows - 1 : 0;
    }
    at->row -= n < at->row ? n : at->row;
}

void rows_down(struct transcript *t, struct place *at, size_t n)
{
    while (at->item < t->n) {
        rows_make(t, at->item);
        size_t rows = rows_of_item(t, at->item);
        if (at->row + n < rows || at->item + 1 == t->n) {
            at->row = at->row + n < rows ? at->row + n : rows ? rows - 1 : 0;
            return;
        }
        n -= rows - at->row;
        at->row = 0;
        at->item++;
    }
}

struct place rows_last_top(struct transcript *t)
{
    struct place at = {0, 0};
    if (t->n == 0)
        return at;
    at.item = t->n - 1;
    rows_make(t, at.item);
    size_t rows = rows_of_item(t, at.item);
    at.row = rows ? rows - 1 : 0;
    rows_up(t, &at, t->page > 1 ? (size_t)t->page - 1 : 0);
    return at;
}

void rows_show(struct transcript *t, struct place from, size_t n)
{
    size_t page = t->page > 1 ? (size_t)t->page : 1;
    struct place end = rows_last_top(t), low = from;
    if (t->following)
        t->top = end;
    rows_down(t, &low, (n < page ? n : page) - (n > 0));
    rows_up(t, &low, page - 1);
    if (place_before(from, t->top))
        t->top = from;
    else if (place_before(t->top, low))
        t->top = low;
    t->following = !place_before(t->top, end);
}
