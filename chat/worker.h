/* A thread that does the waiting for a front end. */
#ifndef CHAT_WORKER_H
#define CHAT_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

/* Signals are the front end's: the worker, and the engine's threads that it starts, take none but
 * those of a crash, which would otherwise end the process before the front end could give the
 * terminal back. */
bool worker_start(pthread_t *worker, void *(*work)(void *user), void *user, struct err *err);

#endif
