/* Weights to blocks. One search serves all types: for a run of weights that share a scale, try
 * scales around the obvious one, round, solve for the scale that fits the rounded levels best
 * (least squares), and keep the best pair. The blocks of 256 then round these scales to 4 or 6 bits
 * against one half, and round the weights again to what the file will say. */
#include <math.h>
#include <string.h>

#include "engine/quant.h"

/* The levels that a type has: low … high, or the table. */
struct grid {
    int low, high;
    const int8_t *table; /* 16 ascending levels, or NULL */
};

static int clamp(float v, int low, int high)
{
    float r = rintf(v);
    return r >= (float)high ? high : r > (float)low ? (int)r : low; /* NaN gives low */
}

/* The level nearest to v. */
static int grid_level(const struct grid *grid, float v)
{
    if (!grid->table)
        return clamp(v, grid->low, grid->high);
    int best = 0;
    while (best < 15 && 2 * v > (float)(grid->table[best] + grid->table[best + 1]))
        best++;
    return grid->table[best];
}

enum { TRIALS = 9 }; /* to each side of the obvious scale, 2.5 % apart */

/* The scale with which grid levels come nearest to x[n]; 0 if all x are 0. */
static float fit_scale(const float *x, size_t n, const struct grid *grid)
{
    float extreme = 0, best_gain = 0, best = 0;
    for (size_t i = 0; i < n; i++)
        extreme = fabsf(x[i]) > fabsf(extreme) ? x[i] : extreme;
    if (!(fabsf(extreme) > 0x1p-120f))
        return 0;
    for (int trial = -TRIALS; trial <= TRIALS; trial++) {
        float inverse = (float)grid->low * (1 + 0.025f * (float)trial) / extreme;
        float xq = 0, qq = 0;
        for (size_t i = 0; i < n; i++) {
            float q = (float)grid_level(grid, x[i] * inverse);
            xq += x[i] * q;
            qq += q * q;
        }
        /* With scale xq / qq the error is Σx² − xq² / qq. */
        if (qq > 0 && xq * xq > best_gain * qq) {
            best_gain = xq * xq / qq;
            best = xq / qq;
        }
    }
    return best;
}

struct affine {
    float scale, min; /* x ≈ scale × q − min */
};

/* One trial of fit_affine: rounds with `try`, solves for scale and min; returns the squared error.
 */
static float refine_affine(const float *x, size_t n, int high, struct affine *try)
{
    float sq = 0, sqq = 0, sx = 0, sxq = 0, error = 0, count = (float)n;
    for (size_t i = 0; i < n; i++) {
        float q = (float)clamp((x[i] + try->min) / try->scale, 0, high);
        sq += q;
        sqq += q * q;
        sx += x[i];
        sxq += x[i] * q;
    }
    float determinant = count * sqq - sq * sq;
    if (determinant > 0) {
        float scale = (count * sxq - sx * sq) / determinant;
        float min = (scale * sq - sx) / count;
        if (min < 0 && sqq > 0) {
            min = 0;
            scale = sxq / sqq;
        }
        *try = (struct affine){scale, min};
    }
    if (!(try->scale > 0))
        return INFINITY;
    for (size_t i = 0; i < n; i++) {
        float e =
            try->scale * (float)clamp((x[i] + try->min) / try->scale, 0, high) - try->min - x[i];
        error += e * e;
    }
    return error;
}

/* Scale and min ≥ 0 with which 0 … high come nearest to x[n]. */
static struct affine fit_affine(const float *x, size_t n, int high)
{
    float low = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        low = fminf(low, x[i]);
        top = fmaxf(top, x[i]);
    }
    struct affine best = {(top - low) / (float)high, -low};
    float best_error = INFINITY;
    if (!(top - low > 0x1p-120f))
        return (struct affine){0, -low};
    for (int trial = -TRIALS; trial <= TRIALS; trial++) {
        struct affine try = {(top - low) / (float)high * (1 + 0.025f * (float)trial), -low};
        float error = refine_affine(x, n, high, &try);
        if (error < best_error) {
            best_error = error;
            best = try;
        }
    }
    return best;
}

/* -- blocks of 32 -- */

static void store16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

/* Stores v as a half and returns what was stored. */
static float store_half(uint8_t *p, float v)
{
    uint16_t half = float_to_half(v);
    store16(p, half);
    return half_to_float(half);
}

static float reciprocal(float v)
{
    return v != 0 ? 1 / v : 0;
}

/* The reverse of quant.c's decode_nibbles; returns the fifth bits. */
static uint32_t pack_nibbles(const int *q, uint8_t *qs)
{
    uint32_t high = 0;
    for (int j = 0; j < 16; j++) {
        qs[j] = (uint8_t)((q[j] & 15) | (q[16 + j] & 15) << 4);
        high |= (uint32_t)(q[j] >> 4 & 1) << j | (uint32_t)(q[16 + j] >> 4 & 1) << (16 + j);
    }
    return high;
}

static void put_fifth_bits(uint8_t *p, uint32_t high)
{
    store16(p, high);
    store16(p + 2, high >> 16);
}

/* Q4_0 and Q5_0; zero is 8 or 16. */
static void encode_signed(const float *x, uint8_t *b, int zero)
{
    const struct grid grid = {-zero, zero - 1, NULL};
    float inverse = reciprocal(store_half(b, fit_scale(x, 32, &grid)));
    int q[32];
    for (int i = 0; i < 32; i++)
        q[i] = grid_level(&grid, x[i] * inverse) + zero;
    uint32_t high = pack_nibbles(q, b + (zero == 16 ? 6 : 2));
    if (zero == 16)
        put_fifth_bits(b + 2, high);
}

/* Q4_1 and Q5_1, whose offset may have either sign. */
static void encode_affine(const float *x, uint8_t *b, int high)
{
    float lowest = x[0], shifted[32];
    int q[32];
    for (int i = 1; i < 32; i++)
        lowest = fminf(lowest, x[i]);
    float shift = lowest > 0 ? lowest : 0;
    for (int i = 0; i < 32; i++)
        shifted[i] = x[i] - shift;
    struct affine fit = fit_affine(shifted, 32, high);
    float inverse = reciprocal(store_half(b, fit.scale));
    float offset = store_half(b + 2, shift - fit.min);
    for (int i = 0; i < 32; i++)
        q[i] = clamp((x[i] - offset) * inverse, 0, high);
    uint32_t fifth = pack_nibbles(q, b + (high == 31 ? 8 : 4));
    if (high == 31)
        put_fifth_bits(b + 4, fifth);
}

static void encode_q4_0(const float *x, uint8_t *b)
{
    encode_signed(x, b, 8);
}

static void encode_q4_1(const float *x, uint8_t *b)
{
    encode_affine(x, b, 15);
}

static void encode_q5_0(const float *x, uint8_t *b)
{
    encode_signed(x, b, 16);
}

static void encode_q5_1(const float *x, uint8_t *b)
{
    encode_affine(x, b, 31);
}

static void encode_q8_0(const float *x, uint8_t *b)
{
    float largest = 0;
    for (int i = 0; i < 32; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    float inverse = reciprocal(store_half(b, largest / 127));
    for (int i = 0; i < 32; i++)
        b[2 + i] = (uint8_t)clamp(x[i] * inverse, -127, 127);
}

static const struct grid iq4_grid = {-127, 113, iq4_levels};

/* The indices of the levels nearest to x × inverse, packed. */
static void pack_iq4(const float *x, float inverse, uint8_t *qs)
{
    int q[32];
    for (int i = 0; i < 32; i++) {
        int level = grid_level(&iq4_grid, x[i] * inverse);
        for (q[i] = 0; iq4_levels[q[i]] != level;)
            q[i]++;
    }
    pack_nibbles(q, qs);
}

static void encode_iq4_nl(const float *x, uint8_t *b)
{
    pack_iq4(x, reciprocal(store_half(b, fit_scale(x, 32, &iq4_grid))), b + 2);
}

/* -- blocks of 256 -- */

/* Scales of n runs that divide 256 weights, as integers of the grid `range` times the half stored
 * at `d`; run_scale gets the products. */
static void fit_scales(const float *x, int n, const struct grid *grid, const struct grid *range,
                       uint8_t *d, int *integer, float *run_scale)
{
    float largest = 0;
    for (int j = 0; j < n; j++) {
        run_scale[j] = fit_scale(x + 256 / n * j, (size_t)(256 / n), grid);
        largest = fabsf(run_scale[j]) > fabsf(largest) ? run_scale[j] : largest;
    }
    /* The largest takes the range's longer, negative end. */
    float unit = store_half(d, largest / (float)range->low);
    for (int j = 0; j < n; j++) {
        integer[j] = grid_level(range, run_scale[j] * reciprocal(unit));
        run_scale[j] = unit * (float)integer[j];
    }
}

static void encode_q3_k(const float *x, uint8_t *b)
{
    const struct grid grid = {-4, 3, NULL}, range = {-32, 31, NULL};
    int integer[16];
    float scale[16];
    memset(b, 0, 110);
    fit_scales(x, 16, &grid, &range, b + 108, integer, scale);
    for (int i = 0; i < 256; i++) {
        int q = grid_level(&grid, x[i] * reciprocal(scale[i / 16])) + 4;
        b[i % 32] |= (uint8_t)(q >> 2 << (i / 32));
        b[32 + i / 128 * 32 + i % 32] |= (uint8_t)((q & 3) << (i % 128 / 32 * 2));
    }
    for (int g = 0; g < 16; g++) {
        int s = integer[g] + 32;
        b[96 + g % 8] |= (uint8_t)((s & 15) << (g / 8 * 4));
        b[104 + g % 4] |= (uint8_t)(s >> 4 << (2 * (g / 4)));
    }
}

static void encode_q6_k(const float *x, uint8_t *b)
{
    const struct grid grid = {-32, 31, NULL}, range = {-128, 127, NULL};
    int integer[16];
    float scale[16];
    memset(b, 0, 210);
    fit_scales(x, 16, &grid, &range, b + 208, integer, scale);
    for (int i = 0; i < 256; i++) {
        int q = grid_level(&grid, x[i] * reciprocal(scale[i / 16])) + 32;
        b[i / 128 * 64 + i % 64] |= (uint8_t)((q & 15) << (i % 128 / 64 * 4));
        b[128 + i / 128 * 32 + i % 32] |= (uint8_t)(q >> 4 << (i % 128 / 32 * 2));
    }
    for (int g = 0; g < 16; g++)
        b[192 + g] = (uint8_t)integer[g];
}

static void encode_iq4_xs(const float *x, uint8_t *b)
{
    const struct grid range = {-32, 31, NULL};
    int integer[8];
    float scale[8];
    uint32_t high = 0;
    memset(b, 0, 8);
    fit_scales(x, 8, &iq4_grid, &range, b, integer, scale);
    for (int j = 0; j < 8; j++) {
        int s = integer[j] + 32;
        b[4 + j / 2] |= (uint8_t)((s & 15) << (j % 2 * 4));
        high |= (uint32_t)(s >> 4) << (2 * j);
        pack_iq4(x + 32 * j, reciprocal(scale[j]), b + 8 + 16 * j);
    }
    store16(b + 2, high);
}

/* The types with minima: scale and min of each run are integers 0 … most times a half. */
struct minima {
    int scale[16], min[16];
    float fit_scale[16], fit_min[16]; /* what the integers stand for */
};

static void fit_minima(const float *x, int n, int high, int most, uint8_t *d, struct minima *out)
{
    float largest_scale = 0, largest_min = 0;
    struct affine fit[16];
    for (int j = 0; j < n; j++) {
        fit[j] = fit_affine(x + 256 / n * j, (size_t)(256 / n), high);
        largest_scale = fmaxf(largest_scale, fit[j].scale);
        largest_min = fmaxf(largest_min, fit[j].min);
    }
    float unit = store_half(d, largest_scale / (float)most);
    float min_unit = store_half(d + 2, largest_min / (float)most);
    for (int j = 0; j < n; j++) {
        out->scale[j] = clamp(fit[j].scale * reciprocal(unit), 0, most);
        out->min[j] = clamp(fit[j].min * reciprocal(min_unit), 0, most);
        out->fit_scale[j] = unit * (float)out->scale[j];
        out->fit_min[j] = min_unit * (float)out->min[j];
    }
}

static void encode_q2_k(const float *x, uint8_t *b)
{
    struct minima fit;
    memset(b, 0, 80);
    fit_minima(x, 16, 3, 15, b + 80, &fit);
    for (int i = 0; i < 256; i++) {
        int g = i / 16, q = clamp((x[i] + fit.fit_min[g]) * reciprocal(fit.fit_scale[g]), 0, 3);
        b[16 + i / 128 * 32 + i % 32] |= (uint8_t)(q << (i % 128 / 32 * 2));
    }
    for (int g = 0; g < 16; g++)
        b[g] = (uint8_t)(fit.scale[g] | fit.min[g] << 4);
}

/* Q4_K (high 15) and Q5_K (high 31). */
static void encode_k4(const float *x, uint8_t *b, int high)
{
    struct minima fit;
    uint8_t *s = b + 4, *qh = b + 16, *qs = high == 31 ? b + 48 : b + 16;
    memset(b, 0, high == 31 ? 176 : 144);
    fit_minima(x, 8, high, 63, b, &fit);
    for (int i = 0; i < 256; i++) {
        int g = i / 32, q = clamp((x[i] + fit.fit_min[g]) * reciprocal(fit.fit_scale[g]), 0, high);
        qs[i / 64 * 32 + i % 32] |= (uint8_t)((q & 15) << (g % 2 * 4));
        if (high == 31)
            qh[i % 32] |= (uint8_t)(q >> 4 << g);
    }
    for (int j = 0; j < 4; j++) {
        s[j] = (uint8_t)(fit.scale[j] | fit.scale[j + 4] >> 4 << 6);
        s[j + 4] = (uint8_t)(fit.min[j] | fit.min[j + 4] >> 4 << 6);
        s[j + 8] = (uint8_t)((fit.scale[j + 4] & 15) | (fit.min[j + 4] & 15) << 4);
    }
}

static void encode_q4_k(const float *x, uint8_t *b)
{
    encode_k4(x, b, 15);
}

static void encode_q5_k(const float *x, uint8_t *b)
{
    encode_k4(x, b, 31);
}

void quantize_row(enum weight_type type, const float *src, void *dst, size_t n)
{
    static void (*const encode[TYPE_COUNT])(const float *, uint8_t *) = {
        [TYPE_Q4_0] = encode_q4_0, [TYPE_Q4_1] = encode_q4_1,     [TYPE_Q5_0] = encode_q5_0,
        [TYPE_Q5_1] = encode_q5_1, [TYPE_Q8_0] = encode_q8_0,     [TYPE_Q2_K] = encode_q2_k,
        [TYPE_Q3_K] = encode_q3_k, [TYPE_Q4_K] = encode_q4_k,     [TYPE_Q5_K] = encode_q5_k,
        [TYPE_Q6_K] = encode_q6_k, [TYPE_IQ4_NL] = encode_iq4_nl, [TYPE_IQ4_XS] = encode_iq4_xs,
    };
    const struct type_traits *t = type_traits_get(type);
    uint8_t *to = dst;
    for (size_t i = 0; i < n; i += t->block_weights, to += t->block_bytes) {
        if (type == TYPE_F32)
            memcpy(to, src + i, 4);
        else if (type == TYPE_F16)
            store16(to, float_to_half(src[i]));
        else if (type == TYPE_BF16)
            store16(to, float_to_bf16(src[i]));
        else
            encode[type](src + i, to);
    }
}
