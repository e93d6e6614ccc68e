/* `facet help`, `--help` of every verb, `facet version`: all made from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "base/version.h"
#include "cli/verb.h"

extern const struct verb verb_help, verb_version;

void help_overview(FILE *stream);
/* The verbs that begin with the word ("inspect"); false if there are none. */
bool help_group(FILE *stream, const char *word);
void help_verb(FILE *stream, const struct verb *verb);

#endif
