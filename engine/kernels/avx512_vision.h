/* What the vision kernels share: 2^x and GELU to the precision that BF16 and int8 keep, and the
 * steps of products of bytes. */
#ifndef ENGINE_KERNELS_AVX512_VISION_H
#define ENGINE_KERNELS_AVX512_VISION_H

#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/vec.h"

/* gcc 12 copies accumulators that go round a loop through _mm512_dpbusd_epi32, at half the speed.
 */
KERNEL_INLINE void dot_quad(__m512i *acc, __m512i w, __m512i x)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*acc) : "v"(w), "v"(x));
}

/* Four bytes of x, or any other four. */
KERNEL_INLINE __m512i broadcast_quad(const void *x)
{
    int32_t quad;
    memcpy(&quad, x, sizeof quad);
    return _mm512_set1_epi32(quad);
}

KERNEL_INLINE __m512 load_bf16_part(const bf16 *x, size_t n)
{
    __m256i half = _mm256_maskz_loadu_epi16(vec_mask(n < 16 ? n : 16), x);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* What turns numbers up to `most` into ones up to 127. */
KERNEL_INLINE __m512 int8_inverse(float most)
{
    return _mm512_set1_ps(most > 0 ? 127 / most : 0);
}

/* The integer part goes into the exponent by an addition; 2 to the rest, −½ … ½, by a polynomial
 * that is nowhere off by more than 7.5e-5 of the value: a fiftieth of what BF16 rounds away. x ≥
 * −126. */
KERNEL_INLINE __m512i exp2_bits(__m512 x)
{
    const __m512 magic = _mm512_set1_ps(0x1.8p23f);
    __m512 shifted = _mm512_add_ps(x, magic);
    __m512 r = _mm512_sub_ps(x, _mm512_sub_ps(shifted, magic));
    __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(0.0551716691f), _mm512_set1_ps(0.2426111222f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.6932609855f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.9999280735f));
    return _mm512_add_epi32(_mm512_castps_si512(p),
                            _mm512_slli_epi32(_mm512_castps_si512(shifted), 23));
}

/* As scalar.c's, with the constants times log2(e): x / (1 + 2^(−2u)). */
KERNEL_INLINE __m512 gelu(__m512 x)
{
    const __m512 linear = _mm512_set1_ps(-2.3022081984f), cubic = _mm512_set1_ps(-0.1029432397f);
    __m512 exponent = _mm512_mul_ps(x, _mm512_fmadd_ps(_mm512_mul_ps(x, x), cubic, linear));
    exponent = _mm512_min_ps(_mm512_max_ps(exponent, _mm512_set1_ps(-126)), _mm512_set1_ps(126));
    __m512 e = _mm512_castsi512_ps(exp2_bits(exponent));
    return _mm512_div_ps(x, _mm512_add_ps(e, _mm512_set1_ps(1)));
}

#endif
