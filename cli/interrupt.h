/* Ctrl-C as something to wait for, so that no handler and no global is needed.
 *
 * Open it before other threads start: they must inherit that SIGINT is blocked. The first one is
 * read from `fd`; after interrupt_let_kill the next one ends the process as usual, for a program
 * that hangs. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"

struct interrupt {
    int fd; /* readable when SIGINT came; for poll() */
    sigset_t before;
};

bool interrupt_open(struct interrupt *i, struct err *err);
void interrupt_close(struct interrupt *i);
/* True if one came since the last call; never waits. */
bool interrupt_came(struct interrupt *i);
/* Lets the next SIGINT end the process (true), or makes it wait in fd again (false). */
void interrupt_let_kill(bool kill);

#endif
