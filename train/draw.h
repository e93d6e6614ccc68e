/* Drawing of the pictures to learn from: a cairo surface, where each thing drawn leaves its mark
 * in the sample. Lengths are pixels of the picture; draw_unit() makes them relative. */
#ifndef TRAIN_DRAW_H
#define TRAIN_DRAW_H

#include <cairo.h>
#include <stdbool.h>

#include "base/err.h"
#include "train/random.h"
#include "train/sample.h"

/* The colours that are spoken of; their numbers are those of the marks. */
#define DRAW_COLOURS(X)                                                                            \
    X(RED, "red")                                                                                  \
    X(ORANGE, "orange")                                                                            \
    X(YELLOW, "yellow")                                                                            \
    X(GREEN, "green")                                                                              \
    X(BLUE, "blue")                                                                                \
    X(PURPLE, "purple")                                                                            \
    X(PINK, "pink")                                                                                \
    X(BROWN, "brown")                                                                              \
    X(BLACK, "black")                                                                              \
    X(GREY, "grey")                                                                                \
    X(WHITE, "white")
#define DECLARE(id, name) COLOUR_##id,
enum colour { DRAW_COLOURS(DECLARE) COLOURS };
#undef DECLARE
extern const char *const colour_names[COLOURS];

struct rgb {
    double r, g, b; /* 0 to 1 */
};
/* One of the many shades that everyone calls so. */
struct rgb colour_shade(enum colour colour, struct random *r);
double rgb_light(struct rgb c);
/* 0: the same, 1: black and white. */
double rgb_distance(struct rgb a, struct rgb b);
struct rgb rgb_mix(struct rgb a, struct rgb b, double part_of_b);

struct draw {
    struct sample *s;
    struct random *r;
    enum sample_split split;
    cairo_surface_t *surface;
    cairo_t *cr;
    double width, height;
    struct rgb ground; /* the middle of what is behind everything */
    int noise;         /* how far a pixel may be off, of 255 */
};

/* A picture of this size, with a ground of draw_ground() or none yet. */
bool draw_open(struct draw *d, struct sample *s, struct random *r, enum sample_split split,
               int width, int height, struct err *err);
/* Moves what was drawn to the sample's picture. To be called after each draw_open() that went
 * well; what failed in between is told here. */
bool draw_close(struct draw *d, struct err *err);
/* How many pixels one of 896 along the shorter side is. */
double draw_unit(const struct draw *d);
void draw_colour(struct draw *d, struct rgb colour);
/* draw_ground.c: a ground of any kind, plain or nearly so; a plain one of this shade. */
void draw_ground(struct draw *d);
void draw_plain_ground(struct draw *d, struct rgb shade);
/* A colour for a thing that stands out from the ground, and for letters that can be read on it. */
enum colour draw_contrasting(struct draw *d, struct rgb *shade);
enum colour draw_ink(struct draw *d, struct rgb *shade);

/* Notes a box of the user space that cairo is in. */
void draw_mark(struct draw *d, uint8_t kind, uint8_t colour, double x0, double y0, double x1,
               double y1);
/* The same for the current path, as it will be filled. */
void draw_mark_path(struct draw *d, uint8_t kind, uint8_t colour);

/* draw_shape.c: flat shapes, each within a circle of radius 1 or a little more. */
#define DRAW_SHAPES(X)                                                                             \
    X(CIRCLE, "circle", "circles", circle, 0)                                                      \
    X(SQUARE, "square", "squares", square, 10)                                                     \
    X(TRIANGLE, "triangle", "triangles", triangle, 20)                                             \
    X(RECTANGLE, "rectangle", "rectangles", rectangle, 12)                                         \
    X(STAR, "star", "stars", star, 30)                                                             \
    X(PENTAGON, "pentagon", "pentagons", pentagon, 30)                                             \
    X(HEXAGON, "hexagon", "hexagons", hexagon, 30)                                                 \
    X(HEART, "heart", "hearts", heart, 18)                                                         \
    X(CROSS, "cross", "crosses", cross, 12)                                                        \
    X(RING, "ring", "rings", ring, 0)                                                              \
    X(DIAMOND, "diamond", "diamonds", diamond, 6)                                                  \
    X(CRESCENT, "crescent", "crescents", crescent, 180)                                            \
    X(ARROW, "arrow", "arrows", arrow, 0)                                                          \
    X(DROP, "drop", "drops", drop, 18)
#define DECLARE(id, name, plural, path, tilt) SHAPE_##id,
enum shape { DRAW_SHAPES(DECLARE) SHAPES };
#undef DECLARE
extern const char *const shape_names[SHAPES], *const shape_plurals[SHAPES];

struct shape_look {
    double x, y, radius;
    double angle; /* radians */
    enum colour colour;
    struct rgb shade;
    bool outlined; /* with `line` */
    struct rgb line;
};
/* Radians that this shape may be turned by and still be called so. */
double shape_tilt(enum shape shape, struct random *r);
void draw_shape(struct draw *d, enum shape shape, const struct shape_look *look);

/* draw_text.c: letters. */
struct face {
    const char *family;
    bool bold, italic;
};
struct face draw_any_face(struct draw *d);
/* Sets the face and a size in which its capitals are so high. */
void draw_face(struct draw *d, struct face face, double cap_height);
/* The width of a line in the face that is set. */
double draw_text_width(struct draw *d, const char *text);
/* A line of ASCII from x on, its baseline at y, a mark for each character. colour may be
 * MARK_NO_COLOUR. */
void draw_text(struct draw *d, double x, double y, const char *text, uint8_t colour,
               struct rgb shade);

#endif
