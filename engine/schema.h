/* JSON Schema to grammar: the texts that it takes are JSON that the schema allows, in one form: no
 * space but at most one behind ',' and ':', members in the order of "properties", strings in UTF-8
 * with no escapes but those that must be, numbers of bounded length. libfacet(3) lists the
 * keywords; any other is an error. */
#ifndef ENGINE_SCHEMA_H
#define ENGINE_SCHEMA_H

#include <stdbool.h>

#include "base/err.h"
#include "engine/grammar.h"

/* Into a grammar that is new; it is finished then. The error names the place in the schema:
 * "#/properties/total: …". */
bool schema_compile(struct grammar *g, const char *text, struct err *err);

#endif
