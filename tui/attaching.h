/* Pictures on their way into the input pane: by /image, by a path pasted, by a path typed alone. */
#ifndef TUI_ATTACHING_H
#define TUI_ATTACHING_H

#include <stdbool.h>

#include "tui/app.h"

/* Attaches the picture of that path; tells what is wrong if it cannot. */
bool attaching_path(struct app *app, const char *path);
enum attached {
    ATTACHED_NOTHING, /* the text is not the path of a picture */
    ATTACHED,
    ATTACHED_FAILED, /* it is a path, named like a picture, and cannot be read: the user was told */
};
/* If the text is the path of a picture and nothing else, attaches it. Pasted paths may be quoted,
 * escaped as in a shell, or file:// addresses. */
enum attached attaching_text(struct app *app, const char *text);

#endif
