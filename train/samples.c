/* The step that shows what a model would be trained with. */
#include <cairo.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "train/picture.h"
#include "train/steps.h"

static void write_text(FILE *f, uint64_t index, const struct sample *s)
{
    fprintf(f, "%llu: %ux%u%s, %zu marks\n", (unsigned long long)index, s->picture.width,
            s->picture.height, s->crops ? " and crops" : "", s->n_marks);
    if (s->system)
        fprintf(f, "  system: %s\n", s->system);
    for (size_t i = 0; i < s->n_exchanges; i++) {
        const struct exchange *e = &s->exchanges[i];
        fprintf(f, "  %-9s %s\n         -> %s  {%s}\n", e->skill, e->user, e->model,
                e->key ? e->key : "");
    }
    fputc('\n', f);
}

/* With each mark's box around what it marks. */
static void draw_boxes(cairo_surface_t *surface, const struct sample *s)
{
    cairo_t *cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 1, 0, 1);
    cairo_set_line_width(cr, 1);
    for (size_t i = 0; i < s->n_marks; i++) {
        const struct mark *m = &s->marks[i];
        cairo_rectangle(cr, m->x0, m->y0, m->x1 - m->x0, m->y1 - m->y0);
    }
    cairo_stroke(cr);
    cairo_destroy(cr);
}

static bool write_picture(const struct sample *s, const char *path, bool boxes, struct err *err)
{
    const struct image *p = &s->picture;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)p->width, (int)p->height);
    uint8_t *data = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (size_t y = 0; data && y < p->height; y++)
        for (size_t x = 0; x < p->width; x++) {
            const uint8_t *c = p->rgb + (y * p->width + x) * 3;
            uint32_t pixel = (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
            memcpy(data + y * stride + 4 * x, &pixel, 4);
        }
    cairo_surface_mark_dirty(surface);
    if (boxes)
        draw_boxes(surface, s);
    cairo_status_t status = cairo_surface_write_to_png(surface, path);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS ||
           err_set(err, "%s: %s", path, cairo_status_to_string(status));
}

/* out=DIR n=20 seed=1 first=0 split=train|test kind=NAME boxes=0|1; kind "any" is the mix that is
 * trained with, talks without a picture too. */
bool step_samples(int argc, char **argv, struct err *err)
{
    const char *out = step_text(argc, argv, "out", "."),
               *kind = step_text(argc, argv, "kind", NULL);
    uint64_t n = (uint64_t)step_number(argc, argv, "n", 20);
    uint64_t seed = (uint64_t)step_number(argc, argv, "seed", 1);
    uint64_t first = (uint64_t)step_number(argc, argv, "first", 0);
    bool boxes = step_number(argc, argv, "boxes", 0) != 0;
    enum sample_split split =
        strcmp(step_text(argc, argv, "split", "train"), "test") ? SPLIT_TRAIN : SPLIT_TEST;
    char path[4096];
    snprintf(path, sizeof path, "%s/samples.txt", out);
    FILE *f = fopen(path, "w");
    if (!f)
        return err_set(err, "%s cannot be written", path);
    bool ok = true;
    for (uint64_t i = first; ok && i < first + n; i++) {
        struct sample s = {0};
        ok = kind && !strcmp(kind, "any") ? sample_make(&s, split, seed, i, err)
                                          : picture_make_kind(&s, kind, split, seed, i, err);
        snprintf(path, sizeof path, "%s/%06llu.png", out, (unsigned long long)i);
        if (ok && s.picture.width)
            ok = write_picture(&s, path, boxes, err);
        if (ok)
            write_text(f, i, &s);
        sample_done(&s);
    }
    fclose(f);
    return ok;
}
