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
    struct rgb ground;     /* the middle of what is behind everything */
    uint8_t ground_colour; /* MARK_NO_COLOUR: none that it is called by */
    int noise;             /* how far a pixel may be off, of 255 */
    double heavier;        /* the line around letters of the face that is set */
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
/* draw_ground.c: a ground of any kind, plain or nearly so; a plain one of this shade, which has no
 * name. */
void draw_ground(struct draw *d);
void draw_plain_ground(struct draw *d, struct rgb shade);
/* A colour for a thing that stands out from the ground, and for letters that can be read on it. */
enum colour draw_contrasting(struct draw *d, struct rgb *shade);
enum colour draw_ink(struct draw *d, struct rgb *shade);
/* For small parts of a thing: neither the thing nor the ground swallows them. */
struct rgb draw_detail(struct draw *d, struct rgb thing);

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
/* draw_icon.c: simple drawings of things; half their width and height. They count as shapes, too.
 */
#define DRAW_ICONS(X)                                                                              \
    X(HOUSE, "house", "houses", house, 1, 1)                                                       \
    X(TREE, "tree", "trees", tree, 0.75, 1)                                                        \
    X(SUN, "sun", "suns", sun, 1, 1)                                                               \
    X(CAR, "car", "cars", car, 1.1, 0.7)                                                           \
    X(FISH, "fish", "fish", fish, 1.1, 0.6)                                                        \
    X(CUP, "cup", "cups", cup, 1, 0.8)                                                             \
    X(KEY, "key", "keys", key, 1.1, 0.42)                                                          \
    X(PHONE, "phone", "phones", phone, 0.55, 1.05)                                                 \
    X(ENVELOPE, "envelope", "envelopes", envelope, 1.1, 0.75)                                      \
    X(LOCK, "lock", "locks", lock, 0.75, 1)                                                        \
    X(UMBRELLA, "umbrella", "umbrellas", umbrella, 1.05, 1.05)                                     \
    X(FLOWER, "flower", "flowers", flower, 0.7, 1.1)                                               \
    X(BOAT, "boat", "boats", boat, 1.1, 1)                                                         \
    X(SMILE, "smiling face", "smiling faces", smile, 1, 1)                                         \
    X(SAD, "sad face", "sad faces", sad, 1, 1)                                                     \
    X(CLOUD, "cloud", "clouds", cloud, 1.1, 0.66)                                                  \
    X(BELL, "bell", "bells", bell, 0.85, 1)                                                        \
    X(BOOK, "book", "books", book, 1.1, 0.75)                                                      \
    X(APPLE, "apple", "apples", apple, 0.85, 1.05)                                                 \
    X(CANDLE, "candle", "candles", candle, 0.4, 1.1)                                               \
    X(LADDER, "ladder", "ladders", ladder, 0.55, 1.1)                                              \
    X(HAT, "hat", "hats", hat, 1.1, 0.75)                                                          \
    X(MUSHROOM, "mushroom", "mushrooms", mushroom, 1, 0.95)
#define SHAPE_ID(id, name, plural, path, tilt)         SHAPE_##id,
#define ICON_ID(id, name, plural, path, width, height) ICON_##id,
/* Shapes, then icons: marks are MARK_SHAPES and this. */
enum shape {
    DRAW_SHAPES(SHAPE_ID) SHAPES,
    ICONS_BEFORE = SHAPES - 1,
    DRAW_ICONS(ICON_ID) KINDS_DRAWN
};
#undef SHAPE_ID
#undef ICON_ID
/* What else has a mark of its own. */
enum { MARK_CLOCK = MARK_SHAPES + KINDS_DRAWN, MARK_FLAG, MARK_SLICE, MARKS_USED };
_Static_assert((int)MARKS_USED <= (int)MARK_KINDS, "too many kinds for the marks");
extern const char *const shape_names[KINDS_DRAWN], *const shape_plurals[KINDS_DRAWN];

struct shape_look {
    double x, y, radius;
    double angle; /* radians */
    enum colour colour;
    struct rgb shade;
    bool outlined; /* with `line` */
    struct rgb line;
};
void draw_icon(struct draw *d, enum shape icon, const struct shape_look *look);
/* Radians that this shape may be turned by and still be called so. */
double shape_tilt(enum shape shape, struct random *r);
/* A shape or an icon. */
void draw_shape(struct draw *d, enum shape shape, const struct shape_look *look);

/* draw_text.c: letters. */
struct face {
    const char *family;
    bool bold, italic;
    /* How it is changed; 0: not. Shares of a letter's width, of its height to the right at the top, and of
     * the height by which its strokes are thicker. */
    double wider, slant, heavier;
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
