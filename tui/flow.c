#include "tui/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/glyph.h"
#include "tui/theme.h"

void flow_runs_done(struct flow_runs *runs)
{
    free(runs->list);
    *runs = (struct flow_runs){0};
}

void flow_done(struct flow *f)
{
    free(f->rows);
    flow_runs_done(&f->runs);
    *f = (struct flow){0};
}

void flow_cut(struct flow *f, size_t n_rows, size_t n_runs)
{
    f->n_rows = n_rows;
    f->runs.n = n_runs;
}

static void push_run(struct flow_runs *l, const struct flow_run *run)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 16;
        l->list = mem_grow(l->list, l->cap, sizeof *l->list);
    }
    l->list[l->n++] = *run;
}

void flow_add(struct flow_runs *runs, size_t start, size_t end, uint8_t tone, uint8_t attrs)
{
    struct flow_run *last = runs->n ? &runs->list[runs->n - 1] : NULL;
    if (start >= end)
        return;
    if (last && last->end == start && last->tone == tone && last->attrs == attrs)
        last->end = end;
    else
        push_run(runs, &(struct flow_run){start, end, tone, attrs});
}

void flow_row(struct flow *f, size_t place)
{
    if (f->n_rows == f->cap_rows) {
        f->cap_rows = f->cap_rows ? 2 * f->cap_rows : 16;
        f->rows = mem_grow(f->rows, f->cap_rows, sizeof *f->rows);
    }
    f->rows[f->n_rows++] = (struct flow_row){.first_run = f->runs.n, .start = place};
}

void flow_put(struct flow *f, size_t start, size_t end, uint8_t tone, uint8_t attrs)
{
    if (start >= end)
        return;
    push_run(&f->runs, &(struct flow_run){start, end, tone, attrs});
    f->rows[f->n_rows - 1].n_runs++;
}

void flow_put_runs(struct flow *f, const struct flow_runs *runs)
{
    for (size_t i = 0; i < runs->n; i++)
        flow_put(f, runs->list[i].start, runs->list[i].end, runs->list[i].tone,
                 runs->list[i].attrs);
}

/* ---- Wrapping ------------------------------------------------------------------------------- */

struct wrapping {
    struct flow *flow;
    const struct flow_line *line;
    const struct flow_runs *before; /* the next row */
    size_t begin;                   /* of the row */
    size_t run;                     /* the first that reaches behind it */
    size_t chance;                  /* last place where it may be broken */
    int room, used;                 /* cells of the row, and those since begin */
    bool after_wide;
};

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int runs_cells(const char *text, const struct flow_runs *runs)
{
    size_t cells = 0;
    for (size_t i = 0; runs && i < runs->n; i++)
        cells += glyph_cells(text + runs->list[i].start, runs->list[i].end - runs->list[i].start);
    return (int)cells;
}

static void set_before(struct wrapping *w, const struct flow_runs *before)
{
    w->before = before;
    w->room = w->line->width - runs_cells(w->line->text, before);
}

static void emit_row(struct wrapping *w, size_t to)
{
    const struct flow_line *l = w->line;
    flow_row(w->flow, l->place + (w->begin - l->start));
    if (w->before)
        flow_put_runs(w->flow, w->before);
    for (size_t i = w->run; i < l->runs->n && l->runs->list[i].start < to; i++) {
        const struct flow_run *run = &l->runs->list[i];
        flow_put(w->flow, max(run->start, w->begin), min(run->end, to), run->tone, run->attrs);
    }
}

static void begin_row(struct wrapping *w, size_t at, size_t p)
{
    const struct flow_runs *runs = w->line->runs;
    w->begin = w->chance = at;
    w->used = 0;
    while (w->run < runs->n && runs->list[w->run].end <= at)
        w->run++;
    for (size_t i = w->run; i < runs->n && runs->list[i].start < p; i++) {
        size_t a = max(runs->list[i].start, at), b = min(runs->list[i].end, p);
        w->used += (int)glyph_cells(w->line->text + a, a < b ? b - a : 0);
    }
    if (w->before != w->line->rest)
        set_before(w, w->line->rest);
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

/* Takes the glyph of n bytes at p into the row, ending the row before it (at a word's start, if
 * there is one) where it does not fit. */
static void wrap_glyph(struct wrapping *w, size_t p, size_t n, int cells)
{
    const char *text = w->line->text;
    bool space = text[p] == ' ' && !w->line->verbatim, wide = cells > 1 && text[p] != '\t';
    if ((wide || w->after_wide) && !clings(text + p, n))
        w->chance = p;
    while (w->used + cells > w->room && w->used > 0 && !space) {
        size_t cut = w->chance > w->begin && !w->line->verbatim ? w->chance : p;
        emit_row(w, cut);
        begin_row(w, cut, p);
    }
    if (space)
        w->chance = p + n;
    w->used += cells;
    w->after_wide = wide;
}

static void wrap_run(struct wrapping *w, const struct flow_run *run)
{
    const char *text = w->line->text;
    for (size_t p = run->start; p < run->end;) {
        struct glyph g;
        if (text[p] == '\n') {
            emit_row(w, p);
            begin_row(w, p + 1, p + 1);
            w->after_wide = false;
            p++;
            continue;
        }
        size_t n = glyph_next(text + p, run->end - p, &g);
        wrap_glyph(w, p, n, g.cells);
        p += n;
    }
}

void flow_wrap(struct flow *f, const struct flow_line *line)
{
    struct wrapping w = {.flow = f, .line = line, .begin = line->start, .chance = line->start};
    set_before(&w, line->first);
    for (size_t i = 0; i < line->runs->n; i++)
        wrap_run(&w, &line->runs->list[i]);
    emit_row(&w, line->end);
}

void flow_plain(struct flow *f, const char *text, size_t n, int width)
{
    struct flow_run run = {.end = n, .tone = TONE_TEXT};
    struct flow_runs runs = {&run, n > 0, 1};
    struct flow_line line = {.text = text, .runs = &runs, .end = n, .width = width};
    flow_cut(f, 0, 0);
    flow_wrap(f, &line);
}
