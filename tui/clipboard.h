/* The clipboard of the terminal: that of the machine one sits at, over ssh too (OSC 52). */
#ifndef TUI_CLIPBOARD_H
#define TUI_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* More than this many terminals will not take. */
enum { CLIPBOARD_BYTES = 100000 };

/* Puts the sequence that copies a text into `out`: tmux gets it plain, for its own clipboard, and
 * wrapped, to be passed on. */
bool clipboard_sequence(struct str *out, const char *text, size_t n, bool tmux, struct err *err);

#endif
