/* How 64 weights of each quantised type become 64 unsigned bytes, and their scales, in AVX-512.
 *
 * Types of 32-weight blocks are read two blocks (a pair) at a time; the weights of w = scale × (q −
 * ZERO) + offset come in order. Scales and offsets of a pair are spread over 16 lanes, lane l for
 * weights 4l … 4l+3, as the dot products of bytes are. Types of 256-weight blocks give 64 weights
 * of unit u = 0 … 3, and scales and offsets for the 16 groups of 16.
 *
 * Loads stay inside the blocks: a row may end at the end of a mapped file. */
#ifndef ENGINE_KERNELS_AVX512_BLOCKS_H
#define ENGINE_KERNELS_AVX512_BLOCKS_H

#include <immintrin.h>

#include "engine/kernels/scales.h"
#include "engine/kernels/vec.h"
#include "engine/quant.h"

/* The zero point, and whether there are offsets. */
enum {
    ZERO_Q4_0 = 8,
    ZERO_Q4_1 = 0,
    ZERO_Q5_0 = 16,
    ZERO_Q5_1 = 0,
    ZERO_Q8_0 = 128,
    ZERO_IQ4_NL = 128,
    ZERO_Q2_K = 0,
    ZERO_Q3_K = 4,
    ZERO_Q4_K = 0,
    ZERO_Q5_K = 0,
    ZERO_Q6_K = 32,
    ZERO_IQ4_XS = 128,
    OFFSET_Q4_0 = 0,
    OFFSET_Q4_1 = 1,
    OFFSET_Q5_0 = 0,
    OFFSET_Q5_1 = 1,
    OFFSET_Q8_0 = 0,
    OFFSET_IQ4_NL = 0,
    OFFSET_Q2_K = 1,
    OFFSET_Q3_K = 0,
    OFFSET_Q4_K = 1,
    OFFSET_Q5_K = 1,
    OFFSET_Q6_K = 0,
    OFFSET_IQ4_XS = 0,
    BYTES_Q4_0 = 18,
    BYTES_Q4_1 = 20,
    BYTES_Q5_0 = 22,
    BYTES_Q5_1 = 24,
    BYTES_Q8_0 = 34,
    BYTES_IQ4_NL = 18,
    BYTES_Q2_K = 84,
    BYTES_Q3_K = 110,
    BYTES_Q4_K = 144,
    BYTES_Q5_K = 176,
    BYTES_Q6_K = 210,
    BYTES_IQ4_XS = 136,
    GROUP_Q2_K = 16,
    GROUP_Q3_K = 16,
    GROUP_Q4_K = 32,
    GROUP_Q5_K = 32,
    GROUP_Q6_K = 16,
    GROUP_IQ4_XS = 32,
};

/* -- pairs -- */

/* Two blocks of `bytes` bytes, together up to 64. */
KERNEL_INLINE __m512i load_pair_bytes(const uint8_t *p, const int bytes)
{
    return _mm512_maskz_loadu_epi8((1ull << 2 * bytes) - 1, p);
}

/* The halves at words a and b of the first 32 bytes as floats, in eight lanes each. */
KERNEL_INLINE __m512 spread_halves(__m512i raw, int a, int b)
{
    __m256i pick =
        _mm256_inserti128_si256(_mm256_set1_epi16((int16_t)a), _mm_set1_epi16((int16_t)b), 1);
    return _mm512_cvtph_ps(_mm256_permutexvar_epi16(pick, _mm512_castsi512_si256(raw)));
}

/* The nibbles of a pair of blocks of `bytes` bytes, whose 16 quant bytes are the last. */
KERNEL_INLINE __m512i pair_nibbles(const uint8_t *p, const int bytes)
{
    const int16_t a = (int16_t)(bytes / 2 - 8), b = (int16_t)(bytes - 8);
    const __m512i pick =
        _mm512_set_epi16(b + 7, b + 6, b + 5, b + 4, b + 3, b + 2, b + 1, b, b + 7, b + 6, b + 5,
                         b + 4, b + 3, b + 2, b + 1, b, a + 7, a + 6, a + 5, a + 4, a + 3, a + 2,
                         a + 1, a, a + 7, a + 6, a + 5, a + 4, a + 3, a + 2, a + 1, a);
    const __m512i shift = _mm512_set_epi64(4, 4, 0, 0, 4, 4, 0, 0);
    __m512i twice = _mm512_permutexvar_epi16(pick, load_pair_bytes(p, bytes));
    return _mm512_and_si512(_mm512_srlv_epi64(twice, shift), _mm512_set1_epi8(15));
}

/* Adds 16 where the bit of `high` is set. */
KERNEL_INLINE __m512i add_fifth_bit(__m512i q, uint64_t high)
{
    return _mm512_mask_add_epi8(q, high, q, _mm512_set1_epi8(16));
}

/* The levels of IQ4, 128 added. */
KERNEL_INLINE __m512i iq4_bytes(__m512i index)
{
    __m128i levels =
        _mm_xor_si128(_mm_loadu_si128((const __m128i *)iq4_levels), _mm_set1_epi8(-128));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(levels), index);
}

KERNEL_INLINE __m512i weights_q4_0(const uint8_t *p, int unit)
{
    (void)unit;
    return pair_nibbles(p, 18);
}

KERNEL_INLINE __m512i weights_q4_1(const uint8_t *p, int unit)
{
    (void)unit;
    return pair_nibbles(p, 20);
}

KERNEL_INLINE __m512i weights_q5_0(const uint8_t *p, int unit)
{
    (void)unit;
    return add_fifth_bit(pair_nibbles(p, 22), read32(p + 2) | (uint64_t)read32(p + 24) << 32);
}

KERNEL_INLINE __m512i weights_q5_1(const uint8_t *p, int unit)
{
    (void)unit;
    return add_fifth_bit(pair_nibbles(p, 24), read32(p + 4) | (uint64_t)read32(p + 28) << 32);
}

KERNEL_INLINE __m512i weights_q8_0(const uint8_t *p, int unit)
{
    (void)unit;
    __m512i first = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(p + 2)));
    __m256i second = _mm256_loadu_si256((const __m256i *)(p + 36));
    return _mm512_xor_si512(_mm512_inserti64x4(first, second, 1), _mm512_set1_epi8(-128));
}

KERNEL_INLINE __m512i weights_iq4_nl(const uint8_t *p, int unit)
{
    (void)unit;
    return iq4_bytes(pair_nibbles(p, 18));
}

#define PAIR_SCALES(name, bytes, has_offset)                                                       \
    KERNEL_INLINE __m512 scales_##name(const uint8_t *p, __m512 *offset)                           \
    {                                                                                              \
        __m512i raw = load_pair_bytes(p, bytes);                                                   \
        *offset = has_offset ? spread_halves(raw, 1, bytes / 2 + 1) : _mm512_setzero_ps();         \
        return spread_halves(raw, 0, bytes / 2);                                                   \
    }
PAIR_SCALES(q4_0, BYTES_Q4_0, OFFSET_Q4_0)
PAIR_SCALES(q4_1, BYTES_Q4_1, OFFSET_Q4_1)
PAIR_SCALES(q5_0, BYTES_Q5_0, OFFSET_Q5_0)
PAIR_SCALES(q5_1, BYTES_Q5_1, OFFSET_Q5_1)
PAIR_SCALES(iq4_nl, BYTES_IQ4_NL, OFFSET_IQ4_NL)

/* Both blocks' bytes exceed a register. */
KERNEL_INLINE __m512 scales_q8_0(const uint8_t *p, __m512 *offset)
{
    uint16_t first, second;
    memcpy(&first, p, 2);
    memcpy(&second, p + BYTES_Q8_0, 2);
    __m256i both = _mm256_inserti128_si256(_mm256_set1_epi16((int16_t)first),
                                           _mm_set1_epi16((int16_t)second), 1);
    *offset = _mm512_setzero_ps();
    return _mm512_cvtph_ps(both);
}

/* -- four blocks of nibbles -- */

/* `low` has the first 16 weights of each of four blocks, `high` the others, so that a lane of both
 * belongs to one block: lanes 4b … 4b+3 to block b. */
struct nibbles {
    __m512i low, high;
    __m512 scale, offset;
};

/* For sets of lanes, which are named from the last: each of four values four times, eight following
 * words. */
#define FOUR_BLOCKS(a, b, c, d) d, d, d, d, c, c, c, c, b, b, b, b, a, a, a, a
#define EIGHT_WORDS(a)          (a) + 7, (a) + 6, (a) + 5, (a) + 4, (a) + 3, (a) + 2, (a) + 1, (a)

/* The half at word `at` of each block, as a float in the block's four lanes. */
KERNEL_INLINE __m512 quad_halves(__m512i a, __m512i b, const int words, const int at)
{
    const int16_t w = (int16_t)words, n = (int16_t)at;
    const __m256i pick = _mm256_set_epi16(
        FOUR_BLOCKS(n, (int16_t)(w + n), (int16_t)(2 * w + n), (int16_t)(3 * w + n)));
    __m512i halves = _mm512_permutex2var_epi16(a, _mm512_castsi256_si512(pick), b);
    return _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
}

KERNEL_INLINE struct nibbles quad_nibbles(const uint8_t *p, const int bytes, bool has_offset)
{
    const int16_t w = (int16_t)(bytes / 2);
    const __m512i pick =
        _mm512_set_epi16(EIGHT_WORDS((int16_t)(4 * w - 8)), EIGHT_WORDS((int16_t)(3 * w - 8)),
                         EIGHT_WORDS((int16_t)(2 * w - 8)), EIGHT_WORDS((int16_t)(w - 8)));
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i a = _mm512_loadu_si512(p);
    __m512i b = _mm512_maskz_loadu_epi64((__mmask8)((1 << (4 * bytes - 64) / 8) - 1), p + 64);
    __m512i both = _mm512_permutex2var_epi16(a, pick, b);
    return (struct nibbles){
        .low = _mm512_and_si512(both, nibble),
        .high = _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble),
        .scale = quad_halves(a, b, w, 0),
        .offset = has_offset ? quad_halves(a, b, w, 1) : _mm512_setzero_ps(),
    };
}

/* Adds 16 to the weights whose bit is set; the 32 bits of each block are `at` bytes into it. */
KERNEL_INLINE struct nibbles quad_fifth_bits(struct nibbles v, const uint8_t *p, const int bytes,
                                             const int at)
{
    uint64_t low = 0, high = 0;
    KERNEL_UNROLL
    for (int b = 0; b < 4; b++) {
        uint64_t bits = read32(p + b * bytes + at);
        low |= (bits & 0xffff) << 16 * b;
        high |= (bits >> 16) << 16 * b;
    }
    v.low = add_fifth_bit(v.low, low);
    v.high = add_fifth_bit(v.high, high);
    return v;
}

KERNEL_INLINE struct nibbles nibbles_q4_0(const uint8_t *p)
{
    return quad_nibbles(p, BYTES_Q4_0, OFFSET_Q4_0);
}

KERNEL_INLINE struct nibbles nibbles_q4_1(const uint8_t *p)
{
    return quad_nibbles(p, BYTES_Q4_1, OFFSET_Q4_1);
}

KERNEL_INLINE struct nibbles nibbles_q5_0(const uint8_t *p)
{
    return quad_fifth_bits(quad_nibbles(p, BYTES_Q5_0, OFFSET_Q5_0), p, BYTES_Q5_0, 2);
}

KERNEL_INLINE struct nibbles nibbles_q5_1(const uint8_t *p)
{
    return quad_fifth_bits(quad_nibbles(p, BYTES_Q5_1, OFFSET_Q5_1), p, BYTES_Q5_1, 4);
}

KERNEL_INLINE struct nibbles nibbles_iq4_nl(const uint8_t *p)
{
    struct nibbles v = quad_nibbles(p, BYTES_IQ4_NL, OFFSET_IQ4_NL);
    v.low = iq4_bytes(v.low);
    v.high = iq4_bytes(v.high);
    return v;
}

/* -- blocks of 256 -- */

/* 32 bytes twice; then each half's bytes shifted right by its own count and masked. */
KERNEL_INLINE __m512i two_fields(const uint8_t *p, int low_shift, int high_shift, char mask)
{
    __m512i raw = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)p));
    __m512i shift =
        _mm512_inserti64x4(_mm512_set1_epi64(low_shift), _mm256_set1_epi64x(high_shift), 1);
    return _mm512_and_si512(_mm512_srlv_epi64(raw, shift), _mm512_set1_epi8(mask));
}

/* Of 32 bytes, the bits 2u (for the first 32 weights) and 2u + 1 (for the others). */
KERNEL_INLINE __mmask64 two_bits(const uint8_t *p, int u)
{
    __m512i raw = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)p));
    __m512i bits = _mm512_inserti64x4(_mm512_set1_epi8((char)(1 << 2 * u)),
                                      _mm256_set1_epi8((char)(2 << 2 * u)), 1);
    return _mm512_test_epi8_mask(raw, bits);
}

KERNEL_INLINE __m512i weights_q2_k(const uint8_t *b, int u)
{
    return two_fields(b + 16 + u / 2 * 32, u % 2 * 4, u % 2 * 4 + 2, 3);
}

KERNEL_INLINE __m512i weights_q3_k(const uint8_t *b, int u)
{
    __m512i q = two_fields(b + 32 + u / 2 * 32, u % 2 * 4, u % 2 * 4 + 2, 3);
    return _mm512_mask_add_epi8(q, two_bits(b, u), q, _mm512_set1_epi8(4));
}

KERNEL_INLINE __m512i weights_q4_k(const uint8_t *b, int u)
{
    return two_fields(b + 16 + u * 32, 0, 4, 15);
}

KERNEL_INLINE __m512i weights_q5_k(const uint8_t *b, int u)
{
    return add_fifth_bit(two_fields(b + 48 + u * 32, 0, 4, 15), two_bits(b + 16, u));
}

KERNEL_INLINE __m512i weights_q6_k(const uint8_t *b, int u)
{
    __m512i low = _mm512_srli_epi16(_mm512_loadu_si512(b + u / 2 * 64), u % 2 ? 4 : 0);
    __m512i raw =
        _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(b + 128 + u / 2 * 32)));
    /* Bits 0–1 and 2–3 (4–5 and 6–7 for odd units) come to rest in bits 4–5. */
    __m512i turn = u % 2 ? _mm512_set_epi64(62, 62, 62, 62, 0, 0, 0, 0)
                         : _mm512_set_epi64(2, 2, 2, 2, 4, 4, 4, 4);
    __m512i high = _mm512_and_si512(_mm512_rolv_epi64(raw, turn), _mm512_set1_epi8(0x30));
    return _mm512_ternarylogic_epi64(low, _mm512_set1_epi8(15), high, 0xea); /* (a & b) | c */
}

KERNEL_INLINE __m512i weights_iq4_xs(const uint8_t *b, int u)
{
    const __m512i pick = _mm512_set_epi64(3, 2, 3, 2, 1, 0, 1, 0);
    const __m512i shift = _mm512_set_epi64(4, 4, 0, 0, 4, 4, 0, 0);
    __m256i raw = _mm256_loadu_si256((const __m256i *)(b + 8 + u * 32));
    __m512i twice = _mm512_permutexvar_epi64(pick, _mm512_castsi256_si512(raw));
    return iq4_bytes(_mm512_and_si512(_mm512_srlv_epi64(twice, shift), _mm512_set1_epi8(15)));
}

/* factor × 16 signed bytes */
KERNEL_INLINE __m512 scaled_bytes(__m128i bytes, float factor)
{
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)), _mm512_set1_ps(factor));
}

/* Eight bytes, each twice. */
KERNEL_INLINE __m128i twice_bytes(uint64_t bytes)
{
    __m128i v = _mm_cvtsi64_si128((int64_t)bytes);
    return _mm_unpacklo_epi8(v, v);
}

KERNEL_INLINE float block_half(const uint8_t *p)
{
    return _cvtsh_ss((uint16_t)(p[0] | p[1] << 8));
}

KERNEL_INLINE __m512 scales_q2_k(const uint8_t *b, __m512 *offset)
{
    const __m128i nibble = _mm_set1_epi8(15);
    __m128i raw = _mm_loadu_si128((const __m128i *)b);
    __m128i min = _mm_and_si128(_mm_srli_epi16(raw, 4), nibble);
    *offset = scaled_bytes(min, -block_half(b + 82));
    return scaled_bytes(_mm_and_si128(raw, nibble), block_half(b + 80));
}

KERNEL_INLINE __m512 scales_q3_k(const uint8_t *b, __m512 *offset)
{
    uint64_t scales[2];
    bytes_q3(b + 96, scales);
    *offset = _mm512_setzero_ps();
    __m128i bytes = _mm_set_epi64x((int64_t)scales[1], (int64_t)scales[0]);
    return scaled_bytes(_mm_sub_epi8(bytes, _mm_set1_epi8(32)), block_half(b + 108));
}

KERNEL_INLINE __m512 scales_q4_k(const uint8_t *b, __m512 *offset)
{
    uint64_t scale, min;
    bytes_k4(b + 4, &scale, &min);
    *offset = scaled_bytes(twice_bytes(min), -block_half(b + 2));
    return scaled_bytes(twice_bytes(scale), block_half(b));
}

KERNEL_INLINE __m512 scales_q5_k(const uint8_t *b, __m512 *offset)
{
    return scales_q4_k(b, offset);
}

KERNEL_INLINE __m512 scales_q6_k(const uint8_t *b, __m512 *offset)
{
    *offset = _mm512_setzero_ps();
    return scaled_bytes(_mm_loadu_si128((const __m128i *)(b + 192)), block_half(b + 208));
}

KERNEL_INLINE __m512 scales_iq4_xs(const uint8_t *b, __m512 *offset)
{
    __m128i bytes = _mm_sub_epi8(twice_bytes(bytes_iq4_xs(b)), _mm_set1_epi8(32));
    *offset = _mm512_setzero_ps();
    return scaled_bytes(bytes, block_half(b));
}

/* Lane l gets the value of the group of weights 64u + 4l. */
KERNEL_INLINE __m512 spread_groups(__m512 groups, int u)
{
    const __m512i lane = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    return _mm512_permutexvar_ps(_mm512_add_epi32(lane, _mm512_set1_epi32(4 * u)), groups);
}

#endif
