/* The message being written is kept on disk, at most a second behind, and is there again at the
 * next start if facet was killed. */
#ifndef TUI_DRAFTING_H
#define TUI_DRAFTING_H

#include "tui/app.h"

/* Brings back what a dead facet left; unless nothing is to be kept. */
void drafting_open(struct app *app);
/* Writes if it is time to; milliseconds until it is, -1: there is nothing to write. */
int drafting_tick(struct app *app);
/* An empty message leaves nothing behind, another one is kept. */
void drafting_close(struct app *app);

#endif
