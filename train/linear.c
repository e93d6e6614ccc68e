#include "train/linear.h"

#include <string.h>

#include "engine/kernels/blas.h"
#include "engine/kernels/kernels.h"

static const struct bf16_kernels *bf16_kernels; /* NULL: F32 */

bool linear_choose(bool rounds)
{
    const struct kernels *k = kernels_get(NULL);
    bf16_kernels = rounds && k->bf16 && k->bf16->fast ? k->bf16 : NULL;
    return bf16_kernels != NULL;
}

/* ---- BF16 ----------------------------------------------------------------------------------- */

/* Rows that are multiplied with all panels while they are in the second cache, and steps along the
 * sum for the same reason. */
enum { TILE_ROWS = 256, TILE_SUM = 512 };

static size_t even(size_t n)
{
    return (n + 1) / 2 * 2;
}

/* sum[t][c] += Σ_i a[t][i] b[i][c] or, with b_turned, b[c][i], for m rows t, n columns c, k steps
 * i; rows of a lie even(k), of b ldb, of sum n apart. If k is odd, a has a 0 more in each row. */
struct product {
    size_t m, n, k;
    const bf16 *a;
    const float *b;
    size_t ldb;
    bool b_turned;
    float *sum;
};

/* pair[c][0 … 1] = even[c], odd[c] */
static inline void interleave(const float *even, const float *odd, size_t n, float *pair)
{
    for (size_t c = 0; c < n; c++) {
        pair[2 * c] = even[c];
        pair[2 * c + 1] = odd[c];
    }
}

/* panel[i / 2][c][i % 2] = b[i][c] for k rows and up to PANEL_ROWS columns, and 0 for the rest: as
 * pack does with rows. */
static void pack_columns(const float *b, size_t ldb, size_t n, size_t k, bf16 *panel)
{
    static const float nothing[PANEL_ROWS];
    float pair[2 * PANEL_ROWS] = {0};
    for (size_t i = 0; i < k; i += 2, panel += 2 * PANEL_ROWS) {
        const float *odd = i + 1 < k ? b + (i + 1) * ldb : nothing;
        if (n == PANEL_ROWS) /* a length that the compiler knows */
            interleave(b + i * ldb, odd, PANEL_ROWS, pair);
        else
            interleave(b + i * ldb, odd, n, pair);
        bf16_kernels->round(pair, panel, 2 * PANEL_ROWS);
    }
}

/* Steps from `first` on of the sum, in one tile of them. */
static void multiply_tile(const struct product *p, size_t first, size_t k, bf16 *panels)
{
    const size_t n_panels = (p->n + PANEL_ROWS - 1) / PANEL_ROWS;
    for (size_t i = 0; i < n_panels; i++) {
        const size_t c = i * PANEL_ROWS, n = p->n - c < PANEL_ROWS ? p->n - c : PANEL_ROWS;
        bf16 *panel = panels + i * PANEL_ROWS * TILE_SUM;
        if (p->b_turned)
            bf16_kernels->pack(p->b + c * p->ldb + first, p->ldb, n, k, panel);
        else
            pack_columns(p->b + first * p->ldb + c, p->ldb, n, k, panel);
    }
    static const float no_bias[PANEL_ROWS];
    for (size_t t = 0; t < p->m; t += TILE_ROWS)
        for (size_t i = 0; i < n_panels; i++) {
            const size_t c = i * PANEL_ROWS;
            const struct bf16_product product = {
                .panel = panels + i * PANEL_ROWS * TILE_SUM,
                .n = even(k),
                .n_rows = p->n - c < PANEL_ROWS ? p->n - c : PANEL_ROWS,
                .x = p->a + t * even(p->k) + first,
                .ldx = even(p->k),
                .n_tokens = p->m - t < TILE_ROWS ? p->m - t : TILE_ROWS,
                .bias = no_bias,
                .sum = p->sum + t * p->n + c,
                .ldy = p->n};
            bf16_kernels->multiply(&product);
        }
}

static void multiply(struct arena *arena, const struct product *p)
{
    const size_t n_panels = (p->n + PANEL_ROWS - 1) / PANEL_ROWS;
    bf16 *panels = (bf16 *)arena_take(arena, n_panels * PANEL_ROWS * TILE_SUM / 2);
    for (size_t first = 0; first < p->k; first += TILE_SUM)
        multiply_tile(p, first, p->k - first < TILE_SUM ? p->k - first : TILE_SUM, panels);
}

static bf16 *rounded(struct arena *arena, const float *x, size_t n, size_t cols)
{
    const size_t ld = even(cols);
    bf16 *out = (bf16 *)arena_zeroes(arena, n * ld / 2 + 1);
    if (ld == cols)
        bf16_kernels->round(x, out, n * cols);
    else
        for (size_t t = 0; t < n; t++)
            bf16_kernels->round(x + t * cols, out + t * ld, cols);
    return out;
}

/* x [n][cols] → [cols][n], rounded. */
static bf16 *turned(struct arena *arena, const float *x, size_t n, size_t cols)
{
    enum { SIDE = 32 };
    const size_t ld = even(n);
    bf16 *out = (bf16 *)arena_zeroes(arena, cols * ld / 2 + 1);
    float square[SIDE];
    for (size_t t = 0; t < n; t += SIDE)
        for (size_t c = 0; c < cols; c++) {
            const size_t rows = n - t < SIDE ? n - t : SIDE;
            for (size_t i = 0; i < rows; i++)
                square[i] = x[(t + i) * cols + c];
            bf16_kernels->round(square, out + c * ld + t, rows);
        }
    return out;
}

/* ---- Either --------------------------------------------------------------------------------- */

void linear_forward(struct arena *arena, const float *x, const float *w, size_t n, size_t rows,
                    size_t cols, float *y)
{
    if (!bf16_kernels) {
        blas_get()->gemm(false, true, n, rows, cols, x, cols, w, cols, 0, y, rows);
        return;
    }
    const struct arena then = *arena;
    memset(y, 0, n * rows * sizeof *y);
    const struct product p = {n, rows, cols, rounded(arena, x, n, cols), w, cols, true, y};
    multiply(arena, &p);
    arena_return(arena, &then);
}

void linear_backward_x(struct arena *arena, const float *dy, const float *w, size_t n, size_t rows,
                       size_t cols, bool add, float *dx)
{
    if (!bf16_kernels) {
        blas_get()->gemm(false, false, n, cols, rows, dy, rows, w, cols, add, dx, cols);
        return;
    }
    const struct arena then = *arena;
    if (!add)
        memset(dx, 0, n * cols * sizeof *dx);
    const struct product p = {n, cols, rows, rounded(arena, dy, n, rows), w, cols, false, dx};
    multiply(arena, &p);
    arena_return(arena, &then);
}

void linear_backward_w(struct arena *arena, const float *dy, const float *x, size_t n, size_t rows,
                       size_t cols, float *dw)
{
    if (!bf16_kernels) {
        blas_get()->gemm(true, false, rows, cols, n, dy, rows, x, cols, 1, dw, cols);
        return;
    }
    const struct arena then = *arena;
    const struct product p = {rows, cols, n, turned(arena, dy, n, rows), x, cols, false, dw};
    multiply(arena, &p);
    arena_return(arena, &then);
}
