/* Highlighted code: one small lexer, languages by table. It tells keywords, strings, comments and
 * numbers apart, and no more. */
#ifndef TUI_HIGHLIGHT_H
#define TUI_HIGHLIGHT_H

#include <stddef.h>

#include "tui/flow.h"

struct language;

/* By the name behind a fence, n bytes, whatever its case; NULL: not known. */
const struct language *highlight_language(const char *name, size_t n);

/* Adds the runs of text[start, end) to `runs`; what is nothing special has TONE_CODE, and so
 * has all of it without a language. */
void highlight(const struct language *language, const char *text, size_t start, size_t end,
               struct flow_runs *runs);

#endif
