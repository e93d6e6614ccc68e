/* The core that every front end drives: a model, a conversation, and a worker thread that does the
 * waiting. A front end submits a message and takes events until the answer is complete:
 *
 *     chat_submit(chat, &message, &err);            (message is taken over, emptied)
 *     while (chat_next(chat, &event, -1))           (blocks; with a time-out for screens)
 *         switch (event.kind) …                     (CHAT_DONE and CHAT_FAILED end a turn)
 *
 * The calling thread never waits for the engine but in chat_next. What is said is written to the
 * history (if there is one) before generation starts and as it comes, in steps of at most a second.
 */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/context.h"
#include "chat/message.h"
#include "chat/options.h"
#include "chat/template.h"
#include "engine/facet.h"

struct chat;
struct store; /* history/store.h */

enum chat_event_kind {
    CHAT_LOADED,   /* the model is open; text: its name */
    CHAT_PROGRESS, /* text: "looking at a.jpg", of several views "…, view 2 of 3", or "reading";
                      done of total */
    CHAT_TEXT,     /* text: more of the answer, whole characters */
    CHAT_DONE,     /* the answer is complete, cut by a limit, or cancelled: see reason, stats; text:
                      NULL, or a warning that the history could not be written */
    CHAT_FAILED,   /* text: why; what was said until then stays, interrupted; if nothing was, the
                      conversation stands as before the turn */
    CHAT_LOOKED,   /* what chat_look asked for is there; else text: why not */
};

enum chat_reason {
    CHAT_ENDED,
    CHAT_STOP_STRING,
    CHAT_MAX_TOKENS,
    CHAT_CONTEXT_FULL,
    CHAT_CANCELLED
};

struct chat_stats {
    size_t n_prompt, n_kept;   /* tokens of the prompt, and those that needed no computing */
    size_t n_answer;           /* tokens generated */
    size_t n_guessed, n_right; /* tokens computed ahead, and those of them that came */
    size_t n_views;            /* image views encoded in this turn */
    double encode_s, prompt_s, answer_s;
};

struct chat_event {
    enum chat_event_kind kind;
    const char *text; /* borrowed until the next chat_next; NULL where there is none */
    size_t n_bytes;
    size_t done, total;  /* CHAT_PROGRESS */
    double seconds_left; /* CHAT_PROGRESS: estimate, < 0: not known yet */
    enum chat_reason reason;
    struct chat_stats stats;
    size_t lacking; /* CHAT_FAILED: for want of so many positions of the context; 0: of something
                       else */
    size_t item; /* of many.h alone: whose event it is */
};

/* Starts the worker, which opens the model; returns at once. options are copied. store may be NULL
 * (no history) and must outlive the chat. */
struct chat *chat_open(const struct options *options, struct store *store, struct err *err);
/* Cancels, waits for the worker, frees. */
void chat_close(struct chat *chat);

/* Submits the user's message. False, and the message untouched, if an answer is under way, the
 * model could not be opened, the last message has no answer yet, or the history cannot be written.
 */
bool chat_submit(struct chat *chat, struct message *user, struct err *err);
/* Asks for another answer (with the next seed), which stands beside the last one, or for one where
 * the last message has none. The old one is seen again if the new one ends before its first word.
 */
bool chat_regenerate(struct chat *chat, struct err *err);
/* Goes on with the last answer, which was cut or cancelled. */
bool chat_continue(struct chat *chat, struct err *err);
/* Submits a message of the user's instead of message `index` of what is seen, which stays beside
 * it. Otherwise as chat_submit. */
bool chat_edit(struct chat *chat, size_t index, struct message *user, struct err *err);

/* Next event; timeout_ms < 0 waits. False: none within the time, or nothing is under way. */
bool chat_next(struct chat *chat, struct chat_event *event, int timeout_ms);
/* Readable when chat_next has something: for poll(). */
int chat_fd(const struct chat *chat);
/* Stops the answer under way within a tenth of a second; what was said stays. Safe in a signal
 * handler. */
void chat_cancel(struct chat *chat);
bool chat_is_busy(const struct chat *chat);

/* What is seen of the conversation; borrowed; to be read only while not busy. Each message says
 * which of how many in its place it is. */
const struct messages *chat_messages(const struct chat *chat);
/* Starts a new conversation with the same model and system prompt. Not while busy. */
bool chat_clear(struct chat *chat, struct err *err);
/* Replaces the conversation, its system prompt too, by a stored one; on failure it stays. Not while
 * busy. */
bool chat_load(struct chat *chat, int64_t conversation, struct err *err);
/* The same, but its pictures may be unread (attach.h) until they are needed. Whoever reads some
 * calls chat_recount when it is done, for the context's figures. */
bool chat_load_unread(struct chat *chat, int64_t conversation, struct err *err);
/* Counts again what the conversation takes of the context. Nothing while busy. */
void chat_recount(struct chat *chat);
/* Branches. Not while busy; indices are chat_messages'. All of it works without a store too; where
 * one could not be written to, it is done all the same, and the error says so.
 *
 * chat_branch goes to another variant of a message (step 1: the next, -1: the one before) and on
 * along what was last seen below it. An error at either end. */
bool chat_branch(struct chat *chat, size_t index, int step, struct err *err);
/* Takes a message away, with all that follows it in any branch; another variant of it is seen
 * then, if there is one. It stays in the history for STORE_KEEP_DAYS; chat_undelete takes back the
 * latest deletion, then the one before, …, also after the conversation was loaded anew. */
bool chat_delete(struct chat *chat, size_t index, struct err *err);
bool chat_undelete(struct chat *chat, struct err *err);
/* Goes on in a new conversation, which has what is seen up to message `index`; the old one stays
 * as it is. On failure nothing changes. */
bool chat_fork(struct chat *chat, size_t index, struct err *err);

/* Finds out what the words at bytes [first, first + n_bytes) of answer `message` (all of it:
 * SIZE_MAX) looked at in a picture of a message before: how the attention of the steps that chose
 * them (facet_session_attention) lies on its views. CHAT_LOOKED ends it; the conversation, and what
 * the engine holds, stays as it is. It can be told as long as the engine holds the answer: that of
 * the turn before, and mostly older ones of the same conversation. False if it cannot be begun. */
bool chat_look(struct chat *chat, size_t message, size_t first, size_t n_bytes,
               const struct attachment *picture, struct err *err);
struct chat_looked {
    size_t n_views, n_soft; /* of the picture, the whole first; soft tokens of each, a square */
    float *share;           /* [n_views][n_soft], row by row: Σ = 1 (or all are 0) */
    double total;           /* what the picture got of all attention: 0 … 1 */
    size_t n_tokens, n_counted; /* of the words; not all count where an answer is very long */
};
/* After CHAT_LOOKED without a text, until the next chat_look. */
const struct chat_looked *chat_looked(const struct chat *chat);

/* The stored conversation's number, 0 if none yet. */
int64_t chat_conversation(const struct chat *chat);
/* NULL or "": none. Not while busy. */
bool chat_set_system(struct chat *chat, const char *system, struct err *err);
/* Changes sampling options between turns ("temperature", "0.7"); see options.def for what may
 * change. Not while busy. */
bool chat_set(struct chat *chat, const char *option, const char *value, struct err *err);
const struct options *chat_options(const struct chat *chat);

/* NULL until CHAT_LOADED came. */
const struct facet_model *chat_model(const struct chat *chat);
/* Positions used, and there are. */
void chat_context(const struct chat *chat, size_t *used, size_t *total);
/* What each message takes, see context.h; shares[number of messages]. Not while busy, and not
 * before CHAT_LOADED. */
bool chat_weigh(const struct chat *chat, struct context_share *shares, struct err *err);
/* Whether the model is told of the turn of message i any more. Not while busy. The history keeps
 * it; where it could not be written to, it holds all the same, and the error says so. */
bool chat_set_told(struct chat *chat, size_t i, enum context_state state, struct err *err);
/* As context_drop, for `wanted` positions; an error if not even `least` could be freed, and then
 * nothing is dropped. */
bool chat_make_room(struct chat *chat, size_t least, size_t wanted, struct err *err);

#endif
