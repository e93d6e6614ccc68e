/* The AVX2 set (with FMA and F16C, without VNNI): its table, and the byte products that q8.inc is
 * built on. */
#include <immintrin.h>

#include "engine/kernels/kernels.h"

/* 8 accumulators, 4 vectors of B, one of A: 13 of 16 registers (gemm_nn_add: 12 + 3 + 1). */
#define TILE_ROWS     2
#define COMBINE_ROWS  4
#define COMBINE_VECS  3
#define PAIR_VECS     4
#define CACHE_QUERIES 2
#include "engine/kernels/float.inc"
#include "engine/kernels/gemm.inc"
#include "engine/kernels/cache.inc"

struct bytes32 {
    __m256i v;
};
struct dots {
    __m256i v;
};
struct lanes {
    __m256 v;
};

KERNEL_INLINE struct bytes32 bytes_load(const void *p)
{
    return (struct bytes32){_mm256_loadu_si256(p)};
}

KERNEL_INLINE struct bytes32 bytes_nibbles(const uint8_t *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)p);
    __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(v), _mm_srli_epi16(v, 4), 1);
    return (struct bytes32){_mm256_and_si256(both, _mm256_set1_epi8(15))};
}

KERNEL_INLINE struct bytes32 bytes_fields(struct bytes32 b, int shift, int mask, int up)
{
    __m256i v = _mm256_and_si256(_mm256_srli_epi16(b.v, shift), _mm256_set1_epi8((char)mask));
    return (struct bytes32){_mm256_slli_epi16(v, up)};
}

KERNEL_INLINE struct bytes32 bytes_or(struct bytes32 a, struct bytes32 b)
{
    return (struct bytes32){_mm256_or_si256(a.v, b.v)};
}

KERNEL_INLINE struct bytes32 bytes_bits(uint32_t bits, int value)
{
    const __m256i byte =
        _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    const __m256i each = _mm256_set1_epi64x((int64_t)0x8040201008040201u);
    __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)bits), byte);
    __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(spread, each), each);
    return (struct bytes32){_mm256_and_si256(set, _mm256_set1_epi8((char)value))};
}

KERNEL_INLINE struct bytes32 bytes_look_up(const int8_t table[16], struct bytes32 b)
{
    __m256i levels = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
    return (struct bytes32){_mm256_shuffle_epi8(levels, b.v)};
}

/* Sums of products of four bytes. vpmaddubsw wants one factor unsigned, and its sums of two must
 * fit 16 bits: signed weights (−128 … 127) lend their sign to the activation, 128 × 127 × 2 <
 * 32768. */
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
        return (struct dots){none};
    __m256i zeroes = _mm256_set1_epi8((char)zero);
    return (struct dots){_mm256_sub_epi32(none, dot_4(zeroes, x.v, 127))};
}

KERNEL_INLINE struct dots dots_all(int32_t n)
{
    return (struct dots){_mm256_set1_epi32(n)};
}

KERNEL_INLINE struct dots dots_add(struct dots acc, struct bytes32 w, struct bytes32 x,
                                   const int most)
{
    return (struct dots){_mm256_add_epi32(acc.v, dot_4(w.v, x.v, most))};
}

KERNEL_INLINE struct lanes lanes_zero(void)
{
    return (struct lanes){_mm256_setzero_ps()};
}

/* acc + dots × a in the lanes of the first 16 weights, × b in the others */
KERNEL_INLINE struct lanes lanes_add_scaled(struct lanes acc, struct dots dots, float a, float b)
{
    __m256 scale = _mm256_set_m128(_mm_set1_ps(b), _mm_set1_ps(a));
    return (struct lanes){_mm256_fmadd_ps(_mm256_cvtepi32_ps(dots.v), scale, acc.v)};
}

/* acc + (dots × x_scale) × the 8 rows' scales */
KERNEL_INLINE struct lanes lanes_add_rows(struct lanes acc, struct dots dots, float x_scale,
                                          const float *scale)
{
    __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(dots.v), _mm256_set1_ps(x_scale));
    return (struct lanes){_mm256_fmadd_ps(v, _mm256_loadu_ps(scale), acc.v)};
}

KERNEL_INLINE struct lanes lanes_add_offsets(struct lanes acc, float x_sum, const float *offset)
{
    return (struct lanes){_mm256_fmadd_ps(_mm256_set1_ps(x_sum), _mm256_loadu_ps(offset), acc.v)};
}

KERNEL_INLINE void lanes_store(struct lanes v, float out[8])
{
    _mm256_storeu_ps(out, v.v);
}

KERNEL_INLINE void quads_store(const struct bytes32 row[8], uint8_t *to)
{
    __m256i pair[8], four[8];
    KERNEL_UNROLL
    for (int r = 0; r < 8; r += 2) {
        pair[r] = _mm256_unpacklo_epi32(row[r].v, row[r + 1].v);
        pair[r + 1] = _mm256_unpackhi_epi32(row[r].v, row[r + 1].v);
    }
    KERNEL_UNROLL
    for (int h = 0; h < 8; h += 4) { /* rows 0–3, then 4–7; four[h+q]: quads q and 4 + q */
        four[h] = _mm256_unpacklo_epi64(pair[h], pair[h + 2]);
        four[h + 1] = _mm256_unpackhi_epi64(pair[h], pair[h + 2]);
        four[h + 2] = _mm256_unpacklo_epi64(pair[h + 1], pair[h + 3]);
        four[h + 3] = _mm256_unpackhi_epi64(pair[h + 1], pair[h + 3]);
    }
    KERNEL_UNROLL
    for (int q = 0; q < 4; q++) {
        __m256i low = _mm256_permute2x128_si256(four[q], four[4 + q], 0x20);
        __m256i high = _mm256_permute2x128_si256(four[q], four[4 + q], 0x31);
        _mm256_storeu_si256((__m256i *)(to + 32 * q), low);
        _mm256_storeu_si256((__m256i *)(to + 32 * (4 + q)), high);
    }
}

KERNEL_INLINE __m256i broadcast_quad(const int8_t *p)
{
    int32_t quad;
    memcpy(&quad, p, 4);
    return _mm256_set1_epi32(quad);
}

/* acc[t] += quads of [8 rows][4 weights] × the token's activations. With small weights several
 * quads are summed in 16 bits before they are widened: `fit` × 2 × most × 127 < 32768. */
KERNEL_INLINE void quads_add(const int tokens, const int quads, const int most, const uint8_t *w,
                             const int8_t *x, size_t ldx, struct dots *acc)
{
    const int room = most > 31   ? 2
                     : most > 15 ? 4
                                 : 8,
              fit = !most          ? 1
                    : room < quads ? room
                                   : quads;
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
                __asm__("" : "+x"(sum[t])); /* or gcc multiplies all first and spills */
            }
        }
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++)
            acc[t].v = _mm256_add_epi32(acc[t].v, _mm256_madd_epi16(sum[t], _mm256_set1_epi16(1)));
    }
}

#include "engine/kernels/q8.inc"

#define TABLE .name = "avx2", FLOAT_ENTRIES, GEMM_ENTRIES, CACHE_ENTRIES, Q8_ENTRIES

const struct kernels *kernels_avx2(void)
{
    static const struct kernels sets[2] = {{TABLE}, {TABLE, .exact = true}};
    return sets;
}
