/* AdamW (Loshchilov and Hutter, arXiv 1711.05101), over pieces that threads may take. */
#ifndef TRAIN_ADAMW_H
#define TRAIN_ADAMW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct adamw {
    double rate, decay; /* this step's; weights lose rate · decay of themselves */
    double scale;       /* of the gradient: what clipping leaves of it */
    uint32_t step;      /* from 1 */
};

/* first: mean of gradients; second: of their squares. g [n] has LANES' gradients summed already. */
void adamw_move(const struct adamw *a, bool decays, const float *g, size_t n, float *w,
                float *first, float *second);

#endif
