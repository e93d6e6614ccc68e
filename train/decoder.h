/* The text decoder of Gemma 3, forward and backward over several sequences at once (MODEL.md,
 * "Text model", is what it computes). w: parameters; g: derivatives by them, added to; both
 * [net->n_values]. */
#ifndef TRAIN_DECODER_H
#define TRAIN_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "train/arena.h"
#include "train/attend.h"
#include "train/net.h"

/* Sequences, one behind the other. */
struct sequences {
    size_t n; /* positions of all */
    const int32_t *ids; /* ≥ 0: a token; else soft token number −1 − id of those given */
    size_t n_sequences;
    const size_t *starts;               /* [n_sequences + 1]; the last is n */
    const struct sight *local, *global; /* [n], within the position's own sequence */
};

/* What forward keeps for backward, in the arena. */
struct decoder_pass {
    struct decoder_kept *layers;
    float *x;       /* [n][n_embd] behind the last layer */
    float *inverse; /* [n] of the last norm */
    float *hidden;  /* [n][n_embd], normed: what the head sees */
    float *cosine[2], *sine[2]; /* [longest sequence][head_dim / 2]; 1: of global layers */
};

void decoder_forward(const struct net *net, const float *w, const struct sequences *s,
                     const float *soft, struct arena *arena, struct decoder_pass *pass);
/* d_hidden becomes rubbish; d_soft is added to, NULL where there are no pictures. */
void decoder_backward(const struct net *net, const float *w, float *g, const struct sequences *s,
                      struct arena *arena, const struct decoder_pass *pass, float *d_hidden,
                      float *d_soft);

/* What should follow a position: token ids with probabilities that sum to 1. */
struct target {
    uint32_t position, n;
    const int32_t *ids;
    const float *p;
};
/* The head at the targets' positions. Returns Σ over targets of −Σ p log softmax(logits), not
 * scaled; right[n_targets]: whether the likeliest id is the likeliest of the logits, too. d_hidden
 * [n][n_embd] is added to, and g: both times scale; both NULL for the loss alone. */
double decoder_head(const struct net *net, const float *w, float *g,
                    const struct decoder_pass *pass, const struct target *targets,
                    size_t n_targets, float scale, struct arena *arena, uint8_t *right,
                    float *d_hidden);
/* softmax(logits) at targets first … first + n − 1 into p [n][n_vocab]. */
void decoder_foretell(const struct net *net, const float *w, const struct decoder_pass *pass,
                      const struct target *targets, size_t n, struct arena *arena, float *p);

#endif
