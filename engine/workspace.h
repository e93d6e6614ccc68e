/* The memory that forward passes compute in, apart from the cache. Sessions that take turns on one
 * thread can share one. */
#ifndef ENGINE_WORKSPACE_H
#define ENGINE_WORKSPACE_H

#include "engine/engine.h"
#include "engine/matmul.h"
#include "engine/text.h"
#include "engine/vision.h"

struct workspace {
    const struct facet_model *model;
    size_t n_users;         /* sessions */
    size_t n_batch, n_ctx;  /* rows of a chunk and positions of a sequence, at most */
    struct compute compute; /* stop: that of the session whose turn it is */
    struct text_pass text;
    struct vision_pass vision;
    struct text_input *inputs; /* [n_batch, and TEXT_SHORT_ROWS at least] */
    float *logits;             /* [TEXT_SHORT_ROWS][n_vocab] */
    struct head_search search;
};

size_t workspace_bytes(const struct facet_model *model, size_t n_batch, size_t n_ctx);
/* For one user. */
struct workspace *workspace_new(const struct facet_model *model, size_t n_batch, size_t n_ctx,
                                struct err *err);
/* One user less; freed with the last. w may be NULL. */
void workspace_release(struct workspace *w);

#endif
