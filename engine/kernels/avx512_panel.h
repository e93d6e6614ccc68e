/* How a panel lies in memory: a header and then, for each 32 weights of k, a block:
 *
 *   8 quads of [32 rows][4 weights] bytes, so that a register holds 4 weights of 16 rows;
 *   [32 rows] scales for each group of 16 or 32;
 *   for types with offsets, [32 rows] of those: floats for each group of 16; for groups of 32, in
 *   blocks 0, 2, 4 …, pairs of BF16: this block's and the next's. */
#ifndef ENGINE_KERNELS_AVX512_PANEL_H
#define ENGINE_KERNELS_AVX512_PANEL_H

#include <immintrin.h>

#include "engine/kernels/avx512.h"

enum { QUAD = 128, HEADER = 64, QUADS = 8 * QUAD };

struct header {
    int32_t shift; /* every weight byte is too large by 1 << shift */
    int32_t has_offset;
};

static inline size_t block_bytes(size_t group, bool has_offset)
{
    return QUADS + 32 / group * (has_offset ? 2 : 1) * QUAD;
}

/* acc += a pair of offsets × a pair of sums, all BF16. */
KERNEL_INLINE void dot_pair(__m512 *acc, __m512i offsets, __m512i sums)
{
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(*acc) : "v"(offsets), "v"(sums));
}

#endif
