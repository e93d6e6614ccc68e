/* What can be asked about a scene. Each adds an exchange, or returns false where nothing of the
 * kind can be asked without doubt. */
#ifndef TRAIN_SCENE_ASK_H
#define TRAIN_SCENE_ASK_H

#include "train/picture_ask.h"
#include "train/scene.h"

typedef bool scene_ask_fn(struct scene *sc);

/* scene_ask.c: one thing, or how many there are, or one that is not there. */
scene_ask_fn scene_ask_colour, scene_ask_if_colour, scene_ask_shape, scene_ask_place,
    scene_ask_side, scene_ask_count, scene_ask_exists, scene_ask_absent;
/* scene_relate.c: one thing beside another, and which way it points. */
scene_ask_fn scene_ask_relation, scene_ask_beside, scene_ask_size, scene_ask_compare,
    scene_ask_direction;
/* scene_words.c: what is written in things. */
scene_ask_fn scene_ask_word, scene_ask_word_holder, scene_ask_spelling;
/* scene_follow.c: some in a row, where a later one can be understood from an earlier one alone. */
scene_ask_fn scene_ask_follow;
/* scene_tongues.c: one in another language. */
scene_ask_fn scene_ask_foreign;

struct thing *scene_any_thing(struct scene *sc);
/* picture_ask, where $9 is what things are called in this scene. */
bool scene_say(struct scene *sc, const struct question *q);

#endif
