/* The text decoder's forward pass: a chunk of positions of any length goes through all layers, over
 * the KV cache. One pass for prompts and for single steps, every weight type, every instruction
 * set.
 *
 *   h = embed[token]·√d, or an image's soft token as it is
 *   each layer: h += norm(attend(norm(h)));  h += norm(down(gelu(gate(norm(h)))·up(norm(h))))
 *   logits = head · norm(h)
 *   (Gemma 3 technical report, arXiv 2503.19786; MODEL.md, "Text model") */
#ifndef ENGINE_TEXT_H
#define ENGINE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/kvcache.h"
#include "engine/matmul.h"
#include "engine/model.h"

/* One position of a chunk. */
struct text_input {
    int32_t id;
    const float *soft; /* [n_embd] of an image instead of the token's embedding; NULL for tokens */
    size_t
        sees; /* it sees positions < sees: its own and those before, or to the end of its image */
};

/* Buffers of the pass, allocated once. */
struct text_pass {
    const struct model *model;
    const struct compute *compute;
    struct kvcache *cache;
    size_t n_batch;
    float *x;               /* [n_batch][n_embd] the residual stream */
    float *h;               /* [n_batch][n_embd] */
    float *q, *k, *v;       /* [n_batch][heads × head_dim] */
    float *attended;        /* as q */
    float *gate, *up;       /* [n_batch][n_ff] */
    float *cos[2], *sin[2]; /* [n_batch][head_dim / 2]; 0: local layers, 1: global */
    float *frequency[2];    /* [head_dim / 2] radians a position */
    struct q8 q8;           /* of the widest activations */
};

size_t text_pass_bytes(const struct model *m, size_t n_batch);
/* Scratch that each thread needs for attention. */
size_t text_scratch_bytes(const struct model *m);
bool text_pass_init(struct text_pass *p, const struct model *m, const struct compute *c,
                    struct kvcache *cache, size_t n_batch, struct err *err);
void text_pass_done(struct text_pass *p);

/* Computes n ≤ n_batch positions behind those in the cache and adds them to it. If the compute's
 * stop became true the chunk is abandoned (see kvcache.h): true is returned all the same, the
 * cache's length tells. */
bool text_forward(struct text_pass *p, const struct text_input *inputs, size_t n, struct err *err);

/* out[i][n_vocab] = the logits of positions first … first + n − 1 of the last chunk. */
void text_logits(struct text_pass *p, size_t first, size_t n, float *out);

#endif
