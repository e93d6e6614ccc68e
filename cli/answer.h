/* One answer from submit to its end: streams it, shows progress, stops it on Ctrl-C. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "chat/chat.h"
#include "cli/interrupt.h"
#include "cli/out.h"
#include "cli/progress.h"

struct answer {
    /* set by the caller */
    struct interrupt *interrupt;
    struct progress *progress;
    struct out *out;  /* NULL: not streamed */
    struct str *text; /* NULL: not collected */
    bool sentences;   /* streamed as sentences become complete, under a label (plain.h) */
    /* results */
    enum chat_reason reason;
    struct chat_stats stats;
    bool interrupted; /* by Ctrl-C */
    size_t lacking;   /* it failed for want of so many positions of the context; 0: it did not */
    struct str held;  /* of a sentence that is not complete */
    bool labelled;
};

/* Waits until the model is open. False and the error if it cannot be, or on Ctrl-C
 * (a->interrupted). */
bool answer_wait_model(struct answer *a, struct chat *chat, struct err *err);

/* Takes events until the turn ends. False and the error if it failed. */
bool answer_take(struct answer *a, struct chat *chat, struct err *err);

/* What --verbose shows. */
void answer_note_stats(struct progress *progress, const struct chat_stats *stats,
                       enum chat_reason reason);

#endif
