/* Samples as the net takes them: pixels, token ids, and what is to be said. */
#ifndef TRAIN_BATCH_H
#define TRAIN_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/facet.h"
#include "train/arena.h"
#include "train/decoder.h"
#include "train/net.h"
#include "train/sample.h"

struct batch {
    struct sequences tokens;
    struct target *targets; /* each token of an answer, its <end_of_turn> too */
    size_t n_targets;
    size_t n_views;
    float *patches; /* [n_views][n_patches][3·patch_size²] */
    uint8_t *seen;  /* [n_views][n_patches][FINDER_MARKS] */
    float *pooled;  /* what a tower that rests makes of the views (tower_glance), if that is known */
    /* owned: */
    int32_t *ids, *answers; /* answers[i]: the id of targets[i] */
    size_t *starts;
    struct sight *local, *global;
    size_t cap_ids, cap_targets;
};

/* Puts samples into an empty batch; b->patches and b->seen are the arena's. `words` has the
 * vocabulary. Any thread, with its own batch. */
bool batch_fill(struct batch *b, const struct net *net, const struct facet_model *words,
                const struct sample *samples, size_t n_samples, struct arena *arena,
                struct err *err);
/* Empty again, its memory kept but for the arena's. */
void batch_clear(struct batch *b);
void batch_done(struct batch *b);

#endif
