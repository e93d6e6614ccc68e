#include "train/adamw.h"

#include <math.h>

static const double beta1 = 0.9, beta2 = 0.98;
static const float epsilon = 1e-8f;

void adamw_move(const struct adamw *a, bool decays, const float *g, size_t n, float *w,
                float *first, float *second)
{
    const float b1 = (float)beta1, b2 = (float)beta2, scale = (float)a->scale;
    /* The means begin with 0; dividing by what they have seen makes up for that. */
    const float rate = (float)(a->rate / (1 - pow(beta1, a->step))),
                seen2 = (float)(1 / (1 - pow(beta2, a->step))),
                keep = decays ? (float)(1 - a->rate * a->decay) : 1;
    for (size_t i = 0; i < n; i++) {
        const float d = g[i] * scale;
        first[i] = b1 * first[i] + (1 - b1) * d;
        second[i] = b2 * second[i] + (1 - b2) * d * d;
        w[i] = keep * w[i] - rate * first[i] / (sqrtf(second[i] * seen2) + epsilon);
    }
}
