/* Where text goes outside the full screen.
 *
 * To a terminal it goes without control codes (a model, a file name or a record may hold any):
 * newline and tab stay, other control characters become ^X or U+FFFD, so do the marks that turn
 * text around. Into a pipe or a file it goes byte for byte. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/str.h"
#include "cli/interrupt.h"

/* Appends text[0..n) as a terminal may be given it. */
void out_clean(struct str *clean, const char *text, size_t n);

bool out_is_terminal(void);

/* Writes to a stream, cleaned if it is a terminal. */
void out_print(FILE *stream, const char *text, size_t n);

/* Standard output for an answer as it comes: unbuffered, with Ctrl-C noticed while the reader is
 * slow. */
struct out {
    bool terminal;
    bool closed;   /* nobody reads any more (or an error: see errno_was); what follows is dropped */
    int errno_was; /* 0, EPIPE, ENOSPC, … */
    bool line_open;              /* the last byte written was not a newline */
    struct interrupt *interrupt; /* NULL: none to watch */
};
void out_init(struct out *out, struct interrupt *interrupt);
/* False if not all of it was written: closed, or Ctrl-C is waiting. */
bool out_write(struct out *out, const char *text, size_t n);
/* A newline, if one is missing. */
void out_end_line(struct out *out);
/* False, with the error, if writing failed for another reason than a closed pipe. */
bool out_check(const struct out *out, struct err *err);

#endif
