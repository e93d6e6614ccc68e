/* Verbs: what `facet WORD [WORD]` can do, one row each. Dispatch, --help and completion all read
 * these rows. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_SOME_FAILED = 3,
    EXIT_INTERRUPTED = 130,
};

/* The rows of options.def by number, in their order there. */
enum option_number {
#define OPTION(field, ...) OPTION_NUMBER_##field,
#include "chat/options.def"
#undef OPTION
    OPTION_NUMBER_COUNT,
};
#define TAKES(field) (UINT64_C(1) << OPTION_NUMBER_##field)
#define TAKES_SCREEN (TAKES(theme) | TAKES(mouse) | TAKES(notify) | TAKES(confidence))
#define TAKES_ALL    (((UINT64_C(1) << OPTION_NUMBER_COUNT) - 1) & ~TAKES_SCREEN)
#define TAKES_MODEL  (TAKES(model) | TAKES(mmproj) | TAKES(threads) | TAKES(vision_precision))

/* A flag of one verb alone. */
struct flag {
    const char *name;     /* "output" */
    char letter;          /* 0: none */
    const char *argument; /* NULL: takes none */
    const char *help;
};

struct args;

struct verb {
    const char *name;     /* "ask", "inspect tokens" */
    const char *operands; /* "[PROMPT]...", "" */
    const char *summary;  /* one line, no capital, no full stop */
    const char *details;  /* paragraphs for --help, or NULL */
    uint64_t options;     /* which rows of options.def it takes: TAKES(…) */
    const struct flag *flags;
    size_t n_flags;
    size_t min_operands, max_operands;
    bool forgives_configuration; /* runs in spite of a mistake in it: options.mistake */
    /* Returns an exit_code; what is in err then is printed, whatever the code. */
    int (*run)(struct args *args, struct err *err);
};

extern const struct verb *const verb_list[];
extern const size_t n_verbs;

/* The row for argv[0..n), and in *words how many of them name it; NULL and an error if there is
 * none. */
const struct verb *verb_find(char *const *argv, size_t n, size_t *words, struct err *err);

#endif
