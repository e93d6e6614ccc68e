/* Kernels of the vision tower, BF16 and int8: against sums in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kernel_trial.h"

/* -- BF16 -- */

static float bf16_float(bf16 b)
{
    float value;
    dequantize_row(TYPE_BF16, &b, &value, 1);
    return value;
}

static bf16 *random_bf16(size_t i, size_t n, float size)
{
    bf16 *x = trial_buffer(i, n * sizeof *x);
    for (size_t j = 0; j < n; j++) {
        float value = size * trial_float();
        kernels_scalar()->bf16->round(&value, x + j, 1);
    }
    return x;
}

static void test_bf16_round(void **state)
{
    (void)state;
    EACH_SET(k)
    for (size_t n = 1; n && k->bf16; n = trial_next_length(n)) {
        float *x = trial_floats(0, n, 300);
        bf16 *a = trial_buffer(1, n * sizeof *a), *b = trial_buffer(2, n * sizeof *b);
        x[n / 2] = 1 + 0x1p-8f; /* ties go to the even */
        x[n / 3] = 0;
        k->bf16->round(x, a, n);
        kernels_scalar()->bf16->round(x, b, n);
        trial_check_same(k->name, "bf16 round", a, b, n * sizeof *a);
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
    float *w = trial_floats(0, rows * n, 1), *bias = trial_floats(1, rows, 2), *sum = NULL;
    bf16 *x = random_bf16(2, tokens * ldx, 1), *y = NULL,
         *panel = trial_buffer(3, PANEL_ROWS * n * 2);
    bf16 *packed = trial_buffer(4, PANEL_ROWS * n * 2);
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
    trial_check_same(k->name, "bf16 pack", panel, packed, PANEL_ROWS * n * 2);
    float *before = trial_floats(5, tokens * ldy, 1);
    if (add)
        p.sum = sum = trial_copy(6, before, tokens * ldy);
    else
        p.y = y = random_bf16(6, tokens * ldy, 1);
    bf16 *beside = trial_buffer(7, tokens * ldy * 2);
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
    trial_check_same(k->name, "bf16 multiply divided", one, y + (tokens - 1) * ldy,
                     rows * sizeof *one);
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

static void test_bf16_pair(void **state)
{
    (void)state;
    EACH_SET(k)
    for (size_t n = 0; n < 70 && k->bf16; n++) {
        float *a = trial_floats(0, n, 3), *b = trial_floats(1, n, 3);
        bf16 *y = trial_buffer(2, 2 * n * sizeof *y), *right = trial_buffer(3, 2 * n * sizeof *y);
        k->bf16->pair(a, n % 2 ? b : NULL, y, n);
        kernels_scalar()->bf16->pair(a, n % 2 ? b : NULL, right, n);
        trial_check_same(k->name, "bf16 pair", y, right, 2 * n * sizeof *y);
    }
}

struct attention_case {
    size_t n_queries, n_keys, head_dim;
    float spread;  /* of the scores' exponents */
    bool rising;   /* late keys score higher and higher: the maximum must be raised */
    size_t blocks; /* of so many keys, each query seeing a part; 0: one of all */
};

/* What query i sees of all keys: some. */
static void sight_of(const struct attention_case *c, size_t i, size_t *from, size_t *to)
{
    *from = c->blocks ? i * 7 % c->n_keys : 0;
    *to = c->blocks ? *from + 1 + i * 31 % (c->n_keys - *from) : c->n_keys;
}

/* Σ w v / Σ w of dimension d in double, and the sum of the sizes. */
static double attended(const struct bf16_keys *b, size_t head_dim, const double *w, size_t d,
                       double *size)
{
    double sum = 0, total = 0;
    *size = 0;
    for (size_t j = 0; j < b->n; j++) {
        double v = bf16_float(b->v[(j / 2 * head_dim + d) * 2 + j % 2]);
        sum += w[j];
        total += w[j] * v;
        *size += w[j] * fabs(v);
    }
    *size /= sum;
    return total / sum;
}

static void exponents(const struct bf16_attention *a, const struct bf16_keys *b, size_t i,
                      size_t from, size_t to, double *w)
{
    double most = -INFINITY;
    for (size_t j = from; j < to; j++) {
        w[j] = 0;
        for (size_t d = 0; d < a->head_dim; d++)
            w[j] += (double)bf16_float(a->q[i * a->ldq + d]) * bf16_float(b->k[j * b->ld + d]);
        w[j] *= (double)a->scale;
        most = w[j] > most ? w[j] : most;
    }
    for (size_t j = 0; j < b->n; j++)
        w[j] = j >= from && j < to ? exp2(w[j] - most) : 0;
}

/* All keys, in blocks of an even number. */
static void attend_all(const struct kernels *k, const struct bf16_attention *a,
                       const struct bf16_keys *all, const struct attention_case *c)
{
    int from[BF16_QUERIES], to[BF16_QUERIES];
    size_t step = c->blocks ? c->blocks : all->n;
    k->bf16->attend_begin(a);
    for (size_t at = 0; at < all->n; at += step) {
        struct bf16_keys part = {all->n - at < step ? all->n - at : step, all->k + at * all->ld,
                                 all->ld, all->v + at * a->head_dim, NULL, NULL};
        for (size_t i = 0; c->blocks && i < a->n_queries; i++) {
            size_t first, end, last = at + part.n;
            sight_of(c, i, &first, &end);
            from[i] = first < at ? 0 : (int)((first < last ? first : last) - at);
            to[i] = end < at ? 0 : (int)((end < last ? end : last) - at);
            part.from = from;
            part.to = to;
        }
        k->bf16->attend_keys(a, &part);
    }
    k->bf16->attend_end(a);
}

/* Weights are BF16: each is off by up to 2⁻⁹, and the result is rounded once more. */
static void check_bf16_attend(const struct kernels *k, struct attention_case c)
{
    size_t ld = c.head_dim + 6, hd = c.head_dim, pairs = (c.n_keys + 1) / 2;
    size_t bytes = (k->bf16->attend_bytes(hd) + 63) / 64 * 64;
    double *w = trial_buffer(0, c.n_keys * sizeof *w);
    bf16 *q = random_bf16(1, c.n_queries * ld, 1), *key = random_bf16(2, c.n_keys * ld, 1);
    bf16 *v = random_bf16(3, pairs * hd * 2, 1), *out = random_bf16(4, c.n_queries * ld, 1);
    float *wide = trial_floats(7, c.n_queries * ld, 1);
    for (size_t i = 0; c.rising && i < c.n_queries; i++)
        q[i * ld] = 0x3f80; /* 1 */
    for (size_t j = 0; c.rising && j < c.n_keys; j++) {
        float value = (float)j;
        k->bf16->round(&value, key + j * ld, 1);
    }
    for (size_t d = 0; c.n_keys % 2 && d < hd; d++)
        v[((pairs - 1) * hd + d) * 2 + 1] = 0;
    struct bf16_attention a = {c.n_queries, hd,   c.spread, q, ld, false, out,
                               NULL,        ld, trial_buffer(5, bytes)};
    struct bf16_keys keys = {c.n_keys, key, ld, v, NULL, NULL};
    bf16 *beside = trial_buffer(6, c.n_queries * ld * 2);
    memcpy(beside, out, c.n_queries * ld * 2);
    attend_all(k, &a, &keys, &c);
    a.out = NULL;
    a.wide = wide;
    attend_all(k, &a, &keys, &c);
    for (size_t i = 0; i < c.n_queries; i++) {
        size_t from, to;
        sight_of(&c, i, &from, &to);
        exponents(&a, &keys, i, from, to, w);
        for (size_t d = 0; d < hd; d++) {
            double size, right = attended(&keys, hd, w, d, &size), is = bf16_float(out[i * ld + d]);
            if (!(fabs(is - right) <= 0x1.1p-8 * size + 0x1p-8 * fabs(right)))
                fail_msg("%s bf16 attend %zu queries, %zu keys of %zu in %zu: %g, not %g", k->name,
                         c.n_queries, c.n_keys, hd, c.blocks, is, right);
            if (!(fabs(wide[i * ld + d] - right) <= 0x1.1p-8 * size))
                fail_msg("%s bf16 attend wide %zu queries, %zu keys of %zu in %zu: %g, not %g", k->name,
                         c.n_queries, c.n_keys, hd, c.blocks, (double)wide[i * ld + d], right);
        }
        trial_check_same(k->name, "bf16 attend beside", out + i * ld + hd, beside + i * ld + hd,
                         12);
    }
}

static void test_bf16_attend(void **state)
{
    static const struct attention_case cases[] = {
        {BF16_QUERIES, 600, 72, 0.2f, false, 0}, {33, 1001, 72, 3, false, 0},
        {40, 700, 64, 1, true, 0},               {1, 253, 256, 0.1f, false, 0},
        {3, 300, 10, 0, false, 0},               {2, 1500, 8, -2, true, 0},
        {BF16_QUERIES, 611, 72, 0.2f, false, 120}, {97, 700, 256, 1, true, 64},
        {40, 300, 64, 40, true, 10},
    };
    (void)state;
    EACH_SET(k)
    {
        if (!k->bf16)
            continue;
        for (size_t i = 0; i < 150; i++)
            check_bf16_attend(k, (struct attention_case){1 + i * 5 % 40, 1 + i * 13 % 70,
                                                         2 + 2 * (i * 3 % 45), 0.5f, i % 5 == 0,
                                                         i % 3 == 2 ? 2 + 2 * (i % 30) : 0});
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_bf16_attend(k, cases[i]);
    }
}

/* -- int8 for the vision tower -- */

static struct int8_block *random_blocks(size_t i, size_t n_rows, size_t n)
{
    struct int8_block *x = trial_buffer(i, n_rows * int8_blocks(n) * sizeof *x);
    float *row = malloc(n * sizeof *row);
    for (size_t t = 0; t < n_rows; t++) {
        for (size_t j = 0; j < n; j++)
            row[j] = (t % 7 ? 1.0f : 1e-3f) * trial_float();
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
    for (size_t n = 1; n && k->int8; n = trial_next_length(n)) {
        size_t blocks = int8_blocks(n), bytes = blocks * sizeof(struct int8_block);
        float *x = trial_floats(0, n, 300), mean[INT8_BLOCK], right[INT8_BLOCK];
        struct int8_block *a = trial_buffer(1, bytes), *b = trial_buffer(2, bytes);
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
        trial_check_close(k->name, "int8 mean", mean, right, INT8_BLOCK, 1e-6, 1e-3);
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
    float *w = trial_floats(0, rows * n, 1), *bias = trial_floats(1, rows, 2);
    float lost[INT8_BLOCK] = {0}, scalar_lost[INT8_BLOCK] = {0};
    struct int8_block *x = random_blocks(2, tokens, n);
    struct int8_panel *panel = pack_weights(kernels_scalar(), w, rows, n, scalar_lost);
    struct int8_panel *packed = pack_weights(k, w, rows, n, lost);
    trial_check_close(k->name, "int8 pack", lost, scalar_lost, rows, 1e-3, 0.02);
    void *out[2] = {trial_buffer(3, bytes), trial_buffer(4, bytes)};
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
    float *mean = trial_floats(0, hd, 0.3f);
    bf16 *q = random_bf16(1, c.n_queries * ld, 1), *key = random_bf16(2, c.n_keys * ld, 1);
    bf16 *v = random_bf16(3, pairs * hd * 2, 1), *same = trial_buffer(4, c.n_keys * ld * 2),
         *out[2];
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
        struct bf16_attention a = {c.n_queries, hd,   c.spread, q, ld, true, out[i],
                                   NULL,        ld, trial_buffer(7 + i, bytes)};
        struct bf16_keys keys = {c.n_keys, key, ld, v, NULL, NULL};
        attend_all(set, &a, &keys, &c);
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
                                                  INT8_MIN_HEAD + 2 * (i * 3 % 75), 0.5f, false, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bf16_round),    cmocka_unit_test(test_bf16_multiply),
        cmocka_unit_test(test_bf16_attend),   cmocka_unit_test(test_bf16_pair),
        cmocka_unit_test(test_int8_quantize),
        cmocka_unit_test(test_int8_multiply), cmocka_unit_test(test_int8_attend),
    };
    trial_open();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
