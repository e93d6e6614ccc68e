/* Styled text in rows, wrapped by cells. Runs point into a text that the caller keeps. */
#ifndef TUI_FLOW_H
#define TUI_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes [start, end) of the text, and how they look. */
struct flow_run {
    size_t start, end;
    uint8_t tone, attrs; /* enum tone; ATTR_… on top of the tone's own */
};

struct flow_runs {
    struct flow_run *list;
    size_t n, cap;
};

struct flow_row {
    size_t first_run, n_runs;
    size_t start; /* its place in what is laid out, the same at any width */
};

/* Zero to start. */
struct flow {
    struct flow_row *rows;
    size_t n_rows, cap_rows;
    struct flow_runs runs;
};

/* What is to be wrapped: a newline within it ends a row. */
struct flow_line {
    const char *text;
    const struct flow_runs *runs;         /* in the order of the text */
    size_t start, end;                    /* what they cover */
    const struct flow_runs *first, *rest; /* before its first row and its others; NULL: nothing */
    size_t place;                         /* of `start` */
    int width;                            /* cells of a row, with what stands before it */
    bool verbatim;                        /* breaks anywhere, keeps its spaces */
};

void flow_done(struct flow *f);
/* Drops rows and runs behind so many. */
void flow_cut(struct flow *f, size_t n_rows, size_t n_runs);

/* Empty runs are left out; one that goes on with the look of the last is joined to it. */
void flow_add(struct flow_runs *runs, size_t start, size_t end, uint8_t tone, uint8_t attrs);
void flow_runs_done(struct flow_runs *runs);
/* Begins a row, and adds to it. */
void flow_row(struct flow *f, size_t place);
void flow_put(struct flow *f, size_t start, size_t end, uint8_t tone, uint8_t attrs);
void flow_put_runs(struct flow *f, const struct flow_runs *runs);

/* Adds the rows of a line: one at least. */
void flow_wrap(struct flow *f, const struct flow_line *line);
/* Makes the rows of a text without styles; a row's place is its offset. */
void flow_plain(struct flow *f, const char *text, size_t n, int width);

#endif
