#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "train/talk.h"
#include "train/words.h"

static const char skill[] = "sums";

enum { MOST = 20 };

static const char *const number_words[MOST + 1] = {
    "zero",     "one",     "two",     "three",     "four",     "five",     "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};

/* Two numbers whose pair this split may have. */
static void pick_pair(struct talk *t, int most, int *a, int *b)
{
    char pair[24];
    do {
        *a = random_between(t->r, 0, most);
        *b = random_between(t->r, 0, most - *a);
        snprintf(pair, sizeof pair, "%d and %d", *a, *b);
    } while (word_held_out(pair) != (t->split == SPLIT_TEST));
}

static void add_up(struct talk *t)
{
    int a, b;
    pick_pair(t, MOST, &a, &b);
    const char *left = talk_number(t, a), *right = talk_number(t, b), *sum = talk_number(t, a + b);
    if (random_chance(t->r, 0.2)) {
        talk_add(t, skill,
                 say(t->r, "What is $1 [plus|and] $2?|$1 plus $2[?| is?]", number_words[a],
                     number_words[b]),
                 say(t->r, "$1.", number_words[a + b]), number_words[a + b]);
        return;
    }
    talk_add(t, skill,
             say(t->r,
                 "What is $1 [+|plus|and] $2?|$1 + $2[?| =| = ?]|$1+$2|Add $1 and $2.|"
                 "How much is $1 [+|plus] $2?|[Can you add|Please add] $1 and $2[?|]|"
                 "What do $1 and $2 make[ together|]?|Calculate $1 + $2.",
                 left, right),
             say(t->r, "$1 + $2 = $3|$1 + $2 = $3|$3", left, right, sum), sum);
}

static void take_away(struct talk *t)
{
    int a, b;
    pick_pair(t, MOST, &a, &b);
    const char *left = talk_number(t, a + b), *right = talk_number(t, b), *rest = talk_number(t, a);
    talk_add(t, skill,
             say(t->r,
                 "What is $1 [-|minus] $2?|$1 - $2[?| =| = ?]|$1-$2|Take $2 [away |]from $1.|"
                 "How much is $1 [-|minus] $2?|Subtract $2 from $1.|Calculate $1 - $2.",
                 left, right),
             say(t->r, "$1 - $2 = $3|$1 - $2 = $3|$3", left, right, rest), rest);
}

static void tell_story(struct talk *t)
{
    static const char *const things[] = {"apples", "books", "coins", "pens",  "eggs",   "cups",
                                         "stones", "cards", "nuts",  "balls", "stamps", "keys"};
    const char *thing = TALK_PICK(t, things);
    int a, b;
    do
        pick_pair(t, MOST, &a, &b);
    while (a < 2 || b < 2);
    bool more = random_chance(t->r, 0.5);
    const char *first = talk_number(t, more ? a : a + b), *second = talk_number(t, b),
               *end = talk_number(t, more ? a + b : a);
    talk_add(t, skill,
             say(t->r,
                 more ? "I have $1 $3 and [get|buy|find] $2 more. How many [are there|have I] now?|"
                        "There are $1 $3, and $2 [come|are put] to them. How many are there?"
                      : "I have $1 $3 and [lose|give away|sell] $2. How many are left?|"
                        "There are $1 $3, and $2 are taken away. How many are left?",
                 first, second, thing),
             say(t->r,
                 more ? "$1 + $2 = $3, so [there are|you have] $3 $4."
                      : "$1 - $2 = $3, so $3 $4 are left.",
                 first, second, end, thing),
             end);
}

static void compare(struct talk *t)
{
    int a = random_between(t->r, 0, 100), b;
    do
        b = random_between(t->r, 0, 100);
    while (a == b);
    bool larger = random_chance(t->r, 0.5);
    int found = (a > b) == larger ? a : b;
    const char *x = talk_number(t, a), *y = talk_number(t, b), *end = talk_number(t, found);
    talk_add(t, skill,
             larger
                 ? say(t->r,
                       "Which is [larger|bigger|greater|more], $1 or $2?|"
                       "What is [larger|more]: $1 or $2?",
                       x, y)
                 : say(t->r, "Which is [smaller|less], $1 or $2?|What is [smaller|less]: $1 or $2?",
                       x, y),
             say(t->r, larger ? "$1[ is larger|]." : "$1[ is smaller|].", end), end);
}

static void neighbour(struct talk *t)
{
    int n = random_between(t->r, 1, 99);
    bool after = random_chance(t->r, 0.5);
    const char *from = talk_number(t, n), *end = talk_number(t, after ? n + 1 : n - 1);
    talk_add(t, skill,
             after
                 ? say(t->r, "What [number |]comes after $1?|What is the number after $1?", from)
                 : say(t->r, "What [number |]comes before $1?|What is the number before $1?", from),
             mem_copy(end), end);
}

static void count_up(struct talk *t)
{
    int first = random_between(t->r, 0, 12), n = random_between(t->r, 3, 9);
    bool down = random_chance(t->r, 0.3);
    struct str list = {0};
    for (int i = 0; i < n; i++)
        str_printf(&list, "%s%d", i ? ", " : "", down ? first + n - 1 - i : first + i);
    const char *from = talk_number(t, down ? first + n - 1 : first),
               *to = talk_number(t, down ? first : first + n - 1);
    char *numbers = str_take(&list);
    talk_add(t, skill,
             say(t->r, "Count [up |]from $1 to $2.|Count from $1 to $2[, please|].", from, to),
             mem_copy(numbers), numbers);
    free(numbers);
}

static void odd_or_even(struct talk *t)
{
    int n = random_between(t->r, 0, 100);
    const char *number = talk_number(t, n), *kind = n % 2 ? "odd" : "even";
    talk_add(
        t, skill,
        say(t->r, "Is $1 [odd or even|even or odd]?|Is $1 an even number or an odd one?", number),
        say(t->r, "$1 is $2.", number, kind), kind);
}

static void in_words(struct talk *t)
{
    int n = random_between(t->r, 0, MOST);
    const char *number = talk_number(t, n);
    bool digits = random_chance(t->r, 0.5);
    talk_add(
        t, skill,
        digits ? say(t->r, "[Write|What is] $1 in digits[.|?|]", number_words[n])
               : say(t->r, "[Write|What is] $1 in words[.|?|]|How is $1 written in words?", number),
        mem_copy(digits ? number : number_words[n]), digits ? number : number_words[n]);
}

static void count_list(struct talk *t)
{
    int n = random_between(t->r, 2, 7);
    struct str list = {0};
    for (int i = 0; i < n; i++)
        str_printf(&list, "%s%s", i ? ", " : "", talk_animal(t));
    char *animals = str_take(&list);
    const char *number = talk_number(t, n);
    talk_add(t, skill,
             say(t->r, "How many animals are [these|named here]: $1[?|]|Count these: $1", animals),
             mem_copy(number), number);
    free(animals);
}

static void too_large(struct talk *t)
{
    const char *a = talk_number(t, random_between(t->r, 100, 9999)),
               *b = talk_number(t, random_between(t->r, 12, 999));
    talk_add(t, "limits",
             say(t->r,
                 "What is $1 [*|times|x|/|divided by] $2?|$1 [*|x|/] $2[ =|?|]|"
                 "Multiply $1 by $2.|What is the square root of $1?|"
                 "Solve the equation $1x = $2.",
                 a, b),
             mem_copy("That is too hard for me: I only add and subtract small numbers."),
             "too hard");
}

void talk_sums(struct talk *t)
{
    static void (*const all[])(struct talk * t) = {add_up,      add_up,   take_away,  take_away,
                                                   tell_story,  compare,  neighbour,  count_up,
                                                   odd_or_even, in_words, count_list, too_large};
    all[random_below(t->r, sizeof all / sizeof *all)](t);
}
