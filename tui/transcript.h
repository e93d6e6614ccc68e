/* The transcript pane: what was said, in rows. Follows its end while it is at the end. */
#ifndef TUI_TRANSCRIPT_H
#define TUI_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/attach.h"
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
/* More of the last answer; it counts as growing from now on. */
void transcript_append(struct transcript *t, const char *text, size_t n);
/* The last answer is complete. aside as above, NULL: stays. */
void transcript_finish(struct transcript *t, const char *aside, bool interrupted);
/* Takes the last answer away. */
void transcript_drop_answer(struct transcript *t);
bool transcript_answer_is_empty(const struct transcript *t);
/* The last answer goes on growing. */
void transcript_reopen(struct transcript *t);

/* rows < 0: towards the start. */
void transcript_scroll(struct transcript *t, long rows);
void transcript_to_start(struct transcript *t);
void transcript_to_end(struct transcript *t);
/* Rows of the pane when it was last drawn. */
int transcript_page(const struct transcript *t);
/* Rows below what was last drawn. */
size_t transcript_below(const struct transcript *t);

void transcript_draw(struct transcript *t, struct surface *s, struct rect where, bool focused);

#endif
