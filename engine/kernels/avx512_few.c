/* AVX-512 with BF16: the product of few tokens with rows of weights, bit for bit what panels give.
 *
 * A panel's bytes go to memory, and stores of 64 bytes take two cycles each. Here those of 16 rows
 * stay in registers as they were packed, and are taken apart just before they meet the tokens;
 * meanwhile the next ones are loaded. A token's activations are broadcast from memory by the dot
 * products themselves, which costs less than a load of 64 bytes. */
#include "engine/kernels/avx512_strip.h"

/* Of a tile: sums, dot products, weights and the next ones fill 28 registers. */
enum { TOKENS = 8 };

/* 32 activations of each token of a tile. */
struct few_block {
    int8_t q[TOKENS][32];
    int32_t start[TOKENS]; /* −zero × Σ q */
    float scale[TOKENS];
    int32_t total[TOKENS]; /* as of q8_block: a pair of BF16 */
};

/* A type, always a compile-time constant. A chunk is what is loaded at once: 16 or 32 bytes. */
struct few_type {
    size_t bytes, weights; /* of a block */
    size_t head;           /* bytes before its weights */
    int quads;             /* registers of a chunk, four bytes of 16 rows each */
    int blocks;            /* of 32 weights in a chunk: 1 or 2 */
    int zero;
    /* Weights 4k … 4k + 3 of block h of a chunk. */
    __m512i (*weights_at)(const __m512i *v, int h, int k);
};

KERNEL_INLINE __m512i weights_q4_0(const __m512i *v, int h, int k)
{
    (void)h;
    return field(v[k % 4], k / 4 * 4, 15);
}

KERNEL_INLINE __m512i weights_q8_0(const __m512i *v, int h, int k)
{
    (void)h;
    return _mm512_xor_si512(v[k], _mm512_set1_epi8(-128));
}

KERNEL_INLINE __m512i weights_q4_k(const __m512i *v, int h, int k)
{
    return field(v[k], 4 * h, 15);
}

static void pack_tokens(struct q8 x, size_t n_tokens, int zero, struct few_block *to)
{
    for (size_t b = 0; b < x.n / 32; b++, to++)
        for (size_t t = 0; t < n_tokens; t++) {
            const struct q8_block *from = x.block + t * (x.n / 32) + b;
            memcpy(to->q[t], x.q + t * x.n + 32 * b, 32);
            to->start[t] = (from->less[0] + from->less[1]) * zero;
            to->scale[t] = from->scale;
            memcpy(&to->total[t], from->total, sizeof to->total[t]);
        }
}

/* acc += 4 unsigned weights of 16 rows × 4 activations at x */
KERNEL_INLINE void dot_quad_at(__m512i *acc, __m512i w, const int8_t *x)
{
    typedef int32_t __attribute__((may_alias, aligned(4))) quad;
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(*acc) : "v"(w), "m"(*(const quad *)x));
}

/* -- rows, by few registers: 16 pointers would not fit -- */

struct rows {
    const uint8_t *first, *eighth;
    size_t apart, apart_3, apart_5, apart_7;
};

KERNEL_INLINE const uint8_t *row(const struct rows *s, int r)
{
    const uint8_t *p = r < 8 ? s->first : s->eighth;
    switch (r % 8) {
    case 3:
        return p + s->apart_3;
    case 5:
        return p + s->apart_5;
    case 6:
        return p + 2 * s->apart_3;
    case 7:
        return p + s->apart_7;
    default: /* factors that an address can have */
        return p + (size_t)(r % 8) * s->apart;
    }
}

KERNEL_INLINE struct rows rows_at(const uint8_t *w, size_t apart)
{
    struct rows s = {w, w + 8 * apart, apart, 3 * apart, 5 * apart, 7 * apart};
    /* Kept, not reckoned anew for each row. */
    __asm__("" : "+r"(s.eighth), "+r"(s.apart_3), "+r"(s.apart_5), "+r"(s.apart_7));
    return s;
}

/* 16 bytes of rows i, 4 + i, 8 + i and 12 + i. */
KERNEL_INLINE __m512i load_four(const struct rows *s, size_t at, int i)
{
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(row(s, i) + at)));
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(row(s, 4 + i) + at)), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(row(s, 8 + i) + at)), 2);
    return _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(row(s, 12 + i) + at)), 3);
}

/* The k-th of eight steps that load a chunk to v: each quad of v is overwritten after the step of
 * its number, the last four of eight in the last. */
KERNEL_INLINE void load_step(const struct few_type t, const struct rows *s, int k, __m512i four[4],
                             __m512i v[8])
{
    if (k < 4 || t.quads == 8)
        four[k % 4] = load_four(s, k / 4 * 16, k % 4);
    if (k == 3 && t.quads == 8)
        transpose_4(four, v);
    if (k == 7)
        transpose_4(four, v + t.quads - 4);
}

/* -- scales -- */

/* 16-bit scales are collected some blocks before they are wanted: a load of what was stored piece
 * by piece just now would wait. */
enum { AHEAD = 8 };

struct scales {
    _Alignas(64) uint16_t halves[AHEAD][16];
    /* Of blocks of 256: floats and, for each two blocks, offsets in BF16, as in a panel. */
    _Alignas(64) uint8_t slots[QUADS + 8 * 2 * QUAD];
};

/* The 16-bit numbers `at` bytes into rows from … from + n − 1. */
KERNEL_INLINE void collect(const struct rows *s, ptrdiff_t at, int from, int n, uint16_t to[16])
{
    KERNEL_UNROLL
    for (int r = from; r < from + n; r++) {
        uint16_t half;
        memcpy(&half, row(s, r) + at, sizeof half);
        __asm__("" : "+r"(half)); /* gcc would put them together with shuffles */
        to[r] = half;
    }
}

/* The eight scales and offsets of a block of 256. */
static void scales_of_q4_k(const uint8_t *w, size_t apart, struct scales *to)
{
    const struct unpacker t = {.group = 32, .zero = 8, .has_offset = true};
    struct strip s = {.to = to->slots, .stride = 2 * QUAD};
    for (size_t r = 0; r < 16; r++)
        s.row[r] = w + r * apart;
    scales_k4(&s, 0, to->slots);
    centre_offsets(t, &s, 8);
}

/* -- products -- */

/* y of 16 rows and a tile of tokens. */
KERNEL_INLINE void multiply_strip(const struct few_type t, const int tokens, const uint8_t *w,
                                  size_t apart, size_t n, const struct few_block *x, float *y,
                                  size_t ldy)
{
    const bool halves = t.weights == 32;
    const size_t blocks = n / 32, chunk_bytes = 4 * (size_t)t.quads;
    const size_t chunks = t.weights / 32 / (size_t)t.blocks; /* of a block of the type */
    const uint8_t *ahead = w + 16 * apart;
    struct rows s = rows_at(w, apart);
    struct scales scales;
    __m512i v[8], four[4];
    __m512 acc[TOKENS];
    for (size_t b = 0; b < AHEAD && b < blocks && halves; b++)
        collect(&s, (ptrdiff_t)(b * t.bytes), 0, 16, scales.halves[b]);
    s.first += t.head;
    s.eighth += t.head;
    KERNEL_UNROLL
    for (int k = 0; k < 8; k++)
        load_step(t, &s, k, four, v);
    KERNEL_UNROLL
    for (int i = 0; i < tokens; i++)
        acc[i] = _mm512_setzero_ps();
    for (size_t first = 0, c = 0; first < blocks; first += (size_t)t.blocks, c++) {
        const bool last = first + (size_t)t.blocks == blocks;
        const size_t step = last                       ? 0
                            : c % chunks == chunks - 1 ? chunk_bytes + t.head
                                                       : chunk_bytes;
        if (!halves && c % chunks == 0)
            scales_of_q4_k(w + c / chunks * t.bytes, apart, &scales);
        for (size_t i = 0; i < 16 * t.bytes / chunks; i += 64)
            __builtin_prefetch(ahead + i, 0, 2);
        ahead += 16 * t.bytes / chunks;
        KERNEL_UNROLL
        for (int h = 0; h < t.blocks; h++, x++) {
            const size_t b = first + (size_t)h;
            const bool load = h == t.blocks - 1, more = halves && b + AHEAD < blocks;
            const uint8_t *slot = scales.slots + QUADS + b % 8 * 2 * QUAD;
            __m512i dot[TOKENS];
            /* One address to go on from: gcc makes one for every operand, and keeps them in
             * memory. */
            __asm__ volatile("" : "+r"(x) : : "memory");
            KERNEL_UNROLL
            for (int i = 0; i < tokens; i++)
                dot[i] = _mm512_set1_epi32(x->start[i]);
            const __m512 scale =
                halves ? _mm512_cvtph_ps(_mm256_load_si256((void *)scales.halves[b % AHEAD]))
                       : _mm512_load_ps(slot);
            if (load) {
                s.first += step;
                s.eighth += step;
            }
            KERNEL_UNROLL
            for (int k = 0; k < 8; k++) {
                const __m512i q = t.weights_at(v, h, k);
                KERNEL_UNROLL
                for (int i = 0; i < tokens; i++)
                    dot_quad_at(&dot[i], q, x->q[i] + 4 * k);
                if (load)
                    load_step(t, &s, k, four, v);
                if (k >= 4 && more)
                    collect(&s, (ptrdiff_t)((AHEAD - 1) * t.bytes) - (ptrdiff_t)t.head, 4 * (k - 4),
                            4, scales.halves[b % AHEAD]);
            }
            KERNEL_UNROLL
            for (int i = 0; i < tokens; i++) {
                const __m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(dot[i]), scale);
                acc[i] = _mm512_fmadd_ps(f, _mm512_set1_ps(x->scale[i]), acc[i]);
                if (!halves && h == 0)
                    dot_pair(&acc[i], _mm512_load_si512(slot + QUAD),
                             _mm512_set1_epi32(x->total[i]));
            }
        }
    }
    KERNEL_UNROLL
    for (int i = 0; i < tokens; i++)
        _mm512_storeu_ps(y + (size_t)i * ldy, acc[i]);
}

typedef void strip_fn(const uint8_t *w, size_t apart, size_t n, const struct few_block *x, float *y,
                      size_t ldy);

#define STRIP(name, tokens, ...)                                                                   \
    static void strip_##name##_##tokens(const uint8_t *w, size_t apart, size_t n,                  \
                                        const struct few_block *x, float *y, size_t ldy)           \
    {                                                                                              \
        multiply_strip((struct few_type){__VA_ARGS__, weights_##name}, tokens, w, apart, n, x, y,  \
                       ldy);                                                                       \
    }
#define FEW(name, ...)                                                                             \
    STRIP(name, 1, __VA_ARGS__)                                                                    \
    STRIP(name, 2, __VA_ARGS__)                                                                    \
    STRIP(name, 3, __VA_ARGS__)                                                                    \
    STRIP(name, 4, __VA_ARGS__)                                                                    \
    STRIP(name, 5, __VA_ARGS__)                                                                    \
    STRIP(name, 6, __VA_ARGS__)                                                                    \
    STRIP(name, 7, __VA_ARGS__)                                                                    \
    STRIP(name, 8, __VA_ARGS__)                                                                    \
    void avx512_few_##name(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,            \
                           size_t n_tokens, float *y, size_t ldy, void *scratch)                   \
    {                                                                                              \
        static strip_fn *const strips[TOKENS] = {                                                  \
            strip_##name##_1, strip_##name##_2, strip_##name##_3, strip_##name##_4,                \
            strip_##name##_5, strip_##name##_6, strip_##name##_7, strip_##name##_8};               \
        const struct few_type t = {__VA_ARGS__, weights_##name};                                   \
        while (n_tokens) {                                                                         \
            /* Even tiles: ten tokens are 5 + 5, not 8 + 2. */                                     \
            size_t tiles = (n_tokens + TOKENS - 1) / TOKENS, now = (n_tokens + tiles - 1) / tiles; \
            pack_tokens(x, now, t.zero, scratch);                                                  \
            for (size_t r = 0; r < n_rows; r += FEW_ROWS)                                          \
                strips[now - 1]((const uint8_t *)w + r * row_bytes, row_bytes, x.n, scratch,       \
                                y + r, ldy);                                                       \
            x = q8_row(x, now);                                                                    \
            y += now * ldy;                                                                        \
            n_tokens -= now;                                                                       \
        }                                                                                          \
    }
FEW(q4_0, 18, 32, 2, 4, 1, 8)
FEW(q8_0, 34, 32, 2, 8, 1, 128)
FEW(q4_k, 144, 256, 16, 8, 2, 8)
