/* Bars and pies, with names and numbers to be read. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/words.h"

enum { PARTS = 5 };

struct part {
    char name[WORD_BYTES];
    int value;
    enum colour colour;
    struct rgb shade;
};
struct chart {
    struct draw *d;
    struct part parts[PARTS];
    int n, high, low;   /* those of the most and the least */
    bool pie, coloured; /* each part in a colour of its own */
    struct face face;
    struct rgb ink;
};

static bool name_taken(const struct chart *c, int i)
{
    for (int k = 0; k < i; k++)
        if (!strcasecmp(c->parts[k].name, c->parts[i].name))
            return true;
    return false;
}

static bool colour_taken(const struct chart *c, int i)
{
    for (int k = 0; k < i; k++)
        if (c->parts[k].colour == c->parts[i].colour)
            return true;
    return false;
}

/* Far enough apart that the eye sees which is more. */
static bool value_near(const struct chart *c, int i)
{
    for (int k = 0; k < i; k++)
        if (abs(c->parts[k].value - c->parts[i].value) * 8 < c->parts[k].value + c->parts[i].value)
            return true;
    return false;
}

static void choose_part(struct chart *c, int i, int step)
{
    struct random *r = c->d->r;
    struct part *p = &c->parts[i];
    size_t longest = c->n == 3 ? 6 : c->n == 4 ? 5 : 4;
    do
        word_ordinary(r, c->d->split, p->name);
    while (strlen(p->name) > longest || name_taken(c, i));
    p->name[0] = (char)toupper((unsigned char)p->name[0]);
    int tries = 0;
    do
        p->value = step == 1 ? random_between(r, 4, 30) : step * random_between(r, 2, 20);
    while (value_near(c, i) && ++tries < 500);
    do {
        p->colour = draw_contrasting(c->d, &p->shade);
    } while (c->coloured && colour_taken(c, i));
    if (!c->coloured && i > 0)
        p->colour = c->parts[0].colour, p->shade = c->parts[0].shade;
    if (p->value > c->parts[c->high].value)
        c->high = i;
    if (p->value < c->parts[c->low].value)
        c->low = i;
}

/* In the middle of x, as wide as there is room for. */
static void label(struct chart *c, const char *text, double x, double y, double high, double room)
{
    draw_face(c->d, c->face, high);
    double width = draw_text_width(c->d, text);
    if (width > room) {
        draw_face(c->d, c->face, high * room / width);
        width = room;
    }
    draw_text(c->d, x - width / 2, y, text, MARK_NO_COLOUR, c->ink);
}

static void draw_bars(struct chart *c)
{
    struct draw *d = c->d;
    double unit = draw_unit(d), left = d->width * 0.06, width = d->width * 0.88;
    double base = d->height - 100 * unit, most = base - 110 * unit, slot = width / c->n;
    for (int i = 0; i < c->n; i++) {
        const struct part *p = &c->parts[i];
        double high = most * p->value / c->parts[c->high].value, x = left + slot * i;
        char value[8];
        snprintf(value, sizeof value, "%d", p->value);
        draw_colour(d, p->shade);
        cairo_rectangle(d->cr, x + slot * 0.16, base - high, slot * 0.68, high);
        draw_mark_path(d, MARK_SHAPES + SHAPE_RECTANGLE, (uint8_t)p->colour);
        cairo_fill(d->cr);
        label(c, value, x + slot / 2, base - high - 16 * unit, 50 * unit, slot * 0.9);
        label(c, p->name, x + slot / 2, base + 68 * unit, 50 * unit, slot * 0.92);
    }
    draw_colour(d, c->ink);
    cairo_set_line_width(d->cr, 5 * unit);
    cairo_move_to(d->cr, left, base);
    cairo_line_to(d->cr, left + width, base);
    cairo_stroke(d->cr);
}

static void draw_pie(struct chart *c)
{
    struct draw *d = c->d;
    double unit = draw_unit(d), radius = 225 * unit, x = d->width * 0.5, y = 250 * unit, sum = 0;
    for (int i = 0; i < c->n; i++)
        sum += c->parts[i].value;
    double angle = 2 * M_PI * random_unit(d->r);
    for (int i = 0; i < c->n; i++) {
        const struct part *p = &c->parts[i];
        double end = angle + 2 * M_PI * p->value / sum;
        cairo_move_to(d->cr, x, y);
        cairo_arc(d->cr, x, y, radius, angle, end);
        cairo_close_path(d->cr);
        draw_colour(d, p->shade);
        draw_mark_path(d, MARK_SLICE, (uint8_t)p->colour);
        cairo_fill(d->cr);
        angle = end;
    }
    double top = y + radius + 60 * unit, row = (d->height - top - 20 * unit) / ((c->n + 1) / 2);
    double high = fmin(58 * unit, row * 0.5);
    for (int i = 0; i < c->n; i++) {
        const struct part *p = &c->parts[i];
        double at = d->width * (i % 2 ? 0.54 : 0.06), under = top + row * (i / 2) + row * 0.7;
        draw_colour(d, p->shade);
        cairo_rectangle(d->cr, at, under - high, high, high);
        draw_mark_path(d, MARK_SHAPES + SHAPE_SQUARE, (uint8_t)p->colour);
        cairo_fill(d->cr);
        draw_face(d, c->face, high);
        draw_text(d, at + high * 1.4, under, p->name, MARK_NO_COLOUR, c->ink);
    }
}

static void ask_extreme(struct chart *c, bool most)
{
    const char *name = c->parts[most ? c->high : c->low].name;
    if (c->pie)
        picture_ask(
            c->d->s, c->d->r,
            &(struct question){
                .skill = "chart",
                .ask = "[What|Which] is the $2 [part|slice]?|[What|Which] [part|slice] is the "
                       "$2?|[Name|Tell me] "
                       "the $2 [part|slice].|[What|Which] name has the $2 [part|slice]?|Who has "
                       "the $2 share?",
                .full = "The $2 part is $1.",
                .brief = "$1",
                .hint = "[Just|Only] the name[, please|].|Answer in one word.|One word[, please|].",
                .key = name,
                .arg = {name, most ? "largest" : "smallest"},
            });
    else
        picture_ask(
            c->d->s, c->d->r,
            &(struct question){
                .skill = "chart",
                .ask = "[What|Which] is the $2 [bar|value]?|[What|Which] bar is the "
                       "$2?|[Name|Tell me] the $2 "
                       "bar.|[What|Which] has the $2 [bar|value]?|[What|Which] bar has the $2 "
                       "value?|Where is "
                       "the $2 value?",
                .full = "The $2 bar is $1.",
                .brief = "$1",
                .hint = "[Just|Only] the name[, please|].|Answer in one word.|One word[, please|].",
                .key = name,
                .arg = {name, most ? "highest" : "lowest"},
            });
}

static void ask_value(struct chart *c)
{
    const struct part *p = &c->parts[random_below(c->d->r, (uint32_t)c->n)];
    char value[8];
    snprintf(value, sizeof value, "%d", p->value);
    picture_ask(
        c->d->s, c->d->r,
        &(struct question){
            .skill = "chart",
            .ask = "[What|Which] value does $1 have?|What is the value of $1?|How [much|many] is "
                   "$1?|[Tell me|"
                   "Read] the value of $1.|What number [is above|belongs to|stands at] $1?|How "
                   "high is "
                   "$1?|"
                   "$1: [what|which] value?",
            .full = "$1 has the value $2.",
            .brief = "$2",
            .hint =
                "[Just|Only] the number[, please|].|Answer with a number.|One number[, please|].",
            .key = value,
            .arg = {p->name, value},
        });
}

static void ask_more(struct chart *c)
{
    const struct part *a = &c->parts[random_below(c->d->r, (uint32_t)c->n)], *b = a;
    while (b == a)
        b = &c->parts[random_below(c->d->r, (uint32_t)c->n)];
    bool yes = a->value > b->value;
    picture_ask(
        c->d->s, c->d->r,
        &(struct question){
            .skill = "chart",
            .ask =
                "Is $1 [more|larger|bigger|greater] than $2?|Does $1 have more than $2?|Is there "
                "more "
                "of $1 "
                "than of $2?|Has $1 a [larger|bigger] value than $2?|Is $2 [less|smaller] than $1?",
            .full = yes ? "Yes, $1 is larger than $2." : "No, $1 is smaller than $2.",
            .brief = yes ? "Yes" : "No",
            .hint = ASK_YES_OR_NO,
            .key = yes ? "yes" : "no",
            .arg = {a->name, b->name},
        });
}

static void ask_colour(struct chart *c)
{
    const struct part *p = &c->parts[random_below(c->d->r, (uint32_t)c->n)];
    const char *colour = colour_names[p->colour], *noun = c->pie ? "part" : "bar";
    bool back = c->coloured && random_chance(c->d->r, 0.5);
    picture_ask(
        c->d->s, c->d->r,
        &(struct question){
            .skill = back ? "chart" : "colour",
            .ask =
                back
                    ? "[What|Which] is the $2 $3?|[What|Which] $3 is $2?|[Name|Tell me] the $2 "
                      "$3.|What does "
                      "the $2 $3 stand for?|What is the name of the $2 $3?"
                    : "[What|Which] [colour|color] is $1?|[What|Which] [colour|color] is the $3 of "
                      "$1?|What "
                      "is the [colour|color] of $1?|[Tell me|Name] the [colour|color] of "
                      "$1.|[What|Which] "
                      "[colour|color] does the $3 of $1 have?|In [what|which] [colour|color] is "
                      "$1?",
            .full = back ? "The $2 $3 is $1." : "The $3 of $1 is $2.",
            .brief = back ? "$1" : "^$2",
            .key = back ? p->name : colour,
            .arg = {p->name, colour, noun},
        });
}

static void ask_number(struct chart *c)
{
    char n[24];
    snprintf(n, sizeof n, "%d", c->n);
    picture_ask(c->d->s, c->d->r,
                &(struct question){
                    .skill = "count",
                    .ask =
                        "How many $2 are there?|How many $2 does the chart have?|Count the $2.|How "
                        "many $2 [do you|can "
                        "you] see?|What is the number of $2?|[Tell me|Say] how many $2 there are.",
                    .full = "There are $1 $2.",
                    .brief = "$1",
                    .hint = ASK_NUMBER,
                    .key = n,
                    .arg = {n, c->pie ? "parts" : "bars"},
                });
}

static void describe(struct chart *c)
{
    struct str all = {0};
    str_puts(&all, c->pie ? "A pie chart of " : "A bar chart: ");
    for (int i = 0; i < c->n; i++) {
        str_printf(&all, "%s%s", i == 0 ? "" : i + 1 < c->n ? ", " : " and ", c->parts[i].name);
        if (!c->pie)
            str_printf(&all, " %d", c->parts[i].value);
    }
    str_putc(&all, '.');
    picture_describe(c->d, str_text(&all), "chart");
    str_done(&all);
}

bool picture_chart(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct draw d;
    if (!picture_open(&d, s, r, split, err))
        return false;
    struct chart c = {.d = &d, .n = random_between(r, 3, PARTS)};
    c.pie = random_chance(r, 0.3);
    c.coloured = c.pie || random_chance(r, 0.6);
    if (c.pie && c.n == PARTS)
        c.n--;
    c.face = draw_any_face(&d);
    double ink = rgb_light(d.ground) > 0.5 ? 0.08 : 0.95;
    c.ink = (struct rgb){ink, ink, ink};
    static const int steps[] = {1, 1, 5, 10};
    int step = steps[random_below(r, 4)];
    for (int i = 0; i < c.n; i++)
        choose_part(&c, i, step);
    (c.pie ? draw_pie : draw_bars)(&c);
    if (random_chance(r, 0.3))
        describe(&c);
    ask_extreme(&c, true);
    if (!c.pie)
        ask_value(&c);
    ask_extreme(&c, false);
    ask_colour(&c);
    ask_more(&c);
    if (random_chance(r, 0.5))
        ask_number(&c);
    picture_ask_missing(&d);
    return draw_close(&d, err);
}
