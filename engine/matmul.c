#include "engine/matmul.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/kernels/blas.h"

enum {
    /* Tasks of a product by rows for each thread, and the rows of one, at most: each one starts the
       processor's own prefetching anew. 4B's 10240 rows of 2560 columns, Q4_0, took 1.1 times as
       long with 256. */
    MATVEC_TASKS = 4,
    MATVEC_MAX_ROWS = 1024,
    MATVEC_MIN_ROWS = 32,
    /* Rows of F32, F16, BF16 that stay in the first-level cache from one token to the next. */
    FLOAT_STEP_ROWS = 4,
    /* Tasks of a panel product for each thread, at least, and the rows of one, at most: with
       several panels to a task there is a next one to fetch. */
    PANEL_TASKS = 8,
    PANEL_TASK_ROWS = 256,
    /* Tokens a task of a panel product takes; its activations (int8) stay in the second-level
       cache. */
    PANEL_TOKENS = 512,
    /* Weights dequantised at once for a float product: what a thread's scratch holds of them. */
    FLOAT_PANEL_FLOATS = 1 << 20,
    FLOAT_PANEL_MAX_ROWS = 384,
    /* Tokens of one float product: with a full panel it is about 1 GFLOP at most, so a cancel is
       prompt. */
    FLOAT_TOKENS = 512,
    /* Tokens of a task of a BF16 product: with 512, which pack each panel twice as often, the tower
       took 4 % longer. */
    BF16_TOKENS = 1024,
    /* Columns of a BF16 panel that are dequantised at once: whole blocks of any type. */
    BF16_PIECE = 256,
    /* Below this, BLAS spends more on packing than it gains: on Zen 5, 384 × 2560 takes 0.53 ms for
     * 32 tokens and own kernels 0.49, for 64 tokens 0.79 and 0.99. */
    BLAS_MIN_TOKENS = 32,
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Rows of a float panel: as many as the scratch holds, in steps of 16, never none. */
static size_t float_rows(size_t cols)
{
    size_t rows = FLOAT_PANEL_FLOATS / (cols ? cols : 1) / 16 * 16;
    return rows < 16 ? 16 : min_size(rows, FLOAT_PANEL_MAX_ROWS);
}

static size_t bf16_panel_bytes(size_t cols)
{
    return PANEL_ROWS * (cols * sizeof(bf16) + BF16_PIECE * sizeof(float));
}

size_t matmul_scratch_bytes(const struct kernels *k, size_t max_cols)
{
    size_t as_float = float_rows(max_cols) * max_cols * sizeof(float);
    size_t smaller = FLOAT_PANEL_FLOATS * sizeof(float);
    size_t packed = k->panel_bytes(round_up(max_cols, 32));
    size_t bytes = as_float > smaller ? as_float : smaller;
    if (k->bf16 && bf16_panel_bytes(max_cols) > packed)
        packed = bf16_panel_bytes(max_cols);
    return (bytes > packed ? bytes : packed) + 64;
}

size_t q8_bytes(size_t n_tokens, size_t n)
{
    n = round_up(n, 32);
    return n_tokens * (n + n / 32 * sizeof(struct q8_block));
}

bool q8_init(struct q8 *q8, size_t n_tokens, size_t n, struct err *err)
{
    n = round_up(n, 32);
    *q8 = (struct q8){
        .q = mem_try(n_tokens, n, "activations", err),
        .block = mem_try(n_tokens, n / 32 * sizeof(struct q8_block), "activations", err),
        .n = n,
    };
    if (q8->q && q8->block)
        return true;
    q8_done(q8);
    return false;
}

void q8_done(struct q8 *q8)
{
    free(q8->q);
    free(q8->block);
    *q8 = (struct q8){0};
}

struct activations activations_of(const float *x, size_t n_tokens, size_t n,
                                  const struct q8 *memory)
{
    struct activations a = {.x = x, .n_tokens = n_tokens, .n = n, .q8 = *memory};
    a.q8.n = n;
    return a;
}

/* One product, as its tasks see it. */
struct product {
    const struct compute *c;
    const struct tensor *w;
    size_t n_rows;
    const float *x;
    struct q8 q8;
    size_t n_tokens;
    float *y;
    size_t ldy;
    size_t rows_per_task, tokens_per_task, row_tasks;
    const struct blas *blas;
    const struct bf16_product *bf16;
};

static const uint8_t *row_at(const struct tensor *w, size_t row)
{
    return (const uint8_t *)w->data + row * w->row_bytes;
}

/* The block of rows and tokens that a task stands for. */
struct part {
    size_t row, n_rows, token, n_tokens;
};

static struct part part_of(const struct product *p, size_t task)
{
    struct part part = {.row = task % p->row_tasks * p->rows_per_task,
                        .token = task / p->row_tasks * p->tokens_per_task};
    part.n_rows = min_size(p->rows_per_task, p->n_rows - part.row);
    part.n_tokens = min_size(p->tokens_per_task, p->n_tokens - part.token);
    return part;
}

static void run(struct product *p, size_t rows_per_task, size_t tokens_per_task, pool_fn *fn)
{
    p->rows_per_task = rows_per_task;
    p->tokens_per_task = tokens_per_task;
    p->row_tasks = (p->n_rows + rows_per_task - 1) / rows_per_task;
    size_t token_tasks = (p->n_tokens + tokens_per_task - 1) / tokens_per_task;
    pool_run(p->c->pool, p->row_tasks * token_tasks, fn, p, p->c->stop);
}

/* Each thread gets some tasks at least: the last one is not waited for long. */
static size_t matvec_rows(const struct product *p)
{
    size_t rows = p->n_rows / (MATVEC_TASKS * pool_threads(p->c->pool));
    rows = rows < MATVEC_MIN_ROWS ? MATVEC_MIN_ROWS : round_up(rows, FEW_ROWS);
    return min_size(rows, MATVEC_MAX_ROWS);
}

static void matvec_q8_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct product *p = job;
    struct part part = part_of(p, task);
    p->c->k->matvec_q8[p->w->type](row_at(p->w, part.row), p->w->row_bytes, part.n_rows, p->q8,
                                   p->n_tokens, p->y + part.row, p->ldy);
}

static void *aligned_scratch(const struct compute *c, unsigned thread)
{
    return (void *)(((uintptr_t)c->scratch[thread] + 63) & ~(uintptr_t)63);
}

static bool is_few(const struct product *p)
{
    return p->c->k->few_q8[p->w->type] && p->n_tokens <= FEW_TOKENS;
}

/* The panels of a task, one after another; while one is multiplied, the next one's rows are
 * fetched. For few tokens most rows need none. */
static void panel_task(void *job, size_t task, unsigned thread)
{
    const struct product *p = job;
    const struct kernels *k = p->c->k;
    struct part part = part_of(p, task);
    size_t first = part.row, end = part.row + part.n_rows, bytes = p->w->row_bytes;
    struct q8 x = q8_row(p->q8, part.token);
    float *y = p->y + part.token * p->ldy;
    if (is_few(p)) {
        size_t n_rows = part.n_rows / FEW_ROWS * FEW_ROWS;
        k->few_q8[p->w->type](row_at(p->w, first), bytes, n_rows, x, part.n_tokens, y + first,
                              p->ldy, aligned_scratch(p->c, thread));
        first += n_rows;
    }
    for (size_t r = first; r < end; r += PANEL_ROWS) {
        size_t next = min_size(r + PANEL_ROWS, end);
        struct panel panel = {.memory = aligned_scratch(p->c, thread),
                              .n = p->q8.n,
                              .n_rows = next - r,
                              .next = row_at(p->w, next),
                              .next_bytes = min_size(end - next, PANEL_ROWS) * bytes};
        k->unpack[p->w->type](row_at(p->w, r), bytes, &panel);
        k->panel_q8(&panel, x, part.n_tokens, y + r, p->ldy);
    }
}

static void matvec_f32_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct product *p = job;
    struct part part = part_of(p, task);
    size_t end = part.row + part.n_rows;
    size_t step = p->n_tokens == 1 ? part.n_rows : FLOAT_STEP_ROWS;
    for (size_t r = part.row; r < end; r += step)
        for (size_t t = 0; t < p->n_tokens; t++)
            p->c->k->matvec_f32[p->w->type](row_at(p->w, r), p->w->row_bytes,
                                            min_size(end - r, step), p->w->cols,
                                            p->x + t * p->w->cols, p->y + t * p->ldy + r);
}

static void float_task(void *job, size_t task, unsigned thread)
{
    const struct product *p = job;
    const struct kernels *k = p->c->k;
    struct part part = part_of(p, task);
    size_t cols = p->w->cols;
    const float *panel = p->c->scratch[thread];
    if (p->w->type == TYPE_F32)
        panel = (const float *)row_at(p->w, part.row);
    else
        for (size_t r = 0; r < part.n_rows; r++)
            k->dequantize[p->w->type](row_at(p->w, part.row + r),
                                      (float *)p->c->scratch[thread] + r * cols, cols);
    const float *x = p->x + part.token * cols;
    float *y = p->y + part.token * p->ldy + part.row;
    if (p->blas)
        p->blas->gemm_nt(part.n_tokens, part.n_rows, cols, x, cols, panel, cols, y, p->ldy);
    else
        k->gemm_nt(part.n_tokens, part.n_rows, cols, x, cols, panel, cols, y, p->ldy);
}

static void product_float(struct product *p, bool as_panel)
{
    if (p->n_tokens <= STEP_TOKENS && !as_panel && p->c->k->matvec_f32[p->w->type]) {
        run(p, matvec_rows(p), STEP_TOKENS, matvec_f32_task);
        return;
    }
    p->blas = p->n_tokens >= BLAS_MIN_TOKENS && !as_panel ? blas_get() : NULL;
    run(p, float_rows(p->w->cols), FLOAT_TOKENS, float_task);
}

/* Rows of activations that a task quantises. */
enum { QUANTIZE_TOKENS = 16 };

struct quantize_job {
    const struct kernels *k;
    struct activations *a;
};

static void quantize_task(void *arg, size_t task, unsigned thread)
{
    (void)thread;
    struct quantize_job *job = arg;
    struct activations *a = job->a;
    size_t first = task * QUANTIZE_TOKENS;
    size_t end = min_size(first + QUANTIZE_TOKENS, a->n_tokens);
    for (size_t t = first; t < end; t++)
        job->k->quantize_q8(a->x + t * a->n, q8_row(a->q8, t));
}

static void want_q8(const struct compute *c, struct activations *a)
{
    struct quantize_job job = {c->k, a};
    if (a->has_q8)
        return;
    pool_run(c->pool, (a->n_tokens + QUANTIZE_TOKENS - 1) / QUANTIZE_TOKENS, quantize_task, &job,
             c->stop);
    a->has_q8 = true;
}

/* Several panels a task, but at least PANEL_TASKS tasks a thread. */
static size_t panel_task_rows(const struct product *p)
{
    size_t tasks = PANEL_TASKS * pool_threads(p->c->pool);
    size_t rows = p->n_rows / tasks / PANEL_ROWS * PANEL_ROWS;
    return rows < PANEL_ROWS ? PANEL_ROWS : min_size(rows, PANEL_TASK_ROWS);
}

void matmul(const struct compute *c, const struct tensor *w, size_t n_rows, struct activations *a,
            float *y, size_t ldy)
{
    struct product p = {.c = c,
                        .w = w,
                        .n_rows = n_rows ? n_rows : w->rows,
                        .x = a->x,
                        .q8 = a->q8,
                        .n_tokens = a->n_tokens,
                        .y = y,
                        .ldy = ldy};
    if (c->k->exact || !type_traits_get(w->type)->quantised) {
        product_float(&p, a->as_panel);
        return;
    }
    want_q8(c, a);
    if (a->n_tokens <= STEP_TOKENS && !a->as_panel && !c->k->few_steps[w->type])
        run(&p, matvec_rows(&p), STEP_TOKENS, matvec_q8_task);
    else
        run(&p, is_few(&p) ? matvec_rows(&p) : panel_task_rows(&p), PANEL_TOKENS, panel_task);
}

bool matmul_is_by_rows(const struct kernels *k, enum weight_type type)
{
    return !k->exact && (type_traits_get(type)->quantised || k->matvec_f32[type]);
}

/* Rows of a task that are brought together first: kernels read ahead along a run of rows. */
enum { GATHER_ROWS = 32 };

struct gather {
    const struct compute *c;
    const struct tensor *w;
    const uint32_t *rows;
    size_t n;
    const float *x;
    struct q8 q8;
    float *y;
};

/* A multiple of FEW_ROWS is multiplied: those that are too many have whatever lies there. */
static void gather_few(const struct kernels *k, const struct tensor *w, uint8_t *run, size_t n,
                       struct q8 x, float *y)
{
    float all[GATHER_ROWS];
    k->few_q8[w->type](run, w->row_bytes, round_up(n, FEW_ROWS), x, 1, all, 0,
                       run + round_up(GATHER_ROWS * w->row_bytes, 64));
    memcpy(y, all, n * sizeof *y);
}

static void gather_task(void *job, size_t task, unsigned thread)
{
    const struct gather *g = job;
    const struct tensor *w = g->w;
    size_t first = task * GATHER_ROWS, n = min_size(g->n - first, GATHER_ROWS);
    const struct kernels *k = g->c->k;
    uint8_t *run = aligned_scratch(g->c, thread);
    for (size_t i = 0; i < n; i++)
        memcpy(run + i * w->row_bytes, row_at(w, g->rows[first + i]), w->row_bytes);
    if (k->few_steps[w->type])
        gather_few(k, w, run, n, g->q8, g->y + first);
    else if (type_traits_get(w->type)->quantised)
        k->matvec_q8[w->type](run, w->row_bytes, n, g->q8, 1, g->y + first, 0);
    else
        k->matvec_f32[w->type](run, w->row_bytes, n, w->cols, g->x, g->y + first);
}

void matmul_rows(const struct compute *c, const struct tensor *w, const uint32_t *rows, size_t n,
                 struct activations *a, size_t token, float *y)
{
    if (type_traits_get(w->type)->quantised)
        want_q8(c, a);
    struct gather g = {c, w, rows, n, a->x + token * a->n, q8_row(a->q8, token), y};
    pool_run(c->pool, (n + GATHER_ROWS - 1) / GATHER_ROWS, gather_task, &g, c->stop);
}

void matmul_float(const struct compute *c, const struct tensor *w, size_t n_rows, const float *x,
                  size_t n_tokens, float *y, size_t ldy)
{
    struct product p = {.c = c,
                        .w = w,
                        .n_rows = n_rows ? n_rows : w->rows,
                        .x = x,
                        .n_tokens = n_tokens,
                        .y = y,
                        .ldy = ldy};
    product_float(&p, false);
}

/* Rows of weights of any type to a BF16 panel, by way of F32 pieces that stay in the first-level
 * cache. */
static void pack_panel(const struct product *p, const struct part *part, bf16 *panel, float *piece)
{
    const struct kernels *k = p->c->k;
    const struct type_traits *t = type_traits_get(p->w->type);
    for (size_t i = 0; i < p->w->cols; i += BF16_PIECE) {
        size_t n = min_size(p->w->cols - i, BF16_PIECE);
        for (size_t r = 0; r < part->n_rows; r++)
            k->dequantize[p->w->type](row_at(p->w, part->row + r) +
                                          i / t->block_weights * t->block_bytes,
                                      piece + r * BF16_PIECE, n);
        k->bf16->pack(piece, BF16_PIECE, part->n_rows, n, panel + i * PANEL_ROWS);
    }
}

static void bf16_task(void *job, size_t task, unsigned thread)
{
    const struct product *p = job;
    struct part part = part_of(p, task);
    struct bf16_product of = *p->bf16;
    size_t at = part.token * of.ldy + part.row;
    bf16 *panel = aligned_scratch(p->c, thread);
    pack_panel(p, &part, panel, (float *)(panel + PANEL_ROWS * p->w->cols));
    of.panel = panel;
    of.n = p->w->cols;
    of.n_rows = part.n_rows;
    of.x += part.token * of.ldx;
    of.n_tokens = part.n_tokens;
    of.bias += part.row;
    if (of.y)
        of.y += at;
    else
        of.sum += at;
    p->c->k->bf16->multiply(&of);
}

void matmul_bf16(const struct compute *c, const struct tensor *w, const struct bf16_product *how)
{
    struct product p = {.c = c, .w = w, .n_rows = w->rows, .n_tokens = how->n_tokens, .bf16 = how};
    run(&p, PANEL_ROWS, BF16_TOKENS, bf16_task);
}
