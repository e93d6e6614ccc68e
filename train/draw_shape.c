#include <math.h>

#include "train/draw.h"

/* Corners at equal angles, the first one up; every second one at the inner radius. */
static void corners(cairo_t *cr, int n, double inner)
{
    for (int i = 0; i < n; i++) {
        double radius = i % 2 ? inner : 1, angle = 2 * M_PI * i / n - M_PI / 2;
        cairo_line_to(cr, radius * cos(angle), radius * sin(angle));
    }
    cairo_close_path(cr);
}

static void polygon(cairo_t *cr, const double (*xy)[2], int n)
{
    for (int i = 0; i < n; i++)
        cairo_line_to(cr, xy[i][0], xy[i][1]);
    cairo_close_path(cr);
}

static void circle(cairo_t *cr)
{
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
}
static void square(cairo_t *cr)
{
    cairo_rectangle(cr, -0.88, -0.88, 1.76, 1.76);
}
static void triangle(cairo_t *cr)
{
    polygon(cr, (const double[][2]){{0, -0.95}, {1.02, 0.85}, {-1.02, 0.85}}, 3);
}
static void rectangle(cairo_t *cr)
{
    cairo_rectangle(cr, -1.1, -0.52, 2.2, 1.04);
}
static void star(cairo_t *cr)
{
    corners(cr, 10, 0.42);
}
static void pentagon(cairo_t *cr)
{
    corners(cr, 5, 1);
}
static void hexagon(cairo_t *cr)
{
    corners(cr, 6, 1);
}
static void heart(cairo_t *cr)
{
    cairo_move_to(cr, 0, 0.95);
    cairo_curve_to(cr, -0.5, 0.55, -1.05, 0.2, -1.05, -0.32);
    cairo_curve_to(cr, -1.05, -1.05, -0.2, -1.1, 0, -0.45);
    cairo_curve_to(cr, 0.2, -1.1, 1.05, -1.05, 1.05, -0.32);
    cairo_curve_to(cr, 1.05, 0.2, 0.5, 0.55, 0, 0.95);
    cairo_close_path(cr);
}
static void cross(cairo_t *cr)
{
    static const double a = 0.3;
    polygon(cr,
            (const double[][2]){{-a, -1},
                                {a, -1},
                                {a, -a},
                                {1, -a},
                                {1, a},
                                {a, a},
                                {a, 1},
                                {-a, 1},
                                {-a, a},
                                {-1, a},
                                {-1, -a},
                                {-a, -a}},
            12);
}
static void ring(cairo_t *cr)
{
    cairo_arc(cr, 0, 0, 1, 0, 2 * M_PI);
    cairo_new_sub_path(cr);
    cairo_arc_negative(cr, 0, 0, 0.56, 2 * M_PI, 0);
    cairo_close_path(cr);
}
static void diamond(cairo_t *cr)
{
    polygon(cr, (const double[][2]){{0, -1.08}, {0.76, 0}, {0, 1.08}, {-0.76, 0}}, 4);
}
static void crescent(cairo_t *cr)
{
    double c = 0.45, inner = 0.82; /* a circle bitten by a smaller one to its right */
    double x = (1 + c * c - inner * inner) / (2 * c), y = sqrt(1 - x * x);
    cairo_arc(cr, 0, 0, 1, atan2(y, x), 2 * M_PI - atan2(y, x));
    cairo_arc_negative(cr, c, 0, inner, atan2(-y, x - c), atan2(y, x - c));
    cairo_close_path(cr);
}
static void arrow(cairo_t *cr)
{
    polygon(cr,
            (const double[][2]){{1.08, 0},
                                {0.2, 0.8},
                                {0.2, 0.32},
                                {-1.05, 0.32},
                                {-1.05, -0.32},
                                {0.2, -0.32},
                                {0.2, -0.8}},
            7);
}
static void drop(cairo_t *cr)
{
    cairo_move_to(cr, 0, -1.1);
    cairo_curve_to(cr, 0.25, -0.6, 0.72, -0.1, 0.72, 0.36);
    cairo_arc(cr, 0, 0.36, 0.72, 0, M_PI);
    cairo_curve_to(cr, -0.72, -0.1, -0.25, -0.6, 0, -1.1);
    cairo_close_path(cr);
}

#define SHAPE_NAME(id, name, plural, path, tilt)         name,
#define ICON_NAME(id, name, plural, path, width, height) name,
const char *const shape_names[KINDS_DRAWN] = {DRAW_SHAPES(SHAPE_NAME) DRAW_ICONS(ICON_NAME)};
#define SHAPE_PLURAL(id, name, plural, path, tilt)         plural,
#define ICON_PLURAL(id, name, plural, path, width, height) plural,
const char *const shape_plurals[KINDS_DRAWN] = {DRAW_SHAPES(SHAPE_PLURAL) DRAW_ICONS(ICON_PLURAL)};

static const struct {
    void (*path)(cairo_t *cr);
    double tilt; /* degrees to either side */
} shapes[SHAPES] = {
#define SHAPE(id, name, plural, path, tilt) {path, tilt},
    DRAW_SHAPES(SHAPE)
#undef SHAPE
};

double shape_tilt(enum shape shape, struct random *r)
{
    if (shape >= SHAPES)
        return 0;
    double degrees = (2 * random_unit(r) - 1) * shapes[shape].tilt;
    if (shape == SHAPE_ARROW || (shape == SHAPE_RECTANGLE && random_chance(r, 0.3)))
        degrees += 90 * random_between(r, 0, 3);
    return random_chance(r, 0.5) && shape != SHAPE_ARROW && shape != SHAPE_CRESCENT
               ? 0
               : degrees * M_PI / 180;
}

void draw_shape(struct draw *d, enum shape shape, const struct shape_look *look)
{
    if (shape >= SHAPES) {
        draw_icon(d, shape, look);
        return;
    }
    cairo_t *cr = d->cr;
    cairo_save(cr);
    cairo_translate(cr, look->x, look->y);
    cairo_rotate(cr, look->angle);
    cairo_scale(cr, look->radius, look->radius);
    cairo_new_path(cr);
    shapes[shape].path(cr);
    draw_mark_path(d, (uint8_t)(MARK_SHAPES + shape), (uint8_t)look->colour);
    draw_colour(d, look->shade);
    cairo_fill_preserve(cr);
    if (look->outlined) {
        draw_colour(d, look->line);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
        cairo_set_line_width(cr, fmin(0.1, 6 * draw_unit(d) / look->radius));
        cairo_stroke_preserve(cr);
    }
    cairo_new_path(cr);
    cairo_restore(cr);
}
