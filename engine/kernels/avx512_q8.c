/* AVX-512 with VNNI: activations to int8, mat-vecs of quantised rows with them, dequantising. */
#include "engine/kernels/avx512_blocks.h"

#include "engine/kernels/avx512.h"

/* -- activations -- */

struct quantized {
    __m256i q;
    float scale;
};

static struct quantized quantize_32(const float *x)
{
    __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
    float largest = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(a), _mm512_abs_ps(b)));
    __m512 inverse = _mm512_set1_ps(largest > 0 ? 127.0f / largest : 0);
    __m128i qa = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(a, inverse)));
    __m128i qb = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(b, inverse)));
    __m256i q = _mm256_inserti128_si256(_mm256_castsi128_si256(qa), qb, 1);
    return (struct quantized){_mm256_max_epi8(q, _mm256_set1_epi8(-127)), largest / 127.0f};
}

/* {scale, −Σ of the first 16, −Σ of the others, 0} */
static __m128i describe(struct quantized block)
{
    __m256i quads = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1), block.q);
    __m128i pairs =
        _mm_hadd_epi32(_mm256_castsi256_si128(quads), _mm256_extracti128_si256(quads, 1));
    __m128i sums = _mm_sub_epi32(_mm_setzero_si128(), _mm_hadd_epi32(pairs, pairs));
    __m128 shifted = _mm_castsi128_ps(_mm_maskz_shuffle_epi32(6, sums, _MM_SHUFFLE(0, 1, 0, 0)));
    return _mm_castps_si128(_mm_move_ss(shifted, _mm_set_ss(block.scale)));
}

void avx512_quantize_q8(const float *x, struct q8 out)
{
    for (size_t b = 0; b < out.n / 32; b++) {
        struct quantized block = quantize_32(x + 32 * b);
        _mm256_storeu_si256((__m256i *)(out.q + 32 * b), block.q);
        _mm_storeu_si128((__m128i *)(out.block + b), describe(block));
        int32_t less = out.block[b].less[0] + out.block[b].less[1];
        out.block[b & ~(size_t)1].total[b % 2] = float_to_bf16(-block.scale * (float)less);
    }
}

void avx512_store_q8_0(const float *src, void *dst, size_t n)
{
    uint8_t *to = dst;
    for (size_t i = 0; i < n; i += 32, to += BYTES_Q8_0) {
        struct quantized block = quantize_32(src + i);
        uint16_t scale = _cvtss_sh(block.scale, _MM_FROUND_TO_NEAREST_INT);
        memcpy(to, &scale, 2);
        _mm256_storeu_si256((__m256i *)(to + 2), block.q);
    }
}

/* -- mat-vecs: four rows share the loads of a token's activations, or two rows those of two to four
 * tokens, which share the decoding of the weights. A token's result is the same beside any others.
 * -- */

enum { ROWS = 4 };

/* A type's functions of avx512_blocks.h; always a compile-time constant. */
struct reader {
    __m512i (*weights)(const uint8_t *p, int unit);
    __m512 (*scales)(const uint8_t *p, __m512 *offset);
    int zero, bytes;
    bool has_offset;
    struct nibbles (*nibbles)(const uint8_t *p); /* of dot_quads' types */
};

/* 64 activations, and where their dot products start so that a weight of `zero` counts as 0. */
struct activations {
    __m512i q, start;
};

KERNEL_INLINE struct activations load_activations(const int8_t *q, int zero, __mmask64 valid)
{
    struct activations x = {_mm512_maskz_loadu_epi8(valid, q), _mm512_setzero_si512()};
    if (zero) {
        __m512i sum = _mm512_dpbusd_epi32(x.start, _mm512_set1_epi8((char)zero), x.q);
        x.start = _mm512_sub_epi32(x.start, sum);
    }
    return x;
}

KERNEL_INLINE __m512 dot_64(struct activations x, __m512i w)
{
    return _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(x.start, w, x.q));
}

/* The scales of a pair in eight lanes each; −scale × Σ of 16 in the first lane of their four. */
struct pair_activations {
    struct activations x;
    __m512 scale, less;
};

KERNEL_INLINE struct pair_activations load_pair(struct q8 x, size_t i, int zero, int blocks)
{
    const __m512i halves = _mm512_set_epi32(4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i quarters = _mm512_set_epi32(6, 6, 6, 6, 5, 5, 5, 5, 2, 2, 2, 2, 1, 1, 1, 1);
    __mmask8 valid = blocks == 2 ? 0xff : 0xf;
    __m512i raw = _mm512_castsi256_si512(_mm256_maskz_loadu_epi32(valid, x.block + i / 32));
    __m512 scale = _mm512_castsi512_ps(_mm512_permutexvar_epi32(halves, raw));
    __m512 less = _mm512_cvtepi32_ps(_mm512_maskz_permutexvar_epi32(0x1111, quarters, raw));
    return (struct pair_activations){
        load_activations(x.q + i, zero, blocks == 2 ? ~0ull : 0xffffffffull), scale,
        _mm512_mul_ps(less, scale)};
}

/* One step of dot_pairs: one or two blocks of each row at w. */
KERNEL_INLINE void add_pairs(const struct reader t, const int rows, const int tokens,
                             const uint8_t *w, size_t row_bytes, struct q8 x, size_t i,
                             const int blocks, __m512 acc[ROWS][ROW_TOKENS])
{
    struct pair_activations pair[ROW_TOKENS];
    KERNEL_UNROLL
    for (int k = 0; k < tokens; k++)
        pair[k] = load_pair(q8_row(x, (size_t)k), i, t.zero, blocks);
    KERNEL_UNROLL
    for (int r = 0; r < rows; r++) {
        const uint8_t *p = w + (size_t)r * row_bytes;
        uint8_t padded[2 * BYTES_Q8_0] = {0};
        if (blocks == 1)
            p = memcpy(padded, p, (size_t)t.bytes);
        __m512 offset, scale = t.scales(p, &offset);
        __m512i weights = t.weights(p, 0);
        KERNEL_UNROLL
        for (int k = 0; k < tokens; k++) {
            if (t.has_offset)
                acc[r][k] = _mm512_fnmadd_ps(offset, pair[k].less, acc[r][k]);
            __m512 both = _mm512_mul_ps(scale, pair[k].scale);
            acc[r][k] = _mm512_fmadd_ps(dot_64(pair[k].x, weights), both, acc[r][k]);
        }
    }
}

/* -- four blocks of nibbles at a time, of the types that have them -- */

/* The activations of four blocks, as struct nibbles has the weights; dot products begin at start.
 */
struct quad_activations {
    __m512i low, high, start;
    __m512 scale, less;
};

KERNEL_INLINE struct quad_activations load_quad(struct q8 x, size_t i, int zero)
{
    const __m512i block = _mm512_set_epi32(12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0);
    const __m512i sums = _mm512_set_epi32(0, 0, 14, 13, 0, 0, 10, 9, 0, 0, 6, 5, 0, 0, 2, 1);
    __m512i a = _mm512_loadu_si512(x.q + i), b = _mm512_loadu_si512(x.q + i + 64);
    __m512i raw = _mm512_loadu_si512(x.block + i / 32);
    __m512i less = _mm512_maskz_permutexvar_epi32(0x3333, sums, raw);
    __m512 scale = _mm512_castsi512_ps(_mm512_permutexvar_epi32(block, raw));
    return (struct quad_activations){
        .low = _mm512_shuffle_i64x2(a, b, 0x88),
        .high = _mm512_shuffle_i64x2(a, b, 0xdd),
        .start = zero ? _mm512_mullo_epi32(less, _mm512_set1_epi32(zero)) : _mm512_setzero_si512(),
        .scale = scale,
        .less = _mm512_mul_ps(_mm512_cvtepi32_ps(less), scale),
    };
}

/* One step of dot_quads: four blocks of each row at w. */
KERNEL_INLINE void add_quads(const struct reader t, const int rows, const int tokens,
                             const uint8_t *w, size_t row_bytes, struct q8 x, size_t i,
                             __m512 acc[ROWS][ROW_TOKENS])
{
    struct quad_activations quad[ROW_TOKENS];
    KERNEL_UNROLL
    for (int k = 0; k < tokens; k++)
        quad[k] = load_quad(q8_row(x, (size_t)k), i, t.zero);
    KERNEL_UNROLL
    for (int r = 0; r < rows; r++) {
        const uint8_t *p = w + (size_t)r * row_bytes;
        struct nibbles v = t.nibbles(p);
        KERNEL_UNROLL
        for (int k = 0; k < tokens; k++) {
            __m512i dot = _mm512_dpbusd_epi32(quad[k].start, v.low, quad[k].low);
            dot = _mm512_dpbusd_epi32(dot, v.high, quad[k].high);
            if (t.has_offset)
                acc[r][k] = _mm512_fnmadd_ps(v.offset, quad[k].less, acc[r][k]);
            acc[r][k] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot),
                                        _mm512_mul_ps(v.scale, quad[k].scale), acc[r][k]);
        }
    }
}

KERNEL_INLINE void store_sums(const int rows, const int tokens, __m512 acc[ROWS][ROW_TOKENS],
                              float *y, size_t ldy)
{
    KERNEL_UNROLL
    for (int r = 0; r < rows; r++) {
        KERNEL_UNROLL
        for (int k = 0; k < tokens; k++)
            y[(size_t)k * ldy + (size_t)r] = vec_sum((vec)acc[r][k]);
    }
}

KERNEL_INLINE void clear_sums(const int rows, const int tokens, __m512 acc[ROWS][ROW_TOKENS])
{
    KERNEL_UNROLL
    for (int r = 0; r < rows; r++)
        for (int k = 0; k < tokens; k++)
            acc[r][k] = _mm512_setzero_ps();
}

/* The weights from i on of rows of 32-weight blocks, at w and row_bytes apart. */
KERNEL_INLINE void add_rest(const struct reader t, const int rows, const int tokens,
                            const uint8_t *w, size_t row_bytes, struct q8 x, size_t i,
                            __m512 acc[ROWS][ROW_TOKENS])
{
    const size_t step = 2 * (size_t)(rows * t.bytes);
    const uint8_t *run = w;
    for (; i + 64 <= x.n; i += 64, w += 2 * t.bytes, run += step) {
        prefetch_run(run, step);
        add_pairs(t, rows, tokens, w, row_bytes, x, i, 2, acc);
    }
    if (i < x.n)
        add_pairs(t, rows, tokens, w, row_bytes, x, i, 1, acc);
}

/* Rows of 32-weight blocks. */
KERNEL_INLINE void dot_pairs(const struct reader t, const int rows, const int tokens,
                             const uint8_t *w, size_t row_bytes, struct q8 x, float *y, size_t ldy)
{
    __m512 acc[ROWS][ROW_TOKENS];
    clear_sums(rows, tokens, acc);
    add_rest(t, rows, tokens, w, row_bytes, x, 0, acc);
    store_sums(rows, tokens, acc, y, ldy);
}

/* The same for blocks with nibbles, four at a time: two thirds of the work. */
KERNEL_INLINE void dot_quads(const struct reader t, const int rows, const int tokens,
                             const uint8_t *w, size_t row_bytes, struct q8 x, float *y, size_t ldy)
{
    __m512 acc[ROWS][ROW_TOKENS];
    const size_t step = 4 * (size_t)(rows * t.bytes);
    const uint8_t *run = w;
    size_t i = 0;
    clear_sums(rows, tokens, acc);
    for (; i + 128 <= x.n; i += 128, w += 4 * t.bytes, run += step) {
        prefetch_run(run, step);
        add_quads(t, rows, tokens, w, row_bytes, x, i, acc);
    }
    add_rest(t, rows, tokens, w, row_bytes, x, i, acc);
    store_sums(rows, tokens, acc, y, ldy);
}

/* Scales of a block's 16 groups of 16, and −scale × Σ. */
KERNEL_INLINE __m512 load_groups(const struct q8_block *block, __m512 *less)
{
    const __m512i lane = _mm512_set_epi32(28, 28, 24, 24, 20, 20, 16, 16, 12, 12, 8, 8, 4, 4, 0, 0);
    const __m512i field = _mm512_set_epi32(2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1);
    __m512i a = _mm512_loadu_si512(block), b = _mm512_loadu_si512(block + 4);
    __m512i sums = _mm512_permutex2var_epi32(a, _mm512_add_epi32(lane, field), b);
    __m512 scale = _mm512_castsi512_ps(_mm512_permutex2var_epi32(a, lane, b));
    *less = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), scale);
    return scale;
}

/* The same for rows of 256-weight blocks. */
KERNEL_INLINE void dot_blocks(const struct reader t, const int rows, const int tokens,
                              const uint8_t *w, size_t row_bytes, struct q8 x, float *y, size_t ldy)
{
    __m512 acc[ROWS][ROW_TOKENS];
    clear_sums(rows, tokens, acc);
    const size_t step = (size_t)(rows * t.bytes);
    const uint8_t *run = w;
    for (size_t i = 0; i < x.n; i += 256, w += t.bytes, run += step) {
        prefetch_run(run, step);
        __m512 scale[ROWS][ROW_TOKENS], less[ROW_TOKENS], x_scale[ROW_TOKENS];
        KERNEL_UNROLL
        for (int k = 0; k < tokens; k++)
            x_scale[k] = load_groups(q8_row(x, (size_t)k).block + i / 32, &less[k]);
        KERNEL_UNROLL
        for (int r = 0; r < rows; r++) {
            __m512 offset, groups = t.scales(w + (size_t)r * row_bytes, &offset);
            KERNEL_UNROLL
            for (int k = 0; k < tokens; k++) {
                scale[r][k] = _mm512_mul_ps(groups, x_scale[k]);
                if (t.has_offset)
                    acc[r][k] = _mm512_fnmadd_ps(offset, less[k], acc[r][k]);
            }
        }
        KERNEL_UNROLL
        for (int u = 0; u < 4; u++) {
            struct activations unit[ROW_TOKENS];
            KERNEL_UNROLL
            for (int k = 0; k < tokens; k++)
                unit[k] = load_activations(q8_row(x, (size_t)k).q + i + 64 * u, t.zero, ~0ull);
            KERNEL_UNROLL
            for (int r = 0; r < rows; r++) {
                const uint8_t *p = w + (size_t)r * row_bytes;
                __m512i weights = t.weights(p, u);
                KERNEL_UNROLL
                for (int k = 0; k < tokens; k++)
                    acc[r][k] = _mm512_fmadd_ps(dot_64(unit[k], weights),
                                                spread_groups(scale[r][k], u), acc[r][k]);
            }
        }
    }
    store_sums(rows, tokens, acc, y, ldy);
}

typedef void dot_fn(const struct reader t, const int rows, const int tokens, const uint8_t *w,
                    size_t row_bytes, struct q8 x, float *y, size_t ldy);

KERNEL_INLINE void dot_all(const struct reader t, dot_fn *dot, const int tokens, const uint8_t *w,
                           size_t row_bytes, size_t n_rows, struct q8 x, float *y, size_t ldy)
{
    const int rows = tokens == 1 ? ROWS : ROWS / 2;
    size_t r = 0;
    for (; r + (size_t)rows <= n_rows; r += (size_t)rows, w += (size_t)rows * row_bytes)
        dot(t, rows, tokens, w, row_bytes, x, y + r, ldy);
    for (; r < n_rows; r++, w += row_bytes)
        dot(t, 1, tokens, w, row_bytes, x, y + r, ldy);
}

/* All rows with each few tokens in turn. */
KERNEL_INLINE void dot_tokens(const struct reader t, dot_fn *dot, const uint8_t *w,
                              size_t row_bytes, size_t n_rows, struct q8 x, size_t n_tokens,
                              float *y, size_t ldy)
{
    for (size_t k = 0, step; k < n_tokens; k += step, y += step * ldy, x = q8_row(x, step)) {
        size_t tiles = (n_tokens - k + ROW_TOKENS - 1) / ROW_TOKENS;
        step = (n_tokens - k + tiles - 1) / tiles;
        if (step == 1)
            dot_all(t, dot, 1, w, row_bytes, n_rows, x, y, ldy);
        else if (step == 2)
            dot_all(t, dot, 2, w, row_bytes, n_rows, x, y, ldy);
        else if (step == 3)
            dot_all(t, dot, 3, w, row_bytes, n_rows, x, y, ldy);
        else
            dot_all(t, dot, 4, w, row_bytes, n_rows, x, y, ldy);
    }
}

/* -- weights of two bits: masked where they stand, each place has sums of its own, which are 1, 4,
 * 16, 64 times too large -- */

KERNEL_INLINE void dot_two_bit_rows(const int rows, const int tokens, const uint8_t *w, size_t n,
                                    const int8_t *x, int32_t *y, size_t ldy)
{
    __m512i acc[ROWS][4];
    const uint8_t *run = w;
    KERNEL_UNROLL
    for (int k = 0; k < rows * tokens; k++)
        for (int place = 0; place < 4; place++)
            acc[k][place] = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += TWO_BIT_BLOCK, w += 64, run += 64 * rows) {
        prefetch_run(run, 64 * (size_t)rows);
        KERNEL_UNROLL
        for (int place = 0; place < 4; place++) {
            const __m512i mask = _mm512_set1_epi8((char)(3 << 2 * place));
            KERNEL_UNROLL
            for (int k = 0; k < rows * tokens; k++) {
                __m512i b = _mm512_loadu_si512(w + (size_t)(k % rows) * (n / 4));
                __m512i v = _mm512_loadu_si512(x + (size_t)(k / rows) * n + i + 64 * place);
                acc[k][place] =
                    _mm512_dpbusd_epi32(acc[k][place], _mm512_and_si512(b, mask), v);
            }
        }
    }
    KERNEL_UNROLL
    for (int k = 0; k < rows * tokens; k++) {
        __m512i sum = acc[k][0];
        KERNEL_UNROLL
        for (int place = 1; place < 4; place++)
            sum = _mm512_add_epi32(sum, _mm512_srai_epi32(acc[k][place], 2 * place));
        y[(size_t)(k / rows) * ldy + (size_t)(k % rows)] = _mm512_reduce_add_epi32(sum);
    }
}

/* `rows` × `tokens` at a time, ROWS of their products together. */
KERNEL_INLINE void dot_two_bit_all(const int rows, const int tokens, const uint8_t *w,
                                   size_t n_rows, size_t n, const int8_t *x, int32_t *y, size_t ldy)
{
    size_t r = 0;
    for (; r + (size_t)rows <= n_rows; r += (size_t)rows, w += (size_t)rows * (n / 4))
        dot_two_bit_rows(rows, tokens, w, n, x, y + r, ldy);
    for (; r < n_rows; r++, w += n / 4)
        dot_two_bit_rows(1, tokens, w, n, x, y + r, ldy);
}

void avx512_dot_two_bit(const uint8_t *w, size_t n_rows, size_t n, const int8_t *x, size_t n_tokens,
                        int32_t *y, size_t ldy)
{
    if (n_tokens == 1)
        dot_two_bit_all(4, 1, w, n_rows, n, x, y, ldy);
    else if (n_tokens == 2)
        dot_two_bit_all(2, 2, w, n_rows, n, x, y, ldy);
    else if (n_tokens == 3)
        dot_two_bit_all(1, 3, w, n_rows, n, x, y, ldy);
    else
        dot_two_bit_all(1, 4, w, n_rows, n, x, y, ldy);
}

/* -- dequantising: exactly as the reference, so without fused multiply-add -- */

/* 64 weights with the scale and offset of their 16 lanes. */
KERNEL_INLINE void expand_64(__m512i w, int zero, __m512 scale, __m512 offset, float *dst)
{
    uint8_t bytes[64];
    _mm512_storeu_si512(bytes, w);
    for (int g = 0; g < 4; g++) {
        __m512i lane = _mm512_set1_epi32(4 * g);
        __m512i q = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(bytes + 16 * g)));
        __m512 f = _mm512_cvtepi32_ps(_mm512_sub_epi32(q, _mm512_set1_epi32(zero)));
        f = _mm512_mul_ps(f, _mm512_permutexvar_ps(lane, scale));
        _mm512_storeu_ps(dst + 16 * g, _mm512_add_ps(f, _mm512_permutexvar_ps(lane, offset)));
    }
}

KERNEL_INLINE void expand_pairs(const struct reader t, const uint8_t *p, float *dst, size_t n)
{
    __m512 offset, scale;
    size_t i = 0;
    for (; i + 64 <= n; i += 64, p += 2 * t.bytes) {
        scale = t.scales(p, &offset);
        expand_64(t.weights(p, 0), t.zero, scale, offset, dst + i);
    }
    if (i < n) {
        uint8_t padded[2 * BYTES_Q8_0] = {0};
        float whole[64];
        memcpy(padded, p, (size_t)t.bytes);
        scale = t.scales(padded, &offset);
        expand_64(t.weights(padded, 0), t.zero, scale, offset, whole);
        memcpy(dst + i, whole, 32 * sizeof *dst);
    }
}

KERNEL_INLINE void expand_blocks(const struct reader t, const uint8_t *b, float *dst, size_t n)
{
    for (size_t i = 0; i < n; i += 256, b += t.bytes) {
        __m512 offset, scale = t.scales(b, &offset);
        KERNEL_UNROLL
        for (int u = 0; u < 4; u++)
            expand_64(t.weights(b, u), t.zero, spread_groups(scale, u), spread_groups(offset, u),
                      dst + i + 64 * u);
    }
}

#define ENTRIES(TYPE, name, dot, expand, ...)                                                      \
    void avx512_matvec_##name(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,         \
                              size_t n_tokens, float *y, size_t ldy)                               \
    {                                                                                              \
        const struct reader t = {weights_##name, scales_##name, ZERO_##TYPE,                       \
                                 BYTES_##TYPE,   OFFSET_##TYPE, __VA_ARGS__};                      \
        dot_tokens(t, dot, w, row_bytes, n_rows, x, n_tokens, y, ldy);                             \
    }                                                                                              \
    void avx512_dequantize_##name(const void *src, float *dst, size_t n)                           \
    {                                                                                              \
        const struct reader t = {weights_##name, scales_##name, ZERO_##TYPE,                       \
                                 BYTES_##TYPE,   OFFSET_##TYPE, NULL};                             \
        expand(t, src, dst, n);                                                                    \
    }
#define BLOCK_ENTRIES(TYPE, name) ENTRIES(TYPE, name, dot_blocks, expand_blocks, NULL)
ENTRIES(Q4_0, q4_0, dot_quads, expand_pairs, nibbles_q4_0)
ENTRIES(Q4_1, q4_1, dot_quads, expand_pairs, nibbles_q4_1)
ENTRIES(Q5_0, q5_0, dot_quads, expand_pairs, nibbles_q5_0)
ENTRIES(Q5_1, q5_1, dot_quads, expand_pairs, nibbles_q5_1)
ENTRIES(IQ4_NL, iq4_nl, dot_quads, expand_pairs, nibbles_iq4_nl)
ENTRIES(Q8_0, q8_0, dot_pairs, expand_pairs, NULL)
QUANT_TYPES_256(BLOCK_ENTRIES)
