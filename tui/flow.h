/* Text in rows: light Markdown, wrapped by cells. Rows and runs point into the text, which the
 * caller keeps; a growing text is laid out again from its last line on only. */
#ifndef TUI_FLOW_H
#define TUI_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOOK_BOLD = 1,
    LOOK_ITALIC = 2,
    LOOK_CODE = 4,
    LOOK_HEADING = 8,
    LOOK_MUTED = 16,
};

enum flow_mark { MARK_NONE, MARK_BULLET, MARK_QUOTE, MARK_CODE, MARK_RULE };

/* Bytes [start, end) of the text, and how they look. */
struct flow_run {
    size_t start, end;
    uint8_t look;
};

struct flow_row {
    size_t first_run, n_runs;
    size_t start; /* where in the text it begins */
    int indent;   /* cells before its first run */
    enum flow_mark
        mark; /* drawn in the two cells before the indent's end; MARK_RULE: over the row */
};

struct flow_list {
    struct flow_run *list;
    size_t n, cap;
};

/* Zero to start. */
struct flow {
    struct flow_row *rows;
    size_t n_rows, cap_rows;
    struct flow_list runs;
    struct flow_list line; /* of the source line being laid out */
    /* The state behind the last source line that is complete. */
    struct flow_point {
        size_t offset, n_rows, n_runs;
        bool in_fence;
    } done;
};

struct flow_format {
    int width;     /* cells */
    bool markdown; /* else: as it stands */
    bool growing;  /* more will follow: emphasis still open counts as meant */
};

void flow_done(struct flow *f);
/* Forgets all rows: for another width, or when the text did not just grow. */
void flow_reset(struct flow *f);
/* Brings the rows up to text[0..n), which begins with what it was at the last call. */
void flow_update(struct flow *f, const char *text, size_t n, const struct flow_format *format);

#endif
