/* Pictures on their way into the input pane: by /image, by a path pasted, by a path typed alone or
 * in a question. They are decoded on the errands' thread; the token stands in the text at once. If
 * a picture cannot be read, its token becomes what was typed, and the error is told. */
#ifndef TUI_ATTACHING_H
#define TUI_ATTACHING_H

#include <stdbool.h>

#include "tui/app.h"

/* Attaches the picture of that path; opens the picker in it, if it is a folder. False, and the
 * reason told, if it cannot be begun with. */
bool attaching_path(struct app *app, const char *path);
/* A picture that stood in the input before. If it cannot be read, its path stands there. */
bool attaching_again(struct app *app, const char *path);
enum attached {
    ATTACHED_NOTHING, /* the text is not the path of a picture */
    ATTACHED,
    ATTACHED_FAILED, /* it is, and cannot be taken: the user was told */
};
/* If the text is the path of a picture and nothing else, attaches it; if it is several, all of
 * them. Pasted paths may be quoted, escaped as in a shell, or file:// addresses. */
enum attached attaching_text(struct app *app, const char *text);
/* Attaches the pictures whose paths stand among the words in the input, each in the place of its
 * path; none where the model reads no pictures. */
void attaching_words(struct app *app);
/* Sends what is in the input as soon as all its pictures are read, unless a key comes before. */
void attaching_send_when_read(struct app *app);
/* By the first bytes of the file. */
bool attaching_is_picture(const char *path);

#endif
