/* facet.h: facet_session_attention. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/session.h"

static bool check(const struct facet_session *s, size_t first, size_t n, size_t image,
                  size_t n_images, struct err *err)
{
    size_t length = kvcache_length(s->cache);
    if (n_images == 0 || image >= s->n_images || n_images > s->n_images - image)
        return err_set(err, "%zu images from %zu on are not held, there are %zu", n_images, image,
                       s->n_images);
    if (n == 0 || first >= length || n > length - first)
        return err_set(err, "%zu positions from %zu on are not held, there are %zu", n, first,
                       length);
    for (size_t i = first; i < first + n; i++)
        if (s->ids[i] == session_soft_id(s))
            return err_set(err, "position %zu belongs to an image", i);
    return true;
}

/* Adds what the positions gave to the watched keys; *n_watched: those whose windows are all there. */
static enum facet_status watch(struct facet_session *s, size_t first, size_t n, size_t *n_watched,
                               struct err *err)
{
    struct workspace *work = s->work;
    struct text_segment segment = {s->cache, 0};
    *n_watched = 0;
    for (size_t i = first; i < first + n; i++) {
        if (kvcache_sees(s->cache, i))
            work->inputs[segment.n++] =
                (struct text_input){.id = s->ids[i], .position = i, .sees = i + 1};
        bool full = segment.n == KVCACHE_SPARE || i == first + n - 1;
        if (!full || segment.n == 0)
            continue;
        if (!text_forward(&work->text, work->inputs, &segment, 1, err))
            return FACET_FAILED;
        if (atomic_load(&s->stop))
            return FACET_CANCELLED;
        *n_watched += segment.n;
        segment.n = 0;
    }
    return *n_watched > 0 || err_set(err, "what positions %zu to %zu looked at has left the window",
                                     first, first + n - 1)
               ? FACET_OK
               : FACET_FAILED;
}

/* Adds up the key heads' mass[n_kv_heads][n], and takes the images' part of it. */
static void conclude(const struct facet_session *s, const struct text_watch *w, size_t n_watched,
                     const struct held_image *images, size_t n_images, float *share,
                     struct facet_attention *a)
{
    const struct model *m = s->model->m;
    size_t n_soft = m->vision.n_soft, n_global = 0;
    double sum = 0;
    for (size_t l = 0; l < m->text.n_layers; l++)
        n_global += m->tw.layers[l].is_global;
    for (size_t i = 0; i < w->n; i++)
        for (size_t h = 1; h < m->text.n_kv_heads; h++)
            w->mass[i] += w->mass[h * w->n + i];
    for (size_t k = 0; k < n_images; k++)
        for (size_t i = 0; i < n_soft; i++)
            sum += w->mass[images[k].start - w->first + i];
    for (size_t k = 0; k < n_images; k++)
        for (size_t i = 0; i < n_soft; i++)
            share[k * n_soft + i] =
                sum > 0 ? (float)(w->mass[images[k].start - w->first + i] / sum) : 0;
    double n_softmax = (double)(n_global * m->text.n_heads * n_watched);
    *a = (struct facet_attention){.n_positions = n_watched,
                                  .total = n_global > 0 ? sum / n_softmax : 0};
}

enum facet_status facet_session_attention(struct facet_session *s, size_t first, size_t n,
                                          size_t image, size_t n_images, float *share,
                                          struct facet_attention *a, char *error)
{
    struct err err = {0};
    const struct held_image *images = s->images + image;
    struct text_watch watched = {0};
    size_t n_watched;
    enum facet_status status = FACET_FAILED;
    if (check(s, first, n, image, n_images, &err)) {
        watched.first = images->start;
        watched.n = images[n_images - 1].start - images->start + s->model->m->vision.n_soft;
        watched.mass = mem_try(s->model->m->text.n_kv_heads * watched.n, sizeof *watched.mass,
                               "attention", &err);
    }
    if (watched.mass) {
        s->work->compute.stop = &s->stop;
        s->work->text.watch = &watched;
        status = watch(s, first, n, &n_watched, &err);
        s->work->text.watch = NULL;
    }
    if (status == FACET_OK)
        conclude(s, &watched, n_watched, images, n_images, share, a);
    free(watched.mass);
    if (status == FACET_FAILED && error)
        memcpy(error, err.text, sizeof err.text);
    return status;
}
