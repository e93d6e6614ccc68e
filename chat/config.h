/* facet.conf: $XDG_CONFIG_HOME/facet/facet.conf. Options under the headings of options.def, or
 * none; [keys] belongs to the full screen. */
#ifndef CHAT_CONFIG_H
#define CHAT_CONFIG_H

#include <stdio.h>

#include "base/ini.h"

/* Hands out each entry; a file that is not there has none. Errors as ini_read. */
bool config_read(ini_take *take, void *user, struct err *err);
/* The same, telling all that is wrong. */
void config_check(ini_take *take, void *user, ini_tell *tell, void *listener);
/* Whether there is such a [section]; the error names the nearest. */
bool config_has_section(const char *section, struct err *err);
/* A complete file with every option and its default, commented out; without [keys]. */
void config_print(FILE *stream);

#endif
