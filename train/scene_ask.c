#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/scene.h"

/* Each adds an exchange, or returns false where nothing of the kind can be asked without doubt. */
typedef bool ask_fn(struct scene *sc);

static struct thing *any_thing(struct scene *sc)
{
    return &sc->things[random_below(sc->d->r, (uint32_t)sc->n)];
}

/* $9 is what things are called in this scene. */
static bool ask(struct scene *sc, const struct question *q)
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

#define HERE      "[| here| in the picture| in this picture| in the image]"
#define COLOUR    "[colour|color]"
#define YES_OR_NO "Yes or no?|Answer yes or no.|[Just|Only] yes or no.|Say yes or no."

static bool ask_colour(struct scene *sc)
{
    struct thing *t = any_thing(sc);
    const char *colour = colour_names[t->look.colour];
    if (scene_count(sc, t->shape, -1) == 1)
        return ask(
            sc, &(struct question){"colour",
                                   "[What|Which] " COLOUR " is the $1" HERE "?|[What|Which] " COLOUR
                                   " does the $1 have?|[Tell me|Name] the " COLOUR
                                   " of the $1.|What is the " COLOUR " of the $1" HERE
                                   "?|The $1: [what|which] " COLOUR "?|In [what|which] " COLOUR
                                   " is the $1[ drawn| painted|]?",
                                   "The $1 is $2.",
                                   "^$2",
                                   NULL,
                                   colour,
                                   {shape_names[t->shape], colour}});
    if (!place_is_clear(sc, t))
        return false;
    return ask(
        sc, &(struct question){"colour",
                               "[What|Which] " COLOUR " is the [$9|object] $1?|What is the " COLOUR
                               " of the [$9|object] $1?|[Tell me|Name] the " COLOUR
                               " of the $9 $1.|[What|Which] " COLOUR " has the [$9|object] $1?",
                               "The $3 $1 is $2.",
                               "^$2",
                               NULL,
                               colour,
                               {cell_places[t->cell], colour, shape_names[t->shape]}});
}

static bool ask_if_colour(struct scene *sc)
{
    struct thing *t = any_thing(sc);
    if (scene_count(sc, t->shape, -1) != 1)
        return false;
    const char *colour = colour_names[t->look.colour];
    enum colour other = (enum colour)random_below(sc->d->r, COLOURS);
    bool yes = other == t->look.colour || random_chance(sc->d->r, 0.5);
    return ask(sc, &(struct question){
                       "colour",
                       "Is the $1 $2?|Is the $1 $2 [in|on] this picture?|Is it a $2 $1?|"
                       "Would you [say|call] the $1 $2?|Does the $1 have the " COLOUR
                       " $2?|[Is it true|Is it right|Can one say] that the $1 is $2?",
                       yes ? "Yes, the $1 is $2." : "No, the $1 is $3.",
                       yes ? "Yes" : "No",
                       YES_OR_NO,
                       yes ? "yes" : "no",
                       {shape_names[t->shape], yes ? colour : colour_names[other], colour}});
}

static bool ask_shape(struct scene *sc)
{
    struct thing *t = any_thing(sc);
    const char *shape = shape_names[t->shape], *colour = colour_names[t->look.colour];
    bool by_colour = scene_count(sc, -1, t->look.colour) == 1 && random_chance(sc->d->r, 0.6);
    if (!by_colour && !place_is_clear(sc, t))
        return false;
    if (!by_colour)
        return ask(sc, &(struct question){
                           sc->kind == SCENE_ICONS ? "icon" : "shape",
                           "[What|Which] $9 is $1?|What is $1?|What [do you|can you] see $1?|"
                           "What is [drawn|shown] $1?|[Name|Tell me] the $9 $1.|"
                           "What kind of $9 is $1?|What stands $1?",
                           "There is ~ $2 $1.",
                           "^$2",
                           NULL,
                           shape,
                           {cell_places[t->cell], shape}});
    return ask(sc,
               &(struct question){sc->kind == SCENE_ICONS ? "icon" : "shape",
                                  "[What|Which] $9 is $1?|What is $1" HERE "?|Which [$9|object] is "
                                  "$1" HERE "?|[Name|Tell me] the $1 $9.|What kind of $9 is the $1 "
                                  "[one|$9]?|What [do you|can you] see in $1?|What $9 does the $1 "
                                  "thing have?",
                                  "The $2 is $1.",
                                  "^$2",
                                  NULL,
                                  shape,
                                  {colour, shape}});
}

static bool ask_place(struct scene *sc)
{
    char name[SCENE_NAME];
    struct thing *t = any_thing(sc);
    if (!scene_name(sc, t, name))
        return false;
    return ask(sc, &(struct question){
                       "place",
                       "Where is the $1[ in the picture| in this image|]?|Where [do you|can you] "
                       "see the $1?|In [what|which] part of the [picture|image] is the $1?|"
                       "[Tell me|Say] where the $1 is.|What is the [place|position] of the $1?|"
                       "Where can the $1 be found?|[Find|Locate] the $1.",
                       "The $1 is $2.",
                       "^$3",
                       "[In a word or two.|Be brief.|Just the place.|Answer in one or two words.]",
                       cell_names[t->cell],
                       {name, cell_places[t->cell], cell_names[t->cell]}});
}

static bool ask_side(struct scene *sc)
{
    char name[SCENE_NAME];
    struct thing *t = any_thing(sc);
    bool across = random_chance(sc->d->r, 0.5);
    int at = across ? t->cell % 3 : t->cell / 3;
    if (at == 1 || !scene_name(sc, t, name))
        return false;
    const char *side = across ? (at ? "right" : "left") : (at ? "bottom" : "top");
    return ask(sc,
               &(struct question){
                   "place",
                   across ? "Is the $1 on the [left or on the right|left or the right|left or "
                            "right side]?|Which side is the $1 on, left or right?|Left or "
                            "right: where is the $1?|On which side is the $1?"
                          : "Is the $1 at the top or at the bottom?|Top or bottom: where is the "
                            "$1?|Is the $1 in the upper or in the lower part?|Is the $1 [high "
                            "up or low down|at the top or the bottom]?",
                   across ? "The $1 is on the $2." : "The $1 is at the $2.",
                   "^$2",
                   NULL,
                   side,
                   {name, side}});
}

static bool ask_count(struct scene *sc)
{
    struct thing *t = any_thing(sc);
    double way = random_unit(sc->d->r);
    enum shape shape = way < 0.7 ? t->shape : scene_any_kind(sc);
    for (int i = 0; i < sc->n; i++) /* squares are not asked for among rectangles */
        if (way >= 0.35 && sc->things[i].shape != shape && alike(sc->things[i].shape, shape))
            return false;
    enum colour colour = random_chance(sc->d->r, 0.8)
                             ? t->look.colour
                             : (enum colour)random_below(sc->d->r, COLOURS);
    char what[SCENE_NAME], number[8];
    int n = way < 0.15   ? scene_count(sc, -1, -1)
            : way < 0.35 ? scene_count(sc, -1, colour)
            : way < 0.8  ? scene_count(sc, shape, -1)
                         : scene_count(sc, shape, colour);
    if (way < 0.35)
        snprintf(what, sizeof what, "%s%s%s%s", way < 0.15 ? "" : colour_names[colour],
                 way < 0.15 ? "" : " ", sc->noun, n == 1 ? "" : "s");
    else
        snprintf(what, sizeof what, "%s%s%s", way < 0.8 ? "" : colour_names[colour],
                 way < 0.8 ? "" : " ", n == 1 ? shape_names[shape] : shape_plurals[shape]);
    char asked[SCENE_NAME];
    snprintf(asked, sizeof asked, "%s%s%s%s",
             way < 0.15 || (way >= 0.35 && way < 0.8) ? "" : colour_names[colour],
             way < 0.15 || (way >= 0.35 && way < 0.8) ? "" : " ",
             way < 0.35 ? sc->noun : shape_plurals[shape], way < 0.35 ? "s" : "");
    snprintf(number, sizeof number, "%d", n);
    return ask(sc, &(struct question){
                       "count",
                       "How many $1 are there" HERE "?|How many $1 [do you|can you] see" HERE
                       "?|Count the $1[, please|].|What is the number of $1" HERE
                       "?|How many $1 does the [picture|image] [show|have]?|[Tell me|Say] how many "
                       "$1 there are.|How many $1 are [shown|drawn|visible]?|Number of $1?",
                       n == 1 ? "There is $2 $3." : "There are $2 $3.",
                       "$2",
                       "[Just|Only] the number[, please|].|[Answer|Reply] with a number.|"
                       "One number[, please|].|Answer in one word.",
                       number,
                       {asked, number, what}});
}

static bool ask_exists(struct scene *sc)
{
    struct thing *t = any_thing(sc);
    enum shape shape = t->shape;
    enum colour colour = t->look.colour;
    bool yes = random_chance(sc->d->r, 0.5);
    int way = random_between(sc->d->r, 0, 2); /* a star, something red, a red star */
    if (!yes && way != 1 && !any_missing_shape(sc, &shape))
        return false;
    if (!yes && way == 1 && !any_missing_colour(sc, &colour))
        return false;
    if (!yes && way == 2 &&
        random_chance(sc->d->r, 0.5)) { /* the shape is there in another colour */
        shape = t->shape;
        if (!any_missing_colour(sc, &colour))
            return false;
    }
    char what[SCENE_NAME];
    snprintf(what, sizeof what, "%s%s%s", way == 0 ? "" : colour_names[colour], way == 0 ? "" : " ",
             way == 1 ? sc->noun : shape_names[shape]);
    return ask(sc, &(struct question){
                       "absent",
                       "Is there ~ $1" HERE "?|[Do you|Can you] see ~ $1" HERE
                       "?|Does the [picture|image] [show|have|contain] ~ $1?|Is ~ $1 [shown|to be "
                       "seen|visible]" HERE "?|Can ~ $1 be seen" HERE "?",
                       yes ? "Yes, there is ~ $1." : "No, there is no $1.",
                       yes ? "Yes" : "No",
                       YES_OR_NO,
                       yes ? "yes" : "no",
                       {what}});
}

static bool ask_absent(struct scene *sc)
{
    enum shape shape;
    if (!any_missing_shape(sc, &shape))
        return false;
    return ask(sc, &(struct question){
                       "absent",
                       "[What|Which] " COLOUR " is the $1" HERE "?|Where is the $1" HERE
                       "?|Is the $1 large or small?|[Tell me|What is] the " COLOUR
                       " of the $1[.|, please.]|What is next to the $1?|In which part of the "
                       "picture is the $1?|How large is the $1" HERE "?|Describe the $1.",
                       "There is no $1 in the picture.",
                       NULL,
                       NULL,
                       "no",
                       {shape_names[shape]}});
}

static bool ask_relation(struct scene *sc)
{
    struct thing *a = any_thing(sc), *b = any_thing(sc);
    char name_a[SCENE_NAME], name_b[SCENE_NAME];
    bool across = random_chance(sc->d->r, 0.5), swap = random_chance(sc->d->r, 0.5);
    int at_a = across ? a->cell % 3 : a->cell / 3, at_b = across ? b->cell % 3 : b->cell / 3;
    if (at_a == at_b || !scene_name(sc, a, name_a) || !scene_name(sc, b, name_b))
        return false;
    static const char *const words[2][2] = {{"above", "below"},
                                            {"to the left of", "to the right of"}};
    bool first = at_a < at_b, yes = first != swap; /* asked: "above" or, swapped, "below" */
    return ask(sc,
               &(struct question){
                   "relation",
                   "Is the $1 $2 the $3?|[In the picture|Here], is the $1 $2 the $3?|Is it true "
                   "that the $1 is $2 the $3?|Can one say that the $1 is $2 the $3?|Do you see "
                   "the $1 $2 the $3?|Does the $1 stand $2 the $3?",
                   yes ? "Yes, the $1 is $2 the $3." : "No, the $1 is $4 the $3.",
                   yes ? "Yes" : "No",
                   YES_OR_NO,
                   yes ? "yes" : "no",
                   {name_a, words[across][swap], name_b, words[across][!swap]}});
}

/* What is beside a thing: where just one other is. */
static bool ask_beside(struct scene *sc)
{
    struct thing *t = any_thing(sc), *other = NULL;
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
    return ask(
        sc, &(struct question){
                "relation",
                "What is $1 the $2?|[What|Which] $9 is $1 the $2?|What do you see $1 the "
                "$2?|[Name|Tell me] the $9 $1 the $2.|What [stands|can be seen] $1 the $2?",
                "^~ $3 $4 is $1 the $2.",
                "^~ $3 $4",
                "Be brief.|In a few words.|Short answer.",
                shape_names[other->shape],
                {words[way], name, colour_names[other->look.colour], shape_names[other->shape]}});
}

static bool ask_size(struct scene *sc)
{
    struct thing *t = any_thing(sc);
    char name[SCENE_NAME];
    int large = 0;
    for (int i = 0; i < sc->n; i++)
        large += sc->things[i].large;
    bool largest = t->large && large == 1, smallest = !t->large && large == sc->n - 1;
    if (sc->n < 2 || !(largest || smallest) || scene_count(sc, t->shape, t->look.colour) != 1)
        return false;
    snprintf(name, sizeof name, "%s %s", colour_names[t->look.colour], shape_names[t->shape]);
    return ask(sc, &(struct question){"relation",
                                      "[What|Which] is the $1 $9" HERE
                                      "?|[What|Which] $9 is the $1?|[Name|"
                                      "Tell me] the $1 $9.|[What|Which] is the $1 [$9|object]" HERE
                                      "?|Which [one|of the $9s] is the $1?",
                                      "The $2 is the $1.",
                                      "^$3",
                                      NULL,
                                      shape_names[t->shape],
                                      {smallest                       ? "smallest"
                                       : random_chance(sc->d->r, 0.5) ? "largest"
                                                                      : "biggest",
                                       name, shape_names[t->shape]}});
}

static bool ask_compare(struct scene *sc)
{
    struct thing *a = any_thing(sc), *b = any_thing(sc);
    char name_a[SCENE_NAME], name_b[SCENE_NAME];
    if (a->large == b->large || !scene_name(sc, a, name_a) || !scene_name(sc, b, name_b))
        return false;
    bool bigger = random_chance(sc->d->r, 0.5), yes = a->large == bigger;
    return ask(sc, &(struct question){
                       "relation",
                       bigger ? "Is the $1 [bigger|larger] than the $2?|Is the $2 smaller than the "
                                "$1?|Is the $1 the [bigger|larger] one, beside the $2?"
                              : "Is the $1 smaller than the $2?|Is the $2 [bigger|larger] than the "
                                "$1?|Is the $1 the smaller one, beside the $2?",
                       yes ? "Yes, the $1 is $3 than the $2." : "No, the $1 is $3 than the $2.",
                       yes ? "Yes" : "No",
                       YES_OR_NO,
                       yes ? "yes" : "no",
                       {name_a, name_b, a->large ? "larger" : "smaller"}});
}

static bool ask_direction(struct scene *sc)
{
    static const char *const ways[] = {"right", "down", "left", "up"};
    char name[SCENE_NAME];
    struct thing *t = any_thing(sc);
    for (int i = 0; i < sc->n && t->shape != SHAPE_ARROW; i++)
        t = &sc->things[i];
    if (t->shape != SHAPE_ARROW || !scene_name(sc, t, name))
        return false;
    const char *way = ways[(int)(t->look.angle / (M_PI / 2) + 0.5) % 4];
    return ask(
        sc, &(struct question){
                "place",
                "[What|Which] way does the $1 point?|In [what|which] direction does the $1 "
                "[point|go]?|Where does the $1 point[ to|]?|[What|Which] direction does the $1 "
                "show?|Does the $1 point up, down, left or right?|[Tell me|Name] the direction of "
                "the $1.",
                "The $1 points $2.",
                "^$2",
                NULL,
                way,
                {name, way}});
}

static bool ask_description(struct scene *sc)
{
    struct str all = {0};
    char key[SCENE_NAME];
    scene_describe(sc, &all);
    snprintf(key, sizeof key, "%s %s", colour_names[sc->things[0].look.colour],
             shape_names[sc->things[0].shape]);
    bool asked = ask(
        sc,
        &(struct question){
            "describe",
            "[Describe|Please describe] [the|this] [picture|image].|What is in [the|this] "
            "[picture|image]?|What [do you|can you] see[ here|]?|What does the [picture|image] "
            "show?|[List|Name] [all|everything] [that you see|in the picture].|Tell me [what is "
            "in the picture|what you see|all about this picture].|What [$9s|things] are "
            "there[, and where|]?|Say what the [picture|image] shows.",
            "$1",
            NULL,
            NULL,
            key,
            {str_text(&all)}});
    str_done(&all);
    return asked;
}

static bool ask_json(struct scene *sc)
{
    struct str all = {0};
    for (int i = 0; i < sc->n; i++)
        str_printf(&all, "%s{\"%s\":\"%s\",\"colour\":\"%s\"}", i ? "," : "[", sc->noun,
                   shape_names[sc->things[i].shape], colour_names[sc->things[i].look.colour]);
    str_putc(&all, ']');
    bool asked = ask(
        sc, &(struct question){
                "json",
                "[Give|List|Write|Show] the $9s [as|in] JSON[, please|].|[Answer in JSON|As JSON|"
                "In JSON]: which $9s are there?|JSON of [all|the] $9s[, please|].|[Make|Write] "
                "a JSON [list|array] of the $9s.|Describe the [picture|image] as JSON.|What is in "
                "the picture? Answer in JSON.",
                "$1",
                NULL,
                NULL,
                shape_names[sc->things[0].shape],
                {str_text(&all)}});
    str_done(&all);
    return asked;
}

static const struct {
    ask_fn *ask;
    int share, most; /* how often of the sum, and at most in one talk */
} asks[] = {
    {ask_colour, 12, 2},
    {ask_if_colour, 5, 1},
    {ask_shape, 12, 2},
    {ask_place, 10, 2},
    {ask_side, 5, 1},
    {ask_count, 14, 2},
    {ask_exists, 10, 2},
    {ask_absent, 5, 1},
    {ask_relation, 7, 1},
    {ask_beside, 5, 1},
    {ask_size, 5, 1},
    {ask_compare, 5, 1},
    {ask_json, 3, 1},
    {ask_description, 9, 1},
    {scene_ask_word, 40, 3},
    {scene_ask_word_holder, 16, 2},
    {scene_ask_spelling, 10, 1},
    {ask_direction, 16, 1},
    {scene_ask_foreign, 60, 3},
    {scene_ask_follow, 14, 1},
};
enum { ASKS = sizeof asks / sizeof *asks };

static size_t any_ask(struct random *r)
{
    int sum = 0;
    for (size_t i = 0; i < ASKS; i++)
        sum += asks[i].share;
    int at = (int)random_below(r, (uint32_t)sum);
    size_t i = 0;
    while (at >= asks[i].share)
        at -= asks[i++].share;
    return i;
}

void scene_ask(struct scene *sc, int n)
{
    int asked[ASKS] = {0};
    for (int tries = 0; (int)sc->d->s->n_exchanges < n && tries < 100; tries++) {
        size_t i = any_ask(sc->d->r);
        if (asked[i] < asks[i].most)
            asked[i] += asks[i].ask(sc);
    }
}

static bool make_scene(enum scene_kind kind, struct sample *s, struct random *r,
                       enum sample_split split, struct err *err)
{
    struct draw d;
    int width, height;
    picture_size(r, &width, &height);
    if (!draw_open(&d, s, r, split, width, height, err))
        return false;
    draw_ground(&d);
    struct scene sc;
    scene_draw(&sc, kind, &d);
    scene_ask(&sc, random_between(r, 4, 8));
    picture_ask_ground(&d);
    return draw_close(&d, err);
}

bool picture_scene(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    return make_scene(SCENE_SHAPES, s, r, split, err);
}

bool picture_icons(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    return make_scene(SCENE_ICONS, s, r, split, err);
}

bool picture_mixed(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    return make_scene(SCENE_WRITTEN, s, r, split, err);
}
