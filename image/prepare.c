#include "image/image.h"

/* rgb [size·size][3] → planes [3][size·size] */
static void to_planes(float *planes, const uint8_t *rgb, size_t n_pixels)
{
    float *r = planes, *g = r + n_pixels, *b = g + n_pixels;
    for (size_t i = 0; i < n_pixels; i++) {
        r[i] = (float)rgb[3 * i] / 127.5f - 1.0f;
        g[i] = (float)rgb[3 * i + 1] / 127.5f - 1.0f;
        b[i] = (float)rgb[3 * i + 2] / 127.5f - 1.0f;
    }
}

bool image_prepare(float *planes, const struct image *in, const struct crop *crop, uint32_t size,
                   struct err *err)
{
    struct image part = {0}, square = {0};
    bool ok = !crop || image_crop(&part, in, crop, err);
    ok = ok && image_resize(&square, crop ? &part : in, size, size, err);
    if (ok)
        to_planes(planes, square.rgb, (size_t)size * size);
    image_done(&part);
    image_done(&square);
    return ok;
}
