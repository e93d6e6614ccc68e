/* What the two arithmetics of the tower share with the pass, and what they are asked for: vision.c
 * says what a layer is, vision_f32.c and vision_bf16.c how its steps are computed. */
#ifndef ENGINE_VISION_STEPS_H
#define ENGINE_VISION_STEPS_H

#include "engine/vision.h"

enum vision_then { VISION_STORE, VISION_GELU, VISION_ADD };

/* from · Wᵀ + bias for n patches; then it goes to rows of activations, or with VISION_ADD onto rows
 * of floats. */
struct vision_linear {
    const struct tensor *w, *bias;
    const void *from;
    size_t n;
    enum vision_then then;
    void *to;
};

struct vision_steps {
    const char *name;
    size_t value_bytes; /* of an activation: h, q, k, v and ff of the pass have such values */
    /* What attend wants of the pass's ff, and of each thread's scratch. */
    size_t (*attend_bytes)(const struct vision_params *v);
    size_t (*scratch_bytes)(const struct vision_params *v, const struct kernels *k);
    void (*norm)(struct vision_pass *p, const struct tensor *w,
                 const struct tensor *bias); /* h = LN(x) */
    void (*linear)(struct vision_pass *p, const struct vision_linear *l);
    void (*attend)(
        struct vision_pass *p); /* h = softmax(q kᵀ / √head) v, head by head; k may be lost */
};
extern const struct vision_steps vision_f32, vision_bf16;

/* ---- Tasks of a few patches ---- */

enum { PATCHES_PER_TASK = 16 };

/* What the tasks of one step see. */
struct vision_rows {
    struct vision_pass *p;
    size_t n;        /* rows of the step */
    const void *job; /* what else it needs */
};

void vision_each_rows(struct vision_pass *p, size_t n, pool_fn *fn, const void *job);

static inline size_t vision_rows_end(const struct vision_rows *s, size_t task)
{
    size_t end = (task + 1) * PATCHES_PER_TASK;
    return end < s->n ? end : s->n;
}

static inline size_t vision_head_dim(const struct vision_params *v)
{
    return v->width / v->n_heads;
}

static inline size_t vision_n_patches(const struct vision_params *v)
{
    return (size_t)v->n_side * v->n_side;
}

#endif
