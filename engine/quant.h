/* Weight types of GGUF files: block formats, reference dequantisation and quantisation.
 *
 * A row of n weights is n / block_weights blocks. Formats: MODEL.md, "Weight types". Everything is
 * little-endian; blocks have no padding and no alignment. */
#ifndef ENGINE_QUANT_H
#define ENGINE_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are GGUF's. */
enum weight_type {
    TYPE_F32 = 0,
    TYPE_F16 = 1,
    TYPE_Q4_0 = 2,
    TYPE_Q4_1 = 3,
    TYPE_Q5_0 = 6,
    TYPE_Q5_1 = 7,
    TYPE_Q8_0 = 8,
    TYPE_Q2_K = 10,
    TYPE_Q3_K = 11,
    TYPE_Q4_K = 12,
    TYPE_Q5_K = 13,
    TYPE_Q6_K = 14,
    TYPE_IQ4_NL = 20,
    TYPE_IQ4_XS = 23,
    TYPE_BF16 = 30,
    TYPE_COUNT = 31
};

struct type_traits {
    const char *name;       /* "Q4_0"; NULL: a number facet does not compute with */
    uint32_t block_weights; /* 1, 32 or 256 */
    uint32_t block_bytes;
    bool quantised;         /* not F32, F16, BF16 */
};
/* Traits of any number read from a file; .name is NULL if there is no such type here. */
const struct type_traits *type_traits_get(uint32_t type);

/* Name of any GGUF type number for messages, known to facet or not ("IQ2_XS", "type 77"). */
const char *type_name_any(uint32_t type, char buffer[24]);

/* Bytes of a row of n weights; 0 if n does not fill whole blocks. */
size_t type_row_bytes(uint32_t type, size_t n);

/* A block taken apart, 32 or 256 weights: w[i] = scale[i/16] × q[i] + offset[i/16]. */
struct quant_block {
    int8_t q[256];
    float scale[16];
    float offset[16]; /* zero but for Q4_1, Q5_1, Q2_K, Q4_K, Q5_K */
};
/* Of a quantised type only. */
void quant_decode(enum weight_type type, const void *block, struct quant_block *out);

/* dst[n] = the weights of a row. n fills whole blocks. */
void dequantize_row(enum weight_type type, const void *src, float *dst, size_t n);
/* The row nearest to src[n] that a plain, unweighted search finds; for tests, tools and `models quantize`. */
void quantize_row(enum weight_type type, const float *src, void *dst, size_t n);

float half_to_float(uint16_t half);
uint16_t float_to_half(float value); /* round to nearest even */
static inline float bf16_to_float(uint16_t bits)
{
    union {
        uint32_t u;
        float f;
    } v = {.u = (uint32_t)bits << 16};
    return v.f;
}
uint16_t float_to_bf16(float value); /* round to nearest even */

/* The 16 levels of IQ4_NL and IQ4_XS. */
extern const int8_t iq4_levels[16];

#endif
