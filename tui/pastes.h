/* Long pastes, folded to a token ("[paste 1: 214 lines]") that stands for them until they are
 * sent. */
#ifndef TUI_PASTES_H
#define TUI_PASTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Zero to start. */
struct pastes {
    struct paste {
        char *token, *text;
    } * list;
    size_t n;
};

void pastes_done(struct pastes *p);
/* Whether a text is so long that it should be folded. */
bool paste_is_long(const char *text, size_t n);
/* Keeps the text; returns its token, borrowed. */
const char *pastes_add(struct pastes *p, const char *text, size_t n);
/* The paste whose token begins at text[at]; NULL if none does. */
const struct paste *pastes_at(const struct pastes *p, const char *text, size_t at);
/* The text with all tokens replaced by what they stand for. free() it. */
char *pastes_unfold(const struct pastes *p, const char *text);

#endif
