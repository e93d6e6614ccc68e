#include "tui/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <stdlib.h>
#include <string.h>

#include "tui/markdown_lay.h"
#include "tui/markdown_open.h"

enum { MAX_BARS = 100 };

void markdown_done(struct markdown *m)
{
    str_done(&m->text);
    flow_done(&m->flow);
    free(m->codes);
    *m = (struct markdown){0};
}

static void go_to(struct markdown *m, const struct markdown_point *point)
{
    str_put(&m->text, "", 0);
    m->text.len = point->text;
    m->text.data[point->text] = 0;
    flow_cut(&m->flow, point->n_rows, point->n_runs);
    m->n_codes = point->n_codes;
    m->place = point->place;
}

void markdown_reset(struct markdown *m)
{
    m->done = (struct markdown_point){0};
    m->scanned = 0;
    m->whole = false;
    go_to(m, &m->done);
}

static void remember(struct markdown *m, size_t offset)
{
    m->done = (struct markdown_point){offset,     m->text.len, m->flow.n_rows, m->flow.runs.n,
                                      m->n_codes, m->place};
}

/* The parser fills a table's rows up to its head's columns, however many those are. */
static bool has_too_many_columns(const char *s, size_t n)
{
    int bars = 0;
    for (size_t i = 0; i < n && bars <= MAX_BARS; i++)
        bars = s[i] == '\n' ? 0 : bars + (s[i] == '|');
    return bars > MAX_BARS;
}

static cmark_node *parse(const char *text, size_t n)
{
    static const char *const extensions[] = {"strikethrough", "tasklist", "table"};
    size_t n_extensions = 3 - has_too_many_columns(text, n);
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE);
    for (size_t i = 0; i < n_extensions; i++)
        cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(extensions[i]));
    cmark_parser_feed(parser, text, n);
    cmark_node *document = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return document;
}

/* Where a line (from 1) begins, lines ending as cmark has them end. */
static size_t line_offset(const char *s, size_t n, int line)
{
    size_t i = 0;
    for (; line > 1 && i < n; line--) {
        while (i < n && s[i] != '\n' && s[i] != '\r')
            i++;
        i += i + 1 < n && s[i] == '\r' && s[i + 1] == '\n' ? 2 : 1;
    }
    return i;
}

/* Once a block has begun, the one before it is closed for good. Only whole lines can tell: a table
 * may turn out to be none in the middle of one. */
static void settle(struct markdown *m, const char *source, size_t end, int width)
{
    const char *text = source + m->done.offset;
    size_t n = end - m->done.offset;
    cmark_node *document = parse(text, n), *last = cmark_node_last_child(document);
    cmark_node *stop = last, *before = last ? cmark_node_previous(last) : NULL;
    if (before && cmark_node_get_start_line(before) == 0) { /* split off: the table has its line */
        stop = before;
        before = cmark_node_previous(before);
    }
    if (before) {
        size_t offset = line_offset(text, n, cmark_node_get_start_line(last));
        go_to(m, &m->done);
        lay_blocks(m, document, stop, width);
        remember(m, m->done.offset + offset);
    }
    cmark_node_free(document);
}

static size_t whole_lines(const char *s, size_t from, size_t n)
{
    while (n > from && s[n - 1] != '\n')
        n--;
    return n;
}

static void lay_tail(struct markdown *m, const char *tail, size_t n, int width, bool growing)
{
    struct str closed = {0};
    if (growing)
        markdown_close(&closed, tail, n);
    cmark_node *document =
        growing ? parse(str_text(&closed), closed.len) : parse(tail, n);
    go_to(m, &m->done);
    lay_blocks(m, document, NULL, width);
    cmark_node_free(document);
    str_done(&closed);
}

void markdown_update(struct markdown *m, const char *source, size_t n, int width, bool growing)
{
    if (!m->whole && memmem(source + m->done.offset, n - m->done.offset, "]:", 2)) {
        markdown_reset(m);
        m->whole = true;
    }
    size_t end = whole_lines(source, m->scanned, n);
    if (!m->whole && end > m->scanned)
        settle(m, source, end, width);
    m->scanned = end;
    lay_tail(m, source + m->done.offset, n - m->done.offset, width, growing);
}
