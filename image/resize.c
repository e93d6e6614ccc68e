/* Pillow's antialiased bilinear filter in its fixed-point arithmetic, which gives its results to
 * the bit: columns first, rounded to 8 bits, then rows. Pillow keeps the picture between the two
 * passes; here each source row is added to the few output rows that it touches, so that a picture
 * of any proportions takes memory for the output alone. */
#include "image/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Weights are integers of 22 fractional bits: those of one pixel sum to 2^22 but for their rounding
 * (half a unit each, at most IMAGE_MAX_SIDE of them), so that sums of weight × 255 fit 31 bits. */
enum { FRACTION_BITS = 22, HALF = 1 << (FRACTION_BITS - 1) };

/* Of each output pixel along one axis: the first source pixel, how many there are, their weights.
 */
struct axis {
    uint32_t *first, *count; /* [n_out] */
    int32_t *weights;        /* [n_out][stride] */
    size_t stride;
    uint32_t n_out;
};

static void axis_done(struct axis *axis)
{
    free(axis->first);
    free(axis->count);
    free(axis->weights);
}

/* Weights of a triangle of half-width `support` around `centre` for the pixels from first on. */
static void axis_weigh(int32_t *weights, uint32_t first, uint32_t count, double centre,
                       double support)
{
    double sum = 0, per_pixel = 1.0 / support;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < count; k++) {
            double away = ((double)(k + first) - centre + 0.5) * per_pixel;
            double weight = away < 0 ? 1.0 + away : 1.0 - away;
            if (weight < 0)
                weight = 0;
            if (pass == 0)
                sum += weight;
            else
                weights[k] = (int32_t)(0.5 + weight / sum * (1 << FRACTION_BITS));
        }
}

static bool axis_init(struct axis *axis, uint32_t n_in, uint32_t n_out, struct err *err)
{
    double scale = (double)n_in / n_out, support = scale > 1 ? scale : 1;
    *axis = (struct axis){.stride = 2 * (size_t)support + 3, .n_out = n_out};
    size_t n_weights;
    if (!size_mul(axis->stride, n_out, &n_weights))
        return err_set(err, "resizing: size overflows");
    axis->first = mem_try(n_out, sizeof *axis->first, "resizing", err);
    axis->count = mem_try(n_out, sizeof *axis->count, "resizing", err);
    axis->weights = mem_try(n_weights, sizeof *axis->weights, "resizing", err);
    if (!axis->first || !axis->count || !axis->weights)
        return false;
    for (uint32_t i = 0; i < n_out; i++) {
        double centre = (i + 0.5) * scale;
        double from = centre - support + 0.5, to = centre + support + 0.5;
        axis->first[i] = from > 0 ? (uint32_t)from : 0;
        axis->count[i] = (to < n_in ? (uint32_t)to : n_in) - axis->first[i];
        axis_weigh(axis->weights + i * axis->stride, axis->first[i], axis->count[i], centre,
                   support);
    }
    return true;
}

static inline uint8_t rounded(int32_t sum)
{
    int32_t v = (sum + HALF) >> FRACTION_BITS;
    return (uint8_t)(v > 255 ? 255 : v);
}

/* in [n_in][3] → out [n_out][3] */
static void resize_row(uint8_t *out, const uint8_t *in, const struct axis *axis)
{
    for (uint32_t i = 0; i < axis->n_out; i++, out += 3) {
        const int32_t *weights = axis->weights + i * axis->stride;
        const uint8_t *p = in + (size_t)axis->first[i] * 3;
        int32_t r = 0, g = 0, b = 0;
        for (uint32_t k = 0; k < axis->count[i]; k++, p += 3) {
            r += weights[k] * p[0];
            g += weights[k] * p[1];
            b += weights[k] * p[2];
        }
        out[0] = rounded(r);
        out[1] = rounded(g);
        out[2] = rounded(b);
    }
}

static void add_row(int32_t *restrict sums, const uint8_t *restrict row, int32_t weight, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += weight * row[i];
}

struct resizer {
    struct axis across, down;
    uint8_t *row;  /* [width][3]: one source row at its new width */
    int32_t *sums; /* [window][width][3]: output rows under way, row i at i % window */
    uint32_t window;
};

static bool resizer_init(struct resizer *z, const struct image *in, uint32_t width, uint32_t height,
                         struct err *err)
{
    *z = (struct resizer){0};
    if (!axis_init(&z->across, in->width, width, err) ||
        !axis_init(&z->down, in->height, height, err))
        return false;
    /* A source row reaches the output rows whose centres are within `support`: 2 of them when
     * shrinking, 2·height/in->height when growing; and their neighbours by rounding. */
    uint64_t window = 4 + 2 * (uint64_t)height / in->height;
    z->window = (uint32_t)(window < height ? window : height);
    z->row = mem_try(width, 3, "resizing", err);
    z->sums = mem_try((size_t)z->window * width, 3 * sizeof *z->sums, "resizing", err);
    return z->row && z->sums;
}

static void resizer_done(struct resizer *z)
{
    axis_done(&z->across);
    axis_done(&z->down);
    free(z->row);
    free(z->sums);
}

static void finish_row(uint8_t *out, int32_t *sums, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = rounded(sums[i]);
    memset(sums, 0, n * sizeof *sums);
}

/* Adds source row y to the output rows that it touches, from *open on, and finishes those that it
 * is the last of. */
static void spread_row(struct resizer *z, uint32_t y, uint32_t *open, const struct image *out)
{
    const struct axis *down = &z->down;
    size_t n = (size_t)out->width * 3;
    for (uint32_t i = *open; i < out->height && down->first[i] <= y; i++) {
        int32_t *sums = z->sums + i % z->window * n;
        add_row(sums, z->row, down->weights[i * down->stride + (y - down->first[i])], n);
        if (y + 1 == down->first[i] + down->count[i]) {
            finish_row(out->rgb + i * n, sums, n);
            *open = i + 1;
        }
    }
}

static bool resize(struct image *out, const struct image *in, struct err *err)
{
    struct resizer z;
    bool ok = resizer_init(&z, in, out->width, out->height, err);
    uint32_t open = 0;
    for (uint32_t y = 0; ok && y < in->height; y++) {
        const uint8_t *row = in->rgb + (size_t)y * in->width * 3;
        bool same_width = in->width == out->width, same_height = in->height == out->height;
        uint8_t *to = same_height ? out->rgb + (size_t)y * out->width * 3 : z.row;
        if (same_width)
            memcpy(to, row, (size_t)in->width * 3);
        else
            resize_row(to, row, &z.across);
        if (!same_height)
            spread_row(&z, y, &open, out);
    }
    resizer_done(&z);
    return ok;
}

static bool new_pixels(struct image *out, uint32_t width, uint32_t height, struct err *err)
{
    size_t n;
    *out = (struct image){.width = width, .height = height};
    if (width == 0 || height == 0 || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE)
        return err_set(err, "no picture can have %u×%u pixels", width, height);
    if (!size_mul((size_t)width * height, 3, &n))
        return err_set(err, "%u×%u pixels: size overflows", width, height);
    out->rgb = mem_try(n, 1, "picture", err);
    return out->rgb != NULL;
}

bool image_resize(struct image *out, const struct image *in, uint32_t width, uint32_t height,
                  struct err *err)
{
    if (in->width == 0 || in->height == 0 || in->width > IMAGE_MAX_SIDE ||
        in->height > IMAGE_MAX_SIDE) {
        *out = (struct image){0};
        return err_set(err, "no picture can have %u×%u pixels", in->width, in->height);
    }
    if (new_pixels(out, width, height, err) && resize(out, in, err))
        return true;
    image_done(out);
    return false;
}

bool image_crop(struct image *out, const struct image *in, const struct crop *crop, struct err *err)
{
    if (!new_pixels(out, crop->width, crop->height, err)) {
        image_done(out);
        return false;
    }
    uint32_t width = crop->x < in->width ? in->width - crop->x : 0;
    uint32_t height = crop->y < in->height ? in->height - crop->y : 0;
    width = width < crop->width ? width : crop->width;
    height = height < crop->height ? height : crop->height;
    for (uint32_t y = 0; y < height && width > 0; y++)
        memcpy(out->rgb + (size_t)y * out->width * 3,
               in->rgb + ((size_t)(crop->y + y) * in->width + crop->x) * 3, (size_t)width * 3);
    return true;
}
