/* What the containers' readers of hyper-parameters share: limits, what follows from what, notes. */
#ifndef ENGINE_MODEL_PARAMS_H
#define ENGINE_MODEL_PARAMS_H

#include "base/err.h"
#include "engine/model.h"

/* What Gemma 3 implies where a file says nothing. */
#define GEMMA_RMS_EPS          1e-6f
#define GEMMA_ROPE_BASE_LOCAL  1e4f
#define GEMMA_ROPE_BASE_GLOBAL 1e6f
enum {
    GEMMA_LONG_CONTEXT = 131072, /* models made for this scale their global layers' positions */
    GEMMA_ROPE_FACTOR = 8,       /* by this */
    GEMMA_PERIOD = 6,            /* each sixth layer is global */
    GEMMA_POOL = 4,
    GEMMA_SOFT_TOKENS = 256,
};

/* Adds to m->chat_note, "; " between notes. */
void model_note(struct model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes m->tw.layers by m->text.n_layers; layer i is global iff (i + 1) % period = 0. */
bool model_layers_new(struct model *m, uint32_t period, const char *path, struct err *err);

/* Judges m->text, all but n_vocab, and sets embed_scale. */
bool model_text_check(struct model *m, const char *path, struct err *err);

/* Judges m->vision (n_layers, width, n_ff, n_heads, image_size, patch_size, pool, eps), sets n_side
 * and n_soft, and makes m->vw.layers. n_soft 0: by the pool; else the pool by n_soft. */
bool model_vision_check(struct model *m, uint32_t n_soft, const char *path, struct err *err);

#endif
