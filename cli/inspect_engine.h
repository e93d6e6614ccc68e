/* `facet inspect embed`, `patches`, `logits`, `greedy`: the numbers that come out of the engine. */
#ifndef CLI_INSPECT_ENGINE_H
#define CLI_INSPECT_ENGINE_H

#include "cli/verb.h"

extern const struct verb verb_inspect_embed, verb_inspect_patches, verb_inspect_logits,
    verb_inspect_greedy;

#endif
