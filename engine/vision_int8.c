/* The tower's steps with linear layers in int8: weights and activations are rounded in blocks of
 * INT8_BLOCK columns, each with a scale, activations where they come from (the norm, attention, and
 * GELU), weights as they are packed. So are queries and keys, each head with a scale; keys less
 * their mean, which no softmax notices. Weights of keys and values are BF16.
 *
 * Patches of a picture are alike, and so what rounding a weight does is much the same for all of
 * them: it does not average out when patches are pooled. So what it does to the mean patch is
 * computed as weights are packed, and goes into the bias: W x = W' x + (W − W') x̄ + (W − W')(x −
 * x̄), of which the last term alone is lost. */
#include <string.h>

#include "engine/vision_steps.h"

enum {
    /* Patches of a task. */
    PATCHES = 1024,
    /* Rows of a task, and the most that its panels may take of a second-level cache. */
    ROWS = 128,
    PANELS_BYTES = 320 << 10,
    /* Every so many patches count for the mean: what it is taken for bears an error. */
    MEAN_STEP = 16,
    /* Columns that are dequantised at once: whole blocks of any type. */
    PIECE = 256,
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* A task's memory: panels, floats of a piece of one, and biases. */
struct workplace {
    float piece[PANEL_ROWS][PIECE];
    float bias[INT8_BLOCK];
    struct int8_panel panel[];
};

static size_t panels_bytes(size_t rows, size_t cols)
{
    return (rows + PANEL_ROWS - 1) / PANEL_ROWS * int8_blocks(cols) * sizeof(struct int8_panel);
}

/* Rows that a task takes: to be activations, a block of them. */
static size_t rows_of(enum vision_then then, size_t cols)
{
    size_t rows = ROWS;
    while (rows > PANEL_ROWS && panels_bytes(rows, cols) > PANELS_BYTES)
        rows /= 2;
    return then == VISION_GELU ? INT8_BLOCK : rows;
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_bytes(const struct vision_params *v, const struct kernels *k)
{
    size_t up = panels_bytes(INT8_BLOCK, v->width);
    size_t down = panels_bytes(rows_of(VISION_ADD, v->n_ff), v->n_ff);
    size_t bytes = sizeof(struct workplace) + max_size(up, down) + 64;
    return max_size(bytes, vision_bf16.scratch_bytes(v, k));
}

static size_t row_bytes(size_t n)
{
    return int8_blocks(n) * sizeof(struct int8_block);
}

static bool fits(const struct vision_params *v, const struct kernels *k)
{
    return k->int8 && vision_bf16.fits(v, k) && vision_head_dim(v) >= INT8_MIN_HEAD;
}

static void put(const struct kernels *k, const float *x, void *row, size_t n)
{
    k->int8->quantize(x, row, n);
}

/* ---- Products ---- */

struct product {
    struct vision_pass *p;
    const struct vision_linear *l;
    size_t row_tasks;
};

static void mean_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct product *product = job;
    const struct vision_linear *l = product->l;
    size_t blocks = int8_blocks(l->w->cols), first = task * INT8_BLOCK, rest = l->w->cols - first;
    float mean[INT8_BLOCK];
    product->p->compute->k->int8->mean((const struct int8_block *)l->from + task,
                                       blocks * MEAN_STEP, (l->n + MEAN_STEP - 1) / MEAN_STEP,
                                       mean);
    memcpy(product->p->mean + first, mean, (rest < INT8_BLOCK ? rest : INT8_BLOCK) * sizeof *mean);
}

/* PANEL_ROWS rows from `row` on, if there are as many. */
static void pack_panel(const struct product *product, size_t row, struct workplace *at,
                       struct int8_panel *panel, float *lost)
{
    const struct tensor *w = product->l->w;
    const struct kernels *k = product->p->compute->k;
    const struct type_traits *t = type_traits_get(w->type);
    const float *mean = product->p->mean;
    size_t n_rows = w->rows - row < PANEL_ROWS ? w->rows - row : PANEL_ROWS;
    for (size_t i = 0; i < w->cols; i += PIECE) {
        size_t n = w->cols - i < PIECE ? w->cols - i : PIECE;
        for (size_t r = 0; r < n_rows; r++)
            k->dequantize[w->type]((const uint8_t *)w->data + (row + r) * w->row_bytes +
                                       i / t->block_weights * t->block_bytes,
                                   at->piece[r], n);
        for (size_t j = 0; j < n; j += INT8_BLOCK)
            k->int8->pack(&at->piece[0][j], PIECE, n_rows, n - j < INT8_BLOCK ? n - j : INT8_BLOCK,
                          mean + i + j, panel++, lost);
    }
}

/* Where the task's products go. */
static void set_target(struct int8_product *of, const struct vision_linear *l, size_t row,
                       size_t patch)
{
    size_t width = l->w->rows;
    of->ldy = l->then == VISION_GELU ? int8_blocks(width) : width;
    size_t at = patch * of->ldy + (l->then == VISION_GELU ? row / INT8_BLOCK : row);
    if (l->then == VISION_GELU)
        of->block = (struct int8_block *)l->to + at;
    else if (l->then == VISION_ADD)
        of->sum = (float *)l->to + at;
    else
        of->y = (bf16 *)l->to + at;
}

static void linear_task(void *job, size_t task, unsigned thread)
{
    const struct product *product = job;
    const struct vision_linear *l = product->l;
    const struct compute *c = product->p->compute;
    struct workplace *at = (void *)round_up((uintptr_t)c->scratch[thread], 64);
    size_t rows = rows_of(l->then, l->w->cols), row = task % product->row_tasks * rows,
           patch = task / product->row_tasks * PATCHES, blocks = int8_blocks(l->w->cols);
    struct int8_product of = {.panel = at->panel,
                              .n = l->w->cols,
                              .n_rows = l->w->rows - row < rows ? l->w->rows - row : rows,
                              .x = (const struct int8_block *)l->from + patch * blocks,
                              .ldx = blocks,
                              .n_tokens = l->n - patch < PATCHES ? l->n - patch : PATCHES,
                              .bias = at->bias,
                              .gelu = l->then == VISION_GELU};
    memcpy(at->bias, (const float *)l->bias->data + row, of.n_rows * sizeof *at->bias);
    for (size_t r = 0; r < of.n_rows; r += PANEL_ROWS)
        pack_panel(product, row + r, at, at->panel + r / PANEL_ROWS * blocks, at->bias + r);
    set_target(&of, l, row, patch);
    c->k->int8->multiply(&of);
}

static void linear(struct vision_pass *p, const struct vision_linear *l)
{
    size_t rows = rows_of(l->then, l->w->cols);
    struct product product = {p, l, (l->w->rows + rows - 1) / rows};
    pool_run(p->compute->pool, int8_blocks(l->w->cols), mean_task, &product, p->compute->stop);
    pool_run(p->compute->pool, product.row_tasks * ((l->n + PATCHES - 1) / PATCHES), linear_task,
             &product, p->compute->stop);
}

/* ---- Attention ---- */

/* mean = that of the keys, of every so many patches. */
static void mean_keys(struct vision_pass *p)
{
    const struct kernels *k = p->compute->k;
    size_t width = p->model->vision.width, n = 0;
    float *row = p->compute->scratch[0];
    memset(p->mean, 0, width * sizeof *p->mean);
    for (size_t i = 0; i < p->n_patches; i += MEAN_STEP, n++) {
        k->dequantize[TYPE_BF16]((const bf16 *)p->k + i * width, row, width);
        k->add(p->mean, row, width);
    }
    k->scale(p->mean, 1.0f / (float)n, width);
}

static void round_keys_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct vision_rows *s = job;
    const struct vision_params *v = &s->p->model->vision;
    size_t hd = vision_head_dim(v);
    for (size_t i = task * PATCHES_PER_TASK; i < vision_rows_end(s, task); i++)
        for (size_t head = 0; head < v->n_heads; head++)
            s->p->compute->k->int8->round_key((bf16 *)s->p->k + i * v->width + head * hd,
                                              s->p->mean + head * hd, hd);
}

/* h = q as activations */
static void put_task(void *job, size_t task, unsigned thread)
{
    const struct vision_rows *s = job;
    const struct compute *c = s->p->compute;
    size_t width = s->p->model->vision.width;
    float *row = c->scratch[thread];
    for (size_t i = task * PATCHES_PER_TASK; i < vision_rows_end(s, task); i++) {
        c->k->dequantize[TYPE_BF16]((const bf16 *)s->p->q + i * width, row, width);
        put(c->k, row, (uint8_t *)s->p->h + i * row_bytes(width), width);
    }
}

static size_t attend_bytes(const struct vision_params *v)
{
    return vision_bf16.attend_bytes(v);
}

static void attend(struct vision_pass *p)
{
    mean_keys(p);
    vision_each_rows(p, p->n_patches, round_keys_task, NULL);
    vision_attend_bf16(p, true, p->q);
    vision_each_rows(p, p->n_patches, put_task, NULL);
}

const struct vision_steps vision_int8 = {.name = "int8",
                                         .mlp_patches = 2 * PATCHES,
                                         .value_bytes = sizeof(bf16),
                                         .row_bytes = row_bytes,
                                         .fits = fits,
                                         .attend_bytes = attend_bytes,
                                         .scratch_bytes = scratch_bytes,
                                         .put = put,
                                         .linear = linear,
                                         .attend = attend};
