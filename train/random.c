#include "train/random.h"

#include <math.h>

uint64_t random_bits(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

struct random random_of(uint64_t seed, uint64_t index)
{
    struct random of_seed = {seed}, r = {random_bits(&of_seed) ^ index};
    r.state = random_bits(&r);
    return r;
}

uint32_t random_below(struct random *r, uint32_t n)
{
    return (uint32_t)((random_bits(r) >> 32) * n >> 32);
}

int random_between(struct random *r, int first, int last)
{
    return first + (int)random_below(r, (uint32_t)(last - first + 1));
}

double random_unit(struct random *r)
{
    return (double)(random_bits(r) >> 11) * 0x1p-53;
}

bool random_chance(struct random *r, double probability)
{
    return random_unit(r) < probability;
}

double random_normal(struct random *r)
{
    double u = 1 - random_unit(r), v = random_unit(r);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}
