#include "train/muon.h"

#include <math.h>
#include <string.h>

#include "train/linear.h"

static const float beta = 0.95F;
/* Newton and Schulz's iteration x ← a·x + (b·xxᵀ + c·(xxᵀ)²)·x, with coefficients that raise small
 * singular values fastest (from the source above). */
enum { ITERATIONS = 5 };
static const float raise[3] = {3.4445F, -4.7750F, 2.0315F};

static void turn(const float *x, size_t rows, size_t cols, float *out)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            out[c * rows + r] = x[r * cols + c];
}

/* rows ≤ cols: the square products are of the shorter side. */
static void orthogonalise_wide(struct arena *arena, float *x, size_t rows, size_t cols)
{
    float *square = arena_take(arena, rows * rows), *fourth = arena_take(arena, rows * rows),
          *product = arena_take(arena, rows * cols);
    for (int i = 0; i < ITERATIONS; i++) {
        linear_forward(arena, x, x, rows, rows, cols, square);
        linear_forward(arena, square, square, rows, rows, rows, fourth);
        for (size_t j = 0; j < rows * rows; j++)
            fourth[j] = raise[1] * square[j] + raise[2] * fourth[j];
        linear_backward_x(arena, fourth, x, rows, rows, cols, false, product);
        for (size_t j = 0; j < rows * cols; j++)
            x[j] = raise[0] * x[j] + product[j];
    }
}

void muon_orthogonalise(struct arena *arena, float *x, size_t rows, size_t cols)
{
    const struct arena then = *arena;
    double squares = 1e-30;
    for (size_t i = 0; i < rows * cols; i++)
        squares += (double)x[i] * (double)x[i];
    const float shrink = (float)(1 / sqrt(squares));
    for (size_t i = 0; i < rows * cols; i++)
        x[i] *= shrink;
    if (rows <= cols) {
        orthogonalise_wide(arena, x, rows, cols);
    } else {
        float *turned = arena_take(arena, rows * cols);
        turn(x, rows, cols, turned);
        orthogonalise_wide(arena, turned, cols, rows);
        turn(turned, cols, rows, x);
    }
    arena_return(arena, &then);
}

void muon_move(const struct muon *a, struct arena *arena, const float *g, size_t rows, size_t cols,
               float *w, float *mean)
{
    const struct arena then = *arena;
    const size_t n = rows * cols;
    float *step = arena_take(arena, n);
    for (size_t i = 0; i < n; i++) {
        const float d = g[i] * (float)a->scale;
        mean[i] = beta * mean[i] + (1 - beta) * d;
        step[i] = beta * mean[i] + (1 - beta) * d; /* as it will be: Nesterov's */
    }
    muon_orthogonalise(arena, step, rows, cols);
    const float keep = (float)(1 - a->rate * a->decay),
                rate = (float)(0.2 * a->rate * sqrt((double)(rows > cols ? rows : cols)));
    for (size_t i = 0; i < n; i++)
        w[i] = keep * w[i] - rate * step[i];
    arena_return(arena, &then);
}
