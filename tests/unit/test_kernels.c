/* Kernels on F32, and which set is taken: products against sums in double precision, the rest
 * against the scalar set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kernel_trial.h"

/* -- F32 activations -- */

static void test_dequantize(void **state)
{
    (void)state;
    EACH_SET(k)
    for (int type = 0; type < TYPE_COUNT; type++) {
        size_t block = type_traits_get((uint32_t)type)->block_weights;
        if (!type_traits_get((uint32_t)type)->name)
            continue;
        for (size_t n = block; n;
             n = block == 1 ? trial_next_length(n) : trial_next_blocks(n, block)) {
            uint8_t *row = trial_buffer(0, type_row_bytes((uint32_t)type, n));
            float *a = trial_buffer(1, n * sizeof *a), *b = trial_buffer(2, n * sizeof *b);
            if (trial_is_quantised(type))
                trial_rows(0, (enum weight_type)type, 1, n);
            else
                quantize_row((enum weight_type)type, trial_floats(3, n, 1), row, n);
            k->dequantize[type](row, a, n);
            dequantize_row((enum weight_type)type, row, b, n);
            trial_check_close(k->name, "dequantize", a, b, n, 0, 0);
        }
    }
}

/* Σ a b, and 1e-6 of the sum of sizes: as for check_product. */
static void check_dot(const char *set, const char *what, const float *a, const float *b,
                      size_t stride, size_t n, double start, float y)
{
    double sum = start, size = fabs(start);
    for (size_t i = 0; i < n; i++) {
        sum += (double)a[i] * b[i * stride];
        size += fabs((double)a[i] * b[i * stride]);
    }
    if (!(fabs(y - sum) <= 1e-6 * size))
        fail_msg("%s %s, n %zu: %.9g, not %.9g (terms %g)", set, what, n, (double)y, sum, size);
}

static void test_matvec_f32(void **state)
{
    static const enum weight_type types[] = {TYPE_F32, TYPE_F16, TYPE_BF16};
    (void)state;
    EACH_SET(k)
    for (size_t i = 0; i < 3; i++) {
        for (size_t n = 1, rows = 1; n; n = trial_next_length(n), rows = rows % 9 + 1) {
            size_t row_bytes = type_row_bytes(types[i], n);
            uint8_t *w = trial_buffer(0, rows * row_bytes);
            float *x = trial_floats(2, n, 1), *y = trial_buffer(3, rows * sizeof *y);
            float *row = trial_buffer(4, n * sizeof *row);
            quantize_row(types[i], trial_floats(1, rows * n, 1), w, rows * n);
            k->matvec_f32[types[i]](w, row_bytes, rows, n, x, y);
            for (size_t r = 0; r < rows; r++) {
                float one;
                dequantize_row(types[i], w + r * row_bytes, row, n);
                check_dot(k->name, "matvec_f32", row, x, 1, n, 0, y[r]);
                k->matvec_f32[types[i]](w + r * row_bytes, row_bytes, 1, n, x, &one);
                trial_check_same(k->name, "matvec_f32 divided", &one, &y[r], sizeof one);
            }
        }
    }
}

struct sizes {
    size_t m, n, k;
};

/* The sizes of trial i: every small one in some order, and then ones beyond the blocks of a set. */
static bool gemm_sizes(size_t i, struct sizes *s)
{
    static const struct sizes large[] = {{6, 4, 1300}, {200, 19, 72}, {13, 70, 515}, {2, 130, 257}};
    if (i < 300) {
        *s = (struct sizes){1 + i * 7 % 15, 1 + i * 11 % 83, i % 150};
        return true;
    }
    *s = large[i % 4];
    return i < 304;
}

static void check_gemm_nt(const struct kernels *k, struct sizes s)
{
    size_t lda = s.k + 1, ldb = s.k + 2, ldc = s.n + 3;
    float *a = trial_floats(0, s.m * lda, 1), *b = trial_floats(1, s.n * ldb, 1);
    float *c = trial_floats(2, s.m * ldc, 1), *before = trial_copy(3, c, s.m * ldc);
    k->gemm_nt(s.m, s.n, s.k, a, lda, b, ldb, c, ldc);
    for (size_t i = 0; i < s.m; i++) {
        for (size_t j = 0; j < s.n; j++)
            check_dot(k->name, "gemm_nt", a + i * lda, b + j * ldb, 1, s.k, 0, c[i * ldc + j]);
        trial_check_same(k->name, "gemm_nt beside", c + i * ldc + s.n, before + i * ldc + s.n, 12);
    }
    float one;
    size_t i = s.m - 1, j = s.n / 2;
    k->gemm_nt(1, 1, s.k, a + i * lda, lda, b + j * ldb, ldb, &one, 1);
    trial_check_same(k->name, "gemm_nt divided", &one, &c[i * ldc + j], sizeof one);
}

static void check_gemm_nn_add(const struct kernels *k, struct sizes s)
{
    size_t lda = s.k + 1, ldb = s.n + 2, ldc = s.n + 3;
    float *a = trial_floats(0, s.m * lda, 1), *b = trial_floats(1, s.k * ldb, 1);
    float *c = trial_floats(2, s.m * ldc, 1), *before = trial_copy(3, c, s.m * ldc);
    k->gemm_nn_add(s.m, s.n, s.k, a, lda, b, ldb, c, ldc);
    for (size_t i = 0; i < s.m; i++) {
        for (size_t j = 0; j < s.n; j++)
            check_dot(k->name, "gemm_nn_add", a + i * lda, b + j, ldb, s.k, before[i * ldc + j],
                      c[i * ldc + j]);
        trial_check_same(k->name, "gemm_nn_add beside", c + i * ldc + s.n, before + i * ldc + s.n,
                         12);
    }
    size_t i = s.m - 1, j = s.n - 1;
    float one = before[i * ldc + j];
    k->gemm_nn_add(1, 1, s.k, a + i * lda, lda, b + j, ldb, &one, 1);
    trial_check_same(k->name, "gemm_nn_add divided", &one, &c[i * ldc + j], sizeof one);
}

static void test_gemm(void **state)
{
    struct sizes s;
    (void)state;
    EACH_SET(k)
    {
        for (size_t i = 0; gemm_sizes(i, &s); i++) {
            check_gemm_nt(k, s);
            check_gemm_nn_add(k, s);
        }
        k->gemm_nt(0, 0, 0, NULL, 0, NULL, 0, NULL, 0);
        k->gemm_nn_add(0, 0, 0, NULL, 0, NULL, 0, NULL, 0);
    }
}

/* -- rows of the cache -- */

static void test_cache(void **state)
{
    static const size_t bytes_of_32[CACHE_TYPE_COUNT] = {128, 64, 34};
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (int type = 0; type < CACHE_TYPE_COUNT; type++) {
        size_t step = type == CACHE_Q8_0 ? 32 : 1;
        for (size_t n = step; n;
             n = step == 1 ? trial_next_length(n) : trial_next_blocks(n, step)) {
            size_t bytes = n * bytes_of_32[type] / 32;
            float *x = trial_floats(0, n, 3), *back = trial_buffer(1, n * sizeof *back);
            float *right = trial_buffer(2, n * sizeof *right);
            uint8_t *a = trial_buffer(3, bytes), *b = trial_buffer(4, bytes);
            k->cache_store[type](x, a, n);
            scalar->cache_store[type](x, b, n);
            trial_check_same(k->name, "cache_store", a, b, bytes);
            k->cache_load[type](a, back, n);
            scalar->cache_load[type](a, right, n);
            trial_check_same(k->name, "cache_load", back, right, n * sizeof *back);
            trial_check_close(k->name, "cache", back, x, n, 1, type == CACHE_Q8_0 ? 0.013 : 1e-3);
        }
    }
}

/* A few queries straight on rows of the cache: near to scalar's, and each query the same bit for
 * bit when it is alone. */
static void check_cache_rows(const struct kernels *k, enum cache_type type, struct cache_rows rows,
                             size_t n_queries)
{
    size_t n = rows.n, ldq = n + 3, lds = rows.n_rows + 2, n_scores = n_queries * lds;
    float *x = trial_floats(0, rows.n_rows * n, 3), *q = trial_floats(1, n_queries * ldq, 1);
    float *a = trial_floats(2, n_scores, 1), *b = trial_copy(3, a, n_scores);
    float *out = trial_floats(4, n_queries * ldq, 1), *sum = trial_copy(5, out, n_queries * ldq);
    float *one = trial_copy(6, out, n_queries * ldq);
    uint8_t *bytes = trial_buffer(7, rows.n_rows * rows.row_bytes);
    for (size_t r = 0; r < rows.n_rows; r++)
        kernels_scalar()->cache_store[type](x + r * n, bytes + r * rows.row_bytes, n);
    rows.rows = bytes;
    k->cache_dot[type](&rows, q, n_queries, ldq, a, lds);
    kernels_scalar()->cache_dot[type](&rows, q, n_queries, ldq, b, lds);
    trial_check_close(k->name, "cache_dot", a, b, n_scores, 1e-5, 1e-5 * (double)n);
    k->cache_add[type](&rows, a, n_queries, lds, out, ldq);
    kernels_scalar()->cache_add[type](&rows, a, n_queries, lds, sum, ldq);
    trial_check_close(k->name, "cache_add", out, sum, n_queries * ldq, 1e-5,
                      1e-5 * (double)(n * rows.n_rows));
    for (size_t t = 0; t < n_queries; t++) {
        k->cache_dot[type](&rows, q + t * ldq, 1, ldq, b, lds);
        trial_check_same(k->name, "cache_dot alone", b, a + t * lds, rows.n_rows * sizeof *b);
        k->cache_add[type](&rows, a + t * lds, 1, lds, one + t * ldq, ldq);
    }
    trial_check_same(k->name, "cache_add alone", one, out, n_queries * ldq * sizeof *out);
}

static void test_cache_rows(void **state)
{
    static const size_t bytes_of_32[CACHE_TYPE_COUNT] = {128, 64, 34};
    (void)state;
    EACH_SET(k)
    for (int type = 0; type < CACHE_TYPE_COUNT; type++) {
        size_t step = type == CACHE_Q8_0 ? 32 : 1;
        for (size_t n = step, i = 0; n <= 320; n += n < 80 ? step : 16 * step, i++)
            check_cache_rows(k, (enum cache_type)type,
                             (struct cache_rows){.row_bytes = n * bytes_of_32[type] / 32,
                                                 .n_rows = 1 + i * 5 % 13,
                                                 .n = n},
                             1 + i * 3 % 11);
    }
}

/* -- elementwise -- */

/* Sums of squares differ in the last place or two, products in one rounding each. */
static void test_norms(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (size_t n = 1; n; n = trial_next_length(n)) {
        float *x = trial_floats(0, n, 2), *w = trial_floats(1, n, 1);
        float *bias = trial_floats(2, n, 1), *a = trial_buffer(3, n * sizeof *a);
        float *b = trial_buffer(4, n * sizeof *b);
        k->rms_norm(x, w, 1e-6f, a, n);
        scalar->rms_norm(x, w, 1e-6f, b, n);
        trial_check_close(k->name, "rms_norm", a, b, n, 2e-6, 0);
        k->layer_norm(x, w, bias, 1e-6f, a, n);
        scalar->layer_norm(x, w, bias, 1e-6f, b, n);
        /* Two values that nearly coincide are divided by their small distance. */
        trial_check_close(k->name, "layer_norm", a, b, n, 2e-6, n == 1 ? 1e-3 : 2e-5);
        a = trial_copy(3, x, n);
        k->rms_norm(a, w, 1e-6f, a, n);
        scalar->rms_norm(x, w, 1e-6f, b, n);
        trial_check_close(k->name, "rms_norm in place", a, b, n, 2e-6, 0);
        a = trial_copy(3, x, n);
        k->layer_norm(a, w, bias, 1e-6f, a, n);
        scalar->layer_norm(x, w, bias, 1e-6f, b, n);
        trial_check_close(k->name, "layer_norm in place", a, b, n, 2e-6, n == 1 ? 1e-3 : 2e-5);
    }
}

/* Far left exp(−2u) magnifies the rounding of u to 3e-6 of a value that is itself tiny. */
static void test_gelu(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (size_t n = 1; n; n = trial_next_length(n)) {
        float *x = trial_floats(0, n, n % 3 ? 8 : 60), *up = trial_floats(1, n, 2);
        float *a = trial_copy(2, x, n), *b = trial_copy(3, x, n);
        k->gelu_mul(a, up, n);
        scalar->gelu_mul(b, up, n);
        trial_check_close(k->name, "gelu_mul", a, b, n, 1e-6, 1e-7);
        a = trial_copy(2, x, n);
        b = trial_copy(3, x, n);
        k->gelu_bias(a, up, n);
        scalar->gelu_bias(b, up, n);
        trial_check_close(k->name, "gelu_bias", a, b, n, 1e-6, 1e-7);
    }
}

static void test_arithmetic(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (size_t n = 0, more = 1; more; n = more, more = trial_next_length(n)) {
        float *x = trial_floats(0, n, 2), *y = trial_floats(1, n, 2);
        float *a = trial_copy(2, x, n), *b = trial_copy(3, x, n);
        k->add(a, y, n);
        scalar->add(b, y, n);
        trial_check_same(k->name, "add", a, b, n * sizeof *a);
        k->scale(a, 0.3f, n);
        scalar->scale(b, 0.3f, n);
        trial_check_same(k->name, "scale", a, b, n * sizeof *a);
        k->add_scaled(a, y, -1.7f, n); /* one rounding or two */
        scalar->add_scaled(b, y, -1.7f, n);
        trial_check_close(k->name, "add_scaled", a, b, n, 0, 5e-7);
        assert_true(k->max(x, n) == scalar->max(x, n));
    }
}

static void test_rope(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (size_t n = 2; n <= 300; n += 2) {
        float *x = trial_floats(0, n, 2);
        float *c = trial_floats(1, n / 2, 1), *s = trial_floats(2, n / 2, 1);
        float *a = trial_copy(3, x, n), *b = trial_copy(4, x, n);
        k->rope(a, c, s, n);
        scalar->rope(b, c, s, n);
        trial_check_close(k->name, "rope", a, b, n, 0, 5e-7);
    }
}

static void check_exp(const struct kernels *k, float *x, float max, size_t n)
{
    float *e = trial_copy(1, x, n);
    double sum = 0;
    float total = k->exp_sum(e, max, n);
    for (size_t i = 0; i < n; i++) {
        double right = exp((double)(x[i] - max));
        if (!(fabs(e[i] - right) <= 2e-7 * right + 0x1p-126))
            fail_msg("%s exp(%.9g) is %.9g, not %.9g", k->name, (double)(x[i] - max), (double)e[i],
                     right);
        sum += right;
    }
    assert_true(fabs(total - sum) <= 2e-6 * sum + 0x1p-126 * (double)n);
}

static void test_exp_sum(void **state)
{
    (void)state;
    EACH_SET(k)
    {
        for (size_t n = 1; n; n = trial_next_length(n))
            check_exp(k, trial_floats(0, n, n % 2 ? 5 : 60), n % 2 ? 5.5f : 60, n);
        enum { MANY = 1 << 16 };
        float *x = trial_buffer(0, MANY * sizeof *x);
        for (size_t i = 0; i < MANY; i++)
            x[i] = -110 * (float)i / MANY;
        check_exp(k, x, 0, MANY);
        for (size_t i = 0; i < MANY; i++)
            x[i] = trial_float();
        check_exp(k, x, 0, MANY);
        for (size_t i = 0; i < 20; i++)
            x[i] = i % 3 ? -INFINITY : 2;
        assert_true(k->exp_sum(x, 2, 20) == 7);
        assert_true(x[0] == 1 && x[1] == 0 && x[19] == 0);
        assert_true(k->exp_sum(x, 2, 0) == 0);
        assert_true(k->max(x, 0) == -INFINITY);
    }
}

static void test_dispatch(void **state)
{
    const struct kernels *best = kernels_get(NULL), *exact = kernels_get("exact");
    (void)state;
    assert_non_null(best);
    assert_false(best->exact);
    assert_true(exact->exact);
    assert_string_equal(best->name, exact->name);
    assert_ptr_equal(best->gemm_nt, exact->gemm_nt);
    assert_null(exact->bf16);
    assert_ptr_equal(kernels_get("scalar"), kernels_scalar());
    assert_null(kernels_get("abacus"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dispatch),   cmocka_unit_test(test_dequantize),
        cmocka_unit_test(test_matvec_f32), cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_cache),      cmocka_unit_test(test_cache_rows),
        cmocka_unit_test(test_norms),      cmocka_unit_test(test_gelu),
        cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_rope),
        cmocka_unit_test(test_exp_sum),
    };
    trial_open();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
