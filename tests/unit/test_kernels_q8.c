/* Kernels on activations of 8 bits and weights of few: products against sums in double precision,
 * the rest against the scalar set. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kernel_trial.h"

static struct q8 q8_buffers(size_t i, size_t tokens, size_t n)
{
    return (struct q8){trial_buffer(i, tokens * n),
                       trial_buffer(i + 1, tokens * n / 32 * sizeof(struct q8_block)), n};
}

static struct q8 random_q8(const struct kernels *k, size_t i, size_t tokens, size_t n)
{
    struct q8 x = q8_buffers(i, tokens, n);
    for (size_t t = 0; t < tokens; t++) {
        float *values = trial_floats(TRIAL_BUFFERS - 1, n, t % 3 == 2 ? 100 : 1);
        if (t % 4 == 3) /* a block of zeroes, and one with an outlier */
            memset(values, 0, 32 * sizeof *values);
        values[n - 5] *= 50;
        k->quantize_q8(values, q8_row(x, t));
    }
    return x;
}

static void test_quantize_q8(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    {
        for (size_t n = 32; n; n = trial_next_blocks(n, 32)) {
            struct q8 a = random_q8(k, 0, 4, n), b = q8_buffers(3, 4, n);
            trial_repeat((uint32_t)n);
            a = random_q8(k, 0, 4, n);
            trial_repeat((uint32_t)n);
            b = random_q8(scalar, 3, 4, n);
            trial_check_same(k->name, "quantize_q8 q", a.q, b.q, 4 * n);
            for (size_t i = 0; i < 4 * n / 32; i++) {
                trial_check_same(k->name, "quantize_q8 scale", &a.block[i].scale, &b.block[i].scale,
                                 4);
                trial_check_same(k->name, "quantize_q8 less", a.block[i].less, b.block[i].less, 8);
            }
        }
    }
}

static void test_quantize_q8_extremes(void **state)
{
    (void)state;
    EACH_SET(k)
    {
        float *x = trial_floats(TRIAL_BUFFERS - 1, 32, 1);
        struct q8 q = q8_buffers(0, 1, 32);
        x[7] = -2;
        k->quantize_q8(x, q);
        assert_int_equal(q.q[7], -127);
        x[9] = INFINITY;
        x[11] = NAN;
        k->quantize_q8(x, q);
        for (size_t i = 0; i < 32; i++)
            assert_true(q.q[i] >= -127);
    }
}

/* The product of a row with a token, and the sum of the sizes of its terms, in double. */
static double row_product(enum weight_type type, const uint8_t *row, struct q8 x, double *size)
{
    const struct type_traits *t = type_traits_get(type);
    struct quant_block block;
    double sum = 0;
    *size = 0;
    for (size_t i = 0; i < x.n; i += t->block_weights, row += t->block_bytes) {
        quant_decode(type, row, &block);
        for (size_t g = 0; g < t->block_weights / 16; g++) {
            int dot = 0;
            for (size_t j = 16 * g; j < 16 * g + 16; j++)
                dot += block.q[j] * x.q[i + j];
            const struct q8_block *with = &x.block[(i + 16 * g) / 32];
            double term = (double)block.scale[g] * with->scale * dot;
            double offset = (double)block.offset[g] * with->scale * -with->less[g % 2];
            sum += term + offset;
            *size += fabs(term) + fabs(offset);
        }
    }
    return sum;
}

/* Panels may round what is left of offsets to BF16 after moving the zero point to the middle of the
 * bytes, and the sums that they multiply: the sum of the sizes of such terms. */
static double rounded_terms(enum weight_type type, const uint8_t *row, struct q8 x)
{
    const struct type_traits *t = type_traits_get(type);
    double middle = type == TYPE_Q4_1 || type == TYPE_Q4_K ? 8 : 16, size = 0;
    struct quant_block block;
    if (type != TYPE_Q4_1 && type != TYPE_Q5_1 && type != TYPE_Q4_K && type != TYPE_Q5_K)
        return 0;
    for (size_t i = 0; i < x.n; i += t->block_weights, row += t->block_bytes) {
        quant_decode(type, row, &block);
        for (size_t g = 0; g < t->block_weights / 16; g += 2) {
            const struct q8_block *with = &x.block[(i + 16 * g) / 32];
            double left = block.offset[g] + middle * (double)block.scale[g];
            size += fabs(left * with->scale * (with->less[0] + with->less[1]));
        }
    }
    return size;
}

/* Dot products are exact integers; what differs is the rounding of n / 32 terms and their sum:
 * below 2e-6 of the terms' sizes for the longest rows here. */
static void check_product(const char *set, enum weight_type type, const uint8_t *row, struct q8 x,
                          bool panel, float y)
{
    double size, right = row_product(type, row, x, &size);
    double rounded = panel ? 0x1.02p-7 * rounded_terms(type, row, x) : 0;
    if (!(fabs(y - right) <= 2e-6 * size + rounded + 1e-30))
        fail_msg("%s %s, n %zu: %.9g, not %.9g (terms %g)", set, type_traits_get(type)->name, x.n,
                 (double)y, right, size);
}

/* Tokens together, and each alone, with all rows and with one. */
static void check_matvec_q8(const struct kernels *k, enum weight_type type, size_t rows, size_t n,
                            size_t tokens)
{
    size_t row_bytes = type_row_bytes(type, n), ldy = rows + 3;
    uint8_t *w = trial_rows(0, type, rows, n);
    struct q8 x = random_q8(k, 1, tokens, n);
    float *y = trial_floats(4, tokens * ldy, 1), *before = trial_copy(5, y, tokens * ldy);
    k->matvec_q8[type](w, row_bytes, rows, x, tokens, y, ldy);
    for (size_t t = 0; t < tokens; t++) {
        const float *got = y + t * ldy;
        float alone[16], one;
        k->matvec_q8[type](w, row_bytes, rows, q8_row(x, t), 1, alone, 0);
        trial_check_same(k->name, "matvec_q8 alone", alone, got, rows * sizeof one);
        trial_check_same(k->name, "matvec_q8 beside", before + t * ldy + rows, got + rows,
                         3 * sizeof one);
        for (size_t r = 0; r < rows; r++) {
            check_product(k->name, type, w + r * row_bytes, q8_row(x, t), false, got[r]);
            k->matvec_q8[type](w + r * row_bytes, row_bytes, 1, q8_row(x, t), 1, &one, 0);
            trial_check_same(k->name, "matvec_q8 divided", &one, &got[r], sizeof one);
        }
    }
}

static void test_matvec_q8(void **state)
{
    (void)state;
    EACH_SET(k)
    for (int type = 0; type < TYPE_COUNT; type++) {
        size_t block = type_traits_get((uint32_t)type)->block_weights;
        if (!trial_is_quantised(type)) {
            assert_null(k->matvec_q8[type]);
            continue;
        }
        for (size_t n = block, rows = 1; n; n = trial_next_blocks(n, block), rows = rows % 11 + 1) {
            check_matvec_q8(k, (enum weight_type)type, rows, n, 1);
            check_matvec_q8(k, (enum weight_type)type, rows, n, 2 + rows % 5);
        }
    }
}

static void check_panel_q8(const struct kernels *k, enum weight_type type, size_t rows, size_t n,
                           size_t tokens)
{
    size_t row_bytes = type_row_bytes(type, n), ldy = rows + 3;
    uint8_t *w = trial_rows(0, type, rows, n);
    struct q8 x = random_q8(k, 1, tokens, n);
    float *y = trial_floats(4, tokens * ldy, 1), *before = trial_copy(5, y, tokens * ldy);
    size_t bytes = (k->panel_bytes(n) + 63) / 64 * 64;
    struct panel panel = {.memory = trial_buffer(6, bytes), .n = n, .n_rows = rows};
    k->unpack[type](w, row_bytes, &panel);
    assert_true(panel.group == 16 || panel.group == 32);
    k->panel_q8(&panel, x, tokens, y, ldy);
    for (size_t t = 0; t < tokens; t++) {
        float one[PANEL_ROWS];
        k->panel_q8(&panel, q8_row(x, t), 1, one, PANEL_ROWS);
        trial_check_same(k->name, "panel_q8 divided", one, y + t * ldy, rows * sizeof *one);
        trial_check_same(k->name, "panel_q8 beside", before + t * ldy + rows, y + t * ldy + rows,
                         3 * sizeof *y);
        for (size_t r = 0; r < rows; r++)
            check_product(k->name, type, w + r * row_bytes, q8_row(x, t), true, y[t * ldy + r]);
    }
    if (k->few_q8[type] && rows % FEW_ROWS == 0) {
        k->few_q8[type](w, row_bytes, rows, x, tokens, before, ldy, trial_buffer(7, bytes));
        trial_check_same(k->name, "few_q8", before, y, tokens * ldy * sizeof *y);
    }
}

enum { TWO_BIT_ROWS = 11 };

static void check_two_bit(const struct kernels *k, size_t n, size_t n_rows, size_t n_tokens)
{
    const int extreme = trial_bits() % 2 ? 127 : -127;
    uint8_t *w = trial_buffer(0, n_rows * n / 4);
    int8_t *x = trial_buffer(1, n_tokens * n);
    int32_t expected[ROW_TOKENS * (TWO_BIT_ROWS + 1)], got[ROW_TOKENS * (TWO_BIT_ROWS + 1)];
    for (size_t i = 0; i < n_rows * n / 4; i++)
        w[i] = (uint8_t)(i % 5 ? trial_bits() >> 8 : 255);
    for (size_t i = 0; i < n_tokens * n; i++)
        x[i] = (int8_t)(i % 3 ? extreme : (int)(trial_bits() >> 8) % 128);
    memset(expected, 1, sizeof expected);
    memset(got, 1, sizeof got);
    kernels_scalar()->dot_two_bit(w, n_rows, n, x, n_tokens, expected, TWO_BIT_ROWS + 1);
    k->dot_two_bit(w, n_rows, n, x, n_tokens, got, TWO_BIT_ROWS + 1);
    trial_check_same(k->name, "dot_two_bit", got, expected, sizeof got);
}

static void check_round_two_bit(const struct kernels *k, size_t n)
{
    float *w = trial_floats(0, n, 3), expected[2], got[2];
    uint8_t *a = trial_buffer(1, n / 4), *b = trial_buffer(2, n / 4);
    w[n / 2] = NAN;
    w[n / 3] = 1e30f;
    kernels_scalar()->round_two_bit(w, n, 1.3f, a, expected);
    k->round_two_bit(w, n, 1.3f, b, got);
    trial_check_same(k->name, "round_two_bit", b, a, n / 4);
    assert_true(isnan(got[0]));
    w[n / 2] = -1e30f;
    w[n / 3] = 0;
    kernels_scalar()->round_two_bit(w, n, 1.3f, a, expected);
    k->round_two_bit(w, n, 1.3f, b, got);
    trial_check_same(k->name, "round_two_bit", b, a, n / 4);
    trial_check_close(k->name, "round_two_bit", got, expected, 2, 1e-5, 0);
}

/* Whole numbers: every set has the same. And scalar's, of rows of known weights. */
static void test_two_bit(void **state)
{
    (void)state;
    const int8_t x[TWO_BIT_BLOCK] = {[3] = 5, [64] = -7, [191] = 2, [255] = 100};
    uint8_t w[64] = {[3] = 2, [0] = 3 << 2, [63] = 1 << 4 | 3 << 6};
    int32_t y;
    kernels_scalar()->dot_two_bit(w, 1, TWO_BIT_BLOCK, x, 1, &y, 1);
    assert_int_equal(y, 2 * 5 - 3 * 7 + 1 * 2 + 3 * 100);
    EACH_SET(k)
    for (size_t n = TWO_BIT_BLOCK; n <= 1 << 15;
         n = n < 12 * TWO_BIT_BLOCK ? n + TWO_BIT_BLOCK : 2 * n) {
        check_round_two_bit(k, n);
        for (size_t rows = 0; rows <= TWO_BIT_ROWS; rows++)
            check_two_bit(k, n, rows, 1 + (rows + n / TWO_BIT_BLOCK) % ROW_TOKENS);
    }
}

static void test_panel_q8(void **state)
{
    (void)state;
    EACH_SET(k)
    for (int type = 0; type < TYPE_COUNT; type++) {
        size_t block = type_traits_get((uint32_t)type)->block_weights, tokens = 1;
        if (!trial_is_quantised(type)) {
            assert_null(k->unpack[type]);
            continue;
        }
        for (size_t n = block; n;
             n = trial_next_blocks(n, block), tokens = tokens % FEW_TOKENS + 1) {
            check_panel_q8(k, (enum weight_type)type, PANEL_ROWS, n, tokens);
            check_panel_q8(k, (enum weight_type)type, 1 + tokens * 5 % 31, n, 1 + tokens % 3);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantize_q8), cmocka_unit_test(test_quantize_q8_extremes),
        cmocka_unit_test(test_matvec_q8),   cmocka_unit_test(test_two_bit),
        cmocka_unit_test(test_panel_q8),
    };
    trial_open();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
