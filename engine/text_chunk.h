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

/* Rows of a chunk for the query heads that share a key head: of positions first … first + n − 1,
 * and what each of them sees of a block of keys. */
enum { TEXT_TILE_ROWS = 128 };
struct text_tile {
    size_t first, n, group, kv_head;
    int from[TEXT_TILE_ROWS], to[TEXT_TILE_ROWS];
};
/* A long segment's tiles of up to n_rows ≤ TEXT_TILE_ROWS; how many, and number `task`, without
 * what it sees. */
size_t text_n_tiles(const struct chunk *c, size_t n_rows);
void text_tile_begin(const struct chunk *c, struct text_tile *tile, size_t task, size_t n_rows);
/* Behind the last key that it sees. */
size_t text_tile_end(const struct chunk *c, const struct text_tile *tile);
/* The first position that the chunk's row i sees. */
size_t text_sees_from(const struct chunk *c, size_t i);
/* Of keys at … at + n_keys − 1, as offsets into them. */
void text_see_block(const struct chunk *c, struct text_tile *tile, size_t at, size_t n_keys);

/* Keys and values of one head: the chunk's own, still F32, or as the cache has them. */
struct text_rows {
    const float *keys, *values;
    const uint8_t *cached, *cached_values; /* where those are NULL */
    size_t apart;                          /* floats, or bytes */
};
/* Those of the tile's key head that lie together at positions from `at` on, up to `end` at most,
 * and n_keys; returns how many. For a long segment, whose keys are not stored yet. */
size_t text_rows_at(const struct chunk *c, const struct text_tile *tile, size_t at, size_t end,
                    size_t n_keys, struct text_rows *rows);

/* text_attend_bf16.c, for a long segment. Whether it is for this model, whose weights must have
 * rounded their inputs already, and for this chunk: not for the first positions, nor over a cache
 * of F32. */
bool text_rounds_attention(const struct model *m, const struct kernels *k);
bool text_attends_bf16(const struct chunk *c);
/* Its scratch for a thread. */
size_t text_attend_bf16_bytes(const struct model *m, const struct kernels *k);
void text_attend_bf16(struct chunk *c);

/* Adds to the pass's watch what the rows, whose queries are ready, see in this global layer. */
void text_watch(struct chunk *c);

/* Floats of partial results for contexts of n_ctx. */
size_t text_partial_floats(const struct model *m, size_t n_ctx);

#endif
