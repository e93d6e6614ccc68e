/* Signs: long, with a few words in one or two lines. */
#include <stdio.h>
#include <string.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/picture_paper.h"
#include "train/words.h"

enum { LINES = 2, IN_A_LINE = 3 };

struct sign {
    struct paper paper;
    int lines, words; /* words of each line */
    char text[LINES][IN_A_LINE * WORD_BYTES];
};

/* Each word in its part of the line, so that a crop has it whole. */
static void write_line(struct sign *sg, int line)
{
    static const char *const phrases[][IN_A_LINE] = {
        {"NO", "ENTRY", "ASK_HERE"}, {"MIND", "THE", "GAP"},     {"KEEP", "OFF", "GRASS"},
        {"OPEN", "ALL", "DAY"},      {"PLEASE", "RING", "BELL"}, {"NO", "DOGS", "INSIDE"},
        {"FRESH", "FISH", "TODAY"},
    };
    struct paper *p = &sg->paper;
    struct random *r = p->d.r;
    bool phrase = sg->words == IN_A_LINE && p->d.split == SPLIT_TRAIN && random_chance(r, 0.15);
    const char *const *said = phrases[random_below(r, sizeof phrases / sizeof *phrases)];
    int way = random_between(r, 0, 3); /* case by case, or all in upper case */
    double part = p->d.width / sg->words, high = p->d.height / sg->lines;
    double cap = high * (0.24 + 0.16 * random_unit(r)), base = high * line + high / 2 + cap / 2;
    if (cap > 190)
        cap = 190;
    for (int i = 0; i < sg->words; i++) {
        char word[WORD_BYTES];
        word_any(r, p->d.split, word);
        if (phrase)
            snprintf(word, sizeof word, "%s", said[i]);
        else if (way == 0)
            word_case(r, word);
        for (char *c = word; !phrase && way > 1 && *c; c++)
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        snprintf(sg->text[line] + strlen(sg->text[line]), WORD_BYTES + 1, "%s%s", i ? " " : "",
                 word);
        paper_line(p, part * (i + 0.5), base, cap, part * 0.86, word, PAPER_MIDDLE);
    }
}

static void ask_all(struct sign *sg)
{
    char all[LINES * IN_A_LINE * WORD_BYTES + 2], sentence[sizeof all + 30];
    snprintf(all, sizeof all, "%s%s%s", sg->text[0], sg->lines > 1 ? " " : "", sg->text[1]);
    snprintf(sentence, sizeof sentence, "A sign that says \"%s\".", all);
    if (random_chance(sg->paper.d.r, 0.3))
        picture_describe(&sg->paper.d, sentence, all);
    picture_ask(sg->paper.d.s, sg->paper.d.r,
                &(struct question){
                    .skill = "document",
                    .ask = "What does the sign say?|What is written on the sign?|Read the "
                           "sign[, please|].|[Read|Tell me] "
                           "what is on the sign.|[What|Which] words are on the sign?|What "
                           "[can you|do you] read on the "
                           "sign?|[Transcribe|Copy] the sign.|What does it say?",
                    .full = "$1",
                    .key = all,
                    .arg = {all},
                });
}

static void ask_line(struct sign *sg, int line)
{
    picture_ask(sg->paper.d.s, sg->paper.d.r,
                &(struct question){
                    .skill = "document",
                    .ask = "What does the $2 line say?|Read the $2 line[, please|].|What is "
                           "written in the $2 line?|What is "
                           "the $2 line[ of the sign|]?|[Tell me|Read] what the $2 line says.",
                    .full = "$1",
                    .key = sg->text[line],
                    .arg = {sg->text[line], line ? "second" : "first"},
                });
}

static void ask_word(struct sign *sg)
{
    bool last = random_chance(sg->paper.d.r, 0.5);
    char word[WORD_BYTES * IN_A_LINE];
    const char *line = sg->text[last ? sg->lines - 1 : 0];
    const char *from = last ? strrchr(line, ' ') + 1 : line;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(from, " "), from);
    picture_ask(
        sg->paper.d.s, sg->paper.d.r,
        &(struct question){
            .skill = "document",
            .ask = "[What|Which] is the $2 word[ on the sign|]?|Read the $2 word[, "
                   "please|].|[What|Which] word [is|"
                   "comes] $2?|[Tell me|Name] the $2 word[ on the sign|].|With [what|which] word "
                   "does the sign $3?",
            .full = "The $2 word is \"$1\".",
            .brief = "$1",
            .hint = ASK_WORD,
            .key = word,
            .arg = {word, last ? "last" : "first", last ? "end" : "begin"},
        });
}

static void ask_number(struct sign *sg)
{
    char n[12];
    snprintf(n, sizeof n, "%d", sg->lines * sg->words);
    picture_ask(sg->paper.d.s, sg->paper.d.r,
                &(struct question){
                    .skill = "count",
                    .ask = "How many words are on the sign?|How many words does the sign "
                           "have?|Count the words on "
                           "the "
                           "sign.|How many words [do you|can you] see?|[Tell me|Say] how many "
                           "words there are.",
                    .full = "There are $1 words.",
                    .brief = "$1",
                    .hint = ASK_NUMBER,
                    .key = n,
                    .arg = {n},
                });
}

static void colours(struct sign *sg)
{
    struct draw *d = &sg->paper.d;
    struct rgb shade;
    draw_contrasting(d, &shade);
    if (random_chance(d->r, 0.6))
        draw_plain_ground(d, shade);
    draw_ink(d, &sg->paper.ink);
    double edge = 12 + 14 * random_unit(d->r);
    draw_colour(d, sg->paper.ink);
    cairo_set_line_width(d->cr, edge / 2);
    cairo_rectangle(d->cr, edge, edge, d->width - 2 * edge, d->height - 2 * edge);
    if (random_chance(d->r, 0.5))
        cairo_stroke(d->cr);
    cairo_new_path(d->cr);
}

bool picture_sign(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct sign sg = {.lines = random_between(r, 1, 2), .words = 2};
    bool crops = random_chance(r, 0.75);
    int height = random_between(r, 560, 700);
    int width = crops ? height * random_between(r, 310, 345) / 100
                      : height * random_between(r, 160, 200) / 100;
    if (crops)
        sg.words = IN_A_LINE; /* one for each crop */
    if (!paper_open(&sg.paper, s, r, split, crops, width, height, err))
        return false;
    colours(&sg);
    for (int i = 0; i < sg.lines; i++)
        write_line(&sg, i);
    ask_word(&sg);
    ask_all(&sg);
    if (sg.lines > 1) {
        ask_line(&sg, 0);
        ask_line(&sg, 1);
    }
    ask_number(&sg);
    return draw_close(&sg.paper.d, err);
}
