#include "chat/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "chat/confidence.h"

_Static_assert((int)ERR_TEXT_BYTES >= (int)FACET_ERROR_BYTES, "an engine error must fit");

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Progress ---- */

static void report(const struct task *task, size_t done, size_t total)
{
    double left = done ? (now_s() - task->started) / (double)done * (double)(total - done) : -1;
    task->turn->progress(task->turn->user, task->what, done, total, left);
}

void task_report(const struct task *task, size_t done, size_t total)
{
    report(task, task->before + task->part * total + done,
           task->before + task->n_parts * total + task->behind);
}

/* ---- Pictures ---- */

/* Calls visit for every view in the order of the prompt, until it says something else than
 * FACET_OK. */
static enum facet_status each_view(const struct messages *ms,
                                   enum facet_status (*visit)(void *user, struct attachment *a,
                                                              size_t view),
                                   void *user)
{
    for (size_t i = 0; i < ms->n; i++)
        for (size_t k = 0; !ms->list[i].dropped && k < ms->list[i].n_parts; k++) {
            struct attachment *a = ms->list[i].parts[k].image;
            for (size_t view = 0; a && view < attachment_views(a); view++) {
                enum facet_status status = visit(user, a, view);
                if (status != FACET_OK)
                    return status;
            }
        }
    return FACET_OK;
}

static float *new_soft(struct reply *r)
{
    return mem_try(r->kit->images.n_floats, sizeof(float), "an image's soft tokens",
                   &r->outcome.err);
}

static enum facet_status find_kept(void *user, struct attachment *a, size_t view)
{
    struct reply *r = user;
    if (a->soft[view])
        return FACET_OK;
    float *soft = new_soft(r);
    if (!soft)
        return FACET_FAILED;
    if (kept_images_load(&r->kit->images, a, view, soft))
        a->soft[view] = soft;
    else
        free(soft);
    return FACET_OK;
}

static enum facet_status count_missing(void *user, struct attachment *a, size_t view)
{
    *(size_t *)user += a->soft[view] == NULL;
    return FACET_OK;
}

struct encoding {
    struct reply *reply;
    struct task task;
    float *planes; /* [3][image_size][image_size] */
};

static enum facet_status encode_view(struct encoding *e, struct attachment *a, size_t view)
{
    const struct facet_model_info *info = &e->reply->kit->info;
    struct err *err = &e->reply->outcome.err;
    float *soft = new_soft(e->reply);
    const struct crop *crop = view ? &a->crops[view - 1] : NULL;
    if (!soft || !image_prepare(e->planes, &a->image, crop, info->image_size, err)) {
        free(soft);
        return FACET_FAILED;
    }
    enum facet_status status =
        facet_session_encode_image(e->reply->session, e->planes, soft, err->text);
    if (status != FACET_OK) {
        free(soft);
        return status;
    }
    a->soft[view] = soft;
    kept_images_save(&e->reply->kit->images, a, view, soft);
    return FACET_OK;
}

static enum facet_status encode_missing(void *user, struct attachment *a, size_t view)
{
    struct encoding *e = user;
    if (a->soft[view])
        return FACET_OK;
    struct str what = {0};
    str_printf(&what, "looking at %s",
               strcmp(a->path, "-") == 0 ? "standard input" : path_base(a->path));
    if (attachment_views(a) > 1)
        str_printf(&what, ", view %zu of %zu", view + 1, attachment_views(a));
    e->task.what = what.data;
    if (e->task.part == 0)
        report(&e->task, 0, e->task.n_parts);
    enum facet_status status = encode_view(e, a, view);
    e->task.what = NULL;
    e->task.part++;
    str_done(&what);
    return status;
}

static enum facet_status encode_pictures(struct reply *r)
{
    struct chat_stats *stats = &r->outcome.stats;
    struct encoding e = {.reply = r, .task = {.turn = r->turn, .started = now_s()}};
    if (each_view(r->turn->messages, find_kept, r) != FACET_OK)
        return FACET_FAILED;
    each_view(r->turn->messages, count_missing, &e.task.n_parts);
    if (e.task.n_parts == 0)
        return FACET_OK;
    size_t side = r->kit->info.image_size;
    e.planes = mem_try(3 * side * side, sizeof *e.planes, "an image's planes", &r->outcome.err);
    if (!e.planes)
        return FACET_FAILED;
    r->kit->task = &e.task;
    enum facet_status status = each_view(r->turn->messages, encode_missing, &e);
    r->kit->task = NULL;
    free(e.planes);
    stats->n_views = e.task.part;
    stats->encode_s = now_s() - e.task.started;
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

/* ---- The end ---- */

static void give(struct reply *r)
{
    if (r->text.len)
        r->turn->text(r->turn->user, r->text.data, r->text.len);
    str_clear(&r->text);
}

static bool end(struct reply *r, enum chat_reason reason)
{
    r->outcome.reason = reason;
    if (r->sampler) {
        stream_end(&r->stream, reason == CHAT_ENDED, &r->text);
        give(r);
        r->outcome.stats.answer_s = now_s() - r->started;
    }
    return false;
}

bool reply_stop(struct reply *r, enum facet_status status)
{
    r->outcome.failed = status == FACET_FAILED;
    return end(r, CHAT_CANCELLED);
}

void reply_done(struct reply *r)
{
    prompt_done(&r->prompt);
    stream_done(&r->stream);
    str_done(&r->text);
    facet_sampler_free(r->sampler);
    *r = (struct reply){0};
}

/* ---- The prompt ---- */

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
static bool check_fit(struct reply *r)
{
    size_t n_ctx = r->kit->n_ctx, n_made_for = r->kit->info.n_ctx_train;
    if (r->prompt.n_ids < n_ctx)
        return true;
    r->outcome.lacking = r->prompt.n_ids - n_ctx + 1;
    char needs[32], has[32];
    const char *hint =
        n_made_for && n_ctx >= n_made_for ? "the model was made for no more" : "raise --ctx";
    return err_set(&r->outcome.err, "the prompt takes %s tokens, the context holds %s: %s",
                   grouped(needs, r->prompt.n_ids), grouped(has, n_ctx), hint);
}

static bool check_vision(struct reply *r)
{
    return !r->prompt.n_views || r->kit->info.has_vision ||
           err_set(&r->outcome.err, "%s cannot look at pictures: it has no vision tower",
                   r->kit->info.name);
}

bool reply_open(struct reply *r)
{
    unsigned form = r->turn->open_answer ? PROMPT_OPEN : 0;
    struct messages messages = *r->turn->messages;
    messages.schema = r->turn->options->schema;
    if (!prompt_render(&r->prompt, r->kit->model, &messages, form, &r->outcome.err))
        return reply_stop(r, FACET_FAILED);
    r->outcome.stats.n_prompt = r->prompt.n_ids;
    if (!check_vision(r) || !check_fit(r))
        return reply_stop(r, FACET_FAILED);
    enum facet_status status = encode_pictures(r);
    return status == FACET_OK || reply_stop(r, status);
}

static enum facet_status compute(struct reply *r, const struct facet_prompt *prompt, size_t *n_kept)
{
    double started = now_s();
    struct task task = {.turn = r->turn,
                        .what = "reading",
                        .n_parts = 1,
                        .before = r->n_prepared,
                        .behind = r->prompt.n_ids - prompt->n_ids,
                        .started = r->preparing > 0 ? r->preparing : started};
    r->kit->task = &task;
    enum facet_status status =
        facet_session_prompt(r->session, prompt, n_kept, r->outcome.err.text);
    r->kit->task = NULL;
    r->outcome.stats.prompt_s += now_s() - started;
    return status;
}

enum facet_status reply_prepare(struct reply *r, const struct facet_prompt *beginning)
{
    size_t n_kept;
    r->preparing = now_s();
    enum facet_status status = compute(r, beginning, &n_kept);
    r->n_prepared = status == FACET_OK ? beginning->n_ids - n_kept : 0;
    return status;
}

/* Answers under way have the same options, and so the same schema. */
static const struct facet_grammar *grammar_of(struct reply_kit *kit, const char *schema,
                                              struct err *err)
{
    if (kit->grammar && strcmp(kit->schema, schema) == 0)
        return kit->grammar;
    reply_kit_done(kit);
    kit->grammar = facet_grammar_from_schema(kit->model, schema, err->text);
    kit->schema = mem_copy(schema);
    return kit->grammar;
}

void reply_kit_done(struct reply_kit *kit)
{
    facet_grammar_free(kit->grammar);
    free(kit->schema);
    kit->grammar = NULL;
    kit->schema = NULL;
}

/* An answer that is gone on with has said a part of it. */
static bool follow_schema(struct reply *r)
{
    const struct messages *ms = r->turn->messages;
    const char *schema = r->turn->options->schema;
    struct err *err = &r->outcome.err;
    if (!schema)
        return true;
    const struct facet_grammar *grammar = grammar_of(r->kit, schema, err);
    char *said = r->turn->open_answer ? message_text(&ms->list[ms->n - 1], 1) : mem_copy("");
    bool ok = grammar && facet_sampler_follow(r->sampler, grammar, said, strlen(said),
                                              err->text) == FACET_OK;
    free(said);
    return ok;
}

static bool start_drawing(struct reply *r)
{
    const struct options *o = r->turn->options;
    r->started = now_s();
    r->stream = (struct stream){.model = r->kit->model, .stops = o->stop, .n_stops = o->n_stop};
    r->sampler = facet_sampler_new(r->kit->model, &r->turn->sampling, r->outcome.err.text);
    return (r->sampler && follow_schema(r)) || reply_stop(r, FACET_FAILED);
}

struct facet_prompt reply_prompt(const struct reply *r)
{
    struct soft_list soft = {.list = mem_new(r->prompt.n_views, sizeof *soft.list)};
    each_view(r->turn->messages, collect_soft, &soft);
    return (struct facet_prompt){r->prompt.ids, r->prompt.n_ids, soft.list, soft.n};
}

/* Of the pictures that the first question begins with. */
static size_t first_views(const struct messages *ms)
{
    size_t i = 0, n = 0;
    while (i < ms->n && (ms->list[i].dropped || ms->list[i].role == ROLE_SYSTEM))
        i++;
    if (i == ms->n)
        return 0;
    for (size_t k = 0; k < ms->list[i].n_parts && ms->list[i].parts[k].image; k++)
        n += attachment_views(ms->list[i].parts[k].image);
    return n;
}

struct facet_prompt reply_beginning(const struct reply *r, const struct facet_prompt *prompt)
{
    struct facet_prompt beginning = *prompt;
    struct facet_special_ids special;
    facet_model_get_special(r->kit->model, &special);
    beginning.n_ids = 0;
    beginning.n_images = first_views(r->turn->messages);
    size_t left = beginning.n_images * r->kit->info.n_soft_tokens;
    for (; left > 0 && beginning.n_ids < prompt->n_ids; beginning.n_ids++)
        left -= prompt->ids[beginning.n_ids] == special.image_soft;
    return beginning;
}

bool reply_read(struct reply *r)
{
    struct facet_prompt prompt = reply_prompt(r);
    size_t n_kept = 0;
    enum facet_status status = compute(r, &prompt, &n_kept);
    r->outcome.stats.n_kept = n_kept > r->n_prepared ? n_kept - r->n_prepared : 0;
    free((void *)prompt.soft);
    prompt_done(&r->prompt);
    return status == FACET_OK ? start_drawing(r) : reply_stop(r, status);
}

/* ---- The answer ---- */

bool reply_draw(struct reply *r)
{
    struct chat_stats *stats = &r->outcome.stats;
    size_t most = r->turn->options->max_tokens;
    struct confidence *confidence = r->turn->confidence;
    struct facet_token token;
    enum facet_status status =
        facet_sampler_draw(r->sampler, r->session, confidence ? CONFIDENCE_OTHERS + 1 : -1, &token,
                           r->outcome.err.text);
    if (status != FACET_OK)
        return reply_stop(r, status);
    if (token.is_end)
        return end(r, CHAT_ENDED);
    stats->n_answer++;
    if (confidence)
        confidence_draw(confidence, r->kit->model, &token);
    bool more = stream_push(&r->stream, token.id, &r->text);
    give(r);
    if (!more)
        return end(r, CHAT_STOP_STRING);
    if (most && stats->n_answer >= most)
        return end(r, CHAT_MAX_TOKENS);
    if (facet_session_length(r->session) >= r->kit->n_ctx)
        return end(r, CHAT_CONTEXT_FULL);
    r->next = token.id;
    return true;
}
