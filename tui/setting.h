/* Options of the conversation, and presets of them, chosen from lists. */
#ifndef TUI_SETTING_H
#define TUI_SETTING_H

#include "tui/app.h"

/* "/set temperature 0.7"; without an argument, the list of what there is: taking one begins the
 * command in the input. False, and told, if it cannot be done. */
bool setting_run(struct app *app, const char *argument);
/* "/preset NAME"; without a name, the list of them. */
bool setting_preset(struct app *app, const char *name);

#endif
