/* What a model is trained and tested with: a picture or none, and a talk about it, made from a
 * seed. The same numbers give the same sample everywhere; nothing is read but installed fonts. */
#ifndef TRAIN_SAMPLE_H
#define TRAIN_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"

/* Words, fonts and combinations of one are not in the other. */
enum sample_split { SPLIT_TRAIN, SPLIT_TEST };

/* A thing to be seen in a picture: what a tower is to find by itself, before any word is read. */
struct mark {
    float x0, y0, x1, y1; /* its box, in pixels of the picture */
    uint8_t kind;         /* mark_character() of what is written, or from MARK_SHAPES on */
    uint8_t colour;       /* < MARK_COLOURS, MARK_NO_COLOUR if it has none to speak of */
};
enum {
    MARK_SHAPES = 94,  /* '!' to '~' are 0 to 93 */
    MARK_KINDS = 144,  /* shapes and icons: MARK_SHAPES to MARK_KINDS - 1 */
    MARK_COLOURS = 15,
    MARK_NO_COLOUR = 15
};
/* The kind of a visible ASCII character; MARK_KINDS for any other. */
static inline uint8_t mark_character(uint32_t c)
{
    return c > ' ' && c <= '~' ? (uint8_t)(c - '!') : MARK_KINDS;
}

struct exchange {
    char *user, *model; /* UTF-8; owned */
    const char *skill;  /* "colour", "read" …; what a score is kept for; static */
    char *key;          /* what an answer must say, as words of its own, whatever the case; NULL: not
                           scored */
};

struct sample {
    struct image picture;  /* width 0: none. It stands before the first question. */
    bool crops;            /* shown as a whole and in the crops of panscan_plan(PANSCAN_GOOGLE) */
    struct mark *marks;    /* owned */
    size_t n_marks;
    char *system;          /* what the first turn begins with, NULL: nothing */
    struct exchange *exchanges; /* owned */
    size_t n_exchanges;
};

/* Sample number `index` of a seed, of any sort, mixed as they are to be learned; any thread. */
bool sample_make(struct sample *s, enum sample_split split, uint64_t seed, uint64_t index,
                 struct err *err);
/* The same as lessons go on: at first, for a tower alone, pictures of which mostly nothing is said;
 * then all; at last half of all, and what takes longest to learn: scenes and reading above all. */
enum lesson { LESSON_SIGHT, LESSON_ALL, LESSON_HARD };
bool sample_make_for(struct sample *s, enum lesson lesson, enum sample_split split, uint64_t seed,
                     uint64_t index, struct err *err);
void sample_done(struct sample *s);

/* The two sorts that sample_make mixes. */
bool picture_make(struct sample *s, enum sample_split split, uint64_t seed, uint64_t index,
                  struct err *err);
bool talk_make(struct sample *s, enum sample_split split, uint64_t seed, uint64_t index,
               struct err *err);

/* Takes nothing: copies the strings. key may be NULL. */
void sample_add(struct sample *s, const char *skill, const char *user, const char *model,
                const char *key);

#endif
