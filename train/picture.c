#include "train/picture.h"

#include <string.h>

#include "train/picture_ask.h"

static const struct {
    const char *name;
    picture_fn *make;
    int share; /* of the sum of all */
} kinds[] = {
    {"scene", picture_scene, 35}, {"read", picture_read, 27},  {"number", picture_number, 8},
    {"icons", picture_icons, 5},  {"mixed", picture_mixed, 5}, {"chart", picture_chart, 3},
    {"clock", picture_clock, 3},  {"flag", picture_flag, 2},   {"receipt", picture_receipt, 5},
    {"sign", picture_sign, 3},    {"label", picture_label, 4}, {"tag", picture_tag, 2},
    {"chequer", picture_chequer, 0},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t any_kind(struct random *r)
{
    int sum = 0;
    for (size_t i = 0; i < KINDS; i++)
        sum += kinds[i].share;
    int at = (int)random_below(r, (uint32_t)sum);
    size_t i = 0;
    while (at >= kinds[i].share)
        at -= kinds[i++].share;
    return i;
}

static char *brevity(struct random *r)
{
    struct str text = {0};
    pattern_put(
        &text, r,
        "[Answer|Reply] as [briefly|shortly] as [you can|possible].|Be [very |]brief.|Keep "
        "[your |]answers short.|[Give|Use] short answers[ only|].|No sentences: [just|only] the "
        "answer.|[Answer|Reply] in as few words as [you can|possible].",
        (const char *const[ASK_ARGUMENTS]){NULL});
    return str_take(&text);
}

bool picture_make_kind(struct sample *s, const char *kind, enum sample_split split, uint64_t seed,
                       uint64_t index, struct err *err)
{
    /* The two splits are streams of their own. */
    struct random r = random_of(seed * 2 + (split == SPLIT_TEST), index);
    size_t i = any_kind(&r);
    for (size_t k = 0; kind && k <= KINDS; k++) {
        if (k == KINDS)
            return err_set(err, "no kind of picture is called \"%s\"", kind);
        if (!strcmp(kinds[k].name, kind)) {
            i = k;
            break;
        }
    }
    *s = (struct sample){0};
    if (random_chance(&r, 0.04))
        s->system = brevity(&r);
    if (!kinds[i].make(s, &r, split, err)) {
        sample_done(s);
        return false;
    }
    if (!s->system && s->n_exchanges && random_chance(&r, 0.06))
        picture_form(s, &r);
    return true;
}

bool picture_make(struct sample *s, enum sample_split split, uint64_t seed, uint64_t index,
                  struct err *err)
{
    return picture_make_kind(s, NULL, split, seed, index, err);
}

/* Often 896×896, never far from square. */
static void any_size(struct random *r, int *width, int *height)
{
    *width = *height = 896;
    if (random_chance(r, 0.6))
        return;
    *width = random_between(r, 448, 1000);
    *height = *width + *width * random_between(r, -12, 12) / 100;
}

bool picture_open(struct draw *d, struct sample *s, struct random *r, enum sample_split split,
                  struct err *err)
{
    int width, height;
    any_size(r, &width, &height);
    if (!draw_open(d, s, r, split, width, height, err))
        return false;
    draw_ground(d);
    return true;
}

void picture_describe(struct draw *d, const char *sentence, const char *key)
{
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "describe",
            .ask =
                "[Describe|Please describe] [the|this] [picture|image].|What is in [the|this] "
                "[picture|image]?|What [do you|can you] see[ here|]?|What does the [picture|image] "
                "show?|What is [this|shown here]?|Tell me [what is in the picture|what you see|all "
                "about this picture].|Say what the [picture|image] shows.|What is this a picture "
                "of?",
            .full = "$1",
            .key = key,
            .arg = {sentence}});
}

void picture_ask_missing(struct draw *d)
{
    static const enum shape plain[] = {SHAPE_STAR, SHAPE_HEART, SHAPE_CRESCENT, SHAPE_ARROW,
                                       SHAPE_DROP};
    if (random_chance(d->r, 0.75))
        return;
    enum shape shape = random_chance(d->r, 0.5)
                           ? plain[random_below(d->r, sizeof plain / sizeof *plain)]
                           : (enum shape)random_between(d->r, SHAPES, KINDS_DRAWN - 1);
    bool if_any = random_chance(d->r, 0.5);
    picture_ask(d->s, d->r,
                &(struct question){
                    .skill = "absent",
                    .ask = if_any ? "Is there ~ $1" ASK_HERE "?|[Do you|Can you] see ~ $1" ASK_HERE
                                    "?|Does the [picture|image] [show|have|contain] ~ $1?"
                                  : "[What|Which] " ASK_COLOUR " is the $1" ASK_HERE
                                    "?|Where is the $1" ASK_HERE
                                    "?|Describe the $1.|Is the $1 large or small?",
                    .full = if_any ? "No, there is no $1." : "There is no $1 in the picture.",
                    .brief = if_any ? "No" : NULL,
                    .hint = ASK_YES_OR_NO,
                    .key = "no",
                    .arg = {shape_names[shape]}});
}

void picture_ask_ground(struct draw *d)
{
    if (d->ground_colour == MARK_NO_COLOUR || random_chance(d->r, 0.4))
        return;
    const char *colour = colour_names[d->ground_colour];
    picture_ask(d->s, d->r,
                &(struct question){
                    .skill = "colour",
                    .ask = "[What|Which] [colour|color] is the background?|[What|Which] "
                           "[colour|color] does the background "
                           "have?|What is the [colour|color] of the background?|[Tell "
                           "me|Name] the [colour|color] of the "
                           "background.|On [what|which] [colour|color] is it "
                           "[drawn|shown]?|The background: [what|which] "
                           "[colour|color]?",
                    .full = "The background is $1.",
                    .brief = "^$1",
                    .key = colour,
                    .arg = {colour},
                });
}

void picture_shuffle(struct random *r, int order[], int n)
{
    for (int i = 0; i < n; i++) {
        int k = (int)random_below(r, (uint32_t)i + 1);
        order[i] = order[k];
        order[k] = i;
    }
}
