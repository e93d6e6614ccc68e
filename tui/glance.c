#include "tui/glance.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/app.h"
#include "tui/theming.h"

enum { SIDE = 400 }; /* pixels; more than is seen in cells */

struct looking_up {
    struct errand errand;
    struct app *app;
    struct glance_wish wish;
    char *name; /* owned */
    struct image image;
    struct err err;
};

void glance_done(struct glance *g)
{
    image_done(&g->image);
    preview_done(&g->preview);
    free(g->name);
}

static void look_up(struct errand *e)
{
    struct looking_up *l = (struct looking_up *)e;
    struct image whole;
    if (!l->wish.load(l->wish.source, l->name, &whole, &l->err))
        return;
    image_view(&l->image, &whole, NULL, SIDE, &l->err);
    image_done(&whole);
}

static void looked_up(struct errand *e, bool wanted)
{
    struct looking_up *l = (struct looking_up *)e;
    struct glance *g = &l->app->glance;
    if (wanted) {
        image_done(&g->image);
        free(g->name);
        g->image = l->image;
        g->err = l->err;
        g->name = l->name;
        g->serial++;
        g->busy = false;
        l->image = (struct image){0};
        l->name = NULL;
    }
    image_done(&l->image);
    free(l->name);
    free(l);
}

static void begin(struct app *app, const struct glance_wish *wish)
{
    struct looking_up *l = mem_new(1, sizeof *l);
    l->errand = (struct errand){look_up, looked_up};
    l->app = app;
    l->wish = *wish;
    l->name = mem_copy(wish->name);
    app->glance.busy = true;
    errands_put(app->errands, &l->errand);
}

bool glance_draw(struct app *app, struct surface *s, struct rect where,
                 const struct glance_wish *wish)
{
    struct glance *g = &app->glance;
    if (!g->name || strcmp(g->name, wish->name) != 0) {
        if (!g->busy)
            begin(app, wish);
        return false;
    }
    if (g->image.rgb) {
        struct rect fit = preview_fit(where, g->image.width, g->image.height);
        preview_draw(&g->preview, s, fit, &g->image, g->serial, theming_picture_colors(app));
    } else {
        surface_puts(s, where.row, where.col, where.col + where.cols, g->err.text,
                     app->theme.tones[TONE_ERROR]);
    }
    return g->image.rgb || g->err.text[0];
}
