/* The text decoder's forward pass: a chunk of positions of any length goes through all layers, over
 * the KV cache. One pass for prompts and for single steps, for one sequence and for several
 * together, every weight type, every instruction set.
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
#include "engine/head.h"
#include "engine/kvcache.h"
#include "engine/matmul.h"
#include "engine/model.h"

/* One position of a chunk. */
struct text_input {
    int32_t id;
    const float *soft; /* [n_embd] of an image instead of the token's embedding; NULL for tokens */
    size_t position;
    size_t sees; /* positions < sees: its own and those before, or to the end of its image */
};

/* The next n positions of one sequence. */
struct text_segment {
    struct kvcache *cache;
    size_t n;
};

/* Attention that is watched: what the rows of chunks give to n keys from `first` on in the global
 * layers. The chunks are of positions that the cache holds already, up to KVCACHE_SPARE of one
 * sequence; nothing is stored, the cache stays as it is. */
struct text_watch {
    size_t first, n;
    double *mass; /* [n_kv_heads][n], to which softmax(q · keysᵀ) is added, of all rows, global layers
                     and query heads */
};

/* Rows of short segments (of up to KVCACHE_SPARE positions) that a chunk holds at most. */
enum { TEXT_SHORT_ROWS = 16 };

/* Buffers of the pass, allocated once. */
struct text_pass {
    const struct model *model;
    const struct compute *compute;
    size_t n_batch;
    bool together;    /* chunks are steps of several sequences: a row's results are the same however
                         many they are, but not those of a step alone */
    float *x;         /* [n_batch][n_embd] the residual stream */
    float *h;         /* [n_batch][n_embd] */
    float *q, *k, *v; /* [n_batch][heads × head_dim] */
    float *attended;  /* as q */
    float *gate, *up; /* [n_batch][n_ff] */
    float *cos[2], *sin[2]; /* [n_batch][head_dim / 2]; 0: local layers, 1: global */
    float *frequency[2];    /* [head_dim / 2] radians a position */
    float *partial;         /* attention of short segments, by spans of keys; text_attend.c's */
    struct q8 q8;           /* of the widest activations */
    struct text_watch *watch; /* NULL: nothing is watched, chunks are new positions */
};

size_t text_pass_bytes(const struct model *m, size_t n_batch, size_t n_ctx);
/* Scratch that each thread needs for attention. */
size_t text_scratch_bytes(const struct model *m, const struct kernels *k);
/* For chunks of up to n_batch rows, of sequences of up to n_ctx positions. */
bool text_pass_init(struct text_pass *p, const struct model *m, const struct compute *c,
                    size_t n_batch, size_t n_ctx, struct err *err);
void text_pass_done(struct text_pass *p);

/* Computes the positions behind those in the caches and adds them (unless they are watched): one
 * segment of up to n_batch rows, or several short ones; inputs has the rows of all. If the compute's stop became true the
 * chunk is abandoned (see kvcache.h): true is returned all the same, the caches' lengths tell. */
bool text_forward(struct text_pass *p, const struct text_input *inputs,
                  const struct text_segment *segments, size_t n_segments, struct err *err);

/* out[i][n_vocab] = the logits of positions first … first + n − 1 of the last chunk. */
void text_logits(struct text_pass *p, size_t first, size_t n, float *out);
/* The same, of up to STEP_TOKENS positions, of the n_best best alone, as head_search. False: they are
 * not to be had so, and out is to be computed as a whole. */
bool text_best_logits(struct text_pass *p, struct head *head, struct head_search *search,
                      size_t first, size_t n, size_t n_best, float *out);

#endif
