/* Files of `name = value` lines under [section] headings: facet.conf, themes, presets.
 *
 *     # or ; begins a comment, at the start of a line
 *     name = value            white space around both is cut off
 *     name = " value "        quotes keep it
 *     name = """              and what stands between three of them
 *     several lines           is several lines
 *     """
 */
#ifndef BASE_INI_H
#define BASE_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Takes one entry; section "" before the first heading. Borrowed, all of it. */
typedef bool ini_take(void *user, const char *section, const char *name, const char *value,
                      struct err *err);

/* Hears of a mistake, as "file:line: …"; borrowed. */
typedef void ini_tell(void *listener, const char *mistake);

/* Reads a text, handing out each entry, to its end whatever is wrong in it. False if a line was of
 * no such form, or an entry was not taken; err is the first of these, as "file:line: …". */
bool ini_read(const char *text, const char *file, ini_take *take, void *user, struct err *err);
/* The same, telling all of these. */
void ini_check(const char *text, const char *file, ini_take *take, void *user, ini_tell *tell,
               void *listener);

#endif
