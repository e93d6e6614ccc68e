#include "train/tower.h"

#include <math.h>
#include <string.h>

#include "engine/kernels/blas.h"
#include "train/attend.h"
#include "train/linear.h"
#include "train/ops.h"

struct tower_kept {
    float *x;          /* [rows][width] what came in */
    float *a, *keeps1; /* LN1 of it, and what that keeps */
    float *q, *k, *v, *o;
    float *middle, *b, *keeps2; /* between attention and MLP; LN2 of it */
    float *fc1, *act;           /* [rows][n_ff] */
};

struct sizes {
    size_t n_views, n_patches, rows, d, ff, inputs;
};

static struct sizes sizes_of(const struct net *net, size_t n_views)
{
    const struct vision_params *v = &net->vision;
    const size_t n = (size_t)v->n_side * v->n_side;
    return (struct sizes){n_views,  n,       n_views * n,
                          v->width, v->n_ff, 3 * (size_t)v->patch_size * v->patch_size};
}

static void affine_forward(struct arena *arena, const float *x, const float *w, const float *b,
                           size_t n, size_t rows, size_t cols, float *y)
{
    linear_forward(arena, x, w, n, rows, cols, y);
    add_bias(y, b, n, rows);
}

static void affine_backward(struct arena *arena, const float *dy, const float *x, const float *w,
                            size_t n, size_t rows, size_t cols, float *dx, bool add, float *dw,
                            float *db)
{
    linear_backward_w(arena, dy, x, n, rows, cols, dw);
    add_rows(db, dy, n, rows);
    linear_backward_x(arena, dy, w, n, rows, cols, add, dx);
}

/* ---- Attention ------------------------------------------------------------------------------ */

static struct head head_of(const struct net *net, const struct tower_kept *k, size_t view, size_t h)
{
    const struct vision_params *v = &net->vision;
    const size_t n = (size_t)v->n_side * v->n_side, dim = v->width / v->n_heads,
                 at = view * n * v->width + h * dim;
    return (struct head){.n = n,
                         .dim = dim,
                         .ld_q = v->width,
                         .ld_kv = v->width,
                         .scale = 1 / sqrtf((float)dim),
                         .q = k->q + at,
                         .k = k->k + at,
                         .v = k->v + at};
}

static void attend_forward(const struct net *net, size_t n_views, const struct tower_kept *k,
                           struct arena *arena)
{
    for (size_t view = 0; view < n_views; view++)
        for (size_t h = 0; h < net->vision.n_heads; h++) {
            const struct head head = head_of(net, k, view, h);
            head_forward(&head, arena, k->o + (head.q - k->q));
        }
}

static void attend_backward(const struct net *net, size_t n_views, const struct tower_kept *k,
                            const float *d_out, struct arena *arena, float *dq, float *dk,
                            float *dv)
{
    for (size_t view = 0; view < n_views; view++)
        for (size_t h = 0; h < net->vision.n_heads; h++) {
            const struct head head = head_of(net, k, view, h);
            const size_t at = (size_t)(head.q - k->q);
            head_backward(&head, arena, d_out + at, dq + at, dk + at, dv + at);
        }
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* Returns what goes into the next layer. */
static float *layer_forward(const struct net *net, const float *w, const struct sizes *z,
                            const struct net_tower_layer *l, struct arena *arena,
                            struct tower_kept *k)
{
    const size_t n = z->rows, d = z->d;
    const float eps = net->vision.eps;
    float **const all[] = {&k->a, &k->q, &k->k, &k->v, &k->o, &k->middle, &k->b};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = arena_take(arena, n * d);
    k->keeps1 = arena_take(arena, 2 * n);
    k->keeps2 = arena_take(arena, 2 * n);
    k->fc1 = arena_take(arena, n * z->ff);
    k->act = arena_take(arena, n * z->ff);
    float *out = arena_take(arena, n * d);

    layer_norm_forward(k->x, w + l->ln1_w, w + l->ln1_b, eps, n, d, k->a, k->keeps1);
    affine_forward(arena, k->a, w + l->q_w, w + l->q_b, n, d, d, k->q);
    affine_forward(arena, k->a, w + l->k_w, w + l->k_b, n, d, d, k->k);
    affine_forward(arena, k->a, w + l->v_w, w + l->v_b, n, d, d, k->v);
    attend_forward(net, z->n_views, k, arena);
    affine_forward(arena, k->o, w + l->o_w, w + l->o_b, n, d, d, k->middle);
    add_to(k->middle, k->x, n * d);

    layer_norm_forward(k->middle, w + l->ln2_w, w + l->ln2_b, eps, n, d, k->b, k->keeps2);
    affine_forward(arena, k->b, w + l->fc1_w, w + l->fc1_b, n, z->ff, d, k->fc1);
    gelu_forward(k->fc1, n * z->ff, k->act);
    affine_forward(arena, k->act, w + l->fc2_w, w + l->fc2_b, n, d, z->ff, out);
    add_to(out, k->middle, n * d);
    return out;
}

/* fn(state row, pooled row) for each patch. */
static void walk_pool(const struct net *net, const struct sizes *z, float *states, float *pooled,
                      float share, void (*fn)(float *state, float *pooled, size_t d, float share))
{
    const size_t side = net->vision.n_side, pool = net->vision.pool, soft_side = side / pool;
    for (size_t row = 0; row < z->rows; row++) {
        const size_t view = row / z->n_patches, y = row % z->n_patches / side, x = row % side;
        const size_t soft = view * soft_side * soft_side + y / pool * soft_side + x / pool;
        fn(states + row * z->d, pooled + soft * z->d, z->d, share);
    }
}

static void pool_state(float *state, float *pooled, size_t d, float share)
{
    for (size_t i = 0; i < d; i++)
        pooled[i] += state[i] * share;
}

static void unpool_state(float *state, float *pooled, size_t d, float share)
{
    for (size_t i = 0; i < d; i++)
        state[i] += pooled[i] * share;
}

static float pool_share(const struct net *net)
{
    return 1 / (float)(net->vision.pool * net->vision.pool);
}

void connector_forward(const struct net *net, const float *w, const float *pooled, size_t n_views,
                       struct arena *arena, struct tower_pass *pass)
{
    const size_t n = n_views * net->vision.n_soft, d = net->vision.width, out = net->text.n_embd;
    pass->pooled = pooled;
    pass->normed = arena_take(arena, n * d);
    pass->inverse = arena_take(arena, n);
    pass->soft = arena_take(arena, n * out);
    rms_forward(pooled, w + net->soft_norm, net->text.rms_eps, n, d, pass->normed, pass->inverse);
    blas_get()->gemm(false, false, n, out, d, pass->normed, d, w + net->projection, out, 0,
                     pass->soft, out);
}

/* To what is pooled, which is returned. */
static float *encode(const struct net *net, const float *w, const float *patches, size_t n_views,
                     struct arena *arena, struct tower_pass *pass)
{
    const struct sizes z = sizes_of(net, n_views);
    pass->patches = patches;
    pass->layers = (struct tower_kept *)arena_take(
        arena, net->vision.n_layers * sizeof *pass->layers / sizeof(float) + 1);
    float *x = arena_take(arena, z.rows * z.d);
    affine_forward(arena, patches, w + net->patch_w, w + net->patch_b, z.rows, z.d, z.inputs, x);
    for (size_t view = 0; view < n_views; view++)
        add_to(x + view * z.n_patches * z.d, w + net->position, z.n_patches * z.d);
    for (size_t i = 0; i < net->vision.n_layers; i++) {
        pass->layers[i].x = x;
        x = layer_forward(net, w, &z, &net->tower[i], arena, &pass->layers[i]);
    }
    pass->x = x;
    pass->post = arena_take(arena, 2 * z.rows);
    pass->states = arena_take(arena, z.rows * z.d);
    layer_norm_forward(x, w + net->post_ln_w, w + net->post_ln_b, net->vision.eps, z.rows, z.d,
                       pass->states, pass->post);
    float *pooled = arena_zeroes(arena, n_views * net->vision.n_soft * z.d);
    walk_pool(net, &z, pass->states, pooled, pool_share(net), pool_state);
    return pooled;
}

void tower_forward(const struct net *net, const float *w, const float *patches, size_t n_views,
                   struct arena *arena, struct tower_pass *pass)
{
    const float *pooled = encode(net, w, patches, n_views, arena, pass);
    connector_forward(net, w, pooled, n_views, arena, pass);
}

float *tower_glance(const struct net *net, const float *w, const float *patches, size_t n_views,
                    struct arena *arena)
{
    const struct sizes z = sizes_of(net, 1);
    const size_t values = net->vision.n_soft * z.d;
    float *all = arena_take(arena, n_views * values);
    for (size_t i = 0; i < n_views; i++) {
        const struct arena then = *arena;
        struct tower_pass one;
        const float *pooled = encode(net, w, patches + i * z.rows * z.inputs, 1, arena, &one);
        memcpy(all + i * values, pooled, values * sizeof *all);
        arena_return(arena, &then);
    }
    return all;
}

/* ---- Backward ------------------------------------------------------------------------------- */

/* Memory that the layers share: [rows][width], [rows][n_ff]. */
struct lent {
    float *d1, *d2, *dq, *dk, *dv, *ff;
};

/* dx: by what leaves the layer, becomes by what came in. */
static void layer_backward(const struct net *net, const float *w, float *g, const struct sizes *z,
                           const struct net_tower_layer *l, const struct tower_kept *k,
                           struct arena *arena, const struct lent *m, float *dx)
{
    const size_t n = z->rows, d = z->d;
    affine_backward(arena, dx, k->act, w + l->fc2_w, n, d, z->ff, m->ff, false, g + l->fc2_w,
                    g + l->fc2_b);
    gelu_backward(m->ff, k->fc1, n * z->ff);
    affine_backward(arena, m->ff, k->b, w + l->fc1_w, n, z->ff, d, m->d1, false, g + l->fc1_w,
                    g + l->fc1_b);
    layer_norm_backward(m->d1, k->middle, w + l->ln2_w, k->keeps2, n, d, dx, g + l->ln2_w,
                        g + l->ln2_b);

    affine_backward(arena, dx, k->o, w + l->o_w, n, d, d, m->d1, false, g + l->o_w, g + l->o_b);
    memset(m->dk, 0, n * d * sizeof(float));
    memset(m->dv, 0, n * d * sizeof(float));
    attend_backward(net, z->n_views, k, m->d1, arena, m->dq, m->dk, m->dv);
    affine_backward(arena, m->dq, k->a, w + l->q_w, n, d, d, m->d2, false, g + l->q_w, g + l->q_b);
    affine_backward(arena, m->dk, k->a, w + l->k_w, n, d, d, m->d2, true, g + l->k_w, g + l->k_b);
    affine_backward(arena, m->dv, k->a, w + l->v_w, n, d, d, m->d2, true, g + l->v_w, g + l->v_b);
    layer_norm_backward(m->d2, k->x, w + l->ln1_w, k->keeps1, n, d, dx, g + l->ln1_w, g + l->ln1_b);
}

/* Returns the derivative by what is pooled. */
static float *connect_backward(const struct net *net, const float *w, float *g, size_t n_views,
                               struct arena *arena, const struct tower_pass *pass,
                               const float *d_soft)
{
    const size_t n = n_views * net->vision.n_soft, d = net->vision.width, out = net->text.n_embd;
    float *d_normed = arena_take(arena, n * d);
    const struct blas *blas = blas_get();
    blas->gemm(true, false, d, out, n, pass->normed, d, d_soft, out, 1, g + net->projection, out);
    blas->gemm(false, true, n, d, out, d_soft, out, w + net->projection, out, 0, d_normed, d);
    rms_backward(d_normed, pass->pooled, w + net->soft_norm, pass->inverse, n, d, d_normed,
                 g + net->soft_norm);
    return d_normed;
}

void connector_backward(const struct net *net, const float *w, float *g, size_t n_views,
                        struct arena *arena, const struct tower_pass *pass, const float *d_soft)
{
    connect_backward(net, w, g, n_views, arena, pass, d_soft);
}

void tower_backward(const struct net *net, const float *w, float *g, size_t n_views,
                    struct arena *arena, const struct tower_pass *pass, const float *d_soft,
                    float *d_states, float *d_pooled)
{
    const struct sizes z = sizes_of(net, n_views);
    const size_t values = z.rows * z.d;
    const struct lent m = {arena_take(arena, values), arena_take(arena, values),
                           arena_take(arena, values), arena_take(arena, values),
                           arena_take(arena, values), arena_take(arena, z.rows * z.ff)};
    add_to(d_pooled, connect_backward(net, w, g, n_views, arena, pass, d_soft),
           n_views * net->vision.n_soft * z.d);
    walk_pool(net, &z, d_states, d_pooled, pool_share(net), unpool_state);
    float *dx = arena_zeroes(arena, values);
    layer_norm_backward(d_states, pass->x, w + net->post_ln_w, pass->post, z.rows, z.d, dx,
                        g + net->post_ln_w, g + net->post_ln_b);
    for (size_t i = net->vision.n_layers; i-- > 0;)
        layer_backward(net, w, g, &z, &net->tower[i], &pass->layers[i], arena, &m, dx);
    for (size_t view = 0; view < n_views; view++)
        add_to(g + net->position, dx + view * z.n_patches * z.d, z.n_patches * z.d);
    add_rows(g + net->patch_b, dx, z.rows, z.d);
    linear_backward_w(arena, dx, pass->patches, z.rows, z.d, z.inputs, g + net->patch_w);
}
