/* Words and numbers in any face, alone or a few of them. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/words.h"

enum { WORDS = 3 };

struct line {
    char text[WORD_BYTES];
    double x0, y0, x1, y1; /* where it may stand */
    enum colour colour;
};
struct page {
    struct draw *d;
    struct line lines[WORDS];
    int n;
    bool beside; /* two words, left and right */
};

/* A plate behind what is written; the ground is now this. */
static void draw_plate(struct draw *d, double x, double y, double width, double height)
{
    struct rgb shade;
    draw_contrasting(d, &shade);
    double round = random_unit(d->r) * height / 2;
    cairo_new_path(d->cr);
    for (int i = 0; i < 4; i++)
        cairo_arc(d->cr, i == 0 || i == 3 ? x + width - round : x + round,
                  i < 2 ? y + height - round : y + round, round, i * M_PI / 2, (i + 1) * M_PI / 2);
    cairo_close_path(d->cr);
    draw_colour(d, shade);
    cairo_fill(d->cr);
    d->ground = shade;
}

static double within(struct random *r, double first, double last)
{
    return last > first ? first + (last - first) * random_unit(r) : (first + last) / 2;
}

/* Somewhere in its part of the page, as high as there is room for at most. */
static void draw_line(struct page *p, struct line *l, struct face face)
{
    struct draw *d = p->d;
    double unit = draw_unit(d), width = l->x1 - l->x0, height = l->y1 - l->y0;
    double cap = within(d->r, 50 * unit, fmin(250 * unit, height * 0.5));
    draw_face(d, face, cap);
    double wide = draw_text_width(d, l->text);
    if (wide > width * 0.9) {
        cap *= width * 0.9 / wide;
        draw_face(d, face, cap);
        wide = draw_text_width(d, l->text);
    }
    double x = within(d->r, l->x0 + width * 0.04, l->x1 - width * 0.04 - wide);
    double y = within(d->r, l->y0 + cap * 1.4, l->y1 - cap * 0.4);
    cairo_save(d->cr);
    if (p->n == 1 && wide < width * 0.8 && random_chance(d->r, 0.15)) {
        cairo_translate(d->cr, x + wide / 2, y);
        cairo_rotate(d->cr, (random_unit(d->r) - 0.5) * 0.2);
        cairo_translate(d->cr, -x - wide / 2, -y);
    }
    struct rgb ground = d->ground, shade;
    if (random_chance(d->r, 0.2))
        draw_plate(d, x - cap * 0.3, y - cap * 1.4, wide + cap * 0.6, cap * 1.9);
    l->colour = draw_ink(d, &shade);
    draw_text(d, x, y, l->text, (uint8_t)l->colour, shade);
    d->ground = ground;
    cairo_restore(d->cr);
}

static void draw_page(struct page *p)
{
    struct draw *d = p->d;
    struct face face = draw_any_face(d);
    bool same_face = random_chance(d->r, 0.6);
    for (int i = 0; i < p->n; i++) {
        struct line *l = &p->lines[i];
        l->x1 = d->width, l->y1 = d->height;
        if (p->beside) {
            l->x0 = d->width * i / 2, l->x1 = d->width * (i + 1) / 2;
            l->y0 = d->height * 0.2, l->y1 = d->height * 0.8;
        } else {
            l->y0 = d->height * i / p->n, l->y1 = d->height * (i + 1) / p->n;
        }
        draw_line(p, l, same_face ? face : draw_any_face(d));
    }
}

static const char *place_of(const struct page *p, int i)
{
    static const char *const beside[] = {"on the left", "on the right"};
    static const char *const two[] = {"at the top", "at the bottom"};
    static const char *const three[] = {"at the top", "in the middle", "at the bottom"};
    return (p->beside ? beside : p->n == 2 ? two : three)[i];
}

static void ask_word(struct page *p, int i)
{
    const char *text = p->lines[i].text;
    if (p->n == 1)
        picture_ask(
            p->d->s, p->d->r,
            &(struct question){
                .skill = "read",
                .ask = "What does [it|the picture|the image|this] say?|What is written" ASK_HERE
                       "?|[What|Which] "
                       "word is [this|shown|written]" ASK_HERE "?|Read the [word|text]" ASK_HERE
                       "[, please|].|What "
                       "[can you|do you] read" ASK_HERE "?|What is the [word|text]" ASK_HERE
                       "?|[Read|Tell me] what is "
                       "written" ASK_HERE ".|[What|Which] word [do|can] you see" ASK_HERE
                       "?|What does the text say?|"
                       "[Transcribe|Copy] the [text|word]" ASK_HERE ".",
                .full = "The word is \"$1\".",
                .brief = "$1",
                .hint = ASK_WORD,
                .key = text,
                .arg = {text},
            });
    else
        picture_ask(
            p->d->s, p->d->r,
            &(struct question){
                .skill = "read",
                .ask = "[What|Which] word is [written |]$2?|What is written $2?|What does it say "
                       "$2?|Read the "
                       "word $2[, please|].|What [can you|do you] read $2?|[Tell me|Read] what is "
                       "written $2.|"
                       "What is the word $2?|What does the text $2 say?",
                .full = "The word $2 is \"$1\".",
                .brief = "$1",
                .hint = ASK_WORD,
                .key = text,
                .arg = {text, place_of(p, i)},
            });
}

/* Into one near it; it may come out as no letter. */
static void change_letter(struct random *r, char *word)
{
    char *letter = word + random_below(r, (uint32_t)strlen(word));
    *letter ^= (char)random_between(r, 1, 3);
}

/* Whether it says this: it does, or says something else, or another letter somewhere. */
static void ask_if_word(struct page *p, int i)
{
    struct random *r = p->d->r;
    const char *text = p->lines[i].text;
    char said[WORD_BYTES];
    snprintf(said, sizeof said, "%s", text);
    double way = random_unit(r);
    if (way > 0.75)
        word_any(r, p->d->split, said);
    else if (way > 0.5)
        change_letter(r, said);
    for (size_t k = 0; said[k]; k++)
        if (!isalpha((unsigned char)said[k]))
            return;
    if (word_held_out(said) != (p->d->split == SPLIT_TEST))
        return;
    bool yes = !strcasecmp(said, text);
    picture_ask(p->d->s, r,
                &(struct question){
                    .skill = "read",
                    .ask = "Does [it|the picture|the word] say \"$1\"?|Is [the word|it] "
                           "\"$1\"?|[Do you|Can you] read "
                           "\"$1\"[ here|]?|Is \"$1\" [written|to be read][ here|]?",
                    .full = yes ? "Yes, it says \"$2\"." : "No, it says \"$2\".",
                    .brief = yes ? "Yes" : "No",
                    .hint = ASK_YES_OR_NO,
                    .key = yes ? "yes" : "no",
                    .arg = {said, text},
                });
}

static void ask_all(struct page *p)
{
    struct str all = {0};
    for (int i = 0; i < p->n; i++)
        str_printf(&all, "%s%s", i ? " " : "", p->lines[i].text);
    picture_ask(p->d->s, p->d->r,
                &(struct question){
                    .skill = "read",
                    .ask = "What does [it|the picture|the image|this] say?|What is written" ASK_HERE
                           "?|Read [all|all the "
                           "words|the text|everything]" ASK_HERE
                           "[, please|].|[What|Which] words are [these|shown|"
                           "written]" ASK_HERE
                           "?|[Transcribe|Copy] [the text|all of it|what is written]" ASK_HERE
                           ".|What are "
                           "the words" ASK_HERE "?|[Read|Tell me] what is written" ASK_HERE
                           ".|Read [it|this] to me.|What "
                           "[can|do] you read" ASK_HERE "?",
                    .full = "$1",
                    .key = str_text(&all),
                    .arg = {str_text(&all)},
                });
    str_done(&all);
}

static void ask_how_many(struct page *p)
{
    char n[8];
    snprintf(n, sizeof n, "%d", p->n);
    picture_ask(
        p->d->s, p->d->r,
        &(struct question){
            .skill = "count",
            .ask = "How many words are [there|written|shown]" ASK_HERE "?|Count the words" ASK_HERE
                   ".|How many words "
                   "[do you|can you] see" ASK_HERE "?|What is the number of words" ASK_HERE
                   "?|How many words does the "
                   "[picture|image] have?|[Tell me|Say] how many words there are.",
            .full = p->n == 1 ? "There is $1 word." : "There are $1 words.",
            .brief = "$1",
            .hint =
                "[Just|Only] the number[, please|].|Answer with a number.|One number[, please|].",
            .key = n,
            .arg = {n},
        });
}

/* What to call a word by: "the word", "the word at the top", or "it" when it is the only one and
 * was spoken of. */
static void name_word(struct page *p, int i, char name[40])
{
    if (p->n > 1)
        snprintf(name, 40, "the word %s", place_of(p, i));
    else
        snprintf(name, 40, "%s", random_chance(p->d->r, 0.35) ? "it" : "the word");
}

static void ask_colour(struct page *p, int i)
{
    const char *colour = colour_names[p->lines[i].colour];
    char name[40];
    name_word(p, i, name);
    picture_ask(
        p->d->s, p->d->r,
        &(struct question){
            .skill = "colour",
            .ask =
                "[What|Which] [colour|color] is $2?|[What|Which] [colour|color] does $2 have?|In "
                "[what|which] [colour|color] is $2[ written|]?|What is the [colour|color] of $2?|"
                "[Tell me|Name] the [colour|color] of $2.|^$2: [what|which] [colour|color]?|What "
                "[colour|color] are the letters of $2?",
            .full = "^$2 is $1.",
            .brief = "^$1",
            .key = colour,
            .arg = {colour, name},
        });
}

static void ask_spelling(struct page *p, int i)
{
    char name[40];
    struct str letters = {0};
    name_word(p, i, name);
    for (const char *c = p->lines[i].text; *c; c++)
        str_printf(&letters, "%s%c", letters.len ? " " : "", *c);
    picture_ask(
        p->d->s, p->d->r,
        &(struct question){
            .skill = "spell",
            .ask =
                "Spell $2[, please|].|How is $2 spelled?|[Give me|Tell me|Write] the letters of "
                "$2.|Spell out $2[, please|].|[What|Which] letters does $2 have?|Letter by letter: "
                "$2.|[What|Which] are the letters of $2?|Read $2 letter by letter.",
            .full = "$1",
            .key = str_text(&letters),
            .arg = {str_text(&letters), name},
        });
    str_done(&letters);
}

static void ask_letters(struct page *p, int i)
{
    const char *text = p->lines[i].text;
    char name[40], n[24], letter[2] = "";
    name_word(p, i, name);
    int way = random_between(p->d->r, 0, 2);
    snprintf(n, sizeof n, "%zu", strlen(text));
    letter[0] = way == 1 ? text[0] : text[strlen(text) - 1];
    if (way == 0)
        picture_ask(
            p->d->s, p->d->r,
            &(struct question){
                .skill = "letters",
                .ask =
                    "How many letters does $2 have?|How many letters are in $2?|Count the letters "
                    "of $2.|How long is $2, in letters?|What is the number of letters in $2?|"
                    "[Tell me|Say] how many letters $2 has.|Of how many letters is $2 made?",
                .full = "^$2 has $1 letters.",
                .brief = "$1",
                .hint = ASK_NUMBER,
                .key = n,
                .arg = {n, name},
            });
    else
        picture_ask(
            p->d->s, p->d->r,
            &(struct question){
                .skill = "letters",
                .ask =
                    "[What|Which] is the $3 letter of $2?|[What|Which] letter does $2 $4 "
                    "with?|With "
                    "[what|which] letter does $2 $4?|[Tell me|Name] the $3 letter of $2.|^$2 $4s "
                    "with [what|which] letter?|[What|Which] letter is the $3 [in|of] $2?",
                .full = "The $3 letter is $1.",
                .brief = "$1",
                .hint = "[Just|Only] the letter[, please|].|One letter[, please|].|Answer with one "
                        "letter.",
                .key = letter,
                .arg = {letter, name, way == 1 ? "first" : "last", way == 1 ? "begin" : "end"},
            });
}

static void describe(struct page *p)
{
    struct str all = {0};
    str_puts(&all, p->n == 1 ? "The word" : "The words");
    for (int i = 0; i < p->n; i++)
        str_printf(&all, "%s \"%s\" in %s",
                   i == 0         ? ""
                   : i + 1 < p->n ? ","
                                  : " and",
                   p->lines[i].text, colour_names[p->lines[i].colour]);
    str_putc(&all, '.');
    picture_describe(p->d, str_text(&all), p->lines[0].text);
    str_done(&all);
}

bool picture_read(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct draw d;
    if (!picture_open(&d, s, r, split, err))
        return false;
    struct page p = {.d = &d, .n = random_chance(r, 0.5) ? 1 : random_between(r, 2, WORDS)};
    p.beside = p.n == 2 && random_chance(r, 0.3);
    for (int i = 0; i < p.n; i++) {
        word_any(r, split, p.lines[i].text);
        word_case(r, p.lines[i].text);
    }
    draw_page(&p);
    int order[WORDS];
    picture_shuffle(r, order, p.n);
    bool described = random_chance(r, 0.3), first = random_chance(r, 0.5);
    if (described && first)
        describe(&p);
    int all = p.n > 1 ? random_between(r, 0, p.n) : -1; /* before which one */
    for (int i = 0; i < p.n || i == all; i++) {
        if (i == all)
            ask_all(&p);
        if (i < p.n)
            ask_word(&p, order[i]);
    }
    ask_spelling(&p, order[0]);
    if (random_chance(r, 0.7))
        ask_letters(&p, order[p.n - 1]);
    if (random_chance(r, 0.7))
        ask_colour(&p, order[0]);
    if (p.n == 1 && random_chance(r, 0.5))
        ask_if_word(&p, 0);
    if (random_chance(r, 0.3))
        ask_how_many(&p);
    picture_ask_ground(&d);
    picture_ask_missing(&d);
    if (described && !first)
        describe(&p);
    return draw_close(&d, err);
}
