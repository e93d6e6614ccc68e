/* facet.h: what tells two models apart without reading all of their weights. */
#include <string.h>

#include <nettle/sha2.h>

#include "base/file.h"
#include "engine/engine.h"
#include "engine/kernels/blas.h"
#include "engine/vision_steps.h"

_Static_assert(FACET_DIGEST_BYTES == (int)SHA256_HEX_BYTES, "facet.h and file.h disagree");

/* Of the middle row: what trains a matrix changes it there, and a row costs one page of the file.
 */
enum { SAMPLE_BYTES = 4096 };

static void add_text(struct sha256_ctx *sum, const char *text)
{
    sha256_update(sum, strlen(text) + 1, (const uint8_t *)text);
}

static void add_tensors(struct sha256_ctx *sum, const struct tensor *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct tensor *t = list[i];
        const uint64_t shape[] = {t->data != NULL, (uint64_t)t->type, t->rows, t->cols};
        sha256_update(sum, sizeof shape, (const uint8_t *)shape);
        if (t->data)
            sha256_update(sum, t->row_bytes < SAMPLE_BYTES ? t->row_bytes : SAMPLE_BYTES,
                          (const uint8_t *)t->data + t->rows / 2 * t->row_bytes);
    }
}

#define ADD(sum, ...)                                                                              \
    add_tensors(sum, (const struct tensor *const[]){__VA_ARGS__},                                  \
                sizeof((const struct tensor *const[]){__VA_ARGS__}) / sizeof(struct tensor *))

static void add_decoder(struct sha256_ctx *sum, const struct model *m)
{
    sha256_update(sum, sizeof m->text, (const uint8_t *)&m->text);
    ADD(sum, &m->tw.embed, &m->tw.head, &m->tw.norm);
    for (const struct text_layer *l = m->tw.layers; l < m->tw.layers + m->text.n_layers; l++) {
        add_text(sum, l->is_global ? "global" : "local");
        ADD(sum, &l->attn_norm, &l->q, &l->k, &l->v, &l->q_norm, &l->k_norm, &l->o,
            &l->post_attn_norm, &l->ffn_norm, &l->gate, &l->up, &l->down, &l->post_ffn_norm);
    }
}

/* Large products may go through a library whose sums differ in the last bits. */
static void add_tower(struct sha256_ctx *sum, const struct facet_model *model)
{
    const struct model *m = model->m;
    const struct vision_weights *w = &m->vw;
    add_text(sum, model->vision->name);
    add_text(sum, blas_get() ? blas_get()->name : "");
    sha256_update(sum, sizeof m->vision, (const uint8_t *)&m->vision);
    ADD(sum, &w->patch_w, &w->patch_b, &w->position, &w->post_ln_w, &w->post_ln_b, &w->soft_norm,
        &w->projection);
    for (const struct vision_layer *l = w->layers; l < w->layers + m->vision.n_layers; l++)
        ADD(sum, &l->ln1_w, &l->ln1_b, &l->q_w, &l->q_b, &l->k_w, &l->k_b, &l->v_w, &l->v_b,
            &l->o_w, &l->o_b, &l->ln2_w, &l->ln2_b, &l->fc1_w, &l->fc1_b, &l->fc2_w, &l->fc2_b);
}

void facet_model_get_digest(const struct facet_model *model, enum facet_part part,
                            char hex[FACET_DIGEST_BYTES])
{
    struct sha256_ctx sum;
    uint8_t digest[SHA256_DIGEST_SIZE];
    bool is_there = model->pool && (part == FACET_DECODER || model->m->has_vision);
    sha256_init(&sum);
    add_text(&sum, model->k->name);
    if (is_there && part == FACET_DECODER)
        add_decoder(&sum, model->m);
    else if (is_there)
        add_tower(&sum, model);
    sha256_digest(&sum, sizeof digest, digest);
    sha256_hex(digest, sizeof digest, hex);
}
