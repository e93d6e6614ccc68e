#include "tui/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chafa.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "tui/color.h"
#include "tui/glyph.h"

enum { DIGIT_ROWS = 5, DIGIT_COLS = 3 };

void preview_done(struct preview *p)
{
    free(p->cells);
    *p = (struct preview){0};
}

struct rect preview_fit(struct rect where, uint32_t width, uint32_t height)
{
    struct rect fit = where;
    if (width == 0 || height == 0 || where.rows < 1 || where.cols < 1)
        return (struct rect){where.row, where.col, 0, 0};
    int64_t rows = ((int64_t)where.cols * height + width) / (2 * (int64_t)width);
    if (rows <= where.rows) {
        fit.rows = rows > 0 ? (int)rows : 1;
    } else {
        int64_t cols = ((int64_t)where.rows * 2 * width + height / 2) / height;
        fit.cols = cols < 1 ? 1 : cols < where.cols ? (int)cols : where.cols;
    }
    fit.col += (where.cols - fit.cols) / 2;
    return fit;
}

/* ---- Cells ---------------------------------------------------------------------------------- */

/* What chafa calls a colour in the modes below, as a style has it. */
static int32_t to_style(int color, int n_colors)
{
    if (n_colors > 256)
        return color >= 0 ? COLOR_RGB(color) : COLOR_OWN;
    return color >= 0 && color < 256 ? color : COLOR_OWN;
}

/* Where not every colour can be had: of 256 the 240 that look the same everywhere. */
static ChafaCanvas *make_canvas(int rows, int cols, int n_colors)
{
    ChafaSymbolMap *symbols = chafa_symbol_map_new();
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    ChafaSymbolTags blocks = CHAFA_SYMBOL_TAG_SOLID | CHAFA_SYMBOL_TAG_HALF | CHAFA_SYMBOL_TAG_QUAD;
    chafa_symbol_map_add_by_tags(symbols, n_colors < 8 ? CHAFA_SYMBOL_TAG_ASCII
                                          : glyph_has_blocks() ? CHAFA_SYMBOL_TAG_SPACE | blocks
                                                               : CHAFA_SYMBOL_TAG_SPACE);
    chafa_canvas_config_set_geometry(config, cols, rows);
    chafa_canvas_config_set_symbol_map(config, symbols);
    chafa_canvas_config_set_canvas_mode(config, n_colors > 256   ? CHAFA_CANVAS_MODE_TRUECOLOR
                                                : n_colors == 256 ? CHAFA_CANVAS_MODE_INDEXED_240
                                                : n_colors >= 16 ? CHAFA_CANVAS_MODE_INDEXED_16
                                                : n_colors >= 8  ? CHAFA_CANVAS_MODE_INDEXED_8
                                                                 : CHAFA_CANVAS_MODE_FGBG);
    ChafaCanvas *canvas = chafa_canvas_new(config);
    chafa_canvas_config_unref(config);
    chafa_symbol_map_unref(symbols);
    return canvas;
}

static void take_cell(struct cell *cell, ChafaCanvas *canvas, int row, int col, int n_colors)
{
    gint fg = -1, bg = -1;
    size_t n = utf8_put(chafa_canvas_get_char_at(canvas, col, row), cell->text);
    cell->text[n] = 0;
    cell->cells = 1;
    if (n_colors >= 8)
        chafa_canvas_get_raw_colors_at(canvas, col, row, &fg, &bg);
    cell->style = (struct style){to_style(fg, n_colors), to_style(bg, n_colors), 0};
}

static void make_cells(struct preview *p, const struct image *image)
{
    chafa_set_n_threads(1);
    ChafaCanvas *canvas = make_canvas(p->rows, p->cols, p->n_colors);
    chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_RGB8, image->rgb, (gint)image->width,
                                 (gint)image->height, (gint)image->width * 3);
    p->cells = mem_grow(p->cells, (size_t)p->rows * (size_t)p->cols, sizeof *p->cells);
    for (int row = 0; row < p->rows; row++)
        for (int col = 0; col < p->cols; col++)
            take_cell(&p->cells[row * p->cols + col], canvas, row, col, p->n_colors);
    chafa_canvas_unref(canvas);
}

void preview_draw(struct preview *p, struct surface *s, struct rect where,
                  const struct image *image, uint64_t serial, int n_colors)
{
    if (where.rows < 1 || where.cols < 1)
        return;
    if (p->serial != serial || p->rows != where.rows || p->cols != where.cols ||
        p->n_colors != n_colors) {
        p->serial = serial;
        p->rows = where.rows;
        p->cols = where.cols;
        p->n_colors = n_colors;
        make_cells(p, image);
    }
    for (int row = 0; row < where.rows; row++)
        for (int col = 0; col < where.cols; col++) {
            const struct cell *cell = &p->cells[row * p->cols + col];
            surface_puts(s, where.row + row, where.col + col, where.col + where.cols, cell->text,
                         cell->style);
        }
}

/* ---- Marks ---------------------------------------------------------------------------------- */

/* A part of a picture on a grid of so many columns and rows that the picture fills: its first and
 * last column and row, and which of its edges are drawn. */
struct frame {
    int left, top, right, bottom;
    bool at_left, at_top, at_right, at_bottom;
};

static int scaled(uint64_t at, int n, uint32_t size)
{
    uint64_t to = at * (uint64_t)n / size;
    return to < (uint64_t)n ? (int)to : n - 1;
}

static struct frame make_frame(const struct crop *part, bool alone, int cols, int rows,
                               uint32_t width, uint32_t height)
{
    uint64_t end_x = (uint64_t)part->x + part->width, end_y = (uint64_t)part->y + part->height;
    return (struct frame){.left = scaled(part->x, cols, width),
                          .top = scaled(part->y, rows, height),
                          .right = scaled(end_x, cols, width),
                          .bottom = scaled(end_y, rows, height),
                          .at_left = alone || part->x > 0,
                          .at_top = alone || part->y > 0,
                          .at_right = alone || end_x < width,
                          .at_bottom = alone || end_y < height};
}

/* Over a cell of the picture, whose background stays. */
static void put_line(struct surface *s, int row, int col, const char *glyph, struct style style)
{
    if (row < 0 || row >= s->rows || col < 0 || col >= s->cols)
        return;
    style.bg = surface_at(s, row, col)->style.bg;
    surface_puts(s, row, col, col + 1, glyph, style);
}

static void draw_frame(struct surface *s, struct rect where, const struct frame *f,
                       struct style style)
{
    int left = where.col + f->left, right = where.col + f->right;
    int top = where.row + f->top, bottom = where.row + f->bottom;
    for (int row = top; row <= bottom; row++) {
        if (f->at_left)
            put_line(s, row, left, "│", style);
        if (f->at_right)
            put_line(s, row, right, "│", style);
    }
    for (int col = left; col <= right; col++) {
        bool corner_left = f->at_left && col == left, corner_right = f->at_right && col == right;
        if (f->at_top)
            put_line(s, top, col, corner_left ? "┌" : corner_right ? "┐" : "─", style);
        if (f->at_bottom)
            put_line(s, bottom, col, corner_left ? "└" : corner_right ? "┘" : "─", style);
    }
}

void preview_mark(struct surface *s, struct rect where, uint32_t width, uint32_t height,
                  const struct crop *parts, size_t n, const struct theme *theme)
{
    for (size_t i = 0; i < n && where.rows > 0 && where.cols > 0; i++) {
        struct frame f = make_frame(&parts[i], n == 1, where.cols, where.rows, width, height);
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        draw_frame(s, where, &f, theme->tones[TONE_ACCENT]);
        surface_puts(s, where.row + (f.top + f.bottom) / 2, where.col + (f.left + f.right) / 2,
                     where.col + where.cols, number, theme->tones[TONE_SELECTED]);
    }
}

/* ---- The same in pixels --------------------------------------------------------------------- */

/* White within black is seen on anything. */
static void put_block(struct image *image, int x, int y, int width, int height, uint8_t level)
{
    for (int r = y < 0 ? 0 : y; r < y + height && r < (int)image->height; r++)
        for (int c = x < 0 ? 0 : x; c < x + width && c < (int)image->width; c++)
            memset(image->rgb + 3 * ((size_t)r * image->width + (size_t)c), level, 3);
}

static void put_outlined(struct image *image, int x, int y, int width, int height)
{
    put_block(image, x - 1, y - 1, width + 2, height + 2, 0);
    put_block(image, x, y, width, height, 255);
}

static void put_digit(struct image *image, int x, int y, int dot, size_t digit)
{
    static const char *const shapes[] = {"111101101101111", "010110010010111", "111001111100111",
                                         "111001111001111", "101101111001001"};
    const char *shape = shapes[digit % (sizeof shapes / sizeof shapes[0])];
    put_block(image, x - dot, y - dot, (DIGIT_COLS + 2) * dot, (DIGIT_ROWS + 2) * dot, 0);
    for (int i = 0; i < DIGIT_ROWS * DIGIT_COLS; i++)
        if (shape[i] == '1')
            put_block(image, x + i % DIGIT_COLS * dot, y + i / DIGIT_COLS * dot, dot, dot, 255);
}

void preview_mark_pixels(struct image *image, uint32_t width, uint32_t height,
                         const struct crop *parts, size_t n)
{
    int cols = (int)image->width, rows = (int)image->height, dot = 1 + rows / 80;
    for (size_t i = 0; i < n; i++) {
        struct frame f = make_frame(&parts[i], n == 1, cols, rows, width, height);
        if (f.at_left)
            put_outlined(image, f.left, f.top, 1, f.bottom - f.top);
        if (f.at_right)
            put_outlined(image, f.right, f.top, 1, f.bottom - f.top);
        if (f.at_top)
            put_outlined(image, f.left, f.top, f.right - f.left, 1);
        if (f.at_bottom)
            put_outlined(image, f.left, f.bottom, f.right - f.left, 1);
        put_digit(image, (f.left + f.right) / 2, (f.top + f.bottom) / 2, dot, i + 1);
    }
}
