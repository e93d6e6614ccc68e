/* Memory for one step of training: taken piece by piece, given back all at once, kept for the next
 * step. */
#ifndef TRAIN_ARENA_H
#define TRAIN_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *first, *current;
    size_t used; /* of the current block, in floats */
};

/* n floats, 64-aligned, of any content; they live until the arena is reset. Never NULL. */
float *arena_take(struct arena *a, size_t n);
float *arena_zeroes(struct arena *a, size_t n);
/* Gives back what was taken since the arena was as in `then`. */
void arena_return(struct arena *a, const struct arena *then);
void arena_reset(struct arena *a);
void arena_done(struct arena *a);

#endif
