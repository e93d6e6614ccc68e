/* The tower's steps in F32: any processor, and what the others are measured by. */
#include <math.h>
#include <string.h>

#include "engine/attention.h"
#include "engine/vision_steps.h"

enum { QUERIES_PER_TILE = ATTENTION_MAX_QUERIES };

/* Floats between rows of the transposed keys: 4096 patches would put all rows of a head into the
 * same few sets of the first-level cache, which made the scores half as fast. */
static size_t keys_ld(size_t n_patches)
{
    return n_patches + 16;
}

static size_t attend_bytes(const struct vision_params *v)
{
    return keys_ld(vision_n_patches(v)) * v->width * sizeof(float);
}

static size_t scratch_bytes(const struct vision_params *v, const struct kernels *k)
{
    (void)k;
    return QUERIES_PER_TILE * vision_head_dim(v) * 2 * sizeof(float);
}

static size_t row_bytes(size_t n)
{
    return n * sizeof(float);
}

static bool fits(const struct vision_params *v, const struct kernels *k)
{
    (void)v;
    (void)k;
    return true;
}

/* ---- Products ---- */

static void put(const struct kernels *k, const float *x, void *row, size_t n)
{
    (void)k;
    memcpy(row, x, n * sizeof *x);
}

/* Products y, where they are to go: with the bias, and what else is wanted. */
struct finish {
    const struct vision_linear *l;
    float *y;
};

static void finish_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct vision_rows *s = job;
    const struct finish *finish = s->job;
    const struct vision_linear *l = finish->l;
    const struct kernels *k = s->p->compute->k;
    const float *bias = l->bias->data;
    size_t width = l->w->rows;
    for (size_t i = task * PATCHES_PER_TASK; i < vision_rows_end(s, task); i++) {
        float *row = (float *)l->to + i * width;
        if (l->then == VISION_GELU)
            k->gelu_bias(row, bias, width);
        else
            k->add(row, bias, width);
        if (l->then == VISION_ADD)
            k->add(row, finish->y + i * width, width);
    }
}

/* What is to be added is first put into q, which no step needs at that time. */
static void linear(struct vision_pass *p, const struct vision_linear *l)
{
    struct finish finish = {l, l->then == VISION_ADD ? p->q : l->to};
    matmul_float(p->compute, l->w, 0, l->from, l->n, finish.y, l->w->rows);
    vision_each_rows(p, l->n, finish_task, &finish);
}

/* ---- Attention ---- */

/* One head of one tile of queries over all patches; h receives what is attended. */
static void attend_task(void *job, size_t task, unsigned thread)
{
    const struct vision_rows *s = job;
    struct vision_pass *p = s->p;
    const struct vision_params *v = &p->model->vision;
    size_t width = v->width, hd = vision_head_dim(v);
    size_t first = task / v->n_heads * QUERIES_PER_TILE, at = task % v->n_heads * hd;
    size_t n = p->n_patches - first < QUERIES_PER_TILE ? p->n_patches - first : QUERIES_PER_TILE;
    float *q = p->compute->scratch[thread], *out = q + QUERIES_PER_TILE * hd;
    const float *queries = (const float *)p->q + first * width + at, *keys = p->ff, *values = p->k;
    float *to = (float *)p->h + first * width + at;
    size_t ld = keys_ld(p->n_patches);
    float scale = 1.0f / sqrtf((float)hd);
    for (size_t i = 0; i < n; i++) {
        memcpy(q + i * hd, queries + i * width, hd * sizeof *q);
        p->compute->k->scale(q + i * hd, scale, hd);
    }
    struct attention_tile a = {.k = p->compute->k,
                               .n_queries = n,
                               .head_dim = hd,
                               .q = q,
                               .ldq = hd,
                               .out = out,
                               .ldo = hd};
    attention_begin(&a);
    for (size_t key = 0; key < p->n_patches; key += ATTENTION_MAX_KEYS) {
        size_t n_keys =
            p->n_patches - key < ATTENTION_MAX_KEYS ? p->n_patches - key : ATTENTION_MAX_KEYS;
        attention_score_columns(&a, keys + at * ld + key, ld, n_keys);
        attention_block(&a, values + at * p->n_patches + key * hd, hd, n_keys, NULL, NULL);
    }
    attention_end(&a);
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * width, out + i * hd, hd * sizeof *out);
}

/* ff = Kᵀ, [width] rows: a head's keys are then columns. */
static void transpose_keys_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct vision_rows *s = job;
    struct vision_pass *p = s->p;
    size_t width = p->model->vision.width, ld = keys_ld(p->n_patches);
    const float *k = p->k;
    float *to = p->ff;
    for (size_t i = 0; i < width; i++)
        for (size_t j = task * PATCHES_PER_TASK; j < vision_rows_end(s, task); j++)
            to[i * ld + j] = k[j * width + i];
}

/* k = the values, [head][n_patches][head_dim]. */
static void gather_values_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct vision_rows *s = job;
    struct vision_pass *p = s->p;
    size_t n_heads = p->model->vision.n_heads, hd = vision_head_dim(&p->model->vision);
    const float *v = p->v;
    float *to = p->k;
    for (size_t j = task * PATCHES_PER_TASK; j < vision_rows_end(s, task); j++)
        for (size_t head = 0; head < n_heads; head++)
            memcpy(to + (head * p->n_patches + j) * hd, v + (j * n_heads + head) * hd,
                   hd * sizeof *to);
}

static void attend(struct vision_pass *p)
{
    struct vision_rows s = {.p = p, .n = p->n_patches};
    vision_each_rows(p, p->n_patches, transpose_keys_task, NULL);
    vision_each_rows(p, p->n_patches, gather_values_task, NULL);
    size_t tiles = (p->n_patches + QUERIES_PER_TILE - 1) / QUERIES_PER_TILE;
    pool_run(p->compute->pool, tiles * p->model->vision.n_heads, attend_task, &s, p->compute->stop);
}

const struct vision_steps vision_f32 = {.name = "f32",
                                        .mlp_patches = 1024,
                                        .value_bytes = sizeof(float),
                                        .row_bytes = row_bytes,
                                        .fits = fits,
                                        .attend_bytes = attend_bytes,
                                        .scratch_bytes = scratch_bytes,
                                        .put = put,
                                        .linear = linear,
                                        .attend = attend};
