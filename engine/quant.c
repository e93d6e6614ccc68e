/* Block formats: what each bit of a quantised weight means (MODEL.md, "Weight types"). */
#include "engine/quant.h"

#include <stdio.h>
#include <string.h>

static const struct type_traits traits[TYPE_COUNT] = {
    [TYPE_F32] = {"F32", 1, 4, false},          [TYPE_F16] = {"F16", 1, 2, false},
    [TYPE_BF16] = {"BF16", 1, 2, false},        [TYPE_Q4_0] = {"Q4_0", 32, 18, true},
    [TYPE_Q4_1] = {"Q4_1", 32, 20, true},       [TYPE_Q5_0] = {"Q5_0", 32, 22, true},
    [TYPE_Q5_1] = {"Q5_1", 32, 24, true},       [TYPE_Q8_0] = {"Q8_0", 32, 34, true},
    [TYPE_Q2_K] = {"Q2_K", 256, 84, true},      [TYPE_Q3_K] = {"Q3_K", 256, 110, true},
    [TYPE_Q4_K] = {"Q4_K", 256, 144, true},     [TYPE_Q5_K] = {"Q5_K", 256, 176, true},
    [TYPE_Q6_K] = {"Q6_K", 256, 210, true},     [TYPE_IQ4_NL] = {"IQ4_NL", 32, 18, true},
    [TYPE_IQ4_XS] = {"IQ4_XS", 256, 136, true},
};

const int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                               1,    13,   25,  38,  53,  69,  89,  113};

const struct type_traits *type_traits_get(uint32_t type)
{
    static const struct type_traits none = {NULL, 0, 0, false};
    return type < TYPE_COUNT ? &traits[type] : &none;
}

const char *type_name_any(uint32_t type, char buffer[24])
{
    static const char *const foreign[] = {
        [9] = "Q8_1",   [15] = "Q8_K",  [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS",
        [19] = "IQ1_S", [21] = "IQ3_S", [22] = "IQ2_S",   [24] = "I8",     [25] = "I16",
        [26] = "I32",   [27] = "I64",   [28] = "F64",     [29] = "IQ1_M",  [34] = "TQ1_0",
        [35] = "TQ2_0", [39] = "MXFP4",
    };
    const char *name = type_traits_get(type)->name;
    if (!name && type < sizeof foreign / sizeof *foreign)
        name = foreign[type];
    if (name)
        snprintf(buffer, 24, "%s", name);
    else
        snprintf(buffer, 24, "type %u", (unsigned)type);
    return buffer;
}

size_t type_row_bytes(uint32_t type, size_t n)
{
    const struct type_traits *t = type_traits_get(type);
    size_t bytes;
    if (!t->name || n % t->block_weights ||
        __builtin_mul_overflow(n / t->block_weights, t->block_bytes, &bytes))
        return 0;
    return bytes;
}

/* -- half and brain floats -- */

union bits {
    uint32_t u;
    float f;
};

float half_to_float(uint16_t half)
{
    uint32_t magnitude = half & 0x7fffu;
    union bits v = {.u = magnitude << 13};
    if (magnitude >= 0x7c00)
        v.u |= 0x7f800000u | (magnitude > 0x7c00 ? 0x400000u : 0); /* NaNs turn quiet, as in F16C */
    else
        v.f *= 0x1p112f; /* moves the exponent's bias from 15 to 127, subnormals included */
    v.u |= (uint32_t)(half & 0x8000u) << 16;
    return v.f;
}

uint16_t float_to_half(float value)
{
    union bits v = {.f = value};
    uint16_t sign = (uint16_t)(v.u >> 16 & 0x8000u);
    v.u &= 0x7fffffffu;
    if (v.u > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u | (v.u >> 13 & 0x3ffu));
    if (v.f >= 65520.0f)
        return (uint16_t)(sign | 0x7c00u);
    if (v.f < 0x1p-14f) { /* 0.5's last place is 2⁻²⁴, the subnormals' unit: the addition rounds */
        v.f += 0.5f;
        return (uint16_t)(sign | (v.u - 0x3f000000u));
    }
    v.u += 0xfffu + (v.u >> 13 & 1u) - (112u << 23);
    return (uint16_t)(sign | v.u >> 13);
}

uint16_t float_to_bf16(float value)
{
    union bits v = {.f = value};
    if ((v.u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(v.u >> 16 | 0x40u);
    return (uint16_t)((v.u + 0x7fffu + (v.u >> 16 & 1u)) >> 16);
}

/* -- blocks of 32 -- */

static uint32_t load16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t load32(const uint8_t *p)
{
    return load16(p) | load16(p + 2) << 16;
}

static float load_half(const uint8_t *p)
{
    return half_to_float((uint16_t)load16(p));
}

/* Scale and offset of `n` groups of 16 from group `g` on. */
static void set_groups(struct quant_block *out, int g, int n, float scale, float offset)
{
    for (int i = g; i < g + n; i++) {
        out->scale[i] = scale;
        out->offset[i] = offset;
    }
}

/* Element j < 16 is a low nibble, 16 + j the high nibble of the same byte; bit i of `high` is
 * element i's fifth bit. */
static void decode_nibbles(const uint8_t *qs, uint32_t high, int zero, int8_t *q)
{
    for (int j = 0; j < 16; j++) {
        q[j] = (int8_t)((int)((qs[j] & 15u) | (high >> j & 1u) << 4) - zero);
        q[16 + j] = (int8_t)((int)((uint32_t)qs[j] >> 4 | (high >> (16 + j) & 1u) << 4) - zero);
    }
}

static void decode_q4_0(const uint8_t *b, struct quant_block *out)
{
    decode_nibbles(b + 2, 0, 8, out->q);
    set_groups(out, 0, 2, load_half(b), 0);
}

static void decode_q4_1(const uint8_t *b, struct quant_block *out)
{
    decode_nibbles(b + 4, 0, 0, out->q);
    set_groups(out, 0, 2, load_half(b), load_half(b + 2));
}

static void decode_q5_0(const uint8_t *b, struct quant_block *out)
{
    decode_nibbles(b + 6, load32(b + 2), 16, out->q);
    set_groups(out, 0, 2, load_half(b), 0);
}

static void decode_q5_1(const uint8_t *b, struct quant_block *out)
{
    decode_nibbles(b + 8, load32(b + 4), 0, out->q);
    set_groups(out, 0, 2, load_half(b), load_half(b + 2));
}

static void decode_q8_0(const uint8_t *b, struct quant_block *out)
{
    memcpy(out->q, b + 2, 32);
    set_groups(out, 0, 2, load_half(b), 0);
}

static void decode_iq4_nl(const uint8_t *b, struct quant_block *out)
{
    decode_nibbles(b + 2, 0, 0, out->q);
    for (int i = 0; i < 32; i++)
        out->q[i] = iq4_levels[out->q[i]];
    set_groups(out, 0, 2, load_half(b), 0);
}

/* -- blocks of 256 -- */

static void decode_q2_k(const uint8_t *b, struct quant_block *out)
{
    const uint8_t *qs = b + 16;
    float d = load_half(b + 80), dmin = load_half(b + 82);
    for (int i = 0; i < 256; i++)
        out->q[i] = qs[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
    for (int g = 0; g < 16; g++)
        set_groups(out, g, 1, d * (float)(b[g] & 15), -dmin * (float)(b[g] >> 4));
}

static void decode_q3_k(const uint8_t *b, struct quant_block *out)
{
    const uint8_t *hmask = b, *qs = b + 32, *scales = b + 96;
    float d = load_half(b + 108);
    for (int i = 0; i < 256; i++) {
        int low = qs[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
        out->q[i] = (int8_t)(low - (hmask[i % 32] >> (i / 32) & 1 ? 0 : 4));
    }
    for (int g = 0; g < 16; g++) {
        int low = g < 8 ? scales[g] & 15 : scales[g - 8] >> 4;
        int high = scales[8 + g % 4] >> (2 * (g / 4)) & 3;
        set_groups(out, g, 1, d * (float)((low | high << 4) - 32), 0);
    }
}

/* The eight 6-bit scales and minima of Q4_K and Q5_K, twelve bytes after d and dmin. */
static void decode_scales_k4(const uint8_t *b, struct quant_block *out)
{
    float d = load_half(b), dmin = load_half(b + 2);
    const uint8_t *s = b + 4;
    for (int j = 0; j < 8; j++) {
        int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
        int min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;
        set_groups(out, 2 * j, 2, d * (float)scale, -dmin * (float)min);
    }
}

static void decode_q4_k(const uint8_t *b, struct quant_block *out)
{
    const uint8_t *qs = b + 16;
    for (int i = 0; i < 256; i++)
        out->q[i] = qs[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
    decode_scales_k4(b, out);
}

static void decode_q5_k(const uint8_t *b, struct quant_block *out)
{
    const uint8_t *qh = b + 16, *qs = b + 48;
    for (int i = 0; i < 256; i++) {
        int low = qs[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
        out->q[i] = (int8_t)(low | (qh[i % 32] >> (i / 32) & 1) << 4);
    }
    decode_scales_k4(b, out);
}

static void decode_q6_k(const uint8_t *b, struct quant_block *out)
{
    float d = load_half(b + 208);
    for (int i = 0; i < 256; i++) {
        const uint8_t *ql = b + i / 128 * 64, *qh = b + 128 + i / 128 * 32;
        int low = ql[i % 64] >> (i % 128 / 64 * 4) & 15;
        int high = qh[i % 32] >> (i % 128 / 32 * 2) & 3;
        out->q[i] = (int8_t)((low | high << 4) - 32);
    }
    for (int g = 0; g < 16; g++)
        set_groups(out, g, 1, d * (float)(int8_t)b[192 + g], 0);
}

static void decode_iq4_xs(const uint8_t *b, struct quant_block *out)
{
    float d = load_half(b);
    uint32_t scales_high = load16(b + 2);
    for (int j = 0; j < 8; j++) {
        int low = b[4 + j / 2] >> (j % 2 * 4) & 15;
        int high = (int)(scales_high >> (2 * j) & 3);
        set_groups(out, 2 * j, 2, d * (float)((low | high << 4) - 32), 0);
        decode_nibbles(b + 8 + 16 * j, 0, 0, out->q + 32 * j);
    }
    for (int i = 0; i < 256; i++)
        out->q[i] = iq4_levels[out->q[i]];
}

void quant_decode(enum weight_type type, const void *block, struct quant_block *out)
{
    static void (*const decode[TYPE_COUNT])(const uint8_t *, struct quant_block *) = {
        [TYPE_Q4_0] = decode_q4_0, [TYPE_Q4_1] = decode_q4_1,     [TYPE_Q5_0] = decode_q5_0,
        [TYPE_Q5_1] = decode_q5_1, [TYPE_Q8_0] = decode_q8_0,     [TYPE_Q2_K] = decode_q2_k,
        [TYPE_Q3_K] = decode_q3_k, [TYPE_Q4_K] = decode_q4_k,     [TYPE_Q5_K] = decode_q5_k,
        [TYPE_Q6_K] = decode_q6_k, [TYPE_IQ4_NL] = decode_iq4_nl, [TYPE_IQ4_XS] = decode_iq4_xs,
    };
    decode[type](block, out);
}

static void dequantize_blocks(enum weight_type type, const uint8_t *src, float *dst, size_t n)
{
    const struct type_traits *t = &traits[type];
    struct quant_block block;
    for (size_t i = 0; i < n; i += t->block_weights, src += t->block_bytes) {
        quant_decode(type, src, &block);
        for (size_t j = 0; j < t->block_weights; j++)
            dst[i + j] = block.scale[j / 16] * (float)block.q[j] + block.offset[j / 16];
    }
}

void dequantize_row(enum weight_type type, const void *src, float *dst, size_t n)
{
    const uint8_t *bytes = src;
    if (type == TYPE_F32)
        memcpy(dst, src, n * sizeof *dst);
    else if (type == TYPE_F16)
        for (size_t i = 0; i < n; i++)
            dst[i] = load_half(bytes + 2 * i);
    else if (type == TYPE_BF16)
        for (size_t i = 0; i < n; i++)
            dst[i] = bf16_to_float((uint16_t)load16(bytes + 2 * i));
    else
        dequantize_blocks(type, bytes, dst, n);
}
