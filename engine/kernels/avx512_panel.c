/* AVX-512 with VNNI: the int8 product of many tokens with a panel of 32 rows.
 *
 * A panel is a header and then, for each 32 weights of k, a block:
 *   8 quads of [32 rows][4 weights] bytes, so that a register holds 4 weights of 16 rows;
 *   [32 rows] scales for each group of 16 or 32; as many offsets if the type has them.
 * A token's 4 activations are broadcast against it. Per 32 k, 16 rows and token that is 8 vpdpbusd,
 * one multiplication by the token's scale and one by the rows'. */
#include "engine/kernels/avx512_blocks.h"

#include "engine/kernels/avx512.h"

enum { QUAD = 128, HEADER = 64, QUADS = 8 * QUAD };

struct header {
    int32_t shift; /* every weight byte is too large by 1 << shift */
    int32_t has_offset;
};

size_t avx512_panel_bytes(size_t n)
{
    return HEADER + n / 32 * (QUADS + 4 * 32 * sizeof(float));
}

static size_t block_bytes(uint32_t group, bool has_offset)
{
    return QUADS + 32 / group * (has_offset ? 2 : 1) * 32 * sizeof(float);
}

/* -- unpacking -- */

/* Zero points of the panels' bytes: powers of two. Those of types with offsets are in the middle.
 */
enum {
    CENTRE_Q4_0 = ZERO_Q4_0,
    CENTRE_Q4_1 = 8,
    CENTRE_Q5_0 = ZERO_Q5_0,
    CENTRE_Q5_1 = 16,
    CENTRE_Q8_0 = ZERO_Q8_0,
    CENTRE_IQ4_NL = ZERO_IQ4_NL,
    CENTRE_Q2_K = 2,
    CENTRE_Q3_K = ZERO_Q3_K,
    CENTRE_Q4_K = 8,
    CENTRE_Q5_K = 16,
    CENTRE_Q6_K = ZERO_Q6_K,
    CENTRE_IQ4_XS = ZERO_IQ4_XS,
};

/* A type's functions of avx512_blocks.h; always a compile-time constant. */
struct reader {
    __m512i (*weights)(const uint8_t *p, int unit);
    __m512 (*scales)(const uint8_t *p, __m512 *offset);
    int zero, bytes, group;
    bool has_offset;
};

/* 16 rows of weights, and where the left or right half of the panel's rows lie. */
struct strip {
    const uint8_t *row[16];
    const uint8_t *next; /* where the following 16 rows begin */
    uint8_t *to;         /* the first block's quads of this half */
    size_t stride;
};

/* Short rows give the hardware's prefetcher no time to start: without asking for the next 16 rows
 * while these are unpacked, cold rows took 4 times as long. `at` is how far these have come. */
KERNEL_INLINE void prefetch_rows(const struct strip *s, size_t at, size_t bytes)
{
    for (size_t i = 0; i < 16 * bytes; i += 64)
        __builtin_prefetch(s->next + 16 * at + i);
}

/* 16 rows of 64 weights to the quads of one or two blocks. */
KERNEL_INLINE void put_quads(__m512i v[16], uint8_t *to, size_t stride, int blocks)
{
    transpose_16(v);
    KERNEL_UNROLL
    for (int q = 0; q < 8; q++)
        _mm512_store_si512(to + q * QUAD, v[q]);
    if (blocks == 1)
        return;
    KERNEL_UNROLL
    for (int q = 0; q < 8; q++)
        _mm512_store_si512(to + stride + q * QUAD, v[8 + q]);
}

/* The halves (16 bits each) of the scales are first collected in the slots of the floats they
 * become: converting one by one took a third of the unpacking. */
KERNEL_INLINE void put_half(uint8_t *slot, int r, const uint8_t *half)
{
    memcpy(slot + 2 * r, half, 2);
}

static void widen_halves(uint8_t *slot)
{
    _mm512_store_ps(slot, _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)slot)));
}

/* One or two 32-weight blocks of 16 rows, `at` bytes into each row. */
KERNEL_INLINE void unpack_pair(const struct reader t, const struct strip *s, size_t at, int blocks,
                               uint8_t *to)
{
    __m512i v[16];
    uint8_t padded[2 * BYTES_Q8_0] = {0};
    KERNEL_UNROLL
    for (int r = 0; r < 16; r++) {
        const uint8_t *p = s->row[r] + at;
        if (blocks == 1)
            p = memcpy(padded, p, (size_t)t.bytes);
        v[r] = t.weights(p, 0);
        for (int b = 0; b < blocks; b++) {
            uint8_t *slot = to + (size_t)b * s->stride + QUADS;
            put_half(slot, r, p + b * t.bytes);
            if (t.has_offset)
                put_half(slot + QUAD, r, p + b * t.bytes + 2);
        }
    }
    put_quads(v, to, s->stride, blocks);
}

KERNEL_INLINE void unpack_pairs(const struct reader t, const struct strip *s, size_t n)
{
    uint8_t *to = s->to;
    size_t at = 0, blocks = n / 32;
    for (size_t b = 0; b + 2 <= blocks; b += 2, at += 2 * (size_t)t.bytes, to += 2 * s->stride) {
        prefetch_rows(s, at, 2 * (size_t)t.bytes);
        unpack_pair(t, s, at, 2, to);
    }
    if (blocks % 2)
        unpack_pair(t, s, at, 1, to);
    for (size_t b = 0; b < blocks; b++) {
        widen_halves(s->to + b * s->stride + QUADS);
        if (t.has_offset)
            widen_halves(s->to + b * s->stride + QUADS + QUAD);
    }
}

/* 16 groups' floats of 16 rows: [row][group] to the slots of eight blocks. */
KERNEL_INLINE void put_groups(__m512 rows[16], uint8_t *slot, size_t stride, int group)
{
    __m512i v[16];
    for (int r = 0; r < 16; r++)
        v[r] = _mm512_castps_si512(rows[r]);
    transpose_16(v);
    for (int b = 0; b < 8; b++) {
        _mm512_store_si512(slot + (size_t)b * stride, v[2 * b]);
        if (group == 16)
            _mm512_store_si512(slot + (size_t)b * stride + QUAD, v[2 * b + 1]);
    }
}

KERNEL_INLINE void unpack_blocks(const struct reader t, const struct strip *s, size_t n)
{
    uint8_t *to = s->to;
    for (size_t at = 0; at < n / 256 * (size_t)t.bytes;
         at += (size_t)t.bytes, to += 8 * s->stride) {
        __m512 scale[16], offset[16];
        __m512i v[16];
        prefetch_rows(s, at, (size_t)t.bytes);
        for (int r = 0; r < 16; r++)
            scale[r] = t.scales(s->row[r] + at, &offset[r]);
        put_groups(scale, to + QUADS, s->stride, t.group);
        if (t.has_offset)
            put_groups(offset, to + QUADS + QUAD * (32 / t.group), s->stride, t.group);
        KERNEL_UNROLL
        for (int u = 0; u < 4; u++) {
            KERNEL_UNROLL
            for (int r = 0; r < 16; r++)
                v[r] = t.weights(s->row[r] + at, u);
            put_quads(v, to + 2 * (size_t)u * s->stride, s->stride, 2);
        }
    }
}

/* The upper halves of floats, rounded to even, moved down by 16 or left in place. NaNs do not
 * matter here. */
KERNEL_INLINE __m512i round_upper(__m512 v, int down)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i bits = _mm512_castps_si512(v);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
    bits = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    bits = _mm512_srli_epi32(bits, 16);
    return down ? bits : _mm512_slli_epi32(bits, 16);
}

/* Moves the zero point of types with offsets to the middle of their bytes, where what is left of
 * the offsets is small, and for groups of 32 lays those of two blocks side by side as BF16. */
KERNEL_INLINE void centre_offsets(const struct reader t, const struct strip *s, size_t blocks)
{
    const size_t groups = 32 / (size_t)t.group;
    const __m512 zero = _mm512_set1_ps((float)t.zero);
    uint8_t *at = s->to + QUADS, *last = NULL;
    for (size_t b = 0; b < blocks; b++, at += s->stride)
        for (size_t g = 0; g < groups; g++) {
            uint8_t *to = at + (groups + g) * QUAD;
            __m512 v = _mm512_fmadd_ps(zero, _mm512_load_ps(at + g * QUAD), _mm512_load_ps(to));
            if (groups == 2) {
                _mm512_store_ps(to, v);
            } else if (b % 2 == 0) {
                last = to;
                _mm512_store_si512(to, round_upper(v, 16));
            } else {
                __m512i first = _mm512_load_si512(last);
                _mm512_store_si512(last, _mm512_or_si512(first, round_upper(v, 0)));
            }
        }
}

/* Rows that the panel lacks repeat the last; panel_q8 does not store them. */
static struct strip strip_get(const uint8_t *w, size_t row_bytes, const struct panel *panel,
                              size_t half, size_t stride)
{
    struct strip s = {.next = w + 16 * (half + 1) * row_bytes,
                      .to = (uint8_t *)panel->memory + HEADER + 64 * half,
                      .stride = stride};
    for (size_t r = 0; r < 16; r++) {
        size_t row = 16 * half + r;
        s.row[r] = w + (row < panel->n_rows ? row : panel->n_rows - 1) * row_bytes;
    }
    return s;
}

#define UNPACK(TYPE, name, group_weights, unpack_rows)                                             \
    void avx512_unpack_##name(const void *w, size_t row_bytes, struct panel *panel)                \
    {                                                                                              \
        const struct reader t = {weights_##name, scales_##name, CENTRE_##TYPE,                     \
                                 BYTES_##TYPE,   group_weights, OFFSET_##TYPE};                    \
        *(struct header *)panel->memory =                                                          \
            (struct header){__builtin_ctz((unsigned)t.zero), t.has_offset};                        \
        panel->group = group_weights;                                                              \
        for (size_t half = 0; half < 2 && 16 * half < panel->n_rows; half++) {                     \
            struct strip s =                                                                       \
                strip_get(w, row_bytes, panel, half, block_bytes(group_weights, t.has_offset));    \
            unpack_rows(t, &s, panel->n);                                                          \
            if (t.has_offset)                                                                      \
                centre_offsets(t, &s, panel->n / 32);                                              \
        }                                                                                          \
    }
#define UNPACK_PAIR(TYPE, name)  UNPACK(TYPE, name, 32, unpack_pairs)
#define UNPACK_BLOCK(TYPE, name) UNPACK(TYPE, name, GROUP_##TYPE, unpack_blocks)
QUANT_TYPES_32(UNPACK_PAIR)
QUANT_TYPES_256(UNPACK_BLOCK)

/* -- the product -- */

/* Tokens of a register tile; with two groups, sums of both need registers too. */
enum { TOKENS = 6, TOKENS_16 = 4 };

/* gcc 12 copies accumulators that go round a loop through _mm512_dpbusd_epi32, at half the speed.
 */
KERNEL_INLINE void dot_quad(__m512i *acc, __m512i w, __m512i x)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*acc) : "v"(w), "v"(x));
}

KERNEL_INLINE __m512i broadcast_quad(const void *p)
{
    int32_t quad;
    memcpy(&quad, p, 4);
    return _mm512_set1_epi32(quad);
}

/* acc += a pair of offsets × a pair of sums, all BF16. */
KERNEL_INLINE void dot_pair(__m512 *acc, __m512i offsets, __m512i sums)
{
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(*acc) : "v"(offsets), "v"(sums));
}

/* The parts of a type that the inner loops depend on; always a compile-time constant. */
struct form {
    int groups; /* scales for each 32 weights: 1 or 2 */
    bool has_offset;
    bool has_bf16; /* of the processor */
};

/* Adds the quads of one group to where `dot` starts: −zero × Σ q. */
KERNEL_INLINE void dot_group(const int tokens, const int quads, const uint8_t *w, const int8_t *q,
                             size_t ldq, __m512i dot[TOKENS][2])
{
    KERNEL_UNROLL
    for (int i = 0; i < quads; i++) {
        __m512i w0 = _mm512_load_si512(w + i * QUAD), w1 = _mm512_load_si512(w + i * QUAD + 64);
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            __m512i v = broadcast_quad(q + (size_t)t * ldq + 4 * i);
            dot_quad(&dot[t][0], w0, v);
            dot_quad(&dot[t][1], w1, v);
        }
    }
}

/* −Σ q over a group of the token's block. */
KERNEL_INLINE __m512i group_less(const struct form form, const struct q8_block *x, int g)
{
    __m512i less = broadcast_quad(&x->less[g]);
    return form.groups == 2 ? less : _mm512_add_epi32(less, broadcast_quad(&x->less[1]));
}

/* Offsets of 16 rows for group g; those of block 0 or 1 of a pair. */
KERNEL_INLINE __m512 group_offsets(const struct form form, const uint8_t *offsets, int g, int r,
                                   int odd)
{
    __m512i v = _mm512_load_si512(offsets + 128 * g + 64 * r);
    if (form.groups == 2)
        return _mm512_castsi512_ps(v);
    v = odd ? _mm512_and_si512(v, _mm512_set1_epi32((int)0xffff0000u)) : _mm512_slli_epi32(v, 16);
    return _mm512_castsi512_ps(v);
}

/* Adds the block at w to the tile; x is the tokens' from this block on; block 0 or 1 of a pair. */
KERNEL_INLINE void add_block(const int tokens, const struct form form, const int odd, __m512i shift,
                             const uint8_t *w, struct q8 x, __m512 acc[TOKENS][2])
{
    const size_t ld = x.n / 32, stride = block_bytes(form.groups == 2 ? 16 : 32, form.has_offset);
    const uint8_t *scales = w + QUADS, *offsets = scales + 128 * form.groups - odd * stride;
    const int quads = 8 / form.groups;
    __m512 f[TOKENS][2];
    KERNEL_UNROLL
    for (int g = 0; g < form.groups; g++) {
        __m512i dot[TOKENS][2];
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            __m512i less = group_less(form, x.block + (size_t)t * ld, g);
            dot[t][0] = dot[t][1] = _mm512_sllv_epi32(less, shift);
        }
        dot_group(tokens, quads, w + g * quads * QUAD, x.q + 4 * g * quads, x.n, dot);
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            __m512 less = _mm512_cvtepi32_ps(group_less(form, x.block + (size_t)t * ld, g));
            KERNEL_UNROLL
            for (int r = 0; r < 2; r++) {
                __m512 d = _mm512_cvtepi32_ps(dot[t][r]);
                __m512 scale = _mm512_load_ps(scales + 128 * g + 64 * r);
                f[t][r] = g ? _mm512_fmadd_ps(d, scale, f[t][r]) : _mm512_mul_ps(d, scale);
                if (form.has_offset && !form.has_bf16)
                    f[t][r] =
                        _mm512_fnmadd_ps(group_offsets(form, offsets, g, r, odd), less, f[t][r]);
            }
        }
    }
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++) {
        __m512 scale = _mm512_set1_ps(x.block[(size_t)t * ld].scale);
        acc[t][0] = _mm512_fmadd_ps(f[t][0], scale, acc[t][0]);
        acc[t][1] = _mm512_fmadd_ps(f[t][1], scale, acc[t][1]);
        if (form.has_bf16 && !odd) {
            __m512i sums = broadcast_quad(x.block[(size_t)t * ld].total);
            dot_pair(&acc[t][0], _mm512_load_si512(offsets), sums);
            dot_pair(&acc[t][1], _mm512_load_si512(offsets + 64), sums);
        }
    }
}

KERNEL_INLINE struct q8 next_block(struct q8 x)
{
    return (struct q8){x.q + 32, x.block + 1, x.n};
}

/* y of a few tokens. */
KERNEL_INLINE void multiply_tile(const int tokens, const struct form form,
                                 const struct panel *panel, struct q8 x, float *y, size_t ldy)
{
    const uint8_t *w = (const uint8_t *)panel->memory + HEADER;
    const __m512i shift = _mm512_set1_epi32(((const struct header *)panel->memory)->shift);
    const size_t stride = block_bytes(form.groups == 2 ? 16 : 32, form.has_offset);
    const bool paired = form.has_offset && form.groups == 1;
    __m512 acc[TOKENS][2];
    struct q8 from = x;
    size_t blocks = x.n / 32;
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++)
        acc[t][0] = acc[t][1] = _mm512_setzero_ps();
    for (; blocks >= 2 && paired; blocks -= 2, w += 2 * stride) {
        add_block(tokens, form, 0, shift, w, from, acc);
        from = next_block(from);
        add_block(tokens, form, 1, shift, w + stride, from, acc);
        from = next_block(from);
    }
    for (; blocks; blocks--, w += stride, from = next_block(from))
        add_block(tokens, form, 0, shift, w, from, acc);
    __mmask32 rows = (__mmask32)((1ull << panel->n_rows) - 1);
    for (int t = 0; t < tokens; t++) {
        _mm512_mask_storeu_ps(y + (size_t)t * ldy, (__mmask16)rows, acc[t][0]);
        _mm512_mask_storeu_ps(y + (size_t)t * ldy + 16, (__mmask16)(rows >> 16), acc[t][1]);
    }
}

typedef void multiply_fn(const struct panel *panel, struct q8 x, float *y, size_t ldy);

#define MULTIPLY(form_name, tokens, ...)                                                           \
    static void multiply_##form_name##_##tokens(const struct panel *panel, struct q8 x, float *y,  \
                                                size_t ldy)                                        \
    {                                                                                              \
        multiply_tile(tokens, (struct form){__VA_ARGS__}, panel, x, y, ldy);                       \
    }
#define MULTIPLY_FORM(name, ...)                                                                   \
    MULTIPLY(name, 1, __VA_ARGS__)                                                                 \
    MULTIPLY(name, 2, __VA_ARGS__)                                                                 \
    MULTIPLY(name, 3, __VA_ARGS__)                                                                 \
    MULTIPLY(name, 4, __VA_ARGS__)                                                                 \
    MULTIPLY(name, 5, __VA_ARGS__)                                                                 \
    MULTIPLY(name, 6, __VA_ARGS__)
#define MULTIPLY_ROW(name)                                                                         \
    {                                                                                              \
        multiply_##name##_1, multiply_##name##_2, multiply_##name##_3, multiply_##name##_4,        \
            multiply_##name##_5, multiply_##name##_6                                               \
    }
MULTIPLY_FORM(zero_32, 1, false, false)
MULTIPLY_FORM(offset_32, 1, true, false)
MULTIPLY_FORM(bf16_32, 1, true, true)
MULTIPLY_FORM(zero_16, 2, false, false)
MULTIPLY_FORM(offset_16, 2, true, false)

/* All tokens, in tiles of `most` at most. */
static void multiply_all(multiply_fn *const multiply[TOKENS], size_t most,
                         const struct panel *panel, struct q8 x, size_t n_tokens, float *y,
                         size_t ldy)
{
    while (n_tokens) {
        /* Even tiles: eight tokens are 4 + 4, not 6 + 2. */
        size_t tiles = (n_tokens + most - 1) / most, tokens = (n_tokens + tiles - 1) / tiles;
        multiply[tokens - 1](panel, x, y, ldy);
        x = q8_row(x, tokens);
        y += tokens * ldy;
        n_tokens -= tokens;
    }
}

static void multiply_panel(const struct panel *panel, bool has_bf16, struct q8 x, size_t n_tokens,
                           float *y, size_t ldy)
{
    static multiply_fn *const by_32[][TOKENS] = {MULTIPLY_ROW(zero_32), MULTIPLY_ROW(offset_32),
                                                 MULTIPLY_ROW(bf16_32)};
    static multiply_fn *const by_16[][TOKENS] = {MULTIPLY_ROW(zero_16), MULTIPLY_ROW(offset_16)};
    bool has_offset = ((const struct header *)panel->memory)->has_offset;
    if (panel->group == 16)
        multiply_all(by_16[has_offset], TOKENS_16, panel, x, n_tokens, y, ldy);
    else
        multiply_all(by_32[has_offset ? 1 + has_bf16 : 0], TOKENS, panel, x, n_tokens, y, ldy);
}

void avx512_panel_q8(const struct panel *panel, struct q8 x, size_t n_tokens, float *y, size_t ldy)
{
    multiply_panel(panel, false, x, n_tokens, y, ldy);
}

void avx512_bf16_panel_q8(const struct panel *panel, struct q8 x, size_t n_tokens, float *y,
                          size_t ldy)
{
    multiply_panel(panel, true, x, n_tokens, y, ldy);
}
