#include "image/image.h"

bool image_view(struct image *out, const struct image *in, const struct crop *crop,
                uint32_t max_side, struct err *err)
{
    struct image part = {0};
    *out = (struct image){0};
    if (crop && !image_crop(&part, in, crop, err))
        return false;
    const struct image *from = crop ? &part : in;
    uint32_t longer = from->width > from->height ? from->width : from->height;
    uint32_t most = longer < max_side ? longer : max_side;
    uint32_t width = (uint32_t)((uint64_t)from->width * most / (longer ? longer : 1));
    uint32_t height = (uint32_t)((uint64_t)from->height * most / (longer ? longer : 1));
    bool ok = image_resize(out, from, width ? width : 1, height ? height : 1, err);
    image_done(&part);
    return ok;
}

static uint8_t grey_level(float v)
{
    float level = (v + 1.0f) * 127.5f + 0.5f;
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

void image_from_planes(struct image *out, const float *planes)
{
    size_t n = (size_t)out->width * out->height;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 3; k++)
            out->rgb[3 * i + k] = grey_level(planes[k * n + i]);
}
