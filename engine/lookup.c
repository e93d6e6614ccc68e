#include "engine/lookup.h"

enum {
    LEAST_SAME = 2,
    MOST_SAME = 16, /* further back nobody looks */
};

/* Where nothing was seen yet. */
static const float first_shares[LOOKUP_CLASSES] = {0.2f, 0.4f, 0.6f, 0.8f};

void lookup_init(struct lookup *l)
{
    *l = (struct lookup){0};
    for (size_t i = 0; i < LOOKUP_CLASSES; i++)
        l->right[i] = first_shares[i];
}

static size_t class_of(size_t same)
{
    return same <= 2 ? 0 : same == 3 ? 1 : same < 8 ? 2 : 3;
}

float lookup_share(float share, int right)
{
    return share + ((right ? 1.0f : 0.0f) - share) / 8;
}

/* Tokens before position a and position b > a that are the same. */
static size_t count_same(const int32_t *ids, size_t a, size_t b)
{
    size_t n = 0;
    while (n < a && n < MOST_SAME && ids[a - 1 - n] == ids[b - 1 - n])
        n++;
    return n;
}

/* The place with most in common with the end; of equal ones the latest. */
static void find(struct lookup *l, const int32_t *ids, size_t n)
{
    l->at = n;
    l->source = l->same = 0;
    for (size_t i = n - 1; n > LEAST_SAME && i >= LEAST_SAME && l->same < MOST_SAME; i--) {
        if (ids[i - 1] != ids[n - 1] || ids[i - 2] != ids[n - 2])
            continue;
        size_t same = count_same(ids, i, n);
        if (same > l->same) {
            l->source = i;
            l->same = same;
        }
    }
}

void lookup_learn(struct lookup *l, const int32_t *ids, size_t n)
{
    if (l->source == 0 || l->at + 1 != n)
        return;
    int right = ids[l->source] == ids[l->at];
    float *share = &l->right[class_of(l->same)];
    *share = lookup_share(*share, right);
    l->at++;
    l->source = right ? l->source + 1 : 0;
    l->same += l->same < MOST_SAME;
}

size_t lookup_guess(struct lookup *l, int32_t *ids, size_t n, size_t most, float *chances)
{
    if (l->source == 0 || l->at != n)
        find(l, ids, n);
    if (l->source == 0)
        return 0;
    for (size_t i = 0; i < most; i++) {
        ids[n + i] = ids[l->source + i]; /* perhaps a guess itself */
        chances[i] = l->right[class_of(l->same + i)];
    }
    return most;
}
