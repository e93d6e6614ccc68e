#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST = 48 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance where two neighbours swapped count once (optimal string alignment). */
static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    unsigned char d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= n_a; i++)
        d[i][0] = (unsigned char)i;
    for (size_t j = 0; j <= n_b; j++)
        d[0][j] = (unsigned char)j;
    for (size_t i = 1; i <= n_a; i++)
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            size_t best = least(change, least(d[i - 1][j], d[i][j - 1]) + 1u);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, d[i - 2][j - 2] + 1u);
            d[i][j] = (unsigned char)best;
        }
    return d[n_a][n_b];
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    size_t n_word = strlen(n->word), n_candidate = strlen(candidate);
    if (n_word == 0 || n_word > LONGEST || n_candidate > LONGEST)
        return;
    /* The beginning of a word is as good as one slip in it. */
    bool begins = n_word >= 3 && strncmp(candidate, n->word, n_word) == 0;
    size_t distance = begins ? 1 : edit_distance(n->word, n_word, candidate, n_candidate);
    if (distance > 1 + n_word / 4 || (n->best && distance >= n->distance))
        return;
    n->best = candidate;
    n->distance = distance;
}
