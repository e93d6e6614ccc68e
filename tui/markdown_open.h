/* The end of a Markdown text that is still growing. */
#ifndef TUI_MARKDOWN_OPEN_H
#define TUI_MARKDOWN_OPEN_H

#include <stddef.h>

#include "base/str.h"

/* Puts s[0..n) into `out` as it will probably go on: what is open at its end (emphasis, code, a
 * link's address, a table's head) closed, and marks that may become anything held back. */
void markdown_close(struct str *out, const char *s, size_t n);

#endif
