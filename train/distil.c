#include "train/distil.h"

#include <stdlib.h>

#include "train/pass.h"

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* One pass over p with the sorted draws finds the ids that they fall on. */
uint32_t distil_draw(const float *p, size_t n, struct random *r, int32_t *ids, float *shares)
{
    float draws[DISTIL_SAMPLES];
    for (size_t i = 0; i < DISTIL_SAMPLES; i++)
        draws[i] = (float)random_unit(r);
    qsort(draws, DISTIL_SAMPLES, sizeof *draws, by_value);
    uint32_t found = 0;
    size_t next = 0;
    double below = 0, sum = 0;
    for (size_t i = 0; i < n && next < DISTIL_SAMPLES; i++) {
        below += (double)p[i];
        if ((double)draws[next] >= below)
            continue;
        while (next < DISTIL_SAMPLES && (double)draws[next] < below)
            next++;
        ids[found] = (int32_t)i;
        shares[found++] = p[i];
        sum += (double)p[i];
    }
    for (uint32_t i = 0; i < found; i++)
        shares[i] /= (float)sum;
    return found;
}

/* Targets whose probabilities stand in memory at once. */
enum { AT_ONCE = 128 };

void teacher_tell(const struct teacher *t, struct batch *b, struct random *r, struct arena *arena)
{
    const size_t n_vocab = t->net.text.n_vocab;
    struct pass pass;
    pass_forward(&t->net, t->values, b, arena, &pass);
    float *p = arena_take(arena, AT_ONCE * n_vocab);
    for (size_t first = 0; first < b->n_targets; first += AT_ONCE) {
        const size_t n = b->n_targets - first < AT_ONCE ? b->n_targets - first : AT_ONCE;
        decoder_foretell(&t->net, t->values, &pass.decoder, b->targets + first, n, arena, p);
        for (size_t i = 0; i < n; i++) {
            int32_t *ids = (int32_t *)arena_take(arena, DISTIL_SAMPLES);
            float *shares = arena_take(arena, DISTIL_SAMPLES);
            struct target *target = &b->targets[first + i];
            target->n = distil_draw(p + i * n_vocab, n_vocab, r, ids, shares);
            target->ids = ids;
            target->p = shares;
        }
    }
}
