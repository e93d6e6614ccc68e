/* Every entry of every kernel set that this processor has: products against sums in double
 * precision, the rest against the scalar set; all lengths, no alignment, and a forbidden page right
 * behind each input, as behind a mapped file. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/kernels/kernels.h"

static const char *const set_names[] = {"scalar", "avx2", "avx512", "neon"};

/* The sets to test, one after another; NULL at the end. The table by the name of "avx512" has BF16
 * where the processor does. */
static const struct kernels *set_next(size_t *i)
{
    const struct kernels *plain = kernels_get("avx512");
    if (*i == sizeof set_names / sizeof *set_names && plain && plain->bf16) {
        ++*i;
        return kernels_avx512();
    }
    while (*i < sizeof set_names / sizeof *set_names) {
        const struct kernels *k = kernels_get(set_names[(*i)++]);
        if (k)
            return k;
    }
    return NULL;
}

#define EACH_SET(k)                                                                                \
    size_t set_index = 0;                                                                          \
    for (const struct kernels *k; (k = set_next(&set_index));)

/* -- buffers that end where a forbidden page begins -- */

enum { BUFFERS = 16, BUFFER_BYTES = 1 << 19 };

static uint8_t *buffer_ends[BUFFERS];

static void buffers_open(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < BUFFERS; i++) {
        uint8_t *p = mmap(NULL, BUFFER_BYTES + page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(p != MAP_FAILED);
        assert_int_equal(mprotect(p + BUFFER_BYTES, page, PROT_NONE), 0);
        buffer_ends[i] = p + BUFFER_BYTES;
    }
}

/* The last `bytes` bytes of buffer i. */
static void *buffer(size_t i, size_t bytes)
{
    assert_true(i < BUFFERS && bytes <= BUFFER_BYTES);
    return buffer_ends[i] - bytes;
}

static uint32_t random_state = 1;

static uint32_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* −1 … 1 */
static float random_float(void)
{
    return (float)(int32_t)random_bits() * 0x1p-31f;
}

static float *random_floats(size_t i, size_t n, float size)
{
    float *x = buffer(i, n * sizeof *x);
    for (size_t j = 0; j < n; j++)
        x[j] = size * random_float();
    return x;
}

static float *copy_floats(size_t i, const float *x, size_t n)
{
    float *copy = buffer(i, n * sizeof *copy);
    if (n)
        memcpy(copy, x, n * sizeof *copy);
    return copy;
}

/* |a − b| ≤ relative × |b| + absolute for all of n. */
static void check_close(const char *set, const char *what, const float *a, const float *b, size_t n,
                        double relative, double absolute)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)a[i] - b[i]) <= relative * fabs((double)b[i]) + absolute))
            fail_msg("%s %s: value %zu of %zu is %.9g, not %.9g", set, what, i, n, (double)a[i],
                     (double)b[i]);
}

static void check_same(const char *set, const char *what, const void *a, const void *b,
                       size_t bytes)
{
    if (memcmp(a, b, bytes))
        fail_msg("%s %s: results differ", set, what);
}

/* Lengths: all to 300, then some large and odd ones. 0 ends the loop. */
static size_t next_length(size_t n)
{
    static const size_t large[] = {1023, 1152, 2560, 4099};
    if (n < 300)
        return n + 1;
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        if (n < large[i])
            return large[i];
    return 0;
}

/* Multiples of `block`: small ones, then some large ones. */
static size_t next_blocks(size_t n, size_t block)
{
    if (n < 10 * block)
        return n + block;
    return n < 2560 ? 2560 : n < 4096 + 256 ? 4096 + 256 : 0; /* the last beyond a panel's chunk */
}

/* -- weights of any bits, with sane scales -- */

static void put_random_half(uint8_t *p)
{
    uint16_t half = float_to_half(random_float() * 0.02f);
    memcpy(p, &half, 2);
}

/* Where the halves of a block are; −1 for none. */
static void half_offsets(enum weight_type type, int at[2])
{
    at[0] = 0;
    at[1] = -1;
    if (type == TYPE_Q4_1 || type == TYPE_Q5_1 || type == TYPE_Q4_K || type == TYPE_Q5_K)
        at[1] = 2;
    else if (type == TYPE_Q2_K)
        at[0] = 80, at[1] = 82;
    else if (type == TYPE_Q3_K)
        at[0] = 108;
    else if (type == TYPE_Q6_K)
        at[0] = 208;
}

static uint8_t *random_rows(size_t i, enum weight_type type, size_t rows, size_t n)
{
    const struct type_traits *t = type_traits_get(type);
    size_t bytes = rows * type_row_bytes(type, n);
    uint8_t *w = buffer(i, bytes);
    int at[2];
    half_offsets(type, at);
    for (size_t b = 0; b < bytes; b++)
        w[b] = (uint8_t)random_bits();
    for (size_t b = 0; b < bytes; b += t->block_bytes)
        for (int h = 0; h < 2; h++)
            if (at[h] >= 0)
                put_random_half(w + b + at[h]);
    return w;
}

static bool quantised(int type)
{
    return type_traits_get((uint32_t)type)->quantised;
}

/* -- int8 activations -- */

static struct q8 q8_buffers(size_t i, size_t tokens, size_t n)
{
    return (struct q8){buffer(i, tokens * n),
                       buffer(i + 1, tokens * n / 32 * sizeof(struct q8_block)), n};
}

static struct q8 random_q8(const struct kernels *k, size_t i, size_t tokens, size_t n)
{
    struct q8 x = q8_buffers(i, tokens, n);
    for (size_t t = 0; t < tokens; t++) {
        float *values = random_floats(BUFFERS - 1, n, t % 3 == 2 ? 100 : 1);
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
        for (size_t n = 32; n; n = next_blocks(n, 32)) {
            struct q8 a = random_q8(k, 0, 4, n), b = q8_buffers(3, 4, n);
            random_state = (uint32_t)n;
            a = random_q8(k, 0, 4, n);
            random_state = (uint32_t)n;
            b = random_q8(scalar, 3, 4, n);
            check_same(k->name, "quantize_q8 q", a.q, b.q, 4 * n);
            for (size_t i = 0; i < 4 * n / 32; i++) {
                check_same(k->name, "quantize_q8 scale", &a.block[i].scale, &b.block[i].scale, 4);
                check_same(k->name, "quantize_q8 less", a.block[i].less, b.block[i].less, 8);
            }
        }
    }
}

static void test_quantize_q8_extremes(void **state)
{
    (void)state;
    EACH_SET(k)
    {
        float *x = random_floats(BUFFERS - 1, 32, 1);
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
    uint8_t *w = random_rows(0, type, rows, n);
    struct q8 x = random_q8(k, 1, tokens, n);
    float *y = random_floats(4, tokens * ldy, 1), *before = copy_floats(5, y, tokens * ldy);
    k->matvec_q8[type](w, row_bytes, rows, x, tokens, y, ldy);
    for (size_t t = 0; t < tokens; t++) {
        const float *got = y + t * ldy;
        float alone[16], one;
        k->matvec_q8[type](w, row_bytes, rows, q8_row(x, t), 1, alone, 0);
        check_same(k->name, "matvec_q8 alone", alone, got, rows * sizeof one);
        check_same(k->name, "matvec_q8 beside", before + t * ldy + rows, got + rows,
                   3 * sizeof one);
        for (size_t r = 0; r < rows; r++) {
            check_product(k->name, type, w + r * row_bytes, q8_row(x, t), false, got[r]);
            k->matvec_q8[type](w + r * row_bytes, row_bytes, 1, q8_row(x, t), 1, &one, 0);
            check_same(k->name, "matvec_q8 divided", &one, &got[r], sizeof one);
        }
    }
}

static void test_matvec_q8(void **state)
{
    (void)state;
    EACH_SET(k)
    for (int type = 0; type < TYPE_COUNT; type++) {
        size_t block = type_traits_get((uint32_t)type)->block_weights;
        if (!quantised(type)) {
            assert_null(k->matvec_q8[type]);
            continue;
        }
        for (size_t n = block, rows = 1; n; n = next_blocks(n, block), rows = rows % 11 + 1) {
            check_matvec_q8(k, (enum weight_type)type, rows, n, 1);
            check_matvec_q8(k, (enum weight_type)type, rows, n, 2 + rows % 5);
        }
    }
}

static void check_panel_q8(const struct kernels *k, enum weight_type type, size_t rows, size_t n,
                           size_t tokens)
{
    size_t row_bytes = type_row_bytes(type, n), ldy = rows + 3;
    uint8_t *w = random_rows(0, type, rows, n);
    struct q8 x = random_q8(k, 1, tokens, n);
    float *y = random_floats(4, tokens * ldy, 1), *before = copy_floats(5, y, tokens * ldy);
    size_t bytes = (k->panel_bytes(n) + 63) / 64 * 64;
    struct panel panel = {.memory = buffer(6, bytes), .n = n, .n_rows = rows};
    k->unpack[type](w, row_bytes, &panel);
    assert_true(panel.group == 16 || panel.group == 32);
    k->panel_q8(&panel, x, tokens, y, ldy);
    for (size_t t = 0; t < tokens; t++) {
        float one[PANEL_ROWS];
        k->panel_q8(&panel, q8_row(x, t), 1, one, PANEL_ROWS);
        check_same(k->name, "panel_q8 divided", one, y + t * ldy, rows * sizeof *one);
        check_same(k->name, "panel_q8 beside", before + t * ldy + rows, y + t * ldy + rows,
                   3 * sizeof *y);
        for (size_t r = 0; r < rows; r++)
            check_product(k->name, type, w + r * row_bytes, q8_row(x, t), true, y[t * ldy + r]);
    }
}

enum { TWO_BIT_ROWS = 11 };

static void check_two_bit(const struct kernels *k, size_t n, size_t n_rows, size_t n_tokens)
{
    const int extreme = random_bits() % 2 ? 127 : -127;
    uint8_t *w = buffer(0, n_rows * n / 4);
    int8_t *x = buffer(1, n_tokens * n);
    int32_t expected[ROW_TOKENS * (TWO_BIT_ROWS + 1)], got[ROW_TOKENS * (TWO_BIT_ROWS + 1)];
    for (size_t i = 0; i < n_rows * n / 4; i++)
        w[i] = (uint8_t)(i % 5 ? random_bits() >> 8 : 255);
    for (size_t i = 0; i < n_tokens * n; i++)
        x[i] = (int8_t)(i % 3 ? extreme : (int)(random_bits() >> 8) % 128);
    memset(expected, 1, sizeof expected);
    memset(got, 1, sizeof got);
    kernels_scalar()->dot_two_bit(w, n_rows, n, x, n_tokens, expected, TWO_BIT_ROWS + 1);
    k->dot_two_bit(w, n_rows, n, x, n_tokens, got, TWO_BIT_ROWS + 1);
    check_same(k->name, "dot_two_bit", got, expected, sizeof got);
}

static void check_round_two_bit(const struct kernels *k, size_t n)
{
    float *w = random_floats(0, n, 3), expected[2], got[2];
    uint8_t *a = buffer(1, n / 4), *b = buffer(2, n / 4);
    w[n / 2] = NAN;
    w[n / 3] = 1e30f;
    kernels_scalar()->round_two_bit(w, n, 1.3f, a, expected);
    k->round_two_bit(w, n, 1.3f, b, got);
    check_same(k->name, "round_two_bit", b, a, n / 4);
    assert_true(isnan(got[0]));
    w[n / 2] = -1e30f;
    w[n / 3] = 0;
    kernels_scalar()->round_two_bit(w, n, 1.3f, a, expected);
    k->round_two_bit(w, n, 1.3f, b, got);
    check_same(k->name, "round_two_bit", b, a, n / 4);
    check_close(k->name, "round_two_bit", got, expected, 2, 1e-5, 0);
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
    for (size_t n = TWO_BIT_BLOCK; n <= 1 << 15; n = n < 12 * TWO_BIT_BLOCK ? n + TWO_BIT_BLOCK : 2 * n) {
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
        if (!quantised(type)) {
            assert_null(k->unpack[type]);
            continue;
        }
        for (size_t n = block; n; n = next_blocks(n, block), tokens = tokens % 13 + 1) {
            check_panel_q8(k, (enum weight_type)type, PANEL_ROWS, n, tokens);
            check_panel_q8(k, (enum weight_type)type, 1 + tokens * 5 % 31, n, 1 + tokens % 3);
        }
    }
}

/* -- F32 activations -- */

static void test_dequantize(void **state)
{
    (void)state;
    EACH_SET(k)
    for (int type = 0; type < TYPE_COUNT; type++) {
        size_t block = type_traits_get((uint32_t)type)->block_weights;
        if (!type_traits_get((uint32_t)type)->name)
            continue;
        for (size_t n = block; n; n = block == 1 ? next_length(n) : next_blocks(n, block)) {
            uint8_t *row = buffer(0, type_row_bytes((uint32_t)type, n));
            float *a = buffer(1, n * sizeof *a), *b = buffer(2, n * sizeof *b);
            if (quantised(type))
                random_rows(0, (enum weight_type)type, 1, n);
            else
                quantize_row((enum weight_type)type, random_floats(3, n, 1), row, n);
            k->dequantize[type](row, a, n);
            dequantize_row((enum weight_type)type, row, b, n);
            check_close(k->name, "dequantize", a, b, n, 0, 0);
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
        for (size_t n = 1, rows = 1; n; n = next_length(n), rows = rows % 9 + 1) {
            size_t row_bytes = type_row_bytes(types[i], n);
            uint8_t *w = buffer(0, rows * row_bytes);
            float *x = random_floats(2, n, 1), *y = buffer(3, rows * sizeof *y);
            float *row = buffer(4, n * sizeof *row);
            quantize_row(types[i], random_floats(1, rows * n, 1), w, rows * n);
            k->matvec_f32[types[i]](w, row_bytes, rows, n, x, y);
            for (size_t r = 0; r < rows; r++) {
                float one;
                dequantize_row(types[i], w + r * row_bytes, row, n);
                check_dot(k->name, "matvec_f32", row, x, 1, n, 0, y[r]);
                k->matvec_f32[types[i]](w + r * row_bytes, row_bytes, 1, n, x, &one);
                check_same(k->name, "matvec_f32 divided", &one, &y[r], sizeof one);
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
    float *a = random_floats(0, s.m * lda, 1), *b = random_floats(1, s.n * ldb, 1);
    float *c = random_floats(2, s.m * ldc, 1), *before = copy_floats(3, c, s.m * ldc);
    k->gemm_nt(s.m, s.n, s.k, a, lda, b, ldb, c, ldc);
    for (size_t i = 0; i < s.m; i++) {
        for (size_t j = 0; j < s.n; j++)
            check_dot(k->name, "gemm_nt", a + i * lda, b + j * ldb, 1, s.k, 0, c[i * ldc + j]);
        check_same(k->name, "gemm_nt beside", c + i * ldc + s.n, before + i * ldc + s.n, 12);
    }
    float one;
    size_t i = s.m - 1, j = s.n / 2;
    k->gemm_nt(1, 1, s.k, a + i * lda, lda, b + j * ldb, ldb, &one, 1);
    check_same(k->name, "gemm_nt divided", &one, &c[i * ldc + j], sizeof one);
}

static void check_gemm_nn_add(const struct kernels *k, struct sizes s)
{
    size_t lda = s.k + 1, ldb = s.n + 2, ldc = s.n + 3;
    float *a = random_floats(0, s.m * lda, 1), *b = random_floats(1, s.k * ldb, 1);
    float *c = random_floats(2, s.m * ldc, 1), *before = copy_floats(3, c, s.m * ldc);
    k->gemm_nn_add(s.m, s.n, s.k, a, lda, b, ldb, c, ldc);
    for (size_t i = 0; i < s.m; i++) {
        for (size_t j = 0; j < s.n; j++)
            check_dot(k->name, "gemm_nn_add", a + i * lda, b + j, ldb, s.k, before[i * ldc + j],
                      c[i * ldc + j]);
        check_same(k->name, "gemm_nn_add beside", c + i * ldc + s.n, before + i * ldc + s.n, 12);
    }
    size_t i = s.m - 1, j = s.n - 1;
    float one = before[i * ldc + j];
    k->gemm_nn_add(1, 1, s.k, a + i * lda, lda, b + j, ldb, &one, 1);
    check_same(k->name, "gemm_nn_add divided", &one, &c[i * ldc + j], sizeof one);
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
        for (size_t n = step; n; n = step == 1 ? next_length(n) : next_blocks(n, step)) {
            size_t bytes = n * bytes_of_32[type] / 32;
            float *x = random_floats(0, n, 3), *back = buffer(1, n * sizeof *back);
            float *right = buffer(2, n * sizeof *right);
            uint8_t *a = buffer(3, bytes), *b = buffer(4, bytes);
            k->cache_store[type](x, a, n);
            scalar->cache_store[type](x, b, n);
            check_same(k->name, "cache_store", a, b, bytes);
            k->cache_load[type](a, back, n);
            scalar->cache_load[type](a, right, n);
            check_same(k->name, "cache_load", back, right, n * sizeof *back);
            check_close(k->name, "cache", back, x, n, 1, type == CACHE_Q8_0 ? 0.013 : 1e-3);
        }
    }
}

/* A few queries straight on rows of the cache: near to scalar's, and each query the same bit for
 * bit when it is alone. */
static void check_cache_rows(const struct kernels *k, enum cache_type type, struct cache_rows rows,
                             size_t n_queries)
{
    size_t n = rows.n, ldq = n + 3, lds = rows.n_rows + 2, n_scores = n_queries * lds;
    float *x = random_floats(0, rows.n_rows * n, 3), *q = random_floats(1, n_queries * ldq, 1);
    float *a = random_floats(2, n_scores, 1), *b = copy_floats(3, a, n_scores);
    float *out = random_floats(4, n_queries * ldq, 1), *sum = copy_floats(5, out, n_queries * ldq);
    float *one = copy_floats(6, out, n_queries * ldq);
    uint8_t *bytes = buffer(7, rows.n_rows * rows.row_bytes);
    for (size_t r = 0; r < rows.n_rows; r++)
        kernels_scalar()->cache_store[type](x + r * n, bytes + r * rows.row_bytes, n);
    rows.rows = bytes;
    k->cache_dot[type](&rows, q, n_queries, ldq, a, lds);
    kernels_scalar()->cache_dot[type](&rows, q, n_queries, ldq, b, lds);
    check_close(k->name, "cache_dot", a, b, n_scores, 1e-5, 1e-5 * (double)n);
    k->cache_add[type](&rows, a, n_queries, lds, out, ldq);
    kernels_scalar()->cache_add[type](&rows, a, n_queries, lds, sum, ldq);
    check_close(k->name, "cache_add", out, sum, n_queries * ldq, 1e-5,
                1e-5 * (double)(n * rows.n_rows));
    for (size_t t = 0; t < n_queries; t++) {
        k->cache_dot[type](&rows, q + t * ldq, 1, ldq, b, lds);
        check_same(k->name, "cache_dot alone", b, a + t * lds, rows.n_rows * sizeof *b);
        k->cache_add[type](&rows, a + t * lds, 1, lds, one + t * ldq, ldq);
    }
    check_same(k->name, "cache_add alone", one, out, n_queries * ldq * sizeof *out);
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
    for (size_t n = 1; n; n = next_length(n)) {
        float *x = random_floats(0, n, 2), *w = random_floats(1, n, 1);
        float *bias = random_floats(2, n, 1), *a = buffer(3, n * sizeof *a);
        float *b = buffer(4, n * sizeof *b);
        k->rms_norm(x, w, 1e-6f, a, n);
        scalar->rms_norm(x, w, 1e-6f, b, n);
        check_close(k->name, "rms_norm", a, b, n, 2e-6, 0);
        k->layer_norm(x, w, bias, 1e-6f, a, n);
        scalar->layer_norm(x, w, bias, 1e-6f, b, n);
        /* Two values that nearly coincide are divided by their small distance. */
        check_close(k->name, "layer_norm", a, b, n, 2e-6, n == 1 ? 1e-3 : 2e-5);
        a = copy_floats(3, x, n);
        k->rms_norm(a, w, 1e-6f, a, n);
        scalar->rms_norm(x, w, 1e-6f, b, n);
        check_close(k->name, "rms_norm in place", a, b, n, 2e-6, 0);
        a = copy_floats(3, x, n);
        k->layer_norm(a, w, bias, 1e-6f, a, n);
        scalar->layer_norm(x, w, bias, 1e-6f, b, n);
        check_close(k->name, "layer_norm in place", a, b, n, 2e-6, n == 1 ? 1e-3 : 2e-5);
    }
}

/* Far left exp(−2u) magnifies the rounding of u to 3e-6 of a value that is itself tiny. */
static void test_gelu(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (size_t n = 1; n; n = next_length(n)) {
        float *x = random_floats(0, n, n % 3 ? 8 : 60), *up = random_floats(1, n, 2);
        float *a = copy_floats(2, x, n), *b = copy_floats(3, x, n);
        k->gelu_mul(a, up, n);
        scalar->gelu_mul(b, up, n);
        check_close(k->name, "gelu_mul", a, b, n, 1e-6, 1e-7);
        a = copy_floats(2, x, n);
        b = copy_floats(3, x, n);
        k->gelu_bias(a, up, n);
        scalar->gelu_bias(b, up, n);
        check_close(k->name, "gelu_bias", a, b, n, 1e-6, 1e-7);
    }
}

static void test_arithmetic(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (size_t n = 0, more = 1; more; n = more, more = next_length(n)) {
        float *x = random_floats(0, n, 2), *y = random_floats(1, n, 2);
        float *a = copy_floats(2, x, n), *b = copy_floats(3, x, n);
        k->add(a, y, n);
        scalar->add(b, y, n);
        check_same(k->name, "add", a, b, n * sizeof *a);
        k->scale(a, 0.3f, n);
        scalar->scale(b, 0.3f, n);
        check_same(k->name, "scale", a, b, n * sizeof *a);
        k->add_scaled(a, y, -1.7f, n); /* one rounding or two */
        scalar->add_scaled(b, y, -1.7f, n);
        check_close(k->name, "add_scaled", a, b, n, 0, 5e-7);
        assert_true(k->max(x, n) == scalar->max(x, n));
    }
}

static void test_rope(void **state)
{
    const struct kernels *scalar = kernels_scalar();
    (void)state;
    EACH_SET(k)
    for (size_t n = 2; n <= 300; n += 2) {
        float *x = random_floats(0, n, 2);
        float *c = random_floats(1, n / 2, 1), *s = random_floats(2, n / 2, 1);
        float *a = copy_floats(3, x, n), *b = copy_floats(4, x, n);
        k->rope(a, c, s, n);
        scalar->rope(b, c, s, n);
        check_close(k->name, "rope", a, b, n, 0, 5e-7);
    }
}

static void check_exp(const struct kernels *k, float *x, float max, size_t n)
{
    float *e = copy_floats(1, x, n);
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
        for (size_t n = 1; n; n = next_length(n))
            check_exp(k, random_floats(0, n, n % 2 ? 5 : 60), n % 2 ? 5.5f : 60, n);
        enum { MANY = 1 << 16 };
        float *x = buffer(0, MANY * sizeof *x);
        for (size_t i = 0; i < MANY; i++)
            x[i] = -110 * (float)i / MANY;
        check_exp(k, x, 0, MANY);
        for (size_t i = 0; i < MANY; i++)
            x[i] = random_float();
        check_exp(k, x, 0, MANY);
        for (size_t i = 0; i < 20; i++)
            x[i] = i % 3 ? -INFINITY : 2;
        assert_true(k->exp_sum(x, 2, 20) == 7);
        assert_true(x[0] == 1 && x[1] == 0 && x[19] == 0);
        assert_true(k->exp_sum(x, 2, 0) == 0);
        assert_true(k->max(x, 0) == -INFINITY);
    }
}

/* -- BF16 -- */

static float bf16_float(bf16 b)
{
    float value;
    dequantize_row(TYPE_BF16, &b, &value, 1);
    return value;
}

static bf16 *random_bf16(size_t i, size_t n, float size)
{
    bf16 *x = buffer(i, n * sizeof *x);
    for (size_t j = 0; j < n; j++) {
        float value = size * random_float();
        kernels_scalar()->bf16->round(&value, x + j, 1);
    }
    return x;
}

static void test_bf16_round(void **state)
{
    (void)state;
    EACH_SET(k)
    for (size_t n = 1; n && k->bf16; n = next_length(n)) {
        float *x = random_floats(0, n, 300);
        bf16 *a = buffer(1, n * sizeof *a), *b = buffer(2, n * sizeof *b);
        x[n / 2] = 1 + 0x1p-8f; /* ties go to the even */
        x[n / 3] = 0;
        k->bf16->round(x, a, n);
        kernels_scalar()->bf16->round(x, b, n);
        check_same(k->name, "bf16 round", a, b, n * sizeof *a);
    }
}

static double gelu_tanh(double x)
{
    return x / (1 + exp(-x * (1.5957691216 + 0.0713548162726 * x * x)));
}

/* One product, whole and token by token. */
static void check_bf16_multiply(const struct kernels *k, size_t rows, size_t n, size_t tokens,
                                bool gelu, bool add)
{
    size_t ldx = n + 4, ldy = rows + 2;
    float *w = random_floats(0, rows * n, 1), *bias = random_floats(1, rows, 2), *sum = NULL;
    bf16 *x = random_bf16(2, tokens * ldx, 1), *y = NULL, *panel = buffer(3, PANEL_ROWS * n * 2);
    bf16 *packed = buffer(4, PANEL_ROWS * n * 2);
    struct bf16_product p = {.panel = panel,
                             .n = n,
                             .n_rows = rows,
                             .x = x,
                             .ldx = ldx,
                             .n_tokens = tokens,
                             .bias = bias,
                             .gelu = gelu,
                             .ldy = ldy};
    kernels_scalar()->bf16->pack(w, n, rows, n, packed);
    k->bf16->pack(w, n, rows, n, panel);
    check_same(k->name, "bf16 pack", panel, packed, PANEL_ROWS * n * 2);
    float *before = random_floats(5, tokens * ldy, 1);
    if (add)
        p.sum = sum = copy_floats(6, before, tokens * ldy);
    else
        p.y = y = random_bf16(6, tokens * ldy, 1);
    bf16 *beside = buffer(7, tokens * ldy * 2);
    if (y)
        memcpy(beside, y, tokens * ldy * 2);
    k->bf16->multiply(&p);
    for (size_t t = 0; t < tokens; t++)
        for (size_t r = 0; r < ldy; r++) {
            size_t at = t * ldy + r;
            double right = r < rows ? bias[r] : 0, size = fabs(right);
            for (size_t i = 0; r < rows && i < n; i++) {
                double term = (double)bf16_float(panel[(i / 2 * PANEL_ROWS + r) * 2 + i % 2]) *
                              bf16_float(x[t * ldx + i]);
                right += term;
                size += fabs(term);
            }
            right = gelu ? gelu_tanh(right) : right;
            if (r >= rows) {
                if (sum ? sum[at] != before[at] : y[at] != beside[at])
                    fail_msg("%s bf16 multiply: wrote beside its rows", k->name);
            } else if (sum) {
                if (!(fabs(sum[at] - before[at] - right) <=
                      1e-4 * fabs(right) + 2e-6 * size + 1e-6))
                    fail_msg("%s bf16 multiply adds %.9g, not %.9g", k->name,
                             (double)sum[at] - before[at], right);
            } else if (!(fabs(bf16_float(y[at]) - right) <=
                         0x1.04p-8 * fabs(right) + 2e-6 * size)) {
                fail_msg("%s bf16 multiply: %.9g, not %.9g", k->name, (double)bf16_float(y[at]),
                         right);
            }
        }
    if (!y)
        return;
    bf16 one[PANEL_ROWS];
    p.x += (tokens - 1) * ldx;
    p.n_tokens = 1;
    p.y = one;
    k->bf16->multiply(&p);
    check_same(k->name, "bf16 multiply divided", one, y + (tokens - 1) * ldy, rows * sizeof *one);
}

static void test_bf16_multiply(void **state)
{
    (void)state;
    EACH_SET(k)
    {
        if (!k->bf16)
            continue;
        for (size_t i = 0; i < 120; i++)
            check_bf16_multiply(k, 1 + i * 7 % PANEL_ROWS, 2 + 2 * (i * 11 % 45), 1 + i % 41,
                                i % 3 == 1, i % 3 == 2);
        check_bf16_multiply(k, PANEL_ROWS, 1152, 50, true, false);
        check_bf16_multiply(k, 16, 4304, 29, false, true);
    }
}

struct attention_case {
    size_t n_queries, n_keys, head_dim;
    float spread; /* of the scores' exponents */
    bool rising;  /* late keys score higher and higher: the maximum must be raised */
};

/* Σ w v / Σ w of query i and dimension d in double, and the sum of the sizes. */
static double attended(const struct bf16_attention *a, const double *w, size_t d, double *size)
{
    double sum = 0, total = 0;
    *size = 0;
    for (size_t j = 0; j < a->n_keys; j++) {
        double v = bf16_float(a->v[(j / 2 * a->head_dim + d) * 2 + j % 2]);
        sum += w[j];
        total += w[j] * v;
        *size += w[j] * fabs(v);
    }
    *size /= sum;
    return total / sum;
}

static void exponents(const struct bf16_attention *a, size_t i, double *w)
{
    double most = -INFINITY;
    for (size_t j = 0; j < a->n_keys; j++) {
        w[j] = 0;
        for (size_t d = 0; d < a->head_dim; d++)
            w[j] += (double)bf16_float(a->q[i * a->ld + d]) * bf16_float(a->k[j * a->ld + d]);
        w[j] *= (double)a->scale;
        most = w[j] > most ? w[j] : most;
    }
    for (size_t j = 0; j < a->n_keys; j++)
        w[j] = exp2(w[j] - most);
}

/* Weights are BF16: each is off by up to 2⁻⁹, and the result is rounded once more. */
static void check_bf16_attend(const struct kernels *k, struct attention_case c)
{
    size_t ld = c.head_dim + 6, hd = c.head_dim, pairs = (c.n_keys + 1) / 2;
    size_t bytes = (k->bf16->attend_bytes(hd) + 63) / 64 * 64;
    double *w = buffer(0, c.n_keys * sizeof *w);
    bf16 *q = random_bf16(1, c.n_queries * ld, 1), *key = random_bf16(2, c.n_keys * ld, 1);
    bf16 *v = random_bf16(3, pairs * hd * 2, 1), *out = random_bf16(4, c.n_queries * ld, 1);
    for (size_t i = 0; c.rising && i < c.n_queries; i++)
        q[i * ld] = 0x3f80; /* 1 */
    for (size_t j = 0; c.rising && j < c.n_keys; j++) {
        float value = (float)j;
        k->bf16->round(&value, key + j * ld, 1);
    }
    for (size_t d = 0; c.n_keys % 2 && d < hd; d++)
        v[((pairs - 1) * hd + d) * 2 + 1] = 0;
    struct bf16_attention a = {c.n_queries, c.n_keys, hd, c.spread,        q, key, false,
                               v,           out,      ld, buffer(5, bytes)};
    bf16 *beside = buffer(6, c.n_queries * ld * 2);
    memcpy(beside, out, c.n_queries * ld * 2);
    k->bf16->attend(&a);
    for (size_t i = 0; i < c.n_queries; i++) {
        exponents(&a, i, w);
        for (size_t d = 0; d < hd; d++) {
            double size, right = attended(&a, w, d, &size), is = bf16_float(out[i * ld + d]);
            if (!(fabs(is - right) <= 0x1.1p-8 * size + 0x1p-8 * fabs(right)))
                fail_msg("%s bf16 attend %zu queries, %zu keys of %zu: %g, not %g", k->name,
                         c.n_queries, c.n_keys, hd, is, right);
        }
        check_same(k->name, "bf16 attend beside", out + i * ld + hd, beside + i * ld + hd, 12);
    }
}

static void test_bf16_attend(void **state)
{
    static const struct attention_case cases[] = {
        {BF16_QUERIES, 600, 72, 0.2f, false}, {33, 1001, 72, 3, false}, {40, 700, 64, 1, true},
        {1, 253, 256, 0.1f, false},           {3, 300, 10, 0, false},   {2, 1500, 8, -2, true},
    };
    (void)state;
    EACH_SET(k)
    {
        if (!k->bf16)
            continue;
        for (size_t i = 0; i < 150; i++)
            check_bf16_attend(k, (struct attention_case){1 + i * 5 % 40, 1 + i * 13 % 70,
                                                         2 + 2 * (i * 3 % 45), 0.5f, i % 5 == 0});
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_bf16_attend(k, cases[i]);
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

/* -- int8 for the vision tower -- */

static struct int8_block *random_blocks(size_t i, size_t n_rows, size_t n)
{
    struct int8_block *x = buffer(i, n_rows * int8_blocks(n) * sizeof *x);
    float *row = malloc(n * sizeof *row);
    for (size_t t = 0; t < n_rows; t++) {
        for (size_t j = 0; j < n; j++)
            row[j] = (t % 7 ? 1.0f : 1e-3f) * random_float();
        kernels_scalar()->int8->quantize(row, x + t * int8_blocks(n), n);
    }
    free(row);
    return x;
}

/* Rounding half ways may differ; nothing else. */
static void check_near_block(const char *set, const struct int8_block *a,
                             const struct int8_block *b)
{
    int32_t sum = 0;
    for (size_t i = 0; i < INT8_BLOCK; i++) {
        sum += a->q[i];
        if (abs(a->q[i] - b->q[i]) > 1)
            fail_msg("%s int8 quantize: %d, not %d", set, a->q[i], b->q[i]);
    }
    if (a->start != -128 * sum || !(fabsf(a->scale - b->scale) <= 1e-4f * b->scale))
        fail_msg("%s int8 quantize: start %d, scale %.9g, not %.9g", set, a->start,
                 (double)a->scale, (double)b->scale);
}

static void test_int8_quantize(void **state)
{
    (void)state;
    EACH_SET(k)
    for (size_t n = 1; n && k->int8; n = next_length(n)) {
        size_t blocks = int8_blocks(n), bytes = blocks * sizeof(struct int8_block);
        float *x = random_floats(0, n, 300), mean[INT8_BLOCK], right[INT8_BLOCK];
        struct int8_block *a = buffer(1, bytes), *b = buffer(2, bytes);
        x[n / 2] = 0;
        if (n > INT8_BLOCK)
            memset(x, 0, INT8_BLOCK * sizeof *x);
        memset(a, 1, bytes);
        k->int8->quantize(x, a, n);
        kernels_scalar()->int8->quantize(x, b, n);
        for (size_t i = 0; i < blocks; i++)
            check_near_block(k->name, a + i, b + i);
        for (size_t i = n; i < blocks * INT8_BLOCK; i++)
            assert_int_equal(a[blocks - 1].q[i % INT8_BLOCK], 0);
        k->int8->mean(b, 1, blocks, mean);
        kernels_scalar()->int8->mean(b, 1, blocks, right);
        check_close(k->name, "int8 mean", mean, right, INT8_BLOCK, 1e-6, 1e-3);
    }
}

/* Weights as panels; lost as scalar says it. */
static struct int8_panel *pack_weights(const struct kernels *k, const float *w, size_t rows,
                                       size_t n, float *lost)
{
    size_t blocks = int8_blocks(n), panels = (rows + PANEL_ROWS - 1) / PANEL_ROWS;
    struct int8_panel *all = aligned_alloc(64, panels * blocks * sizeof *all);
    float mean[INT8_BLOCK];
    for (size_t i = 0; i < INT8_BLOCK; i++)
        mean[i] = sinf((float)i);
    for (size_t r = 0; r < rows; r += PANEL_ROWS)
        for (size_t b = 0; b < blocks; b++)
            k->int8->pack(w + r * n + b * INT8_BLOCK, n,
                          rows - r < PANEL_ROWS ? rows - r : PANEL_ROWS,
                          n - b * INT8_BLOCK < INT8_BLOCK ? n - b * INT8_BLOCK : INT8_BLOCK, mean,
                          all + r / PANEL_ROWS * blocks + b, lost + r);
    return all;
}

enum int8_target { TO_BLOCK, TO_BF16, TO_SUM };

static void check_int8_multiply(const struct kernels *k, size_t rows, size_t n, size_t tokens,
                                bool gelu, enum int8_target target)
{
    size_t ldy = target == TO_BLOCK ? 2 : rows + 2, blocks = int8_blocks(n);
    size_t bytes = tokens * ldy *
                   (target == TO_BLOCK ? sizeof(struct int8_block)
                    : target == TO_SUM ? 4
                                       : 2);
    float *w = random_floats(0, rows * n, 1), *bias = random_floats(1, rows, 2);
    float lost[INT8_BLOCK] = {0}, scalar_lost[INT8_BLOCK] = {0};
    struct int8_block *x = random_blocks(2, tokens, n);
    struct int8_panel *panel = pack_weights(kernels_scalar(), w, rows, n, scalar_lost);
    struct int8_panel *packed = pack_weights(k, w, rows, n, lost);
    check_close(k->name, "int8 pack", lost, scalar_lost, rows, 1e-3, 0.02);
    void *out[2] = {buffer(3, bytes), buffer(4, bytes)};
    for (int i = 0; i < 2; i++) {
        struct int8_product p = {.panel = i ? panel : packed,
                                 .n = n,
                                 .n_rows = rows,
                                 .x = x,
                                 .ldx = blocks,
                                 .n_tokens = tokens,
                                 .bias = bias,
                                 .gelu = gelu,
                                 .ldy = ldy};
        memset(out[i], 0, bytes);
        p.block = target == TO_BLOCK ? out[i] : NULL;
        p.y = target == TO_BF16 ? out[i] : NULL;
        p.sum = target == TO_SUM ? out[i] : NULL;
        (i ? kernels_scalar() : k)->int8->multiply(&p);
    }
    free(panel);
    free(packed);
    for (size_t t = 0; t < tokens; t++) {
        if (target == TO_BLOCK)
            check_near_block(k->name, (struct int8_block *)out[0] + t * ldy,
                             (struct int8_block *)out[1] + t * ldy);
        for (size_t r = 0; target != TO_BLOCK && r < ldy; r++) {
            size_t at = t * ldy + r;
            double a = target == TO_SUM ? ((float *)out[0])[at] : bf16_float(((bf16 *)out[0])[at]);
            double b = target == TO_SUM ? ((float *)out[1])[at] : bf16_float(((bf16 *)out[1])[at]);
            if (!(fabs(a - b) <= 0x1.04p-7 * fabs(b) + 1e-4 * sqrt((double)n)))
                fail_msg("%s int8 multiply: %.9g, not %.9g", k->name, a, b);
        }
    }
}

static void test_int8_multiply(void **state)
{
    (void)state;
    EACH_SET(k)
    {
        if (!k->int8)
            continue;
        for (size_t i = 0; i < 90; i++)
            check_int8_multiply(k, 1 + i * 37 % INT8_BLOCK, 1 + i * 29 % 400, 1 + i % 41, i % 2,
                                (enum int8_target)(i % 3));
        check_int8_multiply(k, 40, 1152, 50, true, TO_BLOCK);
        check_int8_multiply(k, 16, 4304, 29, false, TO_SUM);
    }
}

/* Keys and queries of int8, beside the scalar set's. */
static void check_int8_attend(const struct kernels *k, struct attention_case c)
{
    size_t hd = c.head_dim, ld = hd + 6, n_out = c.n_queries * ld, pairs = (c.n_keys + 1) / 2;
    float *mean = random_floats(0, hd, 0.3f);
    bf16 *q = random_bf16(1, c.n_queries * ld, 1), *key = random_bf16(2, c.n_keys * ld, 1);
    bf16 *v = random_bf16(3, pairs * hd * 2, 1), *same = buffer(4, c.n_keys * ld * 2), *out[2];
    memcpy(same, key, c.n_keys * ld * 2);
    for (size_t d = 0; c.n_keys % 2 && d < hd; d++)
        v[((pairs - 1) * hd + d) * 2 + 1] = 0;
    for (size_t j = 0; j < c.n_keys; j++) {
        const int8_t *a = (const int8_t *)(key + j * ld), *b = (const int8_t *)(same + j * ld);
        k->int8->round_key(key + j * ld, mean, hd);
        kernels_scalar()->int8->round_key(same + j * ld, mean, hd);
        for (size_t d = 0; d < (hd + 3) / 4 * 4; d++)
            if (abs(a[d] - b[d]) > 1)
                fail_msg("%s int8 round_key: %d, not %d", k->name, a[d], b[d]);
    }
    for (size_t i = 0; i < 2; i++) {
        const struct kernels *set = i ? kernels_scalar() : k;
        size_t bytes = (set->bf16->attend_bytes(hd) + 63) / 64 * 64;
        out[i] = random_bf16(5 + i, n_out, 0);
        struct bf16_attention a = {
            c.n_queries, c.n_keys, hd, c.spread, q, key, true, v, out[i], ld, buffer(7 + i, bytes)};
        set->bf16->attend(&a);
    }
    for (size_t i = 0; i < n_out; i++)
        if (!(fabsf(bf16_float(out[0][i]) - bf16_float(out[1][i])) <= 0x1.4p-8f))
            fail_msg("%s int8 attend %zu queries, %zu keys of %zu: %g, not %g", k->name,
                     c.n_queries, c.n_keys, hd, (double)bf16_float(out[0][i]),
                     (double)bf16_float(out[1][i]));
}

static void test_int8_attend(void **state)
{
    (void)state;
    EACH_SET(k)
    for (size_t i = 0; i < 150 && k->int8; i++)
        check_int8_attend(k,
                          (struct attention_case){1 + i * 5 % 40, 1 + i * 13 % 300,
                                                  INT8_MIN_HEAD + 2 * (i * 3 % 75), 0.5f, false});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dispatch),
        cmocka_unit_test(test_quantize_q8),
        cmocka_unit_test(test_quantize_q8_extremes),
        cmocka_unit_test(test_matvec_q8),
        cmocka_unit_test(test_two_bit),
        cmocka_unit_test(test_panel_q8),
        cmocka_unit_test(test_dequantize),
        cmocka_unit_test(test_matvec_f32),
        cmocka_unit_test(test_gemm),
        cmocka_unit_test(test_bf16_round),
        cmocka_unit_test(test_bf16_multiply),
        cmocka_unit_test(test_bf16_attend),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_cache_rows),
        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_gelu),
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_rope),
        cmocka_unit_test(test_exp_sum),
        cmocka_unit_test(test_int8_quantize),
        cmocka_unit_test(test_int8_multiply),
        cmocka_unit_test(test_int8_attend),
    };
    buffers_open();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
