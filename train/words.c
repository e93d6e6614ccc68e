#include "train/words.h"

#include <ctype.h>
#include <string.h>

#include "train/words_list.h"

bool word_held_out(const char *word)
{
    uint64_t sum = 0;
    for (; *word; word++)
        sum = sum * 131 + (uint64_t)tolower((unsigned char)*word);
    struct random r = random_of(10, sum);
    return random_below(&r, 10) == 0;
}

static char any_of(struct random *r, const char *letters)
{
    return letters[random_below(r, (uint32_t)strlen(letters))];
}

/* Syllables of an opening, a vowel and at times a close. */
static void sounding(struct random *r, char word[WORD_BYTES])
{
    static const char *const openings[] = {
        "b", "c", "d", "f",  "g",  "h",  "j",  "k",  "l",  "m",  "n",  "p",  "r",  "s",  "t",
        "v", "w", "z", "br", "cl", "dr", "fl", "gr", "pl", "qu", "sh", "st", "th", "tr", "y"};
    int length = random_between(r, 3, 8);
    char made[24] = "";
    while ((int)strlen(made) < length) {
        size_t n = strlen(made);
        if (n > 0 || random_chance(r, 0.8))
            strcat(made, openings[random_below(r, sizeof openings / sizeof *openings)]);
        n = strlen(made);
        made[n++] = any_of(r, "aaeeiioouy");
        if (random_chance(r, 0.4))
            made[n++] = any_of(r, "bdgklmnprstxz");
        made[n] = 0;
    }
    made[length] = 0;
    strcpy(word, made);
}

static void letters(struct random *r, char word[WORD_BYTES])
{
    int n = random_between(r, 2, 6);
    for (int i = 0; i < n; i++)
        word[i] = (char)('a' + random_below(r, 26));
    word[n] = 0;
}

void word_ordinary(struct random *r, enum sample_split split, char word[WORD_BYTES])
{
    do
        strcpy(word, word_list[random_below(r, sizeof word_list / sizeof *word_list)]);
    while (word_held_out(word) != (split == SPLIT_TEST));
}

void word_any(struct random *r, enum sample_split split, char word[WORD_BYTES])
{
    double kind = random_unit(r);
    if (kind < 0.45) {
        word_ordinary(r, split, word);
        return;
    }
    do
        (kind < 0.9 ? sounding : letters)(r, word);
    while (word_held_out(word) != (split == SPLIT_TEST));
}

void word_case(struct random *r, char word[WORD_BYTES])
{
    int way = random_between(r, 0, 2);
    for (size_t i = 0; word[i]; i++)
        if (way == 1 || (way == 2 && i == 0))
            word[i] = (char)toupper((unsigned char)word[i]);
}
