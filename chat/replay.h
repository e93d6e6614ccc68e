/* Proves an answer of the history again: the same model, options, seed and prompt give the same
 * text. Rounding depends on what a session held already, so the answers before it are given again
 * first, back to one that began with nothing. Where one of them was continued, or went on from
 * another conversation's beginning, what was held is not known, and the text may differ. */
#ifndef CHAT_REPLAY_H
#define CHAT_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "chat/options.h"
#include "history/store.h"

struct replay {
    /* set by the caller */
    const char *model; /* NULL: where the receipt has it */
    size_t threads;
    void (*progress)(void *user, const char *what, size_t done, size_t total, double seconds_left);
    void *user;
    /* results; replay_done frees them */
    struct str was, is; /* the answer, or what was added to it last */
    size_t n_tokens;
    bool cut; /* it was cancelled: only what was said until then can be compared */
    bool same;
    size_t at; /* else: the first byte that differs */
};

/* message 0: the last answer that is seen. False: it could not be tried (no such message, no
 * receipt, another model, …), and the error. */
bool replay_answer(struct replay *r, struct store *s, int64_t conversation, int64_t message,
                   struct err *err);
void replay_done(struct replay *r);

#endif
