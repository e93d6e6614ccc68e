/* Numbers as JSON writes them, between bounds, and never long: models that are held to numbers may
 * not find their end. */
#ifndef ENGINE_NUMERAL_H
#define ENGINE_NUMERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/grammar.h"

/* The most that an integer can be; a double holds it. */
#define NUMERAL_LAST INT64_C(999999999999999)

enum { NUMERAL_MAX_DECIMALS = 3 };

struct numeral_range {
    int64_t low, high;        /* in units of the last of these decimals, within ± NUMERAL_LAST */
    bool low_open, high_open; /* the bound itself is not in it */
    unsigned decimals;        /* of the bounds, at most NUMERAL_MAX_DECIMALS */
};

/* Whole numbers; bounds without decimals. GRAMMAR_NEVER, as below, if nothing lies there. */
uint32_t numeral_integer(struct grammar *g, const struct numeral_range *range, uint32_t next);
/* Without a fraction, or with one of at least as many digits as the bounds have, at most 16. */
uint32_t numeral_fraction(struct grammar *g, const struct numeral_range *range, uint32_t next);
/* Any number: up to 15 digits, a fraction of up to 16, an exponent of up to 2, as may be. */
uint32_t numeral_any(struct grammar *g, uint32_t next);

#endif
