/* The AVX2 set (with FMA and F16C, without VNNI): its table, and the byte products that q8.inc is
 * built on. */
#include <immintrin.h>

#include "engine/kernels/kernels.h"

/* 8 accumulators, 4 vectors of B, one of A: 13 of 16 registers (gemm_nn_add: 8 + 4 + 1). */
#define TILE_ROWS 2
#define TILE_VECS 4
#include "engine/kernels/float.inc"
#include "engine/kernels/gemm.inc"

typedef uint8_t bytes16 __attribute__((vector_size(16)));

KERNEL_INLINE bytes16 bytes_look_up(bytes16 table, bytes16 indices)
{
    return (bytes16)_mm_shuffle_epi8((__m128i)table, (__m128i)indices);
}

KERNEL_INLINE float half_load(const uint8_t *p)
{
    return _cvtsh_ss((uint16_t)(p[0] | p[1] << 8));
}

struct dots {
    __m256i v[1];
};
struct lanes {
    __m256 v[1];
};

#include "engine/kernels/blocks.h"

KERNEL_INLINE __m256i whole(struct bytes32 b)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256((__m128i)b.v[0]), (__m128i)b.v[1], 1);
}

/* Sums of products of four bytes. vpmaddubsw wants one factor unsigned, and its sums of two must fit
 * 16 bits: signed weights (−128 … 127) lend their sign to the activation, 128 × 127 × 2 < 32768. */
KERNEL_INLINE __m256i dot_4(__m256i w, __m256i x, const int most)
{
    __m256i pairs = most ? _mm256_maddubs_epi16(w, x)
                         : _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/* Where dot products with x start so that a weight of `zero` counts as 0. */
KERNEL_INLINE struct dots dots_start(struct bytes32 x, const int zero)
{
    __m256i none = _mm256_setzero_si256();
    if (!zero)
        return (struct dots){{none}};
    __m256i zeroes = _mm256_set1_epi8((char)zero);
    return (struct dots){{_mm256_sub_epi32(none, dot_4(zeroes, whole(x), 127))}};
}

KERNEL_INLINE struct dots dots_all(int32_t n)
{
    return (struct dots){{_mm256_set1_epi32(n)}};
}

KERNEL_INLINE struct dots dots_add(struct dots acc, struct bytes32 w, struct bytes32 x,
                                   const int most)
{
    return (struct dots){{_mm256_add_epi32(acc.v[0], dot_4(whole(w), whole(x), most))}};
}

/* acc + dots × a in the lanes of the first 16 weights, × b in the others */
KERNEL_INLINE struct lanes lanes_add_scaled(struct lanes acc, struct dots dots, float a, float b)
{
    __m256 scale = _mm256_set_m128(_mm_set1_ps(b), _mm_set1_ps(a));
    return (struct lanes){{_mm256_fmadd_ps(_mm256_cvtepi32_ps(dots.v[0]), scale, acc.v[0])}};
}

/* acc + (dots × x_scale) × the 8 rows' scales */
KERNEL_INLINE struct lanes lanes_add_rows(struct lanes acc, struct dots dots, float x_scale,
                                          const float *scale)
{
    __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(dots.v[0]), _mm256_set1_ps(x_scale));
    return (struct lanes){{_mm256_fmadd_ps(v, _mm256_loadu_ps(scale), acc.v[0])}};
}

KERNEL_INLINE struct lanes lanes_add_offsets(struct lanes acc, float x_sum, const float *offset)
{
    return (struct lanes){
        {_mm256_fmadd_ps(_mm256_set1_ps(x_sum), _mm256_loadu_ps(offset), acc.v[0])}};
}

KERNEL_INLINE void lanes_store(struct lanes v, float out[8])
{
    _mm256_storeu_ps(out, v.v[0]);
}

KERNEL_INLINE __m256i broadcast_quad(const int8_t *p)
{
    int32_t quad;
    memcpy(&quad, p, 4);
    return _mm256_set1_epi32(quad);
}

/* acc[t] += quads of [8 rows][4 weights] × the token's activations. With small weights several quads
 * are summed in 16 bits before they are widened: `fit` × 2 × most × 127 < 32768. */
KERNEL_INLINE void quads_add(const int tokens, const int quads, const int most, const uint8_t *w,
                             const int8_t *x, size_t ldx, struct dots *acc)
{
    const int room = most > 31 ? 2 : most > 15 ? 4 : 8, fit = !most ? 1 : room < quads ? room : quads;
    KERNEL_UNROLL
    for (int first = 0; first < quads; first += fit) {
        __m256i sum[4];
        KERNEL_UNROLL
        for (int q = first; q < first + fit; q++) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(w + 32 * q)), size = v;
            if (!most)
                size = _mm256_abs_epi8(v);
            KERNEL_UNROLL
            for (int t = 0; t < tokens; t++) {
                __m256i quad = broadcast_quad(x + (size_t)t * ldx + 4 * q);
                quad = _mm256_maddubs_epi16(size, most ? quad : _mm256_sign_epi8(quad, v));
                sum[t] = q == first ? quad : _mm256_add_epi16(sum[t], quad);
            }
        }
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++)
            acc[t].v[0] = _mm256_add_epi32(acc[t].v[0],
                                           _mm256_madd_epi16(sum[t], _mm256_set1_epi16(1)));
    }
}

#include "engine/kernels/q8.inc"

#define TABLE .name = "avx2", FLOAT_ENTRIES, GEMM_ENTRIES, Q8_ENTRIES

const struct kernels *kernels_avx2(void)
{
    static const struct kernels sets[2] = {{TABLE}, {TABLE, .exact = true}};
    return sets;
}
