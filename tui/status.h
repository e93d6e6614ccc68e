/* The status line, and the line that says how far a wait is. */
#ifndef TUI_STATUS_H
#define TUI_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "tui/surface.h"
#include "tui/theme.h"

struct status {
    const char *model;      /* NULL: still being opened */
    size_t used, total;     /* context positions; total 0: not known */
    size_t images;          /* those of pictures among the used */
    size_t resident_bytes;  /* memory; 0: not known */
    double tokens_a_second; /* 0: not known */
    const char *hint;       /* keys that work now */
    bool urgent;            /* the hint comes before all but the model */
};

void status_draw(const struct status *status, const struct theme *theme, struct surface *s,
                 struct rect where);

struct progress {
    struct str what; /* "looking at scan.png" */
    size_t done, total;
    double seconds_left; /* < 0: not known */
};

void progress_draw(const struct progress *p, const struct theme *theme, struct surface *s,
                   struct rect where);

/* "131,072" */
void status_count(struct str *out, size_t n);

#endif
