/* Which model file is meant, and where those are that ship with facet. */
#ifndef CHAT_RESOLVE_H
#define CHAT_RESOLVE_H

#include <stdbool.h>

#include "base/err.h"

/* given: a path ("~/x" too), or the name of what lies in $XDG_DATA_HOME/facet/models or ships; NULL
 * for the only model there, and where there is none the one that ships. free() it. NULL and an error
 * that says where it looked and how to give one. */
char *model_resolve(const char *given, struct err *err);

/* The small model that ships with facet, or the file of that name beside it
 * ("examples/shapes.png"): in models/ of the repository that the program was built in, or in
 * share/facet/models where it was installed or $XDG_DATA_DIRS says. free() it. NULL: not there. */
char *model_find_shipped(const char *name);
/* Whether the file is that model. */
bool model_is_shipped(const char *path);

#endif
