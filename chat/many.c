#include "chat/many.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/backend_local.h"
#include "chat/confidence.h"
#include "chat/events.h"
#include "chat/resolve.h"
#include "chat/template.h"
#include "chat/worker.h"

/* Decoded pictures are large: no more of them wait than keep the worker busy. */
enum { MAX_WAITING_PICTURES = 2 };

struct job {
    size_t item;
    struct messages messages;
    uint64_t seed;
    struct confidence *confidence;
};

/* An answer under way; the worker's alone. */
struct answering {
    struct many *many;
    size_t item;
    bool taken;
    struct backend_turn turn;
    struct str text;
};

struct many {
    const struct options *options;
    char *path; /* of the model */
    struct events events;
    const struct facet_model *model; /* since CHAT_LOADED was taken */

    /* What all prompts begin with; the opening thread's until the first job, then the worker's. */
    int32_t *shared;
    size_t n_shared;
    bool any_shared, shared_given;

    pthread_t worker;
    pthread_mutex_t lock; /* of the next four */
    pthread_cond_t wake;
    struct job waiting[MANY_MAX_TOGETHER];
    size_t n_waiting, n_waiting_pictures;

    atomic_bool quit;
    _Atomic(struct backend *) backend; /* NULL until the model is open */
    size_t n_together;
    struct answering answering[MANY_MAX_TOGETHER];
    size_t n_answering;
};

static void put_event(struct many *many, enum chat_event_kind kind, size_t item, const char *text)
{
    struct chat_event event = {.kind = kind, .item = item};
    events_put(&many->events, &event, text, strlen(text));
}

/* ---- The worker ---- */

static void on_progress(void *user, const char *what, size_t done, size_t total, double left)
{
    const struct answering *a = user;
    struct chat_event event = {
        .kind = CHAT_PROGRESS, .item = a->item, .done = done, .total = total, .seconds_left = left};
    events_put(&a->many->events, &event, what, strlen(what));
}

static void on_text(void *user, const char *bytes, size_t n)
{
    struct answering *a = user;
    str_put(&a->text, bytes, n);
}

/* Its places are those of what messages hold. */
static void end_confidence(const struct answering *a)
{
    struct str said = {0};
    message_put_said(&said, str_text(&a->text), a->text.len);
    confidence_end(a->turn.confidence, said.len);
    str_done(&said);
}

static bool load(struct many *many)
{
    struct err err = {""};
    struct backend *backend = backend_open(many->path, many->options, &err);
    if (!backend) {
        put_event(many, CHAT_FAILED, 0, err.text);
        return false;
    }
    many->n_together = backend_make_seats(backend, many->n_together, mem_available());
    atomic_store(&many->backend, backend);
    struct facet_model_info info;
    facet_model_get_info(backend_model(backend), &info);
    put_event(many, CHAT_LOADED, 0, info.name);
    return true;
}

static void end_answer(struct many *many, struct answering *a, const struct outcome *o)
{
    struct chat_event event = {.kind = o->failed ? CHAT_FAILED : CHAT_DONE,
                               .item = a->item,
                               .reason = o->reason,
                               .stats = o->stats};
    if (a->turn.confidence)
        end_confidence(a);
    if (o->failed)
        events_put(&many->events, &event, o->err.text, strlen(o->err.text));
    else
        events_put(&many->events, &event, str_text(&a->text), a->text.len);
    str_done(&a->text);
    a->taken = false;
    many->n_answering--;
}

static void end_answers(struct many *many)
{
    struct outcome outcome;
    for (size_t i = 0; i < many->n_together; i++)
        if (many->answering[i].taken && backend_ended(many->backend, i, &outcome))
            end_answer(many, &many->answering[i], &outcome);
}

static void begin_answer(struct many *many, struct job *job)
{
    size_t seat = 0;
    while (many->answering[seat].taken)
        seat++;
    struct answering *a = &many->answering[seat];
    *a = (struct answering){.many = many, .item = job->item, .taken = true};
    a->turn = (struct backend_turn){
        .messages = &job->messages,
        .options = many->options,
        .sampling = options_sampling(many->options, backend_model(many->backend), 0),
        .confidence = job->confidence,
        .progress = on_progress,
        .text = on_text,
        .user = a,
    };
    a->turn.sampling.seed = job->seed;
    many->n_answering++;
    if (!many->shared_given)
        backend_share(many->backend, many->shared, many->n_shared);
    many->shared_given = true;
    backend_begin(many->backend, seat, &a->turn);
    messages_done(&job->messages); /* pictures that are encoded are not needed any more */
    end_answers(many);
}

/* The next job that waits, if there is a seat for it. Waits for one if there is nothing to do. */
static bool take_job(struct many *many, struct job *job)
{
    pthread_mutex_lock(&many->lock);
    while (!many->n_waiting && !many->n_answering && !many->quit)
        pthread_cond_wait(&many->wake, &many->lock);
    bool any = many->n_waiting && many->n_answering < many->n_together && !many->quit;
    if (any) {
        *job = many->waiting[0];
        memmove(many->waiting, many->waiting + 1, --many->n_waiting * sizeof *job);
        many->n_waiting_pictures -= message_images(&job->messages.list[job->messages.n - 1]);
        events_wake(&many->events); /* there is room */
    }
    pthread_mutex_unlock(&many->lock);
    return any;
}

static void step(struct many *many)
{
    struct chat_event event = {.kind = CHAT_PROGRESS, .seconds_left = -1};
    struct str what = {0};
    str_printf(&what, "writing %zu answer%s", many->n_answering,
               many->n_answering == 1 ? "" : "s together");
    events_put(&many->events, &event, what.data, what.len);
    str_done(&what);
    backend_step(many->backend);
    end_answers(many);
}

static void *work(void *user)
{
    struct many *many = user;
    if (!load(many))
        return NULL;
    while (!many->quit) {
        struct job job;
        if (take_job(many, &job))
            begin_answer(many, &job);
        else if (many->n_answering)
            step(many);
    }
    return NULL;
}

/* ---- Opening and closing ---- */

static void free_many(struct many *many)
{
    for (size_t i = 0; i < many->n_waiting; i++)
        messages_done(&many->waiting[i].messages);
    for (size_t i = 0; i < MANY_MAX_TOGETHER; i++)
        str_done(&many->answering[i].text);
    backend_close(many->backend);
    free(many->shared);
    free(many->path);
    pthread_cond_destroy(&many->wake);
    pthread_mutex_destroy(&many->lock);
    free(many);
}

struct many *many_open(const struct options *options, size_t n_together, struct err *err)
{
    char *path = model_resolve(options->model, err);
    if (!path)
        return NULL;
    struct many *many = mem_new(1, sizeof *many);
    many->options = options;
    many->path = path;
    many->n_together = n_together < MANY_MAX_TOGETHER ? n_together : MANY_MAX_TOGETHER;
    pthread_mutex_init(&many->lock, NULL);
    pthread_cond_init(&many->wake, NULL);
    if (events_init(&many->events, err)) {
        if (worker_start(&many->worker, work, many, err))
            return many;
        events_done(&many->events);
    }
    free_many(many);
    return NULL;
}

void many_close(struct many *many)
{
    if (!many)
        return;
    pthread_mutex_lock(&many->lock);
    many->quit = true;
    pthread_cond_signal(&many->wake);
    pthread_mutex_unlock(&many->lock);
    struct backend *backend = many->backend;
    if (backend)
        backend_cancel(backend);
    pthread_join(many->worker, NULL);
    events_done(&many->events);
    free_many(many);
}

const struct facet_model *many_model(const struct many *many)
{
    return many->model;
}

size_t many_together(const struct many *many)
{
    return many->model ? many->n_together : 0;
}

/* ---- Submitting ---- */

/* Up to the first picture, and without the last position: its logits are each prompt's own. */
static size_t sharable(const struct many *many, const struct prompt *prompt)
{
    struct facet_special_ids special;
    facet_model_get_special(many->model, &special);
    size_t n = 0;
    while (n + 1 < prompt->n_ids && prompt->ids[n] != special.image_soft)
        n++;
    return n;
}

bool many_share(struct many *many, const struct messages *messages, struct err *err)
{
    struct prompt prompt;
    struct messages told = *messages;
    told.schema = many->options->schema;
    if (!prompt_render(&prompt, many->model, &told, 0, err))
        return false;
    size_t n = sharable(many, &prompt);
    if (!many->any_shared) {
        many->shared = prompt.ids;
        many->n_shared = n;
        many->any_shared = true;
        prompt.ids = NULL;
    } else {
        size_t common = 0;
        while (common < n && common < many->n_shared && prompt.ids[common] == many->shared[common])
            common++;
        many->n_shared = common;
    }
    prompt_done(&prompt);
    return true;
}

bool many_has_room(struct many *many)
{
    pthread_mutex_lock(&many->lock);
    bool room =
        many->n_waiting < MANY_MAX_TOGETHER && many->n_waiting_pictures < MAX_WAITING_PICTURES;
    pthread_mutex_unlock(&many->lock);
    return room;
}

void many_submit(struct many *many, size_t item, struct messages *messages, uint64_t seed,
                 struct confidence *confidence)
{
    pthread_mutex_lock(&many->lock);
    many->waiting[many->n_waiting++] = (struct job){item, *messages, seed, confidence};
    many->n_waiting_pictures += message_images(&messages->list[messages->n - 1]);
    pthread_cond_signal(&many->wake);
    pthread_mutex_unlock(&many->lock);
    *messages = (struct messages){0};
}

/* ---- Events ---- */

bool many_next(struct many *many, struct chat_event *event)
{
    if (!events_take(&many->events, event))
        return false;
    if (event->kind == CHAT_LOADED)
        many->model = backend_model(many->backend);
    return true;
}

int many_fd(const struct many *many)
{
    return many->events.fd;
}
