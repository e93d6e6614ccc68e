/* What the files of tui/term share: term opens and closes the terminal, term_ask asks it what it
 * can, term_keys reads it, term_show draws on it. Nobody else includes this, or curses. */
#ifndef TUI_TERM_STATE_H
#define TUI_TERM_STATE_H

#include <curses.h>

#include "base/str.h"
#include "tui/color.h"
#include "tui/term.h"

enum { ESCAPE_DELAY_MS = 25, EARLY_EVENTS = 16 };

struct terminal {
    SCREEN *screen;
    struct surface shown; /* what the terminal holds */
    bool all;             /* the next show sends everything */
    bool readable;        /* poll said so and nothing was read since */
    bool mouse;
    int signals;  /* read end of the pipe that signals write to */
    char held[4]; /* bytes of a character not yet complete */
    size_t n_held;
    struct str paste;
    WINDOW *keys;        /* a pad: reading from it leaves the screen alone */
    struct style ground; /* of cells that have no colours of their own */
    struct style pen;    /* what was last sent is drawn with */
    int at_row, at_col;  /* of the cursor; row -1: somewhere */
    int shows_cursor;    /* -1: who knows */
    bool rgb;            /* knows every colour */
    struct str out;
    enum pictures pictures;
    bool pictures_settled;  /* the terminal's answers change it no more */
    struct graphic graphic; /* what it shows; its image is gone */

    bool asking;             /* the questions' answers are awaited (term_ask.c) */
    int widths[GLYPH_KINDS]; /* of the samples */
    int n_widths;            /* that were told */
    struct term_event early[EARLY_EVENTS]; /* what came meanwhile */
    int n_early, next_early;
};

static const struct style plain = {COLOR_OWN, COLOR_OWN, 0};

/* term.c */
/* What curses does not know of, and the shell is not to be left with. */
void term_send_modes(const struct terminal *t, bool on);
/* Asks the system how large the terminal is; all is sent anew. */
void term_take_size(struct terminal *t);

/* term_keys.c */
/* Tells curses the sequences that it does not know. */
void term_define_keys(void);

/* term_ask.c */
/* Asks the terminal what it is and does, and waits a moment for what must be known before anything
 * is drawn. Keys that come meanwhile are kept. */
void term_ask(struct terminal *t);
/* Answers: where the cursor stands ("12;40"), and the one to the last question. */
void term_told_position(struct terminal *t, const char *text);
void term_told_last(struct terminal *t);

/* term_show.c */
void term_put_bytes(const char *bytes, size_t n);
void term_put_text(const char *bytes);
/* Sends what was put, and leaves the pen as the rest of the world wants it. */
void term_rest(struct terminal *t);
void term_hide_graphic(struct terminal *t);
/* Pixels of a cell; false if the terminal does not tell. */
bool term_cell_pixels(int *width, int *height);

#endif
