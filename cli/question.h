/* What `facet ask` asks, from standard input, the prompt arguments and --image. */
#ifndef CLI_QUESTION_H
#define CLI_QUESTION_H

#include "base/err.h"
#include "chat/message.h"
#include "cli/args.h"

/* Fills an empty message of the user: standard input first (when it is not a terminal, or "-"
 * stands among the prompt arguments; not when it is a picture: `-i -`), then the prompt arguments.
 * Pictures are read and decoded here, so that a broken one fails before a model is opened. Returns
 * EXIT_DONE, EXIT_FAILED or EXIT_USAGE. */
int question_read(struct message *out, const struct args *args, struct err *err);

#endif
