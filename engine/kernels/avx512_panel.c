/* AVX-512 with VNNI: the int8 product of many tokens with a panel of 32 rows (avx512_panel.h).
 *
 * A token's 4 activations are broadcast against 4 weights of 16 rows. Per 32 k, 16 rows and token
 * that is 8 vpdpbusd, one multiplication by the rows' scales and one by the token's. */
#include <immintrin.h>

#include "engine/kernels/avx512_panel.h"

size_t avx512_panel_bytes(size_t n)
{
    return HEADER + n / 32 * block_bytes(16, true);
}

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

/* What to ask for during a tile: some cache lines with each block. */
struct ahead {
    const uint8_t *next, *end;
    size_t lines;
};

KERNEL_INLINE void prefetch(struct ahead *a)
{
    for (size_t i = 0; i < a->lines && a->next < a->end; i++, a->next += 64)
        __builtin_prefetch(a->next, 0, 2);
}

/* y of a few tokens. */
KERNEL_INLINE void multiply_tile(const int tokens, const struct form form,
                                 const struct panel *panel, struct q8 x, float *y, size_t ldy,
                                 struct ahead *ahead)
{
    struct ahead asked = *ahead;
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
        prefetch(&asked);
        prefetch(&asked);
        add_block(tokens, form, 0, shift, w, from, acc);
        from = next_block(from);
        add_block(tokens, form, 1, shift, w + stride, from, acc);
        from = next_block(from);
    }
    for (; blocks; blocks--, w += stride, from = next_block(from)) {
        prefetch(&asked);
        add_block(tokens, form, 0, shift, w, from, acc);
    }
    *ahead = asked;
    __mmask32 rows = (__mmask32)((1ull << panel->n_rows) - 1);
    for (int t = 0; t < tokens; t++) {
        _mm512_mask_storeu_ps(y + (size_t)t * ldy, (__mmask16)rows, acc[t][0]);
        _mm512_mask_storeu_ps(y + (size_t)t * ldy + 16, (__mmask16)(rows >> 16), acc[t][1]);
    }
}

typedef void multiply_fn(const struct panel *panel, struct q8 x, float *y, size_t ldy,
                         struct ahead *ahead);

#define MULTIPLY(form_name, tokens, ...)                                                           \
    static void multiply_##form_name##_##tokens(const struct panel *panel, struct q8 x, float *y,  \
                                                size_t ldy, struct ahead *ahead)                   \
    {                                                                                              \
        multiply_tile(tokens, (struct form){__VA_ARGS__}, panel, x, y, ldy, ahead);                \
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
    struct ahead ahead = {panel->next, (const uint8_t *)panel->next + panel->next_bytes, 0};
    size_t steps = (n_tokens + most - 1) / most * (panel->n / 32);
    ahead.lines = panel->next ? (panel->next_bytes + 64 * steps - 1) / (64 * steps) : 0;
    while (n_tokens) {
        /* Even tiles: eight tokens are 4 + 4, not 6 + 2. */
        size_t tiles = (n_tokens + most - 1) / most, tokens = (n_tokens + tiles - 1) / tiles;
        multiply[tokens - 1](panel, x, y, ldy, &ahead);
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
