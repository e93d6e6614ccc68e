/* Clocks with hands, and with digits. */
#include <math.h>
#include <stdio.h>

#include "train/picture.h"
#include "train/picture_ask.h"

struct clock {
    int hour, minute; /* 1 to 12 on a dial, 0 to 23 in digits */
    bool digits;
    enum colour colour; /* of the rim, or of the digits */
    char text[8];
};

static void hand(cairo_t *cr, double turn, double length, double width)
{
    double x = sin(turn * 2 * M_PI), y = -cos(turn * 2 * M_PI);
    cairo_move_to(cr, -x * length * 0.12, -y * length * 0.12);
    cairo_line_to(cr, x * length, y * length);
    cairo_set_line_width(cr, width);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_stroke(cr);
}

static void ticks(cairo_t *cr, double radius)
{
    for (int i = 0; i < 12; i++) {
        double x = sin(i * M_PI / 6), y = cos(i * M_PI / 6), from = i % 3 ? 0.9 : 0.84;
        cairo_move_to(cr, x * radius * from, y * radius * from);
        cairo_line_to(cr, x * radius * 0.96, y * radius * 0.96);
        cairo_set_line_width(cr, radius * (i % 3 ? 0.025 : 0.045));
        cairo_stroke(cr);
    }
}

static void numerals(struct draw *d, double radius, int step, struct rgb ink)
{
    double high = radius * 0.15;
    draw_face(d, draw_any_face(d), high);
    for (int i = step; i <= 12; i += step) {
        char text[12];
        snprintf(text, sizeof text, "%d", i);
        double x = sin(i * M_PI / 6) * radius * 0.67, y = -cos(i * M_PI / 6) * radius * 0.67;
        draw_text(d, x - draw_text_width(d, text) / 2, y + high / 2, text, MARK_NO_COLOUR, ink);
    }
}

static void draw_dial(struct draw *d, struct clock *c)
{
    double radius = (260 + 150 * random_unit(d->r)) * draw_unit(d);
    double room_x = d->width / 2 - radius * 1.08, room_y = d->height / 2 - radius * 1.08;
    double x = d->width / 2 + room_x * (2 * random_unit(d->r) - 1) * 0.9;
    double y = d->height / 2 + room_y * (2 * random_unit(d->r) - 1) * 0.9;
    struct rgb rim, dial = {0.98, 0.98, 0.96}, ink = {0.08, 0.08, 0.1};
    do
        c->colour = draw_contrasting(d, &rim);
    while (c->colour == COLOUR_WHITE);
    if (random_chance(d->r, 0.15))
        dial = (struct rgb){0.1, 0.1, 0.12}, ink = (struct rgb){0.95, 0.95, 0.95};
    cairo_save(d->cr);
    cairo_translate(d->cr, x, y);
    cairo_arc(d->cr, 0, 0, radius, 0, 2 * M_PI);
    draw_colour(d, dial);
    cairo_fill_preserve(d->cr);
    cairo_set_line_width(d->cr, radius * (0.08 + 0.06 * random_unit(d->r)));
    draw_colour(d, rim);
    draw_mark_path(d, MARK_CLOCK, (uint8_t)c->colour);
    cairo_stroke(d->cr);
    draw_colour(d, ink);
    ticks(d->cr, radius * 0.94);
    double way = random_unit(d->r);
    if (way < 0.8)
        numerals(d, radius, way < 0.6 ? 1 : 3, ink);
    draw_colour(d, ink);
    hand(d->cr, (c->hour % 12 + c->minute / 60.0) / 12, radius * 0.46, radius * 0.075);
    hand(d->cr, c->minute / 60.0, radius * 0.8, radius * 0.045);
    cairo_restore(d->cr);
}

static void draw_digits(struct draw *d, struct clock *c)
{
    double high = (110 + 120 * random_unit(d->r)) * draw_unit(d);
    struct face face = draw_any_face(d);
    draw_face(d, face, high);
    double width = draw_text_width(d, c->text);
    if (width > d->width * 0.8) {
        high *= d->width * 0.8 / width, width = d->width * 0.8;
        draw_face(d, face, high);
    }
    double x = (d->width - width) * (0.2 + 0.6 * random_unit(d->r));
    double y = high * 1.7 + (d->height - high * 2.4) * random_unit(d->r);
    bool dark = random_chance(d->r, 0.7);
    struct rgb shade, ground = {dark ? 0.05 : 0.8, dark ? 0.06 : 0.85, dark ? 0.07 : 0.8};
    cairo_rectangle(d->cr, x - high * 0.4, y - high * 1.5, width + high * 0.8, high * 2);
    draw_colour(d, ground);
    draw_mark_path(d, MARK_CLOCK, MARK_NO_COLOUR);
    cairo_fill(d->cr);
    d->ground = ground;
    c->colour = draw_ink(d, &shade);
    draw_text(d, x, y, c->text, (uint8_t)c->colour, shade);
}

static void ask_time(struct draw *d, const struct clock *c)
{
    picture_ask(d->s, d->r,
                &(struct question){
                    .skill = "clock",
                    .ask = "What time is it?|What time does the clock [show|say]?|[What|Which] "
                           "time is [shown|on the "
                           "clock]?|[Read|Tell me] the time[, please|].|What is the time[ on the "
                           "clock|]?|What does the "
                           "clock [say|show]?|[Can you tell|Do you know] what time it is?|Read the "
                           "clock[, please|].",
                    .full = "It is $1.",
                    .brief = "$1",
                    .hint = "[Just|Only] the time[, please|].|[In|Answer in] digits.|Short answer.",
                    .key = c->text,
                    .arg = {c->text},
                });
}

static void ask_hand(struct draw *d, const struct clock *c)
{
    char number[12];
    snprintf(number, sizeof number, "%d", c->minute ? c->minute / 5 : 12);
    picture_ask(d->s, d->r,
                &(struct question){
                    .skill = "clock",
                    .ask = "[To|At] [what|which] number does the [long|minute] hand "
                           "point?|Where does the [long|minute] "
                           "hand point?|[What|Which] number is the [long|minute] hand "
                           "at?|On [what|which] number is the "
                           "[long|minute] hand?",
                    .full = "The long hand points to $1.",
                    .brief = "$1",
                    .hint = ASK_NUMBER,
                    .key = number,
                    .arg = {number},
                });
}

static void ask_part(struct draw *d, const struct clock *c, bool hours)
{
    char number[12];
    snprintf(number, sizeof number,
             hours       ? "%d"
             : c->digits ? "%02d"
                         : "%d",
             hours ? c->hour : c->minute);
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "clock",
            .ask = hours ? "[What|Which] hour is it?|[What|Which] hour does the clock "
                           "[show|say]?|[Tell me|Read] "
                           "the hour.|What is the hour[ on the clock|]?"
                         : "How many minutes past the hour is it?|[What|Which] minute does the "
                           "clock [show|say]?|"
                           "[Tell me|Read] the minutes.|How many minutes does the clock show?",
            .full = hours ? "The hour is $1." : "The clock shows $1 minutes.",
            .brief = "$1",
            .hint = ASK_NUMBER,
            .key = number,
            .arg = {number},
        });
}

static void describe(struct draw *d, const struct clock *c)
{
    char sentence[80];
    if (c->digits)
        snprintf(sentence, sizeof sentence, "A digital clock that shows %s.", c->text);
    else
        snprintf(sentence, sizeof sentence, "A clock with a%s %s rim that shows %s.",
                 c->colour == COLOUR_ORANGE ? "n" : "", colour_names[c->colour], c->text);
    picture_describe(d, sentence, "clock");
}

static void ask_colour(struct draw *d, const struct clock *c)
{
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "colour",
            .ask = "[What|Which] [colour|color] is the $2?|[What|Which] [colour|color] does the "
                   "$2 have?|What is "
                   "the [colour|color] of the $2?|[Tell me|Name] the [colour|color] of the $2.",
            .full = "The $2 is $1.",
            .brief = "^$1",
            .key = colour_names[c->colour],
            .arg = {colour_names[c->colour], c->digits ? "time" : "rim of the clock"},
        });
}

bool picture_clock(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct draw d;
    if (!picture_open(&d, s, r, split, err))
        return false;
    struct clock c = {.digits = random_chance(r, 0.25)};
    c.hour = c.digits ? random_between(r, 0, 23) : random_between(r, 1, 12);
    c.minute = c.digits ? random_between(r, 0, 59) : random_between(r, 0, 3) * 15;
    snprintf(c.text, sizeof c.text, "%d:%02d", c.hour, c.minute);
    (c.digits ? draw_digits : draw_dial)(&d, &c);
    if (random_chance(r, 0.4))
        describe(&d, &c);
    ask_time(&d, &c);
    ask_part(&d, &c, true);
    if (!c.digits)
        ask_hand(&d, &c);
    ask_part(&d, &c, false);
    ask_colour(&d, &c);
    picture_ask_missing(&d);
    return draw_close(&d, err);
}
