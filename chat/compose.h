/* Writing in the user's own editor: $VISUAL, else $EDITOR, else vi. */
#ifndef CHAT_COMPOSE_H
#define CHAT_COMPOSE_H

#include <stdbool.h>

#include "base/err.h"

/* Edits the text in a file that only the user can read, and waits. *text is replaced, without line
 * breaks at its end; it stays if the editor fails. The terminal has to be in its usual state. */
bool compose(char **text, struct err *err);

#endif
