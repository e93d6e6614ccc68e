#include "tui/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/transcript_rows.h"

struct transcript *transcript_new(const struct theme *theme)
{
    struct transcript *t = mem_new(1, sizeof *t);
    t->theme = theme;
    t->following = true;
    t->anchor.item = t->match.item = NO_ITEM;
    transcript_deselect(t);
    return t;
}

void transcript_clear(struct transcript *t)
{
    for (size_t i = 0; i < t->n; i++)
        item_done(&t->items[i]);
    t->n = t->below = 0;
    t->top = t->last = (struct place){0, 0};
    t->anchor.item = t->match.item = NO_ITEM;
    t->following = true;
    str_clear(&t->query);
    transcript_deselect(t);
}

void transcript_free(struct transcript *t)
{
    if (!t)
        return;
    transcript_clear(t);
    str_done(&t->query);
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
    item_add_text(item, text, strlen(text));
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
    item_add_text(item, text, n);
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
    item_spoil(item); /* emphasis that stayed open is plain text after all */
}

void transcript_drop_answer(struct transcript *t)
{
    struct item *item = last_answer(t);
    if (!item)
        return;
    item_done(item);
    memmove(item, item + 1, (size_t)(t->items + t->n - (item + 1)) * sizeof *item);
    t->n--;
    if (t->top.item >= t->n)
        t->following = true;
    t->match.item = NO_ITEM;
    transcript_deselect(t);
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
    item_spoil(item);
    t->following = true;
}

/* NULL: there is none. */
static struct item *find_message(struct transcript *t, size_t message)
{
    for (size_t i = 0; i < t->n; i++)
        if (item_has_label(&t->items[i]) && message-- == 0)
            return &t->items[i];
    return NULL;
}

void transcript_set_branch(struct transcript *t, size_t message, size_t k, size_t n)
{
    struct item *item = find_message(t, message);
    if (!item)
        return;
    item->branch = k;
    item->n_branches = n;
}

/* ---- Scrolling ------------------------------------------------------------------------------ */

void transcript_scroll(struct transcript *t, long rows)
{
    struct place end = rows_last_top(t);
    if (t->following)
        t->top = end;
    if (rows < 0)
        rows_up(t, &t->top, (size_t)-rows);
    else
        rows_down(t, &t->top, (size_t)rows);
    t->following = !place_before(t->top, end);
}

static void go_to(struct transcript *t, size_t item)
{
    t->top = (struct place){item, 0};
    t->following = !place_before(t->top, rows_last_top(t));
}

void transcript_to_start(struct transcript *t)
{
    go_to(t, 0);
}

void transcript_to_message(struct transcript *t, size_t message)
{
    struct item *item = find_message(t, message);
    if (item)
        go_to(t, (size_t)(item - t->items));
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
    return t->following ? 0 : t->below;
}

struct attachment *const *transcript_pictures(const struct transcript *t, size_t *n)
{
    const struct item *found = NULL;
    for (size_t i = 0; i < t->n; i++) {
        if (found && !t->following && i > t->last.item)
            break;
        if (t->items[i].n_pictures)
            found = &t->items[i];
    }
    *n = found ? found->n_pictures : 0;
    return found ? found->pictures : NULL;
}

struct attachment *transcript_unread(const struct transcript *t)
{
    for (size_t i = t->n; i-- > 0;)
        for (size_t k = 0; k < t->items[i].n_pictures; k++)
            if (attachment_is(t->items[i].pictures[k], ATTACHMENT_UNREAD))
                return t->items[i].pictures[k];
    return NULL;
}

/* ---- Selection ------------------------------------------------------------------------------ */

bool transcript_deselect(struct transcript *t)
{
    bool was = t->selected != NO_ITEM;
    t->selected = NO_ITEM;
    t->code = -1;
    return was;
}

/* Where a search for the next thing to select begins: with nothing selected, at the edge of the
 * view. */
static size_t first_candidate(const struct transcript *t, int step)
{
    if (t->selected != NO_ITEM)
        return t->selected;
    return step < 0 ? t->last.item : t->top.item;
}

bool transcript_select_message(struct transcript *t, int step)
{
    bool fresh = t->selected == NO_ITEM || (t->code >= 0 && step < 0);
    size_t i = first_candidate(t, step) + (fresh ? 0 : (size_t)step);
    while (i < t->n && !item_has_label(&t->items[i]))
        i += (size_t)step;
    if (i >= t->n) /* below the first, too */
        return false;
    t->selected = i;
    t->code = -1;
    rows_make(t, i);
    rows_show(t, (struct place){i, 0}, rows_of_item(t, i));
    return true;
}

/* Most answers have no code, and need no rows to know it. */
static long count_codes(struct transcript *t, size_t i)
{
    const struct item *item = &t->items[i];
    const char *text = str_text(&item->text);
    bool likely = item->kind == ITEM_MODEL && (strstr(text, "```") || strstr(text, "~~~") ||
                                               strstr(text, "    ") || strchr(text, '\t'));
    return likely ? (long)rows_make(t, i)->laid.n_codes : 0;
}

bool transcript_select_code(struct transcript *t, int step)
{
    size_t i = first_candidate(t, step);
    bool within = i == t->selected && (t->code >= 0 || step > 0);
    long k = within ? t->code + step : step < 0 && i < t->n ? count_codes(t, i) - 1 : 0;
    while (i < t->n && (k < 0 || k >= count_codes(t, i))) {
        i += (size_t)step;
        k = step < 0 && i < t->n ? count_codes(t, i) - 1 : 0;
    }
    if (i >= t->n)
        return false;
    t->selected = i;
    t->code = k;
    const struct markdown_code *code = &rows_make(t, i)->laid.codes[k];
    rows_show(t, (struct place){i, 1 + code->first_row}, code->end_row - code->first_row);
    return true;
}

enum selected transcript_get_selected(struct transcript *t, struct str *out, size_t *message)
{
    const struct item *answer = last_answer(t);
    size_t i = t->selected;
    str_clear(out);
    *message = 0;
    if (i == NO_ITEM && !answer)
        return SELECTED_NOTHING;
    if (i == NO_ITEM)
        i = (size_t)(answer - t->items);
    for (size_t k = 0; k < i; k++)
        *message += item_has_label(&t->items[k]);
    struct item *item = rows_make(t, i);
    if (t->code < 0 || (size_t)t->code >= item->laid.n_codes) {
        str_put(out, str_text(&item->text), item->text.len);
        return SELECTED_MESSAGE;
    }
    const struct markdown_code *code = &item->laid.codes[t->code];
    str_put(out, item->laid.text.data + code->start, code->end - code->start);
    str_putc(out, '\n');
    return SELECTED_CODE;
}

/* ---- As it was written ---------------------------------------------------------------------- */

bool transcript_show_formatted(struct transcript *t)
{
    bool was = false;
    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].written.n) {
            item_set_written(&t->items[i], NULL);
            was = true;
        }
    return was;
}

void transcript_show_written(struct transcript *t, size_t message, const struct flow_runs *runs,
                             size_t at)
{
    struct item *item = find_message(t, message);
    if (!item)
        return;
    transcript_show_formatted(t);
    item_set_written(item, runs);
    size_t i = (size_t)(item - t->items);
    rows_make(t, i);
    rows_show(t, (struct place){i, item_has_label(item) + item_row_at(item, at)}, 1);
}

bool transcript_is_written(const struct transcript *t, size_t *message)
{
    *message = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->items[i].written.n)
            return true;
        *message += item_has_label(&t->items[i]);
    }
    return false;
}
