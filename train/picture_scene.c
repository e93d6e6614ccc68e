/* Pictures of scenes, and which questions are asked of them. */
#include <stdio.h>

#include "train/picture.h"
#include "train/scene_ask.h"

static bool ask_description(struct scene *sc)
{
    struct str all = {0};
    char key[SCENE_NAME];
    scene_describe(sc, &all);
    snprintf(key, sizeof key, "%s %s", colour_names[sc->things[0].look.colour],
             shape_names[sc->things[0].shape]);
    picture_describe(sc->d, str_text(&all), key);
    str_done(&all);
    return true;
}

/* What pictures of other sorts are asked for. */
static bool ask_unwritten(struct scene *sc)
{
    static const struct {
        const char *what, *ask;
    } others[] = {
        {"text",
         "What is written" ASK_HERE "?|What does [it|the picture] say?|Read the text" ASK_HERE
         ".|[What|Which] word [is|do you see]" ASK_HERE "?|Spell the word."},
        {"number", "[What|Which] number is [shown|written]" ASK_HERE "?|What is the number" ASK_HERE
                   "?|Read the number" ASK_HERE "."},
        {"clock", "What time is it?|What time does the clock show?|Read the time[, please|]."},
        {"flag", "[What|Which] country's flag is [this|shown]?|[What|Which] flag is [this|shown]?"},
        {"chart",
         "[What|Which] bar is the highest?|[What|Which] is the lowest value in the chart?"},
        {"receipt", "What is the total?|[What|Which] shop is the receipt from?"},
    };
    size_t i = random_below(sc->d->r, sizeof others / sizeof *others);
    if (sc->kind == SCENE_WRITTEN && i == 0)
        return false;
    return scene_say(sc, &(struct question){.skill = "absent",
                                            .ask = others[i].ask,
                                            .full = "There is no $1 in the picture.",
                                            .key = "no",
                                            .arg = {others[i].what}});
}

static bool ask_json(struct scene *sc)
{
    struct str all = {0};
    for (int i = 0; i < sc->n; i++)
        str_printf(&all, "%s{\"%s\":\"%s\",\"colour\":\"%s\"}", i ? "," : "[", sc->noun,
                   shape_names[sc->things[i].shape], colour_names[sc->things[i].look.colour]);
    str_putc(&all, ']');
    bool asked = scene_say(
        sc,
        &(struct question){
            .skill = "json",
            .ask =
                "[Give|List|Write|Show] the $9s [as|in] JSON[, please|].|[Answer in JSON|As JSON|"
                "In JSON]: which $9s are there?|JSON of [all|the] $9s[, please|].|[Make|Write] "
                "a JSON [list|array] of the $9s.|Describe the [picture|image] as JSON.|What is in "
                "the picture? Answer in JSON.",
            .full = "$1",
            .key = shape_names[sc->things[0].shape],
            .arg = {str_text(&all)},
        });
    str_done(&all);
    return asked;
}

static const struct {
    scene_ask_fn *ask;
    int share, most; /* how often of the sum, and at most in one talk */
} asks[] = {
    {scene_ask_colour, 12, 2},      {scene_ask_if_colour, 5, 1},
    {scene_ask_shape, 12, 2},       {scene_ask_place, 10, 2},
    {scene_ask_side, 5, 1},         {scene_ask_count, 14, 2},
    {scene_ask_exists, 10, 2},      {scene_ask_absent, 5, 1},
    {ask_unwritten, 5, 1},          {scene_ask_relation, 7, 1},
    {scene_ask_beside, 5, 1},       {scene_ask_size, 5, 1},
    {scene_ask_compare, 5, 1},      {ask_json, 3, 1},
    {ask_description, 9, 1},        {scene_ask_word, 40, 3},
    {scene_ask_word_holder, 16, 2}, {scene_ask_spelling, 10, 1},
    {scene_ask_direction, 16, 1},   {scene_ask_foreign, 60, 3},
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

/* Until there are n exchanges, or one or two more, or less where little can be asked. */
static void ask_some(struct scene *sc, int n)
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
    if (!picture_open(&d, s, r, split, err))
        return false;
    struct scene sc;
    scene_draw(&sc, kind, &d);
    ask_some(&sc, random_between(r, 4, 8));
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
