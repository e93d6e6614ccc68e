#include "train/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "train/picture.h"

/* Of every PICTURES + TALKS samples in a row, so many are about pictures. */
enum { PICTURES = 4, TALKS = 1 };

bool sample_make(struct sample *s, enum sample_split split, uint64_t seed, uint64_t index,
                 struct err *err)
{
    if (index % (PICTURES + TALKS) < PICTURES)
        return picture_make(s, split, seed, index, err);
    return talk_make(s, split, seed, index, err);
}

bool sample_make_for(struct sample *s, enum lesson lesson, enum sample_split split, uint64_t seed,
                     uint64_t index, struct err *err)
{
    if (lesson == LESSON_SIGHT && index % 4)
        return picture_make_kind(s, "chequer", split, seed, index, err);
    static const char *const hard[] = {"scene",   "read",  "number", "scene", "talk",
                                       "read",    "scene", "chart",  "read",  "scene",
                                       "receipt", "scene", "tag",    "read"};
    enum { HARD = sizeof hard / sizeof *hard };
    if (lesson == LESSON_HARD && index % 2) {
        const char *kind = hard[index / 2 % HARD];
        return strcmp(kind, "talk") ? picture_make_kind(s, kind, split, seed, index, err)
                                    : talk_make(s, split, seed, index, err);
    }
    return sample_make(s, split, seed, index, err);
}

void sample_add(struct sample *s, const char *skill, const char *user, const char *model,
                const char *key)
{
    s->exchanges = mem_grow(s->exchanges, s->n_exchanges + 1, sizeof *s->exchanges);
    s->exchanges[s->n_exchanges++] = (struct exchange){.user = mem_copy(user),
                                                       .model = mem_copy(model),
                                                       .skill = skill,
                                                       .key = key ? mem_copy(key) : NULL};
}

void sample_done(struct sample *s)
{
    for (size_t i = 0; i < s->n_exchanges; i++) {
        free(s->exchanges[i].user);
        free(s->exchanges[i].model);
        free(s->exchanges[i].key);
    }
    free(s->exchanges);
    free(s->marks);
    free(s->system);
    image_done(&s->picture);
    *s = (struct sample){0};
}
