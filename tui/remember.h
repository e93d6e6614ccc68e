/* Small things that the screen remembers from one run to the next: a JSON object of texts in
 * $XDG_STATE_HOME/facet/screen.json. What cannot be read or written is forgotten in silence. */
#ifndef TUI_REMEMBER_H
#define TUI_REMEMBER_H

/* NULL: nothing is known. free() it. */
char *remember_get(const char *key);
void remember_set(const char *key, const char *value);

#endif
