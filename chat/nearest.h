/* "Did you mean …": the nearest of some names to what was typed. */
#ifndef CHAT_NEAREST_H
#define CHAT_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *given; /* borrowed */
    const char *name;  /* the best so far, borrowed; NULL while none is near enough */
    size_t distance;
};

struct nearest nearest_start(const char *given);
void nearest_try(struct nearest *n, const char *name);

#endif
