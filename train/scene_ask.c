#include "train/scene_ask.h"

#include <stdio.h>

struct thing *scene_any_thing(struct scene *sc)
{
    return &sc->things[random_below(sc->d->r, (uint32_t)sc->n)];
}

bool scene_say(struct scene *sc, const struct question *q)
{
    struct question with_noun = *q;
    with_noun.arg[8] = sc->noun;
    return picture_ask(sc->d->s, sc->d->r, &with_noun);
}

/* Words that are not false of one another: nobody should have to answer whether a ring is a
 * circle. */
static bool alike(enum shape a, enum shape b)
{
    static const uint8_t family[KINDS_DRAWN] = {
        [SHAPE_CIRCLE] = 1,  [SHAPE_RING] = 1,     [SHAPE_SQUARE] = 2,  [SHAPE_RECTANGLE] = 2,
        [SHAPE_DIAMOND] = 2, [SHAPE_PENTAGON] = 3, [SHAPE_HEXAGON] = 3,
    };
    return a == b || (family[a] && family[a] == family[b]);
}

static bool any_missing_shape(struct scene *sc, enum shape *shape)
{
    for (int tries = 0; tries < 30; tries++) {
        *shape = scene_any_kind(sc);
        bool found = false;
        for (int i = 0; i < sc->n; i++)
            found |= alike(sc->things[i].shape, *shape);
        if (!found)
            return true;
    }
    return false;
}

static bool any_missing_colour(struct scene *sc, enum colour *colour)
{
    for (int tries = 0; tries < 30; tries++) {
        *colour = (enum colour)random_below(sc->d->r, COLOURS);
        if (scene_count(sc, -1, *colour) == 0)
            return true;
    }
    return false;
}

/* Whether its place names it alone: "on the left" may mean the whole left. */
static bool place_is_clear(const struct scene *sc, const struct thing *t)
{
    int rows = 0, columns = 0;
    for (int i = 0; i < sc->n; i++) {
        rows += sc->things[i].cell / 3 == t->cell / 3;
        columns += sc->things[i].cell % 3 == t->cell % 3;
    }
    if (t->cell == 1 || t->cell == 7)
        return rows == 1;
    return t->cell == 3 || t->cell == 5 ? columns == 1 : true;
}

bool scene_ask_colour(struct scene *sc)
{
    struct thing *t = scene_any_thing(sc);
    const char *colour = colour_names[t->look.colour];
    if (scene_count(sc, t->shape, -1) == 1)
        return scene_say(sc,
                         &(struct question){
                             .skill = "colour",
                             .ask = "[What|Which] " ASK_COLOUR " is the $1" ASK_HERE
                                    "?|[What|Which] " ASK_COLOUR
                                    " does the $1 have?|[Tell me|Name] the " ASK_COLOUR
                                    " of the $1.|What is the " ASK_COLOUR " of the $1" ASK_HERE
                                    "?|The $1: [what|which] " ASK_COLOUR
                                    "?|In [what|which] " ASK_COLOUR " is the $1[ drawn| painted|]?",
                             .full = "The $1 is $2.",
                             .brief = "^$2",
                             .key = colour,
                             .arg = {shape_names[t->shape], colour},
                         });
    if (!place_is_clear(sc, t))
        return false;
    return scene_say(
        sc, &(struct question){
                .skill = "colour",
                .ask = "[What|Which] " ASK_COLOUR " is the [$9|object] $1?|What is the " ASK_COLOUR
                       " of the [$9|object] $1?|[Tell me|Name] the " ASK_COLOUR
                       " of the $9 $1.|[What|Which] " ASK_COLOUR " has the [$9|object] $1?",
                .full = "The $3 $1 is $2.",
                .brief = "^$2",
                .key = colour,
                .arg = {cell_places[t->cell], colour, shape_names[t->shape]},
            });
}

bool scene_ask_if_colour(struct scene *sc)
{
    struct thing *t = scene_any_thing(sc);
    if (scene_count(sc, t->shape, -1) != 1)
        return false;
    const char *colour = colour_names[t->look.colour];
    enum colour other = (enum colour)random_below(sc->d->r, COLOURS);
    bool yes = other == t->look.colour || random_chance(sc->d->r, 0.5);
    return scene_say(sc,
                     &(struct question){
                         .skill = "colour",
                         .ask = "Is the $1 $2?|Is the $1 $2 [in|on] this picture?|Is it a $2 $1?|"
                                "Would you [say|call] the $1 $2?|Does the $1 have the " ASK_COLOUR
                                " $2?|[Is it true|Is it right|Can one say] that the $1 is $2?",
                         .full = yes ? "Yes, the $1 is $2." : "No, the $1 is $3.",
                         .brief = yes ? "Yes" : "No",
                         .hint = ASK_YES_OR_NO,
                         .key = yes ? "yes" : "no",
                         .arg = {shape_names[t->shape], yes ? colour : colour_names[other], colour},
                     });
}

bool scene_ask_shape(struct scene *sc)
{
    struct thing *t = scene_any_thing(sc);
    const char *shape = shape_names[t->shape], *colour = colour_names[t->look.colour];
    bool by_colour = scene_count(sc, -1, t->look.colour) == 1 && random_chance(sc->d->r, 0.6);
    if (!by_colour && !place_is_clear(sc, t))
        return false;
    if (!by_colour)
        return scene_say(
            sc, &(struct question){
                    .skill = sc->kind == SCENE_ICONS ? "icon" : "shape",
                    .ask = "[What|Which] $9 is $1?|What is $1?|What [do you|can you] see $1?|"
                           "What is [drawn|shown] $1?|[Name|Tell me] the $9 $1.|"
                           "What kind of $9 is $1?|What stands $1?",
                    .full = "There is ~ $2 $1.",
                    .brief = "^$2",
                    .key = shape,
                    .arg = {cell_places[t->cell], shape},
                });
    return scene_say(
        sc, &(struct question){
                .skill = sc->kind == SCENE_ICONS ? "icon" : "shape",
                .ask = "[What|Which] $9 is $1?|What is $1" ASK_HERE "?|Which [$9|object] is "
                       "$1" ASK_HERE "?|[Name|Tell me] the $1 $9.|What kind of $9 is the $1 "
                       "[one|$9]?|What [do you|can you] see in $1?|What $9 does the $1 "
                       "thing have?",
                .full = "The $2 is $1.",
                .brief = "^$2",
                .key = shape,
                .arg = {colour, shape},
            });
}

bool scene_ask_place(struct scene *sc)
{
    char name[SCENE_NAME];
    struct thing *t = scene_any_thing(sc);
    if (!scene_name(sc, t, name))
        return false;
    return scene_say(
        sc, &(struct question){
                .skill = "place",
                .ask = "Where is the $1[ in the picture| in this image|]?|Where [do you|can you] "
                       "see the $1?|In [what|which] part of the [picture|image] is the $1?|"
                       "[Tell me|Say] where the $1 is.|What is the [place|position] of the $1?|"
                       "Where can the $1 be found?|[Find|Locate] the $1.",
                .full = "The $1 is $2.",
                .brief = "^$3",
                .hint = "[In a word or two.|Be brief.|Just the place.|Answer in one or two words.]",
                .key = cell_names[t->cell],
                .arg = {name, cell_places[t->cell], cell_names[t->cell]},
            });
}

bool scene_ask_side(struct scene *sc)
{
    char name[SCENE_NAME];
    struct thing *t = scene_any_thing(sc);
    bool across = random_chance(sc->d->r, 0.5);
    int at = across ? t->cell % 3 : t->cell / 3;
    if (at == 1 || !scene_name(sc, t, name))
        return false;
    const char *side = across ? (at ? "right" : "left") : (at ? "bottom" : "top");
    return scene_say(
        sc,
        &(struct question){
            .skill = "place",
            .ask = across ? "Is the $1 on the [left or on the right|left or the right|left or "
                            "right side]?|Which side is the $1 on, left or right?|Left or "
                            "right: where is the $1?|On which side is the $1?"
                          : "Is the $1 at the top or at the bottom?|Top or bottom: where is the "
                            "$1?|Is the $1 in the upper or in the lower part?|Is the $1 [high "
                            "up or low down|at the top or the bottom]?",
            .full = across ? "The $1 is on the $2." : "The $1 is at the $2.",
            .brief = "^$2",
            .key = side,
            .arg = {name, side},
        });
}

/* "red stars"; −1: any shape, any colour. */
static void kind_name(const struct scene *sc, int shape, int colour, bool many,
                      char name[SCENE_NAME])
{
    const char *noun = shape < 0 ? sc->noun : many ? shape_plurals[shape] : shape_names[shape];
    snprintf(name, SCENE_NAME, "%s%s%s%s", colour < 0 ? "" : colour_names[colour],
             colour < 0 ? "" : " ", noun, shape < 0 && many ? "s" : "");
}

bool scene_ask_count(struct scene *sc)
{
    struct random *r = sc->d->r;
    const struct thing *t = scene_any_thing(sc);
    int shape = -1, colour = -1;
    double way = random_unit(r); /* all, of a colour, of a shape, of both */
    if (way > 0.35)
        shape = random_chance(r, 0.7) ? (int)t->shape : (int)scene_any_kind(sc);
    if ((way > 0.15 && way < 0.35) || way > 0.8)
        colour = random_chance(r, 0.8) ? (int)t->look.colour : (int)random_below(r, COLOURS);
    for (int i = 0; i < sc->n; i++) /* squares are not asked for among rectangles */
        if (shape >= 0 && (int)sc->things[i].shape != shape &&
            alike(sc->things[i].shape, (enum shape)shape))
            return false;
    int n = scene_count(sc, shape, colour);
    char asked[SCENE_NAME], said[SCENE_NAME], number[8];
    kind_name(sc, shape, colour, true, asked);
    kind_name(sc, shape, colour, n != 1, said);
    snprintf(number, sizeof number, "%d", n);
    return scene_say(
        sc,
        &(struct question){
            .skill = "count",
            .ask = "How many $1 are there" ASK_HERE "?|How many $1 [do you|can you] see" ASK_HERE
                   "?|Count the $1[, please|].|What is the number of $1" ASK_HERE
                   "?|How many $1 does the [picture|image] [show|have]?|[Tell me|Say] how many "
                   "$1 there are.|How many $1 are [shown|drawn|visible]?|Number of $1?",
            .full = n == 1 ? "There is $2 $3." : "There are $2 $3.",
            .brief = "$2",
            .hint = ASK_NUMBER,
            .key = number,
            .arg = {asked, number, said},
        });
}

bool scene_ask_exists(struct scene *sc)
{
    struct thing *t = scene_any_thing(sc);
    enum shape shape = t->shape;
    enum colour colour = t->look.colour;
    bool yes = random_chance(sc->d->r, 0.5);
    int way = random_between(sc->d->r, 0, 2); /* a star, something red, a red star */
    if (!yes && way != 1 && !any_missing_shape(sc, &shape))
        return false;
    if (!yes && way == 1 && !any_missing_colour(sc, &colour))
        return false;
    if (!yes && way == 2 && random_chance(sc->d->r, 0.5)) { /* there in another colour */
        shape = t->shape;
        if (!any_missing_colour(sc, &colour))
            return false;
    }
    char what[SCENE_NAME];
    kind_name(sc, way == 1 ? -1 : (int)shape, way == 0 ? -1 : (int)colour, false, what);
    return scene_say(
        sc, &(struct question){
                .skill = "absent",
                .ask = "Is there ~ $1" ASK_HERE "?|[Do you|Can you] see ~ $1" ASK_HERE
                       "?|Does the [picture|image] [show|have|contain] ~ $1?|Is ~ $1 [shown|to be "
                       "seen|visible]" ASK_HERE "?|Can ~ $1 be seen" ASK_HERE "?",
                .full = yes ? "Yes, there is ~ $1." : "No, there is no $1.",
                .brief = yes ? "Yes" : "No",
                .hint = ASK_YES_OR_NO,
                .key = yes ? "yes" : "no",
                .arg = {what},
            });
}

bool scene_ask_absent(struct scene *sc)
{
    enum shape shape;
    if (!any_missing_shape(sc, &shape))
        return false;
    return scene_say(
        sc, &(struct question){
                .skill = "absent",
                .ask = "[What|Which] " ASK_COLOUR " is the $1" ASK_HERE "?|Where is the $1" ASK_HERE
                       "?|Is the $1 large or small?|[Tell me|What is] the " ASK_COLOUR
                       " of the $1[.|, please.]|What is next to the $1?|In which part of the "
                       "picture is the $1?|How large is the $1" ASK_HERE "?|Describe the $1.",
                .full = "There is no $1 in the picture.",
                .key = "no",
                .arg = {shape_names[shape]},
            });
}
