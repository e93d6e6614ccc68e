/* The user's own keys: facet.conf's [keys] changes the table in keys.c before the screen opens.
 *
 *     send = Alt-Enter             wherever the action has keys; several with commas between
 *     transcript.top = g, Home     in one place alone
 *     suspend = none
 */
#ifndef TUI_BINDINGS_H
#define TUI_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "tui/keys.h"

/* Made from the enums in keys.h: "page-up", "transcript". */
extern const char *const action_names[];
extern const size_t n_action_names;
extern const char *const context_names[];
extern const size_t n_context_names;

/* The key of that name, as keys_name writes it, capitals or not. */
bool bindings_key(uint32_t *key, const char *name, struct err *err);
/* One line of [keys]. What had one of these keys by default loses it; an action that the user gave
 * it too is an error. */
bool bindings_set(const char *name, const char *keys, struct err *err);
/* Behind the last of them: whether every action has a key still. */
bool bindings_check(struct err *err);

#endif
