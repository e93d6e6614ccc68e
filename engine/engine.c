/* facet.h, but for sessions (session.c): models, tokens, sampling. */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/sampler.h"
#include "engine/tokenizer.h"

_Static_assert(FACET_ERROR_BYTES == (int)ERR_TEXT_BYTES, "facet.h and err.h disagree");

static void tell(char *error, const struct err *err)
{
    if (error)
        memcpy(error, err->text, sizeof err->text);
}

/* ---- Model ---- */

static const struct kernels *choose_kernels(const struct facet_model_options *options,
                                            struct err *err)
{
    const char *name = options && options->kernels ? options->kernels : getenv("FACET_KERNELS");
    const struct kernels *k = kernels_get(name && *name ? name : NULL);
    if (!k)
        err_set(err, "kernels \"%s\": not known, or not for this processor", name);
    return k;
}

static struct facet_special_ids special_ids(const struct model *m)
{
    struct facet_special_ids ids = {-1, -1, -1, -1, -1, -1, -1, -1, -1};
    if (m->tokenizer)
        tokenizer_get_special(m->tokenizer, &ids);
    if (m->image_soft_id >= 0)
        ids.image_soft = m->image_soft_id;
    return ids;
}

typedef struct model *open_fn(const char *what, const struct facet_model_options *options,
                              struct err *err);

static struct facet_model *open_by(open_fn *open, const char *what,
                                   const struct facet_model_options *options, char *error)
{
    struct err err = {0};
    bool vocabulary_only = options && options->vocabulary_only;
    unsigned n_threads =
        options && options->n_threads ? options->n_threads : pool_default_threads();
    struct facet_model *model = mem_try(1, sizeof *model, "model", &err);
    bool ok = model && (model->k = choose_kernels(options, &err)) &&
              (model->m = open(what, options, &err)) &&
              (model->vision = vision_choose(model->m, model->k,
                                             options ? options->vision_precision : NULL, &err)) &&
              (vocabulary_only ||
               ((model->pool = pool_new(n_threads, &err)) &&
                (model->head = head_new(&model->m->tw.head, model->m->text.n_vocab, model->k,
                                        &err))));
    if (ok) {
        model->special = special_ids(model->m);
        return model;
    }
    tell(error, &err);
    facet_model_close(model);
    return NULL;
}

struct facet_model *facet_model_open(const char *path, const struct facet_model_options *options,
                                     char *error)
{
    return open_by(model_open, path, options, error);
}

struct facet_model *facet_model_open_shape(const char *shape,
                                           const struct facet_model_options *options, char *error)
{
    return open_by(model_open_shape, shape, options, error);
}

uint64_t facet_shape_bytes(const char *shape, const struct facet_model_options *options,
                           char *error)
{
    struct err err = {0};
    uint64_t bytes = model_plan_bytes(shape, options, &err);
    if (bytes == 0)
        tell(error, &err);
    return bytes;
}

void facet_model_close(struct facet_model *model)
{
    if (!model)
        return;
    pool_free(model->pool);
    head_free(model->head);
    model_free(model->m);
    free(model);
}

/* Name of the type that holds most bytes. */
static const char *main_type(const struct model *m)
{
    enum { MOST_TYPES = 64 }; /* more than there are; a file can make up names */
    struct {
        const char *name;
        uint64_t bytes;
    } types[MOST_TYPES] = {{"", 0}};
    size_t n = 0, largest = 0;
    for (size_t i = 0; i < m->n_listing; i++) {
        size_t t = 0;
        while (t < n && strcmp(types[t].name, m->listing[i].type) != 0)
            t++;
        if (t == MOST_TYPES)
            continue;
        if (t == n)
            types[n++].name = m->listing[i].type;
        types[t].bytes += m->listing[i].bytes;
        if (types[t].bytes > types[largest].bytes)
            largest = t;
    }
    return types[largest].name;
}

void facet_model_get_info(const struct facet_model *model, struct facet_model_info *info)
{
    const struct model *m = model->m;
    const struct text_params *t = &m->text;
    *info = (struct facet_model_info){
        .name = m->name,
        .kernels = model->k->name,
        .exact = model->k->exact,
        .weight_type = main_type(m),
        .n_parameters = m->n_parameters,
        .weight_bytes = m->weight_bytes,
        .n_layers = t->n_layers,
        .n_embd = t->n_embd,
        .n_ff = t->n_ff,
        .n_heads = t->n_heads,
        .n_kv_heads = t->n_kv_heads,
        .head_dim = t->head_dim,
        .window = t->window,
        .n_ctx_train = t->n_ctx_train,
        .n_vocab = t->n_vocab,
        .n_threads = model->pool ? pool_threads(model->pool) : 1,
        .has_vision = m->has_vision,
        .note = m->chat_note,
    };
    if (m->has_vision) {
        info->image_size = m->vision.image_size;
        info->n_soft_tokens = m->vision.n_soft;
    }
}

bool facet_model_get_tensor(const struct facet_model *model, size_t i,
                            struct facet_tensor_info *info)
{
    if (i >= model->m->n_listing)
        return false;
    *info = model->m->listing[i];
    return true;
}

/* ---- Tokens ---- */

void facet_model_get_special(const struct facet_model *model, struct facet_special_ids *ids)
{
    *ids = model->special;
}

int32_t *facet_tokenize(const struct facet_model *model, const char *text, size_t n_bytes,
                        bool special, size_t *n_ids, char *error)
{
    struct err err = {0};
    int32_t *ids = NULL;
    if (model->m->tokenizer)
        ids = tokenizer_encode(model->m->tokenizer, text, n_bytes, special, n_ids, &err);
    else
        err_set(&err, "%s: has no tokenizer", model->m->path);
    if (!ids)
        tell(error, &err);
    return ids;
}

const char *facet_token_bytes(const struct facet_model *model, int32_t id, size_t *n_bytes)
{
    return model->m->tokenizer ? tokenizer_bytes(model->m->tokenizer, id, n_bytes) : NULL;
}

const char *facet_token_piece(const struct facet_model *model, int32_t id, size_t *n_bytes)
{
    return model->m->tokenizer ? tokenizer_piece(model->m->tokenizer, id, n_bytes) : NULL;
}

bool facet_token_is_control(const struct facet_model *model, int32_t id)
{
    return model->m->tokenizer && tokenizer_is_control(model->m->tokenizer, id);
}

size_t facet_decoder_push(struct facet_decoder *decoder, const struct facet_model *model,
                          int32_t id, char out[FACET_DECODER_BYTES])
{
    return model->m->tokenizer ? tokenizer_push(model->m->tokenizer, decoder, id, out) : 0;
}

size_t facet_decoder_flush(struct facet_decoder *decoder, char out[FACET_DECODER_BYTES])
{
    return tokenizer_flush(decoder, out);
}

/* ---- Sampling ---- */

const struct facet_sampling facet_sampling_default = {.temperature = 1.0f,
                                                      .top_k = 64,
                                                      .top_p = 0.95f,
                                                      .repetition_penalty = 1.0f,
                                                      .repetition_last = 64};

struct facet_sampling facet_model_sampling(const struct facet_model *model)
{
    return model ? model->m->sampling : facet_sampling_default;
}

struct facet_sampler *facet_sampler_new(const struct facet_model *model,
                                        const struct facet_sampling *sampling, char *error)
{
    const struct facet_special_ids *s = &model->special;
    /* beside a tower a soft token without its picture cannot be computed: it is banned in any case
     */
    const int32_t banned[] = {model->m->has_vision ? s->image_soft : -1,
                              s->pad,
                              s->unk,
                              s->bos,
                              s->start_of_image,
                              s->end_of_image};
    _Static_assert(sizeof banned / sizeof *banned == SAMPLER_BANNED, "room for others");
    size_t n_banned = sampling->allow_image_tokens ? 1 : sizeof banned / sizeof *banned;
    struct err err = {0};
    struct facet_sampler *sampler =
        sampler_new(sampling, model->k, model->m->text.n_vocab, banned, n_banned, &err);
    if (!sampler)
        tell(error, &err);
    return sampler;
}
