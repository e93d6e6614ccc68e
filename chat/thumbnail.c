#include "chat/thumbnail.h"

#include <stdlib.h>

#include <png.h>

#include "base/mem.h"

static uint32_t scaled(uint32_t side, uint32_t longest)
{
    uint64_t small = longest > THUMBNAIL_SIDE ? (uint64_t)side * THUMBNAIL_SIDE / longest : side;
    return small ? (uint32_t)small : 1;
}

static bool encode(struct str *out, const struct image *image, struct err *err)
{
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = image->width,
                     .height = image->height,
                     .format = PNG_FORMAT_RGB};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
    void *bytes = mem_try(size, 1, "a thumbnail", err);
    if (!bytes)
        return false;
    bool ok = png_image_write_to_memory(&png, bytes, &size, 0, image->rgb, 0, NULL) ||
              err_set(err, "a thumbnail: %s", png.message);
    if (ok)
        str_put(out, bytes, size);
    free(bytes);
    return ok;
}

bool thumbnail_png(struct str *out, const struct image *image, struct err *err)
{
    struct image small;
    uint32_t longest = image->width > image->height ? image->width : image->height;
    if (!image_resize(&small, image, scaled(image->width, longest), scaled(image->height, longest),
                      err))
        return false;
    bool ok = encode(out, &small, err);
    image_done(&small);
    return ok;
}
