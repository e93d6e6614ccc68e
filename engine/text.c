#include "engine/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/text_chunk.h"

/* Positions that one task norms or multiplies elementwise. */
enum { TOKENS_PER_TASK = 8 };

struct sizes {
    size_t d, ff, q, kv, half;
};

static struct sizes sizes_of(const struct model *m)
{
    const struct text_params *t = &m->text;
    return (struct sizes){t->n_embd, t->n_ff, (size_t)t->n_heads * t->head_dim,
                          (size_t)t->n_kv_heads * t->head_dim, t->head_dim / 2};
}

static size_t widest(const struct sizes *s)
{
    size_t most = s->d > s->ff ? s->d : s->ff;
    return most > s->q ? most : s->q;
}

size_t text_pass_bytes(const struct model *m, size_t n_batch, size_t n_ctx)
{
    struct sizes s = sizes_of(m);
    size_t floats = 2 * s.d + 2 * s.q + 2 * s.kv + 2 * s.ff + 4 * s.half;
    return (n_batch * floats + text_partial_floats(m, n_ctx)) * sizeof(float) +
           q8_bytes(n_batch, widest(&s));
}

static bool floats(float **to, size_t rows, size_t cols, struct err *err)
{
    *to = mem_try(rows, cols * sizeof(float), "text pass", err);
    return *to != NULL;
}

static bool init_rope(struct text_pass *p, struct err *err)
{
    const struct text_params *t = &p->model->text;
    size_t half = t->head_dim / 2;
    for (int g = 0; g < 2; g++) {
        if (!floats(&p->frequency[g], 1, half, err) || !floats(&p->cos[g], p->n_batch, half, err) ||
            !floats(&p->sin[g], p->n_batch, half, err))
            return false;
        double base = g ? t->rope_base_global : t->rope_base_local;
        double factor = g ? t->rope_factor_global : 1;
        for (size_t i = 0; i < half; i++)
            p->frequency[g][i] = (float)(pow(base, -2.0 * (double)i / t->head_dim) / factor);
    }
    return true;
}

bool text_pass_init(struct text_pass *p, const struct model *m, const struct compute *c,
                    size_t n_batch, size_t n_ctx, struct err *err)
{
    *p = (struct text_pass){.model = m, .compute = c, .n_batch = n_batch};
    struct sizes s = sizes_of(m);
    if (floats(&p->x, n_batch, s.d, err) && floats(&p->h, n_batch, s.d, err) &&
        floats(&p->q, n_batch, s.q, err) && floats(&p->attended, n_batch, s.q, err) &&
        floats(&p->k, n_batch, s.kv, err) && floats(&p->v, n_batch, s.kv, err) &&
        floats(&p->gate, n_batch, s.ff, err) && floats(&p->up, n_batch, s.ff, err) &&
        floats(&p->partial, 1, text_partial_floats(m, n_ctx), err) && init_rope(p, err) &&
        q8_init(&p->q8, n_batch, widest(&s), err))
        return true;
    text_pass_done(p);
    return false;
}

void text_pass_done(struct text_pass *p)
{
    float *all[] = {
        p->x,      p->h,      p->q,      p->k,      p->v,      p->attended,     p->gate,
        p->up,     p->cos[0], p->cos[1], p->sin[0], p->sin[1], p->frequency[0], p->frequency[1],
        p->partial};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    q8_done(&p->q8);
    *p = (struct text_pass){0};
}

static void each_tokens(struct chunk *c, pool_fn *fn)
{
    const struct compute *compute = c->p->compute;
    pool_run(compute->pool, (c->n + TOKENS_PER_TASK - 1) / TOKENS_PER_TASK, fn, c, compute->stop);
}

/* The positions, counted from the chunk's first, that a task stands for. */
static size_t task_end(const struct chunk *c, size_t task)
{
    size_t end = (task + 1) * TOKENS_PER_TASK;
    return end < c->n ? end : c->n;
}

static void rms_norm(const struct text_pass *p, const float *x, const struct tensor *weight,
                     float *out)
{
    p->compute->k->rms_norm(x, weight->data, p->model->text.rms_eps, out, weight->cols);
}

/* x = embeddings; the rotation of each position; h = norm(x) for the first layer. */
static void embed_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    const struct tensor *embed = &p->model->tw.embed;
    size_t d = p->model->text.n_embd, half = p->model->text.head_dim / 2;
    for (size_t i = task * TOKENS_PER_TASK; i < task_end(c, task); i++) {
        float *x = p->x + i * d;
        if (c->inputs[i].soft) {
            memcpy(x, c->inputs[i].soft, d * sizeof *x);
        } else {
            const uint8_t *row =
                (const uint8_t *)embed->data + (size_t)c->inputs[i].id * embed->row_bytes;
            p->compute->k->dequantize[embed->type](row, x, d);
            p->compute->k->scale(x, p->model->text.embed_scale, d);
        }
        for (int g = 0; g < 2; g++)
            for (size_t j = 0; j < half; j++) {
                float angle = (float)c->inputs[i].position * p->frequency[g][j];
                p->cos[g][i * half + j] = cosf(angle);
                p->sin[g][i * half + j] = sinf(angle);
            }
        rms_norm(p, x, c->next_norm, p->h + i * d);
    }
}

/* x += norm(h); h = next_norm(x). */
static void norm_add_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    size_t d = p->model->text.n_embd;
    for (size_t i = task * TOKENS_PER_TASK; i < task_end(c, task); i++) {
        float *x = p->x + i * d, *h = p->h + i * d;
        rms_norm(p, h, c->norm, h);
        p->compute->k->add(x, h, d);
        rms_norm(p, x, c->next_norm, h);
    }
}

static void norm_add(struct chunk *c, const struct tensor *norm, const struct tensor *next_norm)
{
    c->norm = norm;
    c->next_norm = next_norm;
    each_tokens(c, norm_add_task);
}

static void gelu_task(void *job, size_t task, unsigned thread)
{
    (void)thread;
    const struct chunk *c = job;
    struct text_pass *p = c->p;
    size_t ff = p->model->text.n_ff;
    for (size_t i = task * TOKENS_PER_TASK; i < task_end(c, task); i++)
        p->compute->k->gelu_mul(p->gate + i * ff, p->up + i * ff, ff);
}

static struct activations rows_of(const struct text_pass *p, const float *x, size_t n_rows,
                                  size_t n)
{
    struct activations a = activations_of(x, n_rows, n, &p->q8);
    a.as_panel = p->together;
    return a;
}

/* h holds norm(x) for this layer, and for the next one (or the head) afterwards. */
static void layer_forward(struct chunk *c, const struct tensor *next_norm)
{
    struct text_pass *p = c->p;
    const struct compute *compute = p->compute;
    struct sizes s = sizes_of(p->model);
    struct activations a = rows_of(p, p->h, c->n, s.d);
    matmul(compute, &c->w->q, 0, &a, p->q, s.q);
    matmul(compute, &c->w->k, 0, &a, p->k, s.kv);
    matmul(compute, &c->w->v, 0, &a, p->v, s.kv);
    text_attend(c);
    a = rows_of(p, p->attended, c->n, s.q);
    matmul(compute, &c->w->o, 0, &a, p->h, s.d);
    norm_add(c, &c->w->post_attn_norm, &c->w->ffn_norm);
    a = rows_of(p, p->h, c->n, s.d);
    matmul(compute, &c->w->gate, 0, &a, p->gate, s.ff);
    matmul(compute, &c->w->up, 0, &a, p->up, s.ff);
    each_tokens(c, gelu_task);
    a = rows_of(p, p->gate, c->n, s.ff);
    matmul(compute, &c->w->down, 0, &a, p->h, s.d);
    norm_add(c, &c->w->post_ffn_norm, next_norm);
}

static bool stopped(const struct text_pass *p)
{
    return p->compute->stop && atomic_load(p->compute->stop);
}

static bool begin(const struct text_segment *segments, size_t n_segments, struct err *err)
{
    for (size_t s = 0; s < n_segments; s++)
        if (!kvcache_begin(segments[s].cache, segments[s].n, err))
            return false;
    return true;
}

bool text_forward(struct text_pass *p, const struct text_input *inputs,
                  const struct text_segment *segments, size_t n_segments, struct err *err)
{
    if (!p->watch && !begin(segments, n_segments, err))
        return false;
    const struct text_layer *layers = p->model->tw.layers;
    size_t n_layers = p->model->text.n_layers;
    struct chunk c = {.p = p,
                      .inputs = inputs,
                      .segments = segments,
                      .n_segments = n_segments,
                      .next_norm = &layers[0].attn_norm};
    for (size_t s = 0; s < n_segments; s++)
        c.n += segments[s].n;
    each_tokens(&c, embed_task);
    for (size_t l = 0; l < n_layers && !stopped(p); l++) {
        c.layer = l;
        c.w = &layers[l];
        layer_forward(&c, l + 1 < n_layers ? &layers[l + 1].attn_norm : &p->model->tw.norm);
    }
    bool whole = !stopped(p) && !p->watch;
    for (size_t s = 0; s < n_segments && whole; s++)
        kvcache_end(segments[s].cache);
    return true;
}

void text_logits(struct text_pass *p, size_t first, size_t n, float *out)
{
    size_t d = p->model->text.n_embd, n_vocab = p->model->text.n_vocab;
    struct activations a = rows_of(p, p->h + first * d, n, d);
    matmul(p->compute, &p->model->tw.head, n_vocab, &a, out, n_vocab);
}

bool text_best_logits(struct text_pass *p, struct head *head, struct head_search *search,
                      size_t first, size_t n, size_t n_best, float *out)
{
    size_t d = p->model->text.n_embd;
    struct activations a = rows_of(p, p->h + first * d, n, d);
    return head_step(head, p->compute) &&
           head_search(head, p->compute, search, &a, n_best, out, p->model->text.n_vocab);
}
