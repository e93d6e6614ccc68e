/* Some shapes, each in its part of a picture: what they are, and how they are spoken of. */
#ifndef TRAIN_SCENE_H
#define TRAIN_SCENE_H

#include "base/str.h"
#include "train/draw.h"
#include "train/words.h"

enum { SCENE_THINGS = 6, SCENE_CELLS = 9, SCENE_NAME = 60 };

/* Shapes, icons, or a few large shapes with a word in each. */
enum scene_kind { SCENE_SHAPES, SCENE_ICONS, SCENE_WRITTEN };

struct thing {
    enum shape shape;
    char word[WORD_BYTES]; /* what is written in it; "": nothing */
    bool large;
    int cell; /* 0 to 8, row by row */
    struct shape_look look;
};
struct scene {
    struct draw *d;
    enum scene_kind kind;
    const char *noun; /* what its things are called when nothing is known of them: "shape" */
    struct thing things[SCENE_THINGS]; /* in reading order */
    int n;
    int tongue; /* the other language that is spoken besides; −1: not chosen yet */
};

/* Combinations that only SPLIT_TEST shows. */
bool scene_held_out(enum shape shape, enum colour colour);
/* Draws the things of a new scene on what is there. */
void scene_draw(struct scene *sc, enum scene_kind kind, struct draw *d);
enum shape scene_any_kind(const struct scene *sc); /* of those that might have been in it */

int scene_count(const struct scene *sc, int shape, int colour); /* −1: any */
/* "red star", or less or more where it is enough or too little to name just this one; false if
 * nothing does. */
bool scene_name(const struct scene *sc, const struct thing *t, char name[SCENE_NAME]);
extern const char *const cell_names[SCENE_CELLS];  /* "top left" */
extern const char *const cell_places[SCENE_CELLS]; /* "at the top left" */
/* "A large red star at the top left, a small …": all, in reading order. */
void scene_describe(const struct scene *sc, struct str *out);

#endif
