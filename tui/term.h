/* The terminal: the only part that knows curses. One at a time, on the thread that opened it. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tui/surface.h"

struct term;

enum term_event_kind {
    TERM_NOTHING,
    TERM_KEY,
    TERM_PASTE,   /* text: as pasted, with \n at line ends; borrowed until the next term_next */
    TERM_RESIZED,
    TERM_SUSPEND, /* somebody asked the process to stop: call term_suspend */
    TERM_QUIT,    /* the terminal is gone, or the process was told to end */
};

struct term_event {
    enum term_event_kind kind;
    uint32_t key; /* keys.h */
    const char *text;
    size_t n_bytes;
};

/* Takes standard input and output over; sets the locale, with a UTF-8 one in any case. From here on a
 * crash, too, leaves the terminal as it was. Start no thread before: they inherit the signal setup. */
struct term *term_open(struct err *err);
/* Gives the terminal back. */
void term_close(struct term *t);

int term_colors(const struct term *t);
void term_size(const struct term *t, int *rows, int *cols);

/* Waits until there is something to read from the terminal or from `fd` (-1: none), at most timeout_ms
 * (< 0: for ever). */
void term_wait(struct term *t, int fd, int timeout_ms);
/* What came from the terminal; never waits but for the rest of a paste. */
struct term_event term_next(struct term *t);

/* Brings the terminal up to the surface: only what differs is sent. */
void term_show(struct term *t, const struct surface *s);
/* The next term_show sends everything. */
void term_forget(struct term *t);
/* Stops the process as Ctrl-Z does, and comes back. */
void term_suspend(struct term *t);

#endif
