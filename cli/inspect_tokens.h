/* `facet inspect tokens` and `detokenize`: text to ids and back. */
#ifndef CLI_INSPECT_TOKENS_H
#define CLI_INSPECT_TOKENS_H

#include "cli/verb.h"

extern const struct verb verb_inspect_tokens, verb_inspect_detokenize;

#endif
