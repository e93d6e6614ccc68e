/* The whole net over one batch: loss and derivatives. */
#ifndef TRAIN_PASS_H
#define TRAIN_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "train/batch.h"
#include "train/decoder.h"
#include "train/tower.h"

/* What is learned. The loss is words/n_targets + finder_weight · marks/(n_views · n_patches), or one of
 * them alone. */
enum pass_aim {
    AIM_MARKS, /* the tower; the decoder is not run */
    AIM_WORDS, /* the decoder, and what leads to it from the tower, which rests */
    AIM_BOTH
};

struct pass_loss {
    double words;  /* Σ over targets, nats */
    double marks;  /* Σ over patches and their marks, by patches and by soft tokens: mean of both */
    size_t n_targets, n_right, n_patches;
};

struct pass {
    struct tower_pass tower;
    struct decoder_pass decoder;
};

void pass_forward(const struct net *net, const float *w, const struct batch *b, struct arena *arena,
                  struct pass *p);
/* g: scale times the derivatives of the loss are added; NULL: forward alone. right [n_targets] as
 * in decoder_head. */
struct pass_loss pass_run(const struct net *net, const float *w, float *g, const struct batch *b,
                          enum pass_aim aim, float finder_weight, float scale,
                          struct arena *arena, uint8_t *right);

#endif
