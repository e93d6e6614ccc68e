#include "tui/editor.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void editor_done(struct editor *e)
{
    str_done(&e->text);
    str_done(&e->cut);
}

void editor_set(struct editor *e, const char *text)
{
    str_clear(&e->text);
    str_puts(&e->text, text);
    e->cursor = e->text.len;
    e->cutting = false;
}

void editor_insert(struct editor *e, const char *text, size_t n)
{
    size_t behind = e->text.len - e->cursor;
    str_put(&e->text, text, n);
    memmove(e->text.data + e->cursor + n, e->text.data + e->cursor, behind);
    memcpy(e->text.data + e->cursor, text, n);
    e->cursor += n;
    e->cutting = false;
}

void editor_remove(struct editor *e, size_t start, size_t end)
{
    if (start >= end)
        return;
    memmove(e->text.data + start, e->text.data + end, e->text.len - end + 1);
    e->text.len -= end - start;
    if (e->cursor >= end)
        e->cursor -= end - start;
    else if (e->cursor > start)
        e->cursor = start;
    e->cutting = false;
}

size_t editor_token(const char *text, size_t at, size_t *number)
{
    static const char begin[] = "[image ";
    size_t n = sizeof begin - 1;
    if (strncmp(text + at, begin, n) != 0 || !isdigit((unsigned char)text[at + n]))
        return 0;
    char *end;
    unsigned long value = strtoul(text + at + n, &end, 10);
    if (*end != ']' || end - (text + at + n) > 6)
        return 0;
    if (number)
        *number = value;
    return (size_t)(end + 1 - (text + at));
}

static size_t line_start(const struct editor *e, size_t at)
{
    while (at > 0 && e->text.data[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct editor *e, size_t at)
{
    while (at < e->text.len && e->text.data[at] != '\n')
        at++;
    return at;
}

static size_t next(const struct editor *e, size_t at)
{
    if (at >= e->text.len)
        return at;
    size_t token = editor_token(e->text.data, at, NULL);
    return at + (token ? token : utf8_cluster(e->text.data + at, e->text.len - at, NULL));
}

/* Clusters can only be found going forward: from the start of the line. */
static size_t previous(const struct editor *e, size_t at)
{
    if (at == 0)
        return 0;
    size_t i = line_start(e, at);
    if (i == at)
        return at - 1;
    for (;;) {
        size_t after = next(e, i);
        if (after >= at)
            return i;
        i = after;
    }
}

static bool is_word(const struct editor *e, size_t at)
{
    unsigned char c = (unsigned char)e->text.data[at];
    return c >= 0x80 || isalnum(c) || editor_token(e->text.data, at, NULL);
}

static size_t word_left(const struct editor *e)
{
    size_t at = e->cursor;
    while (at > 0 && !is_word(e, previous(e, at)))
        at = previous(e, at);
    while (at > 0 && is_word(e, previous(e, at)))
        at = previous(e, at);
    return at;
}

static size_t word_right(const struct editor *e)
{
    size_t at = e->cursor;
    while (at < e->text.len && !is_word(e, at))
        at = next(e, at);
    while (at < e->text.len && is_word(e, at))
        at = next(e, at);
    return at;
}

static void move(struct editor *e, size_t to)
{
    e->cursor = to;
    e->cutting = false;
}

void editor_left(struct editor *e)
{
    move(e, previous(e, e->cursor));
}

void editor_right(struct editor *e)
{
    move(e, next(e, e->cursor));
}

void editor_word_left(struct editor *e)
{
    move(e, word_left(e));
}

void editor_word_right(struct editor *e)
{
    move(e, word_right(e));
}

void editor_line_start(struct editor *e)
{
    move(e, line_start(e, e->cursor));
}

void editor_line_end(struct editor *e)
{
    move(e, line_end(e, e->cursor));
}

void editor_delete_back(struct editor *e)
{
    editor_remove(e, previous(e, e->cursor), e->cursor);
}

void editor_delete(struct editor *e)
{
    editor_remove(e, e->cursor, next(e, e->cursor));
}

/* Cuts [start, end); cuts in a row collect, before what is held or behind it. */
static void cut(struct editor *e, size_t start, size_t end, bool backwards)
{
    if (start >= end)
        return;
    struct str joined = {0};
    if (e->cutting && !backwards)
        str_put(&joined, str_text(&e->cut), e->cut.len);
    str_put(&joined, e->text.data + start, end - start);
    if (e->cutting && backwards)
        str_put(&joined, str_text(&e->cut), e->cut.len);
    str_done(&e->cut);
    e->cut = joined;
    editor_remove(e, start, end);
    e->cutting = true;
}

void editor_kill_to_end(struct editor *e)
{
    size_t end = line_end(e, e->cursor);
    if (end == e->cursor && end < e->text.len)
        end++; /* at the line's end, the line break */
    cut(e, e->cursor, end, false);
}

void editor_kill_to_start(struct editor *e)
{
    size_t start = line_start(e, e->cursor);
    if (start == e->cursor && start > 0)
        start--;
    cut(e, start, e->cursor, true);
}

/* As in a shell, back to white space: paths and words with points go whole. */
void editor_kill_word_back(struct editor *e)
{
    size_t at = e->cursor;
    while (at > 0 && isspace((unsigned char)e->text.data[at - 1]))
        at--;
    while (at > 0 && !isspace((unsigned char)e->text.data[at - 1]))
        at = previous(e, at);
    cut(e, at, e->cursor, true);
}

void editor_kill_word(struct editor *e)
{
    cut(e, e->cursor, word_right(e), false);
}

void editor_yank(struct editor *e)
{
    if (e->cut.len)
        editor_insert(e, e->cut.data, e->cut.len);
}
