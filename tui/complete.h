/* Completion of slash commands, of their paths, and of option names. */
#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct completion {
    size_t start;      /* [start, cursor) of the line is replaced by text */
    struct str text;   /* as far as all candidates agree */
    struct str others; /* the candidates, if there are several */
};

/* False if there is nothing there that could be completed. Free with completion_done. */
bool complete_line(const char *line, size_t cursor, struct completion *c);
void completion_done(struct completion *c);

#endif
