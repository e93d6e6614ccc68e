#include "engine/best.h"

#include <stdbool.h>
#include <stdlib.h>

/* Better first; among equals the lower id, so that ties do not depend on the order of a sort. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
    return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static int by_logit(const void *a, const void *b)
{
    return is_better(a, b) ? -1 : 1;
}

/* Restores the heap (worst candidate on top) below i. */
static void sift(struct candidate *heap, size_t n, size_t i)
{
    for (;;) {
        size_t worst = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (is_better(&heap[worst], &heap[child]))
                worst = child;
        if (worst == i)
            return;
        struct candidate swap = heap[i];
        heap[i] = heap[worst];
        heap[worst] = swap;
        i = worst;
    }
}

/* One pass, a heap of the best so far. */
size_t best_of(const float *logits, size_t n, size_t k, struct candidate *out)
{
    if (k == 0 || k > n)
        k = n;
    for (size_t i = 0; i < k; i++)
        out[i] = (struct candidate){(int32_t)i, logits[i]};
    for (size_t i = k / 2; i-- > 0;)
        sift(out, k, i);
    for (size_t i = k; i < n; i++) {
        struct candidate c = {(int32_t)i, logits[i]};
        if (c.logit > out[0].logit) {
            out[0] = c;
            sift(out, k, 0);
        }
    }
    qsort(out, k, sizeof *out, by_logit);
    return k;
}
