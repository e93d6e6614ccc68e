/* Rows of text: what grows piece by piece is laid out as if it had come at once, whatever it is; no
 * row is wider than it may be; nothing half a character is drawn. And what emphasis means. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "tui/flow.h"
#include "tui/glyph.h"
#include "tui/surface.h"

static int n_passed, n_failed;

static void check(bool ok, const char *what, const char *text)
{
    n_passed += ok;
    n_failed += !ok;
    if (!ok)
        fprintf(stderr, "failed: %s: \"%s\"\n", what, text);
}

/* The same numbers everywhere. */
static unsigned draw(unsigned *state, unsigned below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

static void put_random(struct str *s, unsigned *state)
{
    /* clang-format off */
    static const char *const pieces[] = {
        "word", "longerword", "x", " ", "  ", "\n", "\n\n", "*", "**", "_", "`", "```\n", "# ",
        "- ", "1. ", "> ", "---\n", "\\", "你好", "。", "é", "👨‍👩‍👧", "क्षि", "\t", "\033", "\x80",
        "\xF0\x9F", "\xE2\x80\xAE"
    };
    /* clang-format on */
    str_puts(s, pieces[draw(state, sizeof pieces / sizeof pieces[0])]);
}

static bool same_rows(const struct flow *a, const struct flow *b)
{
    if (a->n_rows != b->n_rows || a->runs.n != b->runs.n)
        return false;
    for (size_t i = 0; i < a->n_rows; i++) {
        const struct flow_row *x = &a->rows[i], *y = &b->rows[i];
        if (x->start != y->start || x->n_runs != y->n_runs || x->indent != y->indent ||
            x->mark != y->mark)
            return false;
    }
    for (size_t i = 0; i < a->runs.n; i++) {
        const struct flow_run *x = &a->runs.list[i], *y = &b->runs.list[i];
        if (x->start != y->start || x->end != y->end || x->look != y->look)
            return false;
    }
    return true;
}

/* Spaces at a row's end may hang over its edge; a glyph wider than the row cannot be helped. */
static bool rows_fit(const struct flow *f, const char *text, int width)
{
    for (size_t r = 0; r < f->n_rows; r++) {
        size_t cells = (size_t)f->rows[r].indent, n = 0;
        for (size_t i = 0; i < f->rows[r].n_runs; i++) {
            const struct flow_run *run = &f->runs.list[f->rows[r].first_run + i];
            size_t end = run->end;
            while (i + 1 == f->rows[r].n_runs && end > run->start && text[end - 1] == ' ')
                end--;
            cells += glyph_cells(text + run->start, end - run->start);
            n += end - run->start;
        }
        if (cells > (size_t)width && n > 0 && width > 12)
            return false;
    }
    return true;
}

static void test_growing(unsigned seed)
{
    unsigned state = seed;
    struct str text = {0};
    struct flow growing = {.rows = NULL};
    struct flow_format format = {
        .width = 1 + (int)draw(&state, 40), .markdown = seed % 3 != 0, .growing = true};
    bool same = true;
    for (int i = 0; i < 60; i++) {
        put_random(&text, &state);
        struct flow whole = {.rows = NULL};
        flow_update(&growing, text.data, text.len, &format);
        flow_update(&whole, text.data, text.len, &format);
        same = same && same_rows(&growing, &whole);
        flow_done(&whole);
    }
    check(same, "growing as at once", str_text(&text));
    check(rows_fit(&growing, text.data, format.width), "rows fit", str_text(&text));
    flow_done(&growing);
    str_done(&text);
}

/* Every cell is covered once, and holds nothing that is not printable. */
static bool surface_is_whole(const struct surface *s)
{
    for (int row = 0; row < s->rows; row++)
        for (int col = 0; col < s->cols;) {
            const struct cell *cell = surface_at(s, row, col);
            if (cell->cells == 0 || col + cell->cells > s->cols ||
                (unsigned char)cell->text[0] < 0x20)
                return false;
            for (int i = 1; i < cell->cells; i++)
                if (surface_at(s, row, col + i)->cells != 0)
                    return false;
            if (glyph_cells(cell->text, strlen(cell->text)) != cell->cells)
                return false;
            col += cell->cells;
        }
    return true;
}

static void test_surface(unsigned seed)
{
    unsigned state = seed;
    struct surface s = {.rows = 0};
    struct str text = {0};
    surface_resize(&s, 3, 20);
    for (int i = 0; i < 40; i++) {
        str_clear(&text);
        put_random(&text, &state);
        put_random(&text, &state);
        int col = (int)draw(&state, 22);
        surface_put(&s, (int)draw(&state, 3), col, col + (int)draw(&state, 8), text.data, text.len,
                    (struct style){-1, -1, 0});
    }
    check(surface_is_whole(&s), "whole cells", str_text(&text));
    surface_done(&s);
    str_done(&text);
}

/* The runs of one line as "b(bold) i(italic) c(code)". */
static void test_emphasis(const char *text, const char *want)
{
    struct flow f = {.rows = NULL};
    struct flow_format format = {.width = 200, .markdown = true};
    struct str got = {0};
    flow_update(&f, text, strlen(text), &format);
    for (size_t i = 0; i < f.runs.n; i++) {
        const struct flow_run *run = &f.runs.list[i];
        str_puts(&got, run->look & LOOK_BOLD ? "b" : "");
        str_puts(&got, run->look & LOOK_ITALIC ? "i" : "");
        str_puts(&got, run->look & LOOK_CODE ? "c" : "");
        str_putc(&got, '(');
        str_put(&got, text + run->start, run->end - run->start);
        str_putc(&got, ')');
    }
    check(strcmp(str_text(&got), want) == 0, want, str_text(&got));
    str_done(&got);
    flow_done(&f);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    for (unsigned seed = 1; seed <= 2000; seed++) {
        test_growing(seed);
        test_surface(seed);
    }
    test_emphasis("a **b** c", "(a )b(b)( c)");
    test_emphasis("*a **b***", "i(a )bi(b)");
    test_emphasis("**a *b***", "b(a )bi(b)");
    test_emphasis("***x***", "bi(x)");
    test_emphasis("2 * 3 * 4 and snake_case_name", "(2 * 3 * 4 and snake_case_name)");
    test_emphasis("`**code**` and ``a ` b``", "c(**code**)( and )c(a ` b)");
    test_emphasis("\\*not\\*", "(*not)(*)");
    test_emphasis("**open", "(**open)");
    printf("%d passed, %d failed\n", n_passed, n_failed);
    return n_failed > 0;
}
