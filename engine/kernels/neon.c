/* The NEON set (AArch64 with dot products of bytes): its table, and the byte products that q8.inc is
 * built on. */
#include <arm_neon.h>

#include "engine/kernels/kernels.h"

/* 16 accumulators, 4 vectors of B and one of A (gemm_nn_add: 16 + 4 + 1) of 32 registers. */
#define TILE_ROWS 4
#define TILE_VECS 4
#include "engine/kernels/float.inc"
#include "engine/kernels/gemm.inc"

typedef uint8x16_t bytes16;

KERNEL_INLINE bytes16 bytes_look_up(bytes16 table, bytes16 indices)
{
    return vqtbl1q_u8(table, indices);
}

KERNEL_INLINE float half_load(const uint8_t *p)
{
    return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u8(vreinterpret_u8_u16(
                              vdup_n_u16((uint16_t)(p[0] | p[1] << 8))))),
                          0);
}

struct dots {
    int32x4_t v[2];
};
struct lanes {
    float32x4_t v[2];
};

#include "engine/kernels/blocks.h"

KERNEL_INLINE int32x4_t dot_4(int32x4_t acc, bytes16 w, bytes16 x)
{
    return vdotq_s32(acc, vreinterpretq_s8_u8(w), vreinterpretq_s8_u8(x));
}

/* Where dot products with x start so that a weight of `zero` counts as 0. */
KERNEL_INLINE struct dots dots_start(struct bytes32 x, const int zero)
{
    bytes16 less = vdupq_n_u8((uint8_t)-zero);
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
    return (struct lanes){{vfmaq_f32(acc.v[0], a, vld1q_f32(scale)),
                           vfmaq_f32(acc.v[1], b, vld1q_f32(scale + 4))}};
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

KERNEL_INLINE bytes16 broadcast_quad(const int8_t *p)
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
        bytes16 a = vld1q_u8(w + 32 * q), b = vld1q_u8(w + 32 * q + 16);
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            bytes16 quad = broadcast_quad(x + (size_t)t * ldx + 4 * q);
            acc[t].v[0] = dot_4(acc[t].v[0], a, quad);
            acc[t].v[1] = dot_4(acc[t].v[1], b, quad);
        }
    }
}

#include "engine/kernels/q8.inc"

#define TABLE .name = "neon", FLOAT_ENTRIES, GEMM_ENTRIES, Q8_ENTRIES

const struct kernels *kernels_neon(void)
{
    static const struct kernels sets[2] = {{TABLE}, {TABLE, .exact = true}};
    return sets;
}
