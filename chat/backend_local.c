#include "chat/backend_local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/resolve.h"
#include "chat/stream.h"
#include "chat/template.h"

_Static_assert((int)ERR_TEXT_BYTES >= (int)FACET_ERROR_BYTES, "an engine error must fit");

/* Steps that show as one line of progress: all views of a turn, or its prompt. */
struct task {
    const struct backend_turn *turn;
    const char *what;
    size_t part, n_parts; /* the engine counts anew for each of them */
    double started;
};

struct backend {
    struct facet_model *model;
    struct facet_model *draft; /* NULL: none */
    struct facet_session *session;
    struct facet_model_info info;
    size_t n_ctx;
    struct task *task; /* under way, or NULL */
};

/* What one answer needs while it is made. */
struct work {
    struct backend *b;
    const struct backend_turn *turn;
    struct chat_stats *stats;
    struct err *err;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static char *text_of(struct err *err)
{
    return err ? err->text : NULL;
}

static void report(const struct task *task, size_t done, size_t total)
{
    double left = done ? (now_s() - task->started) / (double)done * (double)(total - done) : -1;
    task->turn->progress(task->turn->user, task->what, done, total, left);
}

static void on_progress(void *user, const char *what, size_t done, size_t total)
{
    (void)what;
    const struct backend *b = user;
    if (b->task && done <= total)
        report(b->task, b->task->part * total + done, b->task->n_parts * total);
}

static bool open_session(struct backend *b, const struct options *options, struct err *err)
{
    size_t most = b->info.n_ctx_train ? b->info.n_ctx_train : UINT32_MAX;
    b->n_ctx = options->ctx && options->ctx < most ? options->ctx : most;
    struct facet_session_options wanted = {.n_ctx = (uint32_t)b->n_ctx,
                                           .cache = options->cache,
                                           .lookup = !options->no_lookup,
                                           .draft = b->draft,
                                           .progress = on_progress,
                                           .progress_user = b};
    b->session = facet_session_open(b->model, &wanted, text_of(err));
    return b->session != NULL;
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
    b->model = facet_model_open(path, &wanted, text_of(err));
    if (b->model) {
        facet_model_get_info(b->model, &b->info);
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
    if (b->session)
        facet_session_close(b->session);
    if (b->draft)
        facet_model_close(b->draft);
    if (b->model)
        facet_model_close(b->model);
    free(b);
}

const struct facet_model *backend_model(const struct backend *b)
{
    return b->model;
}

size_t backend_used(const struct backend *b)
{
    return facet_session_length(b->session);
}

size_t backend_context(const struct backend *b)
{
    return b->n_ctx;
}

void backend_cancel(struct backend *b)
{
    facet_session_cancel(b->session);
}

void backend_resume(struct backend *b)
{
    facet_session_resume(b->session);
}

/* Calls visit for every view in the order of the prompt, until it says something else than
 * FACET_OK. */
static enum facet_status each_view(const struct messages *ms,
                                   enum facet_status (*visit)(void *user, struct attachment *a,
                                                              size_t view),
                                   void *user)
{
    for (size_t i = 0; i < ms->n; i++)
        for (size_t k = 0; k < ms->list[i].n_parts; k++) {
            struct attachment *a = ms->list[i].parts[k].image;
            for (size_t view = 0; a && view < attachment_views(a); view++) {
                enum facet_status status = visit(user, a, view);
                if (status != FACET_OK)
                    return status;
            }
        }
    return FACET_OK;
}

static enum facet_status count_missing(void *user, struct attachment *a, size_t view)
{
    *(size_t *)user += a->soft[view] == NULL;
    return FACET_OK;
}

struct encoding {
    struct work *work;
    struct task task;
    float *planes; /* [3][image_size][image_size] */
};

static enum facet_status encode_view(struct encoding *e, struct attachment *a, size_t view)
{
    struct backend *b = e->work->b;
    struct err *err = e->work->err;
    float *soft = mem_try((size_t)b->info.n_soft_tokens * b->info.n_embd, sizeof *soft,
                          "an image's soft tokens", err);
    const struct crop *crop = view ? &a->crops[view - 1] : NULL;
    if (!soft || !image_prepare(e->planes, &a->image, crop, b->info.image_size, err)) {
        free(soft);
        return FACET_FAILED;
    }
    enum facet_status status =
        facet_session_encode_image(b->session, e->planes, soft, text_of(err));
    if (status == FACET_OK)
        a->soft[view] = soft;
    else
        free(soft);
    return status;
}

static enum facet_status encode_missing(void *user, struct attachment *a, size_t view)
{
    struct encoding *e = user;
    if (a->soft[view])
        return FACET_OK;
    struct str what = {0};
    str_printf(&what, "looking at %s",
               strcmp(a->path, "-") == 0 ? "standard input" : path_base(a->path));
    e->task.what = what.data;
    if (e->task.part == 0)
        report(&e->task, 0, e->task.n_parts);
    enum facet_status status = encode_view(e, a, view);
    e->task.what = NULL;
    e->task.part++;
    str_done(&what);
    return status;
}

static enum facet_status encode_pictures(struct work *w)
{
    struct backend *b = w->b;
    struct encoding e = {.work = w, .task = {.turn = w->turn, .started = now_s()}};
    each_view(w->turn->messages, count_missing, &e.task.n_parts);
    if (e.task.n_parts == 0)
        return FACET_OK;
    size_t side = b->info.image_size;
    e.planes = mem_try(3 * side * side, sizeof *e.planes, "an image's planes", w->err);
    if (!e.planes)
        return FACET_FAILED;
    b->task = &e.task;
    enum facet_status status = each_view(w->turn->messages, encode_missing, &e);
    b->task = NULL;
    free(e.planes);
    w->stats->n_views = e.task.part;
    w->stats->encode_s = now_s() - e.task.started;
    return status;
}

struct soft_list {
    const float **list;
    size_t n;
};

static enum facet_status collect_soft(void *user, struct attachment *a, size_t view)
{
    struct soft_list *soft = user;
    soft->list[soft->n++] = a->soft[view];
    return FACET_OK;
}

static enum facet_status read_prompt(struct work *w, const struct prompt *prompt)
{
    struct task task = {.turn = w->turn, .what = "reading", .n_parts = 1, .started = now_s()};
    struct soft_list soft = {.list = mem_new(prompt->n_views, sizeof *soft.list)};
    each_view(w->turn->messages, collect_soft, &soft);
    struct facet_prompt wanted = {prompt->ids, prompt->n_ids, soft.list, soft.n};
    w->b->task = &task;
    enum facet_status status =
        facet_session_prompt(w->b->session, &wanted, &w->stats->n_kept, text_of(w->err));
    w->b->task = NULL;
    free(soft.list);
    w->stats->prompt_s = now_s() - task.started;
    return status;
}

static void give(const struct backend_turn *turn, struct str *text)
{
    if (text->len)
        turn->text(turn->user, text->data, text->len);
    str_clear(text);
}

/* Draws, gives, and only then computes what follows: text is seen one step of the model earlier. */
static enum facet_status draw_tokens(struct work *w, struct facet_sampler *sampler,
                                     struct stream *stream, enum chat_reason *reason)
{
    struct facet_session *session = w->b->session;
    size_t most = w->turn->options->max_tokens;
    struct str text = {0};
    enum facet_status status;
    for (;;) {
        struct facet_token token;
        status = facet_sampler_draw(sampler, session, -1, &token, text_of(w->err));
        *reason = CHAT_ENDED;
        if (status != FACET_OK || token.is_end)
            break;
        w->stats->n_answer++;
        bool more = stream_push(stream, token.id, &text);
        give(w->turn, &text);
        *reason = CHAT_STOP_STRING;
        if (!more)
            break;
        *reason = CHAT_MAX_TOKENS;
        if (most && w->stats->n_answer >= most)
            break;
        *reason = CHAT_CONTEXT_FULL;
        if (facet_session_length(session) >= w->b->n_ctx)
            break;
        status = facet_session_append(session, token.id, text_of(w->err));
        if (status != FACET_OK)
            break;
    }
    if (status == FACET_CANCELLED)
        *reason = CHAT_CANCELLED;
    stream_end(stream, status == FACET_OK && *reason == CHAT_ENDED, &text);
    give(w->turn, &text);
    str_done(&text);
    return status;
}

static enum facet_status generate(struct work *w, enum chat_reason *reason)
{
    double started = now_s();
    struct facet_speculation before, after;
    facet_session_get_speculation(w->b->session, &before);
    struct facet_sampler *sampler =
        facet_sampler_new(w->b->model, &w->turn->sampling, text_of(w->err));
    if (!sampler)
        return FACET_FAILED;
    struct stream stream = {
        .model = w->b->model, .stops = w->turn->options->stop, .n_stops = w->turn->options->n_stop};
    enum facet_status status = draw_tokens(w, sampler, &stream, reason);
    stream_done(&stream);
    facet_sampler_free(sampler);
    w->stats->answer_s = now_s() - started;
    facet_session_get_speculation(w->b->session, &after);
    w->stats->n_guessed = after.proposed - before.proposed;
    w->stats->n_right = after.accepted - before.accepted;
    return status;
}

/* 9120 as "9,120". */
static const char *grouped(char out[32], size_t n)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%zu", n), at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

/* At least one position must be left for the answer. */
static bool check_fit(const struct work *w, const struct prompt *prompt)
{
    size_t n_ctx = w->b->n_ctx;
    if (prompt->n_ids < n_ctx)
        return true;
    char needs[32], has[32];
    const char *hint = w->b->info.n_ctx_train && n_ctx >= w->b->info.n_ctx_train
                           ? "the model was made for no more"
                           : "raise --ctx";
    return err_set(w->err, "the prompt takes %s tokens, the context holds %s: %s",
                   grouped(needs, prompt->n_ids), grouped(has, n_ctx), hint);
}

bool backend_answer(struct backend *b, const struct backend_turn *turn, struct chat_stats *stats,
                    enum chat_reason *reason, struct err *err)
{
    struct work w = {b, turn, stats, err};
    struct prompt prompt;
    *stats = (struct chat_stats){0};
    if (!prompt_render(&prompt, b->model, turn->messages, turn->open_answer ? PROMPT_OPEN : 0, err))
        return false;
    stats->n_prompt = prompt.n_ids;
    enum facet_status status = FACET_FAILED;
    if (prompt.n_views && !b->info.has_vision)
        err_set(err, "%s cannot look at pictures: it has no vision tower", b->info.name);
    else if (check_fit(&w, &prompt))
        status = encode_pictures(&w);
    if (status == FACET_OK)
        status = read_prompt(&w, &prompt);
    prompt_done(&prompt);
    if (status == FACET_OK)
        status = generate(&w, reason);
    if (status == FACET_CANCELLED)
        *reason = CHAT_CANCELLED;
    return status != FACET_FAILED;
}
