#include "image/image.h"

#include <math.h>

enum { MIN_CROP = 256 };

/* Crop k of n along the long side; the google variant lets the last one reach past the edge, the
 * hf one ends it there. */
static size_t split(uint32_t width, uint32_t height, size_t n, bool past_edge, struct crop *crops)
{
    bool wide = width >= height;
    uint32_t length = wide ? width : height;
    uint32_t step = (uint32_t)(((uint64_t)length + n - 1) / n);
    for (size_t k = 0; k < n; k++) {
        uint64_t start = k * (uint64_t)step;
        /* Only below n² pixels can a crop start past the edge; it then shows the last pixel. */
        uint32_t at = start < length ? (uint32_t)start : length - 1;
        uint32_t extent = !past_edge && length - at < step ? length - at : step;
        crops[k] =
            wide ? (struct crop){at, 0, extent, height} : (struct crop){0, at, width, extent};
    }
    return n;
}

size_t panscan_plan(enum panscan_variant variant, uint32_t width, uint32_t height,
                    struct crop crops[PANSCAN_MAX_CROPS])
{
    uint32_t longer = width >= height ? width : height, shorter = width >= height ? height : width;
    if (shorter == 0)
        return 0;
    double ratio = (double)longer / shorter;
    if (ratio < (variant == PANSCAN_GOOGLE ? 1.5 : 1.2))
        return 0;
    size_t n = (size_t)floor(ratio + 0.5);
    if (n > longer / MIN_CROP)
        n = longer / MIN_CROP;
    if (n < 2)
        n = 2;
    if (n > PANSCAN_MAX_CROPS)
        n = PANSCAN_MAX_CROPS;
    if (((uint64_t)longer + n - 1) / n < MIN_CROP || shorter < MIN_CROP)
        return 0;
    return split(width, height, n, variant == PANSCAN_GOOGLE, crops);
}

size_t panscan_split(uint32_t width, uint32_t height, size_t n,
                     struct crop crops[PANSCAN_MAX_CROPS])
{
    if (n < 2 || width == 0 || height == 0)
        return 0;
    return split(width, height, n > PANSCAN_MAX_CROPS ? PANSCAN_MAX_CROPS : n, true, crops);
}
