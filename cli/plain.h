/* The plain mode, for screen readers and for terminals that cannot do much: lines of text that are
 * complete when they come, said by whom, and nothing that moves. */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "chat/options.h"
#include "cli/out.h"

/* Whether it is asked for (--plain, $ACCESSIBLE) or the terminal is dumb. */
bool plain_is_wanted(const struct options *options);

/* Bytes of the whole sentences, or lines, that text[0..n) begins with; 0 if none is complete. */
size_t plain_sentences(const char *text, size_t n);

/* Writes text on as its sentences become complete; held: zero to start. */
void plain_write(struct out *out, struct str *held, const char *text, size_t n);
void plain_end(struct out *out, struct str *held);

#endif
