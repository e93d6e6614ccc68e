#include "chat/chat.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/backend_local.h"
#include "chat/events.h"
#include "chat/record.h"
#include "chat/resolve.h"
#include "chat/worker.h"

/* Between two writes of a growing answer. Each costs a sync of the disk, some milliseconds. */
static const double write_every_s = 0.8;

enum job { JOB_ANSWER, JOB_REGENERATE, JOB_CONTINUE };

/* The conversation and the options belong to the calling thread while the chat is not busy, and to
 * the worker from the job's start until the front end has taken the event that ends it. */
struct chat {
    struct options options;
    char *path; /* of the model */
    struct record record;
    struct messages messages;
    struct events events;
    const struct facet_model *model; /* since CHAT_LOADED was taken */
    bool busy;                       /* the calling thread's alone */
    uint64_t turn;                   /* answers asked for in this conversation */

    pthread_t worker;
    pthread_mutex_t lock; /* of the next five */
    pthread_cond_t wake;
    bool claimed; /* a job is being made ready or waits */
    bool waiting; /* it is ready */
    bool quit;
    bool load_failed;
    struct err load_error;

    _Atomic(struct backend *) backend; /* NULL until the model is open */
    atomic_bool cancelled, loading;
    atomic_size_t used; /* positions of the context */

    /* The job. */
    enum job job;
    struct message old; /* JOB_REGENERATE: the answer to be replaced */
    struct str answer;  /* JOB_CONTINUE: what was there, first_bytes long, and what comes */
    size_t first_bytes;
    double written;           /* when the history last was */
    struct err history_error; /* "": none */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void put_text(struct chat *chat, enum chat_event_kind kind, const char *text)
{
    struct chat_event event = {.kind = kind};
    events_put(&chat->events, &event, text, strlen(text));
}

/* ---- The end of a turn ---- */

static void write_answer(struct chat *chat, enum record_state state)
{
    struct err err;
    if (!record_answer(&chat->record, str_text(&chat->answer), state, &err) &&
        !chat->history_error.text[0])
        chat->history_error = err;
    chat->written = now_s();
}

static void keep_answer(struct chat *chat, bool interrupted)
{
    struct messages *ms = &chat->messages;
    struct message *m =
        chat->job == JOB_CONTINUE ? &ms->list[ms->n - 1] : messages_add(ms, ROLE_MODEL);
    message_done(m);
    message_done(&chat->old);
    if (chat->answer.len)
        message_add_text(m, chat->answer.data, chat->answer.len);
    m->interrupted = interrupted;
    write_answer(chat, interrupted ? RECORD_INTERRUPTED : RECORD_COMPLETE);
}

/* Nothing was said: as if the job had not been. */
static void undo_job(struct chat *chat)
{
    struct messages *ms = &chat->messages;
    if (chat->job == JOB_REGENERATE) {
        *messages_add(ms, ROLE_MODEL) = chat->old;
        chat->old = (struct message){0};
    } else if (chat->job == JOB_ANSWER) {
        messages_cut(ms, ms->n - 1);
        bool only_system = ms->n == 1 && ms->list[0].role == ROLE_SYSTEM;
        struct err err;
        if (!record_cut(&chat->record, only_system ? 0 : ms->n, &err))
            chat->history_error = err;
    }
}

static void conclude(struct chat *chat, const struct outcome *o)
{
    bool said = chat->answer.len > chat->first_bytes;
    bool cancelled = !o->failed && o->reason == CHAT_CANCELLED;
    if (said || !(o->failed || (cancelled && chat->job == JOB_REGENERATE)))
        keep_answer(chat, o->failed || cancelled);
    else
        undo_job(chat);
    if (o->failed) {
        struct chat_event failed = {.kind = CHAT_FAILED, .lacking = o->lacking};
        events_put(&chat->events, &failed, o->err.text, strlen(o->err.text));
        return;
    }
    struct chat_event done = {.kind = CHAT_DONE, .reason = o->reason, .stats = o->stats};
    const char *warning = chat->history_error.text[0] ? chat->history_error.text : NULL;
    events_put(&chat->events, &done, warning, warning ? strlen(warning) : 0);
}

/* ---- The worker ---- */

static void on_text(void *user, const char *bytes, size_t n)
{
    struct chat *chat = user;
    struct chat_event event = {.kind = CHAT_TEXT};
    str_put(&chat->answer, bytes, n);
    events_put(&chat->events, &event, bytes, n);
    atomic_store(&chat->used, backend_used(chat->backend));
    if (now_s() - chat->written >= write_every_s)
        write_answer(chat, RECORD_WRITING);
}

static void on_progress(void *user, const char *what, size_t done, size_t total,
                        double seconds_left)
{
    struct chat *chat = user;
    struct chat_event event = {
        .kind = CHAT_PROGRESS, .done = done, .total = total, .seconds_left = seconds_left};
    events_put(&chat->events, &event, what, strlen(what));
}

static void load(struct chat *chat)
{
    struct err err = {""};
    struct backend *backend = backend_open(chat->path, &chat->options, &err);
    if (backend) {
        pthread_mutex_lock(&chat->lock);
        atomic_store(&chat->backend, backend);
        if (atomic_load(&chat->cancelled)) /* it came before there was anything to stop */
            backend_cancel(backend);
        pthread_mutex_unlock(&chat->lock);
        struct facet_model_info info;
        facet_model_get_info(backend_model(backend), &info);
        put_text(chat, CHAT_LOADED, info.name);
    } else {
        pthread_mutex_lock(&chat->lock);
        chat->load_failed = true;
        chat->load_error = err;
        bool announce = !chat->claimed; /* else the job will fail of it */
        pthread_mutex_unlock(&chat->lock);
        if (announce)
            put_text(chat, CHAT_FAILED, err.text);
    }
    atomic_store(&chat->loading, false);
}

static bool take_job(struct chat *chat)
{
    pthread_mutex_lock(&chat->lock);
    while (!chat->waiting && !chat->quit)
        pthread_cond_wait(&chat->wake, &chat->lock);
    bool any = chat->waiting;
    chat->waiting = chat->claimed = false;
    pthread_mutex_unlock(&chat->lock);
    return any;
}

static void do_job(struct chat *chat)
{
    struct backend *backend = chat->backend;
    struct outcome o = {.failed = true, .err = chat->load_error};
    if (backend) {
        struct backend_turn turn = {
            .messages = &chat->messages,
            .open_answer = chat->job == JOB_CONTINUE,
            .options = &chat->options,
            .sampling = options_sampling(&chat->options, chat->turn - 1),
            .progress = on_progress,
            .text = on_text,
            .user = chat,
        };
        backend_answer(backend, &turn, &o);
        atomic_store(&chat->used, backend_used(backend));
    }
    conclude(chat, &o);
}

static void *work(void *user)
{
    struct chat *chat = user;
    load(chat);
    while (take_job(chat))
        do_job(chat);
    return NULL;
}

/* ---- Opening and closing ---- */

static void free_chat(struct chat *chat)
{
    backend_close(chat->backend);
    messages_done(&chat->messages);
    message_done(&chat->old);
    record_forget(&chat->record);
    str_done(&chat->answer);
    options_done(&chat->options);
    free(chat->path);
    pthread_cond_destroy(&chat->wake);
    pthread_mutex_destroy(&chat->lock);
    free(chat);
}

static void add_system(struct chat *chat)
{
    const char *system = chat->options.system;
    if (system && *system)
        message_add_text(messages_add(&chat->messages, ROLE_SYSTEM), system, strlen(system));
}

struct chat *chat_open(const struct options *options, struct store *store, struct err *err)
{
    char *path = model_resolve(options->model, err);
    if (!path)
        return NULL;
    struct chat *chat = mem_new(1, sizeof *chat);
    chat->path = path;
    chat->record.store = store;
    options_copy(&chat->options, options);
    pthread_mutex_init(&chat->lock, NULL);
    pthread_cond_init(&chat->wake, NULL);
    atomic_store(&chat->loading, true);
    add_system(chat);
    bool ok =
        chat->options.seed_given ||
        getrandom(&chat->options.seed, sizeof chat->options.seed, 0) == sizeof chat->options.seed ||
        err_set(err, "no random numbers for a seed: %s", strerror(errno));
    if (ok && events_init(&chat->events, err)) {
        if (worker_start(&chat->worker, work, chat, err))
            return chat;
        events_done(&chat->events);
    }
    free_chat(chat);
    return NULL;
}

void chat_close(struct chat *chat)
{
    if (!chat)
        return;
    chat_cancel(chat);
    pthread_mutex_lock(&chat->lock);
    chat->quit = true;
    pthread_cond_signal(&chat->wake);
    pthread_mutex_unlock(&chat->lock);
    pthread_join(chat->worker, NULL);
    events_done(&chat->events);
    free_chat(chat);
}

/* ---- Starting a turn ---- */

static bool idle(const struct chat *chat, struct err *err)
{
    return !chat->busy || err_set(err, "an answer is under way");
}

static bool claim(struct chat *chat, struct err *err)
{
    if (!idle(chat, err))
        return false;
    pthread_mutex_lock(&chat->lock);
    chat->claimed = !chat->load_failed;
    bool ok = chat->claimed || err_set(err, "%s", chat->load_error.text);
    pthread_mutex_unlock(&chat->lock);
    return ok;
}

static void unclaim(struct chat *chat)
{
    pthread_mutex_lock(&chat->lock);
    chat->claimed = false;
    pthread_mutex_unlock(&chat->lock);
}

static void start(struct chat *chat, enum job job)
{
    chat->job = job;
    chat->turn++;
    chat->first_bytes = chat->answer.len;
    chat->written = now_s();
    chat->history_error.text[0] = 0;
    chat->busy = true;
    pthread_mutex_lock(&chat->lock);
    struct backend *backend = chat->backend;
    if (backend)
        backend_resume(backend); /* first: a chat_cancel between the two lines must not be lost */
    atomic_store(&chat->cancelled, false);
    chat->waiting = true;
    pthread_cond_signal(&chat->wake);
    pthread_mutex_unlock(&chat->lock);
}

bool chat_submit(struct chat *chat, struct message *user, struct err *err)
{
    if (!claim(chat, err))
        return false;
    struct messages *ms = &chat->messages;
    user->role = ROLE_USER;
    *messages_add(ms, ROLE_USER) = *user;
    if (!record_turn(&chat->record, ms, path_base(chat->path), err)) {
        ms->n--; /* still the caller's */
        unclaim(chat);
        return false;
    }
    *user = (struct message){0};
    str_clear(&chat->answer);
    start(chat, JOB_ANSWER);
    return true;
}

static struct message *last_answer(struct chat *chat, struct err *err)
{
    struct messages *ms = &chat->messages;
    if (ms->n && ms->list[ms->n - 1].role == ROLE_MODEL)
        return &ms->list[ms->n - 1];
    err_set(err, "there is no answer yet");
    return NULL;
}

bool chat_regenerate(struct chat *chat, struct err *err)
{
    struct message *last = idle(chat, err) ? last_answer(chat, err) : NULL;
    if (!last || !claim(chat, err))
        return false;
    chat->old = *last;
    chat->messages.n--;
    str_clear(&chat->answer);
    start(chat, JOB_REGENERATE);
    return true;
}

bool chat_continue(struct chat *chat, struct err *err)
{
    struct message *last = idle(chat, err) ? last_answer(chat, err) : NULL;
    if (!last || !claim(chat, err))
        return false;
    char *text = message_text(last, 1);
    str_clear(&chat->answer);
    str_puts(&chat->answer, text);
    free(text);
    start(chat, JOB_CONTINUE);
    return true;
}

/* ---- Events ---- */

/* Cancelled before the worker came to it, which is while the model is still being opened. */
static bool withdraw(struct chat *chat)
{
    if (!chat->busy || !atomic_load(&chat->cancelled))
        return false;
    pthread_mutex_lock(&chat->lock);
    bool mine = chat->waiting;
    if (mine)
        chat->waiting = chat->claimed = false;
    pthread_mutex_unlock(&chat->lock);
    if (mine)
        conclude(chat, &(struct outcome){.reason = CHAT_CANCELLED});
    return mine;
}

static void note(struct chat *chat, const struct chat_event *event)
{
    if (event->kind == CHAT_LOADED)
        chat->model = backend_model(chat->backend);
    else if (event->kind == CHAT_DONE || event->kind == CHAT_FAILED)
        chat->busy = false;
}

/* Milliseconds left, at least 0; -1 for ever. */
static int time_left(int timeout_ms, double started)
{
    if (timeout_ms < 0)
        return -1;
    double left = timeout_ms - 1000 * (now_s() - started);
    return left > 0 ? (int)left + 1 : 0;
}

bool chat_next(struct chat *chat, struct chat_event *event, int timeout_ms)
{
    double started = now_s();
    for (;;) {
        bool more = chat->busy || atomic_load(&chat->loading);
        if (events_take(&chat->events, event)) {
            note(chat, event);
            return true;
        }
        if (withdraw(chat))
            continue;
        int left = time_left(timeout_ms, started);
        if (!more || left == 0)
            return false;
        struct pollfd fd = {.fd = chat->events.fd, .events = POLLIN};
        poll(&fd, 1, left);
    }
}

int chat_fd(const struct chat *chat)
{
    return chat->events.fd;
}

void chat_cancel(struct chat *chat)
{
    atomic_store(&chat->cancelled, true);
    struct backend *backend = atomic_load(&chat->backend);
    if (backend)
        backend_cancel(backend);
    events_wake(&chat->events);
}

bool chat_is_busy(const struct chat *chat)
{
    return chat->busy;
}

/* ---- The conversation ---- */

const struct messages *chat_messages(const struct chat *chat)
{
    return &chat->messages;
}

bool chat_clear(struct chat *chat, struct err *err)
{
    if (!idle(chat, err))
        return false;
    record_forget(&chat->record);
    messages_cut(&chat->messages, 0);
    add_system(chat);
    chat->turn = 0;
    atomic_store(&chat->used, 0);
    return true;
}

/* What the conversation will take before anything of it is computed. */
static void count_used(struct chat *chat)
{
    struct prompt prompt;
    size_t used = 0;
    struct backend *backend = chat->backend;
    if (backend &&
        prompt_render(&prompt, backend_model(backend), &chat->messages, PROMPT_CLOSED, NULL)) {
        used = prompt.n_ids;
        prompt_done(&prompt);
    }
    atomic_store(&chat->used, used);
}

bool chat_load(struct chat *chat, int64_t conversation, struct err *err)
{
    if (!idle(chat, err))
        return false;
    struct record record = {.store = chat->record.store};
    struct messages messages = {0};
    if (!record_load(&record, conversation, &chat->options.crops, &messages, err))
        return false;
    record_forget(&chat->record);
    messages_done(&chat->messages);
    chat->record = record;
    chat->messages = messages;
    chat->turn = 0;
    count_used(chat);
    return true;
}

int64_t chat_conversation(const struct chat *chat)
{
    return chat->record.conversation;
}

bool chat_set_system(struct chat *chat, const char *system, struct err *err)
{
    struct messages *ms = &chat->messages;
    const char *text = system && *system ? system : NULL;
    bool had = ms->n && ms->list[0].role == ROLE_SYSTEM;
    if (!idle(chat, err) || !record_system(&chat->record, had, text, err))
        return false;
    if (had) {
        message_done(&ms->list[0]);
        memmove(ms->list, ms->list + 1, --ms->n * sizeof *ms->list);
    }
    if (text) {
        messages_add(ms, ROLE_SYSTEM);
        memmove(ms->list + 1, ms->list, (ms->n - 1) * sizeof *ms->list);
        ms->list[0] = (struct message){.role = ROLE_SYSTEM};
        message_add_text(&ms->list[0], text, strlen(text));
    }
    char *copy = mem_copy(text);
    free(chat->options.system);
    chat->options.system = copy;
    return true;
}

bool chat_set(struct chat *chat, const char *option, const char *value, struct err *err)
{
    if (!idle(chat, err))
        return false;
    for (size_t i = 0; i < n_option_rows; i++)
        if (strcmp(option_rows[i].flag, option) == 0 && !option_rows[i].live)
            return err_set(err, "%s: can only be chosen when facet starts", option);
    if (!options_set(&chat->options, option, value, err))
        return false;
    if (strcmp(option, "seed") == 0)
        chat->turn = 0;
    return true;
}

const struct options *chat_options(const struct chat *chat)
{
    return &chat->options;
}

const struct facet_model *chat_model(const struct chat *chat)
{
    return chat->model;
}

void chat_context(const struct chat *chat, size_t *used, size_t *total)
{
    *used = atomic_load(&chat->used);
    struct backend *backend = chat->backend;
    *total = backend ? backend_context(backend) : chat->options.ctx;
}

/* ---- What of the conversation the model is told ---- */

bool chat_weigh(const struct chat *chat, struct context_share *shares, struct err *err)
{
    if (!idle(chat, err))
        return false;
    if (!chat->model)
        return err_set(err, "the model is still being opened");
    return context_weigh(chat->model, &chat->messages, shares, err);
}

bool chat_set_told(struct chat *chat, size_t i, enum context_state state, struct err *err)
{
    if (!idle(chat, err))
        return false;
    context_set_state(&chat->messages, i, state);
    count_used(chat);
    return true;
}

bool chat_make_room(struct chat *chat, size_t least, size_t wanted, struct err *err)
{
    struct messages *ms = &chat->messages;
    struct context_share *shares = mem_new(ms->n + 1, sizeof *shares);
    bool *dropped = mem_new(ms->n + 1, sizeof *dropped);
    bool ok = chat_weigh(chat, shares, err);
    for (size_t i = 0; i < ms->n; i++)
        dropped[i] = ms->list[i].dropped;
    if (ok && context_drop(ms, shares, wanted) < least) {
        ok = err_set(err, "there is not so much that could be left out");
        for (size_t i = 0; i < ms->n; i++)
            ms->list[i].dropped = dropped[i];
    }
    if (ok)
        count_used(chat);
    free(dropped);
    free(shares);
    return ok;
}
