/* The KV cache. Rows of keys (after RoPE) and values, one a position, layer and head, of head_dim
 * numbers in one of the cache types. The rows of one head lie one after the other, so that a query
 * reads them as a stream.
 *
 * Global layers keep every position; their memory is reserved for the whole context and taken in
 * steps as it fills. Local layers keep a ring of R = W + 2·KVCACHE_SPARE rows and no more, W being
 * their window: position p lies in slot p mod R. A chunk of up to KVCACHE_SPARE positions can be
 * stored before its queries look; the rows of a larger one stay with the forward pass, as F32,
 * until its queries have looked at what they are about to replace.
 *
 * Going back. A ring has lost what its newest rows replaced. So that an answer can be dropped, or
 * prompts share a beginning, the rows that are replaced after a checkpoint are kept in a shadow of
 * the ring. Any position from the checkpoint on can be restored while at most R rows followed it,
 * and the checkpoint itself always; before it, only positions that no ring has replaced, or the
 * beginning. The newest KVCACHE_SPARE rows, and one more, can always be taken back: a short step
 * that is cancelled costs nothing. kvcache_reachable tells; what lies between is computed again.
 *
 * Guessed positions. The newest rows of a short chunk can be held back: they do not count until
 * they are admitted, one by one, and are gone when anything else is stored or gone back to. What
 * can be gone back to is the same as if they had never been there.
 *
 * Once a position is stored its rows never change, and rows of a ring are only ever read for
 * positions (n − W, n), n being the length: position n itself is the W-th that it sees. */
#ifndef ENGINE_KVCACHE_H
#define ENGINE_KVCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/kernels/kernels.h"

enum { KVCACHE_SPARE = 8 };

struct kvcache_shape {
    size_t n_layers;
    bool (*is_global)(const void *user, size_t layer);
    const void *user;
    size_t window; /* W */
    size_t n_ctx;  /* positions at most */
    size_t n_kv_heads, head_dim;
    enum cache_type type;
};

struct kvcache;

/* At most; memory that was not yet needed is not yet taken. */
size_t kvcache_bytes(const struct kvcache_shape *shape);
struct kvcache *kvcache_new(const struct kvcache_shape *shape, const struct kernels *k,
                            struct err *err);
void kvcache_free(struct kvcache *c);
/* Bytes of a row of one head. */
size_t kvcache_head_bytes(enum cache_type type, size_t head_dim);

size_t kvcache_length(const struct kvcache *c);
enum cache_type kvcache_type(const struct kvcache *c);

/* A chunk: kvcache_begin makes room for n positions behind the length; for each layer kvcache_store
 * puts the rows of all of them, of more than KVCACHE_SPARE once its queries have looked; at the end
 * kvcache_end adds n to the length. A chunk that is abandoned half-way may have replaced rows: then
 * kvcache_rewind to kvcache_reachable(length) comes next. */
bool kvcache_begin(struct kvcache *c, size_t n, struct err *err);
/* keys, values: F32 [n][n_kv_heads × head_dim]. */
void kvcache_store(struct kvcache *c, size_t layer, const float *keys, const float *values);
void kvcache_end(struct kvcache *c);
/* The newest n rows, of a chunk of up to KVCACHE_SPARE that has just ended, do not count … */
void kvcache_hold_back(struct kvcache *c, size_t n);
size_t kvcache_held_back(const struct kvcache *c);
/* … until now: the first of those held back does. */
void kvcache_admit(struct kvcache *c);

/* Where rows of a head lie: n ≤ end − at positions from `at` on, row i at keys + i·head_bytes. */
struct kv_span {
    const uint8_t *keys, *values;
    size_t n;
};
/* at < end ≤ the length, and what was stored behind it. Rows from before the checkpoint that a ring
 * replaced come from its shadow. */
struct kv_span kvcache_span(const struct kvcache *c, size_t layer, size_t head, size_t at,
                            size_t end);

/* Whether all rows are there that a query at this position, below the length, sees: true at least of
 * reachable positions behind the checkpoint. */
bool kvcache_sees(const struct kvcache *c, size_t position);

/* Makes the present length the point that can always be returned to. */
void kvcache_checkpoint(struct kvcache *c);
size_t kvcache_checkpointed(const struct kvcache *c);
/* The last position ≤ n that kvcache_rewind can go to. */
size_t kvcache_reachable(const struct kvcache *c, size_t n);
/* n is reachable. */
void kvcache_rewind(struct kvcache *c, size_t n);

/* to holds what `from` does at its checkpoint, and has its own there; of the same shape, but that
 * to's context may be shorter. False if it does not fit or memory is short: then to is empty. */
bool kvcache_copy(struct kvcache *to, const struct kvcache *from, struct err *err);

/* Takes bytes[0..n) to or from somewhere; false: it cannot. */
typedef bool kvcache_run_fn(void *user, void *bytes, size_t n);
/* All that is stored, the checkpoint and the shadow too: a cache that reads it is as the one that
 * wrote it, of the same shape but perhaps of another context. If reading fails it is empty. */
bool kvcache_write(const struct kvcache *c, kvcache_run_fn *put, void *user);
bool kvcache_read(struct kvcache *c, kvcache_run_fn *get, void *user, size_t length,
                  struct err *err);

#endif
