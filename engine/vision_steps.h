/* What the arithmetics of the tower share with the pass, and what they are asked for: vision.c says
 * what a layer is, vision_f32.c, vision_bf16.c and vision_int8.c how its steps are computed. */
#ifndef ENGINE_VISION_STEPS_H
#define ENGINE_VISION_STEPS_H

#include "engine/vision.h"

enum vision_then { VISION_STORE, VISION_GELU, VISION_ADD };

/* from · Wᵀ + bias for n patches; then it goes to rows of values, with VISION_GELU to rows of
 * activations, or with VISION_ADD onto rows of floats. */
struct vision_linear {
    const struct tensor *w, *bias;
    const void *from;
    size_t n;
    enum vision_then then;
    void *to;
};

struct vision_steps {
    const char *name;
    size_t mlp_patches; /* that go through the MLP together */
    size_t value_bytes; /* of a value: q, k and v of the pass have such */
    /* Of a row of n activations, as products take them: h and ff have such rows. */
    size_t (*row_bytes)(size_t n);
    bool (*fits)(const struct vision_params *v, const struct kernels *k);
    /* What attend wants of the pass's ff, and of each thread's scratch. */
    size_t (*attend_bytes)(const struct vision_params *v);
    size_t (*scratch_bytes)(const struct vision_params *v, const struct kernels *k);
    /* A row of activations from floats. */
    void (*put)(const struct kernels *k, const float *x, void *row, size_t n);
    void (*linear)(struct vision_pass *p, const struct vision_linear *l);
    void (*attend)(
        struct vision_pass *p); /* h = softmax(q kᵀ / √head) v, head by head; q, k may be lost */
};
extern const struct vision_steps vision_f32, vision_bf16, vision_int8;

/* vision_bf16.c's attention, whose values are BF16, and keys int8 if they were rounded: to may be
 * q.
 */
void vision_attend_bf16(struct vision_pass *p, bool int8_keys, bf16 *to);

/* h = LN(x), as the steps have activations. */
void vision_norm(struct vision_pass *p, const struct tensor *w, const struct tensor *bias);

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
