#include "engine/workspace.h"

#include <stdlib.h>

#include "base/mem.h"

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Scratch of one thread: the greatest need of any step. */
static size_t scratch_bytes(const struct facet_model *model)
{
    const struct model *m = model->m;
    size_t cols = max_size(m->text.n_ff,
                           max_size(m->text.n_embd, (size_t)m->text.n_heads * m->text.head_dim));
    if (m->has_vision)
        cols =
            max_size(max_size(cols, m->vision.width), max_size(m->vision.n_ff, m->vw.patch_w.cols));
    size_t bytes = max_size(matmul_scratch_bytes(model->k, cols), text_scratch_bytes(m, model->k));
    return m->has_vision ? max_size(bytes, vision_scratch_bytes(m, model->vision, model->k))
                         : bytes;
}

static size_t rows(size_t n_batch)
{
    return max_size(n_batch, TEXT_SHORT_ROWS);
}

size_t workspace_bytes(const struct facet_model *model, size_t n_batch, size_t n_ctx)
{
    size_t bytes = text_pass_bytes(model->m, rows(n_batch), n_ctx);
    bytes += pool_threads(model->pool) * scratch_bytes(model);
    bytes += rows(n_batch) * sizeof(struct text_input);
    bytes += TEXT_SHORT_ROWS * model->m->text.n_vocab * sizeof(float);
    bytes += head_search_bytes(model->head);
    return model->m->has_vision ? bytes + vision_pass_bytes(model->m, model->vision) : bytes;
}

static bool init_compute(struct workspace *w, struct err *err)
{
    unsigned n = pool_threads(w->model->pool);
    w->compute = (struct compute){
        .k = w->model->k, .pool = w->model->pool, .scratch_bytes = scratch_bytes(w->model)};
    w->compute.scratch = mem_try(n, sizeof *w->compute.scratch, "session", err);
    for (unsigned t = 0; w->compute.scratch && t < n; t++)
        if (!(w->compute.scratch[t] = mem_try(1, w->compute.scratch_bytes, "session", err)))
            return false;
    return w->compute.scratch != NULL;
}

struct workspace *workspace_new(const struct facet_model *model, size_t n_batch, size_t n_ctx,
                                struct err *err)
{
    const struct model *m = model->m;
    struct workspace *w = mem_try(1, sizeof *w, "session", err);
    if (!w)
        return NULL;
    *w = (struct workspace){.model = model, .n_users = 1, .n_batch = n_batch, .n_ctx = n_ctx};
    w->inputs = mem_try(rows(n_batch), sizeof *w->inputs, "session", err);
    w->logits = mem_try(TEXT_SHORT_ROWS * (size_t)m->text.n_vocab, sizeof(float), "logits", err);
    if (w->inputs && w->logits && init_compute(w, err) &&
        text_pass_init(&w->text, m, &w->compute, rows(n_batch), n_ctx, err) &&
        head_search_init(&w->search, model->head, err) &&
        (!m->has_vision || vision_pass_init(&w->vision, m, model->vision, &w->compute, err)))
        return w;
    workspace_release(w);
    return NULL;
}

void workspace_release(struct workspace *w)
{
    if (!w || --w->n_users > 0)
        return;
    text_pass_done(&w->text);
    vision_pass_done(&w->vision);
    head_search_done(&w->search);
    for (unsigned t = 0; w->compute.scratch && t < pool_threads(w->model->pool); t++)
        free(w->compute.scratch[t]);
    free(w->compute.scratch);
    free(w->inputs);
    free(w->logits);
    free(w);
}
