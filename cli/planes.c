#include "cli/planes.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/image.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "floats are written as they lie in memory");

static bool is_raw(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".f32") == 0;
}

static bool read_raw(float *planes, const char *path, size_t bytes, uint32_t size, struct err *err)
{
    struct file_map map;
    if (!file_map_open(&map, path, err))
        return false;
    bool ok = map.size == bytes;
    if (ok)
        memcpy(planes, map.data, bytes);
    else
        err_set(err, "%s: has %zu bytes, but 3 x %u x %u floats take %zu", path, map.size, size,
                size, bytes);
    file_map_close(&map);
    return ok;
}

static bool read_picture(float *planes, const char *path, uint32_t size, struct err *err)
{
    struct image image;
    if (!image_load(&image, NULL, path, NULL, err))
        return false;
    bool ok = image_prepare(planes, &image, NULL, size, err);
    image_done(&image);
    return ok;
}

float *planes_load(const char *path, uint32_t size, struct err *err)
{
    size_t n;
    if (!size_mul(size, size, &n) || !size_mul(n, 3, &n)) {
        err_set(err, "%s: the model's pictures are too large", path);
        return NULL;
    }
    float *planes = mem_try(n, sizeof *planes, "a picture's planes", err);
    if (!planes)
        return NULL;
    bool ok = is_raw(path) ? read_raw(planes, path, n * sizeof *planes, size, err)
                           : read_picture(planes, path, size, err);
    if (ok)
        return planes;
    free(planes);
    return NULL;
}

bool floats_write(const char *path, const float *values, size_t n, struct err *err)
{
    return file_write(path, values, n * sizeof *values, 0644, err);
}
