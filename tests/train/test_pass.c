/* Derivatives of the net beside differences of its loss, for every tensor. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "train/finder.h"
#include "train/linear.h"
#include "train/ops.h"
#include "train/pass.h"
#include "train/random.h"

static const struct net_shape shape = {.n_layers = 7,
                                       .n_embd = 32,
                                       .n_ff = 48,
                                       .n_heads = 4,
                                       .n_kv_heads = 2,
                                       .head_dim = 8,
                                       .window = 6,
                                       .n_ctx = 64,
                                       .n_vocab = 50,
                                       .v_layers = 2,
                                       .v_width = 24,
                                       .v_ff = 40,
                                       .v_heads = 3,
                                       .image_size = 16,
                                       .patch_size = 2,
                                       .pool = 4};
enum { SOFT = 4, PATCHES = 64, INPUTS = 12 };

/* Two sequences with a picture of 4 soft tokens each, and one without; windows shorter than they
 * are. */
struct made {
    struct batch b;
    int32_t ids[40], answers[20][3];
    float p[20][3];
    struct sight local[40], global[40];
    struct target targets[20];
    size_t starts[4];
};

static void put_sequence(struct made *m, struct random *r, size_t n, int first_soft)
{
    const size_t start = m->b.tokens.n;
    m->starts[m->b.tokens.n_sequences++] = start;
    for (size_t i = 0; i < n; i++) {
        const bool soft = first_soft >= 0 && i >= 2 && i < 2 + SOFT;
        const uint32_t end = soft ? 2 + SOFT : (uint32_t)i + 1;
        m->ids[start + i] = soft ? -1 - first_soft - (int)i + 2 : (int)random_below(r, 50);
        m->global[start + i] = (struct sight){0, end};
        m->local[start + i] = (struct sight){i + 1 > 6 ? (uint32_t)i - 5 : 0, end};
    }
    m->b.tokens.n += n;
}

static void make(struct made *m)
{
    *m = (struct made){0};
    struct random r = random_of(7, 7);
    put_sequence(m, &r, 14, 0);
    put_sequence(m, &r, 9, -1);
    put_sequence(m, &r, 13, SOFT);
    m->starts[3] = m->b.tokens.n;
    for (size_t i = 0; i < 12; i++) {
        const float p[3] = {0.5f, 0.3f, 0.2f};
        memcpy(m->p[i], p, sizeof p);
        for (int j = 0; j < 3; j++)
            m->answers[i][j] = 17 * j + (int)random_below(&r, 16);
        m->targets[i] = (struct target){(uint32_t)(3 * i), 3, m->answers[i], m->p[i]};
    }
    m->b.targets = m->targets;
    m->b.n_targets = 12;
    m->b.tokens.ids = m->ids;
    m->b.tokens.starts = m->starts;
    m->b.tokens.local = m->local;
    m->b.tokens.global = m->global;
    m->b.n_views = 2;
    m->b.patches = mem_new(2 * PATCHES * INPUTS, sizeof(float));
    m->b.seen = mem_new(2 * PATCHES, FINDER_MARKS);
    for (size_t i = 0; i < 2 * PATCHES * INPUTS; i++)
        m->b.patches[i] = (float)random_normal(&r);
    for (size_t i = 0; i < 2 * PATCHES * FINDER_MARKS; i++)
        m->b.seen[i] = random_chance(&r, 0.1);
}

static double loss_of(const struct net *net, const float *w, const struct made *m,
                      struct arena *arena)
{
    uint8_t right[20];
    arena_reset(arena);
    const struct pass_loss l = pass_run(net, w, NULL, &m->b, AIM_BOTH, 0.02f, 1, arena, right);
    return l.words / (double)l.n_targets + 0.02 * l.marks / (double)l.n_patches;
}

/* Along a random direction within one tensor. */
static bool agrees(const struct net *net, float *w, const float *g, const struct param *p,
                   const struct made *m, struct arena *arena)
{
    const size_t n = p->rows * p->cols;
    struct random r = random_of(11, p->offset);
    float *at = w + p->offset, *direction = mem_new(n, sizeof *direction),
          *kept = mem_new(n, sizeof *kept);
    double square = 0, told = 0;
    for (size_t i = 0; i < n; i++) {
        direction[i] = (float)random_normal(&r);
        square += (double)direction[i] * (double)direction[i];
    }
    memcpy(kept, at, n * sizeof *kept);
    for (size_t i = 0; i < n; i++) {
        direction[i] /= (float)sqrt(square);
        told += (double)direction[i] * (double)g[p->offset + i];
    }
    /* Towards the gradient, too, lest it be lost in rounding. */
    double norm = 0;
    for (size_t i = 0; i < n; i++)
        norm += (double)g[p->offset + i] * (double)g[p->offset + i];
    norm = sqrt(norm);
    for (size_t i = 0; i < n && norm > 0; i++)
        direction[i] = 0.5f * direction[i] + g[p->offset + i] / (float)norm;
    told = 0;
    for (size_t i = 0; i < n; i++)
        told += (double)direction[i] * (double)g[p->offset + i];
    const float step = 1e-2f;
    double loss[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            at[i] = kept[i] + (side ? step : -step) * direction[i];
        loss[side] = loss_of(net, w, m, arena);
    }
    memcpy(at, kept, n * sizeof *kept);
    const double seen = (loss[1] - loss[0]) / (2 * (double)step);
    const bool ok = fabs(seen - told) <= 2e-2 * fabs(seen) + 1e-4;
    if (!ok)
        print_error("%s: derivative %g, difference %g\n", p->name, told, seen);
    free(direction);
    free(kept);
    return ok;
}

static void test_derivatives(void **state)
{
    (void)state;
    struct err err;
    struct net net;
    struct made m;
    struct arena arena = {0};
    uint8_t right[20];
    assert_true(net_init(&net, &shape, &err));
    make(&m);
    float *w = mem_new(net.n_values, sizeof *w), *g = mem_new(net.n_values, sizeof *g);
    net_start(&net, 3, w);
    struct random r = random_of(5, 5);
    for (size_t i = 0; i < net.n_values; i++)
        w[i] += 0.05f * (float)random_normal(&r); /* so that norms and biases are nothing special */
    pass_run(&net, w, g, &m.b, AIM_BOTH, 0.02f, 1, &arena, right);
    int wrong = 0;
    for (size_t i = 0; i < net.n_params; i++)
        wrong += !agrees(&net, w, g, &net.params[i], &m, &arena);
    assert_int_equal(wrong, 0);

    /* Where the tower rests, the others' are the same. */
    float *rest = mem_new(net.n_values, sizeof *rest);
    memset(g, 0, net.n_values * sizeof *g);
    pass_run(&net, w, g, &m.b, AIM_BOTH, 0, 1, &arena, right);
    pass_run(&net, w, rest, &m.b, AIM_WORDS, 0, 1, &arena, right);
    for (size_t i = 0; i < net.n_params; i++)
        for (size_t j = net.params[i].offset; j < net.params[i].offset + net.params[i].rows * net.params[i].cols; j++)
            if (net.params[i].part == PART_TOWER || net.params[i].part == PART_FINDER)
                assert_true(rest[j] == 0);
            else
                assert_true(fabsf(rest[j] - g[j]) <= 1e-5f * fabsf(g[j]) + 1e-6f);

    /* And to the bit, where what it sees is known. */
    memset(g, 0, net.n_values * sizeof *g);
    m.b.pooled = tower_glance(&net, w, m.b.patches, m.b.n_views, &arena);
    memset(m.b.patches, 0, sizeof *m.b.patches);
    pass_run(&net, w, g, &m.b, AIM_WORDS, 0, 1, &arena, right);
    assert_memory_equal(g, rest, net.n_values * sizeof *g);
    free(rest);
    free(w);
    free(g);
    free(m.b.patches);
    free(m.b.seen);
    arena_done(&arena);
    net_done(&net);
}

/* As far out as activations may ever be. */
static void test_gelu_far_out(void **state)
{
    (void)state;
    enum { N = 64 };
    float x[N], y[N], up[N], gate[N], dy[N];
    for (size_t i = 0; i < N; i++) {
        x[i] = gate[i] = (float)((i % 2 ? 1 : -1) * pow(1.3, (double)i));
        up[i] = dy[i] = 1;
    }
    gelu_forward(x, N, y);
    for (size_t i = 0; i < N; i++)
        assert_true(fabsf(y[i] - (x[i] > 0 ? x[i] : 0)) <= 0.2f);
    gelu_backward(dy, x, N);
    for (size_t i = 40; i < N; i++)
        assert_true(fabsf(dy[i] - (x[i] > 0)) < 1e-5f);
    geglu_forward(gate, up, N, y);
    for (size_t i = 0; i < N; i++)
        dy[i] = 1;
    geglu_backward(dy, gate, up, N);
    for (size_t i = 40; i < N; i++) {
        assert_true(y[i] == (x[i] > 0 ? x[i] : y[i]) && fabsf(gate[i] - (x[i] > 0)) < 1e-5f);
        assert_true(fabsf(up[i] - (x[i] > 0 ? x[i] : 0)) <= 1e-5f * fabsf(x[i]));
    }
}

static float *random_values(struct random *r, size_t n)
{
    float *x = mem_new(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)random_normal(r);
    return x;
}

/* Sums of so many products of numbers around 1. */
static bool near(const float *a, const float *b, size_t n, size_t products)
{
    for (size_t i = 0; i < n; i++)
        if (fabsf(a[i] - b[i]) > 0.02f * sqrtf((float)products)) {
            print_error("%zu of %zu: %g, not %g\n", i, n, (double)b[i], (double)a[i]);
            return false;
        }
    return true;
}

/* Factors rounded to BF16 are 2⁻⁹ off at most, and errors of many are random. */
static void test_bf16(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {
        {1, 2, 2}, {5, 33, 18}, {64, 32, 64}, {300, 159, 40}, {531, 70, 1100}};
    if (!linear_choose(true))
        skip();
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t n = sizes[i][0], rows = sizes[i][1], cols = sizes[i][2];
        struct random r = random_of(1, i);
        float *x = random_values(&r, n * cols), *w = random_values(&r, rows * cols),
              *dy = random_values(&r, n * rows), *out[2][3];
        for (int bf16 = 0; bf16 < 2; bf16++) {
            linear_choose(bf16);
            out[bf16][0] = mem_new(n * rows, sizeof(float));
            out[bf16][1] = mem_new(n * cols, sizeof(float));
            out[bf16][2] = mem_new(rows * cols, sizeof(float));
            linear_forward(&arena, x, w, n, rows, cols, out[bf16][0]);
            linear_backward_x(&arena, dy, w, n, rows, cols, true, out[bf16][1]);
            linear_backward_w(&arena, dy, x, n, rows, cols, out[bf16][2]);
        }
        assert_true(near(out[0][0], out[1][0], n * rows, cols));
        assert_true(near(out[0][1], out[1][1], n * cols, rows));
        assert_true(near(out[0][2], out[1][2], rows * cols, n));
        for (int j = 0; j < 6; j++)
            free(out[j / 3][j % 3]);
        free(x);
        free(w);
        free(dy);
    }
    arena_done(&arena);
    linear_choose(false);
}

/* Every combination of turned factors, rows further apart than they are long, odd sums. */
static void test_multiply(void **state)
{
    (void)state;
    enum { M = 37, N = 30, K = 51, LD = 64 };
    struct arena arena = {0};
    struct random r = random_of(2, 2);
    float *a = random_values(&r, LD * LD), *b = random_values(&r, LD * LD), c[2][M * LD], wanted[M * N];
    for (int bf16 = 0; bf16 < 2; bf16++)
        for (int way = 0; way < 8; way++) {
            const bool a_turned = way & 1, b_turned = way & 2, add = way & 4;
            const size_t k = b_turned ? K - 1 : K;
            if (linear_choose(bf16) != bf16)
                continue;
            for (size_t i = 0; i < M * LD; i++)
                c[0][i] = c[1][i] = 0.5f;
            for (size_t i = 0; i < M; i++)
                for (size_t j = 0; j < N; j++) {
                    float sum = add ? 0.5f : 0;
                    for (size_t s = 0; s < k; s++)
                        sum += a[a_turned ? s * LD + i : i * LD + s] * b[b_turned ? j * LD + s : s * LD + j];
                    wanted[i * N + j] = sum;
                }
            linear_multiply(&arena, M, N, k, (struct factor){a, LD, a_turned},
                            (struct factor){b, LD, b_turned}, add, c[0], LD);
            for (size_t i = 0; i < M; i++) {
                assert_true(near(wanted + i * N, c[0] + i * LD, N, k));
                assert_memory_equal(c[0] + i * LD + N, c[1], (LD - N) * sizeof(float)); /* left alone */
            }
        }
    linear_choose(false);
    free(a);
    free(b);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_derivatives),
                                       cmocka_unit_test(test_bf16),
                                       cmocka_unit_test(test_multiply),
                                       cmocka_unit_test(test_gelu_far_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
