/* What chat.c (the worker, turns and events) and chat_conversation.c (what is seen, branches,
 * options) share. */
#ifndef CHAT_CHAT_STATE_H
#define CHAT_CHAT_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/file.h"
#include "base/str.h"
#include "chat/backend_local.h"
#include "chat/chat.h"
#include "chat/events.h"
#include "chat/look.h"
#include "chat/record.h"
#include "chat/tree.h"

enum job { JOB_ANSWER, JOB_CONTINUE, JOB_LOOK };

/* The conversation and the options belong to the calling thread while the chat is not busy, and to
 * the worker from the job's start until the front end has taken the event that ends it. */
struct chat {
    struct options options;
    char *path;          /* of the model */
    struct store *store; /* borrowed; may be NULL */
    struct record record;
    struct tree tree;
    struct events events;
    const struct facet_model *model; /* since CHAT_LOADED was taken */
    bool busy;                       /* the calling thread's alone */
    uint64_t turn;                   /* answers asked for in this conversation */

    pthread_t worker;
    pthread_mutex_t lock; /* of the next seven */
    pthread_cond_t wake;
    bool claimed; /* a job is being made ready or waits */
    bool waiting; /* it is ready */
    bool quit;
    bool moved; /* to this conversation; the session has not yet followed */
    int64_t conversation;
    bool load_failed;
    struct err load_error;
    char digest[SHA256_HEX_BYTES]; /* of the model; the worker's alone */

    _Atomic(struct backend *) backend; /* NULL until the model is open */
    atomic_bool cancelled, loading;
    atomic_bool outdated; /* the session may hold what was deleted since the last job */
    atomic_size_t used; /* positions of the context */

    /* The job. */
    enum job job;
    size_t question;   /* JOB_ANSWER: the node that was added for it; 0: none */
    size_t old;        /* JOB_ANSWER: the node that was seen in the place of what comes; 0: none */
    struct str answer; /* JOB_CONTINUE: what was there, first_bytes long, and what comes */
    size_t first_bytes;
    struct look look; /* JOB_LOOK, and what came of it */
    struct chat_looked looked;
    struct confidence *confidence; /* of the answer; NULL: none; owned */
    double written;           /* when the history last was */
    struct err history_error; /* "": none */
};

/* False and an error while an answer is under way. */
bool chat_is_idle(const struct chat *chat, struct err *err);
/* The node of message `index` of what is seen. 0 and an error if there is none that may be changed.
 */
size_t chat_node_at(const struct chat *chat, size_t index, struct err *err);
/* Sets a tree's system text; NULL or "": none. */
void chat_show_system(struct tree *t, const char *text);

/* Reserves the worker, who is idle; false if there is no model. Then it gets its job. */
bool chat_claim(struct chat *chat, struct err *err);
void chat_start(struct chat *chat, enum job job);
/* Tells how a JOB_LOOK ended. */
void chat_conclude_look(struct chat *chat, const struct outcome *o);
void chat_forget_look(struct chat *chat);

#endif
