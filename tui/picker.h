/* The file picker: folders and pictures, filtered while one types, with a preview. It lies over the
 * transcript while the focus is KEYS_PICKER. */
#ifndef TUI_PICKER_H
#define TUI_PICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/app.h"

struct picker;

struct picker *picker_new(void);
void picker_free(struct picker *p);

/* NULL: the folder it was in last. */
void picker_open(struct app *app, const char *folder);
bool picker_is_open(const struct app *app);
void picker_draw(struct app *app, struct surface *s, struct rect where);
/* False if it is not open, or the action is not the picker's. */
bool picker_act(struct app *app, enum action action);
/* A key for the filter (entry.h). */
void picker_type(struct app *app, uint32_t key);
/* What the status line says while it is open. */
void picker_hint(const struct app *app, struct str *out);

#endif
