/* The parameters of a Gemma 3 with its tower: what they are called, where they lie, how they begin.
 *
 * All numbers stand in one array, so that gradients, moments and copies are arrays of the same
 * layout: a parameter is an offset, good for each of them. Matrices are [rows][cols], cols being
 * input features, as in GGUF files, and names are those of GGUF files, too. */
#ifndef TRAIN_NET_H
#define TRAIN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/model.h"

struct net_layer {
    bool is_global;
    size_t attn_norm, q, k, v, q_norm, k_norm, o, post_attn_norm;
    size_t ffn_norm, gate, up, down, post_ffn_norm;
};

struct net_tower_layer {
    size_t ln1_w, ln1_b, q_w, q_b, k_w, k_b, v_w, v_b, o_w, o_b;
    size_t ln2_w, ln2_b, fc1_w, fc1_b, fc2_w, fc2_b;
};

/* What a tensor is for, for those who start, round or export it. */
enum param_kind {
    PARAM_MATRIX,   /* of a layer: decays, and is rounded where weights are */
    PARAM_EMBED,    /* the embedding, which is the head, too */
    PARAM_PATCH,    /* the tower's convolution, [width][3·patch·patch] */
    PARAM_POSITION, /* [patches][width] */
    PARAM_SCALE,    /* of a norm: begins with 1 */
    PARAM_BIAS,     /* begins with 0, a finder's below */
    PARAM_FINDER    /* finds marks while a tower is trained; no file has it */
};

/* The decoder; the tower; the connector, which leads from the tower to one decoder; the finder. */
enum param_part { PART_DECODER, PART_TOWER, PART_CONNECTOR, PART_FINDER };

struct param {
    char name[48];
    enum param_kind kind;
    enum param_part part;
    size_t offset, rows, cols; /* rows 1: a vector */
};

enum { NET_MAX_LAYERS = 32 };

struct net {
    struct text_params text;
    struct vision_params vision; /* n_layers 0: no tower */
    struct param *params;        /* owned */
    size_t n_params, n_values;   /* numbers in all */

    size_t embed, norm;
    struct net_layer layers[NET_MAX_LAYERS];
    size_t patch_w, patch_b, position, post_ln_w, post_ln_b;
    struct net_tower_layer tower[NET_MAX_LAYERS];
    size_t soft_norm, projection; /* projection [width][n_embd] is input-major */
    /* [FINDER_MARKS] and [pool² · FINDER_MARKS] rows: see finder.h */
    size_t find_patch_w, find_patch_b, find_soft_w, find_soft_b;
};

/* The shapes in `text` and `vision` that are chosen; the others follow from them. */
struct net_shape {
    uint32_t n_layers, n_embd, n_ff, n_heads, n_kv_heads, head_dim, window, n_ctx, n_vocab;
    uint32_t v_layers, v_width, v_ff, v_heads, image_size, patch_size, pool; /* v_layers 0: none */
};

/* "student", "teacher"; "tiny", to compare trainers with. n_vocab is left 0: it is the vocabulary's. */
bool net_shape_find(const char *name, struct net_shape *shape, struct err *err);

bool net_init(struct net *net, const struct net_shape *shape, struct err *err);
void net_done(struct net *net);
/* values[n_values] as training begins, the same for the same seed. */
void net_start(const struct net *net, uint64_t seed, float *values);

#endif
