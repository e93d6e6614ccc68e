/* Receipts: a shop, what was bought, and the sum. */
#include <stdio.h>
#include <string.h>

#include "train/picture.h"
#include "train/picture_ask.h"
#include "train/picture_paper.h"
#include "train/words.h"

enum { ITEMS = 9 };

static const char *const goods[] = {
    "Milk",    "Bread",   "Butter",  "Eggs",   "Cheese",    "Apples",   "Bananas", "Rice",
    "Coffee",  "Tea",     "Sugar",   "Salt",   "Flour",     "Soap",     "Candles", "Honey",
    "Jam",     "Juice",   "Water",   "Onions", "Tomatoes",  "Potatoes", "Carrots", "Pasta",
    "Beans",   "Soup",    "Yoghurt", "Cream",  "Pears",     "Grapes",   "Lemons",  "Nuts",
    "Cake",    "Cookies", "Wine",    "Beer",   "Chocolate", "Pens",     "Paper",   "Batteries",
    "Towel",   "Plates",  "Cups",    "Socks",  "Hat",       "Gloves",   "Book",    "Map",
    "Flowers", "Shampoo", "Brush",   "Sponge", "Rope",      "Nails",    "Paint",   "Tape",
    "Glue",    "Lamp",    "Broom",   "Scarf",
};
enum { GOODS = sizeof goods / sizeof *goods };

struct receipt {
    struct paper paper;
    char shop[40], date[16], total[16];
    bool dated;
    const char *sign; /* before prices: "$" or nothing */
    int n, most;      /* items; the dearest */
    struct {
        const char *name;
        int cents;
        char price[16];
    } items[ITEMS];
};

static void price_text(const struct receipt *rc, int cents, char text[16])
{
    snprintf(text, 16, "%s%d.%02d", rc->sign, cents / 100, cents % 100);
}

static void choose(struct receipt *rc, struct random *r, enum sample_split split)
{
    static const char *const kinds[] = {"Market", "Shop", "Store", "Foods", "Corner", "Express"};
    char word[WORD_BYTES];
    int order[GOODS], sum = 0;
    do
        word_any(r, split, word);
    while (strlen(word) < 3);
    word[0] = (char)(word[0] - 'a' + 'A');
    snprintf(rc->shop, sizeof rc->shop, "%s %s", word, kinds[random_below(r, 6)]);
    paper_date(r, rc->date);
    rc->dated = random_chance(r, 0.5);
    rc->sign = random_chance(r, 0.3) ? "$" : "";
    picture_shuffle(r, order, GOODS);
    for (int i = 0; i < rc->n; i++) {
        rc->items[i].name = goods[order[i]];
        rc->items[i].cents = random_between(r, 5, 199) * 10;
        rc->items[i].cents -= random_chance(r, 0.5) ? 1 : 0;
        price_text(rc, rc->items[i].cents, rc->items[i].price);
        sum += rc->items[i].cents;
        if (rc->items[i].cents > rc->items[rc->most].cents)
            rc->most = i;
    }
    price_text(rc, sum, rc->total);
}

static void write_row(struct receipt *rc, double *y, double row, double cap, const char *left,
                      const char *right)
{
    struct paper *p = &rc->paper;
    double width = p->d.width, top = paper_clear(p, *y + (row - cap) / 2 - cap * 0.3, cap * 1.8);
    *y = top - (row - cap) / 2 + cap * 0.3;
    double baseline = top + cap * 1.3;
    if (!right) {
        paper_line(p, width / 2, baseline, cap, width * 0.9, left, PAPER_MIDDLE);
    } else {
        paper_line(p, width * 0.06, baseline, cap, width * 0.56, left, PAPER_LEFT);
        paper_line(p, width * 0.94, baseline, cap, width * 0.3, right, PAPER_RIGHT);
    }
    *y += row;
}

static void write_receipt(struct receipt *rc)
{
    struct paper *p = &rc->paper;
    double width = p->d.width, row = p->d.height / (rc->n + 4.0 + rc->dated);
    double cap = p->n_crops ? 32 + 12 * random_unit(p->d.r) : 50, y = row * 0.1;
    if (cap > row * 0.45)
        cap = row * 0.45;
    write_row(rc, &y, row * 1.2, cap * 1.2, rc->shop, NULL);
    if (rc->dated)
        write_row(rc, &y, row, cap, rc->date, NULL);
    y += row * 0.3;
    paper_rule(p, width * 0.05, width * 0.95, y - row * 0.15);
    for (int i = 0; i < rc->n; i++)
        write_row(rc, &y, row, cap, rc->items[i].name, rc->items[i].price);
    y += row * 0.2;
    paper_rule(p, width * 0.05, width * 0.95, y - row * 0.05);
    write_row(rc, &y, row, cap * 1.15, p->face.italic ? "Total" : "TOTAL", rc->total);
}

static void ask(struct receipt *rc, const struct question *q)
{
    picture_ask(rc->paper.d.s, rc->paper.d.r, q);
}

/* Without the sign of the currency: what an answer must have in any case. */
static const char *digits_of(const char *price)
{
    return price + (*price == '$');
}

#define AMOUNT                                                                                     \
    "[Just|Only] the [amount|number|price][, please|].|Answer with a number.|Short answer."

static void ask_total(struct receipt *rc)
{
    ask(rc, &(struct question){
                .skill = "document",
                .ask = "What is the total?|How much is the total?|What is the sum?|How much was "
                       "[paid|spent]?|"
                       "What does it cost [in all|altogether]?|[Tell me|Read] the total.|What was "
                       "the total "
                       "[price|amount]?|How much is [it|the receipt] in all?|What total is on the "
                       "receipt?",
                .full = "The total is $1.",
                .brief = "$1",
                .hint = AMOUNT,
                .key = digits_of(rc->total),
                .arg = {rc->total},
            });
}

static void ask_price(struct receipt *rc, int i)
{
    ask(rc, &(struct question){
                .skill = "document",
                .ask = "What is the price of the $3?|How much [is|was|does it say for] the "
                       "$3?|What [did|does] "
                       "the $3 cost?|[Tell me|Read] the price of the $3.|$2: how "
                       "much?|What price [is on|stands "
                       "beside] \"$2\"?|What was paid for the $3?",
                .full = "The price of $2 is $1.",
                .brief = "$1",
                .hint = AMOUNT,
                .key = digits_of(rc->items[i].price),
                .arg = {rc->items[i].price, rc->items[i].name, rc->items[i].name},
            });
}

static void ask_shop(struct receipt *rc)
{
    ask(rc, &(struct question){
                .skill = "document",
                .ask = "[What|Which] [shop|store] is [it|this receipt] from?|What is the name of "
                       "the [shop|"
                       "store]?|[Tell me|Read] the name of the [shop|store].|Where was this "
                       "bought?|[What|Which] "
                       "[shop|store] is [named|written] [at the top|on the receipt]?|From "
                       "[what|which] [shop|"
                       "store] is the receipt?",
                .full = "The shop is $1.",
                .brief = "$1",
                .hint = "[Just|Only] the name[, please|].|Short answer.|Be brief.",
                .key = rc->shop,
                .arg = {rc->shop},
            });
}

static void ask_date(struct receipt *rc)
{
    if (rc->dated)
        ask(rc, &(struct question){
                    .skill = "document",
                    .ask = "What is the date[ on the receipt|]?|[What|Which] date is on the "
                           "receipt?|When was "
                           "this bought?|[Tell me|Read] the date.|What day is the receipt from?",
                    .full = "The date is $1.",
                    .brief = "$1",
                    .hint = "[Just|Only] the date[, please|].|Short answer.",
                    .key = rc->date,
                    .arg = {rc->date},
                });
    else
        ask(rc, &(struct question){
                    .skill = "absent",
                    .ask = "What is the date[ on the receipt|]?|[What|Which] date is on the "
                           "receipt?|When was "
                           "this bought?|[Tell me|Read] the date.",
                    .full = "There is no date on the receipt.",
                    .key = "no",
                });
}

static void ask_items(struct receipt *rc)
{
    struct str all = {0};
    for (int i = 0; i < rc->n; i++)
        str_printf(&all, "%s%s", i ? ", " : "", rc->items[i].name);
    ask(rc, &(struct question){
                .skill = "document",
                .ask = "What was bought?|[What|Which] [things|items|goods] are on the "
                       "receipt?|[List|Name] the "
                       "[items|goods].|What is on the receipt?|What did they buy?",
                .full = "$1.",
                .key = str_text(&all),
                .arg = {str_text(&all)},
            });
    str_done(&all);
}

static void ask_dearest(struct receipt *rc)
{
    const char *name = rc->items[rc->most].name;
    for (int i = 0; i < rc->n; i++)
        if (i != rc->most && rc->items[i].cents == rc->items[rc->most].cents)
            return;
    ask(rc,
        &(struct question){
            .skill = "document",
            .ask = "What is the most expensive [item|thing]?|[What|Which] [item|thing] costs the "
                   "most?|What "
                   "was the dearest [item|thing]?|[Name|Tell me] the most expensive "
                   "[item|thing].|[What|"
                   "Which] [item|thing] has the highest price?",
            .full = "The most expensive item is $1.",
            .brief = "$1",
            .key = name,
            .arg = {name},
        });
}

static void ask_if_bought(struct receipt *rc)
{
    struct random *r = rc->paper.d.r;
    bool yes = random_chance(r, 0.5);
    const char *name = rc->items[random_below(r, (uint32_t)rc->n)].name;
    for (bool found = !yes; found;) {
        name = goods[random_below(r, GOODS)];
        found = false;
        for (int i = 0; i < rc->n; i++)
            found |= !strcmp(rc->items[i].name, name);
    }
    ask(rc, &(struct question){
                .skill = "absent",
                .ask = "Is \"$1\" on the receipt?|Does the receipt [list|have|show] "
                       "\"$1\"?|[Do you|Can you] see "
                       "\"$1\" on the receipt?|Is there a line for \"$1\"?",
                .full = yes ? "Yes, $1 is on the receipt." : "No, there is no $1 on the receipt.",
                .brief = yes ? "Yes" : "No",
                .hint = ASK_YES_OR_NO,
                .key = yes ? "yes" : "no",
                .arg = {name},
            });
}

static void ask_json(struct receipt *rc)
{
    struct str json = {0};
    str_printf(&json, "{\"shop\":\"%s\",\"total\":%s}", rc->shop, digits_of(rc->total));
    ask(rc,
        &(struct question){
            .skill = "json",
            .ask =
                "[Give|Write] the shop and the total [as|in] JSON[, please|].|Shop and total as "
                "JSON.|"
                "[Extract|Read] shop and total. Answer in JSON.|The receipt as JSON, with shop and "
                "total.|"
                "Make JSON of the receipt: shop and total.",
            .full = "$1",
            .key = digits_of(rc->total),
            .arg = {str_text(&json)},
        });
    str_done(&json);
}

static void describe(struct receipt *rc)
{
    char sentence[120];
    snprintf(sentence, sizeof sentence, "A receipt from %s with %d items and a total of %s.",
             rc->shop, rc->n, rc->total);
    picture_describe(&rc->paper.d, sentence, rc->shop);
}

static void ask_all(struct receipt *rc)
{
    struct random *r = rc->paper.d.r;
    int order[ITEMS];
    picture_shuffle(r, order, rc->n);
    if (random_chance(r, 0.3))
        describe(rc);
    if (random_chance(r, 0.6))
        ask_shop(rc);
    ask_price(rc, order[0]);
    if (random_chance(r, 0.8))
        ask_total(rc);
    ask_price(rc, order[1]);
    if (random_chance(r, 0.4))
        ask_date(rc);
    if (random_chance(r, 0.4))
        ask_if_bought(rc);
    if (random_chance(r, 0.3))
        ask_dearest(rc);
    if (random_chance(r, 0.3))
        ask_items(rc);
    if (random_chance(r, 0.3))
        ask_json(rc);
}

bool picture_receipt(struct sample *s, struct random *r, enum sample_split split, struct err *err)
{
    struct receipt rc = {0};
    bool crops = random_chance(r, 0.75); /* without, only large print can be read */
    int width = crops ? random_between(r, 600, 700) : random_between(r, 820, 940);
    int height = crops ? random_between(r, 1500, 1900) : random_between(r, 900, 1000);
    rc.n = crops ? random_between(r, 4, ITEMS) : random_between(r, 3, 4);
    if (!paper_open(&rc.paper, s, r, split, crops, width, height, err))
        return false;
    choose(&rc, r, split);
    write_receipt(&rc);
    ask_all(&rc);
    return draw_close(&rc.paper.d, err);
}
