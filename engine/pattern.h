/* Regular expressions as JSON Schema's "pattern" has them (ECMA 262), of which these are
 * understood: characters, . and classes, \d \w \s \D \W \S, \n and its like, \xHH, \uHHHH, groups,
 * |, ? * + {m} {m,} {m,n}, ^ at the beginning and $ at the end. */
#ifndef ENGINE_PATTERN_H
#define ENGINE_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/grammar.h"

enum { PATTERN_MAX_BYTES = 1000, PATTERN_MAX_COUNT = 1000 };

/* What is written between the quotes of a JSON string that the pattern is found in, then `next`.
 * False and what is not understood. */
bool pattern_write(struct grammar *g, const char *pattern, uint32_t next, uint32_t *start,
                   struct err *err);

#endif
