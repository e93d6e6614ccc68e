/* "Did you mean …": the candidate that a mistyped word is nearest to. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word;
    const char *best; /* the nearest candidate so far; NULL if none is near enough to be meant */
    size_t distance;
};

/* Zero but for `word`, then offer every candidate; they are borrowed. */
void nearest_offer(struct nearest *n, const char *candidate);

#endif
