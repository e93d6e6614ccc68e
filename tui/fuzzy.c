#include "tui/fuzzy.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <wctype.h>

#include "base/utf8.h"

enum { SCORE_SCATTERED = 1, SCORE_INSIDE = 4, SCORE_WORD = 16, SCORE_START = 64 };

/* The next character in lower case; 0 at the end. */
static wint_t next_folded(const char **s, const char *end)
{
    uint32_t cp;
    if (*s >= end)
        return 0;
    *s += utf8_next(*s, (size_t)(end - *s), &cp, NULL);
    return towlower((wint_t)cp);
}

static bool starts_with(const char *text, const char *text_end, const char *word,
                        const char *word_end)
{
    while (word < word_end)
        if (next_folded(&text, text_end) != next_folded(&word, word_end))
            return false;
    return true;
}

static bool has_scattered(const char *text, const char *text_end, const char *word,
                          const char *word_end)
{
    wint_t wanted = next_folded(&word, word_end);
    while (wanted && text < text_end)
        if (next_folded(&text, text_end) == wanted)
            wanted = next_folded(&word, word_end);
    return !wanted;
}

static int score_word(const char *text, const char *text_end, const char *word,
                      const char *word_end)
{
    bool inside = false, behind_letter = false;
    for (const char *at = text; at < text_end;) {
        bool here = starts_with(at, text_end, word, word_end);
        if (here && !behind_letter)
            return at == text ? SCORE_START : SCORE_WORD;
        inside |= here;
        behind_letter = iswalnum(next_folded(&at, text_end)) != 0;
    }
    return inside                                           ? SCORE_INSIDE
           : has_scattered(text, text_end, word, word_end) ? SCORE_SCATTERED
                                                           : 0;
}

int fuzzy_score(const char *text, const char *wanted)
{
    const char *text_end = text + strlen(text);
    int sum = 1;
    while (*(wanted += strspn(wanted, " "))) {
        const char *word_end = wanted + strcspn(wanted, " ");
        int score = score_word(text, text_end, wanted, word_end);
        if (!score)
            return 0;
        sum += score;
        wanted = word_end;
    }
    return sum;
}
