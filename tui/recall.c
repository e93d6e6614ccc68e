#include "tui/recall.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tui/turn.h"

struct recalling {
    struct errand errand;
    struct app *app;
    struct attachment *picture;
};

/* What is broken, the pane says where it is to be shown. */
static void read_picture(struct errand *e)
{
    attachment_read(((struct recalling *)e)->picture, NULL);
}

static void picture_read(struct errand *e, bool wanted)
{
    struct recalling *r = (struct recalling *)e;
    struct app *app = r->app;
    attachment_release(r->picture);
    free(r);
    app->recalling = false;
    if (!wanted)
        return;
    recall_pictures(app);
    if (!app->recalling)
        turn_recount(app);
}

/* One at a time: whatever else is to be done comes between. */
void recall_pictures(struct app *app)
{
    struct attachment *next = transcript_unread(app->transcript);
    if (!next || app->recalling)
        return;
    struct recalling *r = mem_new(1, sizeof *r);
    r->errand = (struct errand){read_picture, picture_read};
    r->app = app;
    r->picture = attachment_keep(next);
    app->recalling = true;
    errands_put(app->errands, &r->errand);
}
