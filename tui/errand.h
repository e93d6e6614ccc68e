/* Errands: what would make the screen wait, done on a thread of its own, one after another. */
#ifndef TUI_ERRAND_H
#define TUI_ERRAND_H

#include <stdbool.h>

#include "base/err.h"

struct errands;

/* Stands first in a struct that holds what the errand needs and brings. */
struct errand {
    void (*work)(struct errand *e); /* on the errands' thread */
    /* On the screen's thread, and frees it. wanted false: facet is being left, and work perhaps
     * never began: it only frees. */
    void (*done)(struct errand *e, bool wanted);
};

struct errands *errands_new(struct err *err);
/* Waits for the errand under way; all are done afterwards. NULL is nothing. */
void errands_free(struct errands *es);
/* Takes the errand over. */
void errands_put(struct errands *es, struct errand *e);
/* Calls done for every errand that has run; false if there was none. */
bool errands_take(struct errands *es);
/* Readable when errands_take has something. */
int errands_fd(const struct errands *es);

#endif
