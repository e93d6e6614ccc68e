#include "train/net.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "train/finder.h"
#include "train/random.h"

/* Multiples of a cache line. */
enum { ALIGNED_VALUES = 16 };

__attribute__((format(printf, 5, 6))) static size_t add(struct net *net, enum param_kind kind,
                                                        size_t rows, size_t cols,
                                                        const char *format, ...)
{
    net->params = mem_grow(net->params, net->n_params + 1, sizeof *net->params);
    struct param *p = &net->params[net->n_params++];
    *p = (struct param){.kind = kind, .offset = net->n_values, .rows = rows, .cols = cols};
    va_list args;
    va_start(args, format);
    vsnprintf(p->name, sizeof p->name, format, args);
    va_end(args);
    p->part = strncmp(p->name, "v.", 2) == 0        ? PART_TOWER
              : strncmp(p->name, "mm.", 3) == 0     ? PART_CONNECTOR
              : strncmp(p->name, "finder.", 7) == 0 ? PART_FINDER
                                                    : PART_DECODER;
    net->n_values += (rows * cols + ALIGNED_VALUES - 1) / ALIGNED_VALUES * ALIGNED_VALUES;
    return p->offset;
}

static void add_decoder(struct net *net)
{
    const struct text_params *t = &net->text;
    const size_t d = t->n_embd, q = (size_t)t->n_heads * t->head_dim,
                 kv = (size_t)t->n_kv_heads * t->head_dim;
    net->embed = add(net, PARAM_EMBED, t->n_vocab, d, "token_embd.weight");
    net->norm = add(net, PARAM_SCALE, 1, d, "output_norm.weight");
    for (unsigned i = 0; i < t->n_layers; i++)
        net->layers[i] = (struct net_layer){
            .is_global = (i + 1) % 6 == 0,
            .attn_norm = add(net, PARAM_SCALE, 1, d, "blk.%u.attn_norm.weight", i),
            .q = add(net, PARAM_MATRIX, q, d, "blk.%u.attn_q.weight", i),
            .k = add(net, PARAM_MATRIX, kv, d, "blk.%u.attn_k.weight", i),
            .v = add(net, PARAM_MATRIX, kv, d, "blk.%u.attn_v.weight", i),
            .q_norm = add(net, PARAM_SCALE, 1, t->head_dim, "blk.%u.attn_q_norm.weight", i),
            .k_norm = add(net, PARAM_SCALE, 1, t->head_dim, "blk.%u.attn_k_norm.weight", i),
            .o = add(net, PARAM_MATRIX, d, q, "blk.%u.attn_output.weight", i),
            .post_attn_norm = add(net, PARAM_SCALE, 1, d, "blk.%u.post_attention_norm.weight", i),
            .ffn_norm = add(net, PARAM_SCALE, 1, d, "blk.%u.ffn_norm.weight", i),
            .gate = add(net, PARAM_MATRIX, t->n_ff, d, "blk.%u.ffn_gate.weight", i),
            .up = add(net, PARAM_MATRIX, t->n_ff, d, "blk.%u.ffn_up.weight", i),
            .down = add(net, PARAM_MATRIX, d, t->n_ff, "blk.%u.ffn_down.weight", i),
            .post_ffn_norm = add(net, PARAM_SCALE, 1, d, "blk.%u.post_ffw_norm.weight", i)};
}

static void add_tower(struct net *net)
{
    const struct vision_params *v = &net->vision;
    const size_t w = v->width, side = v->patch_size, patches = (size_t)v->n_side * v->n_side,
                 soft_marks = (size_t)v->pool * v->pool * FINDER_MARKS;
    net->patch_w = add(net, PARAM_PATCH, w, 3 * side * side, "v.patch_embd.weight");
    net->patch_b = add(net, PARAM_BIAS, 1, w, "v.patch_embd.bias");
    net->position = add(net, PARAM_POSITION, patches, w, "v.position_embd.weight");
    for (unsigned i = 0; i < v->n_layers; i++)
        net->tower[i] = (struct net_tower_layer){
            .ln1_w = add(net, PARAM_SCALE, 1, w, "v.blk.%u.ln1.weight", i),
            .ln1_b = add(net, PARAM_BIAS, 1, w, "v.blk.%u.ln1.bias", i),
            .q_w = add(net, PARAM_MATRIX, w, w, "v.blk.%u.attn_q.weight", i),
            .q_b = add(net, PARAM_BIAS, 1, w, "v.blk.%u.attn_q.bias", i),
            .k_w = add(net, PARAM_MATRIX, w, w, "v.blk.%u.attn_k.weight", i),
            .k_b = add(net, PARAM_BIAS, 1, w, "v.blk.%u.attn_k.bias", i),
            .v_w = add(net, PARAM_MATRIX, w, w, "v.blk.%u.attn_v.weight", i),
            .v_b = add(net, PARAM_BIAS, 1, w, "v.blk.%u.attn_v.bias", i),
            .o_w = add(net, PARAM_MATRIX, w, w, "v.blk.%u.attn_out.weight", i),
            .o_b = add(net, PARAM_BIAS, 1, w, "v.blk.%u.attn_out.bias", i),
            .ln2_w = add(net, PARAM_SCALE, 1, w, "v.blk.%u.ln2.weight", i),
            .ln2_b = add(net, PARAM_BIAS, 1, w, "v.blk.%u.ln2.bias", i),
            .fc1_w = add(net, PARAM_MATRIX, v->n_ff, w, "v.blk.%u.ffn_up.weight", i),
            .fc1_b = add(net, PARAM_BIAS, 1, v->n_ff, "v.blk.%u.ffn_up.bias", i),
            .fc2_w = add(net, PARAM_MATRIX, w, v->n_ff, "v.blk.%u.ffn_down.weight", i),
            .fc2_b = add(net, PARAM_BIAS, 1, w, "v.blk.%u.ffn_down.bias", i)};
    net->post_ln_w = add(net, PARAM_SCALE, 1, w, "v.post_ln.weight");
    net->post_ln_b = add(net, PARAM_BIAS, 1, w, "v.post_ln.bias");
    net->soft_norm = add(net, PARAM_SCALE, 1, w, "mm.soft_emb_norm.weight");
    net->projection = add(net, PARAM_MATRIX, w, net->text.n_embd, "mm.input_projection.weight");
    net->find_patch_w = add(net, PARAM_FINDER, FINDER_MARKS, w, "finder.patch.weight");
    net->find_patch_b = add(net, PARAM_BIAS, 1, FINDER_MARKS, "finder.patch.bias");
    net->find_soft_w = add(net, PARAM_FINDER, soft_marks, w, "finder.soft.weight");
    net->find_soft_b = add(net, PARAM_BIAS, 1, soft_marks, "finder.soft.bias");
}

static bool check(const struct net_shape *s, struct err *err)
{
    if (!s->n_layers || s->n_layers > NET_MAX_LAYERS || s->v_layers > NET_MAX_LAYERS)
        return err_set(err, "a net has 1 to %d layers", NET_MAX_LAYERS);
    if (!s->n_kv_heads || s->n_heads % s->n_kv_heads || s->head_dim % 2)
        return err_set(err, "heads of the decoder do not fit together");
    if (s->v_layers && (!s->v_heads || s->v_width % s->v_heads || !s->patch_size || !s->pool ||
                        s->image_size % (s->patch_size * s->pool)))
        return err_set(err, "shapes of the tower do not fit together");
    return true;
}

bool net_init(struct net *net, const struct net_shape *s, struct err *err)
{
    *net = (struct net){0};
    if (!check(s, err))
        return false;
    net->text = (struct text_params){.n_layers = s->n_layers,
                                     .n_embd = s->n_embd,
                                     .n_ff = s->n_ff,
                                     .n_heads = s->n_heads,
                                     .n_kv_heads = s->n_kv_heads,
                                     .head_dim = s->head_dim,
                                     .window = s->window,
                                     .n_ctx_train = s->n_ctx,
                                     .n_vocab = s->n_vocab,
                                     .rms_eps = 1e-6f,
                                     .attention_scale = 1 / sqrtf((float)s->head_dim),
                                     .embed_scale = sqrtf((float)s->n_embd),
                                     .rope_base_local = 1e4f,
                                     .rope_base_global = 1e6f,
                                     .rope_factor_global = 1};
    add_decoder(net);
    if (!s->v_layers)
        return true;
    net->vision = (struct vision_params){.n_layers = s->v_layers,
                                         .width = s->v_width,
                                         .n_ff = s->v_ff,
                                         .n_heads = s->v_heads,
                                         .image_size = s->image_size,
                                         .patch_size = s->patch_size,
                                         .n_side = s->image_size / s->patch_size,
                                         .pool = s->pool,
                                         .eps = 1e-6f};
    const uint32_t soft_side = net->vision.n_side / s->pool;
    net->vision.n_soft = soft_side * soft_side;
    add_tower(net);
    return true;
}

void net_done(struct net *net)
{
    free(net->params);
    *net = (struct net){0};
}

/* ---- How training begins -------------------------------------------------------------------- */

/* Outputs have the variance of inputs; the embedding, which is multiplied by √n_embd, variance 1. */
static float deviation(const struct net *net, const struct param *p)
{
    switch (p->kind) {
    case PARAM_EMBED:
        return 1 / net->text.embed_scale;
    case PARAM_FINDER:
        return 0.2f / sqrtf((float)p->cols);
    default:
        return 1 / sqrtf((float)(p->offset == net->projection ? p->rows : p->cols));
    }
}

/* Most marks are not there: a finder that begins with odds of e⁻⁴ need not learn that first. */
static float bias(const struct net *net, const struct param *p)
{
    return p->offset == net->find_patch_b || p->offset == net->find_soft_b ? -4 : 0;
}

/* The waves of a cosine transform, the long ones first: across and down, in half periods. */
struct wave {
    unsigned across, down;
};
static int by_length(const void *a, const void *b)
{
    const struct wave *v = a, *w = b;
    const unsigned f = v->across * v->across + v->down * v->down,
                   g = w->across * w->across + w->down * w->down;
    return f != g ? (f > g) - (f < g) : (v->across > w->across) - (v->across < w->across);
}

/* One row: brightness or one of two differences of colour, times a wave. The shorter a wave, the
 * less of it is in pictures: the gain makes up for that, so that all outputs are of a size. */
static void put_wave(float *row, size_t side, const float colour[3], struct wave w)
{
    const double pi = 3.14159265358979, n = (double)side,
                 f = sqrt((double)(w.across * w.across + w.down * w.down)),
                 gain = 5 * (1 + f) / (n * n) * (w.across ? 1.4 : 1) * (w.down ? 1.4 : 1);
    for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++)
                *row++ = (float)(colour[c] * gain * cos(pi * ((double)x + 0.5) * w.across / n) *
                                 cos(pi * ((double)y + 0.5) * w.down / n));
}

/* Rows of noise would mix a patch's few long waves with its many short ones, and give most of what
 * they say to its mean; a tower that begins so takes about twice the pictures (README.md). Two
 * thirds of the rows are of brightness. */
static void start_patch(const struct net *net, float *out)
{
    static const float colours[3][3] = {{0.5f, 0.5f, 0.5f}, {1, -0.5f, -0.5f}, {0, 1, -1}};
    const size_t side = net->vision.patch_size, width = net->vision.width, cols = 3 * side * side;
    struct wave *waves = mem_new(side * side, sizeof *waves);
    for (unsigned i = 0; i < side * side; i++)
        waves[i] = (struct wave){i % (unsigned)side, i / (unsigned)side};
    qsort(waves, side * side, sizeof *waves, by_length);
    for (size_t row = 0; row < width; row++) {
        const size_t sixth = row / 6, part = row % 6;
        const size_t colour = part < 4 ? 0 : part - 3, wave = part < 4 ? 4 * sixth + part : sixth;
        put_wave(out + row * cols, side, colours[colour], waves[wave % (side * side)]);
    }
    free(waves);
}

/* Sines and cosines of the place across and down, as arXiv 1706.03762 has them along a line. */
static void start_position(const struct net *net, float *out)
{
    const size_t side = net->vision.n_side, width = net->vision.width, quarter = (width + 3) / 4;
    for (size_t i = 0; i < side * side; i++)
        for (size_t j = 0; j < width; j++) {
            const double place = (double)(j / quarter < 2 ? i % side : i / side),
                         angle = place * pow(64, -(double)(j % quarter) / (double)quarter);
            out[i * width + j] = 0.15f * (float)(j / quarter % 2 ? cos(angle) : sin(angle));
        }
}

static void start_param(const struct net *net, const struct param *p, struct random *r, float *out)
{
    if (p->kind == PARAM_PATCH)
        start_patch(net, out);
    else if (p->kind == PARAM_POSITION)
        start_position(net, out);
    else
        for (size_t j = 0; j < p->rows * p->cols; j++)
            out[j] = p->kind == PARAM_SCALE  ? 1
                     : p->kind == PARAM_BIAS ? bias(net, p)
                                             : deviation(net, p) * (float)random_normal(r);
}

void net_start(const struct net *net, uint64_t seed, float *values)
{
    for (size_t i = 0; i < net->n_params; i++) {
        struct random r = random_of(seed, i);
        start_param(net, &net->params[i], &r, values + net->params[i].offset);
    }
}
