/* Learning from a larger net, as Gemma 3 did (its report, section 2.2): of each token 256 ids are
 * sampled by the teacher's distribution; those have the teacher's probabilities, divided by their
 * sum, and all others 0. */
#ifndef TRAIN_DISTIL_H
#define TRAIN_DISTIL_H

#include "train/batch.h"
#include "train/net.h"
#include "train/random.h"

enum { DISTIL_SAMPLES = 256 };

struct teacher {
    struct net net;
    float *values;
};

/* Targets of the batch become what the teacher says; memory from the arena. */
void teacher_tell(const struct teacher *t, struct batch *b, struct random *r, struct arena *arena);
/* Draws DISTIL_SAMPLES of p[n]: at most so many distinct ids and their shares of p; returns how
 * many. */
uint32_t distil_draw(const float *p, size_t n, struct random *r, int32_t *ids, float *shares);

#endif
