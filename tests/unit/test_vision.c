/* The vision tower's arithmetics on small random towers of even and odd sizes: BF16 and int8
 * against exact F32, thread by thread, and which one is chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/facet.h"
#include "engine/kernels/kernels.h"
#include "tests/support/scratch.h"
#include "tests/support/tiny.h"

static char why[FACET_ERROR_BYTES];
static char *folder, *text_path, *tower_path;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_new();
    text_path = scratch_path(folder, "tiny.gguf");
    tower_path = scratch_path(folder, "mmproj.gguf");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_free(folder);
    free(text_path);
    free(tower_path);
    return 0;
}

static void make_model(const struct tiny *t)
{
    assert_true(tiny_pair(t, t, text_path, tower_path, NULL));
}

static struct facet_model *open_with(const char *kernels, const char *precision, unsigned threads)
{
    struct facet_model_options options = {.mmproj = tower_path,
                                          .kernels = kernels,
                                          .vision_precision = precision,
                                          .n_threads = threads};
    return facet_model_open(text_path, &options, why);
}

/* The soft tokens of one picture, *n floats; NULL if the model does not open so. */
static float *encode(const char *kernels, const char *precision, unsigned threads, size_t *n)
{
    struct facet_model *model = open_with(kernels, precision, threads);
    if (!model)
        return NULL;
    struct facet_model_info info;
    facet_model_get_info(model, &info);
    struct facet_session *s = facet_session_open(model, NULL, why);
    assert_non_null(s);
    size_t n_planes = 3 * (size_t)info.image_size * info.image_size;
    float *planes = malloc(n_planes * sizeof *planes);
    for (size_t i = 0; i < n_planes; i++)
        planes[i] = sinf((float)i * 0.0371f) * cosf((float)i * 0.00113f);
    *n = (size_t)info.n_soft_tokens * info.n_embd;
    float *soft = malloc(*n * sizeof *soft);
    assert_int_equal(facet_session_encode_image(s, planes, soft, why), FACET_OK);
    free(planes);
    facet_session_close(s);
    facet_model_close(model);
    return soft;
}

/* The same soft tokens, bit for bit. */
static bool same(const float *a, const float *b, size_t n)
{
    return a && b && memcmp(a, b, n * sizeof *a) == 0;
}

/* Largest difference over the standard deviation. */
static double difference(const float *a, const float *b, size_t n)
{
    double most = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)a[i] - b[i]));
        squares += (double)b[i] * b[i];
    }
    return most / sqrt(squares / (double)n);
}

/* 225 patches, the last key without a neighbour; heads of 18; panels that are not full. */
static struct tiny odd_tower(void)
{
    struct tiny t = tiny_default;
    t.v_width = 72;
    t.v_heads = 4;
    t.v_ff = 150;
    t.image_size = 45;
    t.patch_size = 3;
    t.pool = 5;
    t.v_type = TYPE_F16;
    return t;
}

/* 1024 patches: from here on BF16 is the default. */
static struct tiny large_tower(void)
{
    struct tiny t = tiny_default;
    t.v_width = 64;
    t.v_layers = 2;
    t.v_heads = 4;
    t.v_ff = 96;
    t.image_size = 64;
    t.patch_size = 2;
    t.pool = 8;
    return t;
}

/* Soft tokens of one, two and three threads are the same, and near enough to exact[n]. */
static void check_precision(const char *kernels, const char *precision, const float *exact,
                            double most)
{
    size_t n;
    float *one = encode(kernels, precision, 1, &n);
    assert_non_null(one);
    assert_false(same(one, exact, n));
    if (!(difference(one, exact, n) < most))
        fail_msg("%s: off by %g", precision, difference(one, exact, n));
    for (unsigned threads = 2; threads <= 3; threads++) {
        float *more = encode(kernels, precision, threads, &n);
        assert_true(same(more, one, n));
        free(more);
    }
    free(one);
}

static void check_against_exact(const struct tiny *t)
{
    static const char *const kernels[] = {"scalar", "avx512"};
    make_model(t);
    size_t n;
    float *exact = encode("exact", "f32", 1, &n);
    assert_non_null(exact);
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        const struct kernels *k = kernels_get(kernels[i]);
        if (k && k->bf16)
            check_precision(kernels[i], "bf16", exact, 2e-2); /* 1.1e-2 was seen */
        if (k && k->int8)
            check_precision(kernels[i], "int8", exact, 5e-2); /* 3.7e-2 was seen */
    }
    free(exact);
}

/* Layers wider than a block of INT8_BLOCK columns, and than a task's rows; weights in blocks. */
static struct tiny wide_tower(void)
{
    struct tiny t = odd_tower();
    t.v_width = 288;
    t.v_ff = 544;
    t.v_type = TYPE_Q8_0;
    return t;
}

static void short_arithmetics_are_near_f32(void **state)
{
    (void)state;
    struct tiny odd = odd_tower(), large = large_tower(), wide = wide_tower();
    check_against_exact(&tiny_default);
    check_against_exact(&odd);
    check_against_exact(&large);
    check_against_exact(&wide);
}

static void exact_kernels_stay_f32(void **state)
{
    (void)state;
    struct tiny t = large_tower();
    make_model(&t);
    size_t n;
    float *f32 = encode("exact", "f32", 2, &n), *asked = encode("exact", "int8", 2, &n);
    float *plain = encode("exact", NULL, 2, &n);
    assert_true(same(f32, asked, n) && same(f32, plain, n));
    free(f32);
    free(asked);
    free(plain);
}

static void large_towers_are_bf16_where_it_is_fast(void **state)
{
    (void)state;
    const struct bf16_kernels *best = kernels_get(NULL)->bf16;
    struct tiny towers[] = {tiny_default, large_tower()};
    for (size_t i = 0; i < 2; i++) {
        make_model(&towers[i]);
        size_t n;
        const char *expected = i == 1 && best && best->fast ? "bf16" : "f32";
        float *plain = encode(NULL, NULL, 2, &n), *named = encode(NULL, expected, 2, &n);
        assert_true(same(plain, named, n));
        free(plain);
        free(named);
    }
}

static void refuses_what_there_is_not(void **state)
{
    (void)state;
    struct tiny t = tiny_default;
    make_model(&t);
    assert_null(open_with("scalar", "f64", 1));
    assert_non_null(strstr(why, "\"f64\""));
    if (kernels_get("avx2")) {
        assert_null(open_with("avx2", "int8", 1));
        assert_non_null(strstr(why, "\"int8\""));
    }
    t.v_width = 36; /* heads of 9 */
    t.v_heads = 4;
    make_model(&t);
    assert_null(open_with("scalar", "bf16", 1));
    assert_non_null(strstr(why, "\"bf16\""));
    assert_null(open_with("scalar", "int8", 1));
    assert_non_null(strstr(why, "\"int8\""));
    size_t n;
    float *plain = encode("scalar", NULL, 1, &n);
    assert_non_null(plain);
    free(plain);
}

int main(void)
{
    unsetenv("FACET_KERNELS");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_arithmetics_are_near_f32),
        cmocka_unit_test(exact_kernels_stay_f32),
        cmocka_unit_test(large_towers_are_bf16_where_it_is_fast),
        cmocka_unit_test(refuses_what_there_is_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
