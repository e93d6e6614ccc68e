#include "engine/vision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/attention.h"

enum {
    PATCHES_PER_TASK = 16,
    /* Patches that go through the MLP together: bounds its memory (18 MB of 4304 wide rows), while weights that
     * are dequantised once for each tile still serve a thousand patches. */
    MLP_TILE = 1024,
    QUERIES_PER_TILE = ATTENTION_MAX_QUERIES,
    /* Rows of the projection that are dequantised at once, and soft tokens that a task makes. */
    PROJECT_ROWS = 32,
    SOFT_PER_TASK = 64,
};

static size_t patch_floats(const struct vision_params *v)
{
    return 3 * (size_t)v->patch_size * v->patch_size;
}

static size_t n_patches_of(const struct vision_params *v)
{
    return (size_t)v->n_side * v->n_side;
}

/* Floats between rows of the transposed keys: 4096 patches would put all rows of a head into the same few sets of
 * the first-level cache, which made the scores half as fast. */
static size_t keys_ld(size_t n_patches)
{
    return n_patches + 16;
}

/* The shared buffer: an MLP tile, or all patches unrolled, or the keys transposed (and more than the pooled grid). */
static size_t ff_floats(const struct vision_params *v)
{
    size_t n = n_patches_of(v);
    size_t mlp = (n < MLP_TILE ? n : MLP_TILE) * v->n_ff, unrolled = n * patch_floats(v);
    size_t keys = keys_ld(n) * v->width, most = mlp > unrolled ? mlp : unrolled;
    return most > keys ? most : keys;
}

size_t vision_pass_bytes(const struct model *m)
{
    return (5 * n_patches_of(&m->vision) * m->vision.width + ff_floats(&m->vision)) * sizeof(float);
}

size_t vision_scratch_bytes(const struct model *m)
{
    size_t attention = QUERIES_PER_TILE * (size_t)(m->vision.width / m->vision.n_heads) * 2;
    size_t projection = PROJECT_ROWS * m->vw.projection.cols;
    return (attention > projection ? attention : projection) * sizeof(float);
}

bool vision_pass_init(struct vision_pass *p, const struct model *m, const struct compute *c, struct err *err)
{
    *p = (struct vision_pass){.model = m, .compute = c, .n_patches = n_patches_of(&m->vision)};
    float **all[] = {&p->x, &p->h, &p->q, &p->k, &p->v};
    p->ff = mem_try(ff_floats(&m->vision), sizeof(float), "vision pass", err);
    bool ok = p->ff != NULL;
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++) {
        *all[i] = mem_try(p->n_patches, m->vision.width * sizeof(float), "vision pass", err);
        ok = *all[i] != NULL;
    }
    if (!ok)
        vision_pass_done(p);
    return ok;
}

void vision_pass_done(struct vision_pass *p)
{
    float *all[] = {p->x, p->h, p->q, p->k, p->v, p->ff};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *p = (struct vision_pass){0};
}

/* What the tasks of one step see. */
struct step {
    struct vision_pass *p;
    const struct vision_layer *w;
    const float *planes;
    float *to;              /* rows that a bias, and with `add` more, goes to */
    const float *add;       /* NULL or rows to add */
    const struct tensor *bias, *norm_w, *norm_b;
    size_t n, width; /* rows of the step */
};

static void each_rows(struct step *s, pool_fn *fn)
{
    const struct compute *c = s->p->compute;
    pool_run(c->pool, (s->n + PATCHES_PER_TASK - 1) / PATCHES_PER_TASK, fn, s, c->stop);
}

static size_t rows_end(const struct step *s, size_t task)
{
    size_t end = (task + 1) * PATCHES_PER_TASK;
    return end < s->n ? end : s->n;
}

/* Patch (row, column) of the image as one row, channel by channel: the convolution becomes a product. */
static void unroll_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct step *s = job;
    const struct vision_params *v = &s->p->model->vision;
    size_t side = v->patch_size, size = v->image_size;
    for (size_t i = task * PATCHES_PER_TASK; i < rows_end(s, task); i++) {
        const float *corner = s->planes + i / v->n_side * side * size + i % v->n_side * side;
        float *out = s->p->ff + i * patch_floats(v);
        for (size_t c = 0; c < 3; c++)
            for (size_t y = 0; y < side; y++, out += side)
                memcpy(out, corner + (c * size + y) * size, side * sizeof *out);
    }
}

/* to += bias + add. */
static void bias_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct step *s = job;
    const struct kernels *k = s->p->compute->k;
    for (size_t i = task * PATCHES_PER_TASK; i < rows_end(s, task); i++) {
        float *row = s->to + i * s->width;
        k->add(row, s->bias->data, s->width);
        if (s->add)
            k->add(row, s->add + i * s->width, s->width);
    }
}

static void add_bias(struct vision_pass *p, float *to, const struct tensor *bias, size_t n, const float *add)
{
    struct step s = {.p = p, .to = to, .add = add, .bias = bias, .n = n, .width = bias->cols};
    each_rows(&s, bias_task);
}

/* to = LN(x). */
static void norm_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct step *s = job;
    struct vision_pass *p = s->p;
    for (size_t i = task * PATCHES_PER_TASK; i < rows_end(s, task); i++)
        p->compute->k->layer_norm(p->x + i * s->width, s->norm_w->data, s->norm_b->data, p->model->vision.eps,
                                  s->to + i * s->width, s->width);
}

static void layer_norm(struct vision_pass *p, const struct tensor *w, const struct tensor *b, float *to)
{
    struct step s = {.p = p, .to = to, .norm_w = w, .norm_b = b, .n = p->n_patches, .width = p->model->vision.width};
    each_rows(&s, norm_task);
}

static void gelu_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct step *s = job;
    for (size_t i = task * PATCHES_PER_TASK; i < rows_end(s, task); i++)
        s->p->compute->k->gelu_bias(s->to + i * s->width, s->bias->data, s->width);
}

/* One head of one tile of queries over all patches; h receives what is attended. */
static void attend_task(void *job, size_t task, unsigned thread)
{
    const struct step *s = job;
    struct vision_pass *p = s->p;
    const struct vision_params *v = &p->model->vision;
    size_t width = v->width, hd = width / v->n_heads;
    size_t first = task / v->n_heads * QUERIES_PER_TILE, at = task % v->n_heads * hd;
    size_t n = p->n_patches - first < QUERIES_PER_TILE ? p->n_patches - first : QUERIES_PER_TILE;
    float *q = p->compute->scratch[thread], *out = q + QUERIES_PER_TILE * hd;
    size_t ld = keys_ld(p->n_patches);
    float scale = 1.0f / sqrtf((float)hd);
    for (size_t i = 0; i < n; i++) {
        memcpy(q + i * hd, p->q + (first + i) * width + at, hd * sizeof *q);
        p->compute->k->scale(q + i * hd, scale, hd);
    }
    struct attention_tile a = {.k = p->compute->k, .n_queries = n, .head_dim = hd, .q = q, .ldq = hd,
                               .out = out, .ldo = hd};
    attention_begin(&a);
    for (size_t key = 0; key < p->n_patches; key += ATTENTION_MAX_KEYS) {
        size_t n_keys = p->n_patches - key < ATTENTION_MAX_KEYS ? p->n_patches - key : ATTENTION_MAX_KEYS;
        attention_score_columns(&a, p->ff + at * ld + key, ld, n_keys);
        attention_block(&a, p->k + at * p->n_patches + key * hd, hd, n_keys, NULL, NULL);
    }
    attention_end(&a);
    for (size_t i = 0; i < n; i++)
        memcpy(p->h + (first + i) * width + at, out + i * hd, hd * sizeof *out);
}

/* ff = Kᵀ, [width] rows: a head's keys are then columns. */
static void transpose_keys_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct step *s = job;
    struct vision_pass *p = s->p;
    size_t width = p->model->vision.width, ld = keys_ld(p->n_patches);
    for (size_t i = 0; i < width; i++)
        for (size_t j = task * PATCHES_PER_TASK; j < rows_end(s, task); j++)
            p->ff[i * ld + j] = p->k[j * width + i];
}

/* k = the values, [head][n_patches][head_dim]. */
static void gather_values_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct step *s = job;
    struct vision_pass *p = s->p;
    size_t n_heads = p->model->vision.n_heads, hd = p->model->vision.width / n_heads;
    for (size_t j = task * PATCHES_PER_TASK; j < rows_end(s, task); j++)
        for (size_t head = 0; head < n_heads; head++)
            memcpy(p->k + (head * p->n_patches + j) * hd, p->v + (j * n_heads + head) * hd, hd * sizeof *p->k);
}

static void attend(struct vision_pass *p)
{
    struct step s = {.p = p, .n = p->n_patches};
    each_rows(&s, transpose_keys_task);
    each_rows(&s, gather_values_task);
    size_t tiles = (p->n_patches + QUERIES_PER_TILE - 1) / QUERIES_PER_TILE;
    pool_run(p->compute->pool, tiles * p->model->vision.n_heads, attend_task, &s, p->compute->stop);
}

/* to = x · Wᵀ + bias, for all patches. */
static void linear(struct vision_pass *p, const float *x, const struct tensor *w, const struct tensor *b, float *to)
{
    matmul_float(p->compute, w, 0, x, p->n_patches, to, w->rows);
    add_bias(p, to, b, p->n_patches, NULL);
}

static void mlp(struct vision_pass *p, const struct vision_layer *w)
{
    size_t width = p->model->vision.width;
    for (size_t first = 0; first < p->n_patches; first += MLP_TILE) {
        size_t n = p->n_patches - first < MLP_TILE ? p->n_patches - first : MLP_TILE;
        matmul_float(p->compute, &w->fc1_w, 0, p->h + first * width, n, p->ff, w->fc1_w.rows);
        struct step s = {.p = p, .to = p->ff, .bias = &w->fc1_b, .n = n, .width = w->fc1_w.rows};
        each_rows(&s, gelu_task);
        matmul_float(p->compute, &w->fc2_w, 0, p->ff, n, p->q, width);
        add_bias(p, p->x + first * width, &w->fc2_b, n, p->q);
    }
}

static void layer_forward(struct vision_pass *p, const struct vision_layer *w)
{
    layer_norm(p, &w->ln1_w, &w->ln1_b, p->h);
    linear(p, p->h, &w->q_w, &w->q_b, p->q);
    linear(p, p->h, &w->k_w, &w->k_b, p->k);
    linear(p, p->h, &w->v_w, &w->v_b, p->v);
    attend(p);
    matmul_float(p->compute, &w->o_w, 0, p->h, p->n_patches, p->q, w->o_w.rows);
    add_bias(p, p->x, &w->o_b, p->n_patches, p->q);
    layer_norm(p, &w->ln2_w, &w->ln2_b, p->h);
    mlp(p, w);
}

/* x += bias + position, a row of the table at a time. */
static void position_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct step *s = job;
    struct vision_pass *p = s->p;
    const struct tensor *table = &p->model->vw.position;
    for (size_t i = task * PATCHES_PER_TASK; i < rows_end(s, task); i++) {
        float *row = p->h + i * s->width;
        p->compute->k->dequantize[table->type]((const uint8_t *)table->data + i * table->row_bytes, row, s->width);
        p->compute->k->add(row, s->bias->data, s->width);
        p->compute->k->add(p->x + i * s->width, row, s->width);
    }
}

static void embed_patches(struct vision_pass *p, const float *planes)
{
    const struct vision_weights *w = &p->model->vw;
    struct step s = {.p = p, .planes = planes, .bias = &w->patch_b, .n = p->n_patches,
                     .width = p->model->vision.width};
    each_rows(&s, unroll_task);
    matmul_float(p->compute, &w->patch_w, 0, p->ff, p->n_patches, p->x, s.width);
    each_rows(&s, position_task);
}

void vision_patches(struct vision_pass *p, const float *planes, facet_progress_fn *progress, void *user)
{
    const struct vision_weights *w = &p->model->vw;
    size_t n_layers = p->model->vision.n_layers;
    embed_patches(p, planes);
    for (size_t l = 0; l < n_layers && !atomic_load(p->compute->stop); l++) {
        if (progress)
            progress(user, "image", l, n_layers);
        layer_forward(p, &w->layers[l]);
    }
    layer_norm(p, &w->post_ln_w, &w->post_ln_b, p->x);
    if (progress && !atomic_load(p->compute->stop))
        progress(user, "image", n_layers, n_layers);
}

struct projection {
    struct vision_pass *p;
    float *soft;
};

/* Averages pool × pool patches into soft token i, and norms it. */
static void pool_soft(struct vision_pass *p, size_t i, float *out)
{
    const struct vision_params *v = &p->model->vision;
    size_t per_side = v->n_side / v->pool, width = v->width;
    const float *corner = p->x + (i / per_side * v->pool * v->n_side + i % per_side * v->pool) * width;
    memset(out, 0, width * sizeof *out);
    for (size_t y = 0; y < v->pool; y++)
        for (size_t x = 0; x < v->pool; x++)
            p->compute->k->add(out, corner + (y * v->n_side + x) * width, width);
    p->compute->k->scale(out, 1.0f / (float)(v->pool * v->pool), width);
    p->compute->k->rms_norm(out, p->model->vw.soft_norm.data, v->eps, out, width);
}

static void project_task(void *job, size_t task, unsigned thread)
{
    const struct projection *projection = job;
    struct vision_pass *p = projection->p;
    const struct kernels *k = p->compute->k;
    const struct tensor *w = &p->model->vw.projection; /* [width][n_embd] */
    size_t first = task * SOFT_PER_TASK, n_soft = p->model->vision.n_soft, width = w->rows;
    size_t n = n_soft - first < SOFT_PER_TASK ? n_soft - first : SOFT_PER_TASK;
    float *pooled = p->ff + first * width, *soft = projection->soft + first * w->cols;
    float *rows = p->compute->scratch[thread];
    for (size_t i = 0; i < n; i++)
        pool_soft(p, first + i, pooled + i * width);
    memset(soft, 0, n * w->cols * sizeof *soft);
    for (size_t row = 0; row < width; row += PROJECT_ROWS) {
        size_t n_rows = width - row < PROJECT_ROWS ? width - row : PROJECT_ROWS;
        for (size_t r = 0; r < n_rows; r++)
            k->dequantize[w->type]((const uint8_t *)w->data + (row + r) * w->row_bytes, rows + r * w->cols, w->cols);
        k->gemm_nn_add(n, w->cols, n_rows, pooled + row, width, rows, w->cols, soft, w->cols);
    }
}

void vision_project(struct vision_pass *p, float *soft)
{
    struct projection job = {p, soft};
    size_t tasks = (p->model->vision.n_soft + SOFT_PER_TASK - 1) / SOFT_PER_TASK;
    pool_run(p->compute->pool, tasks, project_task, &job, p->compute->stop);
}
