/* What the worker has to tell and the front end has not yet taken. One thread puts, another takes.
 */
#ifndef CHAT_EVENTS_H
#define CHAT_EVENTS_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "chat/chat.h"

struct event {
    struct chat_event head; /* text and n_bytes are set when it is taken */
    struct str text;
};

struct events {
    pthread_mutex_t lock;
    int fd; /* an eventfd: readable while there is something */
    struct event *list;
    size_t n, cap;
    struct event current; /* the one taken last, whose text is lent out */
};

bool events_init(struct events *e, struct err *err);
void events_done(struct events *e);
/* text may be NULL. Text behind text, and progress behind progress, become one event, so that a
 * slow front end does not make the queue long. */
void events_put(struct events *e, const struct chat_event *head, const char *text, size_t n_bytes);
/* False if there is none. The text stays until the next events_take. */
bool events_take(struct events *e, struct chat_event *out);
/* Makes fd readable though there is nothing. Safe in a signal handler. */
void events_wake(struct events *e);

#endif
