/* Attention of one head of one sequence, forward and backward. */
#ifndef TRAIN_ATTEND_H
#define TRAIN_ATTEND_H

#include <stddef.h>
#include <stdint.h>

#include "train/arena.h"

/* Keys that a query sees: first … end − 1. */
struct sight {
    uint32_t first, end;
};

/* Rows of n positions. q, k, v, out and their derivatives lie ld_q or ld_kv floats apart. */
struct head {
    size_t n, dim, ld_q, ld_kv;
    float scale;
    const struct sight *sight; /* [n]; NULL: every query sees every key */
    const float *q, *k, *v;
};

/* out = softmax(scale · q kᵀ) v */
void head_forward(const struct head *h, struct arena *arena, float *out);
/* dq = …, dk += …, dv += …. The weights of keys are computed anew: keeping n² of them for each head
 * of each layer takes longer. */
void head_backward(const struct head *h, struct arena *arena, const float *d_out, float *dq,
                   float *dk, float *dv);

#endif
