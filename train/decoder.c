#include "train/decoder.h"

#include <math.h>
#include <string.h>

#include "train/linear.h"
#include "train/ops.h"

struct decoder_kept {
    float *x;        /* [n][d] what came in */
    float *a;        /* [n][d] normed */
    float *q, *k, *v; /* as they came from their matrices */
    float *q_turned, *k_turned; /* normed and rotated */
    float *o;        /* [n][heads · head_dim] */
    float *o_out;    /* [n][d] through the output matrix */
    float *middle;   /* [n][d] between attention and MLP */
    float *f;        /* [n][d] normed */
    float *gate, *up, *act; /* [n][n_ff] */
    float *down;     /* [n][d] */
    float *r_attn, *r_q, *r_k, *r_post_attn, *r_ffn, *r_post_ffn; /* norms' reciprocal roots */
};

/* ---- Sizes ---------------------------------------------------------------------------------- */

struct sizes {
    size_t n, d, dim, n_q, n_kv, ff; /* n_q, n_kv: values of all heads */
};

static struct sizes sizes_of(const struct net *net, const struct sequences *s)
{
    const struct text_params *t = &net->text;
    return (struct sizes){s->n, t->n_embd, t->head_dim, (size_t)t->n_heads * t->head_dim,
                          (size_t)t->n_kv_heads * t->head_dim, t->n_ff};
}

static size_t longest(const struct sequences *s)
{
    size_t most = 0;
    for (size_t i = 0; i < s->n_sequences; i++)
        if (s->starts[i + 1] - s->starts[i] > most)
            most = s->starts[i + 1] - s->starts[i];
    return most;
}

/* ---- Rotation ------------------------------------------------------------------------------- */

static void make_angles(const struct net *net, size_t n, struct arena *arena,
                        struct decoder_pass *pass)
{
    const size_t half = net->text.head_dim / 2;
    for (int global = 0; global < 2; global++) {
        const double base = global ? net->text.rope_base_global : net->text.rope_base_local;
        const double factor = global ? net->text.rope_factor_global : 1;
        pass->cosine[global] = arena_take(arena, n * half);
        pass->sine[global] = arena_take(arena, n * half);
        for (size_t p = 0; p < n; p++)
            for (size_t i = 0; i < half; i++) {
                const double angle = (double)p / factor * pow(base, -(double)i / (double)half);
                pass->cosine[global][p * half + i] = (float)cos(angle);
                pass->sine[global][p * half + i] = (float)sin(angle);
            }
    }
}

/* All heads, `width` values a position. */
static void turn_all(const struct net *net, const struct sequences *s,
                     const struct decoder_pass *pass, bool global, size_t width, float sign,
                     float *x)
{
    const size_t dim = net->text.head_dim, half = dim / 2;
    for (size_t i = 0; i < s->n_sequences; i++)
        for (size_t t = s->starts[i]; t < s->starts[i + 1]; t++)
            for (size_t h = 0; h < width; h += dim)
                turn(x + t * width + h, pass->cosine[global] + (t - s->starts[i]) * half,
                     pass->sine[global] + (t - s->starts[i]) * half, half, sign);
}

/* ---- Attention ------------------------------------------------------------------------------ */

/* Calls `fn` for each head of each sequence. */
struct walk {
    const struct net *net;
    const struct sequences *s;
    struct decoder_kept *kept;
    bool global;
    const float *d_out; /* backward: */
    float *dq, *dk, *dv;
    struct arena *arena;
};

static void walk_heads(const struct walk *w, void (*fn)(const struct walk *, const struct head *,
                                                        size_t q_at, size_t kv_at))
{
    const struct text_params *t = &w->net->text;
    const size_t dim = t->head_dim, n_q = (size_t)t->n_heads * dim,
                 n_kv = (size_t)t->n_kv_heads * dim;
    for (size_t i = 0; i < w->s->n_sequences; i++) {
        const size_t start = w->s->starts[i], n = w->s->starts[i + 1] - start;
        for (size_t h = 0; h < t->n_heads; h++) {
            const size_t q_at = start * n_q + h * dim,
                         kv_at = start * n_kv + h / (t->n_heads / t->n_kv_heads) * dim;
            const struct head head = {.n = n,
                                      .dim = dim,
                                      .ld_q = n_q,
                                      .ld_kv = n_kv,
                                      .scale = t->attention_scale,
                                      .sight = (w->global ? w->s->global : w->s->local) + start,
                                      .q = w->kept->q_turned + q_at,
                                      .k = w->kept->k_turned + kv_at,
                                      .v = w->kept->v + kv_at};
            fn(w, &head, q_at, kv_at);
        }
    }
}

static void attend_forward(const struct walk *w, const struct head *h, size_t q_at, size_t kv_at)
{
    (void)kv_at;
    head_forward(h, w->arena, w->kept->o + q_at);
}

static void attend_backward(const struct walk *w, const struct head *h, size_t q_at, size_t kv_at)
{
    head_backward(h, w->arena, w->d_out + q_at, w->dq + q_at, w->dk + kv_at, w->dv + kv_at);
}

/* ---- Forward -------------------------------------------------------------------------------- */

static void attention_forward(const struct net *net, const float *w, const struct sequences *s,
                              const struct net_layer *l, struct arena *arena,
                              const struct decoder_pass *pass, struct decoder_kept *k)
{
    const struct sizes z = sizes_of(net, s);
    const float eps = net->text.rms_eps;
    k->a = arena_take(arena, z.n * z.d);
    k->r_attn = arena_take(arena, z.n);
    rms_forward(k->x, w + l->attn_norm, eps, z.n, z.d, k->a, k->r_attn);
    k->q = arena_take(arena, z.n * z.n_q);
    k->k = arena_take(arena, z.n * z.n_kv);
    k->v = arena_take(arena, z.n * z.n_kv);
    linear_forward(arena, k->a, w + l->q, z.n, z.n_q, z.d, k->q);
    linear_forward(arena, k->a, w + l->k, z.n, z.n_kv, z.d, k->k);
    linear_forward(arena, k->a, w + l->v, z.n, z.n_kv, z.d, k->v);

    k->q_turned = arena_take(arena, z.n * z.n_q);
    k->k_turned = arena_take(arena, z.n * z.n_kv);
    k->r_q = arena_take(arena, z.n * z.n_q / z.dim);
    k->r_k = arena_take(arena, z.n * z.n_kv / z.dim);
    rms_forward(k->q, w + l->q_norm, eps, z.n * z.n_q / z.dim, z.dim, k->q_turned, k->r_q);
    rms_forward(k->k, w + l->k_norm, eps, z.n * z.n_kv / z.dim, z.dim, k->k_turned, k->r_k);
    turn_all(net, s, pass, l->is_global, z.n_q, 1, k->q_turned);
    turn_all(net, s, pass, l->is_global, z.n_kv, 1, k->k_turned);

    k->o = arena_take(arena, z.n * z.n_q);
    const struct walk walk = {
        .net = net, .s = s, .kept = k, .global = l->is_global, .arena = arena};
    walk_heads(&walk, attend_forward);

    k->o_out = arena_take(arena, z.n * z.d);
    k->r_post_attn = arena_take(arena, z.n);
    k->middle = arena_take(arena, z.n * z.d);
    linear_forward(arena, k->o, w + l->o, z.n, z.d, z.n_q, k->o_out);
    rms_forward(k->o_out, w + l->post_attn_norm, eps, z.n, z.d, k->middle, k->r_post_attn);
    add_to(k->middle, k->x, z.n * z.d);
}

/* Returns what goes into the next layer. */
static float *mlp_forward(const struct net *net, const float *w, size_t n,
                          const struct net_layer *l, struct arena *arena, struct decoder_kept *k)
{
    const size_t d = net->text.n_embd, ff = net->text.n_ff;
    const float eps = net->text.rms_eps;
    k->f = arena_take(arena, n * d);
    k->r_ffn = arena_take(arena, n);
    k->gate = arena_take(arena, n * ff);
    k->up = arena_take(arena, n * ff);
    k->act = arena_take(arena, n * ff);
    k->down = arena_take(arena, n * d);
    k->r_post_ffn = arena_take(arena, n);
    float *out = arena_take(arena, n * d);
    rms_forward(k->middle, w + l->ffn_norm, eps, n, d, k->f, k->r_ffn);
    linear_forward(arena, k->f, w + l->gate, n, ff, d, k->gate);
    linear_forward(arena, k->f, w + l->up, n, ff, d, k->up);
    geglu_forward(k->gate, k->up, n * ff, k->act);
    linear_forward(arena, k->act, w + l->down, n, d, ff, k->down);
    rms_forward(k->down, w + l->post_ffn_norm, eps, n, d, out, k->r_post_ffn);
    add_to(out, k->middle, n * d);
    return out;
}

static void embed(const struct net *net, const float *w, const struct sequences *s,
                  const float *soft, float *x)
{
    const size_t d = net->text.n_embd;
    for (size_t t = 0; t < s->n; t++) {
        const int32_t id = s->ids[t];
        const float scale = id < 0 ? 1 : net->text.embed_scale;
        const float *row = id < 0 ? soft + (size_t)(-1 - id) * d : w + net->embed + (size_t)id * d;
        for (size_t i = 0; i < d; i++)
            x[t * d + i] = row[i] * scale;
    }
}

void decoder_forward(const struct net *net, const float *w, const struct sequences *s,
                     const float *soft, struct arena *arena, struct decoder_pass *pass)
{
    const size_t d = net->text.n_embd, n_layers = net->text.n_layers;
    make_angles(net, longest(s), arena, pass);
    pass->layers = (struct decoder_kept *)arena_take(
        arena, n_layers * sizeof *pass->layers / sizeof(float) + 1);
    float *x = arena_take(arena, s->n * d);
    embed(net, w, s, soft, x);
    for (size_t i = 0; i < n_layers; i++) {
        struct decoder_kept *k = &pass->layers[i];
        k->x = x;
        attention_forward(net, w, s, &net->layers[i], arena, pass, k);
        x = mlp_forward(net, w, s->n, &net->layers[i], arena, k);
    }
    pass->x = x;
    pass->inverse = arena_take(arena, s->n);
    pass->hidden = arena_take(arena, s->n * d);
    rms_forward(x, w + net->norm, net->text.rms_eps, s->n, d, pass->hidden, pass->inverse);
}

/* ---- Backward ------------------------------------------------------------------------------- */

/* Memory that the layers of a backward pass share. */
struct lent {
    float *small, *small2; /* [n][d] */
    float *ff;             /* [n][n_ff] */
    float *o, *dq;         /* [n][n_q] */
    float *dk, *dv;        /* [n][n_kv] */
};

static struct lent lend(const struct sizes *z, struct arena *arena)
{
    return (struct lent){arena_take(arena, z->n * z->d),    arena_take(arena, z->n * z->d),
                         arena_take(arena, z->n * z->ff),   arena_take(arena, z->n * z->n_q),
                         arena_take(arena, z->n * z->n_q),  arena_take(arena, z->n * z->n_kv),
                         arena_take(arena, z->n * z->n_kv)};
}

/* dx: by what leaves the layer, becomes by `middle`. */
static void mlp_backward(const struct net *net, const float *w, float *g, size_t n,
                         const struct net_layer *l, const struct decoder_kept *k,
                         struct arena *arena, const struct lent *m, float *dx)
{
    const size_t d = net->text.n_embd, ff = net->text.n_ff;
    rms_backward(dx, k->down, w + l->post_ffn_norm, k->r_post_ffn, n, d, m->small,
                 g + l->post_ffn_norm);
    linear_backward_w(arena, m->small, k->act, n, d, ff, g + l->down);
    linear_backward_x(arena, m->small, w + l->down, n, d, ff, false, m->ff);
    geglu_backward(m->ff, k->gate, k->up, n * ff);
    linear_backward_w(arena, k->gate, k->f, n, ff, d, g + l->gate);
    linear_backward_w(arena, k->up, k->f, n, ff, d, g + l->up);
    linear_backward_x(arena, k->gate, w + l->gate, n, ff, d, false, m->small);
    linear_backward_x(arena, k->up, w + l->up, n, ff, d, true, m->small);
    rms_backward(m->small, k->middle, w + l->ffn_norm, k->r_ffn, n, d, m->small2, g + l->ffn_norm);
    add_to(dx, m->small2, n * d);
}

/* dx: by `middle`, becomes by what came into the layer. */
static void attention_backward(const struct net *net, const float *w, float *g,
                               const struct sequences *s, const struct net_layer *l,
                               const struct decoder_pass *pass, struct decoder_kept *k,
                               struct arena *arena, const struct lent *m, float *dx)
{
    const struct sizes z = sizes_of(net, s);
    rms_backward(dx, k->o_out, w + l->post_attn_norm, k->r_post_attn, z.n, z.d, m->small,
                 g + l->post_attn_norm);
    linear_backward_w(arena, m->small, k->o, z.n, z.d, z.n_q, g + l->o);
    linear_backward_x(arena, m->small, w + l->o, z.n, z.d, z.n_q, false, m->o);

    memset(m->dk, 0, z.n * z.n_kv * sizeof(float));
    memset(m->dv, 0, z.n * z.n_kv * sizeof(float));
    const struct walk walk = {.net = net, .s = s, .kept = k, .global = l->is_global,
                              .d_out = m->o, .dq = m->dq, .dk = m->dk, .dv = m->dv,
                              .arena = arena};
    walk_heads(&walk, attend_backward);
    turn_all(net, s, pass, l->is_global, z.n_q, -1, m->dq);
    turn_all(net, s, pass, l->is_global, z.n_kv, -1, m->dk);
    rms_backward(m->dq, k->q, w + l->q_norm, k->r_q, z.n * z.n_q / z.dim, z.dim, m->dq,
                 g + l->q_norm);
    rms_backward(m->dk, k->k, w + l->k_norm, k->r_k, z.n * z.n_kv / z.dim, z.dim, m->dk,
                 g + l->k_norm);

    linear_backward_w(arena, m->dq, k->a, z.n, z.n_q, z.d, g + l->q);
    linear_backward_w(arena, m->dk, k->a, z.n, z.n_kv, z.d, g + l->k);
    linear_backward_w(arena, m->dv, k->a, z.n, z.n_kv, z.d, g + l->v);
    linear_backward_x(arena, m->dq, w + l->q, z.n, z.n_q, z.d, false, m->small);
    linear_backward_x(arena, m->dk, w + l->k, z.n, z.n_kv, z.d, true, m->small);
    linear_backward_x(arena, m->dv, w + l->v, z.n, z.n_kv, z.d, true, m->small);
    rms_backward(m->small, k->x, w + l->attn_norm, k->r_attn, z.n, z.d, m->small2,
                 g + l->attn_norm);
    add_to(dx, m->small2, z.n * z.d);
}

static void embed_backward(const struct net *net, float *g, const struct sequences *s,
                           const float *dx, float *d_soft)
{
    const size_t d = net->text.n_embd;
    for (size_t t = 0; t < s->n; t++) {
        const int32_t id = s->ids[t];
        const float scale = id < 0 ? 1 : net->text.embed_scale;
        float *row = id < 0 ? d_soft + (size_t)(-1 - id) * d : g + net->embed + (size_t)id * d;
        for (size_t i = 0; i < d; i++)
            row[i] += dx[t * d + i] * scale;
    }
}

void decoder_backward(const struct net *net, const float *w, float *g, const struct sequences *s,
                      struct arena *arena, const struct decoder_pass *pass, float *d_hidden,
                      float *d_soft)
{
    const struct sizes z = sizes_of(net, s);
    struct lent m = lend(&z, arena);
    float *dx = d_hidden;
    rms_backward(d_hidden, pass->x, w + net->norm, pass->inverse, z.n, z.d, dx, g + net->norm);
    for (size_t i = net->text.n_layers; i-- > 0;) {
        mlp_backward(net, w, g, z.n, &net->layers[i], &pass->layers[i], arena, &m, dx);
        attention_backward(net, w, g, s, &net->layers[i], pass, &pass->layers[i], arena, &m, dx);
    }
    embed_backward(net, g, s, dx, d_soft);
}

/* ---- Head ----------------------------------------------------------------------------------- */

/* Targets whose logits stand in memory at once. */
enum { HEAD_ROWS = 256 };

static size_t best_of(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = values[i] > values[best] ? i : best;
    return best;
}

/* logits[n_vocab] become scale · (softmax − p). */
static double target_loss(float *logits, size_t n_vocab, const struct target *t, float scale,
                          uint8_t *right)
{
    *right = (int32_t)best_of(logits, n_vocab) == t->ids[best_of(t->p, t->n)];
    double likely = 0;
    for (size_t i = 0; i < t->n; i++)
        likely += (double)t->p[i] * (double)logits[t->ids[i]];
    const double loss = (double)softmax(logits, n_vocab) - likely;
    for (size_t i = 0; i < n_vocab; i++)
        logits[i] *= scale;
    for (size_t i = 0; i < t->n; i++)
        logits[t->ids[i]] -= scale * t->p[i];
    return loss;
}

static void gather(const struct net *net, const struct decoder_pass *pass,
                   const struct target *targets, size_t n, float *rows)
{
    const size_t d = net->text.n_embd;
    for (size_t i = 0; i < n; i++)
        memcpy(rows + i * d, pass->hidden + targets[i].position * d, d * sizeof *rows);
}

double decoder_head(const struct net *net, const float *w, float *g,
                    const struct decoder_pass *pass, const struct target *targets,
                    size_t n_targets, float scale, struct arena *arena, uint8_t *right,
                    float *d_hidden)
{
    const size_t d = net->text.n_embd, n_vocab = net->text.n_vocab;
    float *rows = arena_take(arena, HEAD_ROWS * d), *d_rows = arena_take(arena, HEAD_ROWS * d),
          *logits = arena_take(arena, HEAD_ROWS * n_vocab);
    double loss = 0;
    for (size_t first = 0; first < n_targets; first += HEAD_ROWS) {
        const size_t n = n_targets - first < HEAD_ROWS ? n_targets - first : HEAD_ROWS;
        const struct target *some = targets + first;
        gather(net, pass, some, n, rows);
        linear_forward(arena, rows, w + net->embed, n, n_vocab, d, logits);
        for (size_t i = 0; i < n; i++)
            loss += target_loss(logits + i * n_vocab, n_vocab, &some[i], scale, &right[first + i]);
        if (!g)
            continue;
        linear_backward_w(arena, logits, rows, n, n_vocab, d, g + net->embed);
        linear_backward_x(arena, logits, w + net->embed, n, n_vocab, d, false, d_rows);
        for (size_t i = 0; i < n; i++)
            add_to(d_hidden + some[i].position * d, d_rows + i * d, d);
    }
    return loss;
}

void decoder_foretell(const struct net *net, const float *w, const struct decoder_pass *pass,
                      const struct target *targets, size_t n, struct arena *arena, float *p)
{
    const size_t n_vocab = net->text.n_vocab;
    float *rows = arena_take(arena, n * net->text.n_embd);
    gather(net, pass, targets, n, rows);
    linear_forward(arena, rows, w + net->embed, n, n_vocab, net->text.n_embd, p);
    for (size_t i = 0; i < n; i++)
        softmax(p + i * n_vocab, n_vocab);
}
