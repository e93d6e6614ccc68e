/* Arguments of a verb: rows of options.def, the verb's own flags, operands.
 *
 * `--flag value`, `--flag=value`, `-m value`, `-mvalue`, bundled letters (`-qv`), flags and
 * operands in any order, `--` ends the flags, `-` is an operand. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "chat/options.h"
#include "cli/verb.h"

struct given {
    const struct flag *flag;
    const char *value; /* borrowed from argv; NULL for a flag without argument */
};

/* A row of options.def that a flag names. */
struct given_option {
    const struct option_row *row;
    const char *value;
};

struct args {
    const struct verb *verb;
    struct options options; /* defaults, configuration, environment, then the flags */
    struct given *given;    /* the verb's own flags, in their order */
    size_t n_given;
    struct given_option *given_options; /* of options.def, in their order */
    size_t n_given_options;
    const char **operands; /* borrowed from argv */
    size_t n_operands;
    bool help; /* --help was there: nothing else was looked at */
};

/* argv: what stands behind the verb's name, n of them. Every failure is a matter of usage. */
bool args_parse(struct args *args, const struct verb *verb, char *const *argv, size_t n,
                struct err *err);
void args_done(struct args *args);

/* A flag of the verb's own: was it there, its last value (NULL: not there), its i-th value (NULL:
 * past the last). */
bool args_has(const struct args *args, const char *flag);
const char *args_value(const struct args *args, const char *flag);
const char *args_nth(const struct args *args, const char *flag, size_t i);
/* The last value as a number from range[0] to range[1]; *out is left alone if it was not there. */
bool args_count(const struct args *args, const char *flag, const size_t range[2], size_t *out,
                struct err *err);

/* All operands with a space between them; free() it. */
char *args_joined(const struct args *args, size_t first);

#endif
