/* One number of one to four digits. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/words.h"

static void draw_number(struct draw *d, const char *text, enum colour *colour)
{
    double unit = draw_unit(d), cap = (60 + 240 * random_unit(d->r)) * unit;
    struct face face = draw_any_face(d);
    draw_face(d, face, cap);
    double wide = draw_text_width(d, text);
    if (wide > d->width * 0.9) {
        cap *= d->width * 0.9 / wide;
        draw_face(d, face, cap);
        wide = draw_text_width(d, text);
    }
    double x = random_unit(d->r) * (d->width - wide);
    double y = cap * 1.15 + random_unit(d->r) * (d->height - cap * 1.3);
    struct rgb shade;
    *colour = draw_ink(d, &shade);
    draw_text(d, x, y, text, (uint8_t)*colour, shade);
}

/* Whole numbers of one or two digits are in both splits: there are too few to part. */
static int any_number(struct random *r, enum sample_split split)
{
    static const int ends[] = {10, 100, 1000, 10000};
    char text[8];
    int n;
    do {
        n = (int)random_below(r, (uint32_t)ends[random_below(r, 4)]);
        snprintf(text, sizeof text, "%d", n);
    } while (n >= 100 && word_held_out(text) != (split == SPLIT_TEST));
    return n;
}

static void ask_number(struct draw *d, const char *text)
{
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "number",
            .ask = "[What|Which] number is [this|shown|written]" ASK_HERE
                   "?|What is the number" ASK_HERE "?|Read the "
                   "number" ASK_HERE
                   "[, please|].|What does [it|the picture|the image] say?|[What|Which] number "
                   "[do|can] you see" ASK_HERE "?|[Tell me|Read] what is written" ASK_HERE
                   ".|What is written" ASK_HERE "?|[Tell me|Give me] the number" ASK_HERE
                   ".|What number [do|can] you read" ASK_HERE "?",
            .full = "The number is $1.",
            .brief = "$1",
            .hint = ASK_NUMBER,
            .key = text,
            .arg = {text},
        });
}

static void ask_digits(struct draw *d, const char *text)
{
    char n[24], digit[2] = "";
    int way = random_between(d->r, 0, 2);
    snprintf(n, sizeof n, "%zu", strlen(text));
    digit[0] = way == 1 ? text[0] : text[strlen(text) - 1];
    if (way == 0)
        picture_ask(
            d->s, d->r,
            &(struct question){
                .skill = "letters",
                .ask = "How many digits does the number have?|How many digits are there" ASK_HERE
                       "?|Count the "
                       "digits" ASK_HERE ".|How many digits [do|can] you see" ASK_HERE
                       "?|Of how many digits is the "
                       "number made?|What is the number of digits" ASK_HERE "?",
                .full = *n == '1' ? "The number has $1 digit." : "The number has $1 digits.",
                .brief = "$1",
                .hint = ASK_NUMBER,
                .key = n,
                .arg = {n},
            });
    else
        picture_ask(d->s, d->r,
                    &(struct question){
                        .skill = "letters",
                        .ask = "[What|Which] is the $2 digit[ of the number|]" ASK_HERE
                               "?|[What|Which] digit does the "
                               "number $3 with?|[Tell me|Name] the $2 digit[ of the number|].|With "
                               "[what|which] "
                               "digit "
                               "does the number $3?|The number $3s with [what|which] digit?",
                        .full = "The $2 digit is $1.",
                        .brief = "$1",
                        .hint = "[Just|Only] the digit[, please|].|Answer with one digit.|One "
                                "digit[, please|].",
                        .key = digit,
                        .arg = {digit, way == 1 ? "first" : "last", way == 1 ? "begin" : "end"},
                    });
}

static void ask_colour(struct draw *d, enum colour colour)
{
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "colour",
            .ask =
                "[What|Which] [colour|color] is the number" ASK_HERE
                "?|[What|Which] [colour|color] does the "
                "number have?|In [what|which] [colour|color] is the number[ written|]?|What is the "
                "[colour|color] of the number" ASK_HERE
                "?|[Tell me|Name] the [colour|color] of the number.|What "
                "[colour|color] are the digits" ASK_HERE "?",
            .full = "The number is $1.",
            .brief = "^$1",
            .key = colour_names[colour],
            .arg = {colour_names[colour]},
        });
}

static void ask_compare(struct draw *d, const char *text, int n)
{
    int other = n;
    while (other == n)
        other = (int)random_below(d->r, n < 20 ? 20 : (uint32_t)n * 2);
    bool larger = random_chance(d->r, 0.5), yes = larger == (n > other);
    char than[12];
    snprintf(than, sizeof than, "%d", other);
    picture_ask(
        d->s, d->r,
        &(struct question){
            .skill = "number",
            .ask =
                larger
                    ? "Is the number [larger|greater|bigger|higher] than $2?|Is it "
                      "[more|greater|larger] "
                      "than $2?|Is the number" ASK_HERE
                      " above $2?|Does the picture show a number greater "
                      "than $2?"
                    : "Is the number [smaller|lower] than $2?|Is it [less|smaller] than $2?|Is the "
                      "number" ASK_HERE
                      " below $2?|Does the picture show a number smaller than $2?",
            .full = yes ? "Yes, $1 is $3 than $2." : "No, $1 is $3 than $2.",
            .brief = yes ? "Yes" : "No",
            .hint = ASK_YES_OR_NO,
            .key = yes ? "yes" : "no",
            .arg = {text, than, n > other ? "larger" : "smaller"},
        });
}

bool picture_number(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct draw d;
    if (!picture_open(&d, s, r, split, err))
        return false;
    int n = any_number(r, split);
    char text[8];
    snprintf(text, sizeof text, "%d", n);
    enum colour colour;
    draw_number(&d, text, &colour);
    if (random_chance(r, 0.3)) {
        char sentence[60];
        snprintf(sentence, sizeof sentence, "The number %s in %s.", text, colour_names[colour]);
        picture_describe(&d, sentence, text);
    }
    ask_number(&d, text);
    ask_digits(&d, text);
    ask_colour(&d, colour);
    ask_compare(&d, text, n);
    picture_ask_ground(&d);
    picture_ask_missing(&d);
    return draw_close(&d, err);
}
