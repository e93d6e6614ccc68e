/* A program in a terminal emulator: started on a pseudo-terminal, fed keys, its screen read. */
#ifndef TESTS_SCREEN_EMULATOR_H
#define TESTS_SCREEN_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/surface.h"

struct emulator;

/* Runs `program` (its result is the exit status) in a terminal of that size. */
struct emulator *emulator_start(int rows, int cols, int (*program)(void *user), void *user);
/* Kills what still runs. */
void emulator_stop(struct emulator *e);

void emulator_send(struct emulator *e, const char *keys);
void emulator_resize(struct emulator *e, int rows, int cols);
/* The next n answers to where the cursor stands say these columns (from 1; borrowed) instead. */
void emulator_lie(struct emulator *e, const int *cols, int n);
/* What the program asks is answered only when this is called with false. */
void emulator_hold_answers(struct emulator *e, bool hold);
/* Tells the program how many pixels a cell has, without waking it. */
void emulator_cell_size(struct emulator *e, int width, int height);
void emulator_signal(struct emulator *e, int number);
/* Takes what the program writes for so long. */
void emulator_run(struct emulator *e, int ms);
/* Waits until the text, or one of two, is somewhere on the screen, or is no more; at most a minute. */
bool emulator_shows(struct emulator *e, const char *text);
bool emulator_shows_either(struct emulator *e, const char *text, const char *other);
bool emulator_hides(struct emulator *e, const char *text);
/* Sends keys and waits for the text that they cause: the milliseconds it took, or -1 if it did not
 * come. */
double emulator_latency(struct emulator *e, const char *keys, const char *text);
/* The program's resident memory, 0 if it is not known. */
size_t emulator_resident_bytes(const struct emulator *e);
/* Waits for the end: the exit status, 128 + signal, or -1 if it does not end. */
int emulator_wait(struct emulator *e);

/* Row and column of the text as it is now; false if it is not there. */
bool emulator_find(struct emulator *e, const char *text, int *row, int *col);
/* The characters of one cell, UTF-8; and how many columns it takes. */
const char *emulator_cell(struct emulator *e, int row, int col, int *width);
/* The row without spaces at its end; borrowed until the next call. */
const char *emulator_row(struct emulator *e, int row);
bool emulator_is_bold(struct emulator *e, int row, int col);
bool emulator_has_color(struct emulator *e, int row, int col);
/* What the cell is drawn with; dim is not seen. */
struct style emulator_style(struct emulator *e, int row, int col);
void emulator_cursor(struct emulator *e, int *row, int *col);
bool emulator_on_alternate_screen(const struct emulator *e);
/* Bells, titles and other things that text must not cause. */
int emulator_accidents(const struct emulator *e);
/* How often the whole screen was erased, and how much was written. */
int emulator_clears(const struct emulator *e);
size_t emulator_bytes(const struct emulator *e);
/* What was last put on the clipboard; "" if nothing was. Borrowed until the next call. */
const char *emulator_copied(struct emulator *e);
/* How often the program has written these bytes; the second waits for the first time. */
int emulator_has_written(const struct emulator *e, const char *bytes);
int emulator_wrote(struct emulator *e, const char *bytes);
/* The whole screen to standard error, for a failed check. */
void emulator_dump(struct emulator *e);

#endif
