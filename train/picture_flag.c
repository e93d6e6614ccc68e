/* Flags of countries whose flag is simple, and no other's. */
#include <math.h>
#include <stdio.h>

#include "base/str.h"
#include "train/picture.h"
#include "train/picture_ask.h"

enum pattern { ACROSS, DOWN, NORDIC, DISC, SWISS, CZECH };

static const struct flag {
    const char *country, *adjective;
    enum pattern pattern;
    const char *colours; /* a letter for each stripe; for the others the ground comes first */
    double ratio;        /* width : height */
    const char *said;    /* the colours in words */
} flags[] = {
    {"Germany", "German", ACROSS, "kry", 5 / 3.0, "black, red and gold"},
    {"the Netherlands", "Dutch", ACROSS, "rwb", 1.5, "red, white and blue"},
    {"Russia", "Russian", ACROSS, "wbr", 1.5, "white, blue and red"},
    {"Hungary", "Hungarian", ACROSS, "rwg", 2, "red, white and green"},
    {"Austria", "Austrian", ACROSS, "rwr", 1.5, "red and white"},
    {"Bulgaria", "Bulgarian", ACROSS, "wgr", 5 / 3.0, "white, green and red"},
    {"Estonia", "Estonian", ACROSS, "bkw", 11 / 7.0, "blue, black and white"},
    {"Lithuania", "Lithuanian", ACROSS, "ygr", 5 / 3.0, "yellow, green and red"},
    {"Poland", "Polish", ACROSS, "wr", 1.6, "white and red"},
    {"Ukraine", "Ukrainian", ACROSS, "by", 1.5, "blue and yellow"},
    {"Thailand", "Thai", ACROSS, "rwbbwr", 1.5, "red, white and blue"},
    {"Colombia", "Colombian", ACROSS, "yybr", 1.5, "yellow, blue and red"},
    {"France", "French", DOWN, "bwr", 1.5, "blue, white and red"},
    {"Italy", "Italian", DOWN, "gwr", 1.5, "green, white and red"},
    {"Belgium", "Belgian", DOWN, "kyr", 1.15, "black, yellow and red"},
    {"Ireland", "Irish", DOWN, "gwo", 2, "green, white and orange"},
    {"Nigeria", "Nigerian", DOWN, "gwg", 2, "green and white"},
    {"Peru", "Peruvian", DOWN, "rwr", 1.5, "red and white"},
    {"Denmark", "Danish", NORDIC, "rw", 37 / 28.0, "red and white"},
    {"Sweden", "Swedish", NORDIC, "by", 1.6, "blue and yellow"},
    {"Finland", "Finnish", NORDIC, "wb", 18 / 11.0, "white and blue"},
    {"Norway", "Norwegian", NORDIC, "rwb", 22 / 16.0, "red, white and blue"},
    {"Iceland", "Icelandic", NORDIC, "bwr", 25 / 18.0, "blue, white and red"},
    {"Japan", "Japanese", DISC, "wr", 1.5, "white and red"},
    {"Bangladesh", "Bangladeshi", DISC, "gr", 5 / 3.0, "green and red"},
    {"Switzerland", "Swiss", SWISS, "rw", 1, "red and white"},
    {"the Czech Republic", "Czech", CZECH, "wrb", 1.5, "white, red and blue"},
};

static struct rgb colour_of(char letter)
{
    switch (letter) {
    case 'k':
        return (struct rgb){0.05, 0.05, 0.06};
    case 'r':
        return (struct rgb){0.82, 0.08, 0.13};
    case 'y':
        return (struct rgb){1, 0.82, 0.05};
    case 'g':
        return (struct rgb){0.05, 0.52, 0.28};
    case 'b':
        return (struct rgb){0.06, 0.27, 0.65};
    case 'o':
        return (struct rgb){1, 0.53, 0.15};
    default:
        return (struct rgb){1, 1, 1};
    }
}

/* In a flag of height 1. */
static void box(struct draw *d, char colour, double x, double y, double width, double height)
{
    draw_colour(d, colour_of(colour));
    cairo_rectangle(d->cr, x, y, width, height);
    cairo_fill(d->cr);
}

static void stripes(struct draw *d, const struct flag *f)
{
    int n = 0;
    while (f->colours[n])
        n++;
    for (int i = 0; i < n; i++) { /* each to the end, so that no seam shows */
        double from = (double)i / n;
        if (f->pattern == ACROSS)
            box(d, f->colours[i], 0, from, f->ratio, 1 - from);
        else
            box(d, f->colours[i], from * f->ratio, 0, (1 - from) * f->ratio, 1);
    }
}

static void nordic(struct draw *d, const struct flag *f)
{
    double middle = f->ratio * 0.36, wide = f->colours[2] ? 0.25 : 0.2;
    box(d, f->colours[0], 0, 0, f->ratio, 1);
    for (int i = 1; i < 3 && f->colours[i]; i++, wide /= 2) {
        box(d, f->colours[i], middle - wide / 2, 0, wide, 1);
        box(d, f->colours[i], 0, 0.5 - wide / 2, f->ratio, wide);
    }
}

static void others(struct draw *d, const struct flag *f)
{
    cairo_t *cr = d->cr;
    box(d, f->colours[0], 0, 0, f->ratio, 1);
    draw_colour(d, colour_of(f->colours[1]));
    if (f->pattern == DISC) {
        bool japan = f->colours[0] == 'w';
        cairo_arc(cr, f->ratio * (japan ? 0.5 : 0.45), 0.5, japan ? 0.3 : 0.333, 0, 2 * M_PI);
        cairo_fill(cr);
    } else if (f->pattern == SWISS) {
        box(d, 'w', 0.4, 0.19, 0.2, 0.62);
        box(d, 'w', 0.19, 0.4, 0.62, 0.2);
    } else {
        box(d, 'r', 0, 0.5, f->ratio, 0.5);
        draw_colour(d, colour_of('b'));
        cairo_move_to(cr, 0, 0);
        cairo_line_to(cr, f->ratio / 2, 0.5);
        cairo_line_to(cr, 0, 1);
        cairo_fill(cr);
    }
}

static void draw_flag(struct draw *d, const struct flag *f, double y0, double y1)
{
    double height = fmin((y1 - y0) * 0.84, d->width * 0.84 / f->ratio);
    height *= 0.75 + 0.25 * random_unit(d->r);
    double width = height * f->ratio;
    double x = d->width * 0.05 + (d->width * 0.9 - width) * random_unit(d->r);
    double y = y0 + (y1 - y0 - height) * (0.2 + 0.6 * random_unit(d->r));
    cairo_save(d->cr);
    cairo_translate(d->cr, x, y);
    cairo_scale(d->cr, height, height);
    if (f->pattern == ACROSS || f->pattern == DOWN)
        stripes(d, f);
    else
        (f->pattern == NORDIC ? nordic : others)(d, f);
    cairo_rectangle(d->cr, 0, 0, f->ratio, 1);
    draw_mark_path(d, MARK_FLAG, MARK_NO_COLOUR);
    cairo_set_source_rgb(d->cr, 0.4, 0.4, 0.4);
    cairo_set_line_width(d->cr, 0.008);
    cairo_stroke(d->cr);
    cairo_restore(d->cr);
}

static void ask_country(struct draw *d, const struct flag *f, const char *place)
{
    const char *name = f->country + (f->country[0] == 't' ? 4 : 0); /* without "the" */
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "flag",
            .ask =
                "[What|Which] country's flag is [this|it|shown]$3?|[Whose|Which] flag is "
                "[this|it]$3?|[What|"
                "Which] country does the flag$3 belong to?|To [what|which] country does the flag$3 "
                "belong?|"
                "[Name|Tell me] the country of the flag$3.|[What|Which] flag is "
                "[shown|this]$3?|[What|Which] "
                "country has the flag$3?|Do you know the flag$3?",
            .full = "It is the flag of $1.",
            .brief = "$2",
            .hint = "[Just|Only] the country[, please|].|[Just|Only] the name[, please|].|Short "
                    "answer.",
            .key = name,
            .arg = {f->country, name, place},
        });
}

static void ask_colours(struct draw *d, const struct flag *f, const char *place)
{
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "flag",
            .ask =
                "[What|Which] [colours|colors] does the flag$2 have?|[What|Which] [colours|colors] "
                "are "
                "[on|in] "
                "the flag$2?|[Name|Tell me|List] the [colours|colors] of the flag$2.|What are the "
                "[colours|"
                "colors] of the flag$2?|[What|Which] [colours|colors] do you see [on|in] the "
                "flag$2?",
            .full = "The flag is $1.",
            .brief = "^$1",
            .hint = "[Be brief.|Just the colours.|Short answer.]",
            .key = f->said,
            .arg = {f->said, place},
        });
}

static void ask_if(struct draw *d, const struct flag *f)
{
    const struct flag *other = &flags[random_below(d->r, sizeof flags / sizeof *flags)];
    bool yes = other == f || random_chance(d->r, 0.5);
    picture_ask(d->s, d->r,
                &(struct question){
                    .skill = "flag",
                    .ask = "Is [this|it] the flag of $2?|Is [this|it] the $3 flag?|Does this flag "
                           "belong to $2?|Is the "
                           "flag [in the picture|here] that of $2?|Do you see the flag of $2?",
                    .full = yes ? "Yes, it is the flag of $1." : "No, it is the flag of $1.",
                    .brief = yes ? "Yes" : "No",
                    .hint = ASK_YES_OR_NO,
                    .key = yes ? "yes" : "no",
                    .arg = {f->country, yes ? f->country : other->country,
                            yes ? f->adjective : other->adjective},
                });
}

static void describe(struct draw *d, const struct flag *a, const struct flag *b)
{
    char sentence[120];
    if (b)
        snprintf(sentence, sizeof sentence, "The flags of %s and %s.", a->country, b->country);
    else
        snprintf(sentence, sizeof sentence, "The flag of %s.", a->country);
    picture_describe(d, sentence, a->country);
}

bool picture_flag(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct draw d;
    if (!picture_open(&d, s, r, split, err))
        return false;
    bool two = random_chance(r, 0.3);
    const struct flag *a = &flags[random_below(r, sizeof flags / sizeof *flags)], *b;
    do
        b = &flags[random_below(r, sizeof flags / sizeof *flags)];
    while (b == a);
    draw_flag(&d, a, 0, two ? d.height / 2 : d.height);
    if (two)
        draw_flag(&d, b, d.height / 2, d.height);
    if (random_chance(r, 0.4))
        describe(&d, a, two ? b : NULL);
    ask_country(&d, a, two ? " at the top" : "");
    ask_colours(&d, a, two ? " at the top" : "");
    if (two) {
        ask_country(&d, b, " at the bottom");
        ask_colours(&d, b, " at the bottom");
    } else {
        ask_if(&d, a);
    }
    picture_ask_missing(&d);
    return draw_close(&d, err);
}
