#include <math.h>

#include "train/draw.h"

static struct rgb any_rgb(struct random *r)
{
    struct rgb c;
    c.r = random_unit(r);
    c.g = random_unit(r);
    c.b = random_unit(r);
    return c;
}

static struct rgb any_ground(struct random *r)
{
    double kind = random_unit(r);
    double base = kind < 0.55  ? 0.86 + 0.14 * random_unit(r) /* light */
                  : kind < 0.8 ? 0.04 + 0.16 * random_unit(r) /* dark */
                               : 0.35 + 0.4 * random_unit(r); /* between */
    struct rgb c = {base, base, base};
    if (random_chance(r, 0.6)) {
        struct rgb tint = any_rgb(r);
        c = rgb_mix(c, tint, 0.05 + 0.2 * random_unit(r));
    }
    return c;
}

void draw_plain_ground(struct draw *d, struct rgb shade)
{
    d->ground = shade;
    d->ground_colour = MARK_NO_COLOUR;
    draw_colour(d, shade);
    cairo_paint(d->cr);
}

static void gradient(struct draw *d)
{
    struct rgb other = any_rgb(d->r);
    struct rgb from = rgb_mix(d->ground, other, 0.12), to = rgb_mix(d->ground, other, -0.12);
    double angle = 6.283 * random_unit(d->r), x = cos(angle) * d->width, y = sin(angle) * d->height;
    double cx = d->width / 2, cy = d->height / 2;
    cairo_pattern_t *p =
        cairo_pattern_create_linear(cx - x / 2, cy - y / 2, cx + x / 2, cy + y / 2);
    cairo_pattern_add_color_stop_rgb(p, 0, from.r, from.g, from.b);
    cairo_pattern_add_color_stop_rgb(p, 1, to.r, to.g, to.b);
    cairo_set_source(d->cr, p);
    cairo_paint(d->cr);
    cairo_pattern_destroy(p);
}

/* Thin lines, hardly to be seen: paper, cloth, a wall. */
static void lines(struct draw *d)
{
    double ink = d->ground.g > 0.5 ? 0 : 1, step = (16 + 40 * random_unit(d->r)) * draw_unit(d);
    int ways = random_between(d->r, 1, 3); /* down, across, both */
    cairo_set_source_rgba(d->cr, ink, ink, ink, 0.03 + 0.05 * random_unit(d->r));
    cairo_set_line_width(d->cr, fmax(1, step / 10));
    for (double x = step / 2; ways & 1 && x < d->width; x += step) {
        cairo_move_to(d->cr, x, 0);
        cairo_line_to(d->cr, x, d->height);
    }
    for (double y = step / 2; ways & 2 && y < d->height; y += step) {
        cairo_move_to(d->cr, 0, y);
        cairo_line_to(d->cr, d->width, y);
    }
    cairo_stroke(d->cr);
}

void draw_ground(struct draw *d)
{
    if (random_chance(d->r, 0.25)) {
        enum colour colour = (enum colour)random_below(d->r, COLOURS);
        draw_plain_ground(d, colour_shade(colour, d->r));
        d->ground_colour = (uint8_t)colour;
        return;
    }
    draw_plain_ground(d, any_ground(d->r));
    double kind = random_unit(d->r);
    if (kind < 0.25)
        gradient(d);
    else if (kind < 0.4)
        lines(d);
    if (random_chance(d->r, 0.2))
        d->noise = random_between(d->r, 2, 14);
}
