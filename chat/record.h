/* The history's side of a conversation: writing its messages as they come. All of it does nothing,
 * and succeeds, without a store. Nodes know their rows. */
#ifndef CHAT_RECORD_H
#define CHAT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/attach.h"
#include "chat/tree.h"
#include "history/store.h"

struct record {
    struct store *store;  /* borrowed; may be NULL */
    int64_t conversation; /* 0: not in the store yet */
    int64_t answer;       /* the row of the answer that is being written, or was last */
};

/* Forgets the conversation; the store keeps it. */
void record_forget(struct record *r);
/* Writes the messages of the path that have no row yet, and opens the row of the answer to the last
 * of them; together or not at all. model: the name to note. */
bool record_turn(struct record *r, struct tree *t, const char *model, struct err *err);
/* Writes a whole conversation, with its answers, as a new one. r->store is not NULL. */
bool record_all(struct record *r, const struct messages *ms, const char *model, struct err *err);
/* The answer's text so far, and one of store.h's states. */
bool record_answer(struct record *r, const char *text, int state, struct err *err);
bool record_receipt(struct record *r, const struct store_receipt *receipt, struct err *err);
/* Takes the answer out again, and the question (0: none) it was to; parent's chosen child is `old`
 * (0: none) again. */
bool record_undo(struct record *r, struct tree *t, size_t question, size_t parent, size_t old,
                 struct err *err);

/* What was changed in the tree: a parent's chosen child, a node deleted or brought back. */
bool record_choose(struct record *r, const struct tree *t, size_t parent, struct err *err);
bool record_delete(struct record *r, const struct tree *t, size_t node, struct err *err);
bool record_undelete(struct record *r, const struct tree *t, size_t node, struct err *err);
/* Whether the model is told of a node's message. */
bool record_told(struct record *r, const struct tree *t, size_t node, struct err *err);
/* The system text of a conversation that is in the store already. text NULL: none any more. */
bool record_system(struct record *r, struct tree *t, const char *text, struct err *err);
/* The conversation's path up to row `last` becomes a new one, which this is from now on; t is a
 * copy of that path, and gets its rows. */
bool record_fork(struct record *r, struct tree *t, int64_t last, struct err *err);

/* Reads a conversation into t, which is empty. Pictures come from the history, or else from their
 * files; one that is gone or has changed becomes a remark in the text. The history's are unread. */
bool record_load(struct record *r, int64_t conversation, const struct crop_choice *crops,
                 struct tree *t, struct err *err);

#endif
