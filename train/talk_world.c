/* What every child knows: opposites, days, animals, capitals. */
#include <stdlib.h>

#include "base/mem.h"
#include "train/talk.h"

static const char skill[] = "world";

struct pair {
    const char *a, *b;
};

static const struct pair *pick(struct talk *t, const struct pair *pairs, size_t n)
{
    return &pairs[random_below(t->r, (uint32_t)n)];
}
#define PICK(t, pairs) pick(t, pairs, sizeof(pairs) / sizeof *(pairs))

static void opposite(struct talk *t)
{
    static const struct pair pairs[] = {
        {"large", "small"},  {"hot", "cold"},    {"old", "new"},        {"good", "bad"},
        {"up", "down"},      {"left", "right"},  {"day", "night"},      {"open", "closed"},
        {"long", "short"},   {"fast", "slow"},   {"light", "dark"},     {"full", "empty"},
        {"happy", "sad"},    {"first", "last"},  {"yes", "no"},         {"early", "late"},
        {"rich", "poor"},    {"strong", "weak"}, {"high", "low"},       {"near", "far"},
        {"wet", "dry"},      {"hard", "soft"},   {"inside", "outside"}, {"above", "below"},
        {"before", "after"}, {"on", "off"}};
    const struct pair *p = PICK(t, pairs);
    bool swap = random_chance(t->r, 0.5);
    const char *word = swap ? p->b : p->a, *other = swap ? p->a : p->b;
    talk_add(t, skill,
             say(t->r,
                 "What is the opposite of $1?|[The o|O]pposite of $1[?|]|"
                 "Which word means the opposite of \"$1\"?",
                 word),
             say(t->r, "$1.", other), other);
}

/* What follows in a list that everybody knows. */
static void next_of(struct talk *t)
{
    static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    bool day = random_chance(t->r, 0.5), after = random_chance(t->r, 0.6);
    const char *const *list = day ? days : months;
    uint32_t n = day ? 7 : 12, i = random_below(t->r, n);
    const char *end = list[(i + (after ? 1 : n - 1)) % n];
    talk_add(t, skill,
             say(t->r,
                 after ? "[What|Which] $2 [comes|is] after $1?|What comes after $1?"
                       : "[What|Which] $2 [comes|is] before $1?|What comes before $1?",
                 list[i], day ? "day" : "month"),
             say(t->r, "$1.", end), end);
}

static void all_of(struct talk *t)
{
    static const struct pair pairs[] = {
        {"days of the week", "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"},
        {"months", "January, February, March, April, May, June, July, August, September, "
                   "October, November, December"},
        {"seasons", "Spring, summer, autumn, winter"},
        {"vowels", "a, e, i, o, u"},
        {"primary colours", "Red, yellow, blue"},
        {"letters of the alphabet", "a b c d e f g h i j k l m n o p q r s t u v w x y z"}};
    const struct pair *p = PICK(t, pairs);
    talk_add(t, skill,
             say(t->r, "[Name|List|Tell me|What are] the $1[.|]|Which $1 are there?", p->a),
             say(t->r, "$1", p->b), p->b);
}

static void plural(struct talk *t)
{
    static const struct pair pairs[] = {
        {"cat", "cats"},     {"dog", "dogs"},    {"mouse", "mice"},    {"child", "children"},
        {"foot", "feet"},    {"tooth", "teeth"}, {"man", "men"},       {"woman", "women"},
        {"box", "boxes"},    {"city", "cities"}, {"leaf", "leaves"},   {"sheep", "sheep"},
        {"house", "houses"}, {"bus", "buses"},   {"berry", "berries"}, {"goose", "geese"},
        {"knife", "knives"}, {"key", "keys"},    {"star", "stars"},    {"fish", "fish"}};
    const struct pair *p = PICK(t, pairs);
    talk_add(t, skill, say(t->r, "What is the plural of $1?|One $1, two [what|...]?", p->a),
             say(t->r, "$1.", p->b), p->b);
}

static void colour_of(struct talk *t)
{
    static const struct pair pairs[] = {
        {"the sky", "blue"},    {"grass", "green"},      {"snow", "white"},
        {"a banana", "yellow"}, {"blood", "red"},        {"coal", "black"},
        {"a tomato", "red"},    {"a lemon", "yellow"},   {"milk", "white"},
        {"the sun", "yellow"},  {"a frog", "green"},     {"chocolate", "brown"},
        {"a carrot", "orange"}, {"a strawberry", "red"}, {"a leaf", "green"},
        {"the sea", "blue"}};
    const struct pair *p = PICK(t, pairs);
    talk_add(t, skill,
             say(t->r, "[What|Which] colour is $1?|What color is $1?|The colour of $1[?|]", p->a),
             say(t->r, "$1.", p->b), p->b);
}

static void animals(struct talk *t)
{
    static const struct pair sounds[] = {
        {"a dog", "barks"},  {"a cat", "meows"},    {"a cow", "moos"},
        {"a pig", "grunts"}, {"a duck", "quacks"},  {"a lion", "roars"},
        {"a bee", "buzzes"}, {"a horse", "neighs"}, {"a wolf", "howls"}};
    static const struct pair legs[] = {{"a dog", "4"},    {"a cat", "4"},   {"a bird", "2"},
                                       {"a spider", "8"}, {"a bee", "6"},   {"a horse", "4"},
                                       {"a person", "2"}, {"a snake", "0"}, {"a duck", "2"},
                                       {"an ant", "6"},   {"a cow", "4"}};
    const struct pair *p;
    if (random_chance(t->r, 0.5)) {
        p = PICK(t, sounds);
        talk_add(t, skill,
                 say(t->r, "What does $1 do with its voice?|Which sound does $1 make?", p->a),
                 say(t->r, "It $1.", p->b), p->b);
    } else {
        p = PICK(t, legs);
        talk_add(t, skill, say(t->r, "How many legs has $1?|How many legs does $1 have?", p->a),
                 mem_copy(p->b), p->b);
    }
}

static void capital(struct talk *t)
{
    static const struct pair pairs[] = {
        {"France", "Paris"},  {"Germany", "Berlin"}, {"Italy", "Rome"},
        {"Spain", "Madrid"},  {"Austria", "Vienna"}, {"Portugal", "Lisbon"},
        {"Norway", "Oslo"},   {"Greece", "Athens"},  {"Ireland", "Dublin"},
        {"Poland", "Warsaw"}, {"Japan", "Tokyo"},    {"Egypt", "Cairo"},
        {"Peru", "Lima"},     {"Kenya", "Nairobi"},  {"China", "Beijing"},
        {"Korea", "Seoul"},   {"Russia", "Moscow"},  {"Sweden", "Stockholm"},
        {"Cuba", "Havana"},   {"England", "London"}};
    const struct pair *p = PICK(t, pairs);
    if (random_chance(t->r, 0.7))
        talk_add(t, skill,
                 say(t->r,
                     "What is the capital of $1?|Capital of $1[?|]|Which is the capital of $1?",
                     p->a),
                 say(t->r, "$1.", p->b), p->b);
    else
        talk_add(t, skill, say(t->r, "$1 is the capital of which country?|Where is $1?", p->b),
                 say(t->r, "In $1.|$1.", p->a), p->a);
}

static void sort_of(struct talk *t)
{
    static const struct pair pairs[] = {
        {"red", "colour"},         {"blue", "colour"},  {"green", "colour"},
        {"seven", "number"},       {"three", "number"}, {"Monday", "day"},
        {"Friday", "day"},         {"May", "month"},    {"June", "month"},
        {"cat", "animal"},         {"horse", "animal"}, {"frog", "animal"},
        {"apple", "fruit"},        {"pear", "fruit"},   {"plum", "fruit"},
        {"circle", "shape"},       {"square", "shape"}, {"triangle", "shape"},
        {"Paris", "city"},         {"London", "city"},  {"chair", "thing to sit on"},
        {"car", "thing to drive"}, {"hammer", "tool"},  {"saw", "tool"}};
    const struct pair *p = PICK(t, pairs), *other = PICK(t, pairs);
    if (random_chance(t->r, 0.5)) {
        bool is = p->b == other->b || random_chance(t->r, 0.5);
        const char *of = is ? p->b : other->b;
        talk_add(t, skill, say(t->r, "Is $1 [a kind of|the name of a] $2?", p->a, of),
                 is ? say(t->r, "Yes.")
                    : say(t->r, "No, $1 is [a kind of|the name of a] $2.", p->a, p->b),
                 is ? "yes" : "no");
    } else {
        talk_add(t, skill,
                 say(t->r, "What [kind of thing |]is \"$1\"?|What does \"$1\" name?", p->a),
                 say(t->r, *p->b == 'a' ? "An $1." : "A $1.", p->b), p->b);
    }
}

static void sides(struct talk *t)
{
    static const struct pair pairs[] = {{"triangle", "3"}, {"square", "4"},    {"pentagon", "5"},
                                        {"hexagon", "6"},  {"rectangle", "4"}, {"octagon", "8"}};
    static const struct pair numbers[] = {
        {"days are in a week", "7"},        {"months are in a year", "12"},
        {"hours are in a day", "24"},       {"minutes are in an hour", "60"},
        {"seconds are in a minute", "60"},  {"fingers are on a hand", "5"},
        {"letters has the alphabet", "26"}, {"wheels has a car", "4"},
        {"wheels has a bicycle", "2"}};
    bool shape = random_chance(t->r, 0.5);
    const struct pair *p = shape ? PICK(t, pairs) : PICK(t, numbers);
    talk_add(t, skill,
             say(t->r,
                 shape
                     ? "How many [sides|corners] has a $1?|How many [sides|corners] does a $1 have?"
                     : "How many $1?",
                 p->a),
             mem_copy(p->b), p->b);
}

void talk_world(struct talk *t)
{
    static void (*const all[])(struct talk * t) = {opposite, next_of, all_of,  plural, colour_of,
                                                   animals,  capital, sort_of, sides};
    all[random_below(t->r, sizeof all / sizeof *all)](t);
}
