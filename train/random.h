/* Numbers from a seed, the same on every machine. */
#ifndef TRAIN_RANDOM_H
#define TRAIN_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};
/* A stream of its own for each (seed, index). */
struct random random_of(uint64_t seed, uint64_t index);
uint64_t random_bits(struct random *r); /* splitmix64 */
uint32_t random_below(struct random *r, uint32_t n);           /* 0 … n − 1; n > 0 */
int random_between(struct random *r, int first, int last);     /* both may come */
double random_unit(struct random *r);                          /* [0, 1) */
bool random_chance(struct random *r, double probability);
double random_normal(struct random *r); /* mean 0, variance 1 */

#endif
