/* The NEON set (AArch64 with dot products of bytes): its table, and the byte products that q8.inc
 * is built on. */
#include <arm_neon.h>

#include "engine/kernels/kernels.h"

/* 16 accumulators, 4 vectors of B and one of A (gemm_nn_add: 16 + 4 + 1) of 32 registers. */
#define TILE_ROWS     4
#define COMBINE_ROWS  4
#define COMBINE_VECS  4
#define PAIR_VECS     8
#define CACHE_QUERIES 4
#include "engine/kernels/float.inc"
#include "engine/kernels/gemm.inc"
#include "engine/kernels/cache.inc"

struct bytes32 {
    uint8x16_t v[2];
};
struct dots {
    int32x4_t v[2];
};
struct lanes {
    float32x4_t v[2];
};

KERNEL_INLINE struct bytes32 bytes_load(const void *p)
{
    const uint8_t *from = p;
    return (struct bytes32){{vld1q_u8(from), vld1q_u8(from + 16)}};
}

KERNEL_INLINE struct bytes32 bytes_nibbles(const uint8_t *p)
{
    uint8x16_t v = vld1q_u8(p);
    return (struct bytes32){{vandq_u8(v, vdupq_n_u8(15)), vshrq_n_u8(v, 4)}};
}

KERNEL_INLINE struct bytes32 bytes_fields(struct bytes32 b, int shift, int mask, int up)
{
    const int8x16_t down = vdupq_n_s8((int8_t)-shift), left = vdupq_n_s8((int8_t)up);
    for (int i = 0; i < 2; i++)
        b.v[i] = vshlq_u8(vandq_u8(vshlq_u8(b.v[i], down), vdupq_n_u8((uint8_t)mask)), left);
    return b;
}

KERNEL_INLINE struct bytes32 bytes_or(struct bytes32 a, struct bytes32 b)
{
    return (struct bytes32){{vorrq_u8(a.v[0], b.v[0]), vorrq_u8(a.v[1], b.v[1])}};
}

KERNEL_INLINE struct bytes32 bytes_bits(uint32_t bits, int value)
{
    const uint8x16_t each = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    const uint8x16_t byte = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    uint8x16_t all = vreinterpretq_u8_u32(vdupq_n_u32(bits)), v = vdupq_n_u8((uint8_t)value);
    uint8x16_t low = vqtbl1q_u8(all, byte), high = vqtbl1q_u8(all, vaddq_u8(byte, vdupq_n_u8(2)));
    return (struct bytes32){{vandq_u8(vtstq_u8(low, each), v), vandq_u8(vtstq_u8(high, each), v)}};
}

KERNEL_INLINE struct bytes32 bytes_look_up(const int8_t table[16], struct bytes32 b)
{
    uint8x16_t levels = vreinterpretq_u8_s8(vld1q_s8(table));
    return (struct bytes32){{vqtbl1q_u8(levels, b.v[0]), vqtbl1q_u8(levels, b.v[1])}};
}

KERNEL_INLINE int32x4_t dot_4(int32x4_t acc, uint8x16_t w, uint8x16_t x)
{
    return vdotq_s32(acc, vreinterpretq_s8_u8(w), vreinterpretq_s8_u8(x));
}

/* Where dot products with x start so that a weight of `zero` counts as 0. */
KERNEL_INLINE struct dots dots_start(struct bytes32 x, const int zero)
{
    uint8x16_t less = vdupq_n_u8((uint8_t)-zero);
    int32x4_t none = vdupq_n_s32(0);
    return (struct dots){{dot_4(none, less, x.v[0]), dot_4(none, less, x.v[1])}};
}

KERNEL_INLINE struct dots dots_all(int32_t n)
{
    return (struct dots){{vdupq_n_s32(n), vdupq_n_s32(n)}};
}

/* All bytes fit signed ones, so `most` does not matter here. */
KERNEL_INLINE struct dots dots_add(struct dots acc, struct bytes32 w, struct bytes32 x,
                                   const int most)
{
    (void)most;
    return (struct dots){{dot_4(acc.v[0], w.v[0], x.v[0]), dot_4(acc.v[1], w.v[1], x.v[1])}};
}

KERNEL_INLINE struct lanes lanes_zero(void)
{
    return (struct lanes){{vdupq_n_f32(0), vdupq_n_f32(0)}};
}

/* acc + dots × a in the lanes of the first 16 weights, × b in the others */
KERNEL_INLINE struct lanes lanes_add_scaled(struct lanes acc, struct dots dots, float a, float b)
{
    return (struct lanes){{vfmaq_n_f32(acc.v[0], vcvtq_f32_s32(dots.v[0]), a),
                           vfmaq_n_f32(acc.v[1], vcvtq_f32_s32(dots.v[1]), b)}};
}

/* acc + (dots × x_scale) × the 8 rows' scales */
KERNEL_INLINE struct lanes lanes_add_rows(struct lanes acc, struct dots dots, float x_scale,
                                          const float *scale)
{
    float32x4_t a = vmulq_n_f32(vcvtq_f32_s32(dots.v[0]), x_scale);
    float32x4_t b = vmulq_n_f32(vcvtq_f32_s32(dots.v[1]), x_scale);
    return (struct lanes){
        {vfmaq_f32(acc.v[0], a, vld1q_f32(scale)), vfmaq_f32(acc.v[1], b, vld1q_f32(scale + 4))}};
}

KERNEL_INLINE struct lanes lanes_add_offsets(struct lanes acc, float x_sum, const float *offset)
{
    return (struct lanes){{vfmaq_n_f32(acc.v[0], vld1q_f32(offset), x_sum),
                           vfmaq_n_f32(acc.v[1], vld1q_f32(offset + 4), x_sum)}};
}

KERNEL_INLINE void lanes_store(struct lanes v, float out[8])
{
    vst1q_f32(out, v.v[0]);
    vst1q_f32(out + 4, v.v[1]);
}

/* Four rows of 16 bytes to four quads, 32 bytes apart. */
KERNEL_INLINE void quads_store_4(const struct bytes32 row[4], int half, uint8_t *to)
{
    uint32x4_t v[4];
    for (int r = 0; r < 4; r++)
        v[r] = vreinterpretq_u32_u8(row[r].v[half]);
    uint64x2_t a = vreinterpretq_u64_u32(vzip1q_u32(v[0], v[1]));
    uint64x2_t b = vreinterpretq_u64_u32(vzip2q_u32(v[0], v[1]));
    uint64x2_t c = vreinterpretq_u64_u32(vzip1q_u32(v[2], v[3]));
    uint64x2_t d = vreinterpretq_u64_u32(vzip2q_u32(v[2], v[3]));
    vst1q_u8(to, vreinterpretq_u8_u64(vzip1q_u64(a, c)));
    vst1q_u8(to + 32, vreinterpretq_u8_u64(vzip2q_u64(a, c)));
    vst1q_u8(to + 64, vreinterpretq_u8_u64(vzip1q_u64(b, d)));
    vst1q_u8(to + 96, vreinterpretq_u8_u64(vzip2q_u64(b, d)));
}

KERNEL_INLINE void quads_store(const struct bytes32 row[8], uint8_t *to)
{
    for (int h = 0; h < 4; h++)
        quads_store_4(row + h / 2 * 4, h % 2, to + h % 2 * 128 + h / 2 * 16);
}

KERNEL_INLINE uint8x16_t broadcast_quad(const int8_t *p)
{
    uint32_t quad;
    memcpy(&quad, p, 4);
    return vreinterpretq_u8_u32(vdupq_n_u32(quad));
}

/* acc[t] += quads of [8 rows][4 weights] × the token's activations. */
KERNEL_INLINE void quads_add(const int tokens, const int quads, const int most, const uint8_t *w,
                             const int8_t *x, size_t ldx, struct dots *acc)
{
    (void)most;
    KERNEL_UNROLL
    for (int q = 0; q < quads; q++) {
        uint8x16_t a = vld1q_u8(w + 32 * q), b = vld1q_u8(w + 32 * q + 16);
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            uint8x16_t quad = broadcast_quad(x + (size_t)t * ldx + 4 * q);
            acc[t].v[0] = dot_4(acc[t].v[0], a, quad);
            acc[t].v[1] = dot_4(acc[t].v[1], b, quad);
        }
    }
}

#include "engine/kernels/q8.inc"

#define TABLE .name = "neon", FLOAT_ENTRIES, GEMM_ENTRIES, CACHE_ENTRIES, Q8_ENTRIES

const struct kernels *kernels_neon(void)
{
    static const struct kernels sets[2] = {{TABLE}, {TABLE, .exact = true}};
    return sets;
}
