/* tiny_folder of tiny.h: the GGUF model, spelled as a Hugging Face folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/support/tiny.h"
#include "tests/support/tiny_vocab.h"

/* ---- Names ---------------------------------------------------------------------------------- */

/* Parts of names, GGUF's and Hugging Face's, behind "blk.N." and "v.blk.N." and before the last
 * dot. */
static const char *const text_names[][2] = {{"attn_norm", "input_layernorm"},
                                            {"attn_q", "self_attn.q_proj"},
                                            {"attn_k", "self_attn.k_proj"},
                                            {"attn_v", "self_attn.v_proj"},
                                            {"attn_q_norm", "self_attn.q_norm"},
                                            {"attn_k_norm", "self_attn.k_norm"},
                                            {"attn_output", "self_attn.o_proj"},
                                            {"post_attention_norm", "post_attention_layernorm"},
                                            {"ffn_norm", "pre_feedforward_layernorm"},
                                            {"ffn_gate", "mlp.gate_proj"},
                                            {"ffn_up", "mlp.up_proj"},
                                            {"ffn_down", "mlp.down_proj"},
                                            {"post_ffw_norm", "post_feedforward_layernorm"},
                                            {NULL, NULL}};
static const char *const vision_names[][2] = {{"attn_q", "self_attn.q_proj"},
                                              {"attn_k", "self_attn.k_proj"},
                                              {"attn_v", "self_attn.v_proj"},
                                              {"attn_out", "self_attn.out_proj"},
                                              {"ffn_up", "mlp.fc1"},
                                              {"ffn_down", "mlp.fc2"},
                                              {"ln1", "layer_norm1"},
                                              {"ln2", "layer_norm2"},
                                              {NULL, NULL}};
/* Outside the layers; the prefix is chosen by the first letter: text, vision, projector. */
static const char *const other_names[][2] = {
    {"token_embd.weight", "tembed_tokens.weight"},
    {"output_norm.weight", "tnorm.weight"},
    {"v.patch_embd.weight", "vembeddings.patch_embedding.weight"},
    {"v.patch_embd.bias", "vembeddings.patch_embedding.bias"},
    {"v.position_embd.weight", "vembeddings.position_embedding.weight"},
    {"v.post_ln.weight", "vpost_layernorm.weight"},
    {"v.post_ln.bias", "vpost_layernorm.bias"},
    {"mm.input_projection.weight", "pmm_input_projection_weight"},
    {"mm.soft_emb_norm.weight", "pmm_soft_emb_norm.weight"}};

struct prefixes {
    const char *text, *vision, *projector;
};

static const char *look_up(const char *const table[][2], const char *name, size_t n)
{
    for (size_t i = 0; table[i][0]; i++)
        if (strlen(table[i][0]) == n && memcmp(table[i][0], name, n) == 0)
            return table[i][1];
    return "unknown";
}

static char *folder_name(const char *name, const struct prefixes *p)
{
    struct str s = {0};
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++) {
        const char *hf = other_names[i][1];
        if (strcmp(name, other_names[i][0]) != 0)
            continue;
        str_printf(&s, "%s%s",
                   *hf == 't'   ? p->text
                   : *hf == 'v' ? p->vision
                                : p->projector,
                   hf + 1);
        return str_take(&s);
    }
    bool vision = name[0] == 'v';
    const char *number = name + (vision ? strlen("v.blk.") : strlen("blk."));
    const char *part = strchr(number, '.') + 1, *dot = strrchr(name, '.');
    str_printf(&s, "%s%s.%d.%s%s", vision ? p->vision : p->text,
               vision ? "encoder.layers" : "layers", atoi(number),
               look_up(vision ? vision_names : text_names, part, (size_t)(dot - part)), dot);
    return str_take(&s);
}

/* Norms of the text model and of the projector are stored without their 1. */
static bool is_rms_norm(const char *name)
{
    return strncmp(name, "v.", 2) != 0 && strstr(name, "norm.weight");
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* Appends the tensor as BF16 to data, and its entry to the header. */
static void put_tensor(json_t *header, struct str *data, const struct written_tensor *t,
                       const char *name)
{
    const float *values = t->data;
    size_t n = t->bytes / sizeof *values, begin = data->len;
    for (size_t i = 0; i < n; i++) {
        uint16_t bits = float_to_bf16(values[i] - (is_rms_norm(t->name) ? 1.0f : 0.0f));
        str_put(data, (const char *)&bits, sizeof bits);
    }
    json_t *shape = json_array();
    for (uint32_t i = t->n_dims; i-- > 0;)
        json_array_append_new(shape, json_integer((json_int_t)t->dims[i]));
    json_object_set_new(header, name,
                        json_pack("{s:s, s:o, s:[I, I]}", "dtype", "BF16", "shape", shape,
                                  "data_offsets", (json_int_t)begin, (json_int_t)data->len));
}

static bool save_safetensors(json_t *header, const struct str *data, const char *path,
                             struct err *err)
{
    struct str s = {0};
    char *text = json_dumps(header, JSON_COMPACT);
    uint64_t n = strlen(text);
    for (size_t i = 0; i < 8; i++)
        str_putc(&s, (char)(n >> (8 * i)));
    str_put(&s, text, n);
    str_put(&s, data->data, data->len);
    bool ok = file_write(path, s.data, s.len, 0644, err);
    free(text);
    str_done(&s);
    return ok;
}

static bool save_json(json_t *j, const char *folder, const char *name, struct err *err)
{
    char *path = path_join(folder, name), *text = json_dumps(j, JSON_INDENT(1));
    bool ok = file_write(path, text, strlen(text), 0644, err);
    free(text);
    free(path);
    json_decref(j);
    return ok;
}

/* Shard `shard` of n_shards has every n_shards-th tensor. */
static bool save_shard(const struct gguf_writer *w, const struct prefixes *p, size_t shard,
                       size_t n_shards, const char *path, json_t *weight_map, struct err *err)
{
    json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", "pt");
    struct str data = {0};
    for (size_t i = shard; i < w->n_tensors; i += n_shards) {
        char *name = folder_name(w->tensors[i].name, p);
        put_tensor(header, &data, &w->tensors[i], name);
        json_object_set_new(weight_map, name, json_string(path_base(path)));
        free(name);
    }
    bool ok = save_safetensors(header, &data, path, err);
    json_decref(header);
    str_done(&data);
    return ok;
}

static bool save_tensors(const struct gguf_writer *w, enum tiny_folder_age age, const char *folder,
                         struct err *err)
{
    static const struct prefixes prefixes[] = {
        {"language_model.model.", "vision_tower.vision_model.", "multi_modal_projector."},
        {"model.language_model.", "model.vision_tower.vision_model.",
         "model.multi_modal_projector."}};
    size_t n_shards = age == TINY_FOLDER_NEW ? 2 : 1;
    json_t *map = json_object();
    bool ok = true;
    for (size_t i = 0; ok && i < n_shards; i++) {
        char name[64] = "model.safetensors";
        if (n_shards > 1)
            snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", i + 1, n_shards);
        char *path = path_join(folder, name);
        ok = save_shard(w, &prefixes[age], i, n_shards, path, map, err);
        free(path);
    }
    json_t *index = json_pack("{s:{}, s:o}", "metadata", "weight_map", map);
    if (n_shards > 1)
        return save_json(index, folder, "model.safetensors.index.json", err) && ok;
    json_decref(index);
    return ok;
}

/* ---- Configuration -------------------------------------------------------------------------- */

static json_t *text_config(const struct tiny *t, enum tiny_folder_age age)
{
    json_t *c = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "model_type",
                          "gemma3_text", "hidden_size", t->n_embd, "intermediate_size", t->n_ff,
                          "num_hidden_layers", t->n_layers, "num_attention_heads", t->n_heads,
                          "num_key_value_heads", t->n_kv_heads, "head_dim", t->head_dim,
                          "vocab_size", t->n_vocab, "max_position_embeddings", t->n_ctx,
                          "query_pre_attn_scalar", t->head_dim, "sliding_window", t->window);
    json_t *scaling = t->rope_factor > 0 ? json_pack("{s:s, s:f}", "rope_type", "linear", "factor",
                                                     (double)t->rope_factor)
                                         : json_pack("{s:s}", "rope_type", "default");
    if (age == TINY_FOLDER_OLD) {
        json_object_set_new(c, "rope_theta", json_real(1e6));
        json_object_set_new(c, "rope_local_base_freq", json_real(1e4));
        json_object_set_new(c, "sliding_window_pattern", json_integer(6));
        json_object_set_new(c, "rope_scaling", scaling);
        return c;
    }
    json_t *types = json_array();
    for (uint32_t i = 0; i < t->n_layers; i++)
        json_array_append_new(types,
                              json_string(i % 6 == 5 ? "full_attention" : "sliding_attention"));
    json_object_set_new(c, "layer_types", types);
    json_object_set_new(scaling, "rope_theta", json_real(1e6));
    json_object_set_new(c, "rope_parameters",
                        json_pack("{s:o, s:{s:s, s:f}}", "full_attention", scaling,
                                  "sliding_attention", "rope_type", "default", "rope_theta", 1e4));
    return c;
}

static json_t *config(const struct tiny *t, enum tiny_folder_age age, bool tower)
{
    uint32_t side = t->image_size / t->patch_size / t->pool;
    if (!tower)
        return text_config(t, age);
    return json_pack("{s:s, s:o, s:i, s:{s:s, s:i, s:i, s:i, s:i, s:i, s:i}}", "model_type",
                     "gemma3", "text_config", text_config(t, age), "mm_tokens_per_image",
                     side * side, "vision_config", "model_type", "siglip_vision_model",
                     "hidden_size", t->v_width, "intermediate_size", t->v_ff, "num_hidden_layers",
                     t->v_layers, "num_attention_heads", t->v_heads, "image_size", t->image_size,
                     "patch_size", t->patch_size);
}

bool tiny_folder(const struct tiny *t, enum tiny_folder_age age, bool tower, const char *folder,
                 struct err *err)
{
    struct tiny plain = *t;
    plain.type = plain.v_type = TYPE_F32;
    struct gguf_writer *w = tiny_text(&plain), *v = tower ? tiny_mmproj(&plain) : NULL;
    for (size_t i = 0; v && i < v->n_tensors; i++) {
        struct written_tensor *from = &v->tensors[i];
        gguf_put_tensor(w, from->name, from->type, from->n_dims, from->dims, from->data,
                        from->bytes);
        from->data = NULL;
    }
    char *vocabulary = tiny_vocab_json(t->n_vocab), *path = path_join(folder, "tokenizer.json");
    bool ok = file_make_dirs(folder, err) && save_tensors(w, age, folder, err) &&
              save_json(config(t, age, tower), folder, "config.json", err) &&
              file_write(path, vocabulary, strlen(vocabulary), 0644, err);
    free(vocabulary);
    free(path);
    if (v)
        gguf_writer_free(v);
    gguf_writer_free(w);
    return ok;
}
