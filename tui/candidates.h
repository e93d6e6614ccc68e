/* What Tab offers: the candidates stand in rows below the text, and further Tabs step through
 * them. */
#ifndef TUI_CANDIDATES_H
#define TUI_CANDIDATES_H

#include <stdbool.h>

#include "chat/complete.h"
#include "tui/surface.h"
#include "tui/theme.h"

/* Zero to start. */
struct candidates {
    struct completion found; /* empty: closed */
    size_t chosen;           /* found.n: none yet */
    size_t end;              /* where in the text what was put in ends */
};

/* Completes what stands before the editor's cursor as far as all candidates agree, or steps to the
 * next of them. False if there is none. store may be NULL. */
bool candidates_tab(struct candidates *c, struct store *store);
/* False if they were closed. */
bool candidates_close(struct candidates *c);

int candidates_rows(const struct candidates *c, int cols);
void candidates_draw(const struct candidates *c, const struct theme *theme, struct surface *s,
                     struct rect where);

#endif
