/* Reads bytes along a grammar (grammar.h): which may follow, and whether the text may end here.
 *
 * A grammar may be in several of its states at once, each with a stack of rules to return to. What
 * bytes read so far come to is a *place*, a number; the same states with the same stacks are the
 * same place, and what a byte makes of a place is worked out once. So trying costs a look-up a
 * byte, nothing needs to be undone, and a place is copied as a number. */
#ifndef ENGINE_MATCHER_H
#define ENGINE_MATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/grammar.h"

struct matcher;

/* That has been finished, is not empty, and lives longer. */
struct matcher *matcher_new(const struct grammar *g, struct err *err);
void matcher_free(struct matcher *m);

enum { PLACE_NONE }; /* where what was read cannot be the beginning of anything */
uint32_t matcher_start(struct matcher *m);
/* Behind n more bytes. */
uint32_t matcher_read(struct matcher *m, uint32_t place, const char *bytes, size_t n);
bool matcher_may_end(const struct matcher *m, uint32_t place);

/* True if memory was short, or there was too much to keep apart: places since then may be
 * PLACE_NONE wrongly. */
bool matcher_failed(const struct matcher *m, struct err *err);

#endif
