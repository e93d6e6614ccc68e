#include "chat/nearest.h"

#include <string.h>

enum { MAX_NAME = 32 }; /* longer than any name that could be meant */

struct nearest nearest_start(const char *given)
{
    /* More than a third of it wrong, or more than three letters, is another word. */
    size_t far = strlen(given) / 3 + 2;
    return (struct nearest){given, NULL, far < 4 ? far : 4};
}

/* Edits (insert, drop, replace) between a and b, both at most MAX_NAME long. */
static size_t edits(const char *a, const char *b)
{
    size_t n = strlen(b), row[MAX_NAME + 1];
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

void nearest_try(struct nearest *n, const char *name)
{
    if (strlen(n->given) > MAX_NAME || strlen(name) > MAX_NAME)
        return;
    size_t distance = edits(n->given, name);
    if (distance < n->distance) {
        n->distance = distance;
        n->name = name;
    }
}
