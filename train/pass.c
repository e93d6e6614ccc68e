#include "train/pass.h"

#include "train/finder.h"
#include "train/linear.h"
#include "train/ops.h"

/* One of the finder's maps: n rows of states, `marks` logits each. */
static double find(const struct net *net, const float *w, float *g, size_t w_at, size_t b_at,
                   const float *states, size_t n, size_t marks, const uint8_t *seen, float scale,
                   struct arena *arena, float *d_states)
{
    const size_t d = net->vision.width;
    float *logits = arena_take(arena, n * marks);
    linear_forward(arena, states, w + w_at, n, marks, d, logits);
    add_bias(logits, w + b_at, n, marks);
    const double loss = finder_loss(logits, seen, n * marks, scale);
    if (g) {
        linear_backward_w(arena, logits, states, n, marks, d, g + w_at);
        add_rows(g + b_at, logits, n, marks);
        linear_backward_x(arena, logits, w + w_at, n, marks, d, false, d_states);
    }
    return loss;
}

/* Both maps; d_states and d_pooled are written. */
static double find_all(const struct net *net, const float *w, float *g, const struct batch *b,
                       const struct tower_pass *t, float scale, struct arena *arena,
                       float *d_states, float *d_pooled)
{
    const struct vision_params *v = &net->vision;
    const size_t n_patches = (size_t)v->n_side * v->n_side, parts = (size_t)v->pool * v->pool,
                 n = b->n_views * n_patches * FINDER_MARKS;
    uint8_t *turned = (uint8_t *)arena_take(arena, n / sizeof(float) + 1);
    for (size_t view = 0; view < b->n_views; view++)
        finder_turn(b->seen + view * n_patches * FINDER_MARKS, v->n_side, v->pool,
                    turned + view * n_patches * FINDER_MARKS);
    double loss = find(net, w, g, net->find_patch_w, net->find_patch_b, t->states,
                       b->n_views * n_patches, FINDER_MARKS, b->seen, scale / 2, arena, d_states);
    loss += find(net, w, g, net->find_soft_w, net->find_soft_b, t->pooled, b->n_views * v->n_soft,
                 parts * FINDER_MARKS, turned, scale / 2, arena, d_pooled);
    return loss / 2;
}

static void see(const struct net *net, const float *w, const struct batch *b, bool keeps,
                struct arena *arena, struct pass *p)
{
    if (!b->n_views)
        return;
    if (keeps) {
        tower_forward(net, w, b->patches, b->n_views, arena, &p->tower);
        return;
    }
    const float *pooled =
        b->pooled ? b->pooled : tower_glance(net, w, b->patches, b->n_views, arena);
    connector_forward(net, w, pooled, b->n_views, arena, &p->tower);
}

void pass_forward(const struct net *net, const float *w, const struct batch *b, struct arena *arena,
                  struct pass *p)
{
    see(net, w, b, false, arena, p);
    decoder_forward(net, w, &b->tokens, b->n_views ? p->tower.soft : NULL, arena, &p->decoder);
}

/* The decoder's part, there and back; d_soft is added to. */
static double say(const struct net *net, const float *w, float *g, const struct batch *b,
                  float scale, struct arena *arena, struct pass *p, uint8_t *right, float *d_soft)
{
    float *d_hidden = g ? arena_zeroes(arena, b->tokens.n * net->text.n_embd) : NULL;
    decoder_forward(net, w, &b->tokens, b->n_views ? p->tower.soft : NULL, arena, &p->decoder);
    const double loss = decoder_head(net, w, g, &p->decoder, b->targets, b->n_targets,
                                     scale / (float)b->n_targets, arena, right, d_hidden);
    if (g)
        decoder_backward(net, w, g, &b->tokens, arena, &p->decoder, d_hidden, d_soft);
    return loss;
}

struct pass_loss pass_run(const struct net *net, const float *w, float *g, const struct batch *b,
                          enum pass_aim aim, float finder_weight, float scale, struct arena *arena,
                          uint8_t *right)
{
    const struct vision_params *v = &net->vision;
    const size_t n_soft = b->n_views * v->n_soft, n_patches = b->n_views * v->n_side * v->n_side;
    struct pass p;
    struct pass_loss sum = {.n_patches = n_patches};
    float *d_states = arena_take(arena, n_patches * v->width),
          *d_pooled = arena_take(arena, n_soft * v->width),
          *d_soft = arena_zeroes(arena, n_soft * net->text.n_embd);
    see(net, w, b, aim != AIM_WORDS, arena, &p);
    if (aim != AIM_MARKS) {
        sum.n_targets = b->n_targets;
        sum.words = say(net, w, g, b, scale, arena, &p, right, d_soft);
        for (size_t i = 0; i < b->n_targets; i++)
            sum.n_right += right[i];
    }
    if (b->n_views && aim != AIM_WORDS)
        sum.marks = find_all(net, w, g, b, &p.tower, scale * finder_weight / (float)n_patches,
                             arena, d_states, d_pooled);
    if (g && b->n_views && aim == AIM_WORDS)
        connector_backward(net, w, g, b->n_views, arena, &p.tower, d_soft);
    else if (g && b->n_views)
        tower_backward(net, w, g, b->n_views, arena, &p.tower, d_soft, d_states, d_pooled);
    return sum;
}
