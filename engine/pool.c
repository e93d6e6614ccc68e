#include "engine/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

/* Half a millisecond on an EPYC of Zen 5: longer than the serial work between two jobs of a decode
 * step, shorter than the time slice that a spinning thread could steal from others. */
enum { SPINS = 20000 };

/* The job is open while its tasks are handed out. A thread enters by adding one to `state` while
 * the open bit is set; the owner closes it, and waits only for those inside. So a thread that wakes
 * late costs nothing, and the job's fields are stable for everyone who got in. */
enum { OPEN = 1u << 31 };

struct pool {
    unsigned n_threads;
    pthread_t *threads;   /* n_threads − 1 */
    pthread_mutex_t turn; /* held by the session whose job runs */

    atomic_uint generation; /* of jobs; what the threads wait for */
    atomic_uint state;
    atomic_size_t next;
    size_t n_tasks;
    pool_fn *fn;
    void *job;
    const atomic_bool *stop;

    pthread_mutex_t park;
    pthread_cond_t wake;
    atomic_uint n_parked;
    atomic_bool quit;
};

struct worker {
    struct pool *pool;
    unsigned thread;
};

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_tasks(struct pool *p, unsigned thread)
{
    size_t task;
    while ((task = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed)) < p->n_tasks) {
        if (p->stop && atomic_load_explicit(p->stop, memory_order_relaxed))
            return;
        p->fn(p->job, task, thread);
    }
}

static bool enter(struct pool *p)
{
    unsigned state = atomic_load(&p->state);
    while (state & OPEN)
        if (atomic_compare_exchange_weak(&p->state, &state, state + 1))
            return true;
    return false;
}

/* Waits for a job later than `seen`; returns the latest. */
static unsigned wait_for_job(struct pool *p, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        unsigned now = atomic_load(&p->generation);
        if (now != seen || atomic_load(&p->quit))
            return now;
        relax();
    }
    pthread_mutex_lock(&p->park);
    atomic_fetch_add(&p->n_parked, 1);
    while (atomic_load(&p->generation) == seen && !atomic_load(&p->quit))
        pthread_cond_wait(&p->wake, &p->park);
    atomic_fetch_sub(&p->n_parked, 1);
    pthread_mutex_unlock(&p->park);
    return atomic_load(&p->generation);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    unsigned thread = w->thread, seen = 0;
    free(w);
    while (!atomic_load(&p->quit)) {
        seen = wait_for_job(p, seen);
        if (enter(p)) {
            take_tasks(p, thread);
            atomic_fetch_sub(&p->state, 1);
        }
    }
    return NULL;
}

static bool start_thread(struct pool *p, unsigned thread)
{
    struct worker *w = malloc(sizeof *w);
    if (!w)
        return false;
    *w = (struct worker){p, thread};
    if (pthread_create(&p->threads[thread - 1], NULL, work, w) == 0)
        return true;
    free(w);
    return false;
}

struct pool *pool_new(unsigned n_threads, struct err *err)
{
    struct pool *p = mem_try(1, sizeof *p, "thread pool", err);
    if (!p)
        return NULL;
    pthread_mutex_init(&p->turn, NULL);
    pthread_mutex_init(&p->park, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->n_threads = 1;
    p->threads = mem_try(n_threads, sizeof *p->threads, "thread pool", err);
    if (!p->threads) {
        pool_free(p);
        return NULL;
    }
    for (unsigned t = 1; t < n_threads; t++) {
        if (!start_thread(p, t)) {
            err_set(err, "cannot start thread %u of %u", t + 1, n_threads);
            pool_free(p);
            return NULL;
        }
        p->n_threads++;
    }
    return p;
}

static void wake_all(struct pool *p)
{
    pthread_mutex_lock(&p->park);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->park);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    atomic_store(&p->quit, true);
    wake_all(p);
    for (unsigned t = 1; t < p->n_threads; t++)
        pthread_join(p->threads[t - 1], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->park);
    pthread_mutex_destroy(&p->turn);
    free(p->threads);
    free(p);
}

unsigned pool_threads(const struct pool *p)
{
    return p->n_threads;
}

unsigned pool_default_threads(void)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) != 0)
        return 1;
    int n = CPU_COUNT(&cores);
    return n > 0 ? (unsigned)n : 1;
}

void pool_run(struct pool *p, size_t n_tasks, pool_fn *fn, void *job, const atomic_bool *stop)
{
    if (n_tasks == 0)
        return;
    pthread_mutex_lock(&p->turn);
    p->n_tasks = n_tasks;
    p->fn = fn;
    p->job = job;
    p->stop = stop;
    atomic_store(&p->next, 0);
    if (n_tasks > 1 && p->n_threads > 1) {
        atomic_fetch_or(&p->state, OPEN);
        atomic_fetch_add(&p->generation, 1);
        if (atomic_load(&p->n_parked) > 0)
            wake_all(p);
    }
    take_tasks(p, 0);
    atomic_fetch_and(&p->state, ~(unsigned)OPEN);
    for (unsigned spins = 0; atomic_load(&p->state) != 0; spins++) {
        if (spins < SPINS)
            relax();
        else
            sched_yield();
    }
    pthread_mutex_unlock(&p->turn);
}
