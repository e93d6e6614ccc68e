/* The arithmetic of the forward passes: one table of function pointers for each instruction set.
 *
 * scalar.c says what is right; the other files say it faster. The tests compare every entry with
 * scalar's on random data of every length. All pointers are always set, but where said.
 * No entry allocates, takes a lock or looks at a global. n is any length ≥ 0 unless said; pointers
 * need no alignment. Results do not depend on how rows or tokens are divided among calls. */
#ifndef ENGINE_KERNELS_KERNELS_H
#define ENGINE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/quant.h"

/* The upper half of a float, rounded to nearest. */
typedef uint16_t bf16;

/* Activations as int8, in blocks of 32 along each row: x ≈ scale × q. Row t of an array of tokens
 * has its parts at  q + t·n,  block + t·(n/32). n is a multiple of 32. */
struct q8_block {
    float scale;
    int32_t less[2]; /* −Σ q over each 16: what zero points and offsets of weights multiply */
    bf16 total[2];   /* of blocks 0, 2, 4 …: scale × Σ q of this block and the next (or 0); only
                        sets whose panels want it fill it in */
};
struct q8 {
    int8_t *q; /* -127 … 127 */
    struct q8_block *block;
    size_t n; /* values a row */
};
/* Row t of an array of tokens. */
static inline struct q8 q8_row(struct q8 x, size_t t)
{
    return (struct q8){x.q + t * x.n, x.block + t * (x.n / 32), x.n};
}

enum { ROW_TOKENS = 4 };

/* Weights of two bits, 0 … 3, in blocks of TWO_BIT_BLOCK columns: byte j of a block's quarter holds
 * columns j, 64 + j, 128 + j, 192 + j, from the low bits up. */
enum { TWO_BIT_BLOCK = 256 };

/* A panel: PANEL_ROWS rows of weights unpacked to bytes for the int8 product of many tokens.
 * w = scale × q + offset with q unsigned. How q, scale and offset are laid out is each kernel set's
 * own business; `memory` has panel_bytes(n) bytes, 64-aligned. */
enum { PANEL_ROWS = 32 };
struct panel {
    void *memory;
    size_t n;       /* weights a row, a multiple of 32 */
    size_t n_rows;  /* ≤ PANEL_ROWS; the rest are to be zeroes */
    uint32_t group; /* weights that share a scale: 16 or 32; set by unpack */
    /* Memory that is wanted next, or none: a product may ask for it while it computes. */
    const void *next;
    size_t next_bytes;
};

/* Of few_q8: with more tokens a panel pays. */
enum { FEW_ROWS = 16, FEW_TOKENS = 16 };

/* One panel of BF16 weights and many tokens: y[t][r] = Σ_i panel[r][i] x[t][i] + bias[r] for
 * r < n_rows. */
struct bf16_product {
    const bf16 *panel; /* [n/2][PANEL_ROWS][2], 64-aligned */
    size_t n, n_rows;  /* n even */
    const bf16 *x;     /* rows ldx apart */
    size_t ldx, n_tokens;
    const float *bias; /* [n_rows] */
    bool gelu;         /* y = gelu_tanh(y) */
    bf16 *y;           /* rows ldy apart, or NULL: */
    float *sum;        /* y is added to these rows, ldy apart */
    size_t ldy;
};

/* One head: out[i] = Σ_j w_ij v[j] / Σ_j w_ij with w_ij = 2^(scale · q[i]·k[j]), over keys that come in
 * blocks. */
enum { BF16_QUERIES = 128 };
struct bf16_attention {
    size_t n_queries; /* 1 … BF16_QUERIES */
    size_t head_dim;  /* even */
    float scale;
    const bf16 *q; /* rows ldq apart */
    size_t ldq;
    bool int8_keys; /* keys' rows are what int8's round_key made of them; queries are rounded, too */
    /* The result, rows ldo apart; one of them is not NULL. */
    bf16 *out;
    float *wide;
    size_t ldo;
    void *scratch; /* attend_bytes(head_dim), 64-aligned; kept from attend_begin to attend_end */
};
struct bf16_keys {
    size_t n;      /* ≥ 1 */
    const bf16 *k; /* rows ld apart */
    size_t ld;
    const bf16 *v; /* [⌈n/2⌉][head_dim][2]: two keys side by side; 0 for one too many */
    /* Query i sees keys from[i] … to[i] − 1, at least one in all blocks together, and scale is > 0; NULL: every
     * one sees all. */
    const int *from, *to;
};

/* Products of BF16 with F32 sums, for sets that have them. Numbers below 2⁻¹²⁶ count as 0. */
struct bf16_kernels {
    bool fast; /* more so than the set's F32 */
    void (*round)(const float *x, bf16 *y, size_t n);
    /* Columns of a panel, [n/2][PANEL_ROWS][2], from rows ldw apart; n even. Absent rows are 0. */
    void (*pack)(const float *w, size_t ldw, size_t n_rows, size_t n, bf16 *panel);
    void (*multiply)(const struct bf16_product *p);
    /* y[2i] = a[i], y[2i + 1] = b[i], or 0 where b is NULL: values side by side. */
    void (*pair)(const float *a, const float *b, bf16 *y, size_t n);
    void (*attend_begin)(const struct bf16_attention *a);
    void (*attend_keys)(const struct bf16_attention *a, const struct bf16_keys *keys);
    void (*attend_end)(const struct bf16_attention *a);
    size_t (*attend_bytes)(size_t head_dim);
};

/* Activations as int8, x ≈ scale × q, in blocks longer than q8's: for towers, whose many tokens are
 * bound by arithmetic, a scale for each 32 would cost a quarter. A row of n values is
 * ⌈n / INT8_BLOCK⌉ blocks; what is beyond n in the last one is 0. */
enum { INT8_BLOCK = 256 };
struct int8_block {
    int8_t q[INT8_BLOCK]; /* −127 … 127; scale = max|x| / 127 */
    float scale;
    int32_t start; /* −128 × Σ q: where products with weights start that are stored plus 128 */
};
static inline size_t int8_blocks(size_t n)
{
    return (n + INT8_BLOCK - 1) / INT8_BLOCK;
}

/* A block of columns of PANEL_ROWS rows of weights, w ≈ scale × (q − 128). */
struct int8_panel {
    float scale[PANEL_ROWS];
    uint8_t q[INT8_BLOCK / 4][PANEL_ROWS][4];
};

/* Weights, PANEL_ROWS rows after the other, and many tokens: y[t][r] = w[r]·x[t] + bias[r] for
 * r < n_rows. */
struct int8_product {
    const struct int8_panel *panel; /* [⌈n_rows / PANEL_ROWS⌉][blocks], 64-aligned */
    size_t n, n_rows;               /* n_rows ≤ INT8_BLOCK */
    const struct int8_block *x;     /* rows ldx blocks apart */
    size_t ldx, n_tokens;
    const float *bias; /* [n_rows] */
    bool gelu;         /* y = gelu_tanh(y) */
    /* Where y goes: one of them is not NULL. Rows are ldy values or blocks apart. */
    struct int8_block *block; /* as the block of columns that it is of its row */
    bf16 *y;
    float *sum; /* y is added */
    size_t ldy;
};

/* Products of int8 for a tower, with BF16 around them; sums over a block are exact. */
struct int8_kernels {
    void (*quantize)(const float *x, struct int8_block *row, size_t n);
    /* mean[i] = the mean of columns i < INT8_BLOCK of a block, over n rows ldx blocks apart. */
    void (*mean)(const struct int8_block *x, size_t ldx, size_t n, float *mean);
    /* n ≤ INT8_BLOCK columns from n_rows ≤ PANEL_ROWS rows ldw apart; absent rows and columns are
     * 0. lost[r] += what rounding takes from products with mean[n]. */
    void (*pack)(const float *w, size_t ldw, size_t n_rows, size_t n, const float *mean,
                 struct int8_panel *panel, float *lost);
    void (*multiply)(const struct int8_product *p);
    /* One head's key less mean[n], in its place: int8 q[n rounded up to 4], then scale and start as
     * of an int8_block. n is even and at least INT8_MIN_HEAD. */
    void (*round_key)(void *key, const float *mean, size_t n);
};
enum { INT8_MIN_HEAD = 10 };

/* What a cache row of keys or values is made of. */
enum cache_type { CACHE_F32, CACHE_F16, CACHE_Q8_0, CACHE_TYPE_COUNT };

/* Rows of one head in the cache, one after the other. */
struct cache_rows {
    const uint8_t *rows;
    size_t row_bytes, n_rows;
    size_t n; /* numbers a row */
};

struct kernels {
    const char *name;
    bool exact; /* multiply with F32 activations, whatever the weights are */

    /* -- quantised weights × int8 activations; set for each quantised weight type -- */

    /* One row of n = out.n values from x; scale = max|x| / 127. */
    void (*quantize_q8)(const float *x, struct q8 out);
    /* y[t·ldy + r] = Σ w[r][i] x[t][i] for n_rows rows that lie row_bytes apart and n_tokens ≥ 1
     * tokens. For few: each weight is decoded once for up to ROW_TOKENS of them. */
    void (*matvec_q8[TYPE_COUNT])(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,
                                  size_t n_tokens, float *y, size_t ldy);
    /* Fills the panel from n_rows rows of weights. */
    void (*unpack[TYPE_COUNT])(const void *w, size_t row_bytes, struct panel *panel);
    /* y[t·ldy + r] = panel row r · token t, for r < n_rows, t < n_tokens. */
    void (*panel_q8)(const struct panel *panel, struct q8 x, size_t n_tokens, float *y, size_t ldy);
    size_t (*panel_bytes)(size_t n);
    /* The bits that unpack and panel_q8 give, for few tokens without a panel; n_rows is a multiple
     * of FEW_ROWS, 1 ≤ n_tokens ≤ FEW_TOKENS, scratch has panel_bytes(x.n), 64-aligned. NULL for
     * types and sets that have none. */
    void (*few_q8[TYPE_COUNT])(const void *w, size_t row_bytes, size_t n_rows, struct q8 x,
                               size_t n_tokens, float *y, size_t ldy, void *scratch);
    /* Types for which few_q8 is the better one for 1 … ROW_TOKENS tokens, too, than matvec_q8. */
    bool few_steps[TYPE_COUNT];

    /* -- weights of two bits × int8 activations -- */

    /* out[n / 4] = the weights 0 … 3 that w × inverse + 1.5 is nearest to, of a whole number of
     * blocks. level being weight − 1.5: sums = Σ w × level, Σ level². */
    void (*round_two_bit)(const float *w, size_t n, float inverse, uint8_t *out, float sums[2]);
    /* y[t·ldy + r] = Σ w[r][i] x[t][i] for n_rows rows of n / 4 bytes and 1 … ROW_TOKENS tokens of n
     * values, close together. n: a multiple of TWO_BIT_BLOCK, 2¹⁵ at most. */
    void (*dot_two_bit)(const uint8_t *w, size_t n_rows, size_t n, const int8_t *x, size_t n_tokens,
                        int32_t *y, size_t ldy);

    /* -- any weights × F32 activations -- */

    /* dst[n] = a row of weights; set for every type. */
    void (*dequantize[TYPE_COUNT])(const void *src, float *dst, size_t n);
    /* y[r] = Σ w[r][i] x[i] for F32, F16, BF16 rows; NULL for the quantised types. */
    void (*matvec_f32[TYPE_COUNT])(const void *w, size_t row_bytes, size_t n_rows, size_t n,
                                   const float *x, float *y);
    /* C[m][n] = A[m][k] · B[n][k]ᵀ, rows lda, ldb, ldc floats apart (dot products of rows). */
    void (*gemm_nt)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                    size_t ldb, float *c, size_t ldc);
    /* C[m][n] += A[m][k] · B[k][n]. */
    void (*gemm_nn_add)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                        size_t ldb, float *c, size_t ldc);

    /* -- rows of the cache -- */

    /* n is a multiple of 32 for CACHE_Q8_0, any else. */
    void (*cache_store[CACHE_TYPE_COUNT])(const float *src, void *dst, size_t n);
    void (*cache_load[CACHE_TYPE_COUNT])(const void *src, float *dst, size_t n);

    /* scores[t·lds + r] = query t · row r, rows of q ldq floats apart. */
    void (*cache_dot[CACHE_TYPE_COUNT])(const struct cache_rows *rows, const float *q,
                                        size_t n_queries, size_t ldq, float *scores, size_t lds);
    /* out[t·ldo …] += Σ_r w[t·ldw + r] × row r, r ascending. */
    void (*cache_add[CACHE_TYPE_COUNT])(const struct cache_rows *rows, const float *w,
                                        size_t n_queries, size_t ldw, float *out, size_t ldo);

    /* -- elementwise, F32 -- */

    /* out = x / sqrt(mean(x²) + eps) × weight. out may be x. */
    void (*rms_norm)(const float *x, const float *weight, float eps, float *out, size_t n);
    /* out = (x − mean) / sqrt(variance + eps) × weight + bias. out may be x. */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, float eps,
                       float *out, size_t n);
    /* gate = gelu_tanh(gate) × up */
    void (*gelu_mul)(float *gate, const float *up, size_t n);
    /* x = gelu_tanh(x + bias) */
    void (*gelu_bias)(float *x, const float *bias, size_t n);
    /* x += y; x = s·x; x += s·y */
    void (*add)(float *x, const float *y, size_t n);
    void (*scale)(float *x, float s, size_t n);
    void (*add_scaled)(float *x, const float *y, float s, size_t n);
    /* Rotates pairs (x[i], x[i+n/2]) by the angles whose cosine and sine are cos[i], sin[i], i <
     * n/2. */
    void (*rope)(float *x, const float *cos, const float *sin, size_t n);
    /* x[i] = exp(x[i] − max); returns their sum. −INFINITY gives 0. Within 2e-7 relative;
     * results under 2⁻¹²⁶ may be 0. */
    float (*exp_sum)(float *x, float max, size_t n);
    float (*max)(const float *x, size_t n); /* −INFINITY for n = 0 */

    const struct bf16_kernels *bf16; /* NULL: there are none */
    const struct int8_kernels *int8; /* NULL: there are none; else there are .bf16, too */
};

/* The sets this program was built with; NULL where the compiler's target has no such thing. Each is
 * an array of two: the set, and behind it the same with .exact set. */
const struct kernels *kernels_scalar(void);
const struct kernels *kernels_avx2(void);
const struct kernels *kernels_avx512(void);
const struct kernels *kernels_avx512_bf16(
    void); /* the same set, with .bf16 and .int8 but where .exact */
const struct kernels *kernels_neon(void);

/* The set of that name, or for NULL the fastest that this processor has ("exact": the fastest, with
 * .exact set). NULL if the name is unknown or the processor lacks it. The table is constant and
 * lives as long as the process. */
const struct kernels *kernels_get(const char *name);

#endif
