/* Price tags and boards: a few lines of a thing and what it costs. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/picture_paper.h"
#include "train/words.h"

enum { LINES = 4, PRICE_BYTES = 12 };

struct tag {
    struct paper paper;
    int n;
    char names[LINES][WORD_BYTES], prices[LINES][PRICE_BYTES];
};

static void fill(struct tag *t)
{
    struct random *r = t->paper.d.r;
    const int way = random_between(r, 0, 2); /* MILK, Milk or milk */
    const char *currency = random_chance(r, 0.3) ? "$" : "";
    for (int i = 0; i < t->n; i++) {
        char *name = t->names[i];
        do
            word_any(r, t->paper.d.split, name);
        while (strlen(name) < 3);
        for (size_t k = 0; name[k] && (way == 0 || (way == 1 && k == 0)); k++)
            name[k] = (char)toupper((unsigned char)name[k]);
        snprintf(t->prices[i], PRICE_BYTES, "%s%d.%d%d", currency, random_between(r, 0, 29),
                 random_between(r, 0, 9), random_chance(r, 0.5) ? 0 : random_between(r, 1, 9));
    }
}

/* One below the other; each with its price at the right side, or behind it. */
static void write_all(struct tag *t)
{
    struct paper *p = &t->paper;
    struct random *r = p->d.r;
    const double row = p->d.height / t->n, width = p->d.width, edge = width * 0.03;
    const double cap = row * (0.25 + 0.15 * random_unit(r));
    const bool apart = random_chance(r, 0.7);
    for (int i = 0; i < t->n; i++) {
        const double base = row * i + row / 2 + cap / 2;
        paper_line(p, edge, base, cap, width * 0.5, t->names[i], PAPER_LEFT);
        if (apart)
            paper_line(p, width - edge, base, cap, width * 0.38, t->prices[i], PAPER_RIGHT);
        else
            paper_line(p, width * 0.56, base, cap, width * 0.38, t->prices[i], PAPER_LEFT);
    }
}

static void ask(struct tag *t, const struct question *q)
{
    picture_ask(t->paper.d.s, t->paper.d.r, q);
}

static void ask_price(struct tag *t, int i)
{
    ask(t, &(struct question){
               .skill = "document",
               .ask = t->n == 1 ? "What is the price?|How much is it?|What does it cost?|[Tell "
                                  "me|Read] the price.|How much does the $2 cost?|[What|Which] "
                                  "price is [written|shown]?"
                                : "How much is the $2?|What does the $2 cost?|What is the price of "
                                  "the $2?|$2: how much?|[Tell me|Read] the price of the $2.",
               .full = "The price of $2 is $1.",
               .brief = "$1",
               .hint = ASK_NUMBER,
               .key = t->prices[i],
               .arg = {t->prices[i], t->names[i]},
           });
}

static void ask_name(struct tag *t, int i)
{
    ask(t, &(struct question){
               .skill = "document",
               .ask = t->n == 1 ? "What is [sold|offered|for sale]?|What is the tag for?|[What|"
                                  "Which] product is [this|it]?|[Tell me|Read] what is sold."
                                : "What costs $1?|[What|Which] thing costs $1?|What can I buy for "
                                  "$1?|What has the price $1?",
               .full = "It is $2.",
               .brief = "$2",
               .hint = ASK_WORD,
               .key = t->names[i],
               .arg = {t->prices[i], t->names[i]},
           });
}

static void ask_all(struct tag *t)
{
    struct str all = {0}, sentence = {0};
    for (int i = 0; i < t->n; i++)
        str_printf(&all, "%s%s %s", i ? ", " : "", t->names[i], t->prices[i]);
    str_printf(&sentence, "A price %s: %s.", t->n == 1 ? "tag" : "list", str_text(&all));
    if (random_chance(t->paper.d.r, 0.4))
        picture_describe(&t->paper.d, str_text(&sentence), str_text(&all));
    ask(t, &(struct question){
               .skill = "document",
               .ask = "What does it say?|What is written" ASK_HERE "?|Read [it|this|all]"
                      "[, please|].|What [can you|do you] read?|[Transcribe|Copy] it.",
               .full = "$1",
               .key = str_text(&all),
               .arg = {str_text(&all)},
           });
    str_done(&all);
    str_done(&sentence);
}

static bool price_is_alone(const struct tag *t, int i)
{
    for (int k = 0; k < t->n; k++)
        if (k != i && !strcmp(t->prices[k], t->prices[i]))
            return false;
    return true;
}

bool picture_tag(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct tag t = {.n = random_between(r, 1, LINES)};
    const int height = random_between(r, 350, 460) * (t.n > 2 ? 2 : 1);
    const int width = height * random_between(r, t.n > 2 ? 100 : 140, t.n > 2 ? 180 : 320) / 100;
    if (!paper_open(&t.paper, s, r, split, random_chance(r, 0.6), width, height, err))
        return false;
    fill(&t);
    write_all(&t);
    int order[LINES];
    picture_shuffle(r, order, t.n);
    ask_all(&t);
    for (int i = 0; i < t.n && i < 3; i++)
        ask_price(&t, order[i]);
    if (price_is_alone(&t, order[0]))
        ask_name(&t, order[0]);
    return draw_close(&t.paper.d, err);
}
