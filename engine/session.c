/* facet.h: sessions. */
#include "engine/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/attention.h"
#include "engine/sampler.h"
#include "engine/speculate.h"

enum {
    DEFAULT_CTX = 8192,
    DEFAULT_BATCH = 512,
    /* A beginning shorter than this is computed anew sooner than a checkpoint is spent on it. */
    MIN_SHARED = 64,
};

static enum facet_status fail(char *error, const struct err *err)
{
    if (error)
        memcpy(error, err->text, sizeof err->text);
    return FACET_FAILED;
}

/* ---- Sizes and memory ---- */

static bool layer_is_global(const void *model, size_t layer)
{
    return ((const struct model *)model)->tw.layers[layer].is_global;
}

static enum cache_type cache_type_of(const struct facet_model *model, enum facet_cache_type asked)
{
    switch (asked) {
    case FACET_CACHE_F16:
        return CACHE_F16;
    case FACET_CACHE_F32:
        return CACHE_F32;
    case FACET_CACHE_Q8_0:
        return CACHE_Q8_0;
    default:
        return model->k->exact ? CACHE_F32 : CACHE_F16;
    }
}

/* The options with their defaults put in. A picture goes through in one chunk. */
static struct kvcache_shape shape_of(const struct facet_model *model,
                                     const struct facet_session_options *o, size_t *n_batch)
{
    const struct text_params *t = &model->m->text;
    struct kvcache_shape shape = {
        .n_layers = t->n_layers,
        .is_global = layer_is_global,
        .user = model->m,
        .window = t->window,
        .n_ctx = o && o->n_ctx ? o->n_ctx : DEFAULT_CTX,
        .n_kv_heads = t->n_kv_heads,
        .head_dim = t->head_dim,
        .type = cache_type_of(model, o ? o->cache : FACET_CACHE_DEFAULT),
    };
    if (!(o && o->n_ctx) && t->n_ctx_train < shape.n_ctx)
        shape.n_ctx = t->n_ctx_train;
    *n_batch = o && o->n_batch ? o->n_batch : DEFAULT_BATCH;
    if (model->m->has_vision && *n_batch < model->m->vision.n_soft)
        *n_batch = model->m->vision.n_soft;
    if (*n_batch > shape.n_ctx)
        *n_batch = shape.n_ctx;
    return shape;
}

size_t facet_session_bytes(const struct facet_model *model,
                           const struct facet_session_options *options)
{
    size_t n_batch;
    struct kvcache_shape shape = shape_of(model, options, &n_batch);
    if (!model->pool)
        return 0;
    size_t bytes = kvcache_bytes(&shape) + shape.n_ctx * sizeof(int32_t) +
                   2 * model->m->text.n_vocab * sizeof(float);
    if (speculate_wanted(options))
        bytes += speculator_bytes(model, options, shape.n_ctx);
    if (options && options->n_best && !options->beside)
        bytes += head_bytes(model->head);
    return options && options->beside ? bytes
                                      : bytes + workspace_bytes(model, n_batch, shape.n_ctx);
}

static bool init_lists(struct facet_session *s, struct err *err)
{
    s->ids = mem_try(s->n_ctx, sizeof *s->ids, "session", err);
    s->logits = mem_try(s->model->m->text.n_vocab, sizeof *s->logits, "session", err);
    s->checkpoint_logits =
        mem_try(s->model->m->text.n_vocab, sizeof *s->checkpoint_logits, "session", err);
    if (s->model->m->has_vision) {
        s->max_images = s->n_ctx / s->model->m->vision.n_soft + 1;
        s->images = mem_try(s->max_images, sizeof *s->images, "session", err);
    }
    return s->ids && s->logits && s->checkpoint_logits && (!s->model->m->has_vision || s->images);
}

static bool shape_is_possible(const struct facet_model *model, const struct kvcache_shape *shape,
                              struct err *err)
{
    if (!model->pool)
        return err_set(err, "%s: holds a vocabulary only", model->m->path);
    const struct text_params *t = &model->m->text;
    if (t->n_heads / t->n_kv_heads > ATTENTION_MAX_QUERIES)
        return err_set(err, "%s: %u heads share one of keys and values, more than %d",
                       model->m->path, t->n_heads / t->n_kv_heads, ATTENTION_MAX_QUERIES);
    if (shape->type == CACHE_Q8_0 && shape->head_dim % 32 != 0)
        return err_set(err, "%s: a Q8_0 cache needs heads of a multiple of 32, these have %zu",
                       model->m->path, shape->head_dim);
    return true;
}

/* The workspace of the session beside, or a new one. */
static bool find_work(struct facet_session *s, struct facet_session *beside, size_t n_batch,
                      struct err *err)
{
    if (!beside)
        return (s->work = workspace_new(s->model, n_batch, s->n_ctx, err)) != NULL;
    if (beside->model != s->model || beside->work->n_ctx < s->n_ctx)
        return err_set(err,
                       "%s: a session can be beside one of the same model, with no more context",
                       s->model->m->path);
    s->work = beside->work;
    s->work->n_users++;
    return true;
}

struct facet_session *facet_session_open(const struct facet_model *model,
                                         const struct facet_session_options *options, char *error)
{
    struct err err = {0};
    size_t n_batch;
    struct kvcache_shape shape = shape_of(model, options, &n_batch);
    struct facet_session *s = NULL;
    bool ok =
        shape_is_possible(model, &shape, &err) && (s = mem_try(1, sizeof *s, "session", &err));
    if (ok) {
        s->model = model;
        s->n_ctx = shape.n_ctx;
        s->n_best = options ? options->n_best : 0;
        s->progress = options ? options->progress : NULL;
        s->progress_user = options ? options->progress_user : NULL;
        s->cache = kvcache_new(&shape, model->k, &err);
        ok = s->cache && init_lists(s, &err) &&
             find_work(s, options ? options->beside : NULL, n_batch, &err) &&
             (!speculate_wanted(options) ||
              (s->speculator = speculator_new(model, options, s->n_ctx, &err)));
    }
    if (ok)
        return s;
    fail(error, &err);
    facet_session_close(s);
    return NULL;
}

void facet_session_close(struct facet_session *s)
{
    if (!s)
        return;
    session_cut(s, 0);
    speculator_free(s->speculator);
    workspace_release(s->work);
    kvcache_free(s->cache);
    free(s->ids);
    free(s->images);
    free(s->logits);
    free(s->checkpoint_logits);
    free(s);
}

void facet_session_cancel(struct facet_session *s)
{
    atomic_store(&s->stop, true);
    if (s->speculator)
        speculator_cancel(s->speculator);
}

void facet_session_resume(struct facet_session *s)
{
    atomic_store(&s->stop, false);
    if (s->speculator)
        speculator_resume(s->speculator);
}

static bool is_stopped(const struct facet_session *s)
{
    return atomic_load(&s->stop);
}

/* ---- Pictures ---- */

/* The session's turn to compute in its workspace. */
static struct workspace *take_work(struct facet_session *s)
{
    s->work->compute.stop = &s->stop;
    return s->work;
}

static bool needs_vision(const struct facet_session *s, struct err *err)
{
    return s->model->m->has_vision || err_set(err, "%s: has no vision tower", s->model->m->path);
}

enum facet_status facet_session_encode_image(struct facet_session *s, const float *planes,
                                             float *soft, char *error)
{
    struct err err = {0};
    if (!needs_vision(s, &err))
        return fail(error, &err);
    struct vision_pass *pass = &take_work(s)->vision;
    vision_patches(pass, planes, s->progress, s->progress_user);
    if (!is_stopped(s))
        vision_project(pass, soft);
    return is_stopped(s) ? FACET_CANCELLED : FACET_OK;
}

enum facet_status facet_session_encode_patches(struct facet_session *s, const float *planes,
                                               float *patches, uint32_t *n_patches, uint32_t *width,
                                               char *error)
{
    struct err err = {0};
    if (!needs_vision(s, &err))
        return fail(error, &err);
    struct vision_pass *pass = &take_work(s)->vision;
    *n_patches = (uint32_t)pass->n_patches;
    *width = s->model->m->vision.width;
    if (!patches)
        return FACET_OK;
    vision_patches(pass, planes, s->progress, s->progress_user);
    if (is_stopped(s))
        return FACET_CANCELLED;
    memcpy(patches, pass->x, pass->n_patches * *width * sizeof *patches);
    return FACET_OK;
}

static size_t soft_floats(const struct facet_session *s)
{
    return (size_t)s->model->m->vision.n_soft * s->model->m->text.n_embd;
}

void session_cut(struct facet_session *s, size_t n)
{
    if (s->n_ids > n)
        s->n_ids = n;
    while (s->n_images > 0 && s->images[s->n_images - 1].start >= n)
        free(s->images[--s->n_images].soft);
}

bool session_add_image(struct facet_session *s, size_t start, const float *soft, struct err *err)
{
    float *copy = mem_try(soft_floats(s), sizeof *copy, "soft tokens", err);
    if (!copy)
        return false;
    memcpy(copy, soft, soft_floats(s) * sizeof *copy);
    s->images[s->n_images++] = (struct held_image){start, copy};
    return true;
}

/* The picture that position n lies in; NULL if it is a token. */
static const struct held_image *image_at(const struct facet_session *s, size_t n)
{
    for (size_t i = s->n_images; i-- > 0;)
        if (s->images[i].start <= n)
            return n < s->images[i].start + s->model->m->vision.n_soft ? &s->images[i] : NULL;
    return NULL;
}

/* ---- Computing ---- */

/* n is reachable. A checkpoint behind it moves there, and has no logits then. */
static void go_back(struct facet_session *s, size_t n)
{
    bool stays = kvcache_checkpointed(s->cache) <= n;
    s->has_checkpoint_logits = s->has_checkpoint_logits && stays;
    s->keeps_checkpoint = s->keeps_checkpoint && stays;
    kvcache_rewind(s->cache, n);
    s->computed_from = n;
}

void session_give_up(struct facet_session *s)
{
    go_back(s, kvcache_reachable(s->cache, kvcache_length(s->cache)));
    session_cut(s, kvcache_length(s->cache));
}

static void report(const struct facet_session *s, size_t at)
{
    size_t total = s->n_ids - s->computed_from;
    if (s->progress && total > 1)
        s->progress(s->progress_user, "prompt", at - s->computed_from, total);
}

static struct text_input token_input(const struct facet_session *s, size_t position)
{
    return (struct text_input){.id = s->ids[position], .position = position, .sees = position + 1};
}

/* Fills the inputs with positions from `at` on, up to `end`: as many as a chunk takes without
 * cutting a picture. */
static size_t gather(const struct facet_session *s, size_t at, size_t end)
{
    size_t n = 0, n_embd = s->model->m->text.n_embd, n_batch = s->work->n_batch;
    struct text_input *inputs = s->work->inputs;
    while (n < n_batch && at + n < end) {
        const struct held_image *image = image_at(s, at + n);
        if (!image) {
            inputs[n] = token_input(s, at + n);
            n++;
            continue;
        }
        size_t image_end = image->start + s->model->m->vision.n_soft;
        if (image_end - at > n_batch)
            break;
        for (; at + n < image_end; n++)
            inputs[n] = (struct text_input){.soft = image->soft + (at + n - image->start) * n_embd,
                                            .position = at + n,
                                            .sees = image_end};
    }
    return n;
}

/* Of the last chunk's positions, to out; n_best: that many are enough, or all (0). */
static void compute_logits(struct facet_session *s, size_t first, size_t n, size_t n_best,
                           float *out)
{
    struct workspace *work = s->work;
    if (n_best && text_best_logits(&work->text, s->model->head, &work->search, first, n, n_best,
                                   out)) {
        s->n_best_logits = n_best;
        return;
    }
    s->n_best_logits = 0;
    text_logits(&work->text, first, n, out);
}

static enum facet_status compute(struct facet_session *s, size_t end, size_t n_best, float *all,
                                 char *error)
{
    struct err err = {0};
    struct workspace *work = take_work(s);
    size_t first = kvcache_length(s->cache), n = 0, n_vocab = s->model->m->text.n_vocab;
    s->has_logits = false;
    for (size_t at = first; at < end; at += n) {
        n = gather(s, at, end);
        struct text_segment segment = {s->cache, n};
        if (!text_forward(&work->text, work->inputs, &segment, 1, &err)) {
            session_give_up(s);
            return fail(error, &err);
        }
        if (kvcache_length(s->cache) > s->n_ids)
            kvcache_hold_back(s->cache, kvcache_length(s->cache) - s->n_ids);
        if (all)
            compute_logits(s, 0, n, n_best, all + (at - first) * n_vocab);
        else if (at + n == s->n_ids)
            compute_logits(s, n - 1, 1, n_best, s->logits);
        if (is_stopped(s)) {
            session_give_up(s);
            return FACET_CANCELLED;
        }
        report(s, at + n);
    }
    s->has_logits = !all && end == s->n_ids;
    return FACET_OK;
}

enum facet_status session_compute(struct facet_session *s, size_t end, float *all, char *error)
{
    return compute(s, end, 0, all, error);
}

enum facet_status session_step(struct facet_session *s, size_t end, float *all, char *error)
{
    return compute(s, end, s->n_best, all, error);
}

/* ---- Prompts ---- */

bool session_is_token(const struct facet_session *s, int32_t id)
{
    return id >= 0 && (size_t)id < s->model->m->tw.embed.rows && id != session_soft_id(s);
}

bool session_can_follow(const struct facet_session *s, int32_t id)
{
    const struct facet_special_ids *special = &s->model->special;
    return session_is_token(s, id) && id != special->end_of_turn && id != special->eos;
}

bool session_check_ids(const struct facet_session *s, const int32_t *ids, size_t n_ids,
                       size_t n_images, struct err *err)
{
    size_t n_places = 0, n_soft = s->model->m->vision.n_soft, run;
    if (n_images > 0 && !needs_vision(s, err))
        return false;
    int32_t soft = session_soft_id(s);
    for (size_t i = 0; i < n_ids; i += run ? run : 1) {
        for (run = 0; soft >= 0 && i + run < n_ids && ids[i + run] == soft;)
            run++;
        if (run == 0 && !session_is_token(s, ids[i]))
            return err_set(err, "token %d at position %zu is not in the vocabulary", (int)ids[i],
                           i);
        if (run > 0 && run != n_soft)
            return err_set(err, "%zu image tokens at position %zu, a picture takes %zu", run, i,
                           n_soft);
        n_places += run > 0;
    }
    return n_places == n_images ||
           err_set(err, "there are places for %zu pictures, and %zu pictures", n_places, n_images);
}

static bool check_prompt(const struct facet_session *s, const struct facet_prompt *p,
                         struct err *err)
{
    if (p->n_ids == 0)
        return err_set(err, "the prompt is empty");
    if (p->n_ids > s->n_ctx)
        return err_set(err, "the prompt takes %zu tokens, the context holds %zu", p->n_ids,
                       s->n_ctx);
    return session_check_ids(s, p->ids, p->n_ids, p->n_images, err);
}

/* Positions that the session holds already, as the prompt wants them. */
static size_t common_prefix(const struct facet_session *s, const struct facet_prompt *p)
{
    size_t length = kvcache_length(s->cache), image = 0, i = 0;
    while (i < length && i < p->n_ids && s->ids[i] == p->ids[i]) {
        if (p->ids[i] != session_soft_id(s)) {
            i++;
            continue;
        }
        if (image == s->n_images || s->images[image].start != i ||
            memcmp(s->images[image].soft, p->soft[image], soft_floats(s) * sizeof(float)) != 0)
            break;
        image++;
        i += s->model->m->vision.n_soft;
    }
    return i;
}

/* The last position ≤ n that is not inside a picture. */
static size_t before_image(const struct facet_session *s, size_t n)
{
    const struct held_image *image = n < s->n_ids ? image_at(s, n) : NULL;
    return image ? image->start : n;
}

/* Takes over the prompt's ids and pictures from position n on. */
static bool adopt(struct facet_session *s, const struct facet_prompt *p, size_t n, struct err *err)
{
    int32_t soft = session_soft_id(s);
    session_cut(s, n);
    size_t image = s->n_images;
    memcpy(s->ids + n, p->ids + n, (p->n_ids - n) * sizeof *s->ids);
    s->n_ids = p->n_ids;
    for (size_t i = n; i < p->n_ids; i++)
        if (soft >= 0 && p->ids[i] == soft) {
            if (!session_add_image(s, i, p->soft[image++], err)) {
                session_cut(s, n);
                return false;
            }
            i += s->model->m->vision.n_soft - 1;
        }
    return true;
}

/* Position n, or the last one before it that can be restored. */
static size_t restorable(const struct facet_session *s, size_t n)
{
    return kvcache_reachable(s->cache, before_image(s, n));
}

/* Goes there, and takes over the prompt from there. */
static bool set_prompt(struct facet_session *s, const struct facet_prompt *p, size_t n,
                       struct err *err)
{
    n = restorable(s, n);
    go_back(s, n);
    return adopt(s, p, n, err);
}

void session_checkpoint(struct facet_session *s)
{
    kvcache_checkpoint(s->cache);
    s->has_checkpoint_logits = s->has_logits && !s->n_best_logits;
    if (s->has_checkpoint_logits)
        memcpy(s->checkpoint_logits, s->logits, s->model->m->text.n_vocab * sizeof *s->logits);
}

/* The prompt is what the checkpoint was made of: another answer to it needs no computing. */
static void return_to_checkpoint(struct facet_session *s)
{
    go_back(s, kvcache_checkpointed(s->cache));
    session_cut(s, kvcache_length(s->cache));
    memcpy(s->logits, s->checkpoint_logits, s->model->m->text.n_vocab * sizeof *s->logits);
    s->has_logits = true;
    s->n_best_logits = 0;
}

/* Whether the prompt is that, `common` being what is held of it. */
static bool is_checkpoint(const struct facet_session *s, const struct facet_prompt *p,
                          size_t common)
{
    return common == p->n_ids && common == kvcache_checkpointed(s->cache) &&
           s->has_checkpoint_logits;
}

/* The last position is always computed: its logits are wanted. */
static size_t reusable(const struct facet_prompt *p, size_t common)
{
    return common < p->n_ids ? common : common - 1;
}

/* Where the checkpoint goes: a prompt that only adds to what is held is a conversation going on,
 * and its end is what another answer starts from; one that departs from it shares a beginning with
 * what will be asked next. */
enum facet_status facet_session_prompt(struct facet_session *s, const struct facet_prompt *prompt,
                                       size_t *n_kept, char *error)
{
    struct err err = {0};
    if (!check_prompt(s, prompt, &err))
        return fail(error, &err);
    size_t common = common_prefix(s, prompt), length = kvcache_length(s->cache),
           kept = prompt->n_ids;
    enum facet_status status = FACET_OK;
    if (is_checkpoint(s, prompt, common)) {
        return_to_checkpoint(s);
    } else {
        size_t reuse = reusable(prompt, common);
        if (!set_prompt(s, prompt, reuse, &err))
            return fail(error, &err);
        kept = kvcache_length(s->cache);
        bool departs = common < length && common >= MIN_SHARED && !s->keeps_checkpoint;
        if (departs) {
            status = session_compute(s, before_image(s, reuse), NULL, error);
            if (status == FACET_OK)
                session_checkpoint(s);
        }
        if (status == FACET_OK)
            status = session_compute(s, s->n_ids, NULL, error);
        if (status == FACET_OK && !departs && !s->keeps_checkpoint)
            session_checkpoint(s);
    }
    if (n_kept)
        *n_kept = kept;
    return status;
}

enum facet_status session_follow(struct facet_session *s, const struct facet_prompt *prompt,
                                 size_t *n_kept, char *error)
{
    struct err err = {0};
    struct facet_prompt most = *prompt;
    most.n_ids--; /* the last position is always computed */
    bool is_far = prompt->n_ids - common_prefix(s, prompt) > KVCACHE_SPARE;
    if (is_far) {
        enum facet_status status = facet_session_prompt(s, &most, n_kept, error);
        if (status != FACET_OK)
            return status;
    }
    if (!set_prompt(s, prompt, common_prefix(s, &most), &err))
        return fail(error, &err);
    if (!is_far)
        *n_kept = kvcache_length(s->cache);
    return session_step(s, s->n_ids, NULL, error);
}

enum facet_status facet_session_prompt_logits(struct facet_session *s,
                                              const struct facet_prompt *prompt, float *out,
                                              char *error)
{
    struct err err = {0};
    if (!check_prompt(s, prompt, &err) || !set_prompt(s, prompt, 0, &err))
        return fail(error, &err);
    return session_compute(s, s->n_ids, out, error);
}

/* The next token could be id. */
static bool check_next(const struct facet_session *s, int32_t id, struct err *err)
{
    if (!session_is_token(s, id))
        return err_set(err, "token %d is not in the vocabulary", (int)id);
    return s->n_ids < s->n_ctx || err_set(err, "the context of %zu positions is full", s->n_ctx);
}

enum facet_status facet_session_append(struct facet_session *s, int32_t id, char *error)
{
    struct err err = {0};
    if (!check_next(s, id, &err))
        return fail(error, &err);
    s->computed_from = s->n_ids;
    if (s->speculator)
        return speculate_append(s, id, error);
    s->ids[s->n_ids++] = id;
    return session_step(s, s->n_ids, NULL, error);
}

void facet_session_set_best(struct facet_session *s, uint32_t n)
{
    s->n_best = n;
}

void facet_session_prepare(struct facet_session *s)
{
    if (s->n_best)
        head_complete(s->model->head, &take_work(s)->compute);
}

void facet_session_get_speculation(const struct facet_session *s, struct facet_speculation *counts)
{
    *counts = (struct facet_speculation){0};
    if (s->speculator)
        speculate_count(s->speculator, counts);
}

/* ---- Several sequences ---- */

_Static_assert((int)FACET_MAX_TOGETHER <= (int)TEXT_SHORT_ROWS, "one short row for each");

static bool check_together(struct facet_session *const *sessions, const int32_t *ids, size_t n,
                           struct err *err)
{
    if (n > FACET_MAX_TOGETHER)
        return err_set(err, "%zu sessions together, at most %d are possible", n,
                       FACET_MAX_TOGETHER);
    for (size_t i = 0; i < n; i++) {
        if (sessions[i]->work != sessions[0]->work)
            return err_set(err, "sessions that are computed together must be beside each other");
        for (size_t j = 0; j < i; j++)
            if (sessions[i] == sessions[j])
                return err_set(err, "a session is there twice");
        if (!check_next(sessions[i], ids[i], err))
            return false;
    }
    return true;
}

void session_take_logits(struct facet_session *s, const float *rows, size_t row, size_t n_best)
{
    size_t n_vocab = s->model->m->text.n_vocab;
    memcpy(s->logits, rows + row * n_vocab, n_vocab * sizeof *s->logits);
    s->has_logits = true;
    s->n_best_logits = n_best;
}

enum facet_status facet_sessions_append(struct facet_session *const *sessions, const int32_t *ids,
                                        size_t n, char *error)
{
    struct err err = {0};
    struct text_segment segments[FACET_MAX_TOGETHER];
    if (!check_together(sessions, ids, n, &err))
        return fail(error, &err);
    if (n == 0)
        return FACET_OK;
    struct workspace *work = take_work(sessions[0]);
    for (size_t i = 0; i < n; i++) {
        struct facet_session *s = sessions[i];
        s->has_logits = false;
        s->ids[s->n_ids++] = ids[i];
        work->inputs[i] = token_input(s, s->n_ids - 1);
        segments[i] = (struct text_segment){s->cache, 1};
    }
    work->text.together = true;
    bool ok = text_forward(&work->text, work->inputs, segments, n, &err);
    if (ok)
        text_logits(&work->text, 0, n, work->logits);
    work->text.together = false;
    bool whole = ok && !is_stopped(sessions[0]);
    for (size_t i = 0; i < n; i++)
        if (whole)
            session_take_logits(sessions[i], work->logits, i, 0);
        else
            session_give_up(sessions[i]);
    return whole ? FACET_OK : ok ? FACET_CANCELLED : fail(error, &err);
}

void facet_session_keep(struct facet_session *s)
{
    session_checkpoint(s);
    s->keeps_checkpoint = true;
}

enum facet_status facet_session_copy(struct facet_session *to, const struct facet_session *from,
                                     char *error)
{
    struct err err = {0};
    size_t n = kvcache_checkpointed(from->cache);
    if (!from->keeps_checkpoint || to == from || to->model != from->model ||
        kvcache_type(to->cache) != kvcache_type(from->cache)) {
        err_set(&err, "only what a session of the same model and cache type keeps can be copied");
        return fail(error, &err);
    }
    session_cut(to, 0);
    to->has_logits = to->has_checkpoint_logits = to->keeps_checkpoint = false;
    if (!kvcache_copy(to->cache, from->cache, &err))
        return fail(error, &err);
    memcpy(to->ids, from->ids, n * sizeof *to->ids);
    to->n_ids = n;
    for (size_t i = 0; i < from->n_images && from->images[i].start < n; i++)
        if (!session_add_image(to, from->images[i].start, from->images[i].soft, &err)) {
            session_cut(to, 0);
            go_back(to, 0);
            return fail(error, &err);
        }
    to->has_checkpoint_logits = from->has_checkpoint_logits;
    memcpy(to->checkpoint_logits, from->checkpoint_logits,
           to->model->m->text.n_vocab * sizeof *to->logits);
    to->keeps_checkpoint = true;
    return FACET_OK;
}

const float *facet_session_logits(const struct facet_session *s)
{
    return s->has_logits ? s->logits : NULL;
}

size_t facet_session_length(const struct facet_session *s)
{
    return kvcache_length(s->cache);
}

int32_t facet_session_id(const struct facet_session *s, size_t position)
{
    return s->ids[position];
}

size_t facet_session_held(const struct facet_session *s, const struct facet_prompt *prompt)
{
    struct err err;
    return check_prompt(s, prompt, &err) ? common_prefix(s, prompt) : 0;
}

size_t facet_session_spares(const struct facet_session *s, const struct facet_prompt *prompt)
{
    struct err err;
    if (!check_prompt(s, prompt, &err))
        return 0;
    size_t common = common_prefix(s, prompt);
    return is_checkpoint(s, prompt, common) ? common : restorable(s, reusable(prompt, common));
}

enum facet_status facet_session_rewind(struct facet_session *s, size_t n, char *error)
{
    struct err err = {0};
    if (n > kvcache_length(s->cache)) {
        err_set(&err, "cannot go back to position %zu of %zu", n, kvcache_length(s->cache));
        return fail(error, &err);
    }
    n = before_image(s, n);
    session_cut(s, n);
    go_back(s, kvcache_reachable(s->cache, n));
    enum facet_status status = session_compute(s, s->n_ids, NULL, error);
    s->has_logits = false;
    return status;
}

/* ---- Sampling ---- */

enum facet_status facet_sampler_draw(struct facet_sampler *sampler, const struct facet_session *s,
                                     int n_alternatives, struct facet_token *token, char *error)
{
    struct err err = {0};
    if (!s->has_logits) {
        err_set(&err, "there are no logits to draw from: compute a prompt first");
        return fail(error, &err);
    }
    if (s->n_best_logits && !sampler_can_draw(sampler, s->n_best_logits, n_alternatives)) {
        err_set(&err, "the session has the best %zu logits alone, too few to draw from",
                s->n_best_logits);
        return fail(error, &err);
    }
    if (!sampler_draw(sampler, s->logits, s->ids, s->n_ids, n_alternatives, token, &err))
        return fail(error, &err);
    const struct facet_special_ids *special = &s->model->special;
    token->is_end = token->id == special->end_of_turn || token->id == special->eos;
    return FACET_OK;
}

enum facet_status facet_session_next(struct facet_session *s, struct facet_sampler *sampler,
                                     int n_alternatives, struct facet_token *token, char *error)
{
    enum facet_status status = facet_sampler_draw(sampler, s, n_alternatives, token, error);
    if (status != FACET_OK || token->is_end)
        return status;
    return facet_session_append(s, token->id, error);
}
