#include "train/scene_ask.h"

#define AND "And the $1?|[And what|What] about the $1?|And [what of |]the $1, please?|The $1, too?"

/* "What colour is the star?" "And the circle?" */
static bool ask_colours(struct scene *sc)
{
    struct thing *a = scene_any_thing(sc), *b = scene_any_thing(sc);
    if (scene_count(sc, (int)a->shape, -1) != 1 || scene_count(sc, (int)b->shape, -1) != 1 ||
        a == b)
        return false;
    const char *colour_a = colour_names[a->look.colour], *colour_b = colour_names[b->look.colour];
    return scene_say(sc,
                     &(struct question){
                         .skill = "colour",
                         .ask = "[What|Which] " ASK_COLOUR " is the $1?|What is the " ASK_COLOUR
                                " of the $1?|"
                                "[What|Which] " ASK_COLOUR " does the $1 have?",
                         .full = "The $1 is $2.",
                         .key = colour_a,
                         .arg = {shape_names[a->shape], colour_a},
                     }) &&
           scene_say(sc, &(struct question){
                             .skill = "colour",
                             .ask = AND,
                             .full = "The $1 is $2.",
                             .key = colour_b,
                             .arg = {shape_names[b->shape], colour_b},
                         });
}

static bool ask_places(struct scene *sc)
{
    char name_a[SCENE_NAME], name_b[SCENE_NAME];
    struct thing *a = scene_any_thing(sc), *b = scene_any_thing(sc);
    if (a == b || !scene_name(sc, a, name_a) || !scene_name(sc, b, name_b))
        return false;
    return scene_say(
               sc,
               &(struct question){
                   .skill = "place",
                   .ask = "Where is the $1?|Where [do you|can you] see the $1?|[Tell me|Say] where "
                          "the $1 is.",
                   .full = "The $1 is $2.",
                   .key = cell_names[a->cell],
                   .arg = {name_a, cell_places[a->cell]},
               }) &&
           scene_say(sc, &(struct question){
                             .skill = "place",
                             .ask = AND,
                             .full = "The $1 is $2.",
                             .key = cell_names[b->cell],
                             .arg = {name_b, cell_places[b->cell]},
                         });
}

static bool ask_numbers(struct scene *sc)
{
    struct thing *a = scene_any_thing(sc), *b = scene_any_thing(sc);
    if (a->shape == b->shape)
        return false;
    bool asked = true;
    for (int i = 0; asked && i < 2; i++, a = b) {
        char n[2] = {(char)('0' + scene_count(sc, (int)a->shape, -1)), 0};
        bool one = *n == '1';
        asked = scene_say(
            sc, &(struct question){
                    .skill = "count",
                    .ask = i == 0 ? "How many $1 are there?|How many $1 [do you|can you] see?|"
                                    "Count the $1."
                                  : "And [how many |]$1?|[And what|What] about $1?|And $1?",
                    .full = one ? "There is $2 $3." : "There are $2 $1.",
                    .key = n,
                    .arg = {shape_plurals[a->shape], n, shape_names[a->shape]},
                });
    }
    return asked;
}

/* What "it" is was said in the answer before. */
static void ask_of_it(struct scene *sc, const struct thing *t)
{
    char name[SCENE_NAME];
    const struct thing *other = scene_any_thing(sc);
    const char *colour = colour_names[t->look.colour], *shape = shape_names[t->shape];
    scene_say(sc, &(struct question){
                      .skill = "colour",
                      .ask = "[What|Which] " ASK_COLOUR " is it?|And what is its " ASK_COLOUR
                             "?|[What|Which] " ASK_COLOUR
                             " does it have?|In [what|which] " ASK_COLOUR "?",
                      .full = "The $1 is $2.",
                      .brief = "^$2",
                      .key = colour,
                      .arg = {shape, colour},
                  });
    scene_say(sc,
              &(struct question){
                  .skill = "relation",
                  .ask = "Is it large or small?|Large or small?|How large is it?|Is it a large or "
                         "a small one?|And [what size is it|its size]?",
                  .full = "The $1 is $2.",
                  .brief = "^$2",
                  .key = t->large ? "large" : "small",
                  .arg = {shape, t->large ? "large" : "small"},
              });
    if (other->large == t->large || !scene_name(sc, other, name))
        return;
    bool bigger = random_chance(sc->d->r, 0.5), yes = bigger == t->large;
    scene_say(sc,
              &(struct question){
                  .skill = "relation",
                  .ask = bigger ? "Is it [larger|bigger] than the $2?|And is it [larger|bigger] "
                                  "than the $2?"
                                : "Is it smaller than the $2?|And is it smaller than the $2?",
                  .full = yes ? "Yes, it is $1 than the $2." : "No, it is $1 than the $2.",
                  .brief = yes ? "Yes" : "No",
                  .hint = ASK_YES_OR_NO,
                  .key = yes ? "yes" : "no",
                  .arg = {t->large ? "larger" : "smaller", name},
              });
}

static bool ask_it(struct scene *sc)
{
    char name[SCENE_NAME];
    struct thing *t = scene_any_thing(sc);
    bool corner = t->cell % 2 == 0; /* the other places may mean more than one */
    if (corner && random_chance(sc->d->r, 0.6)) {
        bool asked = scene_say(
            sc, &(struct question){
                    .skill = sc->kind == SCENE_ICONS ? "icon" : "shape",
                    .ask = "[What|Which] $3 is $2?|What is $2?|What [do you|can you] see $2?",
                    .full = "There is ~ $1 $2.",
                    .key = shape_names[t->shape],
                    .arg = {shape_names[t->shape], cell_places[t->cell], sc->noun},
                });
        if (asked)
            ask_of_it(sc, t);
        return asked;
    }
    if (scene_count(sc, (int)t->shape, -1) != 1 || !scene_name(sc, t, name))
        return false;
    bool asked = scene_say(
        sc, &(struct question){
                .skill = "absent",
                .ask = "Is there ~ $1?|[Do you|Can you] see ~ $1?|Does the picture show ~ $1?",
                .full = "Yes, there is ~ $1.",
                .key = "yes",
                .arg = {shape_names[t->shape]},
            });
    if (!asked)
        return false;
    scene_say(sc,
              &(struct question){
                  .skill = "place",
                  .ask = "Where is it?|And where?|Where[ exactly|]?|In [what|which] part of the "
                         "picture?|And where is it?",
                  .full = "The $1 is $2.",
                  .brief = "^$3",
                  .hint = "[In a word or two.|Be brief.|Just the place.]",
                  .key = cell_names[t->cell],
                  .arg = {shape_names[t->shape], cell_places[t->cell], cell_names[t->cell]},
              });
    ask_of_it(sc, t);
    return true;
}

bool scene_ask_follow(struct scene *sc)
{
    static bool (*const asks[])(struct scene *) = {ask_colours, ask_places, ask_numbers, ask_it,
                                                   ask_it};
    return asks[random_below(sc->d->r, sizeof asks / sizeof *asks)](sc);
}
