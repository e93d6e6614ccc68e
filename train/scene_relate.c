#include <math.h>
#include <stdio.h>

#include "train/scene_ask.h"

bool scene_ask_relation(struct scene *sc)
{
    struct thing *a = scene_any_thing(sc), *b = scene_any_thing(sc);
    char name_a[SCENE_NAME], name_b[SCENE_NAME];
    bool across = random_chance(sc->d->r, 0.5), swap = random_chance(sc->d->r, 0.5);
    int at_a = across ? a->cell % 3 : a->cell / 3, at_b = across ? b->cell % 3 : b->cell / 3;
    if (at_a == at_b || !scene_name(sc, a, name_a) || !scene_name(sc, b, name_b))
        return false;
    static const char *const words[2][2] = {{"above", "below"},
                                            {"to the left of", "to the right of"}};
    bool first = at_a < at_b, yes = first != swap; /* asked: "above" or, swapped, "below" */
    return scene_say(
        sc,
        &(struct question){
            .skill = "relation",
            .ask = "Is the $1 $2 the $3?|[In the picture|Here], is the $1 $2 the $3?|Is it true "
                   "that the $1 is $2 the $3?|Can one say that the $1 is $2 the $3?|Do you see "
                   "the $1 $2 the $3?|Does the $1 stand $2 the $3?",
            .full = yes ? "Yes, the $1 is $2 the $3." : "No, the $1 is $4 the $3.",
            .brief = yes ? "Yes" : "No",
            .hint = ASK_YES_OR_NO,
            .key = yes ? "yes" : "no",
            .arg = {name_a, words[across][swap], name_b, words[across][!swap]},
        });
}

/* What is beside a thing: where just one other is. */
bool scene_ask_beside(struct scene *sc)
{
    struct thing *t = scene_any_thing(sc), *other = NULL;
    char name[SCENE_NAME];
    int way = random_between(sc->d->r, 0, 3), found = 0; /* left, right, above, below */
    static const char *const words[4] = {"to the left of", "to the right of", "above", "below"};
    for (int i = 0; i < sc->n; i++) {
        struct thing *o = &sc->things[i];
        int by = way < 2 ? o->cell % 3 - t->cell % 3 : o->cell / 3 - t->cell / 3;
        if (way % 2 ? by > 0 : by < 0) {
            other = o;
            found++;
        }
    }
    if (found != 1 || !scene_name(sc, t, name))
        return false;
    return scene_say(
        sc,
        &(struct question){
            .skill = "relation",
            .ask = "What is $1 the $2?|[What|Which] $9 is $1 the $2?|What do you see $1 the "
                   "$2?|[Name|Tell me] the $9 $1 the $2.|What [stands|can be seen] $1 the $2?",
            .full = "^~ $3 $4 is $1 the $2.",
            .brief = "^~ $3 $4",
            .hint = "Be brief.|In a few words.|Short answer.",
            .key = shape_names[other->shape],
            .arg = {words[way], name, colour_names[other->look.colour], shape_names[other->shape]},
        });
}

bool scene_ask_size(struct scene *sc)
{
    struct thing *t = scene_any_thing(sc);
    char name[SCENE_NAME];
    int large = 0;
    for (int i = 0; i < sc->n; i++)
        large += sc->things[i].large;
    bool largest = t->large && large == 1, smallest = !t->large && large == sc->n - 1;
    if (sc->n < 2 || !(largest || smallest) || scene_count(sc, t->shape, t->look.colour) != 1)
        return false;
    snprintf(name, sizeof name, "%s %s", colour_names[t->look.colour], shape_names[t->shape]);
    return scene_say(
        sc, &(struct question){
                .skill = "relation",
                .ask = "[What|Which] is the $1 $9" ASK_HERE "?|[What|Which] $9 is the $1?|[Name|"
                       "Tell me] the $1 $9.|[What|Which] is the $1 [$9|object]" ASK_HERE
                       "?|Which [one|of the $9s] is the $1?",
                .full = "The $2 is the $1.",
                .brief = "^$3",
                .key = shape_names[t->shape],
                .arg = {smallest                       ? "smallest"
                        : random_chance(sc->d->r, 0.5) ? "largest"
                                                       : "biggest",
                        name, shape_names[t->shape]},
            });
}

bool scene_ask_compare(struct scene *sc)
{
    struct thing *a = scene_any_thing(sc), *b = scene_any_thing(sc);
    char name_a[SCENE_NAME], name_b[SCENE_NAME];
    if (a->large == b->large || !scene_name(sc, a, name_a) || !scene_name(sc, b, name_b))
        return false;
    bool bigger = random_chance(sc->d->r, 0.5), yes = a->large == bigger;
    return scene_say(
        sc, &(struct question){
                .skill = "relation",
                .ask = bigger ? "Is the $1 [bigger|larger] than the $2?|Is the $2 smaller than the "
                                "$1?|Is the $1 the [bigger|larger] one, beside the $2?"
                              : "Is the $1 smaller than the $2?|Is the $2 [bigger|larger] than the "
                                "$1?|Is the $1 the smaller one, beside the $2?",
                .full = yes ? "Yes, the $1 is $3 than the $2." : "No, the $1 is $3 than the $2.",
                .brief = yes ? "Yes" : "No",
                .hint = ASK_YES_OR_NO,
                .key = yes ? "yes" : "no",
                .arg = {name_a, name_b, a->large ? "larger" : "smaller"},
            });
}

bool scene_ask_direction(struct scene *sc)
{
    static const char *const ways[] = {"right", "down", "left", "up"};
    char name[SCENE_NAME];
    struct thing *t = scene_any_thing(sc);
    for (int i = 0; i < sc->n && t->shape != SHAPE_ARROW; i++)
        t = &sc->things[i];
    if (t->shape != SHAPE_ARROW || !scene_name(sc, t, name))
        return false;
    const char *way = ways[(int)(t->look.angle / (M_PI / 2) + 0.5) % 4];
    return scene_say(
        sc,
        &(struct question){
            .skill = "place",
            .ask =
                "[What|Which] way does the $1 point?|In [what|which] direction does the $1 "
                "[point|go]?|Where does the $1 point[ to|]?|[What|Which] direction does the $1 "
                "show?|Does the $1 point up, down, left or right?|[Tell me|Name] the direction of "
                "the $1.",
            .full = "The $1 points $2.",
            .brief = "^$2",
            .key = way,
            .arg = {name, way},
        });
}
