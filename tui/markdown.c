#include "tui/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/glyph.h"
#include "tui/highlight.h"
#include "tui/markdown_lay.h"
#include "tui/markdown_open.h"
#include "tui/theme.h"

enum { MARKER_BYTES = 32, MAX_BARS = 100 };

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

/* ---- What stands before rows ---------------------------------------------------------------- */

static void push(struct lay *l, const char *marker, const char *rest)
{
    size_t most = (size_t)l->width / 2;
    int before = 0, cells = (int)glyph_cells(rest, strlen(rest));
    for (int i = 0; i < l->depth && i < MAX_LEVELS; i++)
        before += l->levels[i].cells;
    if (l->depth < MAX_LEVELS) {
        struct lay_level *level = &l->levels[l->depth];
        bool fits = (size_t)(before + cells) <= most;
        level->marker = lay_begin(l);
        str_puts(&l->m->text, fits ? marker : "");
        level->rest = l->m->text.len;
        str_puts(&l->m->text, fits ? rest : "");
        level->end = l->m->text.len;
        level->cells = fits ? cells : 0;
        level->used = false;
    }
    l->depth++;
}

static bool marker_is_due(const struct lay *l)
{
    return l->depth > 0 && l->depth <= MAX_LEVELS && !l->levels[l->depth - 1].used;
}

void lay_prefixes(struct lay *l)
{
    l->first.n = l->rest.n = 0;
    for (int i = 0; i < l->depth && i < MAX_LEVELS; i++) {
        struct lay_level *level = &l->levels[i];
        if (level->used)
            flow_add(&l->first, level->rest, level->end, TONE_MUTED, 0);
        else
            flow_add(&l->first, level->marker, level->rest, TONE_MUTED, 0);
        flow_add(&l->rest, level->rest, level->end, TONE_MUTED, 0);
        level->used = true;
    }
}

int lay_room(const struct lay *l)
{
    int room = l->width;
    for (int i = 0; i < l->depth && i < MAX_LEVELS; i++)
        room -= l->levels[i].cells;
    return room;
}

size_t lay_begin(struct lay *l)
{
    str_putc(&l->m->text, '\n');
    return l->m->text.len;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Wraps l->line, which is what the text holds from `start` on. */
static void wrap(struct lay *l, size_t start, bool verbatim)
{
    struct flow_line line = {.text = l->m->text.data,
                             .runs = &l->line,
                             .start = start,
                             .end = l->m->text.len,
                             .first = &l->first,
                             .rest = &l->rest,
                             .place = l->m->place,
                             .width = l->width,
                             .verbatim = verbatim};
    flow_wrap(&l->m->flow, &line);
    l->m->place += line.end - start;
}

static void lay_text(struct lay *l, cmark_node *block)
{
    uint8_t tone = l->quotes ? TONE_QUOTE : TONE_TEXT;
    if (cmark_node_get_type(block) == CMARK_NODE_HEADING)
        tone = TONE_HEADING;
    lay_prefixes(l);
    size_t start = lay_begin(l);
    lay_inlines(l, block, tone);
    wrap(l, start, false);
}

/* Literal text without the newline at its end. */
static size_t put_literal(struct lay *l, cmark_node *block)
{
    size_t start = lay_begin(l);
    const char *text = cmark_node_get_literal(block);
    size_t n = text ? strlen(text) : 0;
    str_put(&l->m->text, text ? text : "", n && text[n - 1] == '\n' ? n - 1 : n);
    return start;
}

static void lay_html(struct lay *l, cmark_node *block)
{
    lay_prefixes(l);
    size_t start = put_literal(l, block);
    l->line.n = 0;
    flow_add(&l->line, start, l->m->text.len, TONE_MUTED, 0);
    wrap(l, start, true);
}

static void add_code(struct markdown *m, size_t first_row, size_t start)
{
    if (m->n_codes == m->cap_codes) {
        m->cap_codes = m->cap_codes ? 2 * m->cap_codes : 4;
        m->codes = mem_grow(m->codes, m->cap_codes, sizeof *m->codes);
    }
    m->codes[m->n_codes++] =
        (struct markdown_code){first_row, m->flow.n_rows, start, m->text.len};
}

/* The language, if it is named, stands above the code. */
static void lay_language(struct lay *l, const char *info, size_t n)
{
    if (n == 0)
        return;
    lay_prefixes(l);
    size_t start = lay_begin(l);
    str_puts(&l->m->text, "  ");
    str_put(&l->m->text, info, n);
    flow_row(&l->m->flow, l->m->place);
    flow_put_runs(&l->m->flow, &l->first);
    flow_put(&l->m->flow, start, l->m->text.len, TONE_MUTED, 0);
}

static void lay_code(struct lay *l, cmark_node *block)
{
    struct markdown *m = l->m;
    const char *info = cmark_node_get_fence_info(block);
    size_t first_row = m->flow.n_rows, n = info ? strcspn(info, " \t{,:") : 0;
    lay_language(l, info, n);
    push(l, "│ ", "│ ");
    lay_prefixes(l);
    size_t start = put_literal(l, block);
    l->line.n = 0;
    highlight(highlight_language(info, n), m->text.data, start, m->text.len, &l->line);
    wrap(l, start, true);
    l->depth--;
    add_code(m, first_row, start);
}

static void lay_rule(struct lay *l)
{
    lay_prefixes(l);
    size_t start = lay_begin(l);
    for (int i = lay_room(l); i > 0; i--)
        str_puts(&l->m->text, "─");
    flow_row(&l->m->flow, l->m->place);
    flow_put_runs(&l->m->flow, &l->first);
    flow_put(&l->m->flow, start, l->m->text.len, TONE_RULE, 0);
}

static bool is_named(cmark_node *node, const char *type)
{
    return strcmp(cmark_node_get_type_string(node), type) == 0;
}

/* Items of a list keep together unless their text has empty lines between them. */
static bool is_tight(cmark_node *node)
{
    cmark_node *parent = cmark_node_parent(node);
    if (cmark_node_get_type(node) == CMARK_NODE_ITEM)
        return cmark_node_get_list_tight(parent);
    return parent && cmark_node_get_type(parent) == CMARK_NODE_ITEM &&
           cmark_node_get_list_tight(cmark_node_parent(parent));
}

static void lay_gap(struct lay *l, cmark_node *node)
{
    bool begins_text = cmark_node_get_type(cmark_node_parent(node)) == CMARK_NODE_DOCUMENT &&
                       l->m->flow.n_rows == 0;
    bool first = cmark_node_previous(node) == NULL &&
                 cmark_node_get_type(cmark_node_parent(node)) != CMARK_NODE_DOCUMENT;
    if (begins_text || first || is_tight(node))
        return;
    lay_prefixes(l);
    flow_row(&l->m->flow, l->m->place);
    flow_put_runs(&l->m->flow, &l->first);
}

static int item_number(cmark_node *item)
{
    int number = cmark_node_get_list_start(cmark_node_parent(item));
    while ((item = cmark_node_previous(item)))
        number++;
    return number;
}

static void push_item(struct lay *l, cmark_node *item)
{
    static const char *const bullets[] = {"• ", "◦ ", "▪ "};
    static const char spaces[] = "                ";
    cmark_node *list = cmark_node_parent(item);
    char marker[MARKER_BYTES];
    if (is_named(item, "tasklist"))
        snprintf(marker, sizeof marker, "%s",
                 cmark_gfm_extensions_get_tasklist_item_checked(item) ? "☑ " : "☐ ");
    else if (cmark_node_get_list_type(list) == CMARK_ORDERED_LIST)
        snprintf(marker, sizeof marker, "%d%c ", item_number(item),
                 cmark_node_get_list_delim(list) == CMARK_PAREN_DELIM ? ')' : '.');
    else
        snprintf(marker, sizeof marker, "%s", bullets[(l->lists - 1) % 3]);
    size_t cells = glyph_cells(marker, strlen(marker));
    push(l, marker, spaces + sizeof spaces - 1 - cells);
}

/* True if the node's children are to be laid out as blocks too. */
static bool enter(struct lay *l, cmark_node *node)
{
    cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_DOCUMENT)
        return true;
    lay_gap(l, node);
    switch (type) {
    case CMARK_NODE_BLOCK_QUOTE:
        push(l, "▎ ", "▎ ");
        l->quotes++;
        return true;
    case CMARK_NODE_LIST:
        l->lists++;
        return true;
    case CMARK_NODE_ITEM:
        push_item(l, node);
        return true;
    case CMARK_NODE_CODE_BLOCK:
        lay_code(l, node);
        break;
    case CMARK_NODE_HTML_BLOCK:
        lay_html(l, node);
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        lay_rule(l);
        break;
    default:
        if (is_named(node, "table"))
            lay_table(l, node);
        else
            lay_text(l, node);
    }
    return false;
}

static void leave(struct lay *l, cmark_node *node)
{
    cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_LIST)
        l->lists--;
    if (type != CMARK_NODE_ITEM && type != CMARK_NODE_BLOCK_QUOTE)
        return;
    if (marker_is_due(l)) { /* nothing is in it */
        lay_prefixes(l);
        flow_row(&l->m->flow, l->m->place);
        flow_put_runs(&l->m->flow, &l->first);
    }
    l->quotes -= type == CMARK_NODE_BLOCK_QUOTE;
    l->depth--;
}

/* Lays out what stands before `stop`, a block of the document; NULL: all. */
static void lay_blocks(struct markdown *m, cmark_node *document, cmark_node *stop, int width)
{
    struct lay l = {.m = m, .width = width};
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        if (node == stop)
            break;
        if (event == CMARK_EVENT_EXIT)
            leave(&l, node);
        else if (!enter(&l, node) && cmark_node_first_child(node))
            cmark_iter_reset(iter, node, CMARK_EVENT_EXIT);
    }
    cmark_iter_free(iter);
    flow_runs_done(&l.line);
    flow_runs_done(&l.first);
    flow_runs_done(&l.rest);
}

/* ---- Growing -------------------------------------------------------------------------------- */

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
