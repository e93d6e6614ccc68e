/* Numbers as JSON writes them, between whole bounds, and never long: models that are held to
 * numbers may not find their end. */
#ifndef ENGINE_NUMERAL_H
#define ENGINE_NUMERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/grammar.h"

/* The most that an integer can be; a double holds it. */
#define NUMERAL_LAST INT64_C(999999999999999)

struct numeral_range {
    int64_t low, high;        /* within ± NUMERAL_LAST */
    bool low_open, high_open; /* the bound itself is not in it */
};

/* GRAMMAR_NEVER if nothing lies there. */
uint32_t numeral_integer(struct grammar *g, const struct numeral_range *range, uint32_t next);
/* With a fraction or without, which has up to 16 digits. */
uint32_t numeral_fraction(struct grammar *g, const struct numeral_range *range, uint32_t next);
/* Any number: up to 15 digits, a fraction of up to 16, an exponent of up to 2, as may be. */
uint32_t numeral_any(struct grammar *g, uint32_t next);

#endif
