/* The SigLIP tower and its projector: an image's planes become soft tokens for the text decoder.
 *
 *   x = conv14×14(planes) + position;   each layer: x += out(attend(LN1 x));  x += fc2(gelu(fc1(LN2
 * x))) soft = RMSnorm(average of pool×pool patches of LN(x)) · P (SigLIP, arXiv 2303.15343; Gemma 3
 * report, section 2; MODEL.md, "Vision") */
#ifndef ENGINE_VISION_H
#define ENGINE_VISION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "engine/facet.h"
#include "engine/matmul.h"
#include "engine/model.h"

/* Buffers of the pass, allocated once. */
struct vision_pass {
    const struct model *model;
    const struct vision_steps *steps;
    const struct compute *compute;
    size_t n_patches;
    float *x;        /* [n_patches][width] the residual stream */
    void *h;         /* [n_patches] rows of width activations, as the steps have them */
    void *q, *k, *v; /* [n_patches][width] of the steps' values */
    void *ff;        /* [patches of an MLP tile] rows of n_ff activations; unrolled patches */
    float *mean;     /* of a product's activations, for steps that ask for it */
};

/* What the layers compute with: precision is "f32", "bf16", "int8", or NULL for what suits the
 * tower and the kernels; exact kernels always give F32. NULL and an error if it is not known or
 * cannot be had. */
struct vision_steps;
const struct vision_steps *vision_choose(const struct model *m, const struct kernels *k,
                                         const char *precision, struct err *err);

size_t vision_pass_bytes(const struct model *m, const struct vision_steps *steps);
size_t vision_scratch_bytes(const struct model *m, const struct vision_steps *steps,
                            const struct kernels *k);
bool vision_pass_init(struct vision_pass *p, const struct model *m,
                      const struct vision_steps *steps, const struct compute *c, struct err *err);
void vision_pass_done(struct vision_pass *p);

/* planes [3][size][size] in [−1, 1] → x: the states after the last norm, [n_patches][width].
 * Reports steps done; progress may be NULL. If the compute's stop became true the result is
 * garbage. */
void vision_patches(struct vision_pass *p, const float *planes, facet_progress_fn *progress,
                    void *user);
/* The states in x → soft [n_soft][n_embd]. */
void vision_project(struct vision_pass *p, float *soft);

#endif
