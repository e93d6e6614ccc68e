#include "chat/events.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

bool events_init(struct events *e, struct err *err)
{
    *e = (struct events){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (e->fd < 0)
        return err_set(err, "no event descriptor: %s", strerror(errno));
    pthread_mutex_init(&e->lock, NULL);
    return true;
}

void events_done(struct events *e)
{
    for (size_t i = 0; i < e->n; i++)
        str_done(&e->list[i].text);
    str_done(&e->current.text);
    free(e->list);
    close(e->fd);
    pthread_mutex_destroy(&e->lock);
}

void events_wake(struct events *e)
{
    int before = errno;
    uint64_t one = 1;
    /* Fails only where the counter is full, and then it is readable. */
    if (write(e->fd, &one, sizeof one) < 0)
        errno = before;
}

static struct event *joined(struct events *e, enum chat_event_kind kind)
{
    if (e->n == 0 || e->list[e->n - 1].head.kind != kind)
        return NULL;
    return kind == CHAT_TEXT || kind == CHAT_PROGRESS ? &e->list[e->n - 1] : NULL;
}

void events_put(struct events *e, const struct chat_event *head, const char *text, size_t n_bytes)
{
    pthread_mutex_lock(&e->lock);
    struct event *event = joined(e, head->kind);
    if (!event) {
        if (e->n == e->cap) {
            e->cap = e->cap ? 2 * e->cap : 8;
            e->list = mem_grow(e->list, e->cap, sizeof *e->list);
        }
        event = &e->list[e->n++];
        *event = (struct event){0};
    }
    event->head = *head;
    if (head->kind != CHAT_TEXT)
        str_clear(&event->text);
    if (text)
        str_put(&event->text, text, n_bytes);
    events_wake(e);
    pthread_mutex_unlock(&e->lock);
}

bool events_take(struct events *e, struct chat_event *out)
{
    pthread_mutex_lock(&e->lock);
    bool any = e->n > 0;
    if (any) {
        str_done(&e->current.text);
        e->current = e->list[0];
        memmove(e->list, e->list + 1, --e->n * sizeof *e->list);
        *out = e->current.head;
        out->text = e->current.text.data;
        out->n_bytes = e->current.text.len;
    }
    eventfd_t count;
    if (e->n == 0)
        eventfd_read(e->fd, &count);
    pthread_mutex_unlock(&e->lock);
    return any;
}
