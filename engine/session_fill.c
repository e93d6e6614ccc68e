/* facet.h: facet_session_fill. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/session.h"

enum { CHUNK = 256 };

/* Numbers from -1 to 1 that look drawn: equal rows would make every key as good as the other. */
static void draw(float *out, size_t n)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        out[i] = (float)(int32_t)state * 0x1p-31f;
    }
}

static bool add_rows(struct facet_session *s, const float *rows, size_t n, struct err *err)
{
    if (!kvcache_begin(s->cache, n, err))
        return false;
    for (size_t layer = 0; layer < s->model->m->text.n_layers; layer++)
        kvcache_store(s->cache, layer, rows, rows);
    kvcache_end(s->cache);
    memset(s->ids + s->n_ids, 0, n * sizeof *s->ids);
    s->n_ids += n;
    return true;
}

static bool fill(struct facet_session *s, size_t n, struct err *err)
{
    const struct text_params *p = &s->model->m->text;
    size_t row = (size_t)p->n_kv_heads * p->head_dim;
    if (n > s->n_ctx - s->n_ids)
        return err_set(err, "%zu positions more than %zu, the context holds %zu", n, s->n_ids,
                       s->n_ctx);
    float *rows = mem_try(CHUNK * row, sizeof *rows, "rows", err);
    if (!rows)
        return false;
    draw(rows, CHUNK * row);
    s->has_logits = false;
    bool ok = true;
    for (size_t step; ok && n > 0; n -= step) {
        step = n < CHUNK ? n : CHUNK;
        ok = add_rows(s, rows, step, err);
    }
    free(rows);
    return ok;
}

enum facet_status facet_session_fill(struct facet_session *session, size_t n, char *error)
{
    struct err err = {0};
    if (fill(session, n, &err))
        return FACET_OK;
    if (error)
        memcpy(error, err.text, sizeof err.text);
    return FACET_FAILED;
}
