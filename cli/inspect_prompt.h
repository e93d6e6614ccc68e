/* `facet inspect prompt`, and --dry-run: the exact prompt, its token counts, the crops. */
#ifndef CLI_INSPECT_PROMPT_H
#define CLI_INSPECT_PROMPT_H

#include "cli/verb.h"

extern const struct verb verb_inspect_prompt;

/* Takes the arguments of `ask`. Returns an exit_code. */
int inspect_prompt(struct args *args, struct err *err);

#endif
