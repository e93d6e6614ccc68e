#include "engine/model_hf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/model_params.h"
#include "engine/model_sampling.h"

enum { MAX_JSON_BYTES = 64 << 20, MAX_SHARDS = 1024 };

char *model_hf_path(const char *folder, const char *name, struct err *err)
{
    size_t bytes = strlen(folder) + strlen(name) + 2;
    char *path = mem_try(bytes, 1, folder, err);
    if (path)
        snprintf(path, bytes, "%s/%s", folder, name);
    return path;
}

/* A JSON file of the folder whose top is an object. */
static json_t *load_json(const char *path, struct err *err)
{
    struct file_map map;
    if (!file_map_open(&map, path, err))
        return NULL;
    json_error_t wrong;
    json_t *j = NULL;
    if (map.size > MAX_JSON_BYTES) {
        err_set(err, "%s: larger than %d MiB", path, MAX_JSON_BYTES >> 20);
    } else {
        j = json_loadb(map.data ? (const char *)map.data : "", map.size, 0, &wrong);
        if (!j)
            err_set(err, "%s: line %d: %s", path, wrong.line, wrong.text);
    }
    file_map_close(&map);
    if (j && !json_is_object(j)) {
        err_set(err, "%s: not a JSON object", path);
        json_decref(j);
        j = NULL;
    }
    return j;
}

/* ---- Shards --------------------------------------------------------------------------------- */

static bool open_shard(struct shards *s, const char *folder, const char *name, struct err *err)
{
    char *path = model_hf_path(folder, name, err);
    if (path)
        s->files[s->n] = safetensors_open(path, err);
    free(path);
    if (!path || !s->files[s->n])
        return false;
    s->n++;
    return true;
}

/* `files` gets each file name of the weight map once, as keys. */
static bool list_shards(const json_t *index, const char *path, json_t *files, struct err *err)
{
    const char *tensor;
    json_t *map = json_object_get(index, "weight_map"), *value;
    if (!json_is_object(map))
        return err_set(err, "%s: has no weight_map", path);
    json_object_foreach(map, tensor, value)
    {
        const char *name = json_string_value(value);
        if (!name || !*name || strchr(name, '/'))
            return err_set(err, "%s: tensor \"%.80s\" is in no file of this folder", path, tensor);
        if (!json_object_get(files, name) && json_object_set_new(files, name, json_true()) != 0)
            return err_set(err, "%s: no memory", path);
    }
    if (json_object_size(files) > MAX_SHARDS)
        return err_set(err, "%s: names %zu files", path, json_object_size(files));
    return true;
}

static bool open_listed(struct shards *s, const char *folder, const char *index_path,
                        struct err *err)
{
    json_t *index = load_json(index_path, err);
    json_t *files = json_object(), *value;
    const char *name;
    bool ok = index && files && list_shards(index, index_path, files, err);
    if (ok) {
        s->files = mem_try(json_object_size(files), sizeof *s->files, index_path, err);
        ok = s->files != NULL;
    }
    json_object_foreach(files, name, value)
    {
        ok = ok && open_shard(s, folder, name, err);
    }
    json_decref(index);
    json_decref(files);
    return ok;
}

bool shards_open(struct shards *s, const char *folder, struct err *err)
{
    *s = (struct shards){0};
    char *index = model_hf_path(folder, "model.safetensors.index.json", err);
    bool ok = index != NULL;
    if (ok && file_exists(index)) {
        ok = open_listed(s, folder, index, err);
    } else if (ok) {
        s->files = mem_try(1, sizeof *s->files, folder, err);
        ok = s->files && open_shard(s, folder, "model.safetensors", err);
    }
    free(index);
    if (!ok)
        shards_close(s);
    return ok;
}

void shards_close(struct shards *s)
{
    for (size_t i = 0; i < s->n; i++)
        safetensors_close(s->files[i]);
    free(s->files);
    *s = (struct shards){0};
}

/* ---- Configuration -------------------------------------------------------------------------- */

/* Reads keys of one object; the first that is wrong ends up in the error, and ok is false. */
struct config {
    const json_t *object;
    const char *path;
    struct err *err;
    bool ok;
};

static void fail_key(struct config *c, const char *key)
{
    if (c->ok)
        err_set(c->err, "%s: \"%s\" is missing or no sensible number", c->path, key);
    c->ok = false;
}

/* A key that is missing or null has the value `otherwise`; where that is 0 it has to be there. */
static uint32_t get_u32(struct config *c, const char *key, uint32_t otherwise)
{
    const json_t *value = json_object_get(c->object, key);
    if ((!value || json_is_null(value)) && otherwise)
        return otherwise;
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > UINT32_MAX) {
        fail_key(c, key);
        return 0;
    }
    return (uint32_t)n;
}

static float get_float(struct config *c, const char *key, float otherwise)
{
    const json_t *value = json_object_get(c->object, key);
    if (!value || json_is_null(value))
        return otherwise;
    if (!json_is_number(value))
        fail_key(c, key);
    return (float)json_number_value(value);
}

/* The factor in an object such as {"rope_type": "linear", "factor": 8.0}, "default" having none. */
static float read_factor(struct config *c, const json_t *scaling)
{
    struct config inner = {scaling, c->path, c->err, c->ok};
    const char *type = json_string_value(json_object_get(scaling, "rope_type"));
    if (!type)
        type = json_string_value(json_object_get(scaling, "type"));
    float factor = get_float(&inner, "factor", 1);
    c->ok = inner.ok;
    if (!type || strcmp(type, "default") == 0)
        return 1;
    if (strcmp(type, "linear") != 0 && c->ok)
        c->ok = err_set(c->err, "%s: RoPE scaling \"%.40s\" is not Gemma 3's", c->path, type);
    return factor;
}

/* Since transformers 5 the kinds of layers have an object each; before, bases and factor lay flat.
 */
static void read_rope(struct model *m, struct config *c)
{
    struct text_params *p = &m->text;
    const json_t *each = json_object_get(c->object, "rope_parameters");
    const json_t *global = json_object_get(each, "full_attention");
    const json_t *scaling = global ? global : json_object_get(c->object, "rope_scaling");
    struct config g = {global ? global : c->object, c->path, c->err, c->ok};
    struct config l = {json_object_get(each, "sliding_attention"), c->path, c->err, c->ok};
    p->rope_base_global = get_float(&g, "rope_theta", GEMMA_ROPE_BASE_GLOBAL);
    p->rope_base_local = l.object ? get_float(&l, "rope_theta", GEMMA_ROPE_BASE_LOCAL)
                                  : get_float(c, "rope_local_base_freq", GEMMA_ROPE_BASE_LOCAL);
    c->ok = c->ok && g.ok && l.ok;
    p->rope_factor_global = scaling ? read_factor(c, scaling) : 1;
    if (!scaling && p->n_ctx_train >= GEMMA_LONG_CONTEXT) {
        p->rope_factor_global = GEMMA_ROPE_FACTOR;
        model_note(m, "RoPE scaling is missing; taken as linear, factor %d", GEMMA_ROPE_FACTOR);
    }
}

static bool read_layers(struct model *m, struct config *c)
{
    uint32_t period = get_u32(c, "_sliding_window_pattern", GEMMA_PERIOD);
    period = get_u32(c, "sliding_window_pattern", period);
    if (!c->ok || !model_layers_new(m, period, c->path, c->err))
        return false;
    const json_t *types = json_object_get(c->object, "layer_types");
    if (!types || json_is_null(types))
        return true;
    if (json_array_size(types) < m->text.n_layers)
        return err_set(c->err, "%s: \"layer_types\" are not %u", c->path, m->text.n_layers);
    for (uint32_t i = 0; i < m->text.n_layers; i++) {
        const char *type = json_string_value(json_array_get(types, i));
        if (!type)
            return err_set(c->err, "%s: \"layer_types\" are not texts", c->path);
        m->tw.layers[i].is_global = strcmp(type, "full_attention") == 0;
    }
    return true;
}

/* Google's own files leave out what is the class's default; the numbers are those defaults. */
static bool read_text(struct model *m, struct config *c)
{
    struct text_params *p = &m->text;
    p->n_layers = get_u32(c, "num_hidden_layers", 0);
    p->n_embd = get_u32(c, "hidden_size", 0);
    p->n_ff = get_u32(c, "intermediate_size", 0);
    p->n_heads = get_u32(c, "num_attention_heads", 8);
    p->n_kv_heads = get_u32(c, "num_key_value_heads", 4);
    p->head_dim = get_u32(c, "head_dim", 256);
    p->window = get_u32(c, "sliding_window", 4096);
    p->n_ctx_train = get_u32(c, "max_position_embeddings", GEMMA_LONG_CONTEXT);
    p->rms_eps = get_float(c, "rms_norm_eps", GEMMA_RMS_EPS);
    p->attention_scale = 1.0f / sqrtf(get_float(c, "query_pre_attn_scalar", 256));
    p->n_vocab =
        json_object_get(c->object, "vocab_size") ? get_u32(c, "vocab_size", UINT32_MAX) : 0;
    read_rope(m, c);
    return c->ok && model_text_check(m, c->path, c->err) && read_layers(m, c);
}

/* Defaults are the tower's that all Gemma 3 models share. */
static bool read_vision(struct model *m, struct config *c, uint32_t n_soft)
{
    struct vision_params *p = &m->vision;
    p->n_layers = get_u32(c, "num_hidden_layers", 27);
    p->width = get_u32(c, "hidden_size", 1152);
    p->n_ff = get_u32(c, "intermediate_size", 4304);
    p->n_heads = get_u32(c, "num_attention_heads", 16);
    p->image_size = get_u32(c, "image_size", 896);
    p->patch_size = get_u32(c, "patch_size", 14);
    p->eps = get_float(c, "layer_norm_eps", GEMMA_RMS_EPS);
    return c->ok && model_vision_check(m, n_soft, c->path, c->err);
}

static bool check_kind(const json_t *root, const char *path, struct err *err)
{
    const char *kind = json_string_value(json_object_get(root, "model_type"));
    if (kind && (strcmp(kind, "gemma3") == 0 || strcmp(kind, "gemma3_text") == 0))
        return true;
    return err_set(err, "%s: \"model_type\" is \"%.40s\", and facet runs gemma3", path,
                   kind ? kind : "");
}

static bool read_config(struct model *m, const json_t *root, const char *path, bool *tower,
                        struct err *err)
{
    const json_t *text = json_object_get(root, "text_config");
    const json_t *vision = json_object_get(root, "vision_config");
    struct config whole = {root, path, err, true};
    struct config t = {json_is_object(text) ? text : root, path, err, true};
    struct config v = {vision, path, err, true};
    *tower = *tower && json_is_object(vision);
    if (!check_kind(root, path, err) || !read_text(m, &t))
        return false;
    if (!*tower)
        return true;
    uint32_t n_soft = get_u32(&whole, "mm_tokens_per_image", GEMMA_SOFT_TOKENS);
    uint32_t soft_id = get_u32(&whole, "image_token_index", UINT32_MAX);
    soft_id = get_u32(&whole, "image_token_id", soft_id);
    m->image_soft_id = soft_id <= INT32_MAX ? (int32_t)soft_id : -1;
    return whole.ok && read_vision(m, &v, n_soft);
}

bool model_hf_params(struct model *m, const char *folder, bool *tower, struct err *err)
{
    char *path = model_hf_path(folder, "config.json", err);
    if (!path)
        return false;
    json_t *root = load_json(path, err);
    bool ok = root && read_config(m, root, path, tower, err);
    json_decref(root);
    free(path);
    return ok;
}

bool model_hf_sampling(struct model *m, const char *folder, struct err *err)
{
    char *path = model_hf_path(folder, "generation_config.json", err);
    if (!path)
        return false;
    json_t *root = file_exists(path) ? load_json(path, err) : json_object();
    if (root)
        model_sampling_hf(m, root);
    json_decref(root);
    free(path);
    return root != NULL;
}
