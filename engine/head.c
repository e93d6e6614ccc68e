#include "engine/head.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    LEAST_BYTES = 50 << 20,
    MOST_COLUMNS = 1 << 15,
    /* Rows that columns are measured by. */
    SAMPLE_ROWS = 2048,
    /* Steps before the first slice of the copy, and the rows of a slice: all slices take as long as
       some 40 steps save. */
    PATIENCE = 16,
    SLICE_ROWS = 4096,
    PACK_ROWS = 64, /* a task */
    SCORE_ROWS = 512,
    /* Rows computed to learn what the best reach, in multiples of what is wanted. */
    FIRST_ROWS = 4,
    /* One row in so many may be possible. */
    MOST_SHARE = 8,
    LANES = 16,
};

/* Deviations that a row is given. */
static const float most_deviations = 6;

struct head {
    struct tensor w;
    const struct kernels *k;
    size_t n_rows, n; /* n: columns, rounded up to whole blocks */
    size_t least;
    pthread_mutex_t making; /* of the copy: what follows, up to ready */
    bool failed;            /* there is no memory for it */
    size_t n_steps, n_made;
    atomic_bool ready; /* and then read only */
    float *mean, *size, *inverse; /* [n] of columns; inverse: 1 / size */
    uint8_t *q;                   /* [n_rows][n / 4], two bits a weight */
    float *scale;                 /* [n_rows]: w ≈ mean + size × scale × (q − 1.5) */
    float *error;                 /* [n_rows] |e|, in columns of one size */
    float *most;                  /* [n_rows] what no |e[i]| exceeds */
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

struct head *head_new(const struct tensor *w, size_t n_rows, const struct kernels *k,
                      struct err *err)
{
    struct head *h = mem_try(1, sizeof *h, "model", err);
    if (!h)
        return NULL;
    *h = (struct head){.w = *w,
                       .k = k,
                       .n_rows = n_rows,
                       .n = round_up(w->cols, TWO_BIT_BLOCK),
                       .least = LEAST_BYTES};
    pthread_mutex_init(&h->making, NULL);
    return h;
}

static void drop(struct head *h)
{
    void *all[] = {h->mean, h->size, h->inverse, h->q, h->scale, h->error, h->most};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    h->mean = h->size = h->inverse = h->scale = h->error = h->most = NULL;
    h->q = NULL;
}

void head_free(struct head *h)
{
    if (!h)
        return;
    drop(h);
    pthread_mutex_destroy(&h->making);
    free(h);
}

void head_set_least(struct head *h, size_t bytes)
{
    h->least = bytes;
}

size_t head_bytes(const struct head *h)
{
    if (h->n_rows * h->w.row_bytes < h->least || h->n > MOST_COLUMNS ||
        !matmul_is_by_rows(h->k, h->w.type))
        return 0;
    return h->n_rows * (h->n / 4 + 3 * sizeof(float)) + 3 * h->n * sizeof(float);
}

/* ---- Making the copy ---- */

static bool allocate(struct head *h)
{
    struct err err;
    h->mean = mem_try(h->n, sizeof *h->mean, "head", &err);
    h->size = mem_try(h->n, sizeof *h->size, "head", &err);
    h->inverse = mem_try(h->n, sizeof *h->inverse, "head", &err);
    h->q = mem_try(h->n_rows, h->n / 4, "head", &err);
    h->scale = mem_try(h->n_rows, sizeof *h->scale, "head", &err);
    h->error = mem_try(h->n_rows, sizeof *h->error, "head", &err);
    h->most = mem_try(h->n_rows, sizeof *h->most, "head", &err);
    if (h->mean && h->size && h->inverse && h->q && h->scale && h->error && h->most)
        return true;
    drop(h);
    return false;
}

static void read_row(const struct head *h, size_t row, float *out)
{
    h->k->dequantize[h->w.type]((const uint8_t *)h->w.data + row * h->w.row_bytes, out, h->w.cols);
}

/* Means and deviations of columns; a column of one value, or of nonsense, counts as it is. */
static void measure_columns(struct head *h, float *row)
{
    size_t step = h->n_rows / SAMPLE_ROWS + 1, cols = h->w.cols, n = 0;
    float *sum = h->mean, *squares = h->size;
    for (size_t i = 0; i < h->n; i++)
        sum[i] = squares[i] = h->inverse[i] = 0;
    for (size_t r = 0; r < h->n_rows; r += step, n++) {
        read_row(h, r, row);
        for (size_t i = 0; i < cols; i++) {
            sum[i] += row[i];
            squares[i] += row[i] * row[i];
        }
    }
    for (size_t i = 0; i < cols; i++) {
        float mean = sum[i] / (float)n, square = squares[i] / (float)n;
        float size = sqrtf(square - mean * mean);
        h->mean[i] = mean;
        h->size[i] = size > 1e-3f * sqrtf(square) ? size : 1;
        h->inverse[i] = 1 / h->size[i];
    }
}

static float largest_of(const float *w, size_t n)
{
    float lanes[LANES] = {0}, most = 0;
    for (size_t i = 0; i < n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lanes[j] = fabsf(w[i + j]) > lanes[j] ? fabsf(w[i + j]) : lanes[j];
    for (size_t j = 0; j < LANES; j++)
        most = lanes[j] > most ? lanes[j] : most;
    return most;
}

static float sum_of_squares(const float *w, size_t n)
{
    float lanes[LANES] = {0}, sum = 0;
    for (size_t i = 0; i < n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lanes[j] += w[i + j] * w[i + j];
    for (size_t j = 0; j < LANES; j++)
        sum += lanes[j];
    return sum;
}

/* Columns beyond the row's end are 0, whose level is ½. The first step is the best for normally
 * distributed weights (Max 1960), the second the best for the levels that it gives, the third, which
 * counts, for its own. */
static void pack_row(struct head *h, size_t row, float *w)
{
    size_t n = h->n, cols = h->w.cols;
    read_row(h, row, w);
    for (size_t i = 0; i < cols; i++)
        w[i] = (w[i] - h->mean[i]) * h->inverse[i];
    memset(w + cols, 0, (n - cols) * sizeof *w);
    float absent = 0.25f * (float)(n - cols), squares = sum_of_squares(w, n), sums[2];
    float step = 0.9957f * sqrtf(squares / (float)cols);
    for (int i = 0; i < 2; i++) {
        h->k->round_two_bit(w, n, step > 0 ? 1 / step : 0, h->q + row * (n / 4), sums);
        step = sums[0] / (sums[1] - absent);
    }
    /* the levels are those of the step before: near the limits, an error is half of it or a little
       more */
    float left = squares - step * sums[0], beyond = largest_of(w, n) - 1.5f * step;
    h->scale[row] = step;
    h->error[row] = sqrtf(left > 0 ? left : 0);
    h->most[row] = beyond > step ? beyond : step;
}

struct packing {
    struct head *h;
    const struct compute *c;
    size_t first, end;
};

static void pack_task(void *job, size_t task, unsigned thread)
{
    const struct packing *p = job;
    size_t first = p->first + task * PACK_ROWS, end = first + PACK_ROWS;
    for (size_t r = first; r < end && r < p->end; r++)
        pack_row(p->h, r, p->c->scratch[thread]);
}

/* The next rows; the first time, what comes before all rows. */
static void make_slice(struct head *h, const struct compute *c)
{
    if (!h->q && !allocate(h)) {
        h->failed = true;
        return;
    }
    if (h->n_made == 0)
        measure_columns(h, c->scratch[0]);
    size_t end = h->n_made + SLICE_ROWS < h->n_rows ? h->n_made + SLICE_ROWS : h->n_rows;
    struct packing p = {h, c, h->n_made, end};
    pool_run(c->pool, (end - h->n_made + PACK_ROWS - 1) / PACK_ROWS, pack_task, &p, NULL);
    h->n_made = end;
    if (end == h->n_rows)
        atomic_store_explicit(&h->ready, true, memory_order_release);
}

static bool is_ready(const struct head *h)
{
    return atomic_load_explicit(&h->ready, memory_order_acquire);
}

bool head_step(struct head *h, const struct compute *c)
{
    if (is_ready(h))
        return true;
    if (head_bytes(h) == 0 || pthread_mutex_trylock(&h->making) != 0)
        return false;
    if (!is_ready(h) && !h->failed && ++h->n_steps > PATIENCE)
        make_slice(h, c);
    pthread_mutex_unlock(&h->making);
    return is_ready(h);
}

bool head_complete(struct head *h, const struct compute *c)
{
    if (head_bytes(h) == 0)
        return false;
    pthread_mutex_lock(&h->making);
    while (!is_ready(h) && !h->failed)
        make_slice(h, c);
    pthread_mutex_unlock(&h->making);
    return is_ready(h);
}

/* ---- Searching ---- */

static size_t most_rows(const struct head *h)
{
    return h->n_rows / MOST_SHARE;
}

size_t head_search_bytes(const struct head *h)
{
    if (head_bytes(h) == 0)
        return 0;
    return STEP_TOKENS * h->n +
           most_rows(h) * (sizeof(uint32_t) + sizeof(float) + sizeof(struct candidate));
}

bool head_search_init(struct head_search *s, const struct head *h, struct err *err)
{
    *s = (struct head_search){.most = most_rows(h)};
    if (head_bytes(h) == 0)
        return true;
    s->x = mem_try(STEP_TOKENS, h->n, "head", err);
    s->rows = mem_try(s->most, sizeof *s->rows, "head", err);
    s->logits = mem_try(s->most, sizeof *s->logits, "head", err);
    s->first = mem_try(s->most, sizeof *s->first, "head", err);
    return s->x && s->rows && s->logits && s->first;
}

void head_search_done(struct head_search *s)
{
    free(s->x);
    free(s->rows);
    free(s->logits);
    free(s->first);
    *s = (struct head_search){0};
}

/* A row of activations, x ≈ step × q in columns of one size. */
struct question {
    float step;
    float start;  /* what all scores begin with: the mean row's */
    int32_t less; /* 3 Σ q: twice the product with a row of q = 1.5 */
    /* What a row's score may be off by: by_error × error + by_scale × scale + by_most × most. */
    float by_error, by_scale, by_most;
};

/* Columns that hold more than this share of |x|², and are five times as large as the others, are not
 * trusted to chance: a row that was cut off there counts with the most it can have lost. */
static const double loud_share = 1.0 / 32, loud_size = 5;

static struct question round_question(const struct head *h, const float *x, int8_t *q)
{
    size_t cols = h->w.cols;
    float most = 0;
    double squares = 0, lost = 0, start = 0;
    for (size_t i = 0; i < cols; i++)
        most = fmaxf(most, fabsf(x[i] * h->size[i]));
    float step = most / 127, inverse = most > 0 ? 127 / most : 0;
    struct question out = {.step = step};
    memset(q, 0, h->n);
    for (size_t i = 0; i < cols; i++) {
        float v = x[i] * h->size[i], whole = rintf(v * inverse);
        q[i] = (int8_t)(whole < 127 ? whole > -127 ? whole : -127 : 127);
        float off = v - step * (float)q[i];
        squares += (double)(v * v);
        lost += (double)(off * off);
        start += (double)(x[i] * h->mean[i]);
        out.less += 3 * q[i];
    }
    double quiet = squares, mean = squares / (double)cols;
    double loud = fmax(loud_share * squares, loud_size * loud_size * mean);
    for (size_t i = 0; i < cols; i++) {
        float v = x[i] * h->size[i];
        if ((double)(v * v) <= loud)
            continue;
        quiet -= (double)(v * v);
        out.by_most += fabsf(v);
    }
    out.start = (float)start;
    out.by_error = most_deviations * (float)sqrt((quiet > 0 ? quiet : 0) / (double)cols);
    out.by_scale = most_deviations * 1.5f * (float)sqrt(lost); /* levels are 1.5 at most */
    return out;
}

struct scoring {
    const struct head *h;
    const int8_t *x;
    const struct question *questions;
    size_t n_tokens;
    float *out;
    size_t ldy;
};

static void score_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct scoring *s = job;
    const struct head *h = s->h;
    int32_t sums[STEP_TOKENS * SCORE_ROWS];
    size_t first = task * SCORE_ROWS, left = h->n_rows - first;
    size_t n = left < SCORE_ROWS ? left : SCORE_ROWS;
    h->k->dot_two_bit(h->q + first * (h->n / 4), n, h->n, s->x, s->n_tokens, sums, SCORE_ROWS);
    for (size_t t = 0; t < s->n_tokens; t++) {
        const struct question *q = &s->questions[t];
        const int32_t *sum = sums + t * SCORE_ROWS;
        float *out = s->out + t * s->ldy + first, half = 0.5f * q->step;
        for (size_t r = 0; r < n; r++)
            out[r] = q->start + half * h->scale[first + r] * (float)(2 * sum[r] - q->less);
    }
}

/* What the last of the n_best best logits is at least. */
static float least_of_best(const struct head *h, const struct compute *c, struct head_search *s,
                           struct activations *a, size_t token, size_t n_best, const float *scores)
{
    size_t n = best_of(scores, h->n_rows, FIRST_ROWS * n_best, s->first);
    for (size_t i = 0; i < n; i++)
        s->rows[i] = (uint32_t)s->first[i].id;
    matmul_rows(c, &h->w, s->rows, n, a, token, s->logits);
    best_of(s->logits, n, n_best, s->first);
    return s->first[n_best - 1].logit;
}

/* Lists the rows that could reach it; false: they are too many. */
static bool find_rows(const struct head *h, struct head_search *s, const struct question *q,
                      const float *scores, float least, size_t *n)
{
    *n = 0;
    for (size_t r = 0; r < h->n_rows; r++) {
        float off = q->by_error * h->error[r] + q->by_scale * h->scale[r] + q->by_most * h->most[r];
        if (scores[r] + off >= least) {
            if (*n == s->most)
                return false;
            s->rows[(*n)++] = (uint32_t)r;
        }
    }
    return true;
}

static bool search_token(const struct head *h, const struct compute *c, struct head_search *s,
                         struct activations *a, size_t token, const struct question *q,
                         size_t n_best, float *out)
{
    size_t n;
    float least = least_of_best(h, c, s, a, token, n_best, out);
    /* fewer: numbers that are none */
    if (!find_rows(h, s, q, out, least, &n) || n < n_best)
        return false;
    matmul_rows(c, &h->w, s->rows, n, a, token, s->logits);
    for (size_t r = 0; r < h->n_rows; r++)
        out[r] = -INFINITY;
    for (size_t i = 0; i < n; i++)
        out[s->rows[i]] = s->logits[i];
    s->n_computed += (double)n;
    return true;
}

bool head_search(const struct head *h, const struct compute *c, struct head_search *s,
                 struct activations *a, size_t n_best, float *out, size_t ldy)
{
    struct question questions[STEP_TOKENS];
    if (a->n_tokens > STEP_TOKENS || a->as_panel || FIRST_ROWS * n_best > s->most)
        return false;
    for (size_t t = 0; t < a->n_tokens; t++)
        questions[t] = round_question(h, a->x + t * a->n, s->x + t * h->n);
    struct scoring job = {h, s->x, questions, a->n_tokens, out, ldy};
    pool_run(c->pool, (h->n_rows + SCORE_ROWS - 1) / SCORE_ROWS, score_task, &job, c->stop);
    s->n_computed = 0;
    for (size_t t = 0; t < a->n_tokens; t++)
        if (!search_token(h, c, s, a, t, &questions[t], n_best, out + t * ldy))
            return false;
    s->n_computed /= (double)a->n_tokens;
    return true;
}
