/* The pictures of a conversation that was opened, read one after another while the screen goes on.
 * The image pane does not wait for its turn: it reads its own (attachment_read). */
#ifndef TUI_RECALL_H
#define TUI_RECALL_H

#include "tui/app.h"

/* After the transcript was filled. */
void recall_pictures(struct app *app);

#endif
