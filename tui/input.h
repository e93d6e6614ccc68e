/* The input pane: the message being written, its pictures, and what was sent before. */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "chat/attach.h"
#include "tui/keys.h"
#include "tui/surface.h"
#include "tui/theme.h"

struct input;

struct input *input_new(const struct theme *theme);
void input_free(struct input *in);

const char *input_text(const struct input *in);
bool input_is_empty(const struct input *in);
/* Forgets text and pictures. */
void input_clear(struct input *in);
/* Puts the text among those that Up brings back. */
void input_remember(struct input *in);
void input_set(struct input *in, const char *text);
void input_insert(struct input *in, const char *text, size_t n);
/* Editing; false for an action that is not the input's. */
bool input_act(struct input *in, enum action action);
/* Completes what stands before the cursor; *others: what else it could be, for showing. False if
 * there is nothing to complete. */
bool input_complete(struct input *in, struct str *others);

/* Adds a picture (takes the reference) and its token at the cursor. */
void input_attach(struct input *in, struct attachment *picture);
/* Puts another picture in the place of one (takes the reference). False, and the reference still the
 * caller's, if that one is not there. */
bool input_exchange(struct input *in, const struct attachment *old, struct attachment *picture);
/* Takes a picture away; in the place of its token comes the text. */
void input_refuse(struct input *in, const struct attachment *old, const char *text);
/* Takes picture `number` away, or the last one for 0, and its token. False if there is none. */
bool input_detach(struct input *in, size_t number);
/* The pictures whose tokens stand in the text; a deleted token put back brings its picture back. */
size_t input_n_pictures(const struct input *in);
/* The k-th of those and its number. */
const struct attachment *input_picture(const struct input *in, size_t k, size_t *number);
/* Which k is nearest the cursor; 0 if there is none. */
size_t input_nearest(const struct input *in);
/* Drops pictures without a token and numbers the others from 1, in the text too. Returns them,
 * borrowed. */
struct attachment *const *input_settle(struct input *in, size_t *n);

/* Rows wanted in a pane so wide. */
int input_rows(struct input *in, int cols);
/* Draws, and places the cursor where it has the focus. */
void input_draw(struct input *in, struct surface *s, struct rect where, bool focused);

#endif
