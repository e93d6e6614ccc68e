/* A small look at the picture that is marked in a list, in cells beside it. It is read on the
 * errands' thread, one at a time: passing over many reads few. */
#ifndef TUI_GLANCE_H
#define TUI_GLANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"
#include "tui/preview.h"
#include "tui/surface.h"

struct app;

struct glance_wish {
    /* On the errands' thread. False: there is none, and err says why, or nothing if that is as it
     * should be. */
    bool (*load)(void *source, const char *name, struct image *image, struct err *err);
    void *source;
    const char *name; /* tells it from others */
};

/* Zero to start. */
struct glance {
    bool busy;          /* an errand is under way */
    char *name;         /* of what the next two are about; owned; NULL: nothing yet */
    struct image image; /* if there is one */
    struct err err;
    uint64_t serial;
    struct preview preview;
};

/* After the errands. */
void glance_done(struct glance *g);
/* Draws it, or why it cannot be shown; false if there is nothing to be seen (yet). */
bool glance_draw(struct app *app, struct surface *s, struct rect where,
                 const struct glance_wish *wish);

#endif
