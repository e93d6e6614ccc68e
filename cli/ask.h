/* `facet ask`: one question, one answer on standard output. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/verb.h"

extern const struct verb verb_ask;

#endif
