/* How 32 weights of each quantised type become 32 bytes, and their scales, in vectors of 16 bytes
 * that any instruction set has; for AVX2 and NEON.
 *
 * Unit u of a block is its weights 32u … 32u+31 (u = 0 for the types with 32). Weights are
 * scale × (byte − zero) + offset; the bytes of Q8_0 and of the IQ4 types are signed, all others
 * small and unsigned. An including file first defines struct bytes32 (32 bytes) and
 *
 *   bytes_load(p)               32 bytes
 *   bytes_nibbles(p)            the low nibbles of 16 bytes, then the high
 *   bytes_fields(v, s, m, up)   ((byte >> s) & m) << up; m has no bits that the shifts carry over
 *   bytes_or(a, b)
 *   bytes_bits(n, value)        value where the bit is set, of 32
 *   bytes_look_up(table, v)     table[byte] */
#ifndef ENGINE_KERNELS_BLOCKS_H
#define ENGINE_KERNELS_BLOCKS_H

#include "engine/kernels/scales.h"
#include "engine/kernels/vec.h"
#include "engine/quant.h"

/* A type, always a compile-time constant. */
struct reader {
    struct bytes32 (*weights)(const uint8_t *block, int unit);
    /* Scales and offsets of the groups, block_weights / group of them. */
    void (*scales)(const uint8_t *block, float *scale, float *offset);
    size_t block_bytes, block_weights;
    int zero, most; /* the largest unsigned byte; 0: bytes are signed */
    int group;      /* weights that share a scale, 16 or 32 */
    bool has_offset;
};

KERNEL_INLINE struct bytes32 weights_q4_0(const uint8_t *b, int u)
{
    (void)u;
    return bytes_nibbles(b + 2);
}

KERNEL_INLINE struct bytes32 weights_q4_1(const uint8_t *b, int u)
{
    (void)u;
    return bytes_nibbles(b + 4);
}

KERNEL_INLINE struct bytes32 weights_q5_0(const uint8_t *b, int u)
{
    (void)u;
    return bytes_or(bytes_nibbles(b + 6), bytes_bits(read32(b + 2), 16));
}

KERNEL_INLINE struct bytes32 weights_q5_1(const uint8_t *b, int u)
{
    (void)u;
    return bytes_or(bytes_nibbles(b + 8), bytes_bits(read32(b + 4), 16));
}

KERNEL_INLINE struct bytes32 weights_q8_0(const uint8_t *b, int u)
{
    (void)u;
    return bytes_load(b + 2);
}

KERNEL_INLINE struct bytes32 weights_iq4_nl(const uint8_t *b, int u)
{
    (void)u;
    return bytes_look_up(iq4_levels, bytes_nibbles(b + 2));
}

KERNEL_INLINE struct bytes32 weights_q2_k(const uint8_t *b, int u)
{
    return bytes_fields(bytes_load(b + 16 + u / 4 * 32), u % 4 * 2, 3, 0);
}

KERNEL_INLINE struct bytes32 weights_q3_k(const uint8_t *b, int u)
{
    return bytes_or(bytes_fields(bytes_load(b + 32 + u / 4 * 32), u % 4 * 2, 3, 0),
                    bytes_fields(bytes_load(b), u, 1, 2));
}

KERNEL_INLINE struct bytes32 weights_q4_k(const uint8_t *b, int u)
{
    return bytes_fields(bytes_load(b + 16 + u / 2 * 32), u % 2 * 4, 15, 0);
}

KERNEL_INLINE struct bytes32 weights_q5_k(const uint8_t *b, int u)
{
    return bytes_or(bytes_fields(bytes_load(b + 48 + u / 2 * 32), u % 2 * 4, 15, 0),
                    bytes_fields(bytes_load(b + 16), u, 1, 4));
}

KERNEL_INLINE struct bytes32 weights_q6_k(const uint8_t *b, int u)
{
    const uint8_t *low = b + u / 4 * 64 + u % 2 * 32, *high = b + 128 + u / 4 * 32;
    return bytes_or(bytes_fields(bytes_load(low), u % 4 / 2 * 4, 15, 0),
                    bytes_fields(bytes_load(high), u % 4 * 2, 3, 4));
}

KERNEL_INLINE struct bytes32 weights_iq4_xs(const uint8_t *b, int u)
{
    return bytes_look_up(iq4_levels, bytes_nibbles(b + 8 + u * 16));
}

/* -- scales -- */

KERNEL_INLINE void scales_half(const uint8_t *b, float *scale, float *offset)
{
    (void)offset;
    *scale = half_load(b);
}

KERNEL_INLINE void scales_halves(const uint8_t *b, float *scale, float *offset)
{
    *scale = half_load(b);
    *offset = half_load(b + 2);
}

/* factor × n bytes (a multiple of 8) less `zero`; signed bytes are given with their top bit turned,
 * and 128 as their zero. */
KERNEL_INLINE void scale_bytes(const void *bytes, int n, int zero, float factor, float *out)
{
    typedef uint8_t few __attribute__((vector_size(VEC)));
    const uint8_t *from = bytes;
    for (int g = 0; g < n; g += VEC) {
        few b;
        memcpy(&b, from + g, sizeof b);
        vec v = __builtin_convertvector(__builtin_convertvector(b, ivec) - zero, vec);
        vec_store(out + g, v * factor);
    }
}

KERNEL_INLINE void scales_q2_k(const uint8_t *b, float *scale, float *offset)
{
    uint64_t low[2] = {read64(b), read64(b + 8)}, high[2];
    for (int i = 0; i < 2; i++) {
        high[i] = low[i] >> 4 & 0x0f0f0f0f0f0f0f0fu;
        low[i] &= 0x0f0f0f0f0f0f0f0fu;
    }
    scale_bytes(low, 16, 0, half_load(b + 80), scale);
    scale_bytes(high, 16, 0, -half_load(b + 82), offset);
}

KERNEL_INLINE void scales_q3_k(const uint8_t *b, float *scale, float *offset)
{
    uint64_t bytes[2];
    (void)offset;
    bytes_q3(b + 96, bytes);
    scale_bytes(bytes, 16, 32, half_load(b + 108), scale);
}

KERNEL_INLINE void scales_q4_k(const uint8_t *b, float *scale, float *offset)
{
    uint64_t scales, mins;
    bytes_k4(b + 4, &scales, &mins);
    scale_bytes(&scales, 8, 0, half_load(b), scale);
    scale_bytes(&mins, 8, 0, -half_load(b + 2), offset);
}

KERNEL_INLINE void scales_q6_k(const uint8_t *b, float *scale, float *offset)
{
    const uint64_t top = 0x8080808080808080u,
                   bytes[2] = {read64(b + 192) ^ top, read64(b + 200) ^ top};
    (void)offset;
    scale_bytes(bytes, 16, 128, half_load(b + 208), scale);
}

KERNEL_INLINE void scales_iq4_xs(const uint8_t *b, float *scale, float *offset)
{
    uint64_t bytes = bytes_iq4_xs(b);
    (void)offset;
    scale_bytes(&bytes, 8, 32, half_load(b), scale);
}

#define READER_Q4_0                                                                                \
    {                                                                                              \
        weights_q4_0, scales_half, 18, 32, 8, 15, 32, false                                        \
    }
#define READER_Q4_1                                                                                \
    {                                                                                              \
        weights_q4_1, scales_halves, 20, 32, 0, 15, 32, true                                       \
    }
#define READER_Q5_0                                                                                \
    {                                                                                              \
        weights_q5_0, scales_half, 22, 32, 16, 31, 32, false                                       \
    }
#define READER_Q5_1                                                                                \
    {                                                                                              \
        weights_q5_1, scales_halves, 24, 32, 0, 31, 32, true                                       \
    }
#define READER_Q8_0                                                                                \
    {                                                                                              \
        weights_q8_0, scales_half, 34, 32, 0, 0, 32, false                                         \
    }
#define READER_IQ4_NL                                                                              \
    {                                                                                              \
        weights_iq4_nl, scales_half, 18, 32, 0, 0, 32, false                                       \
    }
#define READER_Q2_K                                                                                \
    {                                                                                              \
        weights_q2_k, scales_q2_k, 84, 256, 0, 3, 16, true                                         \
    }
#define READER_Q3_K                                                                                \
    {                                                                                              \
        weights_q3_k, scales_q3_k, 110, 256, 4, 7, 16, false                                       \
    }
#define READER_Q4_K                                                                                \
    {                                                                                              \
        weights_q4_k, scales_q4_k, 144, 256, 0, 15, 32, true                                       \
    }
#define READER_Q5_K                                                                                \
    {                                                                                              \
        weights_q5_k, scales_q4_k, 176, 256, 0, 31, 32, true                                       \
    }
#define READER_Q6_K                                                                                \
    {                                                                                              \
        weights_q6_k, scales_q6_k, 210, 256, 32, 63, 16, false                                     \
    }
#define READER_IQ4_XS                                                                              \
    {                                                                                              \
        weights_iq4_xs, scales_iq4_xs, 136, 256, 0, 0, 32, false                                   \
    }

#endif
