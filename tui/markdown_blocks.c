#include <cmark-gfm-core-extensions.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tui/glyph.h"
#include "tui/highlight.h"
#include "tui/markdown_lay.h"
#include "tui/theme.h"

enum { MARKER_BYTES = 32 };

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

void lay_row(struct lay *l, size_t place)
{
    lay_prefixes(l);
    flow_row(&l->m->flow, place);
    flow_put_runs(&l->m->flow, &l->first);
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
    size_t start = lay_begin(l);
    str_puts(&l->m->text, "  ");
    str_put(&l->m->text, info, n);
    lay_row(l, l->m->place);
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
    size_t start = lay_begin(l);
    for (int i = lay_room(l); i > 0; i--)
        str_puts(&l->m->text, "─");
    lay_row(l, l->m->place);
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
    lay_row(l, l->m->place);
}

static void enter_list(struct lay *l, cmark_node *list)
{
    if (l->lists < MAX_LEVELS)
        l->numbers[l->lists] = cmark_node_get_list_start(list);
    l->lists++;
}

static int next_number(struct lay *l)
{
    return l->lists <= MAX_LEVELS ? l->numbers[l->lists - 1]++ : 0;
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
        snprintf(marker, sizeof marker, "%d%c ", next_number(l),
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
        enter_list(l, node);
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
    if (marker_is_due(l)) /* nothing is in it */
        lay_row(l, l->m->place);
    l->quotes -= type == CMARK_NODE_BLOCK_QUOTE;
    l->depth--;
}

void lay_blocks(struct markdown *m, cmark_node *document, cmark_node *stop, int width)
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
