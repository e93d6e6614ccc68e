/* The packed 6-bit scales of the 256-weight blocks, spread to bytes with plain integer arithmetic:
 * byte j of the result belongs to group j. All little-endian. */
#ifndef ENGINE_KERNELS_SCALES_H
#define ENGINE_KERNELS_SCALES_H

#include <stdint.h>
#include <string.h>

static inline uint32_t read32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline uint64_t read64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

/* Q4_K and Q5_K: eight scales and minima, 0 … 63, from the twelve bytes at s. */
static inline void bytes_k4(const uint8_t *s, uint64_t *scale, uint64_t *min)
{
    uint32_t a = read32(s), b = read32(s + 4), c = read32(s + 8);
    uint32_t scale_high = (c & 0x0f0f0f0fu) | (a >> 6 & 0x03030303u) << 4;
    uint32_t min_high = (c >> 4 & 0x0f0f0f0fu) | (b >> 6 & 0x03030303u) << 4;
    *scale = (a & 0x3f3f3f3fu) | (uint64_t)scale_high << 32;
    *min = (b & 0x3f3f3f3fu) | (uint64_t)min_high << 32;
}

/* Q3_K: sixteen scales, 0 … 63 (32 stands for 0), from the twelve bytes at s. */
static inline void bytes_q3(const uint8_t *s, uint64_t out[2])
{
    uint64_t low = read64(s), high = read32(s + 8);
    high |= high << 30; /* groups 4 … 7 lie two bits above groups 0 … 3 */
    out[0] = (low & 0x0f0f0f0f0f0f0f0fu) | (high & 0x0303030303030303u) << 4;
    out[1] = (low >> 4 & 0x0f0f0f0f0f0f0f0fu) | (high & 0x3030303030303030u);
}

/* IQ4_XS: eight scales, 0 … 63 (32 stands for 0), from the block. */
static inline uint64_t bytes_iq4_xs(const uint8_t *block)
{
    uint64_t low = read32(block + 4), high = read32(block) >> 16;
    low = (low | low << 16) & 0x0000ffff0000ffffu;
    low = (low | low << 8) & 0x00ff00ff00ff00ffu;
    low = (low | low << 4) & 0x0f0f0f0f0f0f0f0fu;
    high = (high | high << 24) & 0x000000ff000000ffu;
    high = (high | high << 12) & 0x000f000f000f000fu;
    high = (high | high << 6) & 0x0303030303030303u;
    return low | high << 4;
}

#endif
