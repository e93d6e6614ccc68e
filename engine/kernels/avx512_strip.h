/* 16 rows of weights to blocks of a panel (avx512_panel.h).
 *
 * Bits are transposed while they are packed: 16 bytes of each of 16 rows become four registers that
 * hold 4 bytes of every row, and these are then taken apart to 4 weights of every row. Loads stay
 * inside the blocks: a row may end at the end of a mapped file. */
#ifndef ENGINE_KERNELS_AVX512_STRIP_H
#define ENGINE_KERNELS_AVX512_STRIP_H

#include <immintrin.h>

#include "engine/kernels/avx512_panel.h"
#include "engine/kernels/scales.h"
#include "engine/quant.h"

/* 16 rows, and where the left or right half of the panel's rows lie. */
struct strip {
    const uint8_t *row[16];
    const uint8_t *next; /* where the following 16 rows begin */
    uint8_t *to;         /* the first block's quads of this half */
    size_t stride;       /* bytes from block to block */
};

/* A type, always a compile-time constant. */
struct unpacker {
    /* The block `at` bytes into each row to one or eight blocks of the panel at `to`: quads,
     * scales, offsets as floats. */
    void (*block)(const struct strip *s, size_t at, uint8_t *to);
    size_t bytes, weights; /* of a block */
    size_t group;
    int zero; /* which byte stands for 0: a power of two; in the middle for types with offsets */
    bool has_offset;
};

/* -- 16 rows -- */

/* 16 bytes of rows i, 4 + i, 8 + i and 12 + i. */
KERNEL_INLINE __m512i load_rows(const struct strip *s, size_t at, int i)
{
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(s->row[i] + at)));
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(s->row[4 + i] + at)), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(s->row[8 + i] + at)), 2);
    return _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(s->row[12 + i] + at)), 3);
}

/* v[j] lane 4i + k = dword j of lane i of row[k]. */
KERNEL_INLINE void transpose_4(const __m512i row[4], __m512i v[4])
{
    __m512i ab = _mm512_unpacklo_epi32(row[0], row[1]), cd = _mm512_unpacklo_epi32(row[2], row[3]);
    v[0] = _mm512_unpacklo_epi64(ab, cd);
    v[1] = _mm512_unpackhi_epi64(ab, cd);
    ab = _mm512_unpackhi_epi32(row[0], row[1]);
    cd = _mm512_unpackhi_epi32(row[2], row[3]);
    v[2] = _mm512_unpacklo_epi64(ab, cd);
    v[3] = _mm512_unpackhi_epi64(ab, cd);
}

/* v[j] lane r = bytes at + 4j … at + 4j+3 of row r. */
KERNEL_INLINE void load_quads(const struct strip *s, size_t at, __m512i v[4])
{
    const __m512i row[4] = {load_rows(s, at, 0), load_rows(s, at, 1), load_rows(s, at, 2),
                            load_rows(s, at, 3)};
    transpose_4(row, v);
}

/* ((byte >> right) & mask) of all bytes, for right = −4 … 7. */
KERNEL_INLINE __m512i field(__m512i v, int right, int mask)
{
    v = right < 0 ? _mm512_slli_epi16(v, (unsigned)-right) : _mm512_srli_epi16(v, (unsigned)right);
    return _mm512_and_si512(v, _mm512_set1_epi8((char)mask));
}

KERNEL_INLINE __m512i either(__m512i a, __m512i b)
{
    return _mm512_or_si512(a, b);
}

/* The levels of IQ4, 128 added. */
KERNEL_INLINE __m512i levels(__m512i index)
{
    __m128i table =
        _mm_xor_si128(_mm_loadu_si128((const __m128i *)iq4_levels), _mm_set1_epi8(-128));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), index);
}

KERNEL_INLINE void put(uint8_t *to, int quad, __m512i v)
{
    _mm512_store_si512(to + quad * QUAD, v);
}

/* -- types of 32-weight blocks -- */

/* The halves (16 bits each) of the scales are first collected in the slots of the floats they
 * become: converting one by one took a third of the unpacking. */
KERNEL_INLINE void put_halves(const struct strip *s, size_t at, uint8_t *slot)
{
    KERNEL_UNROLL
    for (int r = 0; r < 16; r++)
        memcpy(slot + 2 * r, s->row[r] + at, 2);
}

KERNEL_INLINE void widen_halves(uint8_t *slot)
{
    _mm512_store_ps(slot, _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)slot)));
}

KERNEL_INLINE void block_q4_0(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i v[4];
    load_quads(s, at + 2, v);
    KERNEL_UNROLL
    for (int j = 0; j < 4; j++) {
        put(to, j, field(v[j], 0, 15));
        put(to, 4 + j, field(v[j], 4, 15));
    }
    put_halves(s, at, to + QUADS);
}

KERNEL_INLINE void block_q4_1(const struct strip *s, size_t at, uint8_t *to)
{
    block_q4_0(s, at + 2, to);
    put_halves(s, at, to + QUADS);
    put_halves(s, at + 2, to + QUADS + QUAD);
}

/* Weights of 16 where bit i, i + 1, i + 2, i + 3 of each row's `high` is set. */
KERNEL_INLINE __m512i fifth_bits(__m512i high, int i)
{
    const __m512i table =
        _mm512_set_epi32(0x10101010, 0x10101000, 0x10100010, 0x10100000, 0x10001010, 0x10001000,
                         0x10000010, 0x10000000, 0x00101010, 0x00101000, 0x00100010, 0x00100000,
                         0x00001010, 0x00001000, 0x00000010, 0x00000000);
    return _mm512_permutexvar_epi32(_mm512_srli_epi32(high, (unsigned)i), table);
}

/* 16 bytes of nibbles at `at`, the fifth bits before them. */
KERNEL_INLINE void nibbles_5(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i v[4], high[4];
    load_quads(s, at - 4, high);
    load_quads(s, at, v);
    KERNEL_UNROLL
    for (int j = 0; j < 4; j++) {
        put(to, j, either(field(v[j], 0, 15), fifth_bits(high[0], 4 * j)));
        put(to, 4 + j, either(field(v[j], 4, 15), fifth_bits(high[0], 16 + 4 * j)));
    }
}

KERNEL_INLINE void block_q5_0(const struct strip *s, size_t at, uint8_t *to)
{
    nibbles_5(s, at + 6, to);
    put_halves(s, at, to + QUADS);
}

KERNEL_INLINE void block_q5_1(const struct strip *s, size_t at, uint8_t *to)
{
    nibbles_5(s, at + 8, to);
    put_halves(s, at, to + QUADS);
    put_halves(s, at + 2, to + QUADS + QUAD);
}

KERNEL_INLINE void block_q8_0(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i v[4];
    KERNEL_UNROLL
    for (int h = 0; h < 2; h++) {
        load_quads(s, at + 2 + 16 * (size_t)h, v);
        KERNEL_UNROLL
        for (int j = 0; j < 4; j++)
            put(to, 4 * h + j, _mm512_xor_si512(v[j], _mm512_set1_epi8(-128)));
    }
    put_halves(s, at, to + QUADS);
}

KERNEL_INLINE void levels_of_nibbles(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i v[4];
    load_quads(s, at, v);
    KERNEL_UNROLL
    for (int j = 0; j < 4; j++) {
        put(to, j, levels(field(v[j], 0, 15)));
        put(to, 4 + j, levels(field(v[j], 4, 15)));
    }
}

KERNEL_INLINE void block_iq4_nl(const struct strip *s, size_t at, uint8_t *to)
{
    levels_of_nibbles(s, at + 2, to);
    put_halves(s, at, to + QUADS);
}

/* -- types of 256-weight blocks -- */

/* The lower or upper half of each dword. */
KERNEL_INLINE __m512 half_of(__m512i v, int upper)
{
    v = upper ? _mm512_srli_epi32(v, 16) : v;
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v));
}

/* factor × (byte `i` of each dword − zero) */
KERNEL_INLINE __m512 scaled(__m512i v, int i, int zero, __m512 factor)
{
    v = _mm512_and_si512(_mm512_srli_epi32(v, 8 * (unsigned)i), _mm512_set1_epi32(255));
    v = _mm512_sub_epi32(v, _mm512_set1_epi32(zero));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(v), factor);
}

/* Bytes 0 … n−1 of bytes[0], bytes[1] … are the scales of groups 0, 1 … to the slots at `to`. */
KERNEL_INLINE void put_scales(const struct strip *s, const __m512i *bytes, int n, int zero,
                              __m512 factor, uint8_t *to)
{
    KERNEL_UNROLL
    for (int g = 0; g < n; g++) {
        size_t block = (size_t)(n == 16 ? g / 2 : g), slot = (size_t)(n == 16 ? g % 2 : 0);
        _mm512_store_ps(to + block * s->stride + slot * QUAD,
                        scaled(bytes[g / 4], g % 4, zero, factor));
    }
}

/* Two bits of each weight, 32 bytes of which hold four blocks; `high` bytes give their third. */
KERNEL_INLINE void two_bits(const struct strip *s, size_t at, uint8_t *to)
{
    KERNEL_UNROLL
    for (int i = 0; i < 4; i++) { /* 128 weights each two of these */
        __m512i v[4];
        load_quads(s, at + 16 * (size_t)i, v);
        KERNEL_UNROLL
        for (int b = 0; b < 4; b++) {
            KERNEL_UNROLL
            for (int j = 0; j < 4; j++)
                put(to + (size_t)(i / 2 * 4 + b) * s->stride, i % 2 * 4 + j, field(v[j], 2 * b, 3));
        }
    }
}

KERNEL_INLINE void block_q2_k(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i bytes[4], high[4], d[4];
    two_bits(s, at + 16, to);
    load_quads(s, at, bytes);
    load_quads(s, at + 68, d);
    for (int i = 0; i < 4; i++) {
        high[i] = field(bytes[i], 4, 15);
        bytes[i] = field(bytes[i], 0, 15);
    }
    __m512 min = _mm512_sub_ps(_mm512_setzero_ps(), half_of(d[3], 1));
    put_scales(s, bytes, 16, 0, half_of(d[3], 0), to + QUADS);
    put_scales(s, high, 16, 0, min, to + QUADS + 2 * QUAD);
}

KERNEL_INLINE void block_q3_k(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i mask[2][4], packed[4], bytes[4], d[4];
    load_quads(s, at, mask[0]);
    load_quads(s, at + 16, mask[1]);
    KERNEL_UNROLL
    for (int i = 0; i < 4; i++) {
        __m512i v[4];
        load_quads(s, at + 32 + 16 * (size_t)i, v);
        KERNEL_UNROLL
        for (int b = 0; b < 4; b++) {
            const int block = i / 2 * 4 + b;
            KERNEL_UNROLL
            for (int j = 0; j < 4; j++)
                put(to + (size_t)block * s->stride, i % 2 * 4 + j,
                    either(field(v[j], 2 * b, 3), field(mask[i % 2][j], block - 2, 4)));
        }
    }
    load_quads(s, at + 92, packed); /* from byte 96 on: low nibbles, low nibbles, high pairs */
    load_quads(s, at + 94, d);
    bytes[0] = either(field(packed[1], 0, 15), field(packed[3], -4, 0x30));
    bytes[1] = either(field(packed[2], 0, 15), field(packed[3], -2, 0x30));
    bytes[2] = either(field(packed[1], 4, 15), field(packed[3], 0, 0x30));
    bytes[3] = either(field(packed[2], 4, 15), field(packed[3], 2, 0x30));
    put_scales(s, bytes, 16, 32, half_of(d[3], 1), to + QUADS);
}

/* The eight 6-bit scales and minima of Q4_K and Q5_K, behind d and dmin. */
KERNEL_INLINE void scales_k4(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i v[4], scale[2], min[2];
    load_quads(s, at, v);
    scale[0] = field(v[1], 0, 63);
    scale[1] = either(field(v[3], 0, 15), field(v[1], 2, 0x30));
    min[0] = field(v[2], 0, 63);
    min[1] = either(field(v[3], 4, 15), field(v[2], 2, 0x30));
    __m512 less = _mm512_sub_ps(_mm512_setzero_ps(), half_of(v[0], 1));
    put_scales(s, scale, 8, 0, half_of(v[0], 0), to + QUADS);
    put_scales(s, min, 8, 0, less, to + QUADS + QUAD);
}

KERNEL_INLINE void block_q4_k(const struct strip *s, size_t at, uint8_t *to)
{
    scales_k4(s, at, to);
    KERNEL_UNROLL
    for (int i = 0; i < 8; i++) { /* 64 weights each two of these */
        uint8_t *first = to + (size_t)(i / 2 * 2) * s->stride;
        __m512i v[4];
        load_quads(s, at + 16 + 16 * (size_t)i, v);
        KERNEL_UNROLL
        for (int j = 0; j < 4; j++) {
            put(first, i % 2 * 4 + j, field(v[j], 0, 15));
            put(first + s->stride, i % 2 * 4 + j, field(v[j], 4, 15));
        }
    }
}

KERNEL_INLINE void block_q5_k(const struct strip *s, size_t at, uint8_t *to)
{
    scales_k4(s, at, to);
    KERNEL_UNROLL
    for (int h = 0; h < 2; h++) {
        __m512i high[4];
        load_quads(s, at + 16 + 16 * (size_t)h, high);
        KERNEL_UNROLL
        for (int u = 0; u < 4; u++) {
            uint8_t *first = to + (size_t)(2 * u) * s->stride;
            __m512i v[4];
            load_quads(s, at + 48 + 32 * (size_t)u + 16 * (size_t)h, v);
            KERNEL_UNROLL
            for (int j = 0; j < 4; j++) {
                put(first, 4 * h + j, either(field(v[j], 0, 15), field(high[j], 2 * u - 4, 16)));
                put(first + s->stride, 4 * h + j,
                    either(field(v[j], 4, 15), field(high[j], 2 * u - 3, 16)));
            }
        }
    }
}

KERNEL_INLINE void block_q6_k(const struct strip *s, size_t at, uint8_t *to)
{
    KERNEL_UNROLL
    for (int i = 0; i < 4; i++) { /* 128 weights each two of these */
        const int h = i % 2 * 4;
        const size_t low = at + (size_t)(i / 2 * 64 + i % 2 * 16);
        uint8_t *first = to + (size_t)(i / 2 * 4) * s->stride;
        __m512i high[4], a[4], b[4];
        load_quads(s, at + 128 + 16 * (size_t)i, high);
        load_quads(s, low, a);
        load_quads(s, low + 32, b);
        KERNEL_UNROLL
        for (int j = 0; j < 4; j++) {
            put(first, h + j, either(field(a[j], 0, 15), field(high[j], -4, 0x30)));
            put(first + s->stride, h + j, either(field(b[j], 0, 15), field(high[j], -2, 0x30)));
            put(first + 2 * s->stride, h + j, either(field(a[j], 4, 15), field(high[j], 0, 0x30)));
            put(first + 3 * s->stride, h + j, either(field(b[j], 4, 15), field(high[j], 2, 0x30)));
        }
    }
    __m512i bytes[4], d[4];
    load_quads(s, at + 192, bytes);
    load_quads(s, at + 194, d);
    for (int i = 0; i < 4; i++) /* signed */
        bytes[i] = _mm512_xor_si512(bytes[i], _mm512_set1_epi8(-128));
    put_scales(s, bytes, 16, 128, half_of(d[3], 1), to + QUADS);
}

KERNEL_INLINE void block_iq4_xs(const struct strip *s, size_t at, uint8_t *to)
{
    __m512i v[4];
    load_quads(s, at, v);
    __m512 d = half_of(v[0], 0);
    KERNEL_UNROLL
    for (int g = 0; g < 8; g++) {
        __m512i low = _mm512_srli_epi32(v[1], 4 * (unsigned)g);
        __m512i high = _mm512_srli_epi32(v[0], 16 + 2 * (unsigned)g);
        low = _mm512_and_si512(low, _mm512_set1_epi32(15));
        high = _mm512_slli_epi32(_mm512_and_si512(high, _mm512_set1_epi32(3)), 4);
        uint8_t *block = to + (size_t)g * s->stride;
        _mm512_store_ps(block + QUADS, scaled(either(low, high), 0, 32, d));
        levels_of_nibbles(s, at + 8 + 16 * (size_t)g, block);
    }
}

/* -- strips -- */

/* Short rows give the hardware's prefetcher no time to start: without asking for the next 16 rows
 * while these are unpacked, cold rows took 4 times as long. `at` is how far these have come. */
KERNEL_INLINE void prefetch_rows(const struct strip *s, size_t at, size_t bytes)
{
    for (size_t i = 0; i < 16 * bytes; i += 64)
        __builtin_prefetch(s->next + 16 * at + i, 0, 2);
}

/* The upper halves of floats, rounded to even: where they are, or moved down. NaNs do not matter
 * here. */
KERNEL_INLINE __m512i round_upper(__m512 v, bool down)
{
    __m512i bits = _mm512_castps_si512(v);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    bits = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    bits = _mm512_srli_epi32(bits, 16);
    return down ? bits : _mm512_slli_epi32(bits, 16);
}

/* Moves the zero point of types with offsets to the middle of their bytes, where what is left of
 * the offsets is small, and for groups of 32 lays those of two blocks side by side as BF16. */
KERNEL_INLINE void centre_offsets(const struct unpacker t, const struct strip *s, size_t blocks)
{
    const size_t groups = 32 / t.group;
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
                _mm512_store_si512(to, round_upper(v, true));
            } else {
                __m512i first = _mm512_load_si512(last);
                _mm512_store_si512(last, either(first, round_upper(v, false)));
            }
        }
}

#endif
