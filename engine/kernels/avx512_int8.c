/* AVX-512 with VNNI: the vision tower's products of int8, and how they get there.
 *
 * A panel holds for each four columns two registers of 16 rows; four activations of a token are
 * broadcast against both. Scales come in after each block of columns: 24 operations for 768 dot
 * products; with blocks of 128 instead of 256, the tower took 2 % longer. */
#include <string.h>

#include "engine/kernels/avx512.h"
#include "engine/kernels/avx512_vision.h"

enum {
    LANES = PANEL_ROWS,
    QUADS = INT8_BLOCK / 4,
    VECTORS = INT8_BLOCK / 16,
    TOKENS = 6, /* of a tile: 12 integer and 12 float sums, 2 vectors of weights, a broadcast */
    STEP = 4 * TOKENS,
};

/* -- rounding to int8 -- */

/* The vectors of n ≤ INT8_BLOCK floats; 0 beyond. Returns max|x|. */
KERNEL_INLINE float load_block(const float *x, size_t n, __m512 v[VECTORS])
{
    __m512 most = _mm512_setzero_ps();
    KERNEL_UNROLL
    for (size_t i = 0; i < VECTORS; i++) {
        size_t rest = n < 16 * i ? 0 : n - 16 * i;
        v[i] = _mm512_maskz_loadu_ps(vec_mask(rest < 16 ? rest : 16), x + 16 * i);
        most = _mm512_max_ps(most, _mm512_abs_ps(v[i]));
    }
    return _mm512_reduce_max_ps(most);
}

KERNEL_INLINE void round_block(const __m512 v[VECTORS], float most, struct int8_block *to)
{
    __m512 inverse = int8_inverse(most);
    __m512i sum = _mm512_setzero_si512();
    KERNEL_UNROLL
    for (size_t i = 0; i < VECTORS; i++) {
        __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(v[i], inverse));
        sum = _mm512_add_epi32(sum, q);
        _mm_storeu_si128((__m128i *)(to->q + 16 * i), _mm512_cvtepi32_epi8(q));
    }
    to->scale = most / 127;
    to->start = -128 * _mm512_reduce_add_epi32(sum);
}

static void int8_quantize(const float *x, struct int8_block *row, size_t n)
{
    for (size_t i = 0; i < n; i += INT8_BLOCK, row++) {
        __m512 v[VECTORS];
        float most = load_block(x + i, n - i < INT8_BLOCK ? n - i : INT8_BLOCK, v);
        round_block(v, most, row);
    }
}

static void int8_mean(const struct int8_block *x, size_t ldx, size_t n, float *mean)
{
    __m512 sum[VECTORS];
    for (size_t i = 0; i < VECTORS; i++)
        sum[i] = _mm512_setzero_ps();
    for (size_t t = 0; t < n; t++, x += ldx)
        for (size_t i = 0; i < VECTORS; i++) {
            __m512i q = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(x->q + 16 * i)));
            sum[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(q), _mm512_set1_ps(x->scale), sum[i]);
        }
    for (size_t i = 0; i < VECTORS; i++)
        _mm512_storeu_ps(mean + 16 * i, _mm512_div_ps(sum[i], _mm512_set1_ps((float)n)));
}

/* -- weights -- */

/* A row's block of weights plus 128 to q; adds to *lost what rounding takes from products with
 * mean. Returns the scale. */
KERNEL_INLINE float pack_row(const float *w, size_t n, const float *mean, uint8_t q[INT8_BLOCK],
                             float *lost)
{
    __m512 v[VECTORS], sum = _mm512_setzero_ps();
    float most = load_block(w, n, v), scale = most / 127;
    __m512 inverse = int8_inverse(most);
    KERNEL_UNROLL
    for (size_t i = 0; i < VECTORS; i++) {
        size_t rest = n < 16 * i ? 0 : n - 16 * i;
        __m512 m = _mm512_maskz_loadu_ps(vec_mask(rest < 16 ? rest : 16), mean + 16 * i);
        __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(v[i], inverse));
        __m512 off = _mm512_fnmadd_ps(_mm512_cvtepi32_ps(whole), _mm512_set1_ps(scale), v[i]);
        sum = _mm512_fmadd_ps(off, m, sum);
        __m128i bytes = _mm512_cvtepi32_epi8(whole);
        _mm_storeu_si128((__m128i *)(q + 16 * i), _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
    }
    *lost += _mm512_reduce_add_ps(sum);
    return scale;
}

/* 16 rows to one half of the panel. */
KERNEL_INLINE void put_rows(const uint8_t q[16][INT8_BLOCK], size_t half, struct int8_panel *panel)
{
    for (size_t i = 0; i < INT8_BLOCK; i += 64) {
        __m512i v[16];
        for (size_t r = 0; r < 16; r++)
            v[r] = _mm512_load_si512(&q[r][i]);
        transpose_16(v);
        for (size_t j = 0; j < 16; j++)
            _mm512_store_si512(panel->q[i / 4 + j][16 * half], v[j]);
    }
}

static void int8_pack(const float *w, size_t ldw, size_t n_rows, size_t n, const float *mean,
                      struct int8_panel *panel, float *lost)
{
    _Alignas(64) uint8_t q[16][INT8_BLOCK];
    for (size_t half = 0; half < 2; half++) {
        for (size_t i = 0; i < 16; i++) {
            size_t r = 16 * half + i;
            if (r < n_rows) {
                panel->scale[r] = pack_row(w + r * ldw, n, mean, q[i], &lost[r]);
            } else {
                panel->scale[r] = 0;
                memset(q[i], 128, INT8_BLOCK);
            }
        }
        put_rows((const uint8_t(*)[INT8_BLOCK])q, half, panel);
    }
}

/* -- the product -- */

/* The same block of the next tile's rows: without, as few as 32 rows of weights to a token took a
 * tenth to a quarter longer. */
KERNEL_INLINE void prefetch_rows(const int tokens, const struct int8_block *x, size_t ldx)
{
    uintptr_t next = (uintptr_t)x + (size_t)tokens * ldx * sizeof *x;
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++, next += ldx * sizeof *x)
        for (size_t i = 0; i < sizeof *x; i += 64)
            __builtin_prefetch((const void *)(next + i));
}

/* sum[t] += a block of columns × token t's */
KERNEL_INLINE void add_block(const int tokens, const struct int8_panel *w, size_t quads,
                             const struct int8_block *x, size_t ldx, __m512 sum[TOKENS][2])
{
    __m512i dot[TOKENS][2];
    const int8_t *at[TOKENS / 3]; /* every third token */
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++)
        dot[t][0] = dot[t][1] = _mm512_set1_epi32(x[(size_t)t * ldx].start);
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t += 3)
        at[t / 3] = x[(size_t)t * ldx].q;
    prefetch_rows(tokens, x, ldx);
    for (size_t i = 0; i < quads; i++) {
        __m512i w0 = _mm512_load_si512(w->q[i]), w1 = _mm512_load_si512(w->q[i] + 16);
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            __m512i v = broadcast_quad(at[t / 3] + (size_t)(t % 3) * ldx * sizeof *x + 4 * i);
            dot_quad(&dot[t][0], w0, v);
            dot_quad(&dot[t][1], w1, v);
        }
    }
    __m512 s0 = _mm512_load_ps(w->scale), s1 = _mm512_load_ps(w->scale + 16);
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++) {
        __m512 scale = _mm512_set1_ps(x[(size_t)t * ldx].scale);
        __m512 a = _mm512_mul_ps(_mm512_cvtepi32_ps(dot[t][0]), s0);
        __m512 b = _mm512_mul_ps(_mm512_cvtepi32_ps(dot[t][1]), s1);
        sum[t][0] = _mm512_fmadd_ps(a, scale, sum[t][0]);
        sum[t][1] = _mm512_fmadd_ps(b, scale, sum[t][1]);
    }
}

/* to[t][32], rows ldt apart, for a constant number of tokens. */
KERNEL_INLINE void tile(const int tokens, const struct int8_panel *w, size_t n,
                        const struct int8_block *x, size_t ldx, float *to, size_t ldt)
{
    __m512 sum[TOKENS][2];
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++)
        sum[t][0] = sum[t][1] = _mm512_setzero_ps();
    for (; n > INT8_BLOCK; n -= INT8_BLOCK)
        add_block(tokens, w++, QUADS, x++, ldx, sum);
    add_block(tokens, w, (n + 3) / 4, x, ldx, sum);
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++) {
        _mm512_store_ps(to + (size_t)t * ldt, sum[t][0]);
        _mm512_store_ps(to + (size_t)t * ldt + 16, sum[t][1]);
    }
}

/* One panel and n_tokens ≤ STEP. */
static void multiply_panel(const struct int8_panel *w, size_t n, const struct int8_block *x,
                           size_t ldx, size_t n_tokens, float *to, size_t ldt)
{
    while (n_tokens) {
        size_t step = n_tokens >= TOKENS ? TOKENS : n_tokens >= 4 ? 4 : 1;
        if (step == TOKENS)
            tile(TOKENS, w, n, x, ldx, to, ldt);
        else if (step == 4)
            tile(4, w, n, x, ldx, to, ldt);
        else
            tile(1, w, n, x, ldx, to, ldt);
        x += step * ldx;
        to += step * ldt;
        n_tokens -= step;
    }
}

/* What becomes of 16 products of one token, of which the mask says which there are. */
KERNEL_INLINE void finish(const struct int8_product *p, float *y, const float *bias, __mmask16 mask,
                          size_t at)
{
    __m512 v = _mm512_add_ps(_mm512_load_ps(y), _mm512_maskz_loadu_ps(mask, bias));
    if (p->gelu)
        v = gelu(v);
    if (p->block)
        _mm512_store_ps(y, v);
    else if (p->y)
        _mm256_mask_storeu_epi16(p->y + at, mask, (__m256i)_mm512_cvtneps_pbh(v));
    else
        _mm512_mask_storeu_ps(p->sum + at, mask,
                              _mm512_add_ps(_mm512_maskz_loadu_ps(mask, p->sum + at), v));
}

static void finish_token(const struct int8_product *p, float *y, size_t token)
{
    for (size_t r = 0; r < p->n_rows; r += 16) {
        __mmask16 mask = vec_mask(p->n_rows - r < 16 ? p->n_rows - r : 16);
        finish(p, y + r, p->bias + r, mask, token * p->ldy + r);
    }
    if (p->block)
        int8_quantize(y, p->block + token * p->ldy, p->n_rows);
}

static void int8_multiply(const struct int8_product *p)
{
    _Alignas(64) float y[STEP][INT8_BLOCK];
    for (size_t t = 0; t < p->n_tokens; t += STEP) {
        size_t n = p->n_tokens - t < STEP ? p->n_tokens - t : STEP;
        const struct int8_panel *w = p->panel;
        for (size_t r = 0; r < p->n_rows; r += LANES, w += int8_blocks(p->n))
            multiply_panel(w, p->n, p->x + t * p->ldx, p->ldx, n, &y[0][r], INT8_BLOCK);
        for (size_t i = 0; i < n; i++)
            finish_token(p, y[i], t + i);
    }
}

/* -- keys -- */

KERNEL_INLINE __m512 key_less_mean(const bf16 *key, const float *mean, size_t n)
{
    __m512 m = _mm512_maskz_loadu_ps(vec_mask(n < 16 ? n : 16), mean);
    return _mm512_sub_ps(load_bf16_part(key, n), m);
}

/* Bytes are written behind where they are read. */
static void int8_round_key(void *key, const float *mean, size_t n)
{
    const bf16 *from = key;
    int8_t *to = key;
    __m512 most = _mm512_setzero_ps();
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += 16)
        most = _mm512_max_ps(most, _mm512_abs_ps(key_less_mean(from + i, mean + i, n - i)));
    float largest = _mm512_reduce_max_ps(most), scale = largest / 127;
    __m512 inverse = int8_inverse(largest);
    size_t end = (n + 3) / 4 * 4;
    for (size_t i = 0; i < n; i += 16) {
        __m512 x = key_less_mean(from + i, mean + i, n - i);
        __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(x, inverse));
        sum = _mm512_add_epi32(sum, q);
        _mm_mask_storeu_epi8(to + i, vec_mask(end - i < 16 ? end - i : 16),
                             _mm512_cvtepi32_epi8(q));
    }
    int32_t start = -128 * _mm512_reduce_add_epi32(sum);
    memcpy(to + end, &scale, sizeof scale);
    memcpy(to + end + sizeof scale, &start, sizeof start);
}

const struct int8_kernels avx512_int8 = {.quantize = int8_quantize,
                                         .mean = int8_mean,
                                         .pack = int8_pack,
                                         .multiply = int8_multiply,
                                         .round_key = int8_round_key};
