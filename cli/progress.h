/* One line of progress on standard error: redrawn in place on a terminal, a plain line now and then
 * in a log, nothing with --quiet. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    bool quiet, terminal;
    bool plain; /* a sentence every few seconds */
    bool shown;         /* the line stands on the screen */
    double next_s;      /* not drawn again before */
    const char *prefix; /* stands before the text, borrowed; NULL: nothing */
};

void progress_init(struct progress *p, bool quiet);
/* From now on a whole sentence every few seconds, terminal or not. */
void progress_make_plain(struct progress *p);
/* text (cleaned here), done of total (total 0: no share known), seconds left (< 0: not known). */
void progress_show(struct progress *p, const char *text, size_t done, size_t total, double left_s);
/* Takes the line away, before something else is written to the terminal. */
void progress_clear(struct progress *p);
/* A line that stays; not with --quiet. */
void progress_note(struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum { DURATION_BYTES = 32 };
/* "8 s", "2 min 05 s", "3 h 07 min". */
const char *duration_text(double seconds, char out[DURATION_BYTES]);
/* Seconds of a clock that only goes forward. */
double clock_s(void);

#endif
