/* A text of one line with a cursor, for what is typed into lists and questions. Its keys are the
 * usual ones of a shell. */
#ifndef TUI_ENTRY_H
#define TUI_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "tui/surface.h"

/* Zero to start. */
struct entry {
    struct str text;
    size_t cursor; /* byte offset, at a cluster's start or the end */
};

void entry_done(struct entry *e);
/* The cursor goes to the end. */
void entry_set(struct entry *e, const char *text);
/* At the cursor; line breaks become spaces. */
void entry_insert(struct entry *e, const char *text, size_t n);
/* False for a key that is none of its own. */
bool entry_key(struct entry *e, uint32_t key);
/* Draws from (row, col) on, up to column `end`, and places the surface's cursor. Where the text is
 * too long, the part before the cursor is seen. */
void entry_draw(const struct entry *e, struct surface *s, int row, int col, int end,
                struct style style);

#endif
