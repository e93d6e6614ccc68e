/* A few sentences, and a question about them. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "train/talk.h"

static const char skill[] = "reading";

enum { MOST_PEOPLE = 4 };

static const char *const things[] = {"ball", "hat",  "cup", "book", "car", "coat",
                                     "bag",  "bike", "pen", "kite", "box", "chair"};
static const char *const rooms[] = {"kitchen", "garden", "garage", "office",  "cellar",
                                    "school",  "park",   "shop",   "station", "library"};

/* n names, all different if there are so many. */
static void pick_names(struct talk *t, const char *names[MOST_PEOPLE], int n)
{
    for (int i = 0; i < n; i++) {
        bool again = true;
        for (int tries = 0; tries < 100 && again; tries++) {
            names[i] = talk_name(t);
            again = false;
            for (int j = 0; j < i; j++)
                again |= names[j] == names[i];
        }
    }
}

/* n different ones of a list. */
static void pick_all(struct talk *t, const char *const *list, size_t n_list,
                     const char *out[MOST_PEOPLE], int n)
{
    for (int i = 0; i < n; i++) {
        bool again;
        do {
            out[i] = list[random_below(t->r, (uint32_t)n_list)];
            again = false;
            for (int j = 0; j < i; j++)
                again |= out[j] == out[i];
        } while (again);
    }
}
#define PICK_ALL(t, list, out, n) pick_all(t, list, sizeof(list) / sizeof *(list), out, n)

/* Takes both; the text comes first, or what it is asked for. */
static void ask(struct talk *t, char *text, char *question, const char *answer)
{
    talk_add(t, skill, say(t->r, "$1 $2|$1\n$2|$1\n\n$2", text, question), say(t->r, "$1.", answer),
             answer);
    free(text);
    free(question);
}

static void who_has(struct talk *t)
{
    int n = random_between(t->r, 2, MOST_PEOPLE);
    const char *names[MOST_PEOPLE], *owned[MOST_PEOPLE], *colours[MOST_PEOPLE];
    struct str text = {0};
    pick_names(t, names, n);
    PICK_ALL(t, things, owned, n);
    for (int i = 0; i < n; i++) {
        colours[i] = talk_colour(t);
        str_printf(&text, "%s%s has %s %s %s.", i ? " " : "", names[i],
                   colours[i][0] == 'o' ? "an" : "a", colours[i], owned[i]);
    }
    uint32_t i = random_below(t->r, (uint32_t)n);
    switch (random_below(t->r, 3)) {
    case 0:
        ask(t, str_take(&text), say(t->r, "Who has [the|a] $1?|Whose is the $1?", owned[i]),
            names[i]);
        break;
    case 1:
        ask(t, str_take(&text), say(t->r, "What does $1 have?|What has $1?", names[i]), owned[i]);
        break;
    default:
        ask(t, str_take(&text),
            say(t->r, "[What|Which] colour is the $1?|[What|Which] colour is $2's $1?", owned[i],
                names[i]),
            colours[i]);
    }
}

static void where_is(struct talk *t)
{
    int n = random_between(t->r, 2, MOST_PEOPLE);
    const char *names[MOST_PEOPLE], *places[MOST_PEOPLE];
    struct str text = {0};
    pick_names(t, names, n);
    PICK_ALL(t, rooms, places, n);
    for (int i = 0; i < n; i++) {
        char *sentence = say(t->r, "$1 is in the $2.|$1 [sits|works|waits|sleeps] in the $2.",
                             names[i], places[i]);
        str_printf(&text, "%s%s", i ? " " : "", sentence);
        free(sentence);
    }
    uint32_t i = random_below(t->r, (uint32_t)n);
    if (random_chance(t->r, 0.5))
        ask(t, str_take(&text), say(t->r, "Where is $1?", names[i]), places[i]);
    else
        ask(t, str_take(&text), say(t->r, "Who is in the $1?", places[i]), names[i]);
}

static void what_costs(struct talk *t)
{
    int n = random_between(t->r, 2, MOST_PEOPLE);
    const char *goods[MOST_PEOPLE], *prices[MOST_PEOPLE];
    struct str text = {0};
    int price = 0;
    PICK_ALL(t, things, goods, n);
    for (int i = 0; i < n; i++) {
        price += random_between(t->r, 1, 9);
        prices[i] = talk_number(t, price);
    }
    for (int i = 0; i < n; i++)
        str_printf(&text, "%sA %s costs $%s.", i ? " " : "", goods[i], prices[i]);
    uint32_t i = random_below(t->r, (uint32_t)n);
    char *with_sign = say(t->r, "\\$$1", prices[i]);
    switch (random_below(t->r, 3)) {
    case 0:
        ask(t, str_take(&text), say(t->r, "How much is a $1?|What does a $1 cost?", goods[i]),
            with_sign);
        break;
    case 1:
        ask(t, str_take(&text), say(t->r, "What costs \\$$1?", prices[i]), goods[i]);
        break;
    default:
        ask(t, str_take(&text), say(t->r, "What is the cheapest thing?|What costs least?"),
            goods[0]);
    }
    free(with_sign);
}

static void how_old(struct talk *t)
{
    int n = random_between(t->r, 2, 3), age = random_between(t->r, 3, 20);
    const char *names[MOST_PEOPLE], *ages[MOST_PEOPLE];
    struct str text = {0};
    pick_names(t, names, n);
    for (int i = 0; i < n; i++) {
        ages[i] = talk_number(t, age);
        age += random_between(t->r, 1, 9);
    }
    bool turned = random_chance(t->r, 0.5); /* the youngest is named last */
    for (int i = 0; i < n; i++) {
        int k = turned ? n - 1 - i : i;
        str_printf(&text, "%s%s is %s years old.", i ? " " : "", names[k], ages[k]);
    }
    uint32_t i = random_below(t->r, (uint32_t)n);
    switch (random_below(t->r, 3)) {
    case 0:
        ask(t, str_take(&text), say(t->r, "How old is $1?", names[i]), ages[i]);
        break;
    case 1:
        ask(t, str_take(&text), say(t->r, "Who is the [oldest|eldest]?"), names[n - 1]);
        break;
    default:
        ask(t, str_take(&text), say(t->r, "Who is the youngest?"), names[0]);
    }
}

void talk_reading(struct talk *t)
{
    static void (*const all[])(struct talk * t) = {who_has, where_is, what_costs, how_old};
    all[random_below(t->r, sizeof all / sizeof *all)](t);
}
