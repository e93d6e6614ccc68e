/* Which tokens may be drawn where an answer must follow a grammar: facet_grammar is the grammar
 * with the vocabulary, a constraint is where one answer has come to in it. */
#ifndef ENGINE_CONSTRAINT_H
#define ENGINE_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"

struct constraint;

/* Behind text[n], which must be the beginning of what the grammar takes. The grammar lives longer.
 */
struct constraint *constraint_new(const struct facet_grammar *grammar, const char *text, size_t n,
                                  struct err *err);
void constraint_free(struct constraint *c);

/* Whether the token may come next; those that end an answer, where the text is complete. */
bool constraint_allows(struct constraint *c, int32_t id);
/* The same for all tokens: bit id % 64 of the id / 64-th number. Borrowed until the next call. */
const uint64_t *constraint_allowed(struct constraint *c);
/* Goes on behind the token, which is allowed. */
void constraint_take(struct constraint *c, int32_t id);
/* True if there was too much to keep apart: answers before may be wrong. */
bool constraint_failed(const struct constraint *c, struct err *err);

#endif
