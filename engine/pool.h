/* A pool of threads that divides the tasks of one job at a time. Between jobs the threads spin for
 * a moment (a decode step has hundreds of jobs, microseconds apart), then park. */
#ifndef ENGINE_POOL_H
#define ENGINE_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pool;

/* thread: 0 … pool_threads − 1, for per-thread scratch memory. */
typedef void pool_fn(void *job, size_t task, unsigned thread);

/* n_threads counts the one that calls pool_run. */
struct pool *pool_new(unsigned n_threads, struct err *err);
void pool_free(struct pool *pool);
unsigned pool_threads(const struct pool *pool);
/* One for each core that this process may use. */
unsigned pool_default_threads(void);

/* Runs fn(job, 0 … n_tasks − 1) and returns when all are done. Which thread takes which task is
 * left to chance; tasks must not depend on it. Once *stop is true the tasks left over are skipped;
 * stop may be NULL. Sessions that share a pool take turns. */
void pool_run(struct pool *pool, size_t n_tasks, pool_fn *fn, void *job, const atomic_bool *stop);

#endif
