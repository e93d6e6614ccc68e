/* The AVX-512 set's table, and its float kernels. */
#include "engine/kernels/avx512.h"

/* 24 accumulators, 4 vectors of B and one of A fill 29 of the 32 registers. */
#define TILE_ROWS     6
#define COMBINE_ROWS  6
#define COMBINE_VECS  4
#define PAIR_VECS     8
#define CACHE_QUERIES 4
#include "engine/kernels/float.inc"
#include "engine/kernels/gemm.inc"
#include "engine/kernels/cache.inc"

#define MATVEC(TYPE, name)     [TYPE_##TYPE] = avx512_matvec_##name,
#define UNPACK(TYPE, name)     [TYPE_##TYPE] = avx512_unpack_##name,
#define DEQUANTIZE(TYPE, name) [TYPE_##TYPE] = avx512_dequantize_##name,
#define FEW(TYPE, name)        [TYPE_##TYPE] = avx512_few_##name,
#define TABLE                                                                                      \
    .name = "avx512", .quantize_q8 = avx512_quantize_q8, .matvec_q8 = {QUANT_TYPES(MATVEC)},       \
    .unpack = {QUANT_TYPES(UNPACK)}, .panel_bytes = avx512_panel_bytes,                            \
    .dot_two_bit = avx512_dot_two_bit,                                                             \
    .dequantize = {QUANT_TYPES(DEQUANTIZE)[TYPE_F32] = load_f32, [TYPE_F16] = load_f16,            \
                   [TYPE_BF16] = load_bf16},                                                       \
    .cache_store = {store_f32, store_f16, avx512_store_q8_0},                                      \
    .cache_load = {load_f32, load_f16, avx512_dequantize_q8_0}, FLOAT_ENTRIES, GEMM_ENTRIES,       \
    CACHE_ENTRIES

const struct kernels *kernels_avx512(void)
{
    static const struct kernels sets[2] = {{TABLE, .panel_q8 = avx512_panel_q8},
                                           {TABLE, .panel_q8 = avx512_panel_q8, .exact = true}};
    return sets;
}

const struct kernels *kernels_avx512_bf16(void)
{
    static const struct kernels sets[2] = {
        {TABLE, .panel_q8 = avx512_bf16_panel_q8, .few_q8 = {AVX512_FEW_TYPES(FEW)},
         .few_steps = {[TYPE_Q4_K] = true}, .bf16 = &avx512_bf16, .int8 = &avx512_int8},
        {TABLE, .panel_q8 = avx512_bf16_panel_q8, .exact = true}};
    return sets;
}
