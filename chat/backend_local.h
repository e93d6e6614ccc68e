/* The built-in engine behind a chat: model, sessions, and answers, one at a time or several
 * together. */
#ifndef CHAT_BACKEND_LOCAL_H
#define CHAT_BACKEND_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chat/chat.h"
#include "chat/message.h"
#include "chat/options.h"

struct backend;

/* Opens the model at path, and a session as the options say. */
struct backend *backend_open(const char *path, const struct options *options, struct err *err);
void backend_close(struct backend *b);
const struct facet_model *backend_model(const struct backend *b);

/* Positions held, and there are. */
size_t backend_used(const struct backend *b);
size_t backend_context(const struct backend *b);

/* As facet_session_cancel: from any thread or a signal handler; stays until backend_resume. */
void backend_cancel(struct backend *b);
void backend_resume(struct backend *b);

/* The answers to come are of that conversation, a number in the history; 0: of none, or of a new
 * one. What was computed for the one before goes to the disk, what is kept for this one comes from
 * there (kept_sessions.h): tenths of a second, unless it is the same one. Closing is leaving, too.
 */
void backend_enter(struct backend *b, int64_t conversation);
/* Which that is. */
int64_t backend_conversation(const struct backend *b);
/* Nothing of it is to go to the disk any more. */
void backend_forget(struct backend *b);

/* One answer. The functions are called on the thread that asked. */
struct backend_turn {
    const struct messages *messages;
    bool open_answer; /* go on with the last message, of the model */
    const struct options *options;
    struct facet_sampling sampling;
    struct confidence *confidence; /* takes the figures of each token; NULL: not wanted */
    void (*progress)(void *user, const char *what, size_t done, size_t total, double seconds_left);
    void (*text)(void *user, const char *bytes, size_t n); /* whole characters */
    void *user;
};

/* How it ended. */
struct outcome {
    bool failed; /* err tells why; perhaps some text was given. A cancelled answer is none that
                    failed: its reason is CHAT_CANCELLED */
    struct err err;
    size_t lacking; /* failed for want of so many positions; 0: of something else */
    enum chat_reason reason;
    struct chat_stats stats; /* as far as it went */
};

/* Encodes the pictures that were not yet (their soft tokens stay with the attachments, and on
 * disk), computes the prompt, generates. */
void backend_answer(struct backend *b, const struct backend_turn *turn, struct outcome *outcome);

struct look; /* look.h */
/* Where words of an answer looked; the turn's messages are those before it, and encoded if they are
 * not kept. What the session holds stays. */
void backend_look(struct backend *b, const struct backend_turn *turn, const struct look *look,
                  struct chat_looked *looked, struct outcome *outcome);

/* ---- Several answers together ----
 *
 * Each has a seat: a session of its own. What they share is computed once, and each step is one
 * pass over the weights for all. An answer does not depend on what else is answered beside it or
 * was before it; but it may differ in its last bits from that of backend_answer. */

/* Makes room for n answers, or as many as memory and the engine allow, of `available` bytes.
 * Returns for how many there is. Not while answers are under way. */
size_t backend_make_seats(struct backend *b, size_t n, size_t available);
/* What prompts begin with, without pictures; a prompt that does not costs nothing but time. */
void backend_share(struct backend *b, const int32_t *ids, size_t n_ids);
/* Encodes, computes the prompt, draws nothing yet, in a free seat. The turn is borrowed until the
 * answer has ended, its messages only for this call. */
void backend_begin(struct backend *b, size_t seat, const struct backend_turn *turn);
/* One token more for every answer under way. */
void backend_step(struct backend *b);
/* True, and how, if the seat's answer has ended: the seat is free again. */
bool backend_ended(struct backend *b, size_t seat, struct outcome *outcome);

#endif
