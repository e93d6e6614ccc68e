/* Which model file is meant. */
#ifndef CHAT_RESOLVE_H
#define CHAT_RESOLVE_H

#include "base/err.h"

/* given: a path ("~/x" too), or the name of what lies in $XDG_DATA_HOME/facet/models; NULL for the
 * only model there. free() it.
 * NULL and an error that says where it looked and how to give one. */
char *model_resolve(const char *given, struct err *err);

#endif
