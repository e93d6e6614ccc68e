/* SigLIP's tower and Gemma 3's connector, forward and backward over several views at once
 * (MODEL.md, "Vision", is what it computes). w and g as in decoder.h. */
#ifndef TRAIN_TOWER_H
#define TRAIN_TOWER_H

#include <stddef.h>

#include "train/arena.h"
#include "train/net.h"

struct tower_pass {
    struct tower_kept *layers;
    const float *patches; /* what was given */
    float *x;             /* [n_views][n_patches][width] behind the last layer */
    float *post;          /* what the last norm keeps */
    float *states;        /* normed */
    const float *pooled;  /* [n_views][n_soft][width] */
    float *normed, *inverse; /* pooled, through the connector's norm */
    float *soft;          /* [n_views][n_soft][n_embd] */
};

/* patches [n_views][n_patches][3·patch_size²], each channel, row, column; borrowed until backward.
 */
void tower_forward(const struct net *net, const float *w, const float *patches, size_t n_views,
                   struct arena *arena, struct tower_pass *pass);
/* What is pooled alone, view by view, in a view's memory. */
float *tower_glance(const struct net *net, const float *w, const float *patches, size_t n_views,
                    struct arena *arena);
/* What leads from there to the decoder: keeps what connector_backward needs, and soft. */
void connector_forward(const struct net *net, const float *w, const float *pooled, size_t n_views,
                       struct arena *arena, struct tower_pass *pass);
/* d_states, d_pooled: what else depends on those; both become rubbish. */
void tower_backward(const struct net *net, const float *w, float *g, size_t n_views,
                    struct arena *arena, const struct tower_pass *pass, const float *d_soft,
                    float *d_states, float *d_pooled);

/* The same for what leads from the tower to the decoder alone: soft_norm and projection. */
void connector_backward(const struct net *net, const float *w, float *g, size_t n_views,
                        struct arena *arena, const struct tower_pass *pass, const float *d_soft);

#endif
