#include "train/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cell_names[SCENE_CELLS] = {"top left",    "top",    "top right",
                                             "left",        "centre", "right",
                                             "bottom left", "bottom", "bottom right"};
const char *const cell_places[SCENE_CELLS] = {
    "at the top left",    "at the top",    "at the top right",
    "on the left",        "in the centre", "on the right",
    "at the bottom left", "at the bottom", "at the bottom right"};

bool scene_held_out(enum shape shape, enum colour colour)
{
    struct random r = random_of((uint64_t)shape, (uint64_t)colour);
    return random_below(&r, 10) == 0;
}

enum shape scene_any_kind(const struct scene *sc)
{
    static const enum shape roomy[] = {SHAPE_CIRCLE,  SHAPE_SQUARE, SHAPE_RECTANGLE, SHAPE_PENTAGON,
                                       SHAPE_HEXAGON, SHAPE_HEART,  SHAPE_DIAMOND};
    struct random *r = sc->d->r;
    if (sc->kind == SCENE_WRITTEN)
        return roomy[random_below(r, sizeof roomy / sizeof *roomy)];
    return sc->kind == SCENE_ICONS ? (enum shape)random_between(r, SHAPES, KINDS_DRAWN - 1)
                                   : (enum shape)random_below(r, SHAPES);
}

/* A look for a thing that this split may show so. */
static void choose_look(struct scene *sc, struct thing *t, bool held_out)
{
    struct draw *d = sc->d;
    for (int tries = 0; tries < 400; tries++) {
        if (tries % 20 == 0)
            t->shape = scene_any_kind(sc);
        t->look.colour = draw_contrasting(d, &t->look.shade);
        if (scene_held_out(t->shape, t->look.colour) == held_out)
            return;
    }
}

/* Few shapes and few colours, so that there is something to count. */
static void choose_alike(struct scene *sc)
{
    struct random *r = sc->d->r;
    for (int i = 2; i < sc->n; i++) {
        struct thing *t = &sc->things[i], *shape = &sc->things[random_below(r, 2)];
        struct thing *colour = &sc->things[random_below(r, 2)];
        if (scene_held_out(shape->shape, colour->look.colour))
            colour = shape;
        t->shape = shape->shape;
        t->look.colour = colour->look.colour;
        t->look.shade = colour->look.shade;
    }
}

static int by_cell(const void *a, const void *b)
{
    return ((const struct thing *)a)->cell - ((const struct thing *)b)->cell;
}

static void choose_cells(struct scene *sc)
{
    bool taken[SCENE_CELLS] = {false};
    for (int i = 0; i < sc->n; i++) {
        int cell;
        do
            cell = (int)random_below(sc->d->r, SCENE_CELLS);
        while (taken[cell] ||
               (sc->kind == SCENE_WRITTEN && (cell % 2 || (cell == 4) != (sc->n == 1))));
        taken[cell] = true;
        sc->things[i].cell = cell;
    }
    qsort(sc->things, (size_t)sc->n, sizeof *sc->things, by_cell);
}

static double off_centre(struct random *r, double room)
{
    return room > 0 ? (2 * random_unit(r) - 1) * room : 0;
}

static void place(struct scene *sc, struct thing *t)
{
    struct draw *d = sc->d;
    double w = d->width / 3, h = d->height / 3, unit = draw_unit(d), small = 38, least = 96;
    if (sc->kind == SCENE_ICONS)
        small = 56, least = 106;
    t->large = random_chance(d->r, 0.5);
    struct shape_look *look = &t->look;
    look->radius =
        (t->large ? least + (122 - least) * random_unit(d->r) : small + 18 * random_unit(d->r)) *
        unit;
    if (sc->n == 1 && t->large && t->cell == 4)
        look->radius *= 1 + 1.2 * random_unit(d->r);
    double reach = look->radius * 1.2;
    look->x = (t->cell % 3 + 0.5) * w + off_centre(d->r, fmin(w / 2 - reach, w * 0.22));
    look->y = (t->cell / 3 + 0.5) * h + off_centre(d->r, fmin(h / 2 - reach, h * 0.22));
    look->angle = shape_tilt(t->shape, d->r);
}

/* In quarters of the picture, or all of it, straight. */
static void place_large(struct scene *sc, struct thing *t)
{
    struct draw *d = sc->d;
    double unit = draw_unit(d), parts = sc->n == 1 ? 2 : 4;
    t->large = true;
    t->look.radius =
        (sc->n == 1 ? 230 + 130 * random_unit(d->r) : 170 + 16 * random_unit(d->r)) * unit;
    t->look.x = d->width * (sc->n == 1 ? 1 : t->cell % 3 == 0 ? 1 : 3) / parts;
    t->look.y = d->height * (sc->n == 1 ? 1 : t->cell / 3 == 0 ? 1 : 3) / parts;
    t->look.angle = 0;
}

static void write_word(struct scene *sc, struct thing *t)
{
    static const double room[SHAPES] = {
        [SHAPE_CIRCLE] = 1.6,   [SHAPE_SQUARE] = 1.5,   [SHAPE_RECTANGLE] = 1.9,
        [SHAPE_PENTAGON] = 1.5, [SHAPE_HEXAGON] = 1.55, [SHAPE_HEART] = 1.5,
        [SHAPE_DIAMOND] = 1.1};
    struct draw *d = sc->d;
    do
        word_any(d->r, d->split, t->word);
    while (strlen(t->word) > (sc->n == 1 ? 8 : t->shape == SHAPE_DIAMOND ? 4 : 6));
    word_case(d->r, t->word);
    struct rgb ground = d->ground, shade;
    d->ground = t->look.shade;
    struct face face = draw_any_face(d);
    double high = (sc->n == 1 ? 150 : 80) * draw_unit(d), wide = t->look.radius * room[t->shape];
    draw_face(d, face, high);
    double width = draw_text_width(d, t->word);
    if (width > wide) {
        high *= wide / width, width = wide;
        draw_face(d, face, high);
    }
    double up = t->shape == SHAPE_HEART ? 0.1 * t->look.radius : 0;
    uint8_t colour = (uint8_t)draw_ink(d, &shade);
    draw_text(d, t->look.x - width / 2, t->look.y + high / 2 - up, t->word, colour, shade);
    d->ground = ground;
}

static void draw_thing(struct scene *sc, struct thing *t, bool outlined)
{
    (sc->kind == SCENE_WRITTEN ? place_large : place)(sc, t);
    t->look.outlined = outlined;
    double ink = t->look.shade.g > 0.3 ? 0 : 1;
    t->look.line = sc->kind == SCENE_ICONS
                       ? draw_detail(sc->d, t->look.shade)
                       : rgb_mix(t->look.shade, (struct rgb){ink, ink, ink}, 0.45);
    draw_shape(sc->d, t->shape, &t->look);
    if (sc->kind == SCENE_WRITTEN)
        write_word(sc, t);
}

void scene_draw(struct scene *sc, enum scene_kind kind, struct draw *d)
{
    *sc = (struct scene){
        .d = d, .kind = kind, .tongue = -1, .noun = kind == SCENE_ICONS ? "thing" : "shape"};
    sc->n = random_chance(d->r, kind == SCENE_SHAPES ? 0.12 : 0.3)
                ? 1
                : random_between(d->r, 2, kind == SCENE_SHAPES ? SCENE_THINGS : 4);
    for (int i = 0; i < sc->n; i++)
        choose_look(sc, &sc->things[i], d->split == SPLIT_TEST && i == 0);
    if (kind != SCENE_WRITTEN && random_chance(d->r, 0.35))
        choose_alike(sc);
    choose_cells(sc);
    bool outlined = random_chance(d->r, 0.25);
    for (int i = 0; i < sc->n; i++)
        draw_thing(sc, &sc->things[i], outlined);
}

int scene_count(const struct scene *sc, int shape, int colour)
{
    int n = 0;
    for (int i = 0; i < sc->n; i++)
        n += (shape < 0 || shape == (int)sc->things[i].shape) &&
             (colour < 0 || colour == (int)sc->things[i].look.colour);
    return n;
}

bool scene_name(const struct scene *sc, const struct thing *t, char name[SCENE_NAME])
{
    const char *colour = colour_names[t->look.colour], *shape = shape_names[t->shape];
    int alike = 0;
    for (int i = 0; i < sc->n; i++)
        alike += sc->things[i].shape == t->shape && sc->things[i].look.colour == t->look.colour &&
                 sc->things[i].large == t->large;
    if (scene_count(sc, t->shape, -1) == 1 && random_chance(sc->d->r, 0.6))
        snprintf(name, SCENE_NAME, "%s", shape);
    else if (scene_count(sc, t->shape, t->look.colour) == 1)
        snprintf(name, SCENE_NAME, "%s %s", colour, shape);
    else
        snprintf(name, SCENE_NAME, "%s %s %s", t->large ? "large" : "small", colour, shape);
    return alike == 1;
}

void scene_describe(const struct scene *sc, struct str *out)
{
    for (int i = 0; i < sc->n; i++) {
        const struct thing *t = &sc->things[i];
        str_printf(out, "%s %s %s %s", i ? "a" : "A", t->large ? "large" : "small",
                   colour_names[t->look.colour], shape_names[t->shape]);
        if (t->word[0])
            str_printf(out, " with the word \"%s\"", t->word);
        str_printf(out, " %s%s", cell_places[t->cell], i + 1 < sc->n ? ", " : ".");
    }
}
