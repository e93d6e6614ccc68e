/* Which theme the screen has: the option `theme`, what the terminal says of its background, /theme.
 */
#ifndef TUI_THEMING_H
#define TUI_THEMING_H

#include "tui/app.h"

/* At the start, by the option; tells what is wrong with it. */
void theming_start(struct app *app);
/* The terminal told how bright its background is. */
void theming_background(struct app *app, enum background background);
/* /theme: changes it while facet runs; "" lists the themes that there are. False: it stays. */
bool theming_run(struct app *app, const char *name);
void theming_done(struct app *app);

#endif
