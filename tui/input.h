/* The input pane: the message being written, its pictures, and what was sent before. One at a time:
 * its text is in the editor, which is readline's. */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/attach.h"
#include "tui/editor.h"
#include "tui/surface.h"
#include "tui/theme.h"

struct input;
struct store; /* history/store.h */

/* keep: what is sent goes into the file of sent messages (chat/sent.h), and those in it are found.
 */
struct input *input_new(const struct theme *theme, bool keep);
void input_free(struct input *in);

const char *input_text(const struct input *in);
bool input_is_empty(const struct input *in);
/* Forgets text and pictures; so does input_set with "". */
void input_clear(struct input *in);
/* Puts the text among those that Up and searches bring back; what was sent, for later times too. */
void input_remember(struct input *in, bool sent);
void input_set(struct input *in, const char *text);
void input_insert(struct input *in, const char *text, size_t n);
/* Whether the key is the input's whatever it means elsewhere (editor_wants). */
bool input_wants(const struct input *in, uint32_t key);
enum editor_wish input_key(struct input *in, uint32_t key);
/* Completes what stands before the cursor, or steps through what it could be (candidates.h). False
 * if there is nothing to complete. store may be NULL. */
bool input_complete(struct input *in, struct store *store);
/* Takes the candidates away; false if none were shown. */
bool input_end_completion(struct input *in);

/* Inserts what was pasted; a long text as a token that stands for it. */
void input_paste(struct input *in, const char *text, size_t n);
/* Puts a paste in the place of its token, the one at the cursor or else the last. False if there is
 * none. */
bool input_unfold(struct input *in);
/* The text with what its pastes stand for: as it is sent. free() it. */
char *input_full_text(const struct input *in);

/* Adds a picture (takes the reference) and its token at the cursor. */
void input_attach(struct input *in, struct attachment *picture);
/* The same with its token in the place of the text's bytes [at, end). */
void input_attach_over(struct input *in, size_t at, size_t end, struct attachment *picture);
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
/* All of them, with or without a token: number N is [N - 1]. */
struct attachment *const *input_pictures(const struct input *in, size_t *n);
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
