/* `facet completion bash|zsh|fish`: a script made from the tables. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "cli/verb.h"

extern const struct verb verb_completion;

#endif
