/* `facet inspect model`: shapes, types, memory. */
#ifndef CLI_INSPECT_MODEL_H
#define CLI_INSPECT_MODEL_H

#include "cli/verb.h"

extern const struct verb verb_inspect_model;

#endif
