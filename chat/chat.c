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
#include "base/version.h"
#include "chat/backend_local.h"
#include "chat/events.h"
#include "chat/model_digest.h"
#include "chat/receipt.h"
#include "chat/record.h"
#include "chat/resolve.h"
#include "chat/tree.h"
#include "chat/worker.h"

/* Between two writes of a growing answer. Each costs a sync of the disk, some milliseconds. */
static const double write_every_s = 0.8;

enum job { JOB_ANSWER, JOB_CONTINUE };

/* The conversation and the options belong to the calling thread while the chat is not busy, and to
 * the worker from the job's start until the front end has taken the event that ends it. */
struct chat {
    struct options options;
    char *path; /* of the model */
    struct record record;
    struct tree tree;
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
    char digest[SHA256_HEX_BYTES]; /* of the model; the worker's alone */

    _Atomic(struct backend *) backend; /* NULL until the model is open */
    atomic_bool cancelled, loading;
    atomic_size_t used; /* positions of the context */

    /* The job. */
    enum job job;
    size_t question;   /* JOB_ANSWER: the node that was added for it; 0: none */
    size_t old;        /* JOB_ANSWER: the node that was seen in the place of what comes; 0: none */
    struct str answer; /* JOB_CONTINUE: what was there, first_bytes long, and what comes */
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

static void write_receipt(struct chat *chat, const struct outcome *o)
{
    struct err err;
    char *system = message_text(&chat->tree.nodes[0].message, 1);
    char *options = receipt_options(&chat->options, *system ? system : NULL);
    char *whole = realpath(chat->path, NULL);
    struct store_receipt receipt = {
        .model = whole ? whole : chat->path,
        .digest = chat->digest,
        .options = options,
        .seed = options_sampling(&chat->options, chat->turn - 1).seed,
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

static void keep_answer(struct chat *chat, const struct outcome *o)
{
    struct tree *t = &chat->tree;
    struct message m = {.role = ROLE_MODEL, .created = time(NULL)};
    m.interrupted = o->failed || o->reason == CHAT_CANCELLED;
    if (chat->answer.len)
        message_add_text(&m, chat->answer.data, chat->answer.len);
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
    write_answer(chat, t->nodes[tree_leaf(t)].message.interrupted ? STORE_INTERRUPTED
                                                                  : STORE_COMPLETE);
    if (!o->failed)
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

static void conclude(struct chat *chat, const struct outcome *o)
{
    bool said = chat->answer.len > chat->first_bytes;
    bool cancelled = !o->failed && o->reason == CHAT_CANCELLED;
    bool regenerating = chat->job == JOB_ANSWER && !chat->question;
    if (said || !(o->failed || (cancelled && regenerating)))
        keep_answer(chat, o);
    else
        undo_job(chat);
    if (o->failed) {
        put_text(chat, CHAT_FAILED, o->err.text);
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
    if (backend && !model_digest(chat->digest, chat->path, chat->options.mmproj, &err)) {
        backend_close(backend);
        backend = NULL;
    }
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
            .messages = &chat->tree.path,
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
    tree_done(&chat->tree);
    str_done(&chat->answer);
    options_done(&chat->options);
    free(chat->path);
    pthread_cond_destroy(&chat->wake);
    pthread_mutex_destroy(&chat->lock);
    free(chat);
}

/* text NULL: none. */
static void set_system(struct tree *t, const char *text)
{
    struct message *m = &t->nodes[0].message;
    message_done(m);
    if (text && *text)
        message_add_text(m, text, strlen(text));
    tree_refresh(t);
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
    tree_init(&chat->tree);
    set_system(&chat->tree, chat->options.system);
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

/* Makes a row for the answer that is to follow the path, and for a question that ends it. */
static bool begin_answer(struct chat *chat, size_t question, size_t old, struct err *err)
{
    if (!record_turn(&chat->record, &chat->tree, path_base(chat->path), err))
        return false;
    chat->question = question;
    chat->old = old;
    str_clear(&chat->answer);
    start(chat, JOB_ANSWER);
    return true;
}

/* Puts a question below parent, beside `old` (0: nothing), and asks it. */
static bool ask(struct chat *chat, struct message *user, size_t parent, size_t old, struct err *err)
{
    struct tree *t = &chat->tree;
    if (!claim(chat, err))
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
    if (!idle(chat, err))
        return false;
    if (ends_with(chat, ROLE_USER))
        return err_set(err, "the last message has no answer yet: ask for one, or edit it");
    return ask(chat, user, tree_leaf(&chat->tree), 0, err);
}

/* The node of message `index` of what is seen. 0 and an error if there is none that may be changed.
 */
static size_t node_at(const struct chat *chat, size_t index, struct err *err)
{
    const struct tree *t = &chat->tree;
    if (!idle(chat, err))
        return 0;
    size_t node = index < t->path.n ? t->at[index] : 0;
    if (!node)
        err_set(err, "there is no message %zu", index);
    return node;
}

bool chat_edit(struct chat *chat, size_t index, struct message *user, struct err *err)
{
    size_t node = node_at(chat, index, err);
    if (!node)
        return false;
    if (chat->tree.nodes[node].message.role != ROLE_USER)
        return err_set(err, "only what you said can be edited");
    return ask(chat, user, chat->tree.nodes[node].parent, node, err);
}

bool chat_regenerate(struct chat *chat, struct err *err)
{
    struct tree *t = &chat->tree;
    if (!idle(chat, err))
        return false;
    size_t old = ends_with(chat, ROLE_MODEL) ? tree_leaf(t) : 0;
    if (!old && !ends_with(chat, ROLE_USER))
        return err_set(err, "there is no answer yet");
    if (!claim(chat, err))
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
    if (!idle(chat, err))
        return false;
    if (!ends_with(chat, ROLE_MODEL))
        return err_set(err, "there is no answer yet");
    if (!claim(chat, err))
        return false;
    size_t last = tree_leaf(&chat->tree);
    char *text = message_text(&chat->tree.nodes[last].message, 1);
    chat->record.answer = chat->tree.nodes[last].row;
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
    return &chat->tree.path;
}

/* Shows another conversation, or another part of it: t and record are taken over. */
static void replace(struct chat *chat, struct tree *t, const struct record *record)
{
    tree_done(&chat->tree);
    chat->tree = *t;
    chat->record = *record;
    chat->turn = 0;
    for (size_t i = 1; i < t->n; i++) /* as many answers, as many seeds were used */
        chat->turn += t->nodes[i].message.role == ROLE_MODEL;
}

bool chat_clear(struct chat *chat, struct err *err)
{
    if (!idle(chat, err))
        return false;
    struct tree empty;
    tree_init(&empty);
    set_system(&empty, chat->options.system);
    replace(chat, &empty, &(struct record){.store = chat->record.store});
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
        prompt_render(&prompt, backend_model(backend), &chat->tree.path, PROMPT_CLOSED, NULL)) {
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
    struct tree tree;
    tree_init(&tree);
    if (!record_load(&record, conversation, &chat->options.crops, &tree, err)) {
        tree_done(&tree);
        return false;
    }
    replace(chat, &tree, &record);
    count_used(chat);
    return true;
}

/* ---- Branches ---- */

bool chat_branch(struct chat *chat, size_t index, int step, struct err *err)
{
    struct tree *t = &chat->tree;
    size_t node = node_at(chat, index, err), other = node ? tree_sibling(t, node, step) : 0;
    if (node && !other)
        err_set(err, step < 0 ? "this is the first one" : "this is the last one");
    if (!other)
        return false;
    tree_choose(t, t->nodes[node].parent, other);
    count_used(chat);
    return record_choose(&chat->record, t, t->nodes[node].parent, err);
}

/* Both in one: what the path goes through must not be deleted. */
static bool write_deletion(struct chat *chat, size_t node, struct err *err)
{
    struct tree *t = &chat->tree;
    struct record *r = &chat->record;
    if (!r->conversation)
        return true;
    if (!store_begin(r->store, err))
        return false;
    bool ok = (t->nodes[node].deleted ? record_delete(r, t, node, err)
                                      : record_undelete(r, t, node, err)) &&
              record_choose(r, t, t->nodes[node].parent, err);
    return store_end(r->store, ok, err) && ok;
}

bool chat_delete(struct chat *chat, size_t index, struct err *err)
{
    size_t node = node_at(chat, index, err);
    if (!node)
        return false;
    tree_delete(&chat->tree, node);
    count_used(chat);
    return write_deletion(chat, node, err);
}

bool chat_undelete(struct chat *chat, struct err *err)
{
    if (!idle(chat, err))
        return false;
    size_t node = tree_undelete(&chat->tree);
    if (!node)
        return err_set(err, "nothing of this conversation is deleted");
    count_used(chat);
    return write_deletion(chat, node, err);
}

bool chat_fork(struct chat *chat, size_t index, struct err *err)
{
    const struct tree *t = &chat->tree;
    size_t node = node_at(chat, index, err);
    if (!node)
        return false;
    struct record record = chat->record;
    struct tree copy;
    tree_init(&copy);
    for (size_t i = 0, parent = 0; i <= index; i++) {
        struct message m = message_copy(&t->path.list[i]);
        if (t->at[i])
            parent = tree_hang(&copy, parent, &m);
        else
            copy.nodes[0].message = m;
    }
    for (size_t i = 1; i < copy.n; i++)
        copy.nodes[copy.nodes[i].parent].chosen = i;
    tree_refresh(&copy);
    if (!record_fork(&record, &copy, t->nodes[node].row, err)) {
        tree_done(&copy);
        return false;
    }
    replace(chat, &copy, &record);
    count_used(chat);
    return true;
}

int64_t chat_conversation(const struct chat *chat)
{
    return chat->record.conversation;
}

bool chat_set_system(struct chat *chat, const char *system, struct err *err)
{
    const char *text = system && *system ? system : NULL;
    if (!idle(chat, err) || !record_system(&chat->record, &chat->tree, text, err))
        return false;
    set_system(&chat->tree, text);
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
