#include "tools/gguf_gemma.h"

#include <stdio.h>

#include "base/mem.h"

void gguf_put_text_keys(struct gguf_writer *w, const char *name, const struct text_params *p)
{
    gguf_put_string(w, "general.architecture", "gemma3");
    gguf_put_string(w, "general.name", name);
    gguf_put_u32(w, "gemma3.context_length", p->n_ctx_train);
    gguf_put_u32(w, "gemma3.embedding_length", p->n_embd);
    gguf_put_u32(w, "gemma3.block_count", p->n_layers);
    gguf_put_u32(w, "gemma3.feed_forward_length", p->n_ff);
    gguf_put_u32(w, "gemma3.attention.head_count", p->n_heads);
    gguf_put_u32(w, "gemma3.attention.head_count_kv", p->n_kv_heads);
    gguf_put_u32(w, "gemma3.attention.key_length", p->head_dim);
    gguf_put_u32(w, "gemma3.attention.value_length", p->head_dim);
    gguf_put_u32(w, "gemma3.attention.sliding_window", p->window);
    gguf_put_f32(w, "gemma3.attention.layer_norm_rms_epsilon", p->rms_eps);
    gguf_put_f32(w, "gemma3.rope.freq_base", p->rope_base_global);
    if (p->rope_factor_global > 1) {
        gguf_put_string(w, "gemma3.rope.scaling.type", "linear");
        gguf_put_f32(w, "gemma3.rope.scaling.factor", p->rope_factor_global);
    }
}

void gguf_put_vision_keys(struct gguf_writer *w, const char *prefix, const struct vision_params *p)
{
    const struct {
        const char *name;
        uint32_t value;
    } all[] = {{"block_count", p->n_layers},     {"embedding_length", p->width},
               {"feed_forward_length", p->n_ff}, {"attention.head_count", p->n_heads},
               {"image_size", p->image_size},    {"patch_size", p->patch_size}};
    char key[96];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        snprintf(key, sizeof key, "%s.vision.%s", prefix, all[i].name);
        gguf_put_u32(w, key, all[i].value);
    }
    snprintf(key, sizeof key, "%s.vision.attention.layer_norm_epsilon", prefix);
    gguf_put_f32(w, key, p->eps);
}

void gguf_put_projector_keys(struct gguf_writer *w, const char *name, const struct vision_params *p,
                             uint32_t n_embd)
{
    static const float half[3] = {0.5f, 0.5f, 0.5f};
    gguf_put_string(w, "general.architecture", "clip");
    gguf_put_string(w, "general.name", name);
    gguf_put_bool(w, "clip.has_vision_encoder", true);
    gguf_put_string(w, "clip.projector_type", "gemma3");
    gguf_put_bool(w, "clip.use_gelu", true);
    gguf_put_vision_keys(w, "clip", p);
    gguf_put_array(w, "clip.vision.image_mean", GGUF_F32, 3, half, sizeof half);
    gguf_put_array(w, "clip.vision.image_std", GGUF_F32, 3, half, sizeof half);
    gguf_put_u32(w, "clip.vision.projection_dim", n_embd);
    gguf_put_u32(w, "clip.vision.projector.scale_factor", p->pool);
}

void gguf_put_floats(struct gguf_writer *w, const char *name, enum weight_type type,
                     uint32_t n_dims, const uint64_t dims[4], const float *values)
{
    size_t rows = 1, row = type_row_bytes(type, dims[0]);
    for (uint32_t i = 1; i < n_dims; i++)
        rows *= dims[i];
    uint8_t *data = mem_new(rows, row);
    for (size_t i = 0; i < rows; i++)
        quantize_row(type, values + i * dims[0], data + i * row, dims[0]);
    gguf_put_tensor(w, name, type, n_dims, dims, data, rows * row);
}
