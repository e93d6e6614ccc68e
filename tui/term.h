/* The terminal: the only part that knows curses. One at a time, on the thread that opened it. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tui/graphics.h"
#include "tui/surface.h"
#include "tui/theme.h"

struct terminal;

enum term_event_kind {
    TERM_NOTHING,
    TERM_KEY,
    TERM_PASTE, /* text: as pasted, with \n at line ends; borrowed until the next term_next */
    TERM_RESIZED,
    TERM_GRAPHICS,   /* the terminal told that it can show pictures */
    TERM_BACKGROUND, /* the terminal told how bright its background is */
    TERM_MOUSE,      /* row, col, wheel: 0 a press of the first button, else rows to scroll */
    TERM_FOCUS,      /* focused: the terminal's window has the keyboard */
    TERM_SUSPEND,    /* somebody asked the process to stop: call term_suspend */
    TERM_QUIT,       /* the terminal is gone, or the process was told to end */
};

struct term_event {
    enum term_event_kind kind;
    uint32_t key; /* keys.h */
    enum background background;
    int row, col, wheel;
    bool focused;
    const char *text;
    size_t n_bytes;
};

/* Takes standard input and output over; sets the locale, with a UTF-8 one in any case. From here on
 * a crash, on any thread, leaves the terminal as it was. */
struct terminal *term_open(struct err *err);
/* Gives the terminal back. */
void term_close(struct terminal *t);

/* Whether clicks and the wheel are reported; off to start. Shift leaves them to the terminal. */
void term_set_mouse(struct terminal *t, bool on);
/* Calls for attention: rings the bell, and where `text` is given shows it as the terminal shows
 * notices (OSC 9). */
void term_notify(struct terminal *t, const char *text);

/* How many it can show: 0, 8, 16, 256, or COLOR_RGB_FLAG: all. */
int term_colors(const struct terminal *t);
/* How it shows pictures, as far as is known; a surface may have a graphic with kitty and sixel. */
enum pictures term_pictures(const struct terminal *t);
void term_size(const struct terminal *t, int *rows, int *cols);

enum { TERM_WAIT_FDS = 4 };
/* Waits until there is something to read from the terminal or from one of fds[0..n), n at most
 * TERM_WAIT_FDS; at most so long (< 0: for ever). */
void term_wait(struct terminal *t, const int *fds, int n, int timeout_ms);
/* What came from the terminal; never waits but for the rest of a paste. */
struct term_event term_next(struct terminal *t);

/* What cells are drawn with that have no colours of their own: {-1, -1} leaves the terminal's.
 * Sends everything with the next term_show, if that is a change. */
void term_set_ground(struct terminal *t, struct style ground);
/* Brings the terminal up to the surface: only what differs is sent. Colours that it does not have
 * are shown as the nearest that it has. */
void term_show(struct terminal *t, const struct surface *s);
/* The next term_show sends everything. */
void term_forget(struct terminal *t);
/* Sends a sequence that draws nothing. */
void term_send(struct terminal *t, const char *bytes, size_t n);
/* Lends the terminal to another program, and takes it back. */
void term_leave(struct terminal *t);
void term_return(struct terminal *t);
/* Stops the process as Ctrl-Z does, and comes back. */
void term_suspend(struct terminal *t);

#endif
