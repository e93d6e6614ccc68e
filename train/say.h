/* One of many ways to say a thing.
 *
 *     "[Hi|Hello|Good day][!|, $1.]"
 *
 * Of alternatives between [ and ], or in the whole pattern, one is taken, each as likely as the
 * others; they may hold further ones, and may be empty. $1 to $9 are the strings that follow, as
 * they are. A backslash makes what follows it ordinary. */
#ifndef TRAIN_SAY_H
#define TRAIN_SAY_H

#include "train/random.h"

/* As many strings follow as the pattern's highest number says. free() it. */
char *say(struct random *r, const char *pattern, ...);

#endif
