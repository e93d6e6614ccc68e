#include "tui/markdown_open.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_OPEN = 8 };

static size_t repeat(const char *s, size_t i, size_t end)
{
    size_t n = 1;
    while (i + n < end && s[i + n] == s[i])
        n++;
    return n;
}

static bool is_made_of(const char *s, size_t n, const char *set)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(set, s[i]))
            return false;
    return true;
}

static size_t line_start(const char *s, size_t end)
{
    while (end > 0 && s[end - 1] != '\n')
        end--;
    return end;
}

static size_t skip(const char *s, size_t i, size_t end, const char *set)
{
    while (i < end && strchr(set, s[i]))
        i++;
    return i;
}

static void cut(struct str *s, size_t n)
{
    s->len = n;
    if (s->data)
        s->data[n] = 0;
}

/* ---- Fences --------------------------------------------------------------------------------- */

/* Whether the end of the text is within a fence. Its marks may stand in a quote or a list. */
static bool ends_in_fence(const char *s, size_t n)
{
    char mark = 0;
    size_t length = 0;
    for (size_t i = 0; i < n;) {
        const char *newline = memchr(s + i, '\n', n - i);
        size_t end = newline ? (size_t)(newline - s) : n;
        size_t at = skip(s, i, end, " >");
        size_t m = at < end && strchr("`~", s[at]) ? repeat(s, at, end) : 0;
        if (!mark && m >= 3 && (s[at] == '~' || !memchr(s + at + m, '`', end - at - m))) {
            mark = s[at];
            length = m;
        } else if (mark && m >= length && s[at] == mark && skip(s, at + m, end, " ") == end) {
            mark = 0;
        }
        i = end + 1;
    }
    return mark != 0;
}

/* ---- Emphasis, code, links ------------------------------------------------------------------ */

struct open {
    struct {
        char mark;
        size_t n;
    } list[MAX_OPEN];
    int n;
    size_t ticks; /* of the code that is open at the end */
    bool address; /* a link's is open at the end */
};

static bool is_word(const char *s, size_t i, size_t start, size_t end)
{
    return i >= start && i < end && (isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80);
}

static void take_marks(struct open *o, const char *s, size_t start, size_t i, size_t n, size_t end)
{
    bool before = i > start && !isspace((unsigned char)s[i - 1]);
    bool behind = i + n < end && !isspace((unsigned char)s[i + n]);
    bool within = i > start && is_word(s, i - 1, start, end) && is_word(s, i + n, start, end);
    if (n > 3 || (s[i] == '~' && n != 2) || (within && (s[i] == '_' || n == 1)))
        return;
    if (before && o->n && o->list[o->n - 1].mark == s[i] && o->list[o->n - 1].n <= n) {
        n -= o->list[--o->n].n;
        if (n && o->n && o->list[o->n - 1].mark == s[i] && o->list[o->n - 1].n == n)
            o->n--;
    } else if (behind && o->n < MAX_OPEN && !(i > start && is_word(s, i - 1, start, end))) {
        o->list[o->n].mark = s[i];
        o->list[o->n++].n = n;
    }
}

static size_t find_ticks(const char *s, size_t i, size_t end, size_t ticks)
{
    while (i < end) {
        size_t n = s[i] == '`' ? repeat(s, i, end) : 1;
        if (s[i] == '`' && n == ticks)
            return i;
        i += n;
    }
    return end;
}

static void scan_open(struct open *o, const char *s, size_t start, size_t end)
{
    for (size_t i = start; i < end;) {
        size_t n = strchr("`*_~", s[i]) ? repeat(s, i, end) : 1;
        if (s[i] == '\\') {
            n = 2;
        } else if (s[i] == '`') {
            size_t close = find_ticks(s, i + n, end, n);
            if (close == end) {
                o->ticks = n;
                return;
            }
            n = close + n - i;
        } else if (s[i] == ']' && i + 1 < end && s[i + 1] == '(') {
            size_t stop = i + 2;
            while (stop < end && s[stop] != ')' && !isspace((unsigned char)s[stop]))
                stop++;
            if (stop == end) {
                o->address = true;
                return;
            }
            n = stop - i;
        } else if (strchr("*_~", s[i])) {
            take_marks(o, s, start, i, n, end);
        }
        i += n;
    }
}

/* Where the text begins that emphasis open at the end may have begun in: its paragraph. */
static size_t paragraph_start(const char *s, size_t n)
{
    for (size_t end = n;;) {
        size_t start = line_start(s, end), at = skip(s, start, end, " \t");
        bool item = at + 1 < end && strchr("-*+", s[at]) && s[at + 1] == ' ';
        if (at == end)
            return end;
        if (start == 0 || item || strchr("#>|", s[at]) || isdigit((unsigned char)s[at]))
            return item ? at + 1 : start;
        end = start - 1;
    }
}

static void close_inlines(struct str *out)
{
    struct open o = {.n = 0};
    size_t start = paragraph_start(out->data, out->len), end = out->len;
    while (end > start && strchr("*_~` ", out->data[end - 1]))
        end--; /* a mark at the end closes something, or opens what is not there yet */
    if (end > start && out->data[end - 1] == '\\' && end < out->len)
        end++;
    scan_open(&o, out->data, start, end);
    cut(out, end);
    for (size_t i = 0; i < o.ticks; i++)
        str_putc(out, '`');
    if (o.address)
        str_putc(out, ')');
    while (o.n-- > 0)
        for (size_t i = 0; i < o.list[o.n].n; i++)
            str_putc(out, o.list[o.n].mark);
}

/* ---- Tables --------------------------------------------------------------------------------- */

static int count_cells(const char *s, size_t n)
{
    int cells = 0;
    bool content = false;
    for (size_t i = 1; i < n; i++) { /* behind the first bar */
        if (s[i] == '|') {
            cells++;
            content = false;
        } else if (s[i] != ' ') {
            content = true;
        }
        i += s[i] == '\\';
    }
    return cells + content;
}

static void put_delimiters(struct str *out, int cells)
{
    str_putc(out, '|');
    for (int i = 0; i < cells; i++)
        str_puts(out, "-|");
}

/* A table is none before the line under its head is complete. */
static void close_table(struct str *out)
{
    const char *s = out->data;
    size_t last = line_start(s, out->len), before = last ? line_start(s, last - 1) : 0;
    bool bar = s[last] == '|', bar_before = last && s[before] == '|' && before + 1 < last;
    size_t start = bar_before ? before : last;
    bool second = start > 0 && s[line_start(s, start - 1)] == '|';
    if (!bar || second)
        return;
    bool delimiters = bar_before && is_made_of(s + last, out->len - last, "|:- ");
    int cells = bar_before ? count_cells(s + before, last - 1 - before)
                           : count_cells(s + last, out->len - last);
    bool complete = count_cells(s + last, out->len - last) >= cells;
    if (cells == 0 || (bar_before && (!delimiters || complete)))
        return;
    if (bar_before)
        cut(out, last);
    else
        str_putc(out, '\n');
    put_delimiters(out, cells);
}

void markdown_close(struct str *out, const char *s, size_t n)
{
    bool fence = ends_in_fence(s, n);
    size_t last = line_start(s, n);
    if (is_made_of(s + last, n - last, fence ? " `~" : " -=+*_#>~`"))
        n = last; /* half a closing fence, a list, a heading: who knows */
    str_clear(out);
    str_put(out, s, n);
    if (fence || n == 0 || s[n - 1] == '\n')
        return;
    close_inlines(out);
    if (out->len)
        close_table(out);
}
