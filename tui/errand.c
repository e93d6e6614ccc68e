#include "tui/errand.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "chat/worker.h"

struct queue {
    struct errand **list;
    size_t n;
};

struct errands {
    pthread_t worker;
    pthread_mutex_t lock; /* of the next three */
    pthread_cond_t wake;
    struct queue waiting, ran;
    bool quit;
    int fd;
};

static void queue_put(struct queue *q, struct errand *e)
{
    q->list = mem_grow(q->list, q->n + 1, sizeof(struct errand *));
    q->list[q->n++] = e;
}

static struct errand *queue_take(struct queue *q)
{
    if (q->n == 0)
        return NULL;
    struct errand *e = q->list[0];
    memmove(q->list, q->list + 1, --q->n * sizeof(struct errand *));
    return e;
}

static struct errand *next(struct errands *es)
{
    pthread_mutex_lock(&es->lock);
    while (es->waiting.n == 0 && !es->quit)
        pthread_cond_wait(&es->wake, &es->lock);
    struct errand *e = es->quit ? NULL : queue_take(&es->waiting);
    pthread_mutex_unlock(&es->lock);
    return e;
}

static void *work(void *user)
{
    struct errands *es = user;
    for (struct errand *e; (e = next(es));) {
        e->work(e);
        pthread_mutex_lock(&es->lock);
        queue_put(&es->ran, e);
        eventfd_write(es->fd, 1);
        pthread_mutex_unlock(&es->lock);
    }
    return NULL;
}

struct errands *errands_new(struct err *err)
{
    struct errands *es = mem_new(1, sizeof *es);
    pthread_mutex_init(&es->lock, NULL);
    pthread_cond_init(&es->wake, NULL);
    es->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = es->fd >= 0 || err_set(err, "no event descriptor: %s", strerror(errno));
    if (ok && worker_start(&es->worker, work, es, err))
        return es;
    if (es->fd >= 0)
        close(es->fd);
    free(es);
    return NULL;
}

static void finish_all(struct queue *q, bool wanted)
{
    for (struct errand *e; (e = queue_take(q));)
        e->done(e, wanted);
    free(q->list);
}

void errands_free(struct errands *es)
{
    if (!es)
        return;
    pthread_mutex_lock(&es->lock);
    es->quit = true;
    pthread_cond_signal(&es->wake);
    pthread_mutex_unlock(&es->lock);
    pthread_join(es->worker, NULL);
    finish_all(&es->ran, false);
    finish_all(&es->waiting, false);
    close(es->fd);
    pthread_cond_destroy(&es->wake);
    pthread_mutex_destroy(&es->lock);
    free(es);
}

void errands_put(struct errands *es, struct errand *e)
{
    pthread_mutex_lock(&es->lock);
    queue_put(&es->waiting, e);
    pthread_cond_signal(&es->wake);
    pthread_mutex_unlock(&es->lock);
}

bool errands_take(struct errands *es)
{
    struct queue ran;
    eventfd_t count;
    pthread_mutex_lock(&es->lock);
    ran = es->ran;
    es->ran = (struct queue){NULL, 0};
    eventfd_read(es->fd, &count);
    pthread_mutex_unlock(&es->lock);
    bool any = ran.n > 0;
    finish_all(&ran, true); /* unlocked: done may put the next errand */
    return any;
}

int errands_fd(const struct errands *es)
{
    return es->fd;
}
