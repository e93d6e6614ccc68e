/* What the AVX-512 files share: the entries that stand in other files than the table, and a
 * transposition. */
#ifndef ENGINE_KERNELS_AVX512_H
#define ENGINE_KERNELS_AVX512_H

#include "engine/kernels/kernels.h"
#include "engine/kernels/types.h"
#include "engine/kernels/vec.h"

/* avx512_q8.c */
void avx512_quantize_q8(const float *x, struct q8 out);
void avx512_store_q8_0(const float *src, void *dst, size_t n);
void avx512_dot_two_bit(const uint8_t *w, size_t n_rows, size_t n, const int8_t *x, size_t n_tokens,
                        int32_t *y, size_t ldy);
#define AVX512_ROW_ENTRIES(TYPE, name)                                                             \
    void avx512_matvec_##name(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,         \
                              size_t n_tokens, float *y, size_t ldy);                              \
    void avx512_dequantize_##name(const void *src, float *dst, size_t n);
QUANT_TYPES(AVX512_ROW_ENTRIES)

/* avx512_panel.c */
size_t avx512_panel_bytes(size_t n);
void avx512_panel_q8(const struct panel *panel, struct q8 x, size_t n_tokens, float *y, size_t ldy);
/* The same with AVX512-BF16. */
void avx512_bf16_panel_q8(const struct panel *panel, struct q8 x, size_t n_tokens, float *y,
                          size_t ldy);
#define AVX512_PANEL_ENTRIES(TYPE, name)                                                           \
    void avx512_unpack_##name(const void *w, size_t row_bytes, struct panel *panel);
QUANT_TYPES(AVX512_PANEL_ENTRIES)

/* avx512_few.c: for processors with AVX512-BF16 */
#define AVX512_FEW_TYPES(EACH) EACH(Q4_0, q4_0) EACH(Q8_0, q8_0) EACH(Q4_K, q4_k)
#define AVX512_FEW_ENTRIES(TYPE, name)                                                             \
    void avx512_few_##name(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,            \
                           size_t n_tokens, float *y, size_t ldy, void *scratch);
AVX512_FEW_TYPES(AVX512_FEW_ENTRIES)

/* avx512_bf16.c, avx512_int8.c: for processors with AVX512-BF16 */
extern const struct bf16_kernels avx512_bf16;
extern const struct int8_kernels avx512_int8;

/* v[q] lane r becomes v[r] lane q. */
KERNEL_INLINE void transpose_16(__m512i v[16])
{
    __m512i t[16];
    KERNEL_UNROLL
    for (int r = 0; r < 16; r += 4) {
        __m512i a = _mm512_unpacklo_epi32(v[r], v[r + 1]);
        __m512i b = _mm512_unpacklo_epi32(v[r + 2], v[r + 3]);
        __m512i c = _mm512_unpackhi_epi32(v[r], v[r + 1]);
        __m512i d = _mm512_unpackhi_epi32(v[r + 2], v[r + 3]);
        t[r] = _mm512_unpacklo_epi64(a, b);
        t[r + 1] = _mm512_unpackhi_epi64(a, b);
        t[r + 2] = _mm512_unpacklo_epi64(c, d);
        t[r + 3] = _mm512_unpackhi_epi64(c, d);
    }
    KERNEL_UNROLL
    for (int q = 0; q < 4; q++) {
        __m512i a = _mm512_shuffle_i32x4(t[q], t[4 + q], 0x44);
        __m512i b = _mm512_shuffle_i32x4(t[8 + q], t[12 + q], 0x44);
        __m512i c = _mm512_shuffle_i32x4(t[q], t[4 + q], 0xee);
        __m512i d = _mm512_shuffle_i32x4(t[8 + q], t[12 + q], 0xee);
        v[q] = _mm512_shuffle_i32x4(a, b, 0x88);
        v[4 + q] = _mm512_shuffle_i32x4(a, b, 0xdd);
        v[8 + q] = _mm512_shuffle_i32x4(c, d, 0x88);
        v[12 + q] = _mm512_shuffle_i32x4(c, d, 0xdd);
    }
}

#endif
