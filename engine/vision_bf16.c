/* The tower's steps with BF16 activations and F32 sums; the residual stream and the norms are F32.
 */
#include <math.h>
#include <string.h>

#include "engine/vision_steps.h"

/* The values of a head, two keys side by side. */
static size_t pairs_of(size_t n_patches)
{
    return (n_patches + 1) / 2;
}

static size_t attend_bytes(const struct vision_params *v)
{
    return pairs_of(vision_n_patches(v)) * 2 * v->width * sizeof(bf16);
}

static size_t scratch_bytes(const struct vision_params *v, const struct kernels *k)
{
    return k->bf16->attend_bytes(vision_head_dim(v)) + 64;
}

static size_t row_bytes(size_t n)
{
    return n * sizeof(bf16);
}

static bool fits(const struct vision_params *v, const struct kernels *k)
{
    return k->bf16 && v->width % 2 == 0 && v->n_ff % 2 == 0 && vision_head_dim(v) % 2 == 0;
}

static void put(const struct kernels *k, const float *x, void *row, size_t n)
{
    k->bf16->round(x, row, n);
}

static void linear(struct vision_pass *p, const struct vision_linear *l)
{
    bool add = l->then == VISION_ADD;
    struct bf16_product how = {.x = l->from,
                               .ldx = l->w->cols,
                               .n_tokens = l->n,
                               .bias = l->bias->data,
                               .gelu = l->then == VISION_GELU,
                               .y = add ? NULL : l->to,
                               .sum = add ? l->to : NULL,
                               .ldy = l->w->rows};
    matmul_bf16(p->compute, l->w, &how);
}

/* ff = the values, [head][pairs of keys][head_dim][2]. */
static void pair_values_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct vision_rows *s = job;
    const struct vision_params *v = &s->p->model->vision;
    size_t hd = vision_head_dim(v), n_pairs = pairs_of(s->p->n_patches);
    for (size_t j = task * PATCHES_PER_TASK; j < vision_rows_end(s, task); j += 2)
        for (size_t head = 0; head < v->n_heads; head++) {
            const bf16 *a = (const bf16 *)s->p->v + j * v->width + head * hd;
            const bf16 *b = j + 1 < s->p->n_patches ? a + v->width : NULL;
            bf16 *to = (bf16 *)s->p->ff + (head * n_pairs + j / 2) * 2 * hd;
            for (size_t d = 0; d < hd; d++) {
                to[2 * d] = a[d];
                to[2 * d + 1] = b ? b[d] : 0;
            }
        }
}

struct attend {
    bool int8_keys;
    bf16 *out;
};

/* BF16_QUERIES of one head; all of a head's before the next, whose keys and values are others. */
static void attend_task(void *job, size_t task, unsigned thread)
{
    const struct vision_rows *s = job;
    const struct attend *to = s->job;
    struct vision_pass *p = s->p;
    const struct vision_params *v = &p->model->vision;
    size_t hd = vision_head_dim(v), tiles = (p->n_patches + BF16_QUERIES - 1) / BF16_QUERIES;
    size_t head = task / tiles, first = task % tiles * BF16_QUERIES;
    size_t rest = p->n_patches - first, at = first * v->width + head * hd;
    struct bf16_attention a = {
        .n_queries = rest < BF16_QUERIES ? rest : BF16_QUERIES,
        .head_dim = hd,
        .scale = 1.4426950409f / sqrtf((float)hd), /* log2(e) */
        .q = (const bf16 *)p->q + at,
        .ldq = v->width,
        .int8_keys = to->int8_keys,
        .out = to->out + at,
        .ldo = v->width,
        .scratch = (void *)(((uintptr_t)p->compute->scratch[thread] + 63) & ~(uintptr_t)63)};
    struct bf16_keys keys = {.n = p->n_patches,
                             .k = (const bf16 *)p->k + head * hd,
                             .ld = v->width,
                             .v = (const bf16 *)p->ff + head * pairs_of(p->n_patches) * 2 * hd};
    const struct bf16_kernels *k = p->compute->k->bf16;
    k->attend_begin(&a);
    k->attend_keys(&a, &keys);
    k->attend_end(&a);
}

void vision_attend_bf16(struct vision_pass *p, bool int8_keys, bf16 *to)
{
    struct attend job = {int8_keys, to};
    struct vision_rows s = {.p = p, .n = p->n_patches, .job = &job};
    size_t tiles = (p->n_patches + BF16_QUERIES - 1) / BF16_QUERIES;
    vision_each_rows(p, p->n_patches, pair_values_task, NULL);
    pool_run(p->compute->pool, tiles * p->model->vision.n_heads, attend_task, &s, p->compute->stop);
}

static void attend(struct vision_pass *p)
{
    vision_attend_bf16(p, false, p->h);
}

const struct vision_steps vision_bf16 = {.name = "bf16",
                                         .mlp_patches = 1024,
                                         .value_bytes = sizeof(bf16),
                                         .row_bytes = row_bytes,
                                         .fits = fits,
                                         .attend_bytes = attend_bytes,
                                         .scratch_bytes = scratch_bytes,
                                         .put = put,
                                         .linear = linear,
                                         .attend = attend};
