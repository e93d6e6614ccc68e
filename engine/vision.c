#include "engine/vision.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/vision_steps.h"

enum {
    /* A tower with fewer is quick anyway. */
    BF16_MIN_PATCHES = 1024,
    /* Rows of the projection that are dequantised at once, and soft tokens that a task makes. */
    PROJECT_ROWS = 32,
    SOFT_PER_TASK = 64,
};

static size_t patch_floats(const struct vision_params *v)
{
    return 3 * (size_t)v->patch_size * v->patch_size;
}

static const struct vision_steps *const arithmetics[] = {&vision_f32, &vision_bf16, &vision_int8};

static const struct vision_steps *by_name(const char *precision, struct err *err)
{
    for (size_t i = 0; i < sizeof arithmetics / sizeof *arithmetics; i++)
        if (strcmp(precision, arithmetics[i]->name) == 0)
            return arithmetics[i];
    err_set(err, "vision precision \"%s\": is none of f32, bf16, int8", precision);
    return NULL;
}

/* The fastest of those that nobody has to ask for. */
static const struct vision_steps *by_itself(const struct vision_params *v, const struct kernels *k)
{
    bool pays = vision_bf16.fits(v, k) && k->bf16->fast && vision_n_patches(v) >= BF16_MIN_PATCHES;
    return pays ? &vision_bf16 : &vision_f32;
}

const struct vision_steps *vision_choose(const struct model *m, const struct kernels *k,
                                         const char *precision, struct err *err)
{
    const struct vision_steps *wanted = precision ? by_name(precision, err) : NULL;
    if (precision && !wanted)
        return NULL;
    if (!m->has_vision || k->exact)
        return &vision_f32;
    if (wanted && !wanted->fits(&m->vision, k)) {
        err_set(err, "vision precision \"%s\": not with this processor and tower", precision);
        return NULL;
    }
    return wanted ? wanted : by_itself(&m->vision, k);
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The buffers are in huge pages: with small ones the BF16 tower took 4 % longer. */
static size_t stream_bytes(const struct model *m)
{
    return vision_n_patches(&m->vision) * m->vision.width * sizeof(float);
}

static size_t value_bytes(const struct model *m, const struct vision_steps *steps)
{
    return vision_n_patches(&m->vision) * m->vision.width * steps->value_bytes;
}

static size_t rows_bytes(const struct model *m, const struct vision_steps *steps)
{
    return vision_n_patches(&m->vision) * steps->row_bytes(m->vision.width);
}

static size_t mean_bytes(const struct model *m)
{
    return max_size(m->vision.width, m->vision.n_ff) * sizeof(float);
}

/* The shared buffer: an MLP tile, or all patches unrolled, or what attention wants (all more than
 * the pooled grid). */
static size_t ff_bytes(const struct model *m, const struct vision_steps *steps)
{
    const struct vision_params *v = &m->vision;
    size_t n = vision_n_patches(v);
    size_t mlp = (n < steps->mlp_patches ? n : steps->mlp_patches) * steps->row_bytes(v->n_ff);
    return max_size(max_size(mlp, n * patch_floats(v) * sizeof(float)),
                    max_size(steps->attend_bytes(v), v->n_soft * (size_t)v->width * sizeof(float)));
}

size_t vision_pass_bytes(const struct model *m, const struct vision_steps *steps)
{
    return stream_bytes(m) + rows_bytes(m, steps) + 3 * value_bytes(m, steps) + ff_bytes(m, steps) +
           mean_bytes(m);
}

size_t vision_scratch_bytes(const struct model *m, const struct vision_steps *steps,
                            const struct kernels *k)
{
    size_t projection = PROJECT_ROWS * m->vw.projection.cols, row = m->vision.width;
    return max_size(max_size(projection, row) * sizeof(float), steps->scratch_bytes(&m->vision, k));
}

bool vision_pass_init(struct vision_pass *p, const struct model *m,
                      const struct vision_steps *steps, const struct compute *c, struct err *err)
{
    *p = (struct vision_pass){
        .model = m, .steps = steps, .compute = c, .n_patches = vision_n_patches(&m->vision)};
    void **all[] = {&p->q, &p->k, &p->v};
    p->x = mem_try_huge(stream_bytes(m), "vision pass", err);
    p->h = mem_try_huge(rows_bytes(m, steps), "vision pass", err);
    p->ff = mem_try_huge(ff_bytes(m, steps), "vision pass", err);
    p->mean = mem_try(1, mean_bytes(m), "vision pass", err);
    bool ok = p->x && p->h && p->ff && p->mean;
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++) {
        *all[i] = mem_try_huge(value_bytes(m, steps), "vision pass", err);
        ok = *all[i] != NULL;
    }
    if (!ok)
        vision_pass_done(p);
    return ok;
}

void vision_pass_done(struct vision_pass *p)
{
    void *all[] = {p->x, p->h, p->q, p->k, p->v, p->ff, p->mean};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *p = (struct vision_pass){0};
}

void vision_each_rows(struct vision_pass *p, size_t n, pool_fn *fn, const void *job)
{
    struct vision_rows s = {p, n, job};
    pool_run(p->compute->pool, (n + PATCHES_PER_TASK - 1) / PATCHES_PER_TASK, fn, &s,
             p->compute->stop);
}

/* ---- From pixels to patches ---- */

/* Patch (row, column) of the image as one row, channel by channel: the convolution becomes a
 * product. */
static void unroll_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct vision_rows *s = job;
    const struct vision_params *v = &s->p->model->vision;
    const float *planes = s->job;
    size_t side = v->patch_size, size = v->image_size;
    for (size_t i = task * PATCHES_PER_TASK; i < vision_rows_end(s, task); i++) {
        const float *corner = planes + i / v->n_side * side * size + i % v->n_side * side;
        float *out = (float *)s->p->ff + i * patch_floats(v);
        for (size_t c = 0; c < 3; c++)
            for (size_t y = 0; y < side; y++, out += side)
                memcpy(out, corner + (c * size + y) * size, side * sizeof *out);
    }
}

/* x += bias + position, a row of the table at a time. */
static void position_task(void *job, size_t task, unsigned thread)
{
    const struct vision_rows *s = job;
    struct vision_pass *p = s->p;
    const struct kernels *k = p->compute->k;
    const struct tensor *table = &p->model->vw.position;
    size_t width = table->cols;
    float *row = p->compute->scratch[thread];
    for (size_t i = task * PATCHES_PER_TASK; i < vision_rows_end(s, task); i++) {
        k->dequantize[table->type]((const uint8_t *)table->data + i * table->row_bytes, row, width);
        k->add(row, p->model->vw.patch_b.data, width);
        k->add(p->x + i * width, row, width);
    }
}

static void embed_patches(struct vision_pass *p, const float *planes)
{
    vision_each_rows(p, p->n_patches, unroll_task, planes);
    matmul_float(p->compute, &p->model->vw.patch_w, 0, p->ff, p->n_patches, p->x,
                 p->model->vision.width);
    vision_each_rows(p, p->n_patches, position_task, NULL);
}

/* ---- Layers ---- */

struct norm {
    const struct tensor *w, *bias;
};

/* h = LN(x) */
static void norm_task(void *job, size_t task, unsigned thread)
{
    const struct vision_rows *s = job;
    const struct norm *norm = s->job;
    struct vision_pass *p = s->p;
    const struct kernels *k = p->compute->k;
    size_t width = p->model->vision.width, row_bytes = p->steps->row_bytes(width);
    float *row = p->compute->scratch[thread];
    for (size_t i = task * PATCHES_PER_TASK; i < vision_rows_end(s, task); i++) {
        k->layer_norm(p->x + i * width, norm->w->data, norm->bias->data, p->model->vision.eps, row,
                      width);
        p->steps->put(k, row, (uint8_t *)p->h + i * row_bytes, width);
    }
}

void vision_norm(struct vision_pass *p, const struct tensor *w, const struct tensor *bias)
{
    struct norm norm = {w, bias};
    vision_each_rows(p, p->n_patches, norm_task, &norm);
}

static void linear(struct vision_pass *p, const struct tensor *w, const struct tensor *bias,
                   enum vision_then then, void *to)
{
    struct vision_linear l = {w, bias, p->h, p->n_patches, then, to};
    p->steps->linear(p, &l);
}

static void mlp(struct vision_pass *p, const struct vision_layer *w)
{
    size_t width = p->model->vision.width, tile = p->steps->mlp_patches;
    for (size_t first = 0; first < p->n_patches; first += tile) {
        size_t n = p->n_patches - first < tile ? p->n_patches - first : tile;
        const uint8_t *h = (const uint8_t *)p->h + first * p->steps->row_bytes(width);
        struct vision_linear up = {&w->fc1_w, &w->fc1_b, h, n, VISION_GELU, p->ff};
        struct vision_linear down = {&w->fc2_w, &w->fc2_b,  p->ff,
                                     n,         VISION_ADD, p->x + first * width};
        p->steps->linear(p, &up);
        p->steps->linear(p, &down);
    }
}

static void layer_forward(struct vision_pass *p, const struct vision_layer *w)
{
    vision_norm(p, &w->ln1_w, &w->ln1_b);
    linear(p, &w->q_w, &w->q_b, VISION_STORE, p->q);
    linear(p, &w->k_w, &w->k_b, VISION_STORE, p->k);
    linear(p, &w->v_w, &w->v_b, VISION_STORE, p->v);
    p->steps->attend(p);
    linear(p, &w->o_w, &w->o_b, VISION_ADD, p->x);
    vision_norm(p, &w->ln2_w, &w->ln2_b);
    mlp(p, w);
}

/* x = LN(x) */
static void post_norm_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct vision_rows *s = job;
    const struct model *m = s->p->model;
    size_t width = m->vision.width;
    for (size_t i = task * PATCHES_PER_TASK; i < vision_rows_end(s, task); i++) {
        float *row = s->p->x + i * width;
        s->p->compute->k->layer_norm(row, m->vw.post_ln_w.data, m->vw.post_ln_b.data, m->vision.eps,
                                     row, width);
    }
}

void vision_patches(struct vision_pass *p, const float *planes, facet_progress_fn *progress,
                    void *user)
{
    const struct vision_weights *w = &p->model->vw;
    size_t n_layers = p->model->vision.n_layers;
    embed_patches(p, planes);
    for (size_t l = 0; l < n_layers && !atomic_load(p->compute->stop); l++) {
        if (progress)
            progress(user, "image", l, n_layers);
        layer_forward(p, &w->layers[l]);
    }
    vision_each_rows(p, p->n_patches, post_norm_task, NULL);
    if (progress && !atomic_load(p->compute->stop))
        progress(user, "image", n_layers, n_layers);
}

/* ---- From patches to soft tokens ---- */

struct projection {
    struct vision_pass *p;
    float *soft;
};

/* Averages pool × pool patches into soft token i, and norms it. */
static void pool_soft(struct vision_pass *p, size_t i, float *out)
{
    const struct vision_params *v = &p->model->vision;
    size_t per_side = v->n_side / v->pool, width = v->width;
    const float *corner =
        p->x + (i / per_side * v->pool * v->n_side + i % per_side * v->pool) * width;
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
    float *pooled = (float *)p->ff + first * width, *soft = projection->soft + first * w->cols;
    float *rows = p->compute->scratch[thread];
    for (size_t i = 0; i < n; i++)
        pool_soft(p, first + i, pooled + i * width);
    memset(soft, 0, n * w->cols * sizeof *soft);
    for (size_t row = 0; row < width; row += PROJECT_ROWS) {
        size_t n_rows = width - row < PROJECT_ROWS ? width - row : PROJECT_ROWS;
        for (size_t r = 0; r < n_rows; r++)
            k->dequantize[w->type]((const uint8_t *)w->data + (row + r) * w->row_bytes,
                                   rows + r * w->cols, w->cols);
        k->gemm_nn_add(n, w->cols, n_rows, pooled + row, width, rows, w->cols, soft, w->cols);
    }
}

void vision_project(struct vision_pass *p, float *soft)
{
    struct projection job = {p, soft};
    size_t tasks = (p->model->vision.n_soft + SOFT_PER_TASK - 1) / SOFT_PER_TASK;
    pool_run(p->compute->pool, tasks, project_task, &job, p->compute->stop);
}
