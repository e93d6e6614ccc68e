#include "tui/flow.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/glyph.h"

enum {
    MAX_STYLED_BYTES = 4096, /* finding where emphasis closes is quadratic in a line's length */
    MAX_DEPTH = 4,
    MARK_CELLS = 2,
};

/* One source line on its way to rows. */
struct line {
    struct flow *flow;
    const char *text;
    size_t start, end;
    const struct flow_format *format;
    bool open;     /* the text may go on here */
    bool verbatim; /* breaks anywhere, keeps its spaces */
    int first_indent, indent;
    enum flow_mark mark;
};

void flow_done(struct flow *f)
{
    free(f->rows);
    free(f->runs.list);
    free(f->line.list);
    *f = (struct flow){0};
}

void flow_reset(struct flow *f)
{
    f->n_rows = f->runs.n = 0;
    f->done = (struct flow_point){0};
}

static void add_run(struct flow_list *l, size_t start, size_t end, uint8_t look)
{
    if (start >= end)
        return;
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 16;
        l->list = mem_grow(l->list, l->cap, sizeof *l->list);
    }
    l->list[l->n++] = (struct flow_run){start, end, look};
}

static struct flow_row *add_row(struct flow *f, size_t start)
{
    if (f->n_rows == f->cap_rows) {
        f->cap_rows = f->cap_rows ? 2 * f->cap_rows : 16;
        f->rows = mem_grow(f->rows, f->cap_rows, sizeof *f->rows);
    }
    struct flow_row *row = &f->rows[f->n_rows++];
    *row = (struct flow_row){.first_run = f->runs.n, .start = start};
    return row;
}

/* ---- Emphasis ------------------------------------------------------------------------------- */

static size_t repeat(const char *s, size_t i, size_t end)
{
    size_t n = 1;
    while (i + n < end && s[i + n] == s[i])
        n++;
    return n;
}

static size_t find_code_end(const char *s, size_t i, size_t end, size_t ticks)
{
    while (i < end) {
        size_t n = s[i] == '`' ? repeat(s, i, end) : 1;
        if (s[i] == '`' && n == ticks)
            return i;
        i += n;
    }
    return end;
}

static bool may_open(const struct line *l, size_t i, size_t n, size_t end)
{
    if (n > 3 || i + n >= end || isspace((unsigned char)l->text[i + n]))
        return false;
    return l->text[i] != '_' || i == l->start || !isalnum((unsigned char)l->text[i - 1]);
}

/* Where n marks like that at i close again; `end` if they do not. */
static size_t find_close(const struct line *l, size_t i, size_t n, size_t end)
{
    const char *s = l->text;
    for (size_t j = i + n; j < end;) {
        size_t m = repeat(s, j, end);
        bool fits =
            s[j] == s[i] && (m == n || (m == 3 && n < 3)) && !isspace((unsigned char)s[j - 1]);
        if (fits && s[i] == '_' && j + m < l->end && isalnum((unsigned char)s[j + m]))
            fits = false;
        if (fits)
            return j + m - n; /* "**a *b***": the inner one closes first */
        j += s[j] == '\\' && m == 1 ? 2 : m;
    }
    return end;
}

static uint8_t emphasis(size_t n)
{
    return n == 1 ? LOOK_ITALIC : n == 2 ? LOOK_BOLD : LOOK_BOLD | LOOK_ITALIC;
}

/* Whether the n marks at i begin something, and where it closes: `end` if it is still open. */
static bool find_span(const struct line *l, size_t i, size_t n, size_t end, int depth,
                      size_t *close)
{
    bool tick = l->text[i] == '`';
    if (!tick && (depth == MAX_DEPTH || !may_open(l, i, n, end)))
        return false;
    *close = tick ? find_code_end(l->text, i + n, end, n) : find_close(l, i, n, end);
    return *close < end || (l->open && i + n < end && (tick || n == 2));
}

static void style(struct line *l, size_t start, size_t end, uint8_t look, int depth)
{
    const char *s = l->text;
    struct flow_list *runs = &l->flow->line;
    size_t plain = start;
    for (size_t i = start; i < end;) {
        bool escape = s[i] == '\\' && i + 1 < end && ispunct((unsigned char)s[i + 1]);
        bool mark = s[i] == '`' || s[i] == '*' || s[i] == '_';
        size_t n = mark ? repeat(s, i, end) : 1, close;
        if (escape) {
            add_run(runs, plain, i, look);
            plain = i + 1;
            i += 2;
        } else if (mark && find_span(l, i, n, end, depth, &close)) {
            add_run(runs, plain, i, look);
            if (s[i] == '`')
                add_run(runs, i + n, close, look | LOOK_CODE);
            else
                style(l, i + n, close, look | emphasis(n), depth + 1);
            i = plain = close < end ? close + n : end;
        } else {
            i += n;
        }
    }
    add_run(runs, plain, end, look);
}

/* ---- Wrapping ------------------------------------------------------------------------------- */

/* Puts the line's runs within [from, to) into a new row. */
static void emit_row(struct line *l, size_t from, size_t to, bool first)
{
    struct flow *f = l->flow;
    struct flow_row *row = add_row(f, from);
    row->indent = first ? l->first_indent : l->indent;
    row->mark = first || l->mark != MARK_BULLET ? l->mark : MARK_NONE;
    for (size_t i = 0; i < f->line.n; i++) {
        const struct flow_run *run = &f->line.list[i];
        add_run(&f->runs, run->start > from ? run->start : from, run->end < to ? run->end : to,
                run->look);
    }
    f->rows[f->n_rows - 1].n_runs = f->runs.n - row->first_run;
}

static size_t cells_between(const struct line *l, size_t from, size_t to)
{
    size_t cells = 0;
    for (size_t i = 0; i < l->flow->line.n; i++) {
        const struct flow_run *run = &l->flow->line.list[i];
        size_t a = run->start > from ? run->start : from, b = run->end < to ? run->end : to;
        if (a < b)
            cells += glyph_cells(l->text + a, b - a);
    }
    return cells;
}

/* Punctuation that must not begin a row in Chinese and Japanese. */
static bool clings(const char *s, size_t n)
{
    static const uint32_t closing[] = {0x3001, 0x3002, 0x300D, 0x300F, 0x3011, 0x3009, 0x300B,
                                       0xFF01, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F};
    uint32_t cp;
    utf8_next(s, n, &cp, NULL);
    for (size_t i = 0; i < sizeof closing / sizeof closing[0]; i++)
        if (cp == closing[i])
            return true;
    return false;
}

struct wrapping {
    size_t begin;  /* of the row */
    size_t chance; /* last place where it may be broken */
    int used;      /* cells since begin */
    bool first, after_wide;
};

/* The glyph at p does not fit: ends the row before it, at a word's start if there is one. */
static void break_row(struct line *l, struct wrapping *w, size_t p)
{
    size_t cut = w->chance > w->begin && !l->verbatim ? w->chance : p;
    emit_row(l, w->begin, cut, w->first);
    w->begin = w->chance = cut;
    w->used = (int)cells_between(l, cut, p);
    w->first = false;
}

static void wrap_glyph(struct line *l, struct wrapping *w, size_t p, size_t n, int cells)
{
    int room = l->format->width - (w->first ? l->first_indent : l->indent);
    bool space = l->text[p] == ' ' && !l->verbatim, wide = cells > 1 && l->text[p] != '\t';
    if ((wide || w->after_wide) && !clings(l->text + p, n))
        w->chance = p;
    while (w->used + cells > room && w->used > 0 && !space) {
        break_row(l, w, p);
        room = l->format->width - l->indent;
    }
    if (space)
        w->chance = p + n;
    w->used += cells;
    w->after_wide = wide;
}

static void wrap(struct line *l)
{
    struct flow *f = l->flow;
    struct wrapping w = {.first = true};
    if (f->line.n)
        w.begin = w.chance = f->line.list[0].start;
    else
        w.begin = w.chance = l->start;
    for (size_t i = 0; i < f->line.n; i++)
        for (size_t p = f->line.list[i].start; p < f->line.list[i].end;) {
            struct glyph g;
            size_t n = glyph_next(l->text + p, f->line.list[i].end - p, &g);
            wrap_glyph(l, &w, p, n, g.cells);
            p += n;
        }
    emit_row(l, w.begin, l->end, w.first);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static size_t spaces(const struct line *l)
{
    size_t i = l->start;
    while (i < l->end && l->text[i] == ' ')
        i++;
    return i - l->start;
}

static bool is_fence(const struct line *l)
{
    size_t i = l->start + spaces(l);
    return i + 3 <= l->end &&
           (strncmp(l->text + i, "```", 3) == 0 || strncmp(l->text + i, "~~~", 3) == 0);
}

static bool is_rule(const struct line *l)
{
    size_t i = l->start + spaces(l);
    if (i + 3 > l->end || !strchr("-*_", l->text[i]))
        return false;
    return i + repeat(l->text, i, l->end) == l->end;
}

/* Digits and "." or ")" and a space: their bytes, else 0. */
static size_t number_length(const struct line *l, size_t i)
{
    size_t n = 0;
    while (i + n < l->end && n < 9 && isdigit((unsigned char)l->text[i + n]))
        n++;
    bool item =
        n && i + n + 1 < l->end && strchr(".)", l->text[i + n]) && l->text[i + n + 1] == ' ';
    return item ? n + 2 : 0;
}

static void set_indent(struct line *l, size_t first, size_t rest)
{
    size_t most = (size_t)l->format->width / 2;
    l->first_indent = (int)(first < most ? first : most);
    l->indent = (int)(rest < most ? rest : most);
}

/* Finds what kind of line it is; returns where its text begins. */
static size_t begin_block(struct line *l, uint8_t *look)
{
    const char *s = l->text;
    size_t lead = spaces(l), i = l->start + lead;
    if (i == l->end)
        return i;
    bool spaced = i + 1 < l->end && s[i + 1] == ' ';
    if (s[i] == '#') {
        size_t n = repeat(s, i, l->end);
        if (n > 6 || i + n >= l->end || s[i + n] != ' ')
            return i;
        *look = LOOK_HEADING;
        return i + n + 1;
    }
    if (s[i] == '>') {
        l->mark = MARK_QUOTE;
        set_indent(l, MARK_CELLS, MARK_CELLS);
        return i + 1 + spaced;
    }
    if (strchr("-*+", s[i]) && spaced) {
        l->mark = MARK_BULLET;
        set_indent(l, lead + MARK_CELLS, lead + MARK_CELLS);
        return i + 2;
    }
    size_t number = number_length(l, i);
    set_indent(l, lead, lead + number);
    if (number)
        add_run(&l->flow->line, i, i + number, LOOK_MUTED);
    return i + number;
}

static void lay_code(struct line *l)
{
    l->verbatim = true;
    l->mark = MARK_CODE;
    set_indent(l, MARK_CELLS, MARK_CELLS);
    add_run(&l->flow->line, l->start, l->end, LOOK_CODE);
    wrap(l);
}

/* The opening fence shows the language, if it names one; the closing one is not shown. */
static void lay_fence(struct line *l, bool opening)
{
    size_t i = l->start + spaces(l);
    i += repeat(l->text, i, l->end);
    if (!opening || i >= l->end)
        return;
    l->verbatim = true;
    set_indent(l, MARK_CELLS, MARK_CELLS);
    add_run(&l->flow->line, i, l->end, LOOK_MUTED);
    wrap(l);
}

static void lay_markdown(struct line *l)
{
    struct flow *f = l->flow;
    if (is_fence(l)) {
        f->done.in_fence = !f->done.in_fence;
        lay_fence(l, f->done.in_fence);
    } else if (f->done.in_fence) {
        lay_code(l);
    } else if (is_rule(l) && !l->open) {
        add_row(f, l->start)->mark = MARK_RULE;
    } else {
        uint8_t look = 0;
        size_t text = begin_block(l, &look);
        if (l->end - text > MAX_STYLED_BYTES)
            add_run(&f->line, text, l->end, look);
        else
            style(l, text, l->end, look, 0);
        wrap(l);
    }
}

static void lay_line(struct line *l)
{
    l->flow->line.n = 0;
    if (l->format->markdown) {
        lay_markdown(l);
    } else {
        add_run(&l->flow->line, l->start, l->end, 0);
        wrap(l);
    }
}

void flow_update(struct flow *f, const char *text, size_t n, const struct flow_format *format)
{
    f->n_rows = f->done.n_rows;
    f->runs.n = f->done.n_runs;
    for (;;) {
        size_t start = f->done.offset;
        const char *newline = n > start ? memchr(text + start, '\n', n - start) : NULL;
        struct line l = {.flow = f, .text = text, .start = start, .format = format};
        l.end = newline ? (size_t)(newline - text) : n;
        l.open = !newline && format->growing;
        if (!newline && start == n && n > 0 && format->markdown)
            return;
        struct flow_point before = f->done;
        lay_line(&l);
        if (!newline) { /* may go on: to be laid out again */
            f->done = before;
            return;
        }
        f->done.offset = l.end + 1;
        f->done.n_rows = f->n_rows;
        f->done.n_runs = f->runs.n;
    }
}
