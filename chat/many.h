/* Many prompts over one model, several answered together; for batches. A worker thread does the
 * waiting:
 *
 *     many_open(…)                        the model is opened; many_next says CHAT_LOADED
 *     many_share(many, &messages)         for every prompt that may come
 *     many_submit(many, item, …)          while many_has_room, which many_next makes
 *     many_next(…)                        CHAT_DONE and CHAT_FAILED tell how an item ended
 *
 * What all prompts begin with is computed once. Answers end in any order; none depends on what is
 * answered beside it. Nothing is written to the history. All functions are the opening thread's. */
#ifndef CHAT_MANY_H
#define CHAT_MANY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/chat.h"
#include "chat/message.h"
#include "chat/options.h"

struct many;

enum {
    MANY_MAX_TOGETHER = FACET_MAX_TOGETHER,
    MANY_MAX_UNDER_WAY = 2 * MANY_MAX_TOGETHER /* items submitted that have not ended, at most */
};

/* For up to n_together ≤ MANY_MAX_TOGETHER answers at a time. options are borrowed. */
struct many *many_open(const struct options *options, size_t n_together, struct err *err);
/* Drops what is under way, within a tenth of a second. many may be NULL. */
void many_close(struct many *many);

/* NULL until CHAT_LOADED came; then also for how many answers there is memory. */
const struct facet_model *many_model(const struct many *many);
size_t many_together(const struct many *many);

/* Takes into account what a prompt begins with; the pictures in it need not have been decoded.
 * Before the first many_submit. */
bool many_share(struct many *many, const struct messages *messages, struct err *err);

/* One more item is welcome: few are waiting for a seat. */
bool many_has_room(struct many *many);
/* `item` comes back in the events. The messages are taken over, emptied. confidence, empty, has the
 * figures of the answer when its event has come (NULL: not wanted). */
void many_submit(struct many *many, size_t item, struct messages *messages, uint64_t seed,
                 struct confidence *confidence);

/* What comes out, never waiting; false: nothing now. The event's item tells whose it is. CHAT_DONE:
 * text is the answer. CHAT_FAILED before CHAT_LOADED: the model could not be opened. No event tells
 * of text as it comes; CHAT_PROGRESS tells of pictures, prompts, and that answers grow. */
bool many_next(struct many *many, struct chat_event *event);
/* Readable when many_next has something. */
int many_fd(const struct many *many);

#endif
