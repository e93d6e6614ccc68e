/* How 32 weights of each quantised type become 32 bytes, and their scales, in vectors of 16 bytes
 * that any instruction set has; for AVX2 and NEON.
 *
 * Unit u of a block is its weights 32u … 32u+31 (u = 0 for the types with 32). Weights are
 * scale × (byte − zero) + offset; the bytes of Q8_0 and of the IQ4 types are signed, all others
 * small and unsigned. An including file first defines bytes16 (a vector), bytes_look_up(table,
 * indices) and half_load. */
#ifndef ENGINE_KERNELS_BLOCKS_H
#define ENGINE_KERNELS_BLOCKS_H

#include "engine/kernels/scales.h"
#include "engine/kernels/vec.h"
#include "engine/quant.h"

struct bytes32 {
    bytes16 v[2];
};

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

KERNEL_INLINE bytes16 bytes_load(const void *p)
{
    bytes16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* 16 where the bit is set, for 16 bits. */
KERNEL_INLINE bytes16 fifth_bits(uint32_t bits)
{
    typedef uint64_t words __attribute__((vector_size(16)));
    const uint64_t spread = 0x0101010101010101u, each = 0x8040201008040201u;
    words v = {(bits & 255) * spread, (bits >> 8 & 255) * spread};
    return (bytes16)((bytes16)(v & each) != 0) & 16;
}

KERNEL_INLINE struct bytes32 nibbles(const uint8_t *p)
{
    bytes16 q = bytes_load(p);
    return (struct bytes32){{q & 15, q >> 4}};
}

KERNEL_INLINE struct bytes32 five_bits(const uint8_t *p, uint32_t high)
{
    struct bytes32 q = nibbles(p);
    return (struct bytes32){{q.v[0] | fifth_bits(high), q.v[1] | fifth_bits(high >> 16)}};
}

KERNEL_INLINE struct bytes32 iq4(const uint8_t *p)
{
    bytes16 levels = bytes_load(iq4_levels);
    struct bytes32 q = nibbles(p);
    return (struct bytes32){{bytes_look_up(levels, q.v[0]), bytes_look_up(levels, q.v[1])}};
}

/* ((byte >> shift) & mask) << up of 32 bytes. */
KERNEL_INLINE struct bytes32 fields(const uint8_t *p, int shift, uint8_t mask, int up)
{
    bytes16 a = bytes_load(p), b = bytes_load(p + 16);
    return (struct bytes32){{((a >> shift) & mask) << up, ((b >> shift) & mask) << up}};
}

KERNEL_INLINE struct bytes32 either(struct bytes32 a, struct bytes32 b)
{
    return (struct bytes32){{a.v[0] | b.v[0], a.v[1] | b.v[1]}};
}

KERNEL_INLINE struct bytes32 weights_q4_0(const uint8_t *b, int u)
{
    (void)u;
    return nibbles(b + 2);
}

KERNEL_INLINE struct bytes32 weights_q4_1(const uint8_t *b, int u)
{
    (void)u;
    return nibbles(b + 4);
}

KERNEL_INLINE struct bytes32 weights_q5_0(const uint8_t *b, int u)
{
    (void)u;
    return five_bits(b + 6, read32(b + 2));
}

KERNEL_INLINE struct bytes32 weights_q5_1(const uint8_t *b, int u)
{
    (void)u;
    return five_bits(b + 8, read32(b + 4));
}

KERNEL_INLINE struct bytes32 weights_q8_0(const uint8_t *b, int u)
{
    (void)u;
    return (struct bytes32){{bytes_load(b + 2), bytes_load(b + 18)}};
}

KERNEL_INLINE struct bytes32 weights_iq4_nl(const uint8_t *b, int u)
{
    (void)u;
    return iq4(b + 2);
}

KERNEL_INLINE struct bytes32 weights_q2_k(const uint8_t *b, int u)
{
    return fields(b + 16 + u / 4 * 32, u % 4 * 2, 3, 0);
}

KERNEL_INLINE struct bytes32 weights_q3_k(const uint8_t *b, int u)
{
    return either(fields(b + 32 + u / 4 * 32, u % 4 * 2, 3, 0), fields(b, u, 1, 2));
}

KERNEL_INLINE struct bytes32 weights_q4_k(const uint8_t *b, int u)
{
    return fields(b + 16 + u / 2 * 32, u % 2 * 4, 15, 0);
}

KERNEL_INLINE struct bytes32 weights_q5_k(const uint8_t *b, int u)
{
    return either(fields(b + 48 + u / 2 * 32, u % 2 * 4, 15, 0), fields(b + 16, u, 1, 4));
}

KERNEL_INLINE struct bytes32 weights_q6_k(const uint8_t *b, int u)
{
    const uint8_t *low = b + u / 4 * 64 + u % 2 * 32, *high = b + 128 + u / 4 * 32;
    return either(fields(low, u % 4 / 2 * 4, 15, 0), fields(high, u % 4 * 2, 3, 4));
}

KERNEL_INLINE struct bytes32 weights_iq4_xs(const uint8_t *b, int u)
{
    return iq4(b + 8 + u * 16);
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

KERNEL_INLINE void scales_q2_k(const uint8_t *b, float *scale, float *offset)
{
    float d = half_load(b + 80), min = -half_load(b + 82);
    for (int g = 0; g < 16; g++) {
        scale[g] = d * (float)(b[g] & 15);
        offset[g] = min * (float)(b[g] >> 4);
    }
}

/* n bytes less `zero` times a factor. */
KERNEL_INLINE void scale_bytes(const void *bytes, int n, int zero, float factor, float *out)
{
    const uint8_t *byte = bytes;
    for (int g = 0; g < n; g++)
        out[g] = factor * (float)(byte[g] - zero);
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
    float d = half_load(b + 208);
    (void)offset;
    for (int g = 0; g < 16; g++)
        scale[g] = d * (float)(int8_t)b[192 + g];
}

KERNEL_INLINE void scales_iq4_xs(const uint8_t *b, float *scale, float *offset)
{
    uint64_t bytes = bytes_iq4_xs(b);
    (void)offset;
    scale_bytes(&bytes, 8, 32, half_load(b), scale);
}

#define READER_Q4_0 {weights_q4_0, scales_half, 18, 32, 8, 15, 32, false}
#define READER_Q4_1 {weights_q4_1, scales_halves, 20, 32, 0, 15, 32, true}
#define READER_Q5_0 {weights_q5_0, scales_half, 22, 32, 16, 31, 32, false}
#define READER_Q5_1 {weights_q5_1, scales_halves, 24, 32, 0, 31, 32, true}
#define READER_Q8_0 {weights_q8_0, scales_half, 34, 32, 0, 0, 32, false}
#define READER_IQ4_NL {weights_iq4_nl, scales_half, 18, 32, 0, 0, 32, false}
#define READER_Q2_K {weights_q2_k, scales_q2_k, 84, 256, 0, 3, 16, true}
#define READER_Q3_K {weights_q3_k, scales_q3_k, 110, 256, 4, 7, 16, false}
#define READER_Q4_K {weights_q4_k, scales_q4_k, 144, 256, 0, 15, 32, true}
#define READER_Q5_K {weights_q5_k, scales_q4_k, 176, 256, 0, 31, 32, true}
#define READER_Q6_K {weights_q6_k, scales_q6_k, 210, 256, 32, 63, 16, false}
#define READER_IQ4_XS {weights_iq4_xs, scales_iq4_xs, 136, 256, 0, 0, 32, false}

#endif
