/* The plain C kernels: they say what is right, and run where no faster set does. */
#include <math.h>
#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/types.h"

/* -- quantised weights × int8 activations -- */

/* Writes 32 quantised values; returns their scale. A block of infinities or NaNs gives some values.
 */
static float quantize_32(const float *x, int8_t *q)
{
    float largest = 0;
    for (int i = 0; i < 32; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    float inverse = largest > 0 ? 127.0f / largest : 0;
    for (int i = 0; i < 32; i++) {
        float v = rintf(x[i] * inverse);
        q[i] = (int8_t)(v > 127 ? 127 : v >= -127 ? v : -127);
    }
    return largest / 127.0f;
}

static void quantize_q8(const float *x, struct q8 out)
{
    for (size_t b = 0; b < out.n / 32; b++) {
        struct q8_block block = {.scale = quantize_32(x + 32 * b, out.q + 32 * b)};
        for (size_t i = 0; i < 32; i++)
            block.less[i / 16] -= out.q[32 * b + i];
        out.block[b] = block;
    }
}

static void round_two_bit(const float *w, size_t n, float inverse, uint8_t *out, float sums[2])
{
    sums[0] = sums[1] = 0;
    memset(out, 0, n / 4);
    for (size_t i = 0; i < n; i++) {
        size_t at = i % TWO_BIT_BLOCK;
        float v = w[i] * inverse + 2;
        v = v > 0 ? v : 0;
        unsigned bits = (unsigned)(v < 3 ? v : 3);
        float level = (float)bits - 1.5f;
        sums[0] += w[i] * level;
        sums[1] += level * level;
        out[i / TWO_BIT_BLOCK * 64 + at % 64] |= (uint8_t)(bits << at / 64 * 2);
    }
}

static void dot_two_bit(const uint8_t *w, size_t n_rows, size_t n, const int8_t *x, size_t n_tokens,
                        int32_t *y, size_t ldy)
{
    for (size_t r = 0; r < n_rows; r++, w += n / 4)
        for (size_t t = 0; t < n_tokens; t++) {
            int32_t sum = 0;
            for (size_t i = 0; i < n; i++) {
                size_t at = i % TWO_BIT_BLOCK;
                sum += (w[i / TWO_BIT_BLOCK * 64 + at % 64] >> (at / 64 * 2) & 3) * x[t * n + i];
            }
            y[t * ldy + r] = sum;
        }
}

/* Σ of n weights (whole groups of 16) times the activations. */
static float dot_groups(const int8_t *q, const float *scale, const float *offset, struct q8 x,
                        size_t n)
{
    float total = 0;
    for (size_t g = 0; g < n / 16; g++) {
        int dot = 0;
        for (size_t i = 16 * g; i < 16 * g + 16; i++)
            dot += q[i] * x.q[i];
        const struct q8_block *block = &x.block[g / 2];
        total += scale[g] * (block->scale * (float)dot) -
                 offset[g] * (block->scale * (float)block->less[g % 2]);
    }
    return total;
}

/* The activations from value i on; i a multiple of 32. */
static struct q8 q8_from(struct q8 x, size_t i)
{
    return (struct q8){x.q + i, x.block + i / 32, x.n};
}

static void matvec_q8(enum weight_type type, const uint8_t *w, size_t row_bytes, size_t n_rows,
                      struct q8 x, size_t n_tokens, float *y, size_t ldy)
{
    const struct type_traits *type_of = type_traits_get(type);
    size_t step = type_of->block_weights;
    struct quant_block block;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i < x.n; i += step) {
            quant_decode(type, w + r * row_bytes + i / step * type_of->block_bytes, &block);
            for (size_t t = 0; t < n_tokens; t++) {
                float *to = &y[t * ldy + r], before = i ? *to : 0;
                *to = before + dot_groups(block.q, block.scale, block.offset,
                                          q8_from(q8_row(x, t), i), step);
            }
        }
}

/* A panel here: scales [PANEL_ROWS][n/16], offsets likewise, then q [PANEL_ROWS][n]. */
struct layout {
    float *scale, *offset;
    int8_t *q;
};

static struct layout panel_layout(const struct panel *panel)
{
    size_t groups = PANEL_ROWS * (panel->n / 16);
    float *memory = panel->memory;
    return (struct layout){memory, memory + groups, (int8_t *)(memory + 2 * groups)};
}

static size_t panel_bytes(size_t n)
{
    return PANEL_ROWS * (n / 16 * 2 * sizeof(float) + n);
}

static void unpack(enum weight_type type, const uint8_t *w, size_t row_bytes, struct panel *panel)
{
    const struct type_traits *t = type_traits_get(type);
    struct layout to = panel_layout(panel);
    struct quant_block block;
    panel->group = 16;
    memset(panel->memory, 0, panel_bytes(panel->n));
    for (size_t r = 0; r < panel->n_rows; r++) {
        const uint8_t *src = w + r * row_bytes;
        for (size_t i = r * panel->n; i < (r + 1) * panel->n; i += t->block_weights) {
            quant_decode(type, src, &block);
            memcpy(to.q + i, block.q, t->block_weights);
            memcpy(to.scale + i / 16, block.scale, t->block_weights / 16 * sizeof(float));
            memcpy(to.offset + i / 16, block.offset, t->block_weights / 16 * sizeof(float));
            src += t->block_bytes;
        }
    }
}

static void panel_q8(const struct panel *panel, struct q8 x, size_t n_tokens, float *y, size_t ldy)
{
    struct layout from = panel_layout(panel);
    size_t n = panel->n;
    for (size_t t = 0; t < n_tokens; t++)
        for (size_t r = 0; r < panel->n_rows; r++)
            y[t * ldy + r] = dot_groups(from.q + r * n, from.scale + r * n / 16,
                                        from.offset + r * n / 16, q8_from(x, t * n), n);
}

#define WRAPPERS(TYPE, name)                                                                       \
    static void matvec_q8_##name(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,      \
                                 size_t n_tokens, float *y, size_t ldy)                            \
    {                                                                                              \
        matvec_q8(TYPE_##TYPE, w, row_bytes, n_rows, x, n_tokens, y, ldy);                         \
    }                                                                                              \
    static void unpack_##name(const void *w, size_t row_bytes, struct panel *panel)                \
    {                                                                                              \
        unpack(TYPE_##TYPE, w, row_bytes, panel);                                                  \
    }                                                                                              \
    static void dequantize_##name(const void *src, float *dst, size_t n)                           \
    {                                                                                              \
        dequantize_row(TYPE_##TYPE, src, dst, n);                                                  \
    }
QUANT_TYPES(WRAPPERS)

/* -- any weights × F32 activations -- */

static void dequantize_f32(const void *src, float *dst, size_t n)
{
    dequantize_row(TYPE_F32, src, dst, n);
}

static void dequantize_f16(const void *src, float *dst, size_t n)
{
    dequantize_row(TYPE_F16, src, dst, n);
}

static void dequantize_bf16(const void *src, float *dst, size_t n)
{
    dequantize_row(TYPE_BF16, src, dst, n);
}

/* Eight partial sums: nearer to the truth than one, and the compiler may keep them in vectors. */
static float dot_f32(const float *a, const float *b, size_t n)
{
    float part[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t j = 0; j < 8; j++)
            part[j] += a[i + j] * b[i + j];
    for (size_t j = 0; i + j < n; j++)
        part[j] += a[i + j] * b[i + j];
    return ((part[0] + part[4]) + (part[1] + part[5])) +
           ((part[2] + part[6]) + (part[3] + part[7]));
}

static void matvec_float(enum weight_type type, const uint8_t *w, size_t row_bytes, size_t n_rows,
                         size_t n, const float *x, float *y)
{
    enum { CHUNK = 256 };
    float row[CHUNK];
    for (size_t r = 0; r < n_rows; r++) {
        y[r] = 0;
        for (size_t i = 0; i < n; i += CHUNK) {
            size_t m = n - i < CHUNK ? n - i : CHUNK;
            dequantize_row(type, w + r * row_bytes + i * type_traits_get(type)->block_bytes, row,
                           m);
            y[r] += dot_f32(row, x + i, m);
        }
    }
}

static void matvec_f32(const void *w, size_t row_bytes, size_t n_rows, size_t n, const float *x,
                       float *y)
{
    matvec_float(TYPE_F32, w, row_bytes, n_rows, n, x, y);
}

static void matvec_f16(const void *w, size_t row_bytes, size_t n_rows, size_t n, const float *x,
                       float *y)
{
    matvec_float(TYPE_F16, w, row_bytes, n_rows, n, x, y);
}

static void matvec_bf16(const void *w, size_t row_bytes, size_t n_rows, size_t n, const float *x,
                        float *y)
{
    matvec_float(TYPE_BF16, w, row_bytes, n_rows, n, x, y);
}

static void gemm_nt(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                    size_t ldb, float *c, size_t ldc)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            c[i * ldc + j] = dot_f32(a + i * lda, b + j * ldb, k);
}

static void gemm_nn_add(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                        size_t ldb, float *c, size_t ldc)
{
    for (size_t i = 0; i < m; i++)
        for (size_t l = 0; l < k; l++)
            for (size_t j = 0; j < n; j++)
                c[i * ldc + j] += a[i * lda + l] * b[l * ldb + j];
}

/* -- rows of the cache -- */

static void store_f32(const float *src, void *dst, size_t n)
{
    memcpy(dst, src, n * sizeof *src);
}

static void load_f32(const void *src, float *dst, size_t n)
{
    memcpy(dst, src, n * sizeof *dst);
}

static void store_f16(const float *src, void *dst, size_t n)
{
    uint8_t *to = dst;
    for (size_t i = 0; i < n; i++) {
        uint16_t half = float_to_half(src[i]);
        memcpy(to + 2 * i, &half, 2);
    }
}

static void load_f16(const void *src, float *dst, size_t n)
{
    dequantize_row(TYPE_F16, src, dst, n);
}

static void store_q8_0(const float *src, void *dst, size_t n)
{
    uint8_t *to = dst;
    for (size_t i = 0; i < n; i += 32, to += 34) {
        int8_t q[32];
        uint16_t scale = float_to_half(quantize_32(src + i, q));
        memcpy(to, &scale, 2);
        memcpy(to + 2, q, 32);
    }
}

static void load_q8_0(const void *src, float *dst, size_t n)
{
    dequantize_row(TYPE_Q8_0, src, dst, n);
}

static float cache_get_f32(const uint8_t *row, size_t i)
{
    float value;
    memcpy(&value, row + 4 * i, 4);
    return value;
}

static float cache_get_f16(const uint8_t *row, size_t i)
{
    float value;
    dequantize_row(TYPE_F16, row + 2 * i, &value, 1);
    return value;
}

static float cache_get_q8_0(const uint8_t *row, size_t i)
{
    const uint8_t *block = row + i / 32 * 34;
    return cache_get_f16(block, 0) * (float)(int8_t)block[2 + i % 32];
}

#define CACHE_FUNCTIONS(name)                                                                      \
    static float dot_row_##name(const struct cache_rows *rows, size_t row, const float *q)         \
    {                                                                                              \
        float sum = 0;                                                                             \
        for (size_t i = 0; i < rows->n; i++)                                                       \
            sum += q[i] * cache_get_##name(rows->rows + row * rows->row_bytes, i);                 \
        return sum;                                                                                \
    }                                                                                              \
    static void cache_dot_##name(const struct cache_rows *rows, const float *q, size_t n_queries,  \
                                 size_t ldq, float *scores, size_t lds)                            \
    {                                                                                              \
        for (size_t t = 0; t < n_queries; t++)                                                     \
            for (size_t r = 0; r < rows->n_rows; r++)                                              \
                scores[t * lds + r] = dot_row_##name(rows, r, q + t * ldq);                        \
    }                                                                                              \
    static void cache_add_##name(const struct cache_rows *rows, const float *w, size_t n_queries,  \
                                 size_t ldw, float *out, size_t ldo)                               \
    {                                                                                              \
        for (size_t t = 0; t < n_queries; t++)                                                     \
            for (size_t r = 0; r < rows->n_rows; r++)                                              \
                for (size_t i = 0; i < rows->n; i++)                                               \
                    out[t * ldo + i] +=                                                            \
                        w[t * ldw + r] * cache_get_##name(rows->rows + r * rows->row_bytes, i);    \
    }
CACHE_FUNCTIONS(f32)
CACHE_FUNCTIONS(f16)
CACHE_FUNCTIONS(q8_0)

/* -- elementwise -- */

static void rms_norm(const float *x, const float *weight, float eps, float *out, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    float factor = (float)(1 / sqrt(sum / (double)n + eps));
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] * factor * weight[i];
}

static void layer_norm(const float *x, const float *weight, const float *bias, float eps,
                       float *out, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    float mean = (float)(sum / (double)n);
    for (size_t i = 0; i < n; i++)
        squares += (double)(x[i] - mean) * (x[i] - mean);
    float factor = (float)(1 / sqrt(squares / (double)n + eps));
    for (size_t i = 0; i < n; i++)
        out[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

/* x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))), written with 1 + tanh(u) = 2 / (1 + exp(−2u)), which
 * does not cancel for x < 0. */
static float gelu_tanh(float x)
{
    float u2 = x * (1.5957691216f + 0.0713548162726f * x * x);
    return x / (1 + expf(-u2));
}

static void gelu_mul(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gate[i] = gelu_tanh(gate[i]) * up[i];
}

static void gelu_bias(float *x, const float *bias, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = gelu_tanh(x[i] + bias[i]);
}

static void add(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

static void scale(float *x, float s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= s;
}

static void add_scaled(float *x, const float *y, float s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += s * y[i];
}

static void rope(float *x, const float *cos, const float *sin, size_t n)
{
    size_t half = n / 2;
    for (size_t i = 0; i < half; i++) {
        float a = x[i], b = x[i + half];
        x[i] = a * cos[i] - b * sin[i];
        x[i + half] = a * sin[i] + b * cos[i];
    }
}

static float exp_sum(float *x, float max, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - max);
        sum += x[i];
    }
    return (float)sum;
}

static float max(const float *x, size_t n)
{
    float largest = -INFINITY;
    for (size_t i = 0; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    return largest;
}

/* -- BF16 -- */

static float bf16_value(bf16 b)
{
    uint32_t bits = (uint32_t)b << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To nearest, ties to even. What is not a number stays so. */
static bf16 bf16_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x))
        return (bf16)(bits >> 16 | 0x40);
    return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void bf16_round(const float *x, bf16 *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = bf16_of(x[i]);
}

static void bf16_pack(const float *w, size_t ldw, size_t n_rows, size_t n, bf16 *panel)
{
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < PANEL_ROWS; r++)
            panel[(i / 2 * PANEL_ROWS + r) * 2 + i % 2] = r < n_rows ? bf16_of(w[r * ldw + i]) : 0;
}

static void bf16_multiply(const struct bf16_product *p)
{
    for (size_t t = 0; t < p->n_tokens; t++)
        for (size_t r = 0; r < p->n_rows; r++) {
            float y = 0;
            for (size_t i = 0; i < p->n; i++)
                y += bf16_value(p->panel[(i / 2 * PANEL_ROWS + r) * 2 + i % 2]) *
                     bf16_value(p->x[t * p->ldx + i]);
            y = p->gelu ? gelu_tanh(y + p->bias[r]) : y + p->bias[r];
            if (p->y)
                p->y[t * p->ldy + r] = bf16_of(y);
            else
                p->sum[t * p->ldy + r] += y;
        }
}

/* Σ q of n values x ≈ scale × q */
static int32_t int8_round(const float *x, size_t n, int8_t *q, float *scale)
{
    float most = 0;
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(x[i]));
    *scale = most / 127;
    float inverse = most > 0 ? 127 / most : 0;
    for (size_t i = 0; i < n; i++) {
        q[i] = (int8_t)lrintf(x[i] * inverse);
        sum += q[i];
    }
    return sum;
}

static void bf16_pair(const float *a, const float *b, bf16 *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[2 * i] = bf16_of(a[i]);
        y[2 * i + 1] = b ? bf16_of(b[i]) : 0;
    }
}

/* Of each query the largest score, the sum of weights, and that of values; behind them one query. */
static size_t bf16_attend_bytes(size_t head_dim)
{
    return (BF16_QUERIES * (head_dim + 2) + head_dim) * sizeof(float) + head_dim;
}

static float *bf16_state(const struct bf16_attention *a, size_t i)
{
    return (float *)a->scratch + i * (a->head_dim + 2);
}

/* scale · q[i]·k[j] in int8 */
static float int8_score(const struct bf16_attention *a, const struct bf16_keys *b, size_t i,
                        size_t j)
{
    float *query = bf16_state(a, BF16_QUERIES), query_scale, key_scale;
    int8_t *q = (int8_t *)(query + a->head_dim);
    const int8_t *key = (const int8_t *)(b->k + j * b->ld);
    int32_t dot = 0;
    for (size_t d = 0; d < a->head_dim; d++)
        query[d] = bf16_value(a->q[i * a->ldq + d]);
    int8_round(query, a->head_dim, q, &query_scale);
    for (size_t d = 0; d < a->head_dim; d++)
        dot += q[d] * key[d];
    memcpy(&key_scale, key + (a->head_dim + 3) / 4 * 4, sizeof key_scale);
    return a->scale * query_scale * key_scale * (float)dot;
}

/* scale · q[i]·k[j] */
static float bf16_score(const struct bf16_attention *a, const struct bf16_keys *b, size_t i,
                        size_t j)
{
    float score = 0;
    if (a->int8_keys)
        return int8_score(a, b, i, j);
    for (size_t d = 0; d < a->head_dim; d++)
        score += bf16_value(a->q[i * a->ldq + d]) * bf16_value(b->k[j * b->ld + d]);
    return a->scale * score;
}

static void bf16_attend_begin(const struct bf16_attention *a)
{
    memset(a->scratch, 0, bf16_attend_bytes(a->head_dim));
    for (size_t i = 0; i < a->n_queries; i++)
        bf16_state(a, i)[0] = -INFINITY;
}

static void bf16_attend_key(const struct bf16_attention *a, const struct bf16_keys *b, size_t i,
                            size_t j)
{
    float *state = bf16_state(a, i), *sum = state + 2, score = bf16_score(a, b, i, j);
    if (score > state[0]) {
        const float shrink = exp2f(state[0] - score);
        state[0] = score;
        for (size_t d = 0; d < a->head_dim + 1; d++)
            state[1 + d] *= shrink;
    }
    const float weight = exp2f(score - state[0]);
    state[1] += weight;
    for (size_t d = 0; d < a->head_dim; d++)
        sum[d] += weight * bf16_value(b->v[(j / 2 * a->head_dim + d) * 2 + j % 2]);
}

static void bf16_attend_keys(const struct bf16_attention *a, const struct bf16_keys *b)
{
    for (size_t i = 0; i < a->n_queries; i++) {
        const size_t from = b->from ? (size_t)b->from[i] : 0,
                     to = b->from ? (size_t)b->to[i] : b->n;
        for (size_t j = from; j < to; j++)
            bf16_attend_key(a, b, i, j);
    }
}

static void bf16_attend_end(const struct bf16_attention *a)
{
    for (size_t i = 0; i < a->n_queries; i++) {
        const float *state = bf16_state(a, i);
        for (size_t d = 0; d < a->head_dim; d++) {
            const float y = state[2 + d] / state[1];
            if (a->out)
                a->out[i * a->ldo + d] = bf16_of(y);
            else
                a->wide[i * a->ldo + d] = y;
        }
    }
}

static const struct bf16_kernels bf16_entries = {.round = bf16_round,
                                                 .pack = bf16_pack,
                                                 .multiply = bf16_multiply,
                                                 .pair = bf16_pair,
                                                 .attend_begin = bf16_attend_begin,
                                                 .attend_keys = bf16_attend_keys,
                                                 .attend_end = bf16_attend_end,
                                                 .attend_bytes = bf16_attend_bytes};

/* -- int8 for the vision tower -- */

static void int8_quantize(const float *x, struct int8_block *row, size_t n)
{
    for (size_t i = 0; i < n; i += INT8_BLOCK, row++) {
        *row = (struct int8_block){0};
        size_t m = n - i < INT8_BLOCK ? n - i : INT8_BLOCK;
        row->start = -128 * int8_round(x + i, m, row->q, &row->scale);
    }
}

static void int8_mean(const struct int8_block *x, size_t ldx, size_t n, float *mean)
{
    for (size_t i = 0; i < INT8_BLOCK; i++) {
        float sum = 0;
        for (size_t t = 0; t < n; t++)
            sum += x[t * ldx].scale * x[t * ldx].q[i];
        mean[i] = sum / (float)n;
    }
}

static void int8_pack(const float *w, size_t ldw, size_t n_rows, size_t n, const float *mean,
                      struct int8_panel *panel, float *lost)
{
    memset(panel->scale, 0, sizeof panel->scale);
    memset(panel->q, 128, sizeof panel->q);
    for (size_t r = 0; r < n_rows; r++) {
        int8_t q[INT8_BLOCK];
        int8_round(w + r * ldw, n, q, &panel->scale[r]);
        for (size_t i = 0; i < n; i++) {
            panel->q[i / 4][r][i % 4] = (uint8_t)(q[i] + 128);
            lost[r] += (w[r * ldw + i] - panel->scale[r] * q[i]) * mean[i];
        }
    }
}

static float int8_value(const struct int8_product *p, size_t t, size_t r)
{
    const struct int8_panel *w = p->panel + r / PANEL_ROWS * int8_blocks(p->n);
    const struct int8_block *x = p->x + t * p->ldx;
    float y = 0;
    r %= PANEL_ROWS;
    for (size_t b = 0; b < int8_blocks(p->n); b++, w++, x++) {
        int32_t dot = x->start;
        for (size_t i = 0; i < INT8_BLOCK; i++)
            dot += w->q[i / 4][r][i % 4] * x->q[i];
        y += (float)dot * w->scale[r] * x->scale;
    }
    return y;
}

static void int8_multiply(const struct int8_product *p)
{
    for (size_t t = 0; t < p->n_tokens; t++) {
        float y[INT8_BLOCK];
        for (size_t r = 0; r < p->n_rows; r++) {
            y[r] = int8_value(p, t, r) + p->bias[r];
            y[r] = p->gelu ? gelu_tanh(y[r]) : y[r];
            if (p->y)
                p->y[t * p->ldy + r] = bf16_of(y[r]);
            else if (p->sum)
                p->sum[t * p->ldy + r] += y[r];
        }
        if (p->block)
            int8_quantize(y, p->block + t * p->ldy, p->n_rows);
    }
}

static void int8_round_key(void *key, const float *mean, size_t n)
{
    int8_t *q = key;
    float most = 0, scale;
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(bf16_value(((bf16 *)key)[i]) - mean[i]));
    float inverse = most > 0 ? 127 / most : 0;
    for (size_t i = 0; i < n; i++) {
        q[i] = (int8_t)lrintf((bf16_value(((bf16 *)key)[i]) - mean[i]) * inverse);
        sum += q[i];
    }
    for (; n % 4; n++)
        q[n] = 0;
    scale = most / 127;
    sum *= -128;
    memcpy(q + n, &scale, sizeof scale);
    memcpy(q + n + sizeof scale, &sum, sizeof sum);
}

static const struct int8_kernels int8_entries = {.quantize = int8_quantize,
                                                 .mean = int8_mean,
                                                 .pack = int8_pack,
                                                 .multiply = int8_multiply,
                                                 .round_key = int8_round_key};

#define MATVEC(TYPE, name)     [TYPE_##TYPE] = matvec_q8_##name,
#define UNPACK(TYPE, name)     [TYPE_##TYPE] = unpack_##name,
#define DEQUANTIZE(TYPE, name) [TYPE_##TYPE] = dequantize_##name,
#define TABLE                                                                                      \
    .name = "scalar", .quantize_q8 = quantize_q8, .matvec_q8 = {QUANT_TYPES(MATVEC)},              \
    .unpack = {QUANT_TYPES(UNPACK)}, .panel_q8 = panel_q8, .panel_bytes = panel_bytes,             \
    .round_two_bit = round_two_bit, .dot_two_bit = dot_two_bit,                                    \
    .dequantize = {QUANT_TYPES(DEQUANTIZE)[TYPE_F32] = dequantize_f32,                             \
                   [TYPE_F16] = dequantize_f16, [TYPE_BF16] = dequantize_bf16},                    \
    .matvec_f32 = {[TYPE_F32] = matvec_f32, [TYPE_F16] = matvec_f16, [TYPE_BF16] = matvec_bf16},   \
    .gemm_nt = gemm_nt, .gemm_nn_add = gemm_nn_add,                                                \
    .cache_store = {store_f32, store_f16, store_q8_0},                                             \
    .cache_load = {load_f32, load_f16, load_q8_0},                                                 \
    .cache_dot = {cache_dot_f32, cache_dot_f16, cache_dot_q8_0},                                   \
    .cache_add = {cache_add_f32, cache_add_f16, cache_add_q8_0}, .rms_norm = rms_norm,             \
    .layer_norm = layer_norm, .gelu_mul = gelu_mul, .gelu_bias = gelu_bias, .add = add,            \
    .scale = scale, .add_scaled = add_scaled, .rope = rope, .exp_sum = exp_sum, .max = max

const struct kernels *kernels_scalar(void)
{
    static const struct kernels sets[2] = {{TABLE, .bf16 = &bf16_entries, .int8 = &int8_entries},
                                           {TABLE, .exact = true}};
    return sets;
}
