/* `facet batch`: many pictures, or lines of questions, one JSON record each. */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli/verb.h"

extern const struct verb verb_batch;

#endif
