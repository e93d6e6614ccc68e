/* The thread pool: every task once, at any number of threads, and a prompt stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "engine/pool.h"

enum { MOST = 1000 };

struct counts {
    atomic_int ran[MOST];
    atomic_int total;
    atomic_bool stop;
    unsigned n_threads;
    atomic_bool strange_thread;
};

static void count_task(void *job, size_t task, unsigned thread)
{
    struct counts *c = job;
    atomic_fetch_add(&c->ran[task], 1);
    atomic_fetch_add(&c->total, 1);
    if (thread >= c->n_threads)
        atomic_store(&c->strange_thread, true);
}

static void every_task_runs_once(void **state)
{
    (void)state;
    for (unsigned n_threads = 1; n_threads <= 5; n_threads++) {
        struct pool *pool = pool_new(n_threads, NULL);
        assert_non_null(pool);
        assert_int_equal(pool_threads(pool), n_threads);
        for (size_t n = 0; n < 400; n += 7) {
            struct counts c = {.n_threads = n_threads};
            pool_run(pool, n, count_task, &c, &c.stop);
            for (size_t i = 0; i < MOST; i++)
                assert_int_equal(c.ran[i], i < n);
            assert_false(c.strange_thread);
        }
        pool_free(pool);
    }
}

static void jobs_after_a_pause_run(void **state)
{
    (void)state;
    struct pool *pool = pool_new(3, NULL);
    for (int i = 0; i < 5; i++) {
        struct timespec pause = {.tv_nsec = 20 * 1000 * 1000}; /* long enough for the threads to park */
        nanosleep(&pause, NULL);
        struct counts c = {.n_threads = 3};
        pool_run(pool, 100, count_task, &c, NULL);
        assert_int_equal(c.total, 100);
    }
    pool_free(pool);
}

static void stop_task(void *job, size_t task, unsigned thread)
{
    struct counts *c = job;
    count_task(job, task, thread);
    if (task == 10)
        atomic_store(&c->stop, true);
}

static void stop_skips_what_is_left(void **state)
{
    (void)state;
    struct pool *pool = pool_new(2, NULL);
    struct counts c = {.n_threads = 2};
    pool_run(pool, MOST, stop_task, &c, &c.stop);
    assert_true(c.total >= 11 && c.total < MOST);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(jobs_after_a_pause_run),
        cmocka_unit_test(stop_skips_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
