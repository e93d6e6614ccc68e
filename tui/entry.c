#include "tui/entry.h"

#include <string.h>

#include "base/utf8.h"
#include "tui/keys.h"

void entry_done(struct entry *e)
{
    str_done(&e->text);
    e->cursor = 0;
}

void entry_set(struct entry *e, const char *text)
{
    str_clear(&e->text);
    e->cursor = 0;
    entry_insert(e, text, strlen(text));
}

void entry_insert(struct entry *e, const char *text, size_t n)
{
    struct str behind = {0};
    str_puts(&behind, str_text(&e->text) + e->cursor);
    e->text.len = e->cursor;
    for (size_t i = 0; i < n; i++)
        str_putc(&e->text, text[i] == '\n' || !text[i] ? ' ' : text[i]);
    e->cursor = e->text.len;
    str_puts(&e->text, str_text(&behind));
    str_done(&behind);
}

static size_t before(const struct entry *e)
{
    size_t at = 0;
    for (size_t next = 0; next < e->cursor; next += utf8_cluster(e->text.data + next,
                                                                 e->text.len - next, NULL))
        at = next;
    return at;
}

static size_t behind(const struct entry *e)
{
    return e->cursor == e->text.len ? e->cursor
                                    : e->cursor + utf8_cluster(e->text.data + e->cursor,
                                                               e->text.len - e->cursor, NULL);
}

/* The start of the word before the cursor. */
static size_t word_before(const struct entry *e)
{
    size_t at = e->cursor;
    while (at > 0 && e->text.data[at - 1] == ' ')
        at--;
    while (at > 0 && e->text.data[at - 1] != ' ')
        at--;
    return at;
}

static void cut(struct entry *e, size_t start, size_t end)
{
    if (start == end)
        return;
    memmove(e->text.data + start, e->text.data + end, e->text.len - end + 1);
    e->text.len -= end - start;
    e->cursor = start;
}

bool entry_key(struct entry *e, uint32_t key)
{
    switch (key) {
    case K_LEFT:
    case K_CTRL | 'b':
        e->cursor = before(e);
        return true;
    case K_RIGHT:
    case K_CTRL | 'f':
        e->cursor = behind(e);
        return true;
    case K_HOME:
    case K_CTRL | 'a':
        e->cursor = 0;
        return true;
    case K_END:
    case K_CTRL | 'e':
        e->cursor = e->text.len;
        return true;
    case K_BACKSPACE:
        cut(e, before(e), e->cursor);
        return true;
    case K_DELETE:
    case K_CTRL | 'd':
        cut(e, e->cursor, behind(e));
        return true;
    case K_CTRL | 'w':
        cut(e, word_before(e), e->cursor);
        return true;
    case K_CTRL | 'u':
        cut(e, 0, e->cursor);
        return true;
    case K_CTRL | 'k':
        cut(e, e->cursor, e->text.len);
        return true;
    }
    if (!keys_is_text(key))
        return false;
    char bytes[4] = {0};
    size_t n = utf8_put(key, bytes);
    entry_insert(e, bytes, n);
    return true;
}

void entry_draw(const struct entry *e, struct surface *s, int row, int col, int end,
                struct style style)
{
    const char *text = str_text(&e->text);
    size_t from = 0;
    while (from < e->cursor && col + (int)glyph_cells(text + from, e->cursor - from) >= end)
        from += utf8_cluster(text + from, e->text.len - from, NULL);
    surface_put(s, row, col, end, text + from, e->text.len - from, style);
    s->cursor_row = row;
    s->cursor_col = col + (int)glyph_cells(text + from, e->cursor - from);
}
