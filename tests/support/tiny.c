#include "tests/support/tiny.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/tiny_vocab.h"
#include "tools/gguf_gemma.h"

const struct tiny tiny_default = {
    .seed = 1,
    .n_layers = 7,
    .n_embd = 128,
    .n_ff = 256,
    .n_heads = 4,
    .n_kv_heads = 1,
    .head_dim = 64,
    .window = 24,
    .n_ctx = 4096,
    .n_vocab = 2048,
    .rope_factor = 8,
    .type = TYPE_F32,
    .v_layers = 3,
    .v_width = 96,
    .v_ff = 208,
    .v_heads = 4,
    .image_size = 224,
    .patch_size = 14,
    .pool = 4,
    .v_type = TYPE_F32,
};

/* ---- Numbers -------------------------------------------------------------------------------- */

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Nearly normal: the sum of four uniform numbers, scaled to variance 1. */
static float normal(uint64_t *state)
{
    uint64_t bits = next_random(state);
    float sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (float)(bits >> (16 * i) & 0xFFFF);
    return (sum / 65536.0f - 2.0f) * 1.7320508f;
}

struct maker {
    struct gguf_writer *w;
    uint64_t state;
};

static float *numbers(struct maker *k, size_t n, float mean, float deviation)
{
    float *values = mem_new(n, sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = bf16_to_float(float_to_bf16(mean + deviation * normal(&k->state)));
    return values;
}

/* Takes values[dims…] and puts them as `type`. */
static void put(struct maker *k, const char *name, enum weight_type type, uint32_t n_dims,
                const uint64_t dims[4], float *values)
{
    gguf_put_floats(k->w, name, type, n_dims, dims, values);
    free(values);
}

/* Outputs keep the variance of inputs. */
static void put_matrix(struct maker *k, const char *name, enum weight_type type, size_t rows,
                       size_t cols)
{
    const uint64_t dims[4] = {cols, rows};
    put(k, name, type, 2, dims, numbers(k, rows * cols, 0, 1 / sqrtf((float)cols)));
}

static void put_vector(struct maker *k, const char *name, size_t n, float mean, float deviation)
{
    const uint64_t dims[4] = {n};
    put(k, name, TYPE_F32, 1, dims, numbers(k, n, mean, deviation));
}

/* ---- Text ----------------------------------------------------------------------------------- */

static struct text_params text_params_of(const struct tiny *t)
{
    return (struct text_params){.n_layers = t->n_layers,
                                .n_embd = t->n_embd,
                                .n_ff = t->n_ff,
                                .n_heads = t->n_heads,
                                .n_kv_heads = t->n_kv_heads,
                                .head_dim = t->head_dim,
                                .window = t->window,
                                .n_ctx_train = t->n_ctx,
                                .rms_eps = 1e-6f,
                                .rope_base_global = 1e6f,
                                .rope_factor_global = t->rope_factor};
}

/* How much of a random logit an id gets where output is to look like text. */
static float wordiness(const bool *words, uint32_t id)
{
    if (id == TINY_END_OF_TURN)
        return 1.5f; /* answers of some dozens to some hundreds of words */
    return words[id] || id == TINY_NEWLINE ? 1 : 1 / 64.0f;
}

/* Small, with a large last norm: else the tied head mostly repeats the token it was given. */
static void put_embedding(struct maker *k, const struct tiny *t)
{
    const uint64_t dims[4] = {t->n_embd, t->n_vocab};
    float *values = numbers(k, (size_t)t->n_vocab * t->n_embd, 0, 0.1f / sqrtf((float)t->n_embd));
    bool *words = tiny_vocab_words(t->n_vocab);
    for (uint32_t id = 0; t->wordy && id < t->n_vocab; id++)
        for (uint32_t i = 0; i < t->n_embd; i++)
            values[(size_t)id * t->n_embd + i] *= wordiness(words, id);
    free(words);
    put(k, "token_embd.weight", t->type, 2, dims, values);
}

static void put_layer(struct maker *k, const struct tiny *t, uint32_t i)
{
    const size_t embd = t->n_embd, q = (size_t)t->n_heads * t->head_dim,
                 kv = (size_t)t->n_kv_heads * t->head_dim;
    const struct {
        const char *name;
        size_t rows, cols; /* rows 0: a norm */
    } all[] = {{"attn_norm", 0, embd},
               {"attn_q", q, embd},
               {"attn_k", kv, embd},
               {"attn_v", kv, embd},
               {"attn_q_norm", 0, t->head_dim},
               {"attn_k_norm", 0, t->head_dim},
               {"attn_output", embd, q},
               {"post_attention_norm", 0, embd},
               {"ffn_norm", 0, embd},
               {"ffn_gate", t->n_ff, embd},
               {"ffn_up", t->n_ff, embd},
               {"ffn_down", embd, t->n_ff},
               {"post_ffw_norm", 0, embd}};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) {
        char name[64];
        snprintf(name, sizeof name, "blk.%u.%s.weight", i, all[n].name);
        if (all[n].rows)
            put_matrix(k, name, t->type, all[n].rows, all[n].cols);
        else
            put_vector(k, name, all[n].cols, 1, 0.125f);
    }
}

struct gguf_writer *tiny_text(const struct tiny *t)
{
    struct maker k = {gguf_writer_new(), t->seed};
    const struct text_params params = text_params_of(t);
    gguf_put_text_keys(k.w, "tiny random model", &params);
    tiny_vocab_put(k.w, t->n_vocab);
    put_embedding(&k, t);
    put_vector(&k, "output_norm.weight", t->n_embd, 30, 3);
    for (uint32_t i = 0; i < t->n_layers; i++)
        put_layer(&k, t, i);
    return k.w;
}

/* ---- Vision --------------------------------------------------------------------------------- */

static struct vision_params vision_params_of(const struct tiny *t)
{
    return (struct vision_params){.n_layers = t->v_layers,
                                  .width = t->v_width,
                                  .n_ff = t->v_ff,
                                  .n_heads = t->v_heads,
                                  .image_size = t->image_size,
                                  .patch_size = t->patch_size,
                                  .pool = t->pool,
                                  .eps = 1e-6f};
}

/* Weight and bias of one operation of the tower; rows 0: a layer norm. */
static void put_operation(struct maker *k, const struct tiny *t, const char *name, size_t rows,
                          size_t cols)
{
    char full[96];
    snprintf(full, sizeof full, "%s.weight", name);
    if (rows)
        put_matrix(k, full, t->v_type, rows, cols);
    else
        put_vector(k, full, cols, 1, 0.125f);
    snprintf(full, sizeof full, "%s.bias", name);
    put_vector(k, full, rows ? rows : cols, 0, 0.0625f);
}

static void put_vision_layer(struct maker *k, const struct tiny *t, uint32_t i)
{
    const struct {
        const char *name;
        size_t rows, cols;
    } all[] = {{"attn_q", t->v_width, t->v_width},
               {"attn_k", t->v_width, t->v_width},
               {"attn_v", t->v_width, t->v_width},
               {"attn_out", t->v_width, t->v_width},
               {"ffn_up", t->v_ff, t->v_width},
               {"ffn_down", t->v_width, t->v_ff},
               {"ln1", 0, t->v_width},
               {"ln2", 0, t->v_width}};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) {
        char name[64];
        snprintf(name, sizeof name, "v.blk.%u.%s", i, all[n].name);
        put_operation(k, t, name, all[n].rows, all[n].cols);
    }
}

static void put_tower(struct gguf_writer *w, const struct tiny *t)
{
    struct maker k = {w, t->seed + 1};
    const size_t pixels = (size_t)3 * t->patch_size * t->patch_size;
    const uint64_t side = t->image_size / t->patch_size;
    const uint64_t patch[4] = {t->patch_size, t->patch_size, 3, t->v_width};
    const uint64_t position[4] = {t->v_width, side * side};
    put(&k, "v.patch_embd.weight", t->v_type == TYPE_F32 ? TYPE_F32 : TYPE_F16, 4, patch,
        numbers(&k, t->v_width * pixels, 0, 1 / sqrtf((float)pixels)));
    put_vector(&k, "v.patch_embd.bias", t->v_width, 0, 0.0625f);
    put(&k, "v.position_embd.weight", TYPE_F32, 2, position,
        numbers(&k, (size_t)(side * side) * t->v_width, 0, 0.125f));
    for (uint32_t i = 0; i < t->v_layers; i++)
        put_vision_layer(&k, t, i);
    put_vector(&k, "v.post_ln.weight", t->v_width, 1, 0.125f);
    put_vector(&k, "v.post_ln.bias", t->v_width, 0, 0.0625f);
    put_matrix(&k, "mm.input_projection.weight", t->v_type == TYPE_F32 ? TYPE_F32 : TYPE_F16,
               t->v_width, t->n_embd);
    put_vector(&k, "mm.soft_emb_norm.weight", t->v_width, 1, 0.125f);
}

struct gguf_writer *tiny_mmproj(const struct tiny *t)
{
    struct gguf_writer *w = gguf_writer_new();
    const struct vision_params params = vision_params_of(t);
    gguf_put_projector_keys(w, "tiny random tower", &params, t->n_embd);
    put_tower(w, t);
    return w;
}

bool tiny_pair(const struct tiny *text, const struct tiny *tower, const char *path,
               const char *mmproj, struct err *err)
{
    struct gguf_writer *a = tiny_text(text), *b = tiny_mmproj(tower);
    bool ok = gguf_writer_save(a, path, err) && gguf_writer_save(b, mmproj, err);
    gguf_writer_free(a);
    gguf_writer_free(b);
    return ok;
}

/* The parts of names that Ollama spells in its own way. */
static const char *const ollama_names[][2] = {{"v.patch_embd.", "v.patch_embedding."},
                                              {"v.position_embd.", "v.position_embedding."},
                                              {"v.post_ln.", "v.post_layernorm."},
                                              {".ln1.", ".layer_norm1."},
                                              {".ln2.", ".layer_norm2."},
                                              {".attn_out.", ".attn_output."},
                                              {"mm.input_projection.", "mm.mm_input_projection."},
                                              {"mm.soft_emb_norm.", "mm.mm_soft_emb_norm."}};

static void rename_for_ollama(struct written_tensor *t)
{
    static const char *const mlp[][2] = {{".ffn_up.", ".mlp.fc1."}, {".ffn_down.", ".mlp.fc2."}};
    bool tower = strncmp(t->name, "v.", 2) == 0 || strncmp(t->name, "mm.", 3) == 0;
    size_t n = sizeof ollama_names / sizeof *ollama_names;
    for (size_t i = 0; tower && i < n + 2; i++) {
        const char *const *pair = i < n ? ollama_names[i] : mlp[i - n];
        char *at = strstr(t->name, pair[0]);
        if (!at)
            continue;
        struct str name = {0};
        str_put(&name, t->name, (size_t)(at - t->name));
        str_printf(&name, "%s%s", pair[1], at + strlen(pair[0]));
        free(t->name);
        t->name = str_take(&name);
        return;
    }
}

struct gguf_writer *tiny_ollama(const struct tiny *t)
{
    struct gguf_writer *w = tiny_text(t);
    uint32_t side = t->image_size / t->patch_size / t->pool;
    const struct vision_params params = vision_params_of(t);
    gguf_put_vision_keys(w, "gemma3", &params);
    gguf_put_u32(w, "gemma3.vision.num_channels", 3);
    gguf_put_u32(w, "gemma3.mm.tokens_per_image", side * side);
    gguf_drop_key(w, "gemma3.rope.freq_base");
    gguf_put_f32(w, "gemma3.rope.global.freq_base", 1e6f);
    gguf_put_f32(w, "gemma3.rope.local.freq_base", 1e4f);
    gguf_drop_key(w, "gemma3.attention.layer_norm_rms_epsilon");
    put_tower(w, t);
    for (size_t i = 0; i < w->n_tensors; i++)
        rename_for_ollama(&w->tensors[i]);
    return w;
}
