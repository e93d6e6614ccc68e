/* facet.h: facet_session_work. The bytes and operations that no implementation can do without. */
#include "engine/ceilings.h"
#include "engine/session.h"
#include "engine/vision_steps.h"

static double tensor_bytes(const struct tensor *t)
{
    return (double)t->rows * (double)t->row_bytes;
}

static double tensor_weights(const struct tensor *t)
{
    return (double)t->rows * (double)t->cols;
}

/* The fastest arithmetic that weights of this type allow. */
static enum facet_arithmetic arithmetic_for(const struct kernels *k, enum weight_type type)
{
    if (!k->exact && type_traits_get(type)->quantised && ceiling_of(k, FACET_INT8))
        return FACET_INT8;
    bool short_type = type == TYPE_BF16 || type == TYPE_F16;
    return !k->exact && short_type && ceiling_of(k, FACET_BF16) ? FACET_BF16 : FACET_F32;
}

/* Keys and values that one decoded token looks at, n positions being held before it. */
static double cache_bytes(const struct facet_session *s, size_t n)
{
    const struct text_params *p = &s->model->m->text;
    double row = 2.0 * p->n_kv_heads *
                 (double)kvcache_head_bytes(kvcache_type(s->cache), p->head_dim),
           rows = 0;
    for (uint32_t i = 0; i < p->n_layers; i++)
        rows += s->model->m->tw.layers[i].is_global || n < p->window ? (double)n : p->window;
    return rows * row;
}

/* Of the head, what the last step read: all of it, or the copy and some rows. */
static double head_reads(const struct facet_session *s, enum facet_job job)
{
    const struct tensor *head = &s->model->m->tw.head;
    if (job != FACET_DECODE || !s->has_logits || !s->n_best_logits)
        return tensor_bytes(head);
    return (double)head_bytes(s->model->head) +
           s->work->search.n_computed * (double)head->row_bytes;
}

static struct facet_work text_work(const struct facet_session *s, enum facet_job job, size_t n)
{
    const struct model *m = s->model->m;
    struct facet_work work = {.bytes = head_reads(s, job),
                              .arithmetic = arithmetic_for(s->model->k, m->tw.layers[0].gate.type)};
    double weights = 0;
    for (uint32_t i = 0; i < m->text.n_layers; i++) {
        const struct text_layer *l = &m->tw.layers[i];
        const struct tensor *const all[] = {&l->q, &l->k, &l->v, &l->o, &l->gate, &l->up, &l->down};
        for (size_t t = 0; t < sizeof all / sizeof *all; t++) {
            work.bytes += tensor_bytes(all[t]);
            weights += tensor_weights(all[t]);
        }
    }
    if (job == FACET_DECODE) {
        work.bytes += cache_bytes(s, n);
        work.ops = 2 * (weights + tensor_weights(&m->tw.head));
    } else {
        work.ops = 2 * weights * (double)n;
    }
    return work;
}

static struct facet_work image_work(const struct facet_session *s, size_t n)
{
    const struct model *m = s->model->m;
    const struct vision_params *p = &m->vision;
    double patches = (double)p->n_side * p->n_side, width = p->width, layer_weights = 0;
    struct facet_work work = {.bytes =
                                  tensor_bytes(&m->vw.patch_w) + tensor_bytes(&m->vw.projection),
                              .arithmetic = FACET_F32};
    for (uint32_t i = 0; i < p->n_layers; i++) {
        const struct vision_layer *l = &m->vw.layers[i];
        const struct tensor *const all[] = {&l->q_w, &l->k_w,   &l->v_w,
                                            &l->o_w, &l->fc1_w, &l->fc2_w};
        for (size_t t = 0; t < sizeof all / sizeof *all; t++) {
            work.bytes += tensor_bytes(all[t]);
            layer_weights += tensor_weights(all[t]);
        }
    }
    double attention =
        4 * patches * patches * width * p->n_layers; /* scores and their sums of values */
    double products = 2 * patches * (layer_weights + tensor_weights(&m->vw.patch_w)) +
                      2.0 * p->n_soft * tensor_weights(&m->vw.projection);
    work.ops = (products + attention) * (double)n;
    if (s->model->vision == &vision_int8)
        work.arithmetic = FACET_INT8;
    else if (!s->model->k->exact && ceiling_of(s->model->k, FACET_BF16))
        work.arithmetic = FACET_BF16;
    return work;
}

struct facet_work facet_session_work(const struct facet_session *session, enum facet_job job,
                                     size_t n)
{
    if (job != FACET_IMAGE)
        return text_work(session, job, n);
    return session->model->m->has_vision ? image_work(session, n) : (struct facet_work){0};
}
