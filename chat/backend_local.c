#include "chat/backend_local.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "chat/kept_beginnings.h"
#include "chat/kept_sessions.h"
#include "chat/look.h"
#include "chat/reply.h"
#include "chat/resolve.h"

/* A disk that needs longer to take a session would make people wait. */
static const double MAX_SAVING_S = 2;

/* Positions held that are computed anew sooner than that what follows cannot be kept. */
enum { FEW_HELD = 64 };

enum seat_state { SEAT_FREE, SEAT_ANSWERING, SEAT_ENDED };

struct seat {
    struct facet_session *session;
    bool holds_shared; /* and keeps it */
    enum seat_state state;
    struct reply reply; /* unless free */
};

struct backend {
    struct kept kept;
    int64_t conversation; /* that the first session is of; 0: none that may be kept */
    bool has_news;        /* it holds what the disk does not */
    double saving_since;  /* 0: it is not being saved */
    struct reply_kit kit;
    struct facet_model *draft;           /* NULL: none */
    struct facet_session_options wanted; /* of the first session */
    struct seat seats[FACET_MAX_TOGETHER];
    size_t n_seats;
    int32_t *shared; /* what prompts begin with; owned */
    size_t n_shared;
};

static char *text_of(struct err *err)
{
    return err ? err->text : NULL;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_progress(void *user, const char *what, size_t done, size_t total)
{
    (void)what;
    const struct backend *b = user;
    if (b->saving_since > 0 && now_s() > b->saving_since + MAX_SAVING_S)
        facet_session_cancel(b->seats[0].session);
    if (b->kit.task && done <= total)
        task_report(b->kit.task, done, total);
}

/* ---- Opening and closing ---- */

/* What may change during a chat is not looked at: it may change just now. */
static bool open_session(struct backend *b, const struct options *options, struct err *err)
{
    size_t most = b->kit.info.n_ctx_train ? b->kit.info.n_ctx_train : UINT32_MAX;
    b->kit.n_ctx = options->ctx && options->ctx < most ? options->ctx : most;
    b->wanted = (struct facet_session_options){.n_ctx = (uint32_t)b->kit.n_ctx,
                                               .cache = options->cache,
                                               .lookup = !options->no_lookup,
                                               .draft = b->draft,
                                               .progress = on_progress,
                                               .progress_user = b};
    b->seats[0].session = facet_session_open(b->kit.model, &b->wanted, text_of(err));
    b->n_seats = b->seats[0].session ? 1 : 0;
    return b->n_seats == 1;
}

static bool open_draft(struct backend *b, const struct options *options, struct err *err)
{
    struct facet_model_options wanted = {.n_threads = (unsigned)options->threads,
                                         .text_only = true};
    char *path = model_resolve(options->draft, err);
    b->draft = path ? facet_model_open(path, &wanted, text_of(err)) : NULL;
    free(path);
    return b->draft || err_prefix(err, "draft");
}

struct backend *backend_open(const char *path, const struct options *options, struct err *err)
{
    struct facet_model_options wanted = {.mmproj = options->mmproj,
                                         .vision_precision = options->vision_precision,
                                         .n_threads = (unsigned)options->threads};
    struct backend *b = mem_new(1, sizeof *b);
    kept_init(&b->kept, options);
    b->kit.model = facet_model_open(path, &wanted, text_of(err));
    if (b->kit.model) {
        facet_model_get_info(b->kit.model, &b->kit.info);
        b->kit.images = (struct kept_images){.kept = &b->kept,
                                             .model = b->kit.model,
                                             .n_floats = (size_t)b->kit.info.n_soft_tokens *
                                                         b->kit.info.n_embd};
        if ((!options->draft || open_draft(b, options, err)) && open_session(b, options, err))
            return b;
    }
    backend_close(b);
    return NULL;
}

void backend_close(struct backend *b)
{
    if (!b)
        return;
    if (b->n_seats > 0) {
        backend_resume(b);
        backend_enter(b, 0);
    }
    for (size_t i = 0; i < b->n_seats; i++) {
        if (b->seats[i].state != SEAT_FREE)
            reply_done(&b->seats[i].reply);
        facet_session_close(b->seats[i].session);
    }
    reply_kit_done(&b->kit);
    if (b->draft)
        facet_model_close(b->draft);
    if (b->kit.model)
        facet_model_close(b->kit.model);
    kept_done(&b->kept);
    free(b->shared);
    free(b);
}

const struct facet_model *backend_model(const struct backend *b)
{
    return b->kit.model;
}

size_t backend_used(const struct backend *b)
{
    return facet_session_length(b->seats[0].session);
}

size_t backend_context(const struct backend *b)
{
    return b->kit.n_ctx;
}

void backend_cancel(struct backend *b)
{
    for (size_t i = 0; i < b->n_seats; i++)
        facet_session_cancel(b->seats[i].session);
}

void backend_resume(struct backend *b)
{
    for (size_t i = 0; i < b->n_seats; i++)
        facet_session_resume(b->seats[i].session);
}

/* ---- Conversations ---- */

static void end_saving(struct backend *b)
{
    if (now_s() > b->saving_since + MAX_SAVING_S)
        facet_session_resume(b->seats[0].session);
    b->saving_since = 0;
}

static void save_session(struct backend *b)
{
    if (!b->conversation || !b->has_news)
        return;
    b->saving_since = now_s();
    kept_session_save(&b->kept, b->kit.model, b->conversation, b->seats[0].session);
    end_saving(b);
}

void backend_enter(struct backend *b, int64_t conversation)
{
    if (conversation == b->conversation)
        return;
    save_session(b);
    b->conversation = conversation;
    b->has_news = false;
    if (conversation)
        kept_session_load(&b->kept, b->kit.model, conversation, b->seats[0].session);
}

int64_t backend_conversation(const struct backend *b)
{
    return b->conversation;
}

void backend_forget(struct backend *b)
{
    b->has_news = false;
}

/* ---- One answer ---- */

/* What is kept of a beginning was computed alone, from nothing: so is one that is not kept, and
 * the answer does not show which it was. */
static enum facet_status compute_beginning(struct backend *b, struct reply *r,
                                           const struct facet_prompt *beginning)
{
    enum facet_status status = FACET_OK;
    bool anew = facet_session_spares(r->session, beginning) < FEW_HELD;
    if (anew)
        status = facet_session_rewind(r->session, 0, r->outcome.err.text);
    if (status == FACET_OK)
        status = reply_prepare(r, beginning);
    if (status != FACET_OK || !anew)
        return status;
    b->saving_since = now_s();
    kept_beginning_save(&b->kept, b->kit.model, beginning, r->session);
    end_saving(b);
    return FACET_OK;
}

static bool read_beginning(struct backend *b, struct reply *r)
{
    struct facet_prompt prompt = reply_prompt(r), beginning = reply_beginning(r, &prompt);
    enum facet_status status = FACET_OK;
    if (beginning.n_ids > facet_session_spares(r->session, &prompt) &&
        !kept_beginning_load(&b->kept, b->kit.model, &beginning, r->session))
        status = compute_beginning(b, r, &beginning);
    free((void *)prompt.soft);
    return status == FACET_OK || reply_stop(r, status);
}

void backend_answer(struct backend *b, const struct backend_turn *turn, struct outcome *outcome)
{
    struct reply r = {.kit = &b->kit, .session = b->seats[0].session, .turn = turn};
    struct facet_speculation before, after;
    facet_session_set_best(r.session, options_best(turn->options, b->kit.model));
    facet_session_get_speculation(r.session, &before);
    b->has_news = true;
    bool goes_on = reply_open(&r) && read_beginning(b, &r) && reply_read(&r);
    while (goes_on && reply_draw(&r)) {
        enum facet_status status = facet_session_append(r.session, r.next, r.outcome.err.text);
        goes_on = status == FACET_OK || reply_stop(&r, status);
    }
    facet_session_get_speculation(r.session, &after);
    r.outcome.stats.n_guessed = after.proposed - before.proposed;
    r.outcome.stats.n_right = after.accepted - before.accepted;
    *outcome = r.outcome;
    reply_done(&r);
}

void backend_look(struct backend *b, const struct backend_turn *turn, const struct look *look,
                  struct chat_looked *looked, struct outcome *outcome)
{
    struct reply r = {.kit = &b->kit, .session = b->seats[0].session, .turn = turn};
    if (reply_open(&r)) {
        enum facet_status status = look_back(&r, look, looked);
        if (status != FACET_OK)
            reply_stop(&r, status);
    }
    *outcome = r.outcome;
    reply_done(&r);
}

/* ---- Several answers together ---- */

/* Of a seat beside the first: steps together guess nothing. */
static struct facet_session_options seat_options(const struct backend *b)
{
    struct facet_session_options options = b->wanted;
    options.beside = b->seats[0].session;
    options.lookup = false;
    options.draft = NULL;
    return options;
}

/* The weights want to stay in memory, and the first seat's session is there already, though it may
 * not have touched what it asked for. */
static size_t seats_for(const struct backend *b, size_t n, size_t available)
{
    struct facet_session_options beside = seat_options(b);
    size_t taken = b->kit.info.weight_bytes + facet_session_bytes(b->kit.model, &b->wanted);
    size_t left = available > taken ? available - taken : 0;
    size_t most = 1 + left / facet_session_bytes(b->kit.model, &beside);
    n = n < FACET_MAX_TOGETHER ? n : FACET_MAX_TOGETHER;
    return n < most ? n : most;
}

size_t backend_make_seats(struct backend *b, size_t n, size_t available)
{
    struct facet_session_options beside = seat_options(b);
    for (n = seats_for(b, n, available); b->n_seats < n; b->n_seats++) {
        struct seat *seat = &b->seats[b->n_seats];
        *seat = (struct seat){.session = facet_session_open(b->kit.model, &beside, NULL)};
        if (!seat->session)
            break;
    }
    return b->n_seats;
}

void backend_share(struct backend *b, const int32_t *ids, size_t n_ids)
{
    free(b->shared);
    b->shared = mem_new(n_ids, sizeof *ids);
    if (n_ids)
        memcpy(b->shared, ids, n_ids * sizeof *ids);
    b->n_shared = n_ids;
    for (size_t i = 0; i < b->n_seats; i++)
        b->seats[i].holds_shared = false;
}

static bool begins_as_shared(const struct backend *b, const struct prompt *prompt)
{
    return b->n_shared > 0 && prompt->n_ids > b->n_shared &&
           memcmp(prompt->ids, b->shared, b->n_shared * sizeof *b->shared) == 0;
}

static enum facet_status compute_shared(struct backend *b, struct seat *seat)
{
    enum facet_status status = facet_session_rewind(seat->session, 0, NULL);
    if (status == FACET_OK)
        status = reply_prepare(&seat->reply,
                               &(struct facet_prompt){b->shared, b->n_shared, NULL, 0});
    if (status == FACET_OK)
        facet_session_keep(seat->session);
    return status;
}

/* Every prompt is computed from the same position on, whatever the seat held before: where chunks
 * begin shows in the last bits. */
static enum facet_status go_to_start(struct backend *b, struct seat *seat)
{
    struct err *err = &seat->reply.outcome.err;
    if (!begins_as_shared(b, &seat->reply.prompt)) {
        seat->holds_shared = false;
        return facet_session_rewind(seat->session, 0, err->text);
    }
    if (seat->holds_shared)
        return facet_session_rewind(seat->session, b->n_shared, err->text);
    const struct seat *holder = b->seats;
    while (holder < b->seats + b->n_seats && !holder->holds_shared)
        holder++;
    enum facet_status status = holder < b->seats + b->n_seats
                                   ? facet_session_copy(seat->session, holder->session, err->text)
                                   : compute_shared(b, seat);
    seat->holds_shared = status == FACET_OK;
    return status;
}

void backend_begin(struct backend *b, size_t i, const struct backend_turn *turn)
{
    struct seat *seat = &b->seats[i];
    struct reply *r = &seat->reply;
    *r = (struct reply){.kit = &b->kit, .session = seat->session, .turn = turn};
    bool goes_on = reply_open(r);
    if (goes_on) {
        enum facet_status status = go_to_start(b, seat);
        goes_on = status == FACET_OK ? reply_read(r) : reply_stop(r, status);
    }
    seat->state = goes_on ? SEAT_ANSWERING : SEAT_ENDED;
}

static void end_all(struct seat *const *seats, size_t n, enum facet_status status,
                    const struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        seats[i]->reply.outcome.err = *err;
        reply_stop(&seats[i]->reply, status);
        seats[i]->state = SEAT_ENDED;
    }
}

void backend_step(struct backend *b)
{
    struct seat *seats[FACET_MAX_TOGETHER];
    struct facet_session *sessions[FACET_MAX_TOGETHER] = {NULL};
    int32_t ids[FACET_MAX_TOGETHER] = {0};
    struct err err = {""};
    size_t n = 0;
    for (struct seat *seat = b->seats; seat < b->seats + b->n_seats; seat++) {
        if (seat->state != SEAT_ANSWERING)
            continue;
        if (reply_draw(&seat->reply)) {
            seats[n] = seat;
            sessions[n] = seat->session;
            ids[n++] = seat->reply.next;
        } else {
            seat->state = SEAT_ENDED;
        }
    }
    enum facet_status status = facet_sessions_append(sessions, ids, n, err.text);
    if (status != FACET_OK)
        end_all(seats, n, status, &err);
}

bool backend_ended(struct backend *b, size_t i, struct outcome *outcome)
{
    struct seat *seat = &b->seats[i];
    if (seat->state != SEAT_ENDED)
        return false;
    *outcome = seat->reply.outcome;
    reply_done(&seat->reply);
    seat->state = SEAT_FREE;
    return true;
}
