/* The history's side of a conversation: which rows its messages are, and writing them as they come.
 * All of it does nothing, and succeeds, without a store. */
#ifndef CHAT_RECORD_H
#define CHAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/attach.h"
#include "chat/message.h"
#include "history/store.h"

struct record {
    struct store *store;  /* borrowed; may be NULL */
    int64_t conversation; /* 0: not in the store yet */
    int64_t *rows;        /* of messages 0..n_rows) */
    size_t n_rows;
};

enum record_state {
    RECORD_COMPLETE = 0,
    RECORD_WRITING = 1,
    RECORD_INTERRUPTED = 2
}; /* store.h's numbers */

/* Forgets the conversation; the store keeps it. */
void record_forget(struct record *r);
/* Writes the messages that have no row yet, and opens the row of the answer that will follow them;
 * together or not at all. model: the name to note. */
bool record_turn(struct record *r, const struct messages *ms, const char *model, struct err *err);
/* The answer's (the last row's) text so far. */
bool record_answer(struct record *r, const char *text, enum record_state state, struct err *err);
/* Takes rows n and later out of the history. */
bool record_cut(struct record *r, size_t n, struct err *err);
/* The system text of a conversation that is in the store already; had: there was one before. text
 * NULL: none any more. */
bool record_system(struct record *r, bool had, const char *text, struct err *err);

/* Reads a conversation into ms, which is empty. Pictures are loaded again from their files; one
 * that is gone or has changed becomes a remark in the text. A conversation that breaks off behind
 * the user's message gets an empty, interrupted answer. */
bool record_load(struct record *r, int64_t conversation, const struct crop_choice *crops,
                 struct messages *ms, struct err *err);

#endif
