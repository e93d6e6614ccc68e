/* The built-in engine behind a chat: model, session, and one answer at a time. */
#ifndef CHAT_BACKEND_LOCAL_H
#define CHAT_BACKEND_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

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

/* One answer. The functions are called on the thread that asked. */
struct backend_turn {
    const struct messages *messages;
    bool open_answer; /* go on with the last message, of the model */
    const struct options *options;
    struct facet_sampling sampling;
    void (*progress)(void *user, const char *what, size_t done, size_t total, double seconds_left);
    void (*text)(void *user, const char *bytes, size_t n); /* whole characters */
    void *user;
};
/* Encodes the pictures that were not yet (their soft tokens stay with the attachments), computes
 * the prompt, generates. False and an error: failed, perhaps with some text given. A cancelled turn
 * succeeds, with CHAT_CANCELLED. *stats is filled in as far as it went. */
bool backend_answer(struct backend *b, const struct backend_turn *turn, struct chat_stats *stats,
                    enum chat_reason *reason, struct err *err);

#endif
