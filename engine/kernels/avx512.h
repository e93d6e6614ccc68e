/* What the AVX-512 files share: the entries for int8 activations, and a macro that lists them. */
#ifndef ENGINE_KERNELS_AVX512_H
#define ENGINE_KERNELS_AVX512_H

#include "engine/kernels/kernels.h"
#include "engine/kernels/types.h"

/* avx512_q8.c */
void avx512_quantize_q8(const float *x, struct q8 out);
void avx512_store_q8_0(const float *src, void *dst, size_t n);
#define AVX512_ROW_ENTRIES(TYPE, name)                                                             \
    void avx512_matvec_##name(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,         \
                              float *y);                                                           \
    void avx512_dequantize_##name(const void *src, float *dst, size_t n);
QUANT_TYPES(AVX512_ROW_ENTRIES)

/* avx512_panel.c */
size_t avx512_panel_bytes(size_t n);
void avx512_panel_q8(const struct panel *panel, struct q8 x, size_t n_tokens, float *y, size_t ldy);
#define AVX512_PANEL_ENTRIES(TYPE, name)                                                           \
    void avx512_unpack_##name(const void *w, size_t row_bytes, struct panel *panel);
QUANT_TYPES(AVX512_PANEL_ENTRIES)

#endif
