/* Spelling and copying: how the pieces of the vocabulary hang together with letters, which whoever
 * reads words in pictures has to know. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "train/talk.h"
#include "train/words.h"

static const char skill[] = "letters";

/* A word in any case, at times with digits: a code. */
static void pick_word(struct talk *t, char word[WORD_BYTES])
{
    word_any(t->r, t->split, word);
    if (random_chance(t->r, 0.4))
        word_case(t->r, word);
    size_t n = strlen(word);
    for (size_t i = 0; random_chance(t->r, 0.1) && i < 3 && n + 1 < WORD_BYTES; i++) {
        word[n++] = (char)('0' + random_below(t->r, 10));
        word[n] = 0;
    }
}

static char *spelled(const char *word, const char *between)
{
    struct str s = {0};
    for (size_t i = 0; word[i]; i++) {
        str_puts(&s, i ? between : "");
        str_putc(&s, word[i]);
    }
    return str_take(&s);
}

static void join(struct talk *t)
{
    static const char *const between[] = {" ", " ", ", ", "-", " - "};
    char word[WORD_BYTES];
    pick_word(t, word);
    char *letters = spelled(word, TALK_ONE_OF(t, between));
    talk_add(t, skill,
             say(t->r,
                 "[Join|Combine|Put together] [the letters|these letters|these][:|] $1|"
                 "What word [is this|do these letters make|is spelled]: $1[?|]|"
                 "Which word is spelled $1?|Write as one word: $1|$1 - what word is that?",
                 letters),
             mem_copy(word), word);
    free(letters);
}

static void spell(struct talk *t)
{
    char word[WORD_BYTES];
    pick_word(t, word);
    char *letters = spelled(word, " ");
    talk_add(t, skill,
             say(t->r,
                 "[Spell|Spell out|Please spell|Can you spell] $1|How [do you spell|is] $1"
                 "[?| spelled?]|What are the letters of $1?|[Write|Give] the letters of $1[.|]|"
                 "Spell the word \"$1\".",
                 word),
             mem_copy(letters), letters);
    free(letters);
}

static void change_case(struct talk *t)
{
    char word[WORD_BYTES], changed[WORD_BYTES];
    bool upper = random_chance(t->r, 0.5);
    pick_word(t, word);
    for (size_t i = 0; i < WORD_BYTES; i++)
        changed[i] =
            (char)(upper ? toupper((unsigned char)word[i]) : tolower((unsigned char)word[i]));
    talk_add(t, skill,
             upper ? say(t->r,
                         "[Write|Put] $1 in [capitals|capital letters|upper case|uppercase][.|]|"
                         "$1 in upper case[?|]|Make $1 upper case.",
                         word)
                   : say(t->r,
                         "[Write|Put] $1 in [small letters|lower case|lowercase][.|]|"
                         "$1 in lower case[?|]|Make $1 lower case.",
                         word),
             mem_copy(changed), changed);
}

static void one_letter(struct talk *t)
{
    static const char *const places[] = {"first", "second", "third", "fourth"};
    char word[WORD_BYTES], letter[2] = "";
    pick_word(t, word);
    size_t n = strlen(word), i = random_below(t->r, (uint32_t)(n < 4 ? n : 4));
    bool last = random_chance(t->r, 0.3);
    letter[0] = last ? word[n - 1] : word[i];
    const char *place = last ? "last" : places[i];
    talk_add(
        t, skill,
        say(t->r,
            "What is the $1 letter of $2?|Which letter [is|comes] $1 in $2?|$1 letter of $2[?|]|"
            "Tell me the $1 letter of \"$2\".|What letter does $2 "
            "[have in the $1 place|have as its $1 one]?",
            place, word),
        say(t->r, "$1|$1|The $2 letter of $3 is $1.", letter, place, word), letter);
}

static void count_letters(struct talk *t)
{
    char word[WORD_BYTES];
    pick_word(t, word);
    char *letters = spelled(word, " ");
    const char *n = talk_number(t, (int)strlen(word));
    talk_add(t, skill,
             say(t->r,
                 "How many [letters|characters] [does $1 have|are in $1|has the word $1]?|"
                 "Count the letters [of|in] $1[.|]|How long is the word $1?",
                 word),
             say(t->r, "$1 has $2: $3.", word, n, letters), n);
    free(letters);
}

static void has_letter(struct talk *t)
{
    char word[WORD_BYTES], letter[2] = "";
    word_any(t->r, t->split, word);
    letter[0] = random_chance(t->r, 0.5) ? word[random_below(t->r, (uint32_t)strlen(word))]
                                         : (char)('a' + random_below(t->r, 26));
    bool has = strchr(word, letter[0]);
    char *letters = spelled(word, " ");
    talk_add(t, skill,
             say(t->r,
                 "Is there [a|the letter] $1 in $2?|Does $2 have [a|the letter] $1?|"
                 "Does the word $2 contain $1?",
                 letter, word),
             say(t->r, has ? "Yes: $1.|Yes, $2 is spelled $1." : "No: $1.|No, $2 is spelled $1.",
                 letters, word),
             has ? "yes" : "no");
    free(letters);
}

static void backwards(struct talk *t)
{
    char word[WORD_BYTES], back[WORD_BYTES] = "";
    pick_word(t, word);
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++)
        back[i] = word[n - 1 - i];
    talk_add(t, skill,
             say(t->r,
                 "[Write|Say|Spell] $1 backwards[.|]|What is $1 backwards?|"
                 "Reverse [the word |]$1[.|]",
                 word),
             mem_copy(back), back);
}

/* Words, numbers, prices, codes: what stands on signs and labels. */
static void put_line(struct talk *t, struct str *line)
{
    int n = random_between(t->r, 1, 5);
    for (int i = 0; i < n; i++) {
        char word[WORD_BYTES];
        str_puts(line, i ? " " : "");
        switch (random_below(t->r, 6)) {
        case 0:
            str_printf(line, "%d", random_between(t->r, 0, 9999));
            break;
        case 1:
            str_printf(line, "$%d.%02d", random_between(t->r, 0, 99), random_between(t->r, 0, 99));
            break;
        case 2:
            str_printf(line, "%d:%02d", random_between(t->r, 0, 23), random_between(t->r, 0, 59));
            break;
        default:
            pick_word(t, word);
            str_puts(line, word);
        }
    }
}

static void repeat(struct talk *t)
{
    struct str line = {0};
    put_line(t, &line);
    char *text = str_take(&line);
    talk_add(t, skill,
             say(t->r,
                 "[Repeat|Say|Write|Copy|Echo][ this| exactly|][:|] $1|"
                 "[Say|Repeat] after me: $1|Please write \"$1\"",
                 text),
             mem_copy(text), text);
    free(text);
}

static void count_words(struct talk *t)
{
    struct str line = {0};
    int n = random_between(t->r, 1, 6);
    for (int i = 0; i < n; i++) {
        char word[WORD_BYTES];
        word_any(t->r, t->split, word);
        str_printf(&line, "%s%s", i ? " " : "", word);
    }
    char *words = str_take(&line);
    const char *number = talk_number(t, n);
    talk_add(t, skill,
             say(t->r, "How many words are [these|there]: $1[?|]|Count the words: $1", words),
             mem_copy(number), number);
    free(words);
}

/* The words of the text in another order of the alphabet: the first of it, or the last. */
static void first_of(struct talk *t)
{
    char a[WORD_BYTES], b[WORD_BYTES];
    word_ordinary(t->r, t->split, a);
    do
        word_ordinary(t->r, t->split, b);
    while (strcmp(a, b) == 0);
    const char *first = strcmp(a, b) < 0 ? a : b;
    talk_add(t, skill,
             say(t->r,
                 "Which comes first in [the alphabet|a dictionary], $1 or $2?|"
                 "Is $1 before or after $2 in a dictionary? Name the first one.",
                 a, b),
             say(t->r, "$1[ comes first|].", first), first);
}

void talk_letters(struct talk *t)
{
    static void (*const all[])(struct talk * t) = {
        join,       join,      join,        spell,       spell,      spell,
        repeat,     repeat,    change_case, change_case, one_letter, count_letters,
        has_letter, backwards, count_words, first_of};
    all[random_below(t->r, sizeof all / sizeof *all)](t);
}
