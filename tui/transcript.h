/* The transcript pane: what was said, in rows. Follows its end while it is at the end. Rows are
 * made as they come into view, and let go of when they are far from it. */
#ifndef TUI_TRANSCRIPT_H
#define TUI_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "chat/attach.h"
#include "tui/flow.h"
#include "tui/surface.h"
#include "tui/theme.h"

enum item_kind { ITEM_USER, ITEM_MODEL, ITEM_NOTE, ITEM_ERROR };

struct transcript;

struct transcript *transcript_new(const struct theme *theme);
void transcript_free(struct transcript *t);

void transcript_clear(struct transcript *t);
bool transcript_is_empty(const struct transcript *t);
/* Appends an item, and goes to the end. aside: at the right of its label; NULL: nothing. */
void transcript_add(struct transcript *t, enum item_kind kind, const char *text, const char *aside);
/* The pictures of the item added last; each is kept by a reference of its own. */
void transcript_add_picture(struct transcript *t, struct attachment *picture);
/* Those of the item that begins last above the lower edge of the view, else of the first below;
 * borrowed. */
struct attachment *const *transcript_pictures(const struct transcript *t, size_t *n);
/* The newest picture that is still unread; borrowed; NULL: there is none. */
struct attachment *transcript_unread(const struct transcript *t);
/* More of the last answer; it counts as growing from now on. */
void transcript_append(struct transcript *t, const char *text, size_t n);
/* The last answer is complete. aside as above, NULL: stays. */
void transcript_finish(struct transcript *t, const char *aside, bool interrupted);
/* Takes the last answer away. */
void transcript_drop_answer(struct transcript *t);
bool transcript_answer_is_empty(const struct transcript *t);
/* The last answer goes on growing. */
void transcript_reopen(struct transcript *t);
/* Message `message` (from 0, those of user and model counted) is the k-th (from 1) of n that stand
 * at its place; n < 2: it is the only one. */
void transcript_set_branch(struct transcript *t, size_t message, size_t k, size_t n);

/* rows < 0: towards the start. */
void transcript_scroll(struct transcript *t, long rows);
void transcript_to_start(struct transcript *t);
void transcript_to_end(struct transcript *t);
/* Message `message`, counted as above, comes to the top, or as near as the end allows. */
void transcript_to_message(struct transcript *t, size_t message);
/* Rows of the pane when it was last drawn. */
int transcript_page(const struct transcript *t);
/* Rows below what was last drawn; reckoned where they were not made yet. */
size_t transcript_below(const struct transcript *t);

/* Selects the next message (step 1) or the one before (-1), or code block, and brings it into view.
 * False if there is none: what was selected stays. */
bool transcript_select_message(struct transcript *t, int step);
bool transcript_select_code(struct transcript *t, int step);
/* False if nothing was selected. */
bool transcript_deselect(struct transcript *t);

enum selected { SELECTED_NOTHING, SELECTED_MESSAGE, SELECTED_CODE };

/* Puts what is selected into `out`, a code block without its fence; the last answer if nothing is.
 * *message: its number as above. SELECTED_NOTHING if there is no answer either. */
enum selected transcript_get_selected(struct transcript *t, struct str *out, size_t *message);

/* Shows message `message` (counted as above) as it was written, looking as `runs` say, and brings
 * byte `at` of its text into view. Any other is formatted again. */
void transcript_show_written(struct transcript *t, size_t message, const struct flow_runs *runs,
                             size_t at);
/* Formats it again; false if none is shown as it was written. */
bool transcript_show_formatted(struct transcript *t);
/* Which is shown as it was written; false: none. */
bool transcript_is_written(const struct transcript *t, size_t *message);

/* Finds text, whatever its case unless some of it is upper case, and goes to the first match that
 * is not above the view. "" ends the search. */
void transcript_search(struct transcript *t, const char *query);
/* To the next match (step 1) or the one before (-1), around the ends. */
void transcript_search_step(struct transcript *t, int step);
/* The k-th match (from 1) of n is the one gone to; n = 0: none. */
void transcript_search_count(const struct transcript *t, size_t *k, size_t *n);

/* hints: what the keys do with what is selected, shown behind it; NULL: nothing. */
void transcript_draw(struct transcript *t, struct surface *s, struct rect where, bool focused,
                     const char *hints);

#endif
