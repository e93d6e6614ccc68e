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
    bool asked = scene_say(
        sc,
        &(struct question){
            .skill = "describe",
            .ask =
                "[Describe|Please describe] [the|this] [picture|image].|What is in [the|this] "
                "[picture|image]?|What [do you|can you] see[ here|]?|What does the [picture|image] "
                "show?|[List|Name] [all|everything] [that you see|in the picture].|Tell me [what "
                "is "
                "in the picture|what you see|all about this picture].|What [$9s|things] are "
                "there[, and where|]?|Say what the [picture|image] shows.",
            .full = "$1",
            .key = key,
            .arg = {str_text(&all)},
        });
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
    {scene_ask_colour, 12, 2},
    {scene_ask_if_colour, 5, 1},
    {scene_ask_shape, 12, 2},
    {scene_ask_place, 10, 2},
    {scene_ask_side, 5, 1},
    {scene_ask_count, 14, 2},
    {scene_ask_exists, 10, 2},
    {scene_ask_absent, 5, 1},
    {scene_ask_relation, 7, 1},
    {scene_ask_beside, 5, 1},
    {scene_ask_size, 5, 1},
    {scene_ask_compare, 5, 1},
    {ask_json, 3, 1},
    {ask_description, 9, 1},
    {scene_ask_word, 40, 3},
    {scene_ask_word_holder, 16, 2},
    {scene_ask_spelling, 10, 1},
    {scene_ask_direction, 16, 1},
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
    int width, height;
    picture_size(r, &width, &height);
    if (!draw_open(&d, s, r, split, width, height, err))
        return false;
    draw_ground(&d);
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
