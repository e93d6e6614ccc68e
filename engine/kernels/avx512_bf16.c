/* AVX-512 with BF16: products of 32 rows (or queries) in lanes with broadcast pairs.
 *
 * One loop serves three products. A panel holds for each pair of k two registers of 16 rows; a pair
 * of the other side is broadcast against both: weights × tokens;  queries × keys, so that scores
 * lie [key][query] and their maxima and sums are lane by lane;  weights of keys × values, the pairs
 * being of keys. No head size needs padding, and nothing is shuffled but on the way in and out. */
#include <math.h>
#include <string.h>

#include "engine/kernels/avx512.h"
#include "engine/kernels/avx512_vision.h"

enum {
    LANES = PANEL_ROWS,
    TOKENS = 12, /* of a tile: 24 sums, 2 vectors of the panel and a broadcast fill 27 registers */
    /* Keys whose scores are held at once: 32 KB, whole tiles. 128 to 512 are as fast. */
    KEYS = 21 * TOKENS,
};

/* -- the product -- */

/* The broadcast side: pair p of token t is at x + t·token + p·pair bytes. */
struct pairs {
    const uint8_t *x;
    size_t token, pair, n;
};

KERNEL_INLINE __m512bh broadcast_pair(const uint8_t *p)
{
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

/* to[t][32] (+)= panel × token t, for a constant number of tokens. */
KERNEL_INLINE void tile(const int tokens, const bf16 *panel, const struct pairs b, float *to,
                        bool add)
{
    __m512 acc[TOKENS][2];
    const uint8_t *x[TOKENS / 3]; /* every third token: twelve pointers would not fit */
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++) {
        acc[t][0] = add ? _mm512_loadu_ps(to + t * LANES) : _mm512_setzero_ps();
        acc[t][1] = add ? _mm512_loadu_ps(to + t * LANES + 16) : _mm512_setzero_ps();
    }
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t += 3)
        x[t / 3] = b.x + (size_t)t * b.token;
    for (size_t p = 0; p < b.n; p++, panel += 2 * LANES) {
        __m512bh w0 = (__m512bh)_mm512_load_si512(panel);
        __m512bh w1 = (__m512bh)_mm512_load_si512(panel + LANES);
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t++) {
            __m512bh v = broadcast_pair(x[t / 3] + (size_t)(t % 3) * b.token);
            acc[t][0] = _mm512_dpbf16_ps(acc[t][0], w0, v);
            acc[t][1] = _mm512_dpbf16_ps(acc[t][1], w1, v);
        }
        KERNEL_UNROLL
        for (int t = 0; t < tokens; t += 3)
            x[t / 3] += b.pair;
    }
    KERNEL_UNROLL
    for (int t = 0; t < tokens; t++) {
        _mm512_storeu_ps(to + t * LANES, acc[t][0]);
        _mm512_storeu_ps(to + t * LANES + 16, acc[t][1]);
    }
}

KERNEL_INLINE void dot_pairs(const bf16 *panel, struct pairs b, size_t n_tokens, float *to,
                             bool add)
{
    while (n_tokens) {
        size_t step = n_tokens >= 12 ? 12 : n_tokens >= 8 ? 8 : n_tokens >= 4 ? 4 : 1;
        if (step == 12)
            tile(12, panel, b, to, add);
        else if (step == 8)
            tile(8, panel, b, to, add);
        else if (step == 4)
            tile(4, panel, b, to, add);
        else
            tile(1, panel, b, to, add);
        b.x += step * b.token;
        to += step * LANES;
        n_tokens -= step;
    }
}

/* Tokens whose pairs follow each other. */
static void dot_rows(const bf16 *panel, const bf16 *x, size_t ldx, size_t n, size_t n_tokens,
                     float *to)
{
    struct pairs b = {(const uint8_t *)x, ldx * sizeof *x, 4, n / 2};
    dot_pairs(panel, b, n_tokens, to, false);
}

/* Pairs whose tokens follow each other. */
static void add_columns(const bf16 *panel, const bf16 *x, size_t ldx, size_t n_pairs,
                        size_t n_tokens, float *to)
{
    struct pairs b = {(const uint8_t *)x, 4, ldx * sizeof *x, n_pairs};
    dot_pairs(panel, b, n_tokens, to, true);
}

/* -- conversions -- */

static void bf16_round(const float *x, bf16 *y, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = vec_mask(n - i < 16 ? n - i : 16);
        __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(m, x + i));
        _mm256_mask_storeu_epi16(y + i, m, (__m256i)half);
    }
}

/* 16 floats and 16 others, in turns. */
KERNEL_INLINE __m512i turn_about(__m512 a, __m512 b)
{
    __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(a));
    __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(b));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

static void bf16_pair(const float *a, const float *b, bf16 *y, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = vec_mask(n - i < 16 ? n - i : 16);
        __m512 other = b ? _mm512_maskz_loadu_ps(m, b + i) : _mm512_setzero_ps();
        _mm512_mask_storeu_epi32(y + 2 * i, m, turn_about(_mm512_maskz_loadu_ps(m, a + i), other));
    }
}

/* n ≤ 32 floats as pairs. */
KERNEL_INLINE __m512i round_pairs(const float *x, size_t n)
{
    __mmask16 low = vec_mask(n < 16 ? n : 16), high = vec_mask(n < 16 ? 0 : n - 16);
    return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, x + 16),
                                        _mm512_maskz_loadu_ps(low, x));
}

/* 16 rows of n ≤ 16 pairs each to one half of a panel. */
KERNEL_INLINE void put_pairs(__m512i v[16], bf16 *panel, size_t n)
{
    transpose_16(v);
    for (size_t p = 0; p < n; p++)
        _mm512_store_si512(panel + p * 2 * LANES, v[p]);
}

static void bf16_pack(const float *w, size_t ldw, size_t n_rows, size_t n, bf16 *panel)
{
    for (size_t i = 0; i < n; i += 32)
        for (size_t half = 0; half < 2; half++) {
            __m512i v[16];
            size_t columns = n - i < 32 ? n - i : 32;
            for (size_t r = 0; r < 16; r++) {
                size_t row = 16 * half + r;
                v[r] =
                    row < n_rows ? round_pairs(w + row * ldw + i, columns) : _mm512_setzero_si512();
            }
            put_pairs(v, panel + i * LANES + half * LANES, columns / 2);
        }
}

/* -- weights × tokens -- */

struct half_row {
    __mmask16 mask;
    __m512 bias;
};

/* What becomes of one token's products. */
KERNEL_INLINE void finish_row(const struct bf16_product *p, const struct half_row h[2],
                              const float *from, size_t token)
{
    for (int i = 0; i < 2; i++) {
        size_t at = token * p->ldy + 16 * (size_t)i;
        __m512 y = _mm512_add_ps(_mm512_load_ps(from + 16 * i), h[i].bias);
        if (p->gelu)
            y = gelu(y);
        if (p->y)
            _mm256_mask_storeu_epi16(p->y + at, h[i].mask, (__m256i)_mm512_cvtneps_pbh(y));
        else
            _mm512_mask_storeu_ps(p->sum + at, h[i].mask,
                                  _mm512_add_ps(_mm512_maskz_loadu_ps(h[i].mask, p->sum + at), y));
    }
}

static void bf16_multiply(const struct bf16_product *p)
{
    enum { STEP = 2 * TOKENS };
    _Alignas(64) float y[STEP * LANES];
    struct half_row h[2];
    for (size_t i = 0; i < 2; i++) {
        size_t rows = p->n_rows < 16 * i ? 0 : p->n_rows - 16 * i;
        h[i].mask = vec_mask(rows < 16 ? rows : 16);
        h[i].bias = _mm512_maskz_loadu_ps(h[i].mask, p->bias + 16 * i);
    }
    for (size_t t = 0; t < p->n_tokens; t += STEP) {
        size_t n = p->n_tokens - t < STEP ? p->n_tokens - t : STEP;
        dot_rows(p->panel, p->x + t * p->ldx, p->ldx, p->n, n, y);
        for (size_t i = 0; i < n; i++)
            finish_row(p, h, y + i * LANES, t + i);
    }
}

/* -- attention -- */

/* Of 32 queries, lane by lane. */
struct softmax {
    __m512 max[2]; /* what scores are taken relative to: at most 2^STALE too small */
    __m512 sum[2];
    bool begun; /* max is of some keys */
};
enum { STALE = 40 };
#define LOWEST (-1e30f) /* less than any score, but for −∞, that of a key which is not seen */

/* A head's scratch: this, scores and weights of a block of keys, and of each 32 queries a panel and
 * a sum. */
struct attention {
    float *scores; /* [KEYS][32] */
    bf16 *weights; /* [KEYS / 2][32][2] */
    bf16 *queries; /* [BF16_QUERIES / 32][head_dim / 2][32][2]; or int8, [head_dim / 4][32][4] */
    float *sums;   /* [BF16_QUERIES / 32][head_dim][32] */
    struct softmax softmax[BF16_QUERIES / LANES];
    __m512 scale[BF16_QUERIES / LANES][2]; /* of scores: the attention's, times queries' */
};

static size_t bf16_attend_bytes(size_t head_dim)
{
    size_t block = KEYS * LANES * (sizeof(float) + sizeof(bf16));
    return sizeof(struct attention) + block +
           BF16_QUERIES * head_dim * (sizeof(float) + sizeof(bf16));
}

/* Rows of queries from `first` on to a panel; those that are not there are 0. */
static void pack_queries(const struct bf16_attention *a, size_t first, bf16 *panel)
{
    for (size_t d = 0; d < a->head_dim; d += 32)
        for (size_t half = 0; half < 2; half++) {
            __m512i v[16];
            size_t columns = a->head_dim - d < 32 ? a->head_dim - d : 32;
            __mmask16 mask = vec_mask(columns / 2);
            for (size_t r = 0; r < 16; r++) {
                size_t query = first + 16 * half + r;
                v[r] = query < a->n_queries
                           ? _mm512_maskz_loadu_epi32(mask, a->q + query * a->ldq + d)
                           : _mm512_setzero_si512();
            }
            put_pairs(v, panel + d * LANES + half * LANES, columns / 2);
        }
}

static float largest_of(const bf16 *q, size_t n)
{
    __m512 most = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += 16)
        most = _mm512_max_ps(most, _mm512_abs_ps(load_bf16_part(q + i, n - i)));
    return _mm512_reduce_max_ps(most);
}

/* The next 64 of n dimensions as bytes plus 128. */
static __m512i round_64(const bf16 *q, size_t n, __m512 inverse)
{
    _Alignas(64) uint8_t bytes[64];
    for (size_t i = 0; i < 64; i += 16) {
        __m512 x = i < n ? load_bf16_part(q + i, n - i) : _mm512_setzero_ps();
        __m128i whole = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(x, inverse)));
        _mm_store_si128((__m128i *)(bytes + i), _mm_xor_si128(whole, _mm_set1_epi8(-128)));
    }
    return _mm512_load_si512(bytes);
}

/* 16 queries as bytes: four dimensions of each to a register. Returns their scales. */
static __m512 pack_int8_queries(const struct bf16_attention *a, size_t first, uint8_t *panel)
{
    float largest[16] = {0};
    size_t n = a->n_queries < first ? 0 : a->n_queries - first;
    for (size_t r = 0; r < 16 && r < n; r++)
        largest[r] = largest_of(a->q + (first + r) * a->ldq, a->head_dim);
    for (size_t d = 0; d < a->head_dim; d += 64) {
        __m512i v[16];
        for (size_t r = 0; r < 16; r++)
            v[r] = r < n ? round_64(a->q + (first + r) * a->ldq + d, a->head_dim - d,
                                    int8_inverse(largest[r]))
                         : _mm512_setzero_si512();
        transpose_16(v);
        for (size_t i = 0; i < 16 && d + 4 * i < a->head_dim; i++)
            _mm512_store_si512(panel + (d + 4 * i) * LANES, v[i]);
    }
    return _mm512_div_ps(_mm512_loadu_ps(largest), _mm512_set1_ps(127));
}

KERNEL_INLINE int32_t load_int(const int8_t *p)
{
    int32_t n;
    memcpy(&n, p, sizeof n);
    return n;
}

/* to[key][32] = queries × keys of int8, times the keys' scales. */
KERNEL_INLINE void score_tile(const int keys, const uint8_t *queries, const int8_t *key, size_t ld,
                              size_t quads, float *to)
{
    __m512i acc[TOKENS][2];
    const int8_t *at[TOKENS / 3]; /* every third key */
    KERNEL_UNROLL
    for (int t = 0; t < keys; t++)
        acc[t][0] = acc[t][1] =
            _mm512_set1_epi32(load_int(key + (size_t)t * ld + 4 * quads + sizeof(float)));
    KERNEL_UNROLL
    for (int t = 0; t < keys; t += 3)
        at[t / 3] = key + (size_t)t * ld;
    for (size_t i = 0; i < quads; i++, queries += 4 * LANES) {
        __m512i q0 = _mm512_load_si512(queries), q1 = _mm512_load_si512(queries + 64);
        KERNEL_UNROLL
        for (int t = 0; t < keys; t++) {
            __m512i v = broadcast_quad(at[t / 3] + (size_t)(t % 3) * ld + 4 * i);
            dot_quad(&acc[t][0], q0, v);
            dot_quad(&acc[t][1], q1, v);
        }
    }
    KERNEL_UNROLL
    for (int t = 0; t < keys; t++) {
        int32_t bits = load_int(key + (size_t)t * ld + 4 * quads);
        __m512 scale = _mm512_castsi512_ps(_mm512_set1_epi32(bits));
        _mm512_store_ps(to + t * LANES, _mm512_mul_ps(_mm512_cvtepi32_ps(acc[t][0]), scale));
        _mm512_store_ps(to + t * LANES + 16, _mm512_mul_ps(_mm512_cvtepi32_ps(acc[t][1]), scale));
    }
}

static void score_int8(const struct bf16_keys *keys, size_t head_dim, const void *queries,
                       size_t key, size_t n, float *to)
{
    const int8_t *k = (const int8_t *)(keys->k + key * keys->ld);
    size_t ld = keys->ld * sizeof(bf16), quads = (head_dim + 3) / 4;
    while (n) {
        size_t step = n >= TOKENS ? TOKENS : n >= 4 ? 4 : 1;
        if (step == TOKENS)
            score_tile(TOKENS, queries, k, ld, quads, to);
        else if (step == 4)
            score_tile(4, queries, k, ld, quads, to);
        else
            score_tile(1, queries, k, ld, quads, to);
        k += step * ld;
        to += step * LANES;
        n -= step;
    }
}

KERNEL_INLINE __m512 scaled_score(const float *score, __m512 scale, __m512 max)
{
    return _mm512_fmsub_ps(_mm512_load_ps(score), scale, max);
}

/* Two keys' scores become the pair of their weights; *most collects the largest exponent. */
KERNEL_INLINE __m512i soften_pair(const float *score, bool both, __m512 scale, __m512 max,
                                  __m512 *sum, __m512 *most)
{
    const __m512 least = _mm512_set1_ps(-126);
    const __m512i up = _mm512_set1_epi32(0x8000), upper = _mm512_set1_epi32((int)0xffff0000);
    __m512 x = scaled_score(score, scale, max);
    __m512 y = both ? scaled_score(score + LANES, scale, max) : least;
    *most = _mm512_max_ps(*most, _mm512_max_ps(x, y));
    __m512i a = exp2_bits(_mm512_max_ps(x, least));
    __m512i b = both ? exp2_bits(_mm512_max_ps(y, least)) : _mm512_setzero_si512();
    *sum = _mm512_add_ps(*sum, _mm512_add_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
    a = _mm512_srli_epi32(_mm512_add_epi32(a, up), 16);
    return _mm512_ternarylogic_epi32(a, _mm512_add_epi32(b, up), upper, 0xf8); /* a | (b & upper) */
}

/* Scores of n keys to weights. False, and nothing added, if some are too far above the maximum. */
static bool soften(struct attention *t, struct softmax *s, const __m512 scale[2], size_t n)
{
    const __m512 limit = _mm512_set1_ps(STALE);
    __m512 sum[2], most[2];
    for (int h = 0; h < 2; h++) {
        sum[h] = s->sum[h];
        most[h] = limit;
    }
    for (size_t j = 0; j < n; j += 2)
        for (int h = 0; h < 2; h++) {
            const float *score = t->scores + j * LANES + 16 * h;
            bf16 *to = t->weights + j * LANES + LANES * h;
            __m512i pair = j + 1 < n
                               ? soften_pair(score, true, scale[h], s->max[h], &sum[h], &most[h])
                               : soften_pair(score, false, scale[h], s->max[h], &sum[h], &most[h]);
            _mm512_store_si512(to, pair);
        }
    for (int h = 0; h < 2; h++)
        if (_mm512_cmp_ps_mask(most[h], limit, _CMP_GT_OQ))
            return false;
    memcpy(s->sum, sum, sizeof sum);
    return true;
}

/* Takes the maximum of the block's scores into account: what was summed shrinks. */
static void raise_max(struct attention *t, struct softmax *s, const __m512 scale[2], size_t n,
                      float *sums, size_t head_dim)
{
    const __m512 least = _mm512_set1_ps(-126);
    for (int h = 0; h < 2; h++) {
        __m512 max = s->max[h];
        for (size_t j = 0; j < n; j++) {
            __m512 score = _mm512_load_ps(t->scores + j * LANES + 16 * h);
            max = _mm512_max_ps(max, _mm512_mul_ps(score, scale[h]));
        }
        __m512 by = _mm512_max_ps(_mm512_sub_ps(s->max[h], max), least);
        __m512 shrink = _mm512_castsi512_ps(exp2_bits(by));
        s->max[h] = max;
        s->sum[h] = _mm512_mul_ps(s->sum[h], shrink);
        for (size_t d = 0; d < head_dim; d++) {
            float *p = sums + d * LANES + 16 * h;
            _mm512_store_ps(p, _mm512_mul_ps(_mm512_load_ps(p), shrink));
        }
    }
}

/* What 32 queries see of a block of n keys: lanes from … to − 1. */
struct sight {
    __m512i from[2], to[2];
    bool all, none;
};

static int within(int at, size_t first, size_t n)
{
    const int offset = at - (int)first;
    return offset < 0 ? 0 : offset < (int)n ? offset : (int)n;
}

static struct sight look(const struct bf16_attention *a, const struct bf16_keys *keys, size_t group,
                         size_t key, size_t n)
{
    _Alignas(64) int from[LANES], to[LANES];
    struct sight sight = {.all = true, .none = true};
    for (size_t r = 0, i = group * LANES; r < LANES; r++, i++) {
        const bool is_one = i < a->n_queries;
        from[r] = is_one ? within(keys->from[i], key, n) : 0;
        to[r] = is_one ? within(keys->to[i], key, n) : (int)n;
        sight.all &= from[r] == 0 && to[r] == (int)n;
        sight.none &= !is_one || from[r] >= to[r];
    }
    for (int h = 0; h < 2; h++) {
        sight.from[h] = _mm512_load_si512(from + 16 * h);
        sight.to[h] = _mm512_load_si512(to + 16 * h);
    }
    return sight;
}

static void hide(const struct sight *sight, float *scores, size_t n)
{
    for (size_t j = 0; j < n; j++)
        for (int h = 0; h < 2; h++) {
            const __m512i at = _mm512_set1_epi32((int)j);
            const __mmask16 seen = _mm512_mask_cmpgt_epi32_mask(
                _mm512_cmple_epi32_mask(sight->from[h], at), sight->to[h], at);
            _mm512_mask_store_ps(scores + j * LANES + 16 * h, (__mmask16)~seen,
                                 _mm512_set1_ps(-INFINITY));
        }
}

/* n of the keys, from `key` on, with 32 queries. */
static void attend_block(const struct bf16_attention *a, const struct bf16_keys *keys, size_t group,
                         size_t key, size_t n)
{
    struct attention *t = a->scratch;
    struct softmax *s = &t->softmax[group];
    float *sums = t->sums + group * LANES * a->head_dim;
    const __m512 *scale = t->scale[group];
    const bf16 *queries = t->queries + group * LANES * a->head_dim;
    struct sight sight = {.all = true};
    if (keys->from)
        sight = look(a, keys, group, key, n);
    if (sight.none)
        return;
    if (a->int8_keys)
        score_int8(keys, a->head_dim, queries, key, n, t->scores);
    else
        dot_rows(queries, keys->k + key * keys->ld, keys->ld, a->head_dim, n, t->scores);
    if (!sight.all)
        hide(&sight, t->scores, n);
    if (!s->begun || !soften(t, s, scale, n)) {
        raise_max(t, s, scale, n, sums, a->head_dim);
        soften(t, s, scale, n);
        s->begun = true;
    }
    add_columns(t->weights, keys->v + key * a->head_dim, 2 * a->head_dim, (n + 1) / 2, a->head_dim,
                sums);
}

/* 16 pairs of dimensions of 16 queries: [dimension][query] sums, divided, as pairs. */
KERNEL_INLINE void divide_pairs(const float *sums, size_t n_pairs, __m512 inverse, __m512i v[16])
{
    for (size_t p = 0; p < 16; p++) {
        v[p] = _mm512_setzero_si512();
        if (p >= n_pairs)
            continue;
        const float *even = sums + 2 * p * LANES;
        __m512 a = _mm512_mul_ps(_mm512_load_ps(even), inverse);
        __m512 b = _mm512_mul_ps(_mm512_load_ps(even + LANES), inverse);
        v[p] = turn_about(a, b);
    }
}

/* 16 queries' sums, divided, to their rows: 32 dimensions as pairs, or 16. */
static void store_pairs(const struct bf16_attention *a, const float *sums, __m512 inverse,
                        size_t first, size_t d)
{
    __m512i v[16];
    size_t n_pairs = a->head_dim - d < 32 ? (a->head_dim - d) / 2 : 16;
    divide_pairs(sums + d * LANES, n_pairs, inverse, v);
    transpose_16(v);
    for (size_t r = 0; r < 16 && first + r < a->n_queries; r++)
        _mm512_mask_storeu_epi32(a->out + (first + r) * a->ldo + d, vec_mask(n_pairs), v[r]);
}

static void store_floats(const struct bf16_attention *a, const float *sums, __m512 inverse,
                         size_t first, size_t d)
{
    __m512i v[16];
    size_t n = a->head_dim - d < 16 ? a->head_dim - d : 16;
    for (size_t i = 0; i < 16; i++)
        v[i] = i < n ? _mm512_castps_si512(
                           _mm512_mul_ps(_mm512_load_ps(sums + (d + i) * LANES), inverse))
                     : _mm512_setzero_si512();
    transpose_16(v);
    for (size_t r = 0; r < 16 && first + r < a->n_queries; r++)
        _mm512_mask_storeu_epi32(a->wide + (first + r) * a->ldo + d, vec_mask(n), v[r]);
}

static void store_group(const struct bf16_attention *a, size_t group)
{
    const struct attention *t = a->scratch;
    for (size_t half = 0; half < 2; half++) {
        const float *sums = t->sums + group * LANES * a->head_dim + 16 * half;
        __m512 inverse = _mm512_div_ps(_mm512_set1_ps(1), t->softmax[group].sum[half]);
        size_t first = group * LANES + 16 * half;
        for (size_t d = 0; a->out && d < a->head_dim; d += 32)
            store_pairs(a, sums, inverse, first, d);
        for (size_t d = 0; !a->out && d < a->head_dim; d += 16)
            store_floats(a, sums, inverse, first, d);
    }
}

static size_t groups_of(const struct bf16_attention *a)
{
    return (a->n_queries + LANES - 1) / LANES;
}

static void attend_begin(const struct bf16_attention *a)
{
    struct attention *t = a->scratch;
    t->scores = (float *)(t + 1);
    t->weights = (bf16 *)(t->scores + KEYS * LANES);
    t->sums = (float *)(t->weights + KEYS * LANES);
    t->queries = (bf16 *)(t->sums + BF16_QUERIES * a->head_dim);
    memset(t->sums, 0, groups_of(a) * LANES * a->head_dim * sizeof *t->sums);
    for (size_t g = 0; g < groups_of(a); g++) {
        bf16 *panel = t->queries + g * LANES * a->head_dim;
        if (!a->int8_keys)
            pack_queries(a, g * LANES, panel);
        for (size_t h = 0; h < 2; h++) {
            t->scale[g][h] = _mm512_set1_ps(a->scale);
            if (a->int8_keys)
                t->scale[g][h] =
                    _mm512_mul_ps(t->scale[g][h], pack_int8_queries(a, g * LANES + 16 * h,
                                                                    (uint8_t *)panel + 64 * h));
            t->softmax[g].max[h] = _mm512_set1_ps(LOWEST);
            t->softmax[g].sum[h] = _mm512_setzero_ps();
        }
        t->softmax[g].begun = false;
    }
}

static void attend_keys(const struct bf16_attention *a, const struct bf16_keys *keys)
{
    for (size_t key = 0; key < keys->n; key += KEYS)
        for (size_t g = 0; g < groups_of(a); g++)
            attend_block(a, keys, g, key, keys->n - key < KEYS ? keys->n - key : KEYS);
}

static void attend_end(const struct bf16_attention *a)
{
    for (size_t g = 0; g < groups_of(a); g++)
        store_group(a, g);
}

const struct bf16_kernels avx512_bf16 = {.fast = true,
                                         .round = bf16_round,
                                         .pack = bf16_pack,
                                         .multiply = bf16_multiply,
                                         .pair = bf16_pair,
                                         .attend_begin = attend_begin,
                                         .attend_keys = attend_keys,
                                         .attend_end = attend_end,
                                         .attend_bytes = bf16_attend_bytes};
