#include "train/draw.h"

#include <math.h>

#include "base/mem.h"

#define NAME(id, name) name,
const char *const colour_names[COLOURS] = {DRAW_COLOURS(NAME)};
#undef NAME

/* Hue in degrees, the others from 0 to 1. */
static struct rgb rgb_of_hsv(double hue, double saturation, double value)
{
    double c[3];
    for (int i = 0; i < 3; i++) {
        double k = fmod((i == 0 ? 5 : i == 1 ? 3 : 1) + hue / 60 + 6, 6);
        double away = fmax(0, fmin(fmin(k, 4 - k), 1));
        c[i] = value - value * saturation * away;
    }
    return (struct rgb){c[0], c[1], c[2]};
}

static double within(struct random *r, const double range[2])
{
    return range[0] + (range[1] - range[0]) * random_unit(r);
}

struct rgb colour_shade(enum colour colour, struct random *r)
{
    static const struct shades {
        double hue[2], saturation[2], value[2];
    } shades[COLOURS] = {
        [COLOUR_RED] = {{-8, 5}, {0.82, 0.98}, {0.75, 0.97}},
        [COLOUR_ORANGE] = {{26, 34}, {0.9, 1}, {0.94, 1}},
        [COLOUR_YELLOW] = {{51, 57}, {0.75, 1}, {0.94, 1}},
        [COLOUR_GREEN] = {{105, 145}, {0.65, 0.95}, {0.45, 0.75}},
        [COLOUR_BLUE] = {{210, 232}, {0.72, 0.95}, {0.6, 0.95}},
        [COLOUR_PURPLE] = {{270, 286}, {0.6, 0.88}, {0.45, 0.72}},
        [COLOUR_PINK] = {{325, 345}, {0.32, 0.5}, {0.96, 1}},
        [COLOUR_BROWN] = {{20, 28}, {0.62, 0.8}, {0.36, 0.5}},
        [COLOUR_BLACK] = {{0, 360}, {0, 0.2}, {0.01, 0.1}},
        [COLOUR_GREY] = {{0, 360}, {0, 0.04}, {0.46, 0.62}},
        [COLOUR_WHITE] = {{0, 360}, {0, 0.03}, {0.96, 1}},
    };
    const struct shades *c = &shades[colour];
    double hue = within(r, c->hue), saturation = within(r, c->saturation);
    return rgb_of_hsv(hue, saturation, within(r, c->value));
}

double rgb_light(struct rgb c)
{
    return 0.3 * c.r + 0.59 * c.g + 0.11 * c.b;
}

double rgb_distance(struct rgb a, struct rgb b)
{
    double r = a.r - b.r, g = a.g - b.g, blue = a.b - b.b;
    return sqrt(2 * r * r + 4 * g * g + 3 * blue * blue) / 3;
}

struct rgb rgb_mix(struct rgb a, struct rgb b, double part_of_b)
{
    return (struct rgb){a.r + (b.r - a.r) * part_of_b, a.g + (b.g - a.g) * part_of_b,
                        a.b + (b.b - a.b) * part_of_b};
}

bool draw_open(struct draw *d, struct sample *s, struct random *r, enum sample_split split,
               int width, int height, struct err *err)
{
    *d = (struct draw){.s = s,
                       .r = r,
                       .split = split,
                       .width = width,
                       .height = height,
                       .ground_colour = MARK_NO_COLOUR};
    d->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    d->cr = cairo_create(d->surface);
    if (cairo_status(d->cr) != CAIRO_STATUS_SUCCESS) {
        err_set(err, "cairo: %s", cairo_status_to_string(cairo_status(d->cr)));
        cairo_destroy(d->cr);
        cairo_surface_destroy(d->surface);
        return false;
    }
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(d->cr, options);
    cairo_font_options_destroy(options);
    return true;
}

static uint8_t limited(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void copy_row(uint8_t *to, const uint32_t *from, size_t n, int noise, struct random *r)
{
    for (size_t x = 0; x < n; x++, to += 3) {
        uint32_t p = from[x];
        int off = noise ? (int)random_below(r, (uint32_t)(2 * noise + 1)) - noise : 0;
        to[0] = limited((int)(p >> 16 & 255) + off);
        to[1] = limited((int)(p >> 8 & 255) + off);
        to[2] = limited((int)(p & 255) + off);
    }
}

bool draw_close(struct draw *d, struct err *err)
{
    cairo_status_t status = cairo_status(d->cr);
    cairo_destroy(d->cr);
    cairo_surface_flush(d->surface);
    struct image *out = &d->s->picture;
    out->width = (uint32_t)d->width, out->height = (uint32_t)d->height;
    out->rgb = mem_try((size_t)out->width * out->height, 3, "picture", err);
    bool ok = out->rgb != NULL;
    if (ok && status != CAIRO_STATUS_SUCCESS)
        ok = err_set(err, "cairo: %s", cairo_status_to_string(status));
    const uint8_t *data = cairo_image_surface_get_data(d->surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(d->surface);
    for (size_t y = 0; ok && y < out->height; y++)
        copy_row(out->rgb + y * out->width * 3, (const void *)(data + y * stride), out->width,
                 d->noise, d->r);
    cairo_surface_destroy(d->surface);
    return ok;
}

double draw_unit(const struct draw *d)
{
    return fmin(d->width, d->height) / 896;
}

void draw_colour(struct draw *d, struct rgb colour)
{
    cairo_set_source_rgb(d->cr, colour.r, colour.g, colour.b);
}

static enum colour standing_out(struct draw *d, double distance, double light, struct rgb *shade)
{
    enum colour colour;
    for (int tries = 0; tries < 80; tries++) {
        colour = (enum colour)random_below(d->r, COLOURS);
        *shade = colour_shade(colour, d->r);
        if (colour != d->ground_colour && rgb_distance(*shade, d->ground) >= distance &&
            fabs(rgb_light(*shade) - rgb_light(d->ground)) >= light)
            return colour;
    }
    colour = rgb_light(d->ground) > 0.5 ? COLOUR_BLACK : COLOUR_WHITE;
    *shade = colour_shade(colour, d->r);
    return colour;
}

enum colour draw_contrasting(struct draw *d, struct rgb *shade)
{
    return standing_out(d, 0.28, 0, shade);
}

enum colour draw_ink(struct draw *d, struct rgb *shade)
{
    return standing_out(d, 0.35, 0.27, shade);
}

struct rgb draw_detail(struct draw *d, struct rgb thing)
{
    static const struct rgb inks[] = {
        {0.1, 0.1, 0.1}, {0.97, 0.97, 0.97}, {0.5, 0.5, 0.5}, {0.4, 0.25, 0.1}};
    size_t best = 0;
    double most = -1;
    for (size_t i = 0; i < sizeof inks / sizeof *inks; i++) {
        double apart = fmin(rgb_distance(inks[i], thing), rgb_distance(inks[i], d->ground));
        if (apart > most)
            most = apart, best = i;
    }
    return inks[best];
}

static void put_mark(struct draw *d, uint8_t kind, uint8_t colour, const double box[4])
{
    struct sample *s = d->s;
    if (kind >= MARK_KINDS)
        return;
    struct mark mark = {(float)fmax(0, box[0]),
                        (float)fmax(0, box[1]),
                        (float)fmin(d->width, box[2]),
                        (float)fmin(d->height, box[3]),
                        kind,
                        colour};
    if (mark.x1 <= mark.x0 || mark.y1 <= mark.y0)
        return;
    s->marks = mem_grow(s->marks, s->n_marks + 1, sizeof *s->marks);
    s->marks[s->n_marks++] = mark;
}

void draw_mark(struct draw *d, uint8_t kind, uint8_t colour, double x0, double y0, double x1,
               double y1)
{
    double box[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (int i = 0; i < 4; i++) {
        double x = i & 1 ? x1 : x0, y = i & 2 ? y1 : y0;
        cairo_user_to_device(d->cr, &x, &y);
        box[0] = fmin(box[0], x), box[1] = fmin(box[1], y);
        box[2] = fmax(box[2], x), box[3] = fmax(box[3], y);
    }
    put_mark(d, kind, colour, box);
}

void draw_mark_path(struct draw *d, uint8_t kind, uint8_t colour)
{
    double box[4];
    cairo_save(d->cr); /* without a turn, the box of the path is tight */
    cairo_identity_matrix(d->cr);
    cairo_fill_extents(d->cr, &box[0], &box[1], &box[2], &box[3]);
    cairo_restore(d->cr);
    put_mark(d, kind, colour, box);
}
