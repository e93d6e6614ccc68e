#include "train/finder.h"

#include <math.h>
#include <string.h>

/* A mark, from `low` to `high` in squares, covers square i if so much of it. */
enum { SHARE = 3 };

static bool covers(float low, float high, size_t i)
{
    const float from = fmaxf(low, (float)i), to = fminf(high, (float)i + 1);
    return to - from >= fminf(1, high - low) / SHARE;
}

static void look(const struct mark *m, const float box[4], size_t n_side, uint8_t *seen)
{
    for (size_t y = 0; y < n_side; y++)
        for (size_t x = 0; covers(box[1], box[3], y) && x < n_side; x++) {
            uint8_t *at = seen + (y * n_side + x) * FINDER_MARKS;
            if (!covers(box[0], box[2], x))
                continue;
            if (m->kind < MARK_KINDS)
                at[m->kind] = 1;
            if (m->colour < MARK_COLOURS)
                at[MARK_KINDS + m->colour] = 1;
        }
}

void finder_look(const struct sample *s, const struct crop *view, size_t n_side, uint8_t *seen)
{
    const float across = (float)n_side / (float)view->width,
                down = (float)n_side / (float)view->height;
    for (size_t i = 0; i < s->n_marks; i++) {
        const struct mark *m = &s->marks[i];
        const float box[4] = {(m->x0 - (float)view->x) * across, (m->y0 - (float)view->y) * down,
                              (m->x1 - (float)view->x) * across, (m->y1 - (float)view->y) * down};
        look(m, box, n_side, seen);
    }
}

void finder_turn(const uint8_t *seen, size_t n_side, size_t pool, uint8_t *soft)
{
    for (size_t y = 0; y < n_side; y++)
        for (size_t x = 0; x < n_side; x++) {
            const size_t token = y / pool * (n_side / pool) + x / pool,
                         part = y % pool * pool + x % pool;
            memcpy(soft + (token * pool * pool + part) * FINDER_MARKS,
                   seen + (y * n_side + x) * FINDER_MARKS, FINDER_MARKS);
        }
}

/* loss = log(1 + e^z) − z·seen, of which the derivative is sigmoid(z) − seen */
double finder_loss(float *logits, const uint8_t *seen, size_t n, float scale)
{
    float loss = 0;
    for (size_t i = 0; i < n; i++) {
        const float z = logits[i], e = expf(-fabsf(z)), target = seen[i];
        loss += logf(1 + e) + fmaxf(z, 0) - z * target;
        logits[i] = ((z >= 0 ? 1 : e) / (1 + e) - target) * scale;
    }
    return loss;
}
