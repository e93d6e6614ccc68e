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
 * i; rows of a lie even(k), of b ldb, of sum ld apart. If k is odd, a has a 0 more in each row. */
struct product {
    size_t m, n, k;
    const bf16 *a;
    const float *b;
    size_t ldb;
    bool b_turned;
    float *sum;
    size_t ld;
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
                .sum = p->sum + t * p->ld + c,
                .ldy = p->ld};
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

/* x [n][cols], rows ld apart, rounded. */
static bf16 *rounded(struct arena *arena, const float *x, size_t n, size_t cols, size_t ld)
{
    const size_t to = even(cols);
    bf16 *out = (bf16 *)arena_zeroes(arena, n * to / 2 + 1);
    if (to == ld)
        bf16_kernels->round(x, out, n * cols);
    else
        for (size_t t = 0; t < n; t++)
            bf16_kernels->round(x + t * ld, out + t * to, cols);
    return out;
}

/* x [n][cols], rows ld apart, → [cols][n], rounded. */
static bf16 *turned(struct arena *arena, const float *x, size_t n, size_t cols, size_t ld)
{
    enum { DOWN = 32, ACROSS = 16 }; /* a cache line across */
    const size_t to = even(n);
    bf16 *out = (bf16 *)arena_zeroes(arena, cols * to / 2 + 1);
    float tile[ACROSS][DOWN];
    for (size_t t = 0; t < n; t += DOWN)
        for (size_t c = 0; c < cols; c += ACROSS) {
            const size_t rows = n - t < DOWN ? n - t : DOWN,
                         across = cols - c < ACROSS ? cols - c : ACROSS;
            for (size_t i = 0; i < rows; i++)
                for (size_t j = 0; j < across; j++)
                    tile[j][i] = x[(t + i) * ld + c + j];
            for (size_t j = 0; j < across; j++)
                bf16_kernels->round(tile[j], out + (c + j) * to + t, rows);
        }
    return out;
}

/* ---- Either --------------------------------------------------------------------------------- */

void linear_multiply(struct arena *arena, size_t m, size_t n, size_t k, struct factor a,
                     struct factor b, bool add, float *out, size_t ld)
{
    if (!bf16_kernels) {
        blas_get()->gemm(a.turned, b.turned, m, n, k, a.x, a.ld, b.x, b.ld, add, out, ld);
        return;
    }
    const struct arena then = *arena;
    for (size_t row = 0; !add && row < m; row++)
        memset(out + row * ld, 0, n * sizeof *out);
    const struct product p = {m, n, k,
                              a.turned ? turned(arena, a.x, k, m, a.ld)
                                       : rounded(arena, a.x, m, k, a.ld),
                              b.x, b.ld, b.turned, out, ld};
    multiply(arena, &p);
    arena_return(arena, &then);
}

void linear_forward(struct arena *arena, const float *x, const float *w, size_t n, size_t rows,
                    size_t cols, float *y)
{
    linear_multiply(arena, n, rows, cols, (struct factor){x, cols, false},
                    (struct factor){w, cols, true}, false, y, rows);
}

void linear_backward_x(struct arena *arena, const float *dy, const float *w, size_t n, size_t rows,
                       size_t cols, bool add, float *dx)
{
    linear_multiply(arena, n, cols, rows, (struct factor){dy, rows, false},
                    (struct factor){w, cols, false}, add, dx, cols);
}

void linear_backward_w(struct arena *arena, const float *dy, const float *x, size_t n, size_t rows,
                       size_t cols, float *dw)
{
    linear_multiply(arena, rows, cols, n, (struct factor){dy, rows, true},
                    (struct factor){x, cols, false}, true, dw, cols);
}
