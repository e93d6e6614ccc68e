/* Each icon is drawn around 0 in the box that draw.h says, in its own colour and some ink. */
#include <math.h>

#include "train/draw.h"

struct brush {
    struct draw *d;
    cairo_t *cr;
    struct rgb own, ink;
};

static void fill(struct brush *b)
{
    draw_colour(b->d, b->own);
    cairo_fill(b->cr);
}
static void fill_ink(struct brush *b)
{
    draw_colour(b->d, b->ink);
    cairo_fill(b->cr);
}
static void stroke(struct brush *b, struct rgb colour, double width)
{
    draw_colour(b->d, colour);
    cairo_set_line_width(b->cr, width);
    cairo_stroke(b->cr);
}
static void box(struct brush *b, double x0, double y0, double x1, double y1)
{
    cairo_rectangle(b->cr, x0, y0, x1 - x0, y1 - y0);
}
static void disc(struct brush *b, double x, double y, double radius)
{
    cairo_new_sub_path(b->cr);
    cairo_arc(b->cr, x, y, radius, 0, 2 * M_PI);
    cairo_close_path(b->cr);
}
static void corners(struct brush *b, int n, const double (*xy)[2])
{
    cairo_new_sub_path(b->cr);
    for (int i = 0; i < n; i++)
        cairo_line_to(b->cr, xy[i][0], xy[i][1]);
    cairo_close_path(b->cr);
}
static void line(struct brush *b, double x0, double y0, double x1, double y1)
{
    cairo_move_to(b->cr, x0, y0);
    cairo_line_to(b->cr, x1, y1);
}

static void house(struct brush *b)
{
    corners(b, 3, (const double[][2]){{0, -1}, {1, -0.1}, {-1, -0.1}});
    box(b, -0.75, -0.12, 0.75, 1);
    fill(b);
    box(b, -0.18, 0.38, 0.22, 1);
    box(b, -0.58, 0.1, -0.28, 0.42);
    box(b, 0.34, 0.1, 0.62, 0.42);
    fill_ink(b);
}
static void tree(struct brush *b)
{
    box(b, -0.14, 0.2, 0.14, 1);
    fill_ink(b);
    disc(b, 0, -0.5, 0.5);
    disc(b, -0.33, -0.05, 0.42);
    disc(b, 0.33, -0.05, 0.42);
    fill(b);
}
static void sun(struct brush *b)
{
    disc(b, 0, 0, 0.56);
    fill(b);
    for (int i = 0; i < 8; i++) {
        double x = cos(i * M_PI / 4), y = sin(i * M_PI / 4);
        line(b, x * 0.68, y * 0.68, x, y);
    }
    stroke(b, b->own, 0.14);
}
static void car(struct brush *b)
{
    corners(b, 4, (const double[][2]){{-0.65, -0.1}, {-0.4, -0.7}, {0.35, -0.7}, {0.65, -0.1}});
    box(b, -1.1, -0.12, 1.1, 0.45);
    fill(b);
    corners(b, 4,
            (const double[][2]){{-0.45, -0.14}, {-0.29, -0.55}, {-0.06, -0.55}, {-0.06, -0.14}});
    corners(b, 4, (const double[][2]){{0.06, -0.14}, {0.06, -0.55}, {0.26, -0.55}, {0.43, -0.14}});
    disc(b, -0.58, 0.45, 0.25);
    disc(b, 0.58, 0.45, 0.25);
    fill_ink(b);
}
static void fish(struct brush *b)
{
    cairo_move_to(b->cr, -1.1, 0);
    cairo_curve_to(b->cr, -0.6, -0.8, 0.2, -0.7, 0.6, -0.06);
    cairo_line_to(b->cr, 1.1, -0.55);
    cairo_line_to(b->cr, 1.1, 0.55);
    cairo_line_to(b->cr, 0.6, 0.06);
    cairo_curve_to(b->cr, 0.2, 0.7, -0.6, 0.8, -1.1, 0);
    cairo_close_path(b->cr);
    fill(b);
    disc(b, -0.66, -0.12, 0.1);
    fill_ink(b);
    cairo_arc(b->cr, -0.62, 0, 0.42, -0.8, 0.8);
    stroke(b, b->ink, 0.08);
}
static void cup(struct brush *b)
{
    cairo_arc(b->cr, 0.52, -0.15, 0.36, -M_PI / 2, M_PI / 2);
    stroke(b, b->own, 0.16);
    corners(b, 4, (const double[][2]){{-0.8, -0.7}, {0.6, -0.7}, {0.45, 0.6}, {-0.65, 0.6}});
    box(b, -1, 0.66, 0.8, 0.8);
    fill(b);
    box(b, -0.7, -0.6, 0.5, -0.48);
    fill_ink(b);
}
static void key(struct brush *b)
{
    box(b, -0.4, -0.1, 1.1, 0.1);
    box(b, 0.86, 0, 1.04, 0.42);
    box(b, 0.52, 0, 0.7, 0.34);
    fill(b);
    disc(b, -0.68, 0, 0.3);
    stroke(b, b->own, 0.24);
}
static void phone(struct brush *b)
{
    box(b, -0.55, -1.05, 0.55, 1.05);
    fill(b);
    box(b, -0.43, -0.82, 0.43, 0.66);
    disc(b, 0, 0.85, 0.1);
    fill_ink(b);
}
static void envelope(struct brush *b)
{
    box(b, -1.1, -0.75, 1.1, 0.75);
    fill(b);
    cairo_move_to(b->cr, -1.04, -0.68);
    cairo_line_to(b->cr, 0, 0.12);
    cairo_line_to(b->cr, 1.04, -0.68);
    stroke(b, b->ink, 0.1);
}
static void lock(struct brush *b)
{
    cairo_move_to(b->cr, -0.42, 0);
    cairo_line_to(b->cr, -0.42, -0.48);
    cairo_arc(b->cr, 0, -0.48, 0.42, M_PI, 2 * M_PI);
    cairo_line_to(b->cr, 0.42, 0);
    stroke(b, b->own, 0.2);
    box(b, -0.75, -0.12, 0.75, 1);
    fill(b);
    disc(b, 0, 0.34, 0.16);
    box(b, -0.07, 0.34, 0.07, 0.72);
    fill_ink(b);
}
static void umbrella(struct brush *b)
{
    cairo_move_to(b->cr, 0, -0.1);
    cairo_line_to(b->cr, 0, 0.75);
    cairo_arc_negative(b->cr, -0.2, 0.75, 0.2, 0, M_PI);
    stroke(b, b->ink, 0.12);
    cairo_arc(b->cr, 0, 0, 1.05, M_PI, 2 * M_PI);
    for (int i = 2; i >= 0; i--)
        cairo_arc_negative(b->cr, (i - 1) * 0.7, 0, 0.35, 0, M_PI);
    cairo_close_path(b->cr);
    fill(b);
}
static void flower(struct brush *b)
{
    line(b, 0, 0, 0, 1.1);
    cairo_move_to(b->cr, 0, 0.9);
    cairo_curve_to(b->cr, 0.1, 0.6, 0.3, 0.55, 0.5, 0.5);
    stroke(b, b->ink, 0.12);
    for (int i = 0; i < 6; i++)
        disc(b, 0.4 * cos(i * M_PI / 3), -0.42 + 0.4 * sin(i * M_PI / 3), 0.28);
    fill(b);
    disc(b, 0, -0.42, 0.2);
    fill_ink(b);
}
static void boat(struct brush *b)
{
    corners(b, 4, (const double[][2]){{-1.1, 0.4}, {1.1, 0.4}, {0.7, 1}, {-0.7, 1}});
    corners(b, 3, (const double[][2]){{0.1, -0.95}, {0.85, 0.2}, {0.1, 0.2}});
    corners(b, 3, (const double[][2]){{-0.12, -0.7}, {-0.12, 0.2}, {-0.75, 0.2}});
    fill(b);
    line(b, 0, -1, 0, 0.4);
    stroke(b, b->ink, 0.1);
}
static void face(struct brush *b)
{
    disc(b, 0, 0, 1);
    fill(b);
    disc(b, -0.36, -0.28, 0.15);
    disc(b, 0.36, -0.28, 0.15);
    fill_ink(b);
}
static void smile(struct brush *b)
{
    face(b);
    cairo_arc(b->cr, 0, 0.02, 0.56, 0.15 * M_PI, 0.85 * M_PI);
    stroke(b, b->ink, 0.14);
}
static void sad(struct brush *b)
{
    face(b);
    cairo_arc(b->cr, 0, 0.85, 0.52, 1.15 * M_PI, 1.85 * M_PI);
    stroke(b, b->ink, 0.14);
}
static void cloud(struct brush *b)
{
    disc(b, -0.66, 0.22, 0.44);
    disc(b, 0.66, 0.22, 0.44);
    disc(b, -0.2, -0.12, 0.52);
    disc(b, 0.32, 0, 0.44);
    box(b, -0.66, 0.1, 0.66, 0.66);
    fill(b);
}
static void bell(struct brush *b)
{
    disc(b, 0, 0.78, 0.2);
    fill_ink(b);
    disc(b, 0, -0.86, 0.14);
    fill(b);
    cairo_move_to(b->cr, -0.85, 0.72);
    cairo_curve_to(b->cr, -0.4, 0.4, -0.7, -0.8, 0, -0.8);
    cairo_curve_to(b->cr, 0.7, -0.8, 0.4, 0.4, 0.85, 0.72);
    cairo_close_path(b->cr);
    fill(b);
}
static void book(struct brush *b)
{
    corners(b, 4, (const double[][2]){{-1.1, -0.75}, {0, -0.55}, {0, 0.75}, {-1.1, 0.55}});
    corners(b, 4, (const double[][2]){{1.1, -0.75}, {0, -0.55}, {0, 0.75}, {1.1, 0.55}});
    fill(b);
    line(b, 0, -0.55, 0, 0.75);
    for (int i = 0; i < 3; i++) {
        double y = -0.35 + 0.3 * i;
        line(b, -0.9, y - 0.04, -0.2, y + 0.08);
        line(b, 0.9, y - 0.04, 0.2, y + 0.08);
    }
    stroke(b, b->ink, 0.08);
}
static void apple(struct brush *b)
{
    cairo_move_to(b->cr, 0, -0.5);
    cairo_curve_to(b->cr, 0.3, -0.75, 0.85, -0.6, 0.85, 0.05);
    cairo_curve_to(b->cr, 0.85, 0.7, 0.4, 1.2, 0, 0.98);
    cairo_curve_to(b->cr, -0.4, 1.2, -0.85, 0.7, -0.85, 0.05);
    cairo_curve_to(b->cr, -0.85, -0.6, -0.3, -0.75, 0, -0.5);
    cairo_close_path(b->cr);
    fill(b);
    cairo_move_to(b->cr, 0, -0.45);
    cairo_curve_to(b->cr, 0, -0.7, 0.1, -0.9, 0.28, -1.02);
    stroke(b, b->ink, 0.12);
}
static void candle(struct brush *b)
{
    box(b, -0.26, -0.3, 0.26, 0.95);
    fill(b);
    box(b, -0.4, 0.92, 0.4, 1.1);
    fill_ink(b);
    line(b, 0, -0.3, 0, -0.55);
    stroke(b, b->ink, 0.07);
    cairo_move_to(b->cr, 0, -1.1);
    cairo_curve_to(b->cr, 0.3, -0.7, 0.2, -0.45, 0, -0.45);
    cairo_curve_to(b->cr, -0.2, -0.45, -0.3, -0.7, 0, -1.1);
    fill(b);
}
static void ladder(struct brush *b)
{
    line(b, -0.46, -1.1, -0.46, 1.1);
    line(b, 0.46, -1.1, 0.46, 1.1);
    for (int i = 0; i < 5; i++)
        line(b, -0.46, -0.84 + 0.42 * i, 0.46, -0.84 + 0.42 * i);
    stroke(b, b->own, 0.17);
}
static void hat(struct brush *b)
{
    box(b, -1.1, 0.48, 1.1, 0.75);
    corners(b, 4, (const double[][2]){{-0.62, -0.75}, {0.62, -0.75}, {0.55, 0.5}, {-0.55, 0.5}});
    fill(b);
    box(b, -0.57, 0.16, 0.57, 0.4);
    fill_ink(b);
}
static void mushroom(struct brush *b)
{
    corners(b, 4, (const double[][2]){{-0.22, 0}, {0.22, 0}, {0.32, 0.95}, {-0.32, 0.95}});
    fill_ink(b);
    cairo_move_to(b->cr, -1, 0.1);
    cairo_curve_to(b->cr, -1, -1.3, 1, -1.3, 1, 0.1);
    cairo_close_path(b->cr);
    fill(b);
    disc(b, -0.42, -0.3, 0.15);
    disc(b, 0.1, -0.58, 0.15);
    disc(b, 0.5, -0.22, 0.15);
    fill_ink(b);
}

static const struct {
    void (*draw)(struct brush *b);
    double width, height;
} icons[KINDS_DRAWN - SHAPES] = {
#define ICON(id, name, plural, path, width, height) {path, width, height},
    DRAW_ICONS(ICON)
#undef ICON
};

void draw_icon(struct draw *d, enum shape icon, const struct shape_look *look)
{
    struct brush b = {d, d->cr, look->shade, look->line};
    double w = icons[icon - SHAPES].width, h = icons[icon - SHAPES].height;
    cairo_save(d->cr);
    cairo_translate(d->cr, look->x, look->y);
    cairo_scale(d->cr, look->radius, look->radius);
    cairo_new_path(d->cr);
    draw_mark(d, (uint8_t)(MARK_SHAPES + icon), (uint8_t)look->colour, -w, -h, w, h);
    icons[icon - SHAPES].draw(&b);
    cairo_restore(d->cr);
}
