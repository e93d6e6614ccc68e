/* The best few of many numbers. */
#ifndef ENGINE_BEST_H
#define ENGINE_BEST_H

#include <stddef.h>
#include <stdint.h>

struct candidate {
    int32_t id;
    float logit;
};

/* out[k] = the k best of logits[n], best first, among equals the lower id; k = 0 or more than n: all.
 * Returns how many. */
size_t best_of(const float *logits, size_t n, size_t k, struct candidate *out);

#endif
