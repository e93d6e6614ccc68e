/* How long this machine takes to look at a view of a picture: measured, and known again in the next
 * run for the same model and precision. */
#ifndef TUI_PACE_H
#define TUI_PACE_H

#include "tui/app.h"

/* The model has been opened: app->seconds_a_view is what it took last time, 0 if that is unknown.
 */
void pace_recall(struct app *app);
void pace_note(struct app *app, double seconds_a_view);

#endif
