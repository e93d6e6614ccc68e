/* The widest float vector of the instruction set that the including file is compiled for, and the
 * few operations that float.inc and gemm.inc need beyond + − × ÷ and comparisons, which the
 * compiler gives to vector types.
 *
 * A load or store of a part touches n < VEC floats; the lanes beyond are 0. */
#ifndef ENGINE_KERNELS_VEC_H
#define ENGINE_KERNELS_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
enum { VEC = 16 };
#elif defined(__AVX2__)
enum { VEC = 8 };
#else
enum { VEC = 4 };
#endif

typedef float vec __attribute__((vector_size(VEC * 4)));
typedef int32_t ivec __attribute__((vector_size(VEC * 4)));
typedef uint32_t uvec __attribute__((vector_size(VEC * 4)));
typedef float vec_unaligned __attribute__((vector_size(VEC * 4), aligned(4), may_alias));

static inline vec vec_load(const float *p)
{
    return *(const vec_unaligned *)p;
}

static inline void vec_store(float *p, vec v)
{
    *(vec_unaligned *)p = v;
}

#if defined(__AVX2__)
#include <immintrin.h>
#else
#include <arm_neon.h>
#endif

/* `(vec){0} + s` would add before it broadcasts: the compiler must keep the sign of a zero. */
static inline vec vec_all(float s)
{
#if defined(__AVX512F__)
    return (vec)_mm512_set1_ps(s);
#elif defined(__AVX2__)
    return (vec)_mm256_set1_ps(s);
#else
    return (vec)vdupq_n_f32(s);
#endif
}

#if defined(__AVX512F__)

/* n ≤ 16 ones */
static inline __mmask16 vec_mask(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

static inline vec vec_load_part(const float *p, size_t n)
{
    return (vec)_mm512_maskz_loadu_ps(vec_mask(n), p);
}

static inline void vec_store_part(float *p, vec v, size_t n)
{
    _mm512_mask_storeu_ps(p, vec_mask(n), (__m512)v);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

static inline vec vec_max(vec a, vec b)
{
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
}

static inline vec vec_load_f16(const void *p)
{
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256(p));
}

static inline void vec_store_f16(void *p, vec v)
{
    _mm256_storeu_si256(p, _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT));
}

static inline vec vec_load_bf16(const void *p)
{
    return (vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(p)), 16);
}

/* In each of 4 lanes of 128 bits: the sums of that lane of a, b, c and d. */
static inline __m512 vec_fold(vec a, vec b, vec c, vec d)
{
    __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps((__m512)a, (__m512)b),
                              _mm512_unpackhi_ps((__m512)a, (__m512)b));
    __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps((__m512)c, (__m512)d),
                              _mm512_unpackhi_ps((__m512)c, (__m512)d));
    return _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
}

/* out[0 … 3] = Σ a, Σ b, Σ c, Σ d */
static inline void vec_sum4(vec a, vec b, vec c, vec d, float out[4])
{
    __m512 lanes = vec_fold(a, b, c, d);
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(lanes), _mm512_extractf32x8_ps(lanes, 1));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}

#elif defined(__AVX2__)

static inline __m256i vec_mask(size_t n)
{
    static const int32_t ones[2 * VEC] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(ones + VEC - n));
}

static inline vec vec_load_part(const float *p, size_t n)
{
    return (vec)_mm256_maskload_ps(p, vec_mask(n));
}

static inline void vec_store_part(float *p, vec v, size_t n)
{
    _mm256_maskstore_ps(p, vec_mask(n), (__m256)v);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

static inline vec vec_max(vec a, vec b)
{
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
}

static inline vec vec_load_f16(const void *p)
{
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128(p));
}

static inline void vec_store_f16(void *p, vec v)
{
    _mm_storeu_si128(p, _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
}

static inline vec vec_load_bf16(const void *p)
{
    return (vec)_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(p)), 16);
}

static inline void vec_sum4(vec a, vec b, vec c, vec d, float out[4])
{
    __m256 ab = _mm256_hadd_ps((__m256)a, (__m256)b), cd = _mm256_hadd_ps((__m256)c, (__m256)d);
    __m256 lanes = _mm256_hadd_ps(ab, cd);
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1)));
}

#else

static inline vec vec_load_part(const float *p, size_t n)
{
    float whole[VEC] = {0};
    memcpy(whole, p, n * sizeof *p);
    return vec_load(whole);
}

static inline void vec_store_part(float *p, vec v, size_t n)
{
    float whole[VEC];
    vec_store(whole, v);
    memcpy(p, whole, n * sizeof *p);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}

static inline vec vec_max(vec a, vec b)
{
    return (vec)vmaxq_f32((float32x4_t)a, (float32x4_t)b);
}

static inline vec vec_load_f16(const void *p)
{
    return (vec)vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p)));
}

static inline void vec_store_f16(void *p, vec v)
{
    vst1_u8(p, vreinterpret_u8_f16(vcvt_f16_f32((float32x4_t)v)));
}

static inline float half_load(const void *p)
{
    float16_t half;
    memcpy(&half, p, 2);
    return (float)half;
}

static inline vec vec_load_bf16(const void *p)
{
    return (vec)vshll_n_u16(vreinterpret_u16_u8(vld1_u8(p)), 16);
}

static inline void vec_sum4(vec a, vec b, vec c, vec d, float out[4])
{
    float32x4_t ab = vpaddq_f32((float32x4_t)a, (float32x4_t)b);
    float32x4_t cd = vpaddq_f32((float32x4_t)c, (float32x4_t)d);
    vst1q_f32(out, vpaddq_f32(ab, cd));
}

#endif

#if defined(__x86_64__)
static inline float half_load(const void *p)
{
    uint16_t half;
    memcpy(&half, p, 2);
    return _cvtsh_ss(half);
}
#endif

/* -- the same for all -- */

#define KERNEL_INLINE static inline __attribute__((always_inline))

/* Before a loop of few, constant steps over vectors that are to stay in registers. */
#ifdef __clang__
#define KERNEL_UNROLL _Pragma("unroll")
#else
#define KERNEL_UNROLL _Pragma("GCC unroll 16")
#endif

/* Asks for `bytes` bytes at `at` of a long run that is read from front to back by steps like this,
 * some 16 KB ahead and into the second-level cache. Rows of 1 to 10 KB that are read side by side
 * look like short runs to the processor's own prefetcher: asking for each row's own next lines, a
 * core read Q4_0 at .62 of its plain reading, so at .95, where it is bound by its arithmetic. */
enum { PREFETCH_AHEAD = 16384 };
static inline __attribute__((always_inline)) void prefetch_run(const void *at, size_t bytes)
{
    const uint8_t *from = at;
    from = (const uint8_t *)(((uintptr_t)from + PREFETCH_AHEAD) & ~(uintptr_t)63);
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch(from + i, 0, 2);
}

/* Floats of the next step when `rest` are left, and their load and store. */
static inline size_t vec_step(size_t rest)
{
    return rest < VEC ? rest : VEC;
}

static inline vec vec_get(const float *p, size_t n)
{
    return n == VEC ? vec_load(p) : vec_load_part(p, n);
}

static inline void vec_put(float *p, vec v, size_t n)
{
    if (n == VEC)
        vec_store(p, v);
    else
        vec_store_part(p, v, n);
}

static inline vec vec_get_f16(const void *p, size_t n)
{
    uint16_t whole[VEC] = {0};
    if (n < VEC)
        p = memcpy(whole, p, 2 * n);
    return vec_load_f16(p);
}

static inline void vec_put_f16(void *p, vec v, size_t n)
{
    uint16_t whole[VEC];
    vec_store_f16(n < VEC ? whole : p, v);
    if (n < VEC)
        memcpy(p, whole, 2 * n);
}

static inline vec vec_get_bf16(const void *p, size_t n)
{
    uint16_t whole[VEC] = {0};
    if (n < VEC)
        p = memcpy(whole, p, 2 * n);
    return vec_load_bf16(p);
}

/* v with 0 in the lanes from n on. */
static inline vec vec_keep(vec v, size_t n)
{
    float whole[VEC] = {0};
    vec_put(whole, v, n);
    return vec_load(whole);
}

static inline float vec_sum(vec v)
{
    float sums[4];
    vec_sum4(v, v, v, v, sums);
    return sums[0];
}

#endif
