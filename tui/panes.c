#include "tui/panes.h"

#include <stdio.h>

#include "tui/picture.h"
#include "tui/remember.h"

/* The panes in the order in which Tab goes through them. */
static const enum key_context panes[] = {KEYS_INPUT, KEYS_TRANSCRIPT, KEYS_PICTURE,
                                         KEYS_CONVERSATIONS};
enum { N_PANES = sizeof panes / sizeof panes[0] };

static bool may_focus(const struct app *app, enum key_context pane)
{
    return pane == KEYS_CONVERSATIONS ? app->store != NULL
           : pane == KEYS_PICTURE     ? picture_stands(app)
                                      : true;
}

void panes_focus_next(struct app *app, int step)
{
    int at = 0;
    while (at + 1 < N_PANES && panes[at] != app->focus)
        at++;
    do
        at = (at + step + N_PANES) % N_PANES;
    while (!may_focus(app, panes[at]));
    app->focus = panes[at];
}

void panes_focus_left(struct app *app)
{
    if (may_focus(app, KEYS_CONVERSATIONS))
        app->focus = KEYS_CONVERSATIONS;
}

void panes_focus_right(struct app *app)
{
    bool at_transcript = app->focus == KEYS_TRANSCRIPT && picture_stands(app);
    app->focus = at_transcript ? KEYS_PICTURE : KEYS_TRANSCRIPT;
}

int panes_side_cols(const struct app *app, int cols)
{
    enum { SHARE = 5, LEAST = 25, MOST = 40 };
    int usual = cols / SHARE;
    if (app->side_cols)
        return app->side_cols;
    return usual < LEAST ? LEAST : usual > MOST ? MOST : usual;
}

void panes_widen(struct app *app, int by)
{
    int cols = panes_side_cols(app, app->surface.cols) + by;
    char text[16];
    if (cols < LAYOUT_MIN_SIDE_COLS || cols > LAYOUT_MAX_SIDE_COLS)
        return;
    app->side_cols = cols;
    snprintf(text, sizeof text, "%d", cols);
    remember_set("side-cols", text);
}
