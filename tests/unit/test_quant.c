/* Weight types: conversions to 16 bits, known blocks, and how near quantised rows stay. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/quant.h"

static float random_normal(uint32_t *state)
{
    float sum = 0;
    for (int i = 0; i < 12; i++) {
        *state = *state * 1664525u + 1013904223u;
        sum += (float)(*state >> 8) * 0x1p-24f;
    }
    return sum - 6;
}

static void test_half_round_trip(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float f = half_to_float((uint16_t)h);
        if (isnan(f))
            assert_true((h & 0x7c00) == 0x7c00 && (h & 0x3ff));
        else
            assert_int_equal(float_to_half(f), h);
    }
    assert_float_equal(half_to_float(0x3555), 0.333251953125f, 0);
    assert_float_equal(half_to_float(0x0001), 0x1p-24f, 0);
}

static void test_half_rounding(void **state)
{
    (void)state;
    /* Between neighbours: the middle goes to the even one, a hair beyond it up. */
    for (uint32_t h = 0; h < 0x7bff; h++) {
        float low = half_to_float((uint16_t)h), high = half_to_float((uint16_t)(h + 1));
        float middle = (low + high) / 2;
        assert_int_equal(float_to_half(middle), h + (h & 1));
        assert_int_equal(float_to_half(nextafterf(middle, low)), h);
        assert_int_equal(float_to_half(-nextafterf(middle, high)), (h + 1) | 0x8000);
    }
    assert_int_equal(float_to_half(65519.0f), 0x7bff);
    assert_int_equal(float_to_half(65520.0f), 0x7c00);
    assert_int_equal(float_to_half(-INFINITY), 0xfc00);
    assert_true(isnan(half_to_float(float_to_half(NAN))));
}

static void test_bf16(void **state)
{
    (void)state;
    assert_int_equal(float_to_bf16(1.0f), 0x3f80);
    assert_int_equal(float_to_bf16(0x1.01p0f), 0x3f80); /* middles go to the even one */
    assert_int_equal(float_to_bf16(0x1.03p0f), 0x3f82);
    assert_int_equal(float_to_bf16(0x1.010002p0f), 0x3f81);
    assert_true(isnan(bf16_to_float(float_to_bf16(NAN))));
    assert_float_equal(bf16_to_float(0xc000), -2.0f, 0);
}

static void test_traits(void **state)
{
    char name[24];
    (void)state;
    assert_int_equal(type_row_bytes(TYPE_Q4_0, 64), 36);
    assert_int_equal(type_row_bytes(TYPE_Q6_K, 512), 420);
    assert_int_equal(type_row_bytes(TYPE_Q6_K, 128), 0);
    assert_int_equal(type_row_bytes(TYPE_F32, SIZE_MAX), 0);
    assert_int_equal(type_row_bytes(77, 32), 0);
    assert_null(type_traits_get(4000000000u)->name);
    assert_string_equal(type_name_any(TYPE_IQ4_XS, name), "IQ4_XS");
    assert_string_equal(type_name_any(17, name), "IQ2_XS");
    assert_string_equal(type_name_any(4000000000u, name), "type 4000000000");
}

/* A Q4_K block by hand: d = 2, dmin = 1, group 0 has scale 3 and min 5, group 5 scale 33, min 18.
 */
static void test_known_block(void **state)
{
    uint8_t b[144] = {0x00, 0x40, 0x00, 0x3c};
    float x[256];
    (void)state;
    b[4] = 3;
    b[8] = 5;
    b[4 + 1] = 2 << 6; /* group 5: upper bits of the scale, 2 << 4, */
    b[4 + 5] = 1 << 6; /* of the min, 1 << 4, and both lower halves */
    b[4 + 9] = 1 | 2 << 4;
    b[16] = 7;
    b[16 + 64 + 31] = 9 << 4;
    dequantize_row(TYPE_Q4_K, b, x, 256);
    assert_float_equal(x[0], 2 * 3 * 7 - 5, 0);
    assert_float_equal(x[1], -5, 0);
    assert_float_equal(x[5 * 32 + 31], 2 * 33 * 9 - 18, 0);
    assert_float_equal(x[5 * 32], -18, 0);
    assert_float_equal(x[255], 0, 0);
}

static void test_known_small_blocks(void **state)
{
    uint8_t q4[18] = {0x00, 0x38, [2] = 0x1f}, q5[22] = {0x00, 0x3c, 0x01, 0x00, 0x01, 0x00, 0x23};
    uint8_t iq4[18] = {0x00, 0x3c, [2] = 0xf0};
    float x[32];
    (void)state;
    dequantize_row(TYPE_Q4_0, q4, x, 32);
    assert_float_equal(x[0], 3.5f, 0);
    assert_float_equal(x[16], -3.5f, 0);
    assert_float_equal(x[1], -4, 0);
    dequantize_row(TYPE_Q5_0, q5, x, 32);
    assert_float_equal(x[0], 3, 0);
    assert_float_equal(x[16], 2, 0);
    assert_float_equal(x[1], -16, 0);
    dequantize_row(TYPE_IQ4_NL, iq4, x, 32);
    assert_float_equal(x[0], -127, 0);
    assert_float_equal(x[16], 113, 0);
}

static float relative_error(enum weight_type type, const float *x, size_t n)
{
    uint8_t *row = malloc(type_row_bytes(type, n));
    float *back = malloc(n * sizeof *back);
    double error = 0, power = 0;
    quantize_row(type, x, row, n);
    dequantize_row(type, row, back, n);
    for (size_t i = 0; i < n; i++) {
        error += (double)(back[i] - x[i]) * (back[i] - x[i]);
        power += (double)x[i] * x[i];
    }
    free(row);
    free(back);
    return (float)sqrt(error / power);
}

/* RMS error over RMS for normally distributed weights; the bounds lie 3 % above what the search
 * reaches, so a wrong bit or a worse search shows. */
static void test_round_trip_error(void **state)
{
    static const struct {
        enum weight_type type;
        float bound;
    } bounds[] = {
        {TYPE_F32, 0},        {TYPE_F16, 0.000213f}, {TYPE_BF16, 0.00171f},  {TYPE_Q8_0, 0.00539f},
        {TYPE_Q4_0, 0.0815f}, {TYPE_Q4_1, 0.0713f},  {TYPE_Q5_0, 0.0406f},   {TYPE_Q5_1, 0.0345f},
        {TYPE_Q2_K, 0.274f},  {TYPE_Q3_K, 0.145f},   {TYPE_Q4_K, 0.0726f},   {TYPE_Q5_K, 0.0365f},
        {TYPE_Q6_K, 0.017f},  {TYPE_IQ4_NL, 0.076f}, {TYPE_IQ4_XS, 0.0768f},
    };
    enum { N = 256 * 64 };
    float *x = malloc(N * sizeof *x);
    uint32_t seed = 1;
    (void)state;
    for (size_t i = 0; i < N; i++)
        x[i] = 0.02f * random_normal(&seed);
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        float error = relative_error(bounds[i].type, x, N);
        if (error > bounds[i].bound)
            fail_msg("%s: error %g", type_traits_get(bounds[i].type)->name, (double)error);
    }
    free(x);
}

/* Zeroes, one spike, a constant, tiny and huge values come back roughly (4e-6: no half can hold the
 * scale of smaller ones); NaN and infinity do no harm. */
static void test_degenerate_rows(void **state)
{
    static const float values[] = {0, 1, -1, 1e-30f, 1e4f, -3e-6f};
    float x[256], back[256];
    uint8_t row[1024];
    (void)state;
    for (int type = 0; type < TYPE_COUNT; type++) {
        if (!type_traits_get((uint32_t)type)->name)
            continue;
        for (size_t v = 0; v < 12; v++) {
            for (size_t i = 0; i < 256; i++)
                x[i] = v < 6 || i == 77 ? values[v % 6] : 0;
            quantize_row(type, x, row, 256);
            dequantize_row(type, row, back, 256);
            for (size_t i = 0; i < 256; i++)
                if (!(fabsf(back[i] - x[i]) <= 0.3f * fabsf(values[v % 6]) + 4e-6f))
                    fail_msg("%s: %g became %g", type_traits_get((uint32_t)type)->name,
                             (double)x[i], (double)back[i]);
        }
        x[3] = NAN;
        x[4] = INFINITY;
        quantize_row(type, x, row, 256);
    }
}

/* Rows already on a type's grid come back as they were (the scale is found exactly). */
static void test_grid_is_kept(void **state)
{
    float x[32], back[32];
    uint8_t row[34];
    (void)state;
    for (int i = 0; i < 32; i++)
        x[i] = 0.25f * (float)(i % 16 - 8);
    quantize_row(TYPE_Q4_0, x, row, 32);
    dequantize_row(TYPE_Q4_0, row, back, 32);
    assert_memory_equal(x, back, sizeof x);
    for (int i = 0; i < 32; i++)
        x[i] = 0.5f * (float)(i % 16) + 3;
    quantize_row(TYPE_Q4_1, x, row, 32);
    dequantize_row(TYPE_Q4_1, row, back, 32);
    assert_memory_equal(x, back, sizeof x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_round_trip),
        cmocka_unit_test(test_half_rounding),
        cmocka_unit_test(test_bf16),
        cmocka_unit_test(test_traits),
        cmocka_unit_test(test_known_block),
        cmocka_unit_test(test_known_small_blocks),
        cmocka_unit_test(test_round_trip_error),
        cmocka_unit_test(test_degenerate_rows),
        cmocka_unit_test(test_grid_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
