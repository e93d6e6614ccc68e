/* Which theme the screen has: the option `theme`, else what /theme said last, in an earlier run
 * even, else what the terminal says of its background. */
#ifndef TUI_THEMING_H
#define TUI_THEMING_H

#include "tui/app.h"

/* At the start, by the option; tells what is wrong with it. */
void theming_start(struct app *app);
/* The terminal told how bright its background is. */
void theming_background(struct app *app, enum background background);
/* /theme: changes it while facet runs; "" opens the list. False: it stays. */
bool theming_run(struct app *app, const char *name);
/* The themes in a list, each seen while it is marked. */
void theming_choose(struct app *app);
/* Colours that pictures may be drawn in: 0, 16, 256, or more for every one. */
int theming_picture_colors(const struct app *app);
void theming_done(struct app *app);

#endif
