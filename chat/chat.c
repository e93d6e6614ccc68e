#include "chat/chat_state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/mem.h"
#include "base/version.h"
#include "chat/confidence.h"
#include "chat/discard.h"
#include "chat/model_digest.h"
#include "chat/receipt.h"
#include "chat/resolve.h"
#include "chat/worker.h"

/* Between two writes of a growing answer. Each costs a sync of the disk, some milliseconds. */
static const double write_every_s = 0.8;

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

static void note_failure(struct chat *chat, const struct err *err)
{
    if (!chat->history_error.text[0])
        chat->history_error = *err;
}

static void write_answer(struct chat *chat, int state)
{
    struct err err;
    if (!record_answer(&chat->record, str_text(&chat->answer), state, &err))
        note_failure(chat, &err);
    chat->written = now_s();
}

/* Not while the model is opened: people wait for that. */
static bool find_digest(struct chat *chat, struct err *err)
{
    return chat->digest[0] || model_digest(chat->digest, chat->path, chat->options.mmproj, err);
}

static void write_receipt(struct chat *chat, const struct outcome *o)
{
    struct err err;
    if (!chat->record.conversation)
        return;
    if (!find_digest(chat, &err)) {
        note_failure(chat, &err);
        return;
    }
    char *system = message_text(&chat->tree.nodes[0].message, 1);
    char *options = receipt_options(&chat->options, *system ? system : NULL);
    char *whole = realpath(chat->path, NULL);
    struct store_receipt receipt = {
        .model = whole ? whole : chat->path,
        .digest = chat->digest,
        .options = options,
        .seed = options_sampling(&chat->options, chat->model, chat->turn - 1).seed,
        .continued_from = chat->first_bytes,
        .n_prompt = o->stats.n_prompt,
        .n_kept = o->stats.n_kept,
        .n_answer = o->stats.n_answer,
        .encode_s = o->stats.encode_s,
        .prompt_s = o->stats.prompt_s,
        .answer_s = o->stats.answer_s,
        .reason = reason_name(o->reason),
        .version = FACET_VERSION,
    };
    if (!record_receipt(&chat->record, &receipt, &err))
        note_failure(chat, &err);
    free(whole);
    free(options);
    free(system);
}

/* The figures of what the answer has become. */
static struct confidence *take_confidence(struct chat *chat)
{
    struct confidence *c = chat->confidence;
    chat->confidence = NULL;
    if (c)
        confidence_end(c, chat->answer.len);
    return c;
}

static void keep_answer(struct chat *chat, const struct outcome *o)
{
    struct tree *t = &chat->tree;
    struct message m = {.role = ROLE_MODEL, .created = time(NULL)};
    m.interrupted = o->failed || o->reason == CHAT_CANCELLED;
    if (chat->answer.len)
        message_add_text(&m, chat->answer.data, chat->answer.len);
    m.confidence = take_confidence(chat);
    if (chat->job == JOB_ANSWER) {
        size_t node = tree_add(t, tree_leaf(t), &m);
        t->nodes[node].row = chat->record.answer;
    } else {
        struct message *last = &t->nodes[tree_leaf(t)].message;
        m.created = last->created;
        message_done(last);
        *last = m;
        tree_refresh(t);
    }
    write_answer(chat,
                 t->nodes[tree_leaf(t)].message.interrupted ? STORE_INTERRUPTED : STORE_COMPLETE);
    if (o->stats.n_answer > 0 && !o->failed)
        write_receipt(chat, o);
}

/* Nothing was said: as if the job had not been. */
static void undo_job(struct chat *chat)
{
    struct tree *t = &chat->tree;
    struct err err;
    if (chat->job != JOB_ANSWER)
        return;
    size_t parent = chat->question ? t->nodes[chat->question].parent : tree_leaf(t);
    if (!record_undo(&chat->record, t, chat->question, parent, chat->old, &err))
        note_failure(chat, &err);
    if (chat->question)
        tree_drop_newest(t);
    tree_choose(t, parent, chat->old);
}

static void conclude_answer(struct chat *chat, const struct outcome *o)
{
    bool said = chat->answer.len > chat->first_bytes;
    bool cancelled = !o->failed && o->reason == CHAT_CANCELLED;
    bool regenerating = chat->job == JOB_ANSWER && !chat->question;
    if (said || !(o->failed || (cancelled && regenerating)))
        keep_answer(chat, o);
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

static void conclude(struct chat *chat, const struct outcome *o)
{
    if (chat->job == JOB_LOOK)
        chat_conclude_look(chat, o);
    else
        conclude_answer(chat, o);
}

/* ---- The worker ---- */

static void on_text(void *user, const char *bytes, size_t n)
{
    struct chat *chat = user;
    struct chat_event event = {.kind = CHAT_TEXT};
    message_put_said(&chat->answer, bytes, n);
    events_put(&chat->events, &event, bytes, n);
    atomic_store(&chat->used, backend_used(chat->backend));
    if (now_s() - chat->written >= write_every_s)
        write_answer(chat, STORE_WRITING);
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

/* Before the session leaves its conversation: nothing is kept of what was deleted. */
static void forget_deleted(struct chat *chat, struct backend *backend)
{
    int64_t conversation = backend_conversation(backend);
    bool outdated = atomic_exchange(&chat->outdated, false);
    if (conversation && (outdated || !discard_spared(chat->store, conversation)))
        backend_forget(backend);
}

static void follow(struct chat *chat, struct backend *backend, int64_t conversation)
{
    if (conversation != backend_conversation(backend))
        forget_deleted(chat, backend);
    backend_enter(backend, conversation);
}

/* Waits for a job; while there is none, the session follows to where the conversation moved. */
static bool take_job(struct chat *chat)
{
    pthread_mutex_lock(&chat->lock);
    while (!chat->waiting && !chat->quit) {
        if (!chat->moved || !chat->backend) {
            pthread_cond_wait(&chat->wake, &chat->lock);
            continue;
        }
        int64_t conversation = chat->conversation;
        chat->moved = false;
        pthread_mutex_unlock(&chat->lock);
        follow(chat, chat->backend, conversation);
        pthread_mutex_lock(&chat->lock);
    }
    bool any = chat->waiting;
    chat->waiting = chat->claimed = chat->moved = false; /* the job enters its own */
    pthread_mutex_unlock(&chat->lock);
    return any;
}

/* One answer alone will hardly be gone on with. */
static int64_t kept_conversation(const struct chat *chat)
{
    return chat->options.one_answer ? 0 : chat->record.conversation;
}

static void do_job(struct chat *chat)
{
    struct backend *backend = chat->backend;
    struct outcome o = {.failed = true, .err = chat->load_error};
    if (backend) {
        struct messages before = {.list = chat->tree.path.list, .n = chat->look.message};
        struct backend_turn turn = {
            .messages = chat->job == JOB_LOOK ? &before : &chat->tree.path,
            .open_answer = chat->job == JOB_CONTINUE,
            .options = &chat->options,
            .sampling =
                options_sampling(&chat->options, backend_model(backend), chat->turn - 1),
            .confidence = chat->options.confidence ? chat->confidence : NULL,
            .progress = on_progress,
            .text = on_text,
            .user = chat,
        };
        for (size_t i = 0; i < turn.messages->n; i++)
            message_read(&turn.messages->list[i]);
        follow(chat, backend, kept_conversation(chat));
        atomic_store(&chat->outdated, false); /* what is deleted leaves the session now */
        if (chat->job == JOB_LOOK)
            backend_look(backend, &turn, &chat->look, &chat->looked, &o);
        else
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
    if (chat->backend)
        forget_deleted(chat, chat->backend);
    backend_close(chat->backend);
    tree_done(&chat->tree);
    chat_forget_look(chat);
    str_done(&chat->answer);
    confidence_free(chat->confidence);
    options_done(&chat->options);
    free(chat->path);
    pthread_cond_destroy(&chat->wake);
    pthread_mutex_destroy(&chat->lock);
    free(chat);
}

struct chat *chat_open(const struct options *options, struct store *store, struct err *err)
{
    char *path = model_resolve(options->model, err);
    if (!path)
        return NULL;
    struct chat *chat = mem_new(1, sizeof *chat);
    chat->path = path;
    chat->store = chat->record.store = store;
    options_copy(&chat->options, options);
    pthread_mutex_init(&chat->lock, NULL);
    pthread_cond_init(&chat->wake, NULL);
    atomic_store(&chat->loading, true);
    tree_init(&chat->tree);
    chat_show_system(&chat->tree, chat->options.system);
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

bool chat_claim(struct chat *chat, struct err *err)
{
    if (!chat_is_idle(chat, err))
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

/* Of an answer that is gone on with, the figures that there are stay. */
static void start_confidence(struct chat *chat)
{
    struct tree *t = &chat->tree;
    confidence_free(chat->confidence);
    chat->confidence = chat->job == JOB_CONTINUE
                           ? confidence_copy(t->nodes[tree_leaf(t)].message.confidence)
                           : NULL;
    if (!chat->confidence && chat->options.confidence) {
        chat->confidence = mem_new(1, sizeof *chat->confidence);
        confidence_end(chat->confidence, chat->answer.len);
    }
}

void chat_start(struct chat *chat, enum job job)
{
    chat->job = job;
    if (job != JOB_LOOK) {
        chat->turn++;
        start_confidence(chat);
    }
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

/* Makes a row for the answer that is to follow the path, and for a question that ends it. */
static bool begin_answer(struct chat *chat, size_t question, size_t old, struct err *err)
{
    if (!record_turn(&chat->record, &chat->tree, path_base(chat->path), err))
        return false;
    chat->question = question;
    chat->old = old;
    str_clear(&chat->answer);
    chat_start(chat, JOB_ANSWER);
    return true;
}

/* Puts a question below parent, beside `old` (0: nothing), and asks it. */
static bool ask(struct chat *chat, struct message *user, size_t parent, size_t old, struct err *err)
{
    struct tree *t = &chat->tree;
    if (!chat_claim(chat, err))
        return false;
    user->role = ROLE_USER;
    user->created = time(NULL);
    size_t question = tree_add(t, parent, user);
    if (begin_answer(chat, question, old, err))
        return true;
    *user = t->nodes[question].message; /* still the caller's */
    t->nodes[question].message = (struct message){0};
    tree_drop_newest(t);
    tree_choose(t, parent, old);
    unclaim(chat);
    return false;
}

static bool ends_with(const struct chat *chat, enum role role)
{
    const struct messages *ms = &chat->tree.path;
    return ms->n && ms->list[ms->n - 1].role == role;
}

bool chat_submit(struct chat *chat, struct message *user, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    if (ends_with(chat, ROLE_USER))
        return err_set(err, "the last message has no answer yet: ask for one, or edit it");
    return ask(chat, user, tree_leaf(&chat->tree), 0, err);
}

bool chat_edit(struct chat *chat, size_t index, struct message *user, struct err *err)
{
    size_t node = chat_node_at(chat, index, err);
    if (!node)
        return false;
    if (chat->tree.nodes[node].message.role != ROLE_USER)
        return err_set(err, "only what you said can be edited");
    return ask(chat, user, chat->tree.nodes[node].parent, node, err);
}

bool chat_regenerate(struct chat *chat, struct err *err)
{
    struct tree *t = &chat->tree;
    if (!chat_is_idle(chat, err))
        return false;
    size_t old = ends_with(chat, ROLE_MODEL) ? tree_leaf(t) : 0;
    if (!old && !ends_with(chat, ROLE_USER))
        return err_set(err, "there is no answer yet");
    if (!chat_claim(chat, err))
        return false;
    size_t parent = old ? t->nodes[old].parent : tree_leaf(t);
    tree_choose(t, parent, 0);
    if (begin_answer(chat, 0, old, err))
        return true;
    tree_choose(t, parent, old);
    unclaim(chat);
    return false;
}

bool chat_continue(struct chat *chat, struct err *err)
{
    if (!chat_is_idle(chat, err))
        return false;
    if (!ends_with(chat, ROLE_MODEL))
        return err_set(err, "there is no answer yet");
    if (!chat_claim(chat, err))
        return false;
    size_t last = tree_leaf(&chat->tree);
    char *text = message_text(&chat->tree.nodes[last].message, 1);
    chat->record.answer = chat->tree.nodes[last].row;
    str_clear(&chat->answer);
    str_puts(&chat->answer, text);
    free(text);
    chat_start(chat, JOB_CONTINUE);
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
    else if (event->kind == CHAT_DONE || event->kind == CHAT_FAILED ||
             event->kind == CHAT_LOOKED)
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
