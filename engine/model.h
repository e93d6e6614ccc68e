/* A loaded model: hyper-parameters, and every weight bound to its place and shape-checked.
 *
 * Three containers give the same struct: GGUF text file (+ projector file), Ollama's single GGUF
 * with the tower inside, Hugging Face folder of safetensors. Matrices stay as they are mapped.
 * Vectors (norms and biases) are always F32, converted where the file has something else, and RMS
 * norm weights have their 1 added: the forward passes need to know nothing of the container. */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"
#include "engine/quant.h"

/* A matrix W[rows][cols] (cols: input features, contiguous), or a vector (rows = 1). Borrowed from
 * the mapped file. */
struct tensor {
    const void *data; /* NULL: absent */
    enum weight_type type;
    size_t rows, cols;
    size_t row_bytes;
};

struct text_params {
    uint32_t n_layers, n_embd, n_ff, n_heads, n_kv_heads, head_dim;
    uint32_t window; /* W: a local layer sees key j from query i iff i − W < j */
    uint32_t n_ctx_train;
    uint32_t n_vocab; /* rows of the head that stand for tokens */
    float rms_eps;
    float attention_scale; /* applied to q */
    float embed_scale;     /* sqrt(n_embd) */
    float rope_base_local, rope_base_global;
    float rope_factor_global; /* positions of global layers are divided by it; 1 or 8 */
};

struct text_layer {
    bool is_global;
    struct tensor attn_norm, q, k, v, q_norm, k_norm, o, post_attn_norm;
    struct tensor ffn_norm, gate, up, down, post_ffn_norm;
};

struct text_weights {
    struct tensor embed, head; /* head is embed where tied */
    struct tensor norm;
    struct text_layer *layers; /* n_layers */
};

struct vision_params {
    uint32_t n_layers, width, n_ff, n_heads;
    uint32_t image_size, patch_size; /* pixels */
    uint32_t n_side;                 /* patches a side */
    uint32_t pool;                   /* patches a side that become one soft token */
    uint32_t n_soft;                 /* (n_side / pool)² */
    float eps;                       /* layer norm */
};

struct vision_layer {
    struct tensor ln1_w, ln1_b, q_w, q_b, k_w, k_b, v_w, v_b, o_w, o_b;
    struct tensor ln2_w, ln2_b, fc1_w, fc1_b, fc2_w, fc2_b;
};

struct vision_weights {
    struct tensor patch_w; /* [width][3·patch·patch], channel-major as the convolution has it */
    struct tensor patch_b;
    struct tensor position; /* [patches][width] */
    struct vision_layer *layers;
    struct tensor post_ln_w, post_ln_b;
    struct tensor soft_norm;  /* RMS norm, 1 already added */
    struct tensor projection; /* [width][n_embd], input-major: soft = x · P */
};

struct tokenizer;

struct model {
    char *name, *path, *mmproj_path; /* mmproj_path NULL: tower in the model itself or none */
    struct text_params text;
    struct text_weights tw;
    bool has_vision;
    struct vision_params vision;
    struct vision_weights vw;
    struct tokenizer *tokenizer; /* NULL: there is none, or (chat_note tells) none that works */
    int32_t image_soft_id;       /* as config.json has it; -1: it is for the vocabulary to say */
    struct facet_tensor_info *listing; /* every tensor of the files */
    size_t n_listing;
    uint64_t weight_bytes, n_parameters;
    struct facet_sampling sampling; /* as the files recommend */
    char *chat_note;           /* what was odd about the file and how it was read, or NULL */
    struct model_files *files; /* what keeps the data mapped; model.c's own */
};

/* Opens and binds. Of options mmproj, vocabulary_only and text_only count; NULL as in facet.h. */
struct model *model_open(const char *path, const struct facet_model_options *options,
                         struct err *err);
/* A model that no file holds (model_shape.h); of options text_only and n_threads count. */
struct model *model_open_shape(const char *shape, const struct facet_model_options *options, struct err *err);
/* What its weights would take; 0 and an error if there is no such shape. */
uint64_t model_plan_bytes(const char *shape, const struct facet_model_options *options, struct err *err);
void model_free(struct model *m);

#endif
