/* Muon (Jordan, kellerjordan.github.io/posts/muon, 2024): a matrix is moved by its momentum with all
 * singular values made 1, so that no few directions take the whole step. */
#ifndef TRAIN_MUON_H
#define TRAIN_MUON_H

#include <stddef.h>

#include "train/arena.h"

struct muon {
    double rate, decay; /* this step's; weights lose rate · decay of themselves */
    double scale;       /* of the gradient: what clipping leaves of it */
};

/* w, g and their mean [rows][cols]. The step is as long as one of AdamW's usually is: 0.2 · rate a
 * number (Liu et al., arXiv 2502.16982), so that both can be given the same rate. The arena gives
 * memory to work in, which it has back on return. */
void muon_move(const struct muon *a, struct arena *arena, const float *g, size_t rows, size_t cols,
               float *w, float *mean);

/* x becomes about U·Vᵀ where it was U·S·Vᵀ: singular values end between 0.7 and 1.2. */
void muon_orthogonalise(struct arena *arena, float *x, size_t rows, size_t cols);

#endif
