/* The image pane: the picture nearest the cursor in the input, or else of the message in view; the
 * whole of it or one of its views, what it costs, and a region of it chosen with the arrow keys. */
#ifndef TUI_PICTURE_H
#define TUI_PICTURE_H

#include <stdbool.h>

#include "tui/app.h"

struct picture_pane;

struct picture_pane *picture_new(void);
void picture_free(struct picture_pane *p);

/* Finds out which picture is to be shown. Before the others of a drawing. */
void picture_follow(struct app *app);
/* Columns that the pane takes at the right of a screen so wide, 0 if it does not stand there. */
int picture_cols(const struct app *app, int cols);
/* True where it lies over the transcript: there is no room beside it, and the pane has the focus.
 */
bool picture_covers(const struct app *app, int cols);
/* True where it stands there. */
bool picture_stands(const struct app *app);
void picture_draw(struct app *app, struct surface *s, struct rect where);

/* CHAT_LOOKED came. */
void picture_looked(struct app *app, const struct chat_event *event);

/* False for an action that is not the pane's. */
bool picture_act(struct app *app, enum action action);
/* What the status line says while the pane has the focus, behind `out`. */
void picture_hint(const struct app *app, bool narrow, struct str *out);
/* The pane has the focus: it, or a region in it. */
bool picture_has_focus(const struct app *app);

#endif
