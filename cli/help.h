/* `facet help`, `--help` of every verb, `facet version`: all made from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/verb.h"

extern const struct verb verb_help, verb_version;

#define FACET_VERSION "0.1.0"

void help_overview(FILE *stream);
void help_verb(FILE *stream, const struct verb *verb);

#endif
