/* What the steps of the text decoder's forward pass share while one chunk goes through: text.c has
 * the layers, text_attend.c the attention, text_watch.c watches it. */
#ifndef ENGINE_TEXT_CHUNK_H
#define ENGINE_TEXT_CHUNK_H

#include "engine/text.h"

struct chunk {
    struct text_pass *p;
    const struct text_input *inputs;
    size_t n; /* rows */
    const struct text_segment *segments;
    size_t n_segments;
    size_t layer;
    const struct text_layer *w;
    const struct tensor *norm, *next_norm; /* for norm_add */
};

/* attended = softmax(q · keysᵀ) · values for all rows, and the cache has their keys and values. */
void text_attend(struct chunk *c);
/* Adds to the pass's watch what the rows, whose queries are ready, see in this global layer. */
void text_watch(struct chunk *c);

/* Floats of partial results for contexts of n_ctx. */
size_t text_partial_floats(const struct model *m, size_t n_ctx);

#endif
