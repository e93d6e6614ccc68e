#include "tui/surface.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct cell blank = {.text = " ", .cells = 1, .style = {-1, -1, 0}};

void surface_resize(struct surface *s, int rows, int cols)
{
    s->rows = rows > 0 ? rows : 1;
    s->cols = cols > 0 ? cols : 1;
    s->cells = mem_grow(s->cells, (size_t)s->rows * (size_t)s->cols, sizeof *s->cells);
    surface_clear(s);
}

void surface_done(struct surface *s)
{
    free(s->cells);
    *s = (struct surface){0};
}

void surface_clear(struct surface *s)
{
    size_t n = (size_t)s->rows * (size_t)s->cols;
    for (size_t i = 0; i < n; i++)
        s->cells[i] = blank;
    s->cursor_row = s->cursor_col = -1;
    s->graphic = (struct graphic){.serial = 0};
}

struct cell *surface_at(const struct surface *s, int row, int col)
{
    return &s->cells[(size_t)row * (size_t)s->cols + (size_t)col];
}

/* Makes columns [col, col + n) free to be written: what a wide glyph loses its other half of is
 * blanked. */
static void open_cells(struct surface *s, int row, int col, int n)
{
    int first = col;
    while (first > 0 && surface_at(s, row, first)->cells == 0)
        first--;
    for (int c = first; c < col; c++)
        *surface_at(s, row, c) = blank;
    for (int c = col + n; c < s->cols && surface_at(s, row, c)->cells == 0; c++)
        *surface_at(s, row, c) = blank;
}

static void write_glyph(struct surface *s, int row, int col, const struct glyph *g,
                        struct style style)
{
    open_cells(s, row, col, g->cells);
    for (int i = 0; i < g->cells; i++) {
        struct cell *cell = surface_at(s, row, col + i);
        *cell = (struct cell){.cells = i ? 0 : (uint8_t)g->cells, .style = style};
        if (i == 0)
            memcpy(cell->text, g->text, GLYPH_BYTES);
    }
}

int surface_put(struct surface *s, int row, int col, int end, const char *text, size_t n,
                struct style style)
{
    if (row < 0 || row >= s->rows || col < 0)
        return col;
    if (end > s->cols)
        end = s->cols;
    for (size_t i = 0; i < n && col < end;) {
        struct glyph g;
        i += glyph_next(text + i, n - i, &g);
        if (col + g.cells > end)
            break;
        struct style own = style;
        if (g.mark)
            own.attrs |= ATTR_REVERSE;
        if (g.cells)
            write_glyph(s, row, col, &g, own);
        col += g.cells;
    }
    return col;
}

int surface_puts(struct surface *s, int row, int col, int end, const char *text, struct style style)
{
    return surface_put(s, row, col, end, text, strlen(text), style);
}

int surface_puts_cut(struct surface *s, int row, int col, int end, const char *text,
                     struct style style)
{
    size_t room = end > col ? (size_t)(end - col) : 0, n = strlen(text);
    if (glyph_cells(text, n) <= room)
        return surface_put(s, row, col, end, text, n, style);
    col = surface_put(s, row, col, end, text, glyph_fit(text, n, room ? room - 1 : 0), style);
    return surface_puts(s, row, col, end, "…", style);
}

void surface_puts_right(struct surface *s, int row, int col, int end, const char *text,
                        struct style style)
{
    if (end <= col)
        return;
    size_t n = glyph_fit(text, strlen(text), (size_t)(end - col));
    surface_put(s, row, end - (int)glyph_cells(text, n), end, text, n, style);
}

void surface_fill(struct surface *s, int row, int col, int end, const char *glyph,
                  struct style style)
{
    for (int c = col > 0 ? col : 0; c < end && c < s->cols; c++)
        surface_puts(s, row, c, c + 1, glyph, style);
}

bool style_equal(struct style a, struct style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

void surface_put_graphic(struct surface *s, const struct graphic *graphic)
{
    struct rect r = graphic->where;
    s->graphic = *graphic;
    for (int row = r.row; row < r.row + r.rows; row++)
        surface_fill(s, row, r.col, r.col + r.cols, " ", (struct style){-1, -1, ATTR_GRAPHIC});
}

bool surface_shows_graphic(const struct surface *s)
{
    struct rect r = s->graphic.where;
    if (s->graphic.serial == 0 || r.row + r.rows > s->rows || r.col + r.cols > s->cols)
        return false;
    for (int row = r.row; row < r.row + r.rows; row++)
        for (int col = r.col; col < r.col + r.cols; col++)
            if (!(surface_at(s, row, col)->style.attrs & ATTR_GRAPHIC))
                return false;
    return true;
}

bool cell_equal(const struct cell *a, const struct cell *b)
{
    return a->cells == b->cells && style_equal(a->style, b->style) && strcmp(a->text, b->text) == 0;
}
