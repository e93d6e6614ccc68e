#include "train/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct header {
    char magic[8];
    struct net_shape shape;
    uint32_t step;
    uint64_t n_parts, n_values;
};
static const char magic[8] = "facet-n1";

bool checkpoint_write(const char *path, const struct net_shape *shape, uint32_t step,
                      const float *const *parts, size_t n_parts, size_t n_values, struct err *err)
{
    struct header h = {.shape = *shape, .step = step, .n_parts = n_parts, .n_values = n_values};
    memcpy(h.magic, magic, sizeof magic);
    struct str temporary = {0};
    str_printf(&temporary, "%s.new", path);
    FILE *file = fopen(str_text(&temporary), "wb");
    bool ok = file && fwrite(&h, sizeof h, 1, file) == 1;
    for (size_t i = 0; ok && i < n_parts; i++)
        ok = fwrite(parts[i], sizeof **parts, n_values, file) == n_values;
    ok = (!file || !fclose(file)) && ok && !rename(str_text(&temporary), path);
    str_done(&temporary);
    return ok || err_set(err, "%s: %s", path, strerror(errno));
}

static FILE *open_checkpoint(const char *path, struct header *h, struct err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        err_set(err, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (fread(h, sizeof *h, 1, file) == 1 && !memcmp(h->magic, magic, sizeof magic))
        return file;
    fclose(file);
    err_set(err, "%s: is not a checkpoint", path);
    return NULL;
}

bool checkpoint_shape(const char *path, struct net_shape *shape, struct err *err)
{
    struct header h;
    FILE *file = open_checkpoint(path, &h, err);
    if (!file)
        return false;
    fclose(file);
    *shape = h.shape;
    return true;
}

bool checkpoint_read(const char *path, uint32_t *step, float *const *parts, size_t n_parts,
                     size_t n_values, struct err *err)
{
    struct header h;
    FILE *file = open_checkpoint(path, &h, err);
    if (!file)
        return false;
    bool ok = h.n_values == n_values && h.n_parts >= n_parts;
    for (size_t i = 0; ok && i < n_parts; i++)
        ok = fread(parts[i], sizeof **parts, n_values, file) == n_values;
    fclose(file);
    *step = h.step;
    return ok || err_set(err, "%s: is cut off, or of another net", path);
}
