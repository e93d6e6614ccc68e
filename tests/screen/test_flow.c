/* Rows of text: Markdown that grows piece by piece is laid out as if it had come at once, and its
 * blocks are those of the whole document; no row is wider than it may be; nothing half a character
 * is drawn. And what the marks mean. */
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "tui/flow.h"
#include "tui/glyph.h"
#include "tui/highlight.h"
#include "tui/markdown.h"
#include "tui/surface.h"
#include "tui/theme.h"

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
        "\xF0\x9F", "\xE2\x80\xAE", "\n| a | b |\n", "|---|--:|\n", "| c | **d** |\n", "|", "[x](",
        ")", "~~", "    ", "<br>", "<div>\n", "&amp;", "===\n", "\n- [ ] ", "\r", "~~~ c\n", "10) "
    };
    /* clang-format on */
    str_puts(s, pieces[draw(state, sizeof pieces / sizeof pieces[0])]);
}

static bool same_rows(const struct markdown *a, const struct markdown *b)
{
    const struct flow *f = &a->flow, *g = &b->flow;
    if (f->n_rows != g->n_rows || f->runs.n != g->runs.n || a->text.len != b->text.len ||
        a->n_codes != b->n_codes || memcmp(a->text.data, b->text.data, a->text.len) != 0)
        return false;
    for (size_t i = 0; i < f->n_rows; i++)
        if (f->rows[i].start != g->rows[i].start || f->rows[i].n_runs != g->rows[i].n_runs)
            return false;
    for (size_t i = 0; i < f->runs.n; i++) {
        const struct flow_run *x = &f->runs.list[i], *y = &g->runs.list[i];
        if (x->start != y->start || x->end != y->end || x->tone != y->tone || x->attrs != y->attrs)
            return false;
    }
    return true;
}

/* Spaces at a row's end may hang over its edge; a glyph wider than the row cannot be helped. */
static bool rows_fit(const struct flow *f, const char *text, int width)
{
    for (size_t r = 0; r < f->n_rows; r++) {
        size_t cells = 0, spaces = 0;
        for (size_t i = 0; i < f->rows[r].n_runs; i++) {
            const struct flow_run *run = &f->runs.list[f->rows[r].first_run + i];
            for (size_t at = run->start; at < run->end;) {
                struct glyph g;
                at += glyph_next(text + at, run->end - at, &g);
                cells += (size_t)g.cells;
                spaces = strcmp(g.text, " ") == 0 ? spaces + 1 : 0;
            }
        }
        if (cells - spaces > (size_t)width && width > 12)
            return false;
    }
    return true;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static void put_html(struct str *out, const char *text, size_t n)
{
    static const char *const extensions[] = {"strikethrough", "tasklist", "table"};
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE);
    for (size_t i = 0; i < 3; i++)
        cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(extensions[i]));
    cmark_parser_feed(parser, text, n);
    cmark_node *document = cmark_parser_finish(parser);
    char *html =
        cmark_render_html(document, CMARK_OPT_DEFAULT, cmark_parser_get_syntax_extensions(parser));
    str_puts(out, html);
    free(html);
    cmark_node_free(document);
    cmark_parser_free(parser);
}

static bool rows_ascend(const struct flow *f)
{
    for (size_t r = 1; r < f->n_rows; r++)
        if (f->rows[r].start < f->rows[r - 1].start)
            return false;
    return true;
}

static void test_growing(unsigned seed)
{
    unsigned state = seed;
    struct str text = {0}, html = {0}, by_blocks = {0};
    struct markdown growing = {.place = 0};
    size_t block = 0;
    int width = 1 + (int)draw(&state, 40);
    bool same = true, ascend = true;
    for (int i = 0; i < 60; i++) {
        put_random(&text, &state);
        struct markdown whole = {.place = 0};
        markdown_update(&growing, text.data, text.len, width, true);
        markdown_update(&whole, text.data, text.len, width, true);
        same = same && same_rows(&growing, &whole);
        ascend = ascend && rows_ascend(&growing.flow);
        put_html(&by_blocks, text.data + block, growing.done.offset - block);
        block = growing.done.offset;
        markdown_done(&whole);
    }
    put_html(&by_blocks, text.data + block, text.len - block);
    put_html(&html, text.data, text.len);
    check(same, "growing as at once", str_text(&text));
    check(ascend, "places ascend", str_text(&text));
    check(growing.whole || strcmp(str_text(&html), str_text(&by_blocks)) == 0, "blocks are right",
          str_text(&text));
    check(rows_fit(&growing.flow, growing.text.data, width), "rows fit", str_text(&text));
    markdown_done(&growing);
    str_done(&text);
    str_done(&html);
    str_done(&by_blocks);
}

static void test_plain(unsigned seed)
{
    unsigned state = seed;
    struct str text = {0};
    struct flow f = {.rows = NULL};
    int width = 1 + (int)draw(&state, 40);
    for (int i = 0; i < 40; i++)
        put_random(&text, &state);
    flow_plain(&f, text.data, text.len, width);
    check(rows_fit(&f, text.data, width), "plain rows fit", str_text(&text));
    check(rows_ascend(&f), "plain rows ascend", str_text(&text));
    flow_done(&f);
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

/* ---- What it looks like --------------------------------------------------------------------- */

static void put_rows(struct str *out, const struct markdown *m, bool styles)
{
    for (size_t r = 0; r < m->flow.n_rows; r++) {
        for (size_t i = 0; i < m->flow.rows[r].n_runs; i++) {
            const struct flow_run *run = &m->flow.runs.list[m->flow.rows[r].first_run + i];
            bool plain = run->tone == TONE_TEXT && !run->attrs;
            if (styles && !plain) {
                str_puts(out, run->attrs & ATTR_BOLD ? "b" : "");
                str_puts(out, run->attrs & ATTR_ITALIC ? "i" : "");
                str_puts(out, run->tone == TONE_CODE ? "c" : run->tone == TONE_LINK ? "l" : "");
                str_puts(out, run->tone == TONE_MUTED ? "m" : "");
                str_puts(out, "<");
            }
            str_put(out, m->text.data + run->start, run->end - run->start);
            str_puts(out, styles && !plain ? ">" : "");
        }
        while (out->len && out->data[out->len - 1] == ' ')
            out->data[--out->len] = 0;
        str_puts(out, r + 1 < m->flow.n_rows ? "\n" : "");
    }
}

static void test_rows(const char *text, int width, bool growing, const char *want)
{
    struct markdown m = {.place = 0};
    struct str got = {0};
    markdown_update(&m, text, strlen(text), width, growing);
    put_rows(&got, &m, false);
    check(strcmp(str_text(&got), want) == 0, want, str_text(&got));
    str_done(&got);
    markdown_done(&m);
}

/* One row as "b<bold> i<italic> c<code> l<link> m<muted>". */
static void test_styles(const char *text, bool growing, const char *want)
{
    struct markdown m = {.place = 0};
    struct str got = {0};
    markdown_update(&m, text, strlen(text), 200, growing);
    put_rows(&got, &m, true);
    check(strcmp(str_text(&got), want) == 0, want, str_text(&got));
    str_done(&got);
    markdown_done(&m);
}

static void test_emphasis(void)
{
    test_styles("a **b** c", false, "a b<b> c");
    test_styles("*a **b***", false, "i<a >bi<b>");
    test_styles("***x***", false, "bi<x>");
    test_styles("2 * 3 * 4 and snake_case_name", false, "2 * 3 * 4 and snake_case_name");
    test_styles("`**code**` and ``a ` b``", false, "c<**code**> and c<a ` b>");
    test_styles("\\*not\\* &amp;", false, "*not* &");
    test_styles("**open", false, "**open");
    test_styles("~~gone~~", false, "m<~gone~>");
    test_styles("[text](http://x.org)", false, "l<text>m< (http://x.org)>");
    test_styles("<http://x.org>", false, "l<http://x.org>");
    test_styles("![a dog](dog.png)", false, "m<image: >l<a dog>m< (dog.png)>");
    test_styles("[evil](<a\033]0;b>)", false, "l<evil>m< (a\033]0;b)>");
}

/* What is open while it grows looks as what it will be. */
static void test_open(void)
{
    test_styles("a **b", true, "a b<b>");
    test_styles("a **b c ", true, "a b<b c>");
    test_styles("a **b*", true, "a b<b>");
    test_styles("a **b**", true, "a b<b>");
    test_styles("a **", true, "a");
    test_styles("**a *b", true, "b<a >bi<b>");
    test_styles("2 * 3 and 2*3", true, "2 * 3 and 2*3");
    test_styles("snake_ca", true, "snake_ca");
    test_styles("so `x = *y", true, "so c<x = *y>");
    test_styles("[text](http://x", true, "l<text>m< (http://x)>");
    test_rows("Text\n-", 40, true, "Text");
    test_rows("Text\n===", 40, true, "Text");
    test_rows("- **a\n- b", 40, true, "• **a\n• b");
    test_rows("```c\nint x;\n``", 40, true, "  c\n│ int x;");
    test_rows("```c\nint x;\n", 40, true, "  c\n│ int x;");
    test_rows("| a | b", 40, true, "│ a │ b │\n├───┼───┤");
    test_rows("| a | b |\n|--", 40, true, "│ a │ b │\n├───┼───┤");
    test_rows("| a | b |\n|---|---|\n| c", 40, true, "│ a │ b │\n├───┼───┤\n│ c │   │");
}

static void test_blocks(void)
{
    test_rows("# One\nTwo\n\n\nThree", 40, false, "One\n\nTwo\n\nThree");
    test_rows("one\ntwo", 40, false, "one\ntwo");
    test_rows("- a\n- b\n  1. c\n  2. d\n- [x] e\n- [ ] f", 40, false,
              "• a\n• b\n  1. c\n  2. d\n☑ e\n☐ f");
    test_rows("9. nine\n10. ten wraps here", 16, false, "9. nine\n10. ten wraps\n    here");
    test_rows("- a\n\n  b\n\n- c", 40, false, "• a\n\n  b\n\n• c");
    test_rows("> a\n> > b\n>\n> - c", 40, false, "▎ a\n▎\n▎ ▎ b\n▎\n▎ • c");
    test_rows("-\n- b", 40, false, "•\n• b");
    test_rows("a\n\n---\nb", 5, false, "a\n\n─────\n\nb");
    test_rows("- x\n  ```py\n  if a:\n      b\n  ```", 40, false,
              "• x\n    py\n  │ if a:\n  │     b");
    test_rows("a<br>b", 40, false, "a\nb");
}

static void test_tables(void)
{
    static const char prices[] = "| Item | Price |\n|:--|--:|\n| Roggenbrot | 4,60 € |\n| 你好 | 1 |";
    test_rows(prices, 40, false,
              "│ Item       │  Price │\n├────────────┼────────┤\n│ Roggenbrot │ 4,60 € │\n"
              "│ 你好       │      1 │");
    test_rows(prices, 21, false,
              "│ Item     │  Price │\n├──────────┼────────┤\n│ Roggenbr │ 4,60 € │\n"
              "│ ot       │        │\n│ 你好     │      1 │");
    test_rows(prices, 22, false,
              "│ Item       │ Price │\n├────────────┼───────┤\n│ Roggenbrot │  4,60 │\n"
              "│            │     € │\n│ 你好       │     1 │");
    test_rows(prices, 16, false,
              "Item: Roggenbrot\nPrice: 4,60 €\n\nItem: 你好\nPrice: 1");
    test_rows("|a|b|\n|-|-|\n|one two three four|five|", 20, false,
              "│ a         │ b    │\n├───────────┼──────┤\n│ one two   │ five │\n"
              "│ three     │      │\n│ four      │      │");
    test_rows("|a|\n|:-:|\n|**b** c|", 20, false, "│  a  │\n├─────┤\n│ b c │");
    test_rows("> |a|\n> |-|\n> |b|", 20, false, "▎ │ a │\n▎ ├───┤\n▎ │ b │");
}

/* ---- Code ----------------------------------------------------------------------------------- */

/* "k<keyword> s<string> m<comment> n<number> e<taken away>". */
static void test_code(const char *language, const char *code, const char *want)
{
    static const char letters[TONE_COUNT] = {[TONE_KEYWORD] = 'k', [TONE_STRING] = 's',
                                             [TONE_COMMENT] = 'm', [TONE_NUMBER] = 'n',
                                             [TONE_ERROR] = 'e'};
    struct flow_runs runs = {NULL, 0, 0};
    struct str got = {0};
    size_t at = 0, n = strlen(code);
    bool whole = true;
    highlight(highlight_language(language, strlen(language)), code, 0, n, &runs);
    for (size_t i = 0; i < runs.n; i++) {
        const struct flow_run *run = &runs.list[i];
        char letter = letters[run->tone];
        whole = whole && run->start == at;
        at = run->end;
        if (letter)
            str_printf(&got, "%c<", letter);
        str_put(&got, code + run->start, run->end - run->start);
        str_puts(&got, letter ? ">" : "");
    }
    check(whole && at == n, "all of the code has runs", code);
    check(strcmp(str_text(&got), want) == 0, want, str_text(&got));
    flow_runs_done(&runs);
    str_done(&got);
}

static void test_languages(void)
{
    test_code("C", "int x = 0x1F; // y", "k<int> x = n<0x1F>; m<// y>");
    test_code("cpp", "#include <a>\n/* int\n 1 */ \"a\\\"b\" 'c'",
              "k<#include> <a>\nm</* int\n 1 */> s<\"a\\\"b\"> s<'c'>");
    test_code("python", "def f():\n  '''a\n# b'''\n  return 1 # c",
              "k<def> f():\n  s<'''a\n# b'''>\n  k<return> n<1> m<# c>");
    test_code("ts", "const a = `x\n${y}`", "k<const> a = s<`x\n${y}`>");
    test_code("bash", "echo a#b '$c' # d", "k<echo> a#b s<'$c'> m<# d>");
    test_code("rust", "fn f<'a>(x: &'a str)", "k<fn> f<'a>(x: &'a k<str>)");
    test_code("go", "x := `\\`; y", "x := s<`\\`>; y");
    test_code("java", "@Override public", "k<@Override> k<public>");
    test_code("sql", "Select 'it' -- all", "k<Select> s<'it'> m<-- all>");
    test_code("json", "{\"a\": [1, \"b\", true]}", "{k<\"a\">: [n<1>, s<\"b\">, k<true>]}");
    test_code("yaml", "my-key: 'v' # c", "k<my-key>: s<'v'> m<# c>");
    test_code("html", "<a href=\"x\">if 1</a><!-- b -->",
              "<k<a> href=s<\"x\">>if 1</k<a>>m<<!-- b -->>");
    test_code("css", "a { max-width: 3px }", "a { k<max-width>: n<3px> }");
    test_code("make", "all: b # c", "k<all>: b m<# c>");
    test_code("diff", "+a\n-b\n c\n@@ d", "s<+a\n>e<-b\n> c\nk<@@ d>");
    test_code("no such", "int x;", "int x;");
    test_code("c", "\"open\nint", "s<\"open>\nk<int>");
}

/* A definition of a link behind its use: found, though blocks before it were laid out. */
static void test_definition(void)
{
    test_rows("[a]\n\nb\n\n[a]: http://x.org", 40, false, "a (http://x.org)\n\nb");
}

/* A kind that the terminal draws otherwise than wcwidth has it. */
static void test_measured(void)
{
    static const struct {
        enum glyph_kind kind;
        int measured;
        const char *text;
        int cells; /* then */
        bool whole;
    } cases[] = {
        {GLYPH_JOINED, 2, "👩‍🚀", 2, true},     {GLYPH_JOINED, 4, "👩‍🚀", 2, false},
        {GLYPH_JOINED, 2, "👩🏽‍🚀", 2, false},
        {GLYPH_TONED, 2, "👋🏽", 2, true},       {GLYPH_TONED, 4, "👋🏽", 2, false},
        {GLYPH_CHOSEN, 2, "❤️", 2, true},        {GLYPH_CHOSEN, 1, "❤️", 1, false},
        {GLYPH_FLAG, 4, "🇩🇪", 4, true},         {GLYPH_FLAG, 2, "🇩🇪", 2, true},
        {GLYPH_FLAG, 1, "🇩🇪", 1, true},         {GLYPH_COMBINED, 2, "o\u0308", 2, true},
        {GLYPH_COMBINED, 1, "o\u0308", 1, true}, {GLYPH_AMBIGUOUS, 2, "α", 2, true},
        {GLYPH_AMBIGUOUS, 2, "a", 1, true},      {GLYPH_AMBIGUOUS, 2, "é", 2, true},
        {GLYPH_AMBIGUOUS, 2, "ß", 2, true},      {GLYPH_AMBIGUOUS, 2, "─", 1, false},
        {GLYPH_AMBIGUOUS, 2, "█", 1, false},     {GLYPH_AMBIGUOUS, 1, "─", 1, true},
    };
    const int usual[GLYPH_KINDS] = {4, 4, 1, 2, 1, 1};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int cells[GLYPH_KINDS];
        struct glyph g;
        memcpy(cells, usual, sizeof cells);
        cells[cases[i].kind] = cases[i].measured;
        glyph_learn(cells);
        size_t n = strlen(cases[i].text);
        check(glyph_next(cases[i].text, n, &g) == n, "the whole cluster", cases[i].text);
        check(g.cells == cases[i].cells, "as wide as it was measured", cases[i].text);
        check((strcmp(g.text, cases[i].text) == 0) == cases[i].whole, "as it stands", g.text);
    }
    glyph_learn(usual);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    for (unsigned seed = 1; seed <= 2000; seed++) {
        test_growing(seed);
        test_plain(seed);
        test_surface(seed);
    }
    test_emphasis();
    test_open();
    test_blocks();
    test_tables();
    test_definition();
    test_languages();
    test_measured();
    printf("%d passed, %d failed\n", n_passed, n_failed);
    return n_failed > 0;
}
