/* A chequer of things to be seen, many more than there is to say about: for the tower alone, which
 * learns from each of their marks. */
#include <math.h>
#include <string.h>

#include "train/picture.h"
#include "train/words.h"

struct tile {
    double x, y, width, height;
};

/* Often as the picture's, else of its own; what is drawn next stands out from it. */
static void lay_ground(struct draw *d, const struct tile *t)
{
    if (random_chance(d->r, 0.4))
        return;
    const struct rgb shade = colour_shade((enum colour)random_below(d->r, COLOURS), d->r);
    draw_colour(d, shade);
    cairo_rectangle(d->cr, t->x, t->y, t->width, t->height);
    cairo_fill(d->cr);
    d->ground = shade;
}

static void put_shape(struct draw *d, const struct tile *t)
{
    const double side = fmin(t->width, t->height), radius = side * (0.28 + 0.16 * random_unit(d->r));
    struct shape_look look = {.x = t->x + t->width / 2 + (random_unit(d->r) - 0.5) * 0.1 * side,
                              .y = t->y + t->height / 2 + (random_unit(d->r) - 0.5) * 0.1 * side,
                              .radius = radius};
    const enum shape shape = (enum shape)random_below(d->r, random_chance(d->r, 0.7)
                                                                ? SHAPES
                                                                : KINDS_DRAWN);
    look.colour = draw_contrasting(d, &look.shade);
    look.line = draw_detail(d, look.shade);
    look.outlined = random_chance(d->r, 0.2);
    look.angle = shape < SHAPES ? shape_tilt(shape, d->r) : 0;
    draw_shape(d, shape, &look);
}

static void any_text(struct draw *d, char text[WORD_BYTES])
{
    static const char signs[] = "0123456789.,:;!?%$&+-*/=()#@\"'0123456789";
    if (random_chance(d->r, 0.25)) {
        const size_t n = 1 + random_below(d->r, 5);
        for (size_t i = 0; i < n; i++)
            text[i] = signs[random_below(d->r, sizeof signs - 1)];
        text[n] = '\0';
        return;
    }
    word_any(d->r, d->split, text);
    word_case(d->r, text);
    if (random_chance(d->r, 0.4))
        text[1 + random_below(d->r, 3)] = '\0';
}

static void put_text(struct draw *d, const struct tile *t)
{
    char text[WORD_BYTES] = "";
    any_text(d, text);
    const struct face face = draw_any_face(d);
    double high = t->height * (0.35 + 0.3 * random_unit(d->r));
    draw_face(d, face, high);
    double wide = draw_text_width(d, text);
    if (wide > 0.92 * t->width) {
        high *= 0.92 * t->width / wide;
        draw_face(d, face, high);
        wide = draw_text_width(d, text);
    }
    struct rgb shade;
    const enum colour colour = draw_ink(d, &shade);
    draw_text(d, t->x + (t->width - wide) * random_unit(d->r), t->y + t->height / 2 + high / 2,
              text, (uint8_t)colour, shade);
}

bool picture_chequer(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct draw d;
    if (!draw_open(&d, s, r, split, 896, 896, err))
        return false;
    draw_ground(&d);
    const struct rgb ground = d.ground;
    const int rows = random_between(r, 3, 9);
    for (int row = 0; row < rows; row++) {
        const int n = random_between(r, 2, rows);
        for (int i = 0; i < n; i++) {
            const struct tile t = {d.width * i / n, d.height * row / rows, d.width / n,
                                   d.height / rows};
            lay_ground(&d, &t);
            (random_chance(r, 0.5) ? put_shape : put_text)(&d, &t);
            d.ground = ground;
        }
    }
    return draw_close(&d, err);
}
