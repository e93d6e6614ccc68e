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
    int32_t zero; /* what every weight byte is too large by */
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
        const struct reader t = {weights_##name, scales_##name, ZERO_##TYPE,                       \
                                 BYTES_##TYPE,   group_weights, OFFSET_##TYPE};                    \
        *(struct header *)panel->memory = (struct header){t.zero, t.has_offset};                   \
        panel->group = group_weights;                                                              \
        for (size_t half = 0; half < 2 && 16 * half < panel->n_rows; half++) {                     \
            struct strip s =                                                                       \
                strip_get(w, row_bytes, panel, half, block_bytes(group_weights, t.has_offset));    \
            unpack_rows(t, &s, panel->n);                                                          \
        }                                                                                          \
    }
#define UNPACK_PAIR(TYPE, name)  UNPACK(TYPE, name, 32, unpack_pairs)
#define UNPACK_BLOCK(TYPE, name) UNPACK(TYPE, name, GROUP_##TYPE, unpack_blocks)
QUANT_TYPES_32(UNPACK_PAIR)
QUANT_TYPES_256(UNPACK_BLOCK)

/* -- the product -- */

enum { TOKENS = 6, CHUNK = 128 }; /* tokens of a register tile; blocks prepared at a time */

/* gcc 12 copies accumulators that go round a loop through _mm512_dpbusd_epi32, at half the speed.
 */
KERNEL_INLINE void dot_quad(__m512i *acc, __m512i w, __m512i x)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*acc) : "v"(w), "v"(x));
}

KERNEL_INLINE __m512i broadcast_quad(const int8_t *p)
{
    int32_t quad;
    memcpy(&quad, p, 4);
    return _mm512_set1_epi32(quad);
}

/* The parts of a type that the inner loops depend on; always a compile-time constant. */
struct form {
    int groups; /* scales for each 32 weights: 1 or 2 */
    bool has_offset;
};

/* What a token contributes besides its int8 values, for each group of a chunk: for types with
 * offsets the float sum that multiplies them; for the others where the dot product starts: −zero ×
 * Σ q. */
union prepared {
    int32_t start[2 * CHUNK];
    float sum[2 * CHUNK];
};

/* −zero × Σ q of n ≤ 16 groups of 16. Σ q ≤ 2032 comes back exactly from scale × Σ q though the
 * reciprocal has but 14 bits. A scale of 0 gives any number, which is then multiplied by 0. */
KERNEL_INLINE __m512i group_starts(const float *sum, const float *scale, size_t n, int zero)
{
    const __m512i twice = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
    __m512 s = _mm512_castps256_ps512(_mm256_maskz_loadu_ps((__mmask8)vec_mask(n / 2), scale));
    __m512 inverse = _mm512_rcp14_ps(_mm512_permutexvar_ps(twice, s));
    __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(vec_mask(n), sum), inverse));
    return _mm512_mullo_epi32(q, _mm512_set1_epi32(-zero));
}

/* Fills `out` for `blocks` blocks of 32; sum and scale are the token's, from the chunk on. */
KERNEL_INLINE void prepare(const struct form form, int zero, const float *sum, const float *scale,
                           size_t blocks, union prepared *out)
{
    for (size_t g = 0; g < 2 * blocks; g += 16) {
        size_t n = 2 * blocks - g < 16 ? 2 * blocks - g : 16;
        __m512i v;
        if (form.has_offset) {
            __m512 f = _mm512_maskz_loadu_ps(vec_mask(n), sum + g);
            __m512 odd = _mm512_castsi512_ps(_mm512_srli_epi64(_mm512_castps_si512(f), 32));
            v = _mm512_castps_si512(form.groups == 1 ? _mm512_add_ps(f, odd) : f);
        } else {
            v = group_starts(sum + g, scale + g / 2, n, zero);
            if (form.groups == 1)
                v = _mm512_add_epi32(v, _mm512_srli_epi64(v, 32));
        }
        if (form.groups == 1)
            _mm256_storeu_si256((__m256i *)(out->start + g / 2), _mm512_cvtepi64_epi32(v));
        else
            _mm512_storeu_si512(out->start + g, v);
    }
}

/* Adds group g of the block at `w` (block b of the row, bc of the chunk) to the tile. */
KERNEL_INLINE void add_group(const int tokens, const struct form form, const uint8_t *w, int g,
                             struct q8 x, size_t b, const union prepared *prepared, size_t bc,
                             __m512 acc[TOKENS][2])
{
    const float *scales = (const float *)(w + QUADS) + 32 * g;
    const float *offsets = scales + 32 * form.groups;
    const int quads = 8 / form.groups;
    size_t group = bc * (size_t)form.groups + (size_t)g;
    __m512i dot[TOKENS][2];
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++) {
        dot[t][0] =
            form.has_offset ? _mm512_setzero_si512() : _mm512_set1_epi32(prepared[t].start[group]);
        dot[t][1] = dot[t][0];
    }
    KERNEL_UNROLL
    for (int q = g * quads; q < (g + 1) * quads; q++) {
        __m512i w0 = _mm512_load_si512(w + q * QUAD), w1 = _mm512_load_si512(w + q * QUAD + 64);
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            __m512i v = broadcast_quad(x.q + (size_t)t * x.n + 32 * b + 4 * (size_t)q);
            dot_quad(&dot[t][0], w0, v);
            dot_quad(&dot[t][1], w1, v);
        }
    }
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++) {
        __m512 scale = _mm512_set1_ps(x.scale[(size_t)t * (x.n / 32) + b]);
        KERNEL_UNROLL
        for (int r = 0; r < 2; r++) {
            __m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(dot[t][r]), scale);
            acc[t][r] = _mm512_fmadd_ps(f, _mm512_load_ps(scales + 16 * r), acc[t][r]);
            if (form.has_offset)
                acc[t][r] = _mm512_fmadd_ps(_mm512_set1_ps(prepared[t].sum[group]),
                                            _mm512_load_ps(offsets + 16 * r), acc[t][r]);
        }
    }
}

/* y of a few tokens. */
KERNEL_INLINE void multiply_tile(const int tokens, const struct form form,
                                 const struct panel *panel, struct q8 x, float *y, size_t ldy)
{
    const uint8_t *memory = panel->memory;
    const int zero = ((const struct header *)panel->memory)->zero;
    const size_t stride = block_bytes(form.groups == 2 ? 16 : 32, form.has_offset);
    union prepared prepared[TOKENS];
    __m512 acc[TOKENS][2];
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++)
        acc[t][0] = acc[t][1] = _mm512_setzero_ps();
    for (size_t from = 0; from < x.n / 32; from += CHUNK) {
        size_t blocks = x.n / 32 - from < CHUNK ? x.n / 32 - from : CHUNK;
        for (size_t t = 0; t < (size_t)tokens; t++)
            prepare(form, zero, x.sum + t * (x.n / 16) + 2 * from, x.scale + t * (x.n / 32) + from,
                    blocks, &prepared[t]);
        const uint8_t *w = memory + HEADER + from * stride;
        for (size_t b = 0; b < blocks; b++, w += stride)
            for (int g = 0; g < form.groups; g++)
                add_group(tokens, form, w, g, x, from + b, prepared, b, acc);
    }
    __mmask32 rows = (__mmask32)((1ull << panel->n_rows) - 1);
    for (int t = 0; t < tokens; t++) {
        _mm512_mask_storeu_ps(y + (size_t)t * ldy, (__mmask16)rows, acc[t][0]);
        _mm512_mask_storeu_ps(y + (size_t)t * ldy + 16, (__mmask16)(rows >> 16), acc[t][1]);
    }
}

typedef void multiply_fn(const struct panel *panel, struct q8 x, float *y, size_t ldy);

#define MULTIPLY(form_name, tokens, groups, has_offset)                                            \
    static void multiply_##form_name##_##tokens(const struct panel *panel, struct q8 x, float *y,  \
                                                size_t ldy)                                        \
    {                                                                                              \
        multiply_tile(tokens, (struct form){groups, has_offset}, panel, x, y, ldy);                \
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
MULTIPLY_FORM(zero_32, 1, false)
MULTIPLY_FORM(offset_32, 1, true)
MULTIPLY_FORM(zero_16, 2, false)
MULTIPLY_FORM(offset_16, 2, true)

void avx512_panel_q8(const struct panel *panel, struct q8 x, size_t n_tokens, float *y, size_t ldy)
{
    static multiply_fn *const multiply[2][2][TOKENS] = {
        {MULTIPLY_ROW(zero_32), MULTIPLY_ROW(offset_32)},
        {MULTIPLY_ROW(zero_16), MULTIPLY_ROW(offset_16)},
    };
    const struct header *header = panel->memory;
    while (n_tokens) {
        /* Even tiles: eight tokens are 4 + 4, not 6 + 2. */
        size_t tiles = (n_tokens + TOKENS - 1) / TOKENS, tokens = (n_tokens + tiles - 1) / tiles;
        multiply[panel->group == 16][header->has_offset][tokens - 1](panel, x, y, ldy);
        x.q += tokens * x.n;
        x.scale += tokens * (x.n / 32);
        x.sum += tokens * (x.n / 16);
        y += tokens * ldy;
        n_tokens -= tokens;
    }
}
